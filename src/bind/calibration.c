/* SPDX-License-Identifier: MIT
 *
 * core.calibration: Platt, temperature and isotonic calibration for scripts that hold
 * probabilities themselves; a model carries its own. Layer: bind.
 */
#include "core/metrics/calibration.h"

#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"

/*** Platt scaling (Platt 1999; Lin, Lin & Weng 2007), temperature scaling (Guo et al.
 * 2017) and isotonic regression (Zadrozny & Elkan 2002) for scripts that hold
 * probabilities themselves; a model carries its own. No calibration answers exactly 0
 * or 1.
 * @module churnlab.core.calibration */

static void *check_calibration(lua_State *L)
{
    return chlua_check_box(L, 1, CHLUA_CALIBRATION);
}

/* The matrix at `arg` where it has a column for each of several classes, or NULL. */
static const chl_matrix *test_classes(lua_State *L, int arg)
{
    const chl_matrix *p = chlua_test_box(L, arg, CHLUA_MATRIX);
    return p && p->cols > 1 ? p : NULL;
}

static int fit_classes(lua_State *L, const char *method, const chl_matrix *p)
{
    int64_t n;
    const double *y = chlua_check_doubles(L, 2, &n);
    luaL_argcheck(L, strcmp(method, "temperature") == 0, 1,
                  "expected \"temperature\": classes have no other calibration");
    luaL_argcheck(L, p->rows == n, 3, "expected as many rows as labels");
    luaL_argcheck(L, p->cols <= INT32_MAX, 3, "too many classes");
    void **slot = chlua_new_box(L, CHLUA_CALIBRATION);
    chl_calibration *made;
    chl_error err = {0};
    chlua_check(L, chl_calibration_fit_classes(y, p->data, n, (int)p->cols, &made, &err),
                &err);
    *slot = made;
    return 1;
}

/*** Fits a calibration on held-out rows.
 * @function core.calibration.fit
 * @tparam string method "platt", "temperature" or "isotonic"; of several classes
 * "temperature", one for all
 * @tparam {number,...}|Column|Matrix y 0/1, both classes; or the class from 0
 * @tparam {number,...}|Column|Matrix p probabilities; a Matrix with a column for each
 * class
 * @treturn Calibration
 * @usage core.calibration.fit("isotonic", y, p):apply { 0.2, 0.7 } */
static int calibration_fit(lua_State *L)
{
    int64_t n;
    const char *method = luaL_checkstring(L, 1);
    lua_settop(L, 3);
    if (test_classes(L, 3)) {
        return fit_classes(L, method, test_classes(L, 3));
    }
    const double *y = chlua_check_doubles(L, 2, &n), *p = chlua_check_same(L, 3, n);
    void **slot = chlua_new_box(L, CHLUA_CALIBRATION);
    chl_calibration *made;
    chl_error err = {0};
    chlua_check(L, chl_calibration_fit(method, y, p, n, &made, &err), &err);
    *slot = made;
    return 1;
}

/*** Reads what `to_table` wrote.
 * @function core.calibration.from_table
 * @tparam table data
 * @treturn Calibration
 * @raise when the data is damaged
 * @usage
 * local stored = core.calibration.fit("platt", y, p):to_table()
 * local again = core.calibration.from_table(stored) */
static int calibration_from_table(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const json_t *json = chlua_check_json(L, 1);
    void **slot = chlua_new_box(L, CHLUA_CALIBRATION);
    chl_calibration *made;
    chl_error err = {0};
    chlua_check(L, chl_calibration_from_json(json, &made, &err), &err);
    *slot = made;
    return 1;
}

/*** A fitted calibration.
 * @type Calibration */

static void check_probabilities(lua_State *L, const double *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1)) {
            luaL_argerror(
                L, 2,
                lua_pushfstring(L, "item %I: expected a probability from 0 to 1, got %f",
                                (LUAI_UACINT)(i + 1), p[i]));
        }
    }
}

static int apply_classes(lua_State *L, const chl_calibration *c)
{
    const chl_matrix *p = chlua_check_matrix(L, 2);
    luaL_argcheck(L, p->cols == chl_calibration_classes(c), 2,
                  "expected a column for each class");
    int64_t n = p->rows * p->cols;
    check_probabilities(L, p->data, n);
    chl_matrix *out = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(out, p->rows, p->cols, &err), &err);
    memcpy(out->data, p->data, (size_t)n * sizeof *out->data);
    chl_calibration_apply(c, out->data, out->rows);
    return 1;
}

/*** Calibrated probabilities, each row on its own.
 * @function Calibration:apply
 * @tparam {number,...}|Column|Matrix p probabilities
 * @treturn {number,...}|Matrix a list; of classes a Matrix
 * @usage #core.calibration.fit("platt", y, p):apply { 0.2, 0.7 } == 2 */
static int calibration_m_apply(lua_State *L)
{
    int64_t n;
    const chl_calibration *c = check_calibration(L);
    if (chl_calibration_classes(c) > 0) {
        return apply_classes(L, c);
    }
    const double *p = chlua_check_doubles(L, 2, &n);
    check_probabilities(L, p, n);
    double *out = chlua_new_doubles(L, n);
    memcpy(out, p, (size_t)n * sizeof *out);
    chl_calibration_apply(c, out, n);
    chlua_push_doubles(L, out, n);
    return 1;
}

/*** Everything as a table of numbers and lists, exact.
 * @function Calibration:to_table
 * @treturn table method, rows and a, b (platt, temperature; of classes `classes`) or x, y
 * (isotonic)
 * @usage core.calibration.fit("platt", y, p):to_table().method == "platt" */
static int calibration_m_to_table(lua_State *L)
{
    json_t *json;
    chl_error err = {0};
    chlua_check(L, chl_calibration_to_json(check_calibration(L), &json, &err), &err);
    chlua_push_json(L, json);
    return 1;
}

static int calibration_tostring(lua_State *L)
{
    const chl_calibration *c = chlua_test_box(L, 1, CHLUA_CALIBRATION);
    lua_pushfstring(L, "calibration (%s)", c ? chl_calibration_method(c) : "closed");
    return 1;
}

static int calibration_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_CALIBRATION);
    chl_calibration_free(*slot);
    *slot = NULL;
    return 0;
}

void chlua_open_calibration(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"fit", calibration_fit}, {"from_table", calibration_from_table}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"apply", calibration_m_apply},
                                       {"to_table", calibration_m_to_table},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", calibration_gc},
                                    {"__close", calibration_gc},
                                    {"__tostring", calibration_tostring},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_CALIBRATION, methods, meta);
    luaL_newlib(L, functions);
}
