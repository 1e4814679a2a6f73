/* SPDX-License-Identifier: MIT
 *
 * core.metrics: scores of classifiers of several classes. Layer: bind. y is the class
 * from 0, p a Matrix with one column a class.
 */
#include <stddef.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/options.h"
#include "core/metrics/class_scores.h"

/*** @module churnlab.core.metrics */

typedef struct settings {
    int64_t replicates, seed;
} settings;

static settings check_settings(lua_State *L, int arg, const char *where)
{
    static const chl_option options[] = {
        {"replicates", CHL_OPT_INT, offsetof(settings, replicates), 2, 1000000, NULL, 0},
        {"seed", CHL_OPT_INT, offsetof(settings, seed), 0, 0, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    settings s = {.replicates = 500};
    chl_error err = {0};
    const json_t *json = chlua_check_json(L, arg);
    chlua_check(L, chl_options_read(json, where, options, &s, &err), &err);
    return s;
}

/* The matrix at `arg` with n rows, and `classes` columns unless that is 0. */
static const chl_matrix *check_p(lua_State *L, int arg, int64_t n, int64_t classes)
{
    const chl_matrix *p = chlua_check_matrix(L, arg);
    luaL_argcheck(L, p->rows == n, arg, "expected as many rows as labels");
    luaL_argcheck(L, classes == 0 || p->cols == classes, arg,
                  "expected as many columns as in the other predictions");
    luaL_argcheck(L, p->cols <= CHL_CLASS_SCORES_MAX, arg, "too many classes");
    return p;
}

static void push_scores(lua_State *L, const chl_class_scores *s)
{
    lua_createtable(L, 0, 8);
    chlua_set_number(L, "accuracy", s->accuracy);
    chlua_set_number(L, "macro_f1", s->macro_f1);
    chlua_set_number(L, "log_loss", s->log_loss);
    chlua_set_number(L, "roc_auc", s->roc_auc);
    chlua_set_number(L, "kappa", s->kappa);
}

static void push_confusion(lua_State *L, const int64_t *cells, int classes)
{
    lua_createtable(L, classes, 0);
    for (int a = 0; a < classes; a++) {
        lua_createtable(L, classes, 0);
        for (int b = 0; b < classes; b++) {
            lua_pushinteger(L, cells[a * classes + b]);
            lua_rawseti(L, -2, b + 1);
        }
        lua_rawseti(L, -2, a + 1);
    }
}

/*** Scores of a classifier of several classes. One that does not exist (an area without
 * two classes) is nil.
 * @function core.metrics.class_scores
 * @tparam {number,...}|Column y classes from 0
 * @tparam Matrix p one column a class
 * @treturn table rows, accuracy, macro_f1, log_loss, roc_auc (mean of each class against
 * all others), kappa (weighted by squared distance), confusion = { { n, … }, … }: actual
 * classes by row, predicted ones by column
 * @raise a value that is no class or no probability; the message names its row
 * @usage
 * local p = core.matrix.from_table { { 0.7, 0.2, 0.1 }, { 0.1, 0.3, 0.6 } }
 * assert(core.metrics.class_scores({ 0, 2 }, p).accuracy == 1) */
int chlua_class_scores(lua_State *L)
{
    int64_t n;
    lua_settop(L, 2);
    const double *y = chlua_check_doubles(L, 1, &n);
    const chl_matrix *p = check_p(L, 2, n, 0);
    int classes = (int)p->cols;
    int64_t *confusion =
        lua_newuserdatauv(L, (size_t)(classes * classes + 1) * sizeof *confusion, 0);
    chl_class_scores scores;
    chl_error err = {0};
    chlua_check(
        L, chl_class_scores_compute(y, p->data, n, classes, &scores, confusion, &err),
        &err);
    push_scores(L, &scores);
    chlua_set_integer(L, "rows", n);
    push_confusion(L, confusion, classes);
    lua_setfield(L, -2, "confusion");
    return 1;
}

/*** 95 % percentile bootstrap intervals of these scores, or of their differences.
 * @function core.metrics.class_bootstrap
 * @tparam {number,...}|Column y classes from 0
 * @tparam Matrix p one column a class
 * @tparam[opt] Matrix q other predictions: then of scores(p) - scores(q)
 * @tparam[opt] table options `replicates` (500), `seed` (0)
 * @treturn table the lower ends
 * @treturn table the upper ends
 * @usage
 * local p = core.matrix.from_table { { 0.7, 0.2, 0.1 }, { 0.1, 0.3, 0.6 } }
 * local low, high = core.metrics.class_bootstrap({ 0, 2 }, p, nil, { replicates = 20 })
 */
int chlua_class_bootstrap(lua_State *L)
{
    int64_t n;
    lua_settop(L, 4);
    const double *y = chlua_check_doubles(L, 1, &n);
    const chl_matrix *p = check_p(L, 2, n, 0), *q = NULL;
    if (!lua_isnil(L, 3)) {
        q = check_p(L, 3, n, p->cols);
    }
    settings s = check_settings(L, 4, "class_bootstrap");
    chl_class_scores low, high;
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_class_scores_bootstrap(
        y, p->data, q ? q->data : NULL, n, (int)p->cols, (int)s.replicates,
        (uint64_t)s.seed, &control, &low, &high, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_scores(L, &low);
    push_scores(L, &high);
    return 2;
}
