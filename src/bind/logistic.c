/* SPDX-License-Identifier: MIT
 *
 * core.logistic: the logistic regression that stands beside every score. Layer: bind. The
 * box holds a heap chl_logistic.
 */
#include "core/metrics/logistic.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/alloc.h"
#include "core/base/options.h"

/*** The logistic regression that stands beside every score: iteratively reweighted least
 * squares on standardised columns, with an L2 penalty that leaves the intercept free.
 * @module churnlab.core.logistic */

typedef struct settings {
    double l2;
} settings;

static chl_logistic *check_logistic(lua_State *L)
{
    return chlua_check_box(L, 1, CHLUA_LOGISTIC);
}

static chl_logistic *push_logistic(lua_State *L)
{
    void **slot = chlua_new_box(L, CHLUA_LOGISTIC);
    *slot = chl_calloc(1, sizeof(chl_logistic));
    if (!*slot) {
        luaL_error(L, "out of memory");
    }
    return *slot;
}

/*** Fits a logistic regression by iteratively reweighted least squares.
 * @function core.logistic.fit
 * @tparam Matrix x finite numbers
 * @tparam {number,...}|Column|Matrix y 0/1, both classes
 * @tparam[opt] table options `l2` (1): penalty l2/2·|w|² on standardised columns
 * @treturn Logistic
 * @raise when a value is not finite or, without a penalty, the classes are separable
 * @usage local m = core.logistic.fit(x, y, { l2 = 1 }) */
static int logistic_fit(lua_State *L)
{
    static const chl_option options[] = {
        {"l2", CHL_OPT_DOUBLE, offsetof(settings, l2), 0, INFINITY, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    lua_settop(L, 3);
    const chl_matrix *x = chlua_check_matrix(L, 1);
    const double *y = chlua_check_same(L, 2, x->rows);
    settings s = {.l2 = 1};
    chl_error err = {0};
    const json_t *json = chlua_check_json(L, 3);
    chlua_check(L, chl_options_read(json, "logistic", options, &s, &err), &err);
    chl_logistic *model = push_logistic(L);
    chl_control control;
    chlua_control(L, &control);
    chl_status status =
        chl_logistic_fit(x->data, y, x->rows, x->cols, s.l2, &control, model, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 1;
}

/*** A logistic regression from weights that were stored.
 * @function core.logistic.new
 * @tparam {number,...}|Column|Matrix weights one a column
 * @tparam number intercept
 * @treturn Logistic
 * @usage
 * local two = core.matrix.from_table { { 1, 2 } }
 * print(core.logistic.new({ 0.5, -1 }, 0.1):predict(two)[1]) */
static int logistic_new(lua_State *L)
{
    int64_t n;
    lua_settop(L, 2);
    const double *weights = chlua_check_doubles(L, 1, &n);
    double intercept = luaL_checknumber(L, 2);
    chl_logistic *model = push_logistic(L);
    model->weights = chl_alloc((size_t)n, sizeof *weights);
    if (!model->weights) {
        return luaL_error(L, "out of memory");
    }
    memcpy(model->weights, weights, (size_t)n * sizeof *weights);
    model->inputs = n;
    model->intercept = intercept;
    return 1;
}

/*** A fitted logistic regression.
 * @type Logistic */

/*** Probabilities of the positive class.
 * @function Logistic:predict
 * @tparam Matrix x as many columns as in `fit`
 * @treturn {number,...}
 * @usage #core.logistic.fit(x, y):predict(x) == x:rows() */
static int logistic_m_predict(lua_State *L)
{
    const chl_logistic *model = check_logistic(L);
    const chl_matrix *x = chlua_check_matrix(L, 2);
    if (x->cols != model->inputs) {
        luaL_argerror(L, 2,
                      lua_pushfstring(L, "expected %I columns, got %I",
                                      (LUAI_UACINT)model->inputs, (LUAI_UACINT)x->cols));
    }
    double *p = chlua_new_doubles(L, x->rows);
    chl_logistic_predict(model, x->data, x->rows, p);
    chlua_push_doubles(L, p, x->rows);
    return 1;
}

/*** Weights on the columns as given, and the intercept.
 * @function Logistic:weights
 * @treturn {number,...} one a column
 * @treturn number the intercept
 * @usage local weights, intercept = core.logistic.fit(x, y):weights() */
static int logistic_m_weights(lua_State *L)
{
    const chl_logistic *model = check_logistic(L);
    chlua_push_doubles(L, model->weights, model->inputs);
    lua_pushnumber(L, model->intercept);
    return 2;
}

static int logistic_tostring(lua_State *L)
{
    const chl_logistic *model = chlua_test_box(L, 1, CHLUA_LOGISTIC);
    if (!model) {
        lua_pushliteral(L, "logistic regression (closed)");
    } else {
        lua_pushfstring(L, "logistic regression (%I columns)",
                        (LUAI_UACINT)model->inputs);
    }
    return 1;
}

static int logistic_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_LOGISTIC);
    if (*slot) {
        chl_logistic_reset(*slot);
        chl_free(*slot);
        *slot = NULL;
    }
    return 0;
}

void chlua_open_logistic(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"fit", logistic_fit}, {"new", logistic_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"predict", logistic_m_predict}, {"weights", logistic_m_weights}, {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", logistic_gc},
                                    {"__close", logistic_gc},
                                    {"__tostring", logistic_tostring},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_LOGISTIC, methods, meta);
    luaL_newlib(L, functions);
}
