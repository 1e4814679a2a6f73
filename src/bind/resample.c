/* SPDX-License-Identifier: MIT
 *
 * core.resample: over- and under-sampling, SMOTE. Layer: bind.
 */
#include "core/prep/resample.h"

#include <limits.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"

/*** Resampling of encoded training rows, for `cl.resample`.
 * @module churnlab.core.resample */

#define RESAMPLED "churnlab.Resampled"

static int resampled_gc(lua_State *L)
{
    chl_resampled_reset(luaL_checkudata(L, 1, RESAMPLED));
    return 0;
}

static chl_resampled *push_resampled(lua_State *L)
{
    chl_resampled *r = lua_newuserdatauv(L, sizeof *r, 0);
    *r = (chl_resampled){0};
    luaL_setmetatable(L, RESAMPLED);
    return r;
}

/* The list at `arg` as one number a column, in a userdata that is pushed; nil = NULL. */
static int *check_groups(lua_State *L, int arg, int64_t cols)
{
    if (lua_isnoneornil(L, arg)) {
        return NULL;
    }
    luaL_checktype(L, arg, LUA_TTABLE);
    luaL_argcheck(L, (int64_t)lua_rawlen(L, arg) == cols, arg,
                  "expected one number a column");
    int *group = lua_newuserdatauv(L, (size_t)(cols + 1) * sizeof *group, 0);
    for (int64_t j = 0; j < cols; j++) {
        lua_rawgeti(L, arg, j + 1);
        lua_Integer value = lua_tointeger(L, -1);
        luaL_argcheck(L, value >= 0 && value <= INT_MAX, arg,
                      "expected whole numbers from 0");
        group[j] = (int)value;
        lua_pop(L, 1);
    }
    return group;
}

static void push_column_matrix(lua_State *L, const double *values, int64_t n)
{
    chl_error err = {0};
    chl_matrix *m = chlua_push_matrix(L);
    chlua_check(L, chl_matrix_init(m, n, 1, &err), &err);
    memcpy(m->data, values, (size_t)n * sizeof *values);
}

static void push_origin(lua_State *L, const int64_t *origin, int64_t n)
{
    chl_error err = {0};
    chl_matrix *m = chlua_push_matrix(L);
    chlua_check(L, chl_matrix_init(m, n, 1, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        m->data[i] = (double)(origin[i] + 1);
    }
}

/*** Resamples rows, one step after the other.
 * @function core.resample.run
 * @tparam Matrix x
 * @tparam {number,...}|Column|Matrix y the class of each row, a whole number from 0
 * @tparam table steps one `{ type = "smote", ratio = 1, k = 5 }` or a list of them
 * @tparam integer seed
 * @tparam[opt] {integer,...} nominal what `Prep:nominal` gives
 * @treturn Matrix the rows that stay in their order, then the new ones by class
 * @treturn Matrix the class of each row
 * @treturn Matrix the number of the row that each is, repeats or was drawn from
 * @raise options that do not fit; a class of one row for SMOTE
 * @usage
 * local x2, y2 = core.resample.run(x, y, { type = "smote" }, 42)
 * assert(x2:rows() == y2:rows()) */
static int resample_run(lua_State *L)
{
    lua_settop(L, 5);
    const chl_matrix *x = chlua_check_matrix(L, 1);
    const double *y = chlua_check_same(L, 2, x->rows);
    const json_t *steps = chlua_check_json(L, 3);
    uint64_t seed = (uint64_t)luaL_checkinteger(L, 4);
    const int *group = check_groups(L, 5, x->cols);
    chl_resampled *made = push_resampled(L);
    chl_control control;
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = chl_resample(x, y, group, steps, seed, &control, made, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_column_matrix(L, made->y, made->x.rows);
    push_origin(L, made->origin, made->x.rows);
    chl_matrix *out = chlua_push_matrix(L);
    *out = made->x;
    made->x = (chl_matrix){0};
    lua_insert(L, -3);
    chlua_account(L, (size_t)out->rows * (size_t)out->cols * sizeof(double));
    return 3;
}

/*** Checks steps before any work.
 * @function core.resample.check
 * @tparam table steps
 * @treturn boolean true
 * @raise what is wrong with them
 * @usage core.resample.check { type = "under", ratio = 0.5 } */
static int resample_check(lua_State *L)
{
    chl_error err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    chlua_check(L, chl_resample_check(chlua_check_json(L, 1), &err), &err);
    lua_pushboolean(L, 1);
    return 1;
}

void chlua_open_resample(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"run", resample_run}, {"check", resample_check}, {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", resampled_gc}, {NULL, NULL}};
    chlua_register(L, RESAMPLED, none, meta);
    luaL_newlib(L, functions);
}
