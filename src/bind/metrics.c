/* SPDX-License-Identifier: MIT
 *
 * core.metrics: scores of predictions, their bootstrap intervals, ROC AUC. Layer: bind.
 * y is 0/1 (numbers or booleans) and p probabilities: lists, Columns or Matrices of one
 * column.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/options.h"
#include "core/metrics/blend.h"
#include "core/metrics/scores.h"

/*** Scores of predictions and their bootstrap intervals: the layer below
 * `cl.metrics` (@{churnlab.metrics}). y is 0/1 (numbers or booleans) and p probabilities:
 * lists, Columns or Matrices of one column. Definitions follow scikit-learn.
 * @module churnlab.core.metrics */

typedef struct settings {
    double threshold;
    int64_t replicates, seed;
} settings;

static const chl_option bootstrap_options[] = {
    {"threshold", CHL_OPT_DOUBLE, offsetof(settings, threshold), 0, 1, NULL, 0},
    {"replicates", CHL_OPT_INT, offsetof(settings, replicates), 2, 1000000, NULL, 0},
    {"seed", CHL_OPT_INT, offsetof(settings, seed), 0, 0, NULL, 0},
    {NULL, 0, 0, 0, 0, NULL, 0}};

static const chl_option scores_options[] = {
    {"threshold", CHL_OPT_DOUBLE, offsetof(settings, threshold), 0, 1, NULL, 0},
    {NULL, 0, 0, 0, 0, NULL, 0}};

static settings check_settings(lua_State *L, int arg, const char *where,
                               const chl_option *options)
{
    settings s = {.threshold = 0.5, .replicates = 500};
    chl_error err = {0};
    const json_t *json = chlua_check_json(L, arg);
    chlua_check(L, chl_options_read(json, where, options, &s, &err), &err);
    return s;
}

/* ---- results ---- */

static void push_scores(lua_State *L, const chl_scores *s)
{
    lua_createtable(L, 0, 16);
    chlua_set_integer(L, "rows", s->rows);
    chlua_set_integer(L, "positives", s->positives);
    chlua_set_number(L, "threshold", s->threshold);
    chlua_set_number(L, "accuracy", s->accuracy);
    chlua_set_number(L, "precision", s->precision);
    chlua_set_number(L, "recall", s->recall);
    chlua_set_number(L, "f1", s->f1);
    chlua_set_number(L, "roc_auc", s->roc_auc);
    chlua_set_number(L, "pr_auc", s->pr_auc);
    chlua_set_number(L, "log_loss", s->log_loss);
    chlua_set_number(L, "brier", s->brier);
    chlua_set_number(L, "lift_10", s->lift_10);
    chlua_set_number(L, "ece", s->ece);
    lua_createtable(L, 0, 4);
    chlua_set_integer(L, "tp", s->tp);
    chlua_set_integer(L, "fp", s->fp);
    chlua_set_integer(L, "fn", s->fn);
    chlua_set_integer(L, "tn", s->tn);
    lua_setfield(L, -2, "confusion");
}

/* ---- functions ---- */

/*** Scores of predictions. A score that does not exist (ROC AUC with one class) is nil.
 * @function core.metrics.scores
 * @tparam {number,...}|Column|Matrix y 0/1
 * @tparam {number,...}|Column|Matrix p probabilities
 * @tparam[opt] table options `threshold` (0.5): predicted positive from here on
 * @treturn table rows, positives, threshold, accuracy, precision, recall, f1, roc_auc,
 *   pr_auc, log_loss, brier, lift_10, ece, confusion = { tp, fp, fn, tn }
 * @raise when a value is no probability or no label; the message names its row
 * @usage core.metrics.scores({ 0, 1 }, { 0.2, 0.7 }).roc_auc == 1 */
static int metrics_scores(lua_State *L)
{
    int64_t n;
    lua_settop(L, 3);
    const double *y = chlua_check_doubles(L, 1, &n), *p = chlua_check_same(L, 2, n);
    settings s = check_settings(L, 3, "scores", scores_options);
    chl_scores scores;
    chl_error err = {0};
    chlua_check(L, chl_scores_compute(y, p, n, s.threshold, &scores, &err), &err);
    push_scores(L, &scores);
    return 1;
}

/*** 95 % percentile bootstrap intervals of the scores.
 * @function core.metrics.bootstrap
 * @tparam {number,...}|Column|Matrix y 0/1
 * @tparam {number,...}|Column|Matrix p probabilities
 * @tparam[opt] table options `replicates` (500), `seed` (0), `threshold` (0.5)
 * @treturn table the lower ends, named as in `scores`
 * @treturn table the upper ends
 * @usage local low, high = core.metrics.bootstrap(y, p, { replicates = 200, seed = 1 })
 */
static int metrics_bootstrap(lua_State *L)
{
    int64_t n;
    lua_settop(L, 3);
    const double *y = chlua_check_doubles(L, 1, &n), *p = chlua_check_same(L, 2, n);
    settings s = check_settings(L, 3, "bootstrap", bootstrap_options);
    chl_scores low, high;
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status =
        chl_scores_bootstrap(y, p, n, s.threshold, (int)s.replicates, (uint64_t)s.seed,
                             &control, &low, &high, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_scores(L, &low);
    push_scores(L, &high);
    return 2;
}

/*** 95 % intervals of scores(p) - scores(q) on the same resamples: an interval that holds
 * 0 shows no difference.
 * @function core.metrics.difference
 * @tparam {number,...}|Column|Matrix y 0/1
 * @tparam {number,...}|Column|Matrix p probabilities
 * @tparam {number,...}|Column|Matrix q probabilities of the other model
 * @tparam[opt] table options as for `bootstrap`
 * @treturn table the lower ends
 * @treturn table the upper ends
 * @usage local low, high = core.metrics.difference(y, p, q, { seed = 1 }) */
static int metrics_difference(lua_State *L)
{
    int64_t n;
    lua_settop(L, 4);
    const double *y = chlua_check_doubles(L, 1, &n), *p = chlua_check_same(L, 2, n);
    const double *q = chlua_check_same(L, 3, n);
    settings s = check_settings(L, 4, "difference", bootstrap_options);
    chl_scores low, high;
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status =
        chl_scores_bootstrap_difference(y, p, q, n, s.threshold, (int)s.replicates,
                                        (uint64_t)s.seed, &control, &low, &high, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_scores(L, &low);
    push_scores(L, &high);
    return 2;
}

/*** Area under the ROC curve; ties count half.
 * @function core.metrics.roc_auc
 * @tparam {number,...}|Column|Matrix y 0/1
 * @tparam {number,...}|Column|Matrix score any finite numbers
 * @treturn ?number nil with one class only
 * @usage core.metrics.roc_auc({ 0, 1, 1 }, { -3, 0, 7 }) == 1 */
static int metrics_roc_auc(lua_State *L)
{
    int64_t n;
    lua_settop(L, 2);
    const double *y = chlua_check_doubles(L, 1, &n), *p = chlua_check_same(L, 2, n);
    double auc;
    chl_error err = {0};
    chlua_check(L, chl_roc_auc(y, p, n, &auc, &err), &err);
    if (isnan(auc)) {
        lua_pushnil(L);
    } else {
        lua_pushnumber(L, auc);
    }
    return 1;
}

/* The models × n probabilities of the list at 2, in scratch that is pushed. */
static const double *check_models(lua_State *L, int models, int64_t n)
{
    luaL_argcheck(L, n <= INT64_MAX / 16 / models, 2, "too many values");
    double *all = chlua_new_doubles(L, models * n);
    for (int m = 0; m < models; m++) {
        lua_rawgeti(L, 2, m + 1);
        int at = lua_gettop(L);
        int64_t length;
        const double *p = chlua_check_doubles(L, at, &length);
        if (length != n) {
            luaL_argerror(L, 2,
                          lua_pushfstring(L, "model %d: expected %I values, got %I",
                                          m + 1, (LUAI_UACINT)n, (LUAI_UACINT)length));
        }
        memcpy(all + m * n, p, (size_t)n * sizeof *all);
        lua_settop(L, at - 1);
    }
    return all;
}

/*** Weights of a blend by greedy selection on the log loss (Caruana et al. 2004).
 * @function core.metrics.blend
 * @tparam {number,...}|Column|Matrix y 0/1
 * @tparam {{number,...}|Column,...} models probabilities of rows that the models did not
 *   see
 * @tparam[opt=50] integer rounds
 * @treturn {number,...} one weight a model; they add up to 1
 * @treturn number the blend's log loss
 * @usage local weights, loss = core.metrics.blend(y, { p, q }) */
static int metrics_blend(lua_State *L)
{
    int64_t n;
    lua_settop(L, 3);
    luaL_checktype(L, 2, LUA_TTABLE);
    int rounds = (int)luaL_optinteger(L, 3, 50);
    lua_Unsigned models = lua_rawlen(L, 2);
    luaL_argcheck(L, models >= 1 && models <= CHL_BLEND_MODELS_MAX, 2,
                  "expected 1 to 1000 models");
    const double *y = chlua_check_doubles(L, 1, &n);
    const double *p = check_models(L, (int)models, n);
    double *weights = chlua_new_doubles(L, (int64_t)models), loss;
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status =
        chl_blend_greedy(y, p, (int)models, n, rounds, &control, weights, &loss, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    chlua_push_doubles(L, weights, (int64_t)models);
    lua_pushnumber(L, loss);
    return 2;
}

void chlua_open_metrics(lua_State *L)
{
    static const luaL_Reg functions[] = {{"scores", metrics_scores},
                                         {"bootstrap", metrics_bootstrap},
                                         {"difference", metrics_difference},
                                         {"class_scores", chlua_class_scores},
                                         {"class_bootstrap", chlua_class_bootstrap},
                                         {"roc_auc", metrics_roc_auc},
                                         {"blend", metrics_blend},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
}
