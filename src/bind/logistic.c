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

/*** The logistic regression that stands beside every score, of two classes or more, on
 * standardised columns with L1 and L2 penalties that leave intercepts free.
 * @module churnlab.core.logistic */

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

/*** Fits a logistic regression by Newton steps; with `l1` by coordinate descent in each.
 * @function core.logistic.fit
 * @tparam Matrix x finite numbers
 * @tparam {number,...}|Column|Matrix y 0/1, or a class from 0; every one must occur
 * @tparam[opt] table options
 *
 *   - `l1` (0), `l2` (1): penalty l1·sum |w| + l2/2·sum w² on standardised columns
 *   - `classes` (2): more of them have weights each, and a softmax
 * @treturn Logistic
 * @raise when a value is not finite or, without a penalty, the classes are separable
 * @usage local m = core.logistic.fit(x, y, { l1 = 2, l2 = 1 }) */
static int logistic_fit(lua_State *L)
{
    static const chl_option options[] = {
        {"l1", CHL_OPT_DOUBLE, offsetof(chl_logistic_options, l1), 0, INFINITY, NULL, 0},
        {"l2", CHL_OPT_DOUBLE, offsetof(chl_logistic_options, l2), 0, INFINITY, NULL, 0},
        {"classes", CHL_OPT_INT, offsetof(chl_logistic_options, classes), 2,
         CHL_LOGISTIC_UNKNOWNS_MAX, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    lua_settop(L, 3);
    const chl_matrix *x = chlua_check_matrix(L, 1);
    const double *y = chlua_check_same(L, 2, x->rows);
    chl_logistic_options o = {.l2 = 1, .classes = 2};
    chl_error err = {0};
    const json_t *json = chlua_check_json(L, 3);
    chlua_check(L, chl_options_read(json, "logistic", options, &o, &err), &err);
    chl_logistic *model = push_logistic(L);
    chl_control control;
    chlua_control(L, &control);
    chl_status status =
        chl_logistic_fit(x->data, y, x->rows, x->cols, &o, &control, model, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 1;
}

/* Room for weights and intercepts in a box that is pushed. */
static chl_logistic *push_room(lua_State *L, int64_t inputs, int64_t outputs)
{
    chl_logistic *model = push_logistic(L);
    model->weights = chl_alloc((size_t)outputs, (size_t)inputs * sizeof *model->weights);
    model->intercepts = chl_alloc((size_t)outputs, sizeof *model->intercepts);
    if (!model->weights || !model->intercepts) {
        luaL_error(L, "out of memory");
    }
    model->inputs = inputs;
    model->outputs = outputs;
    return model;
}

/* A list of weights for each class at 1, their intercepts at 2. */
static int new_of_classes(lua_State *L)
{
    int64_t outputs, inputs = 0, n;
    const double *intercepts = chlua_check_doubles(L, 2, &outputs);
    luaL_argcheck(L, (int64_t)lua_rawlen(L, 1) == outputs, 2,
                  "expected as many intercepts as lists of weights");
    chl_logistic *model = NULL;
    int box = 0;
    for (int64_t a = 0; a < outputs; a++) {
        lua_rawgeti(L, 1, a + 1);
        const double *weights = chlua_check_doubles(L, lua_gettop(L), &n);
        if (!model) {
            inputs = n;
            model = push_room(L, inputs, outputs);
            box = lua_gettop(L);
        }
        luaL_argcheck(L, n == inputs, 1, "expected lists of one length");
        memcpy(model->weights + a * inputs, weights, (size_t)n * sizeof *weights);
        model->intercepts[a] = intercepts[a];
        lua_settop(L, box > 0 ? box : lua_gettop(L));
    }
    return 1;
}

/*** A logistic regression from weights that were stored.
 * @function core.logistic.new
 * @tparam {number,...}|{{number,...},...}|Column|Matrix weights one a column; of several
 * classes a list of them for each class
 * @tparam number|{number,...} intercept of classes one a class
 * @treturn Logistic
 * @usage
 * local two = core.matrix.from_table { { 1, 2 } }
 * print(core.logistic.new({ 0.5, -1 }, 0.1):predict(two)[1]) */
static int logistic_new(lua_State *L)
{
    int64_t n;
    lua_settop(L, 2);
    if (lua_istable(L, 1) && lua_istable(L, 2)) {
        luaL_argcheck(L, lua_rawlen(L, 1) > 1, 1, "expected weights of several classes");
        return new_of_classes(L);
    }
    const double *weights = chlua_check_doubles(L, 1, &n);
    double intercept = luaL_checknumber(L, 2);
    chl_logistic *model = push_room(L, n, 1);
    memcpy(model->weights, weights, (size_t)n * sizeof *weights);
    model->intercepts[0] = intercept;
    return 1;
}

/*** A fitted logistic regression.
 * @type Logistic */

static void push_rows(lua_State *L, const chl_logistic *model, const chl_matrix *x)
{
    chl_matrix *p = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(p, x->rows, model->outputs, &err), &err);
    chl_logistic_predict(model, x->data, x->rows, p->data);
    chlua_account(L, (size_t)(p->rows * p->cols) * sizeof *p->data);
}

/*** Probabilities of the positive class, or of each of several.
 * @function Logistic:predict
 * @tparam Matrix x as many columns as in `fit`
 * @treturn {number,...}|Matrix a list; with several classes one column a class
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
    if (model->outputs > 1) {
        push_rows(L, model, x);
        return 1;
    }
    double *p = chlua_new_doubles(L, x->rows);
    chl_logistic_predict(model, x->data, x->rows, p);
    chlua_push_doubles(L, p, x->rows);
    return 1;
}

/*** Weights on the columns as given, and the intercept. With several classes a list of
 * each, one a class.
 * @function Logistic:weights
 * @treturn {number,...} one a column
 * @treturn number the intercept
 * @usage local weights, intercept = core.logistic.fit(x, y):weights() */
static int logistic_m_weights(lua_State *L)
{
    const chl_logistic *model = check_logistic(L);
    if (model->outputs == 1) {
        chlua_push_doubles(L, model->weights, model->inputs);
        lua_pushnumber(L, model->intercepts[0]);
        return 2;
    }
    lua_createtable(L, (int)model->outputs, 0);
    for (int64_t a = 0; a < model->outputs; a++) {
        chlua_push_doubles(L, model->weights + a * model->inputs, model->inputs);
        lua_rawseti(L, -2, a + 1);
    }
    chlua_push_doubles(L, model->intercepts, model->outputs);
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
