/* SPDX-License-Identifier: MIT
 *
 * Vectors of numbers as arguments and results: a Lua list, a Column or a Matrix of one
 * column. Layer: bind.
 */
#include "bind/chlua.h"
#include "core/data/column.h"

/* Pushes scratch that the collector frees; its length is n numbers. */
static double *push_scratch(lua_State *L, int arg, int64_t n)
{
    luaL_argcheck(L, n <= INT64_MAX / 16, arg, "too many values");
    size_t bytes = (size_t)n * sizeof(double);
    double *values = lua_newuserdatauv(L, bytes ? bytes : 1, 0);
    return values;
}

static double list_item(lua_State *L, int arg, int64_t i)
{
    double value = 0;
    switch (lua_rawgeti(L, arg, i + 1)) {
    case LUA_TNUMBER: value = lua_tonumber(L, -1); break;
    case LUA_TBOOLEAN: value = lua_toboolean(L, -1); break;
    default:
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "item %I: expected a number, got a %s",
                                      (LUAI_UACINT)(i + 1), luaL_typename(L, -1)));
    }
    lua_pop(L, 1);
    return value;
}

static const double *from_list(lua_State *L, int arg, int64_t *n)
{
    *n = (int64_t)lua_rawlen(L, arg);
    double *values = push_scratch(L, arg, *n);
    for (int64_t i = 0; i < *n; i++) {
        values[i] = list_item(L, arg, i);
    }
    return values;
}

static double column_item(const chl_column *c, int64_t i)
{
    return c->type == CHL_F64   ? c->values.f64[i]
           : c->type == CHL_I64 ? (double)c->values.i64[i]
                                : c->values.boolean[i];
}

static const double *from_column(lua_State *L, int arg, const chl_column *c, int64_t *n)
{
    bool numeric = c->type == CHL_F64 || c->type == CHL_I64 || c->type == CHL_BOOL;
    luaL_argcheck(L, numeric, arg, "expected a column of numbers or booleans");
    *n = c->length;
    for (int64_t i = 0; c->nulls > 0 && i < c->length; i++) {
        if (!chl_column_valid(c, i)) {
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "row %I: expected a number, it is missing",
                                          (LUAI_UACINT)(i + 1)));
        }
    }
    if (c->type == CHL_F64) {
        lua_pushvalue(L, arg);
        return c->values.f64;
    }
    double *values = push_scratch(L, arg, c->length);
    for (int64_t i = 0; i < c->length; i++) {
        values[i] = column_item(c, i);
    }
    return values;
}

const double *chlua_check_doubles(lua_State *L, int arg, int64_t *n)
{
    if (lua_type(L, arg) == LUA_TTABLE) {
        return from_list(L, arg, n);
    }
    const chl_column *column = chlua_test_box(L, arg, CHLUA_COLUMN);
    if (column) {
        return from_column(L, arg, column, n);
    }
    const chl_matrix *matrix = chlua_test_box(L, arg, CHLUA_MATRIX);
    if (!matrix) {
        luaL_typeerror(L, arg, "list of numbers, Column or Matrix");
    }
    luaL_argcheck(L, matrix->cols == 1, arg, "expected a matrix of one column");
    lua_pushvalue(L, arg);
    *n = matrix->rows;
    return matrix->data;
}

const double *chlua_check_same(lua_State *L, int arg, int64_t n)
{
    int64_t length;
    const double *values = chlua_check_doubles(L, arg, &length);
    if (length != n) {
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "expected %I values, got %I", (LUAI_UACINT)n,
                                      (LUAI_UACINT)length));
    }
    return values;
}

void chlua_push_doubles(lua_State *L, const double *values, int64_t n)
{
    lua_createtable(L, n < INT32_MAX ? (int)n : 0, 0);
    for (int64_t i = 0; i < n; i++) {
        lua_pushnumber(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

double *chlua_new_doubles(lua_State *L, int64_t n)
{
    return push_scratch(L, 1, n);
}
