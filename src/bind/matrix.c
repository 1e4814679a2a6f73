/* SPDX-License-Identifier: MIT
 *
 * core.matrix: dense matrices of doubles, as prep makes them and nets, metrics and
 * explanations read them. Layer: bind. The box holds a heap chl_matrix.
 */
#include "core/data/matrix.h"

#include <math.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/alloc.h"
#include "core/data/column.h"

/*** Dense matrices of doubles, rows × columns: what a prep makes and nets, metrics and
 * explanations read. A matrix never changes.
 * @module churnlab.core.matrix */

chl_matrix *chlua_check_matrix(lua_State *L, int arg)
{
    return chlua_check_box(L, arg, CHLUA_MATRIX);
}

chl_matrix *chlua_push_matrix(lua_State *L)
{
    void **slot = chlua_new_box(L, CHLUA_MATRIX);
    *slot = chl_calloc(1, sizeof(chl_matrix));
    if (!*slot) {
        luaL_error(L, "out of memory");
    }
    return *slot;
}

static int matrix_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_MATRIX);
    if (*slot) {
        chl_matrix_reset(*slot);
        chl_free(*slot);
        *slot = NULL;
    }
    return 0;
}

/* Reads row i (0-based) of the table at `arg`: a list of `cols` numbers, or one number.
 */
static void read_row(lua_State *L, int arg, chl_matrix *m, int64_t i)
{
    double *row = chl_matrix_row(m, i);
    int type = lua_rawgeti(L, arg, i + 1);
    lua_Unsigned n = type == LUA_TTABLE ? lua_rawlen(L, -1) : 1;
    if (n != (lua_Unsigned)m->cols) {
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "row %I: expected %I numbers, got %I",
                                      (LUAI_UACINT)(i + 1), (LUAI_UACINT)m->cols,
                                      (LUAI_UACINT)n));
    }
    for (int64_t j = 0; j < m->cols; j++) {
        if (type == LUA_TTABLE) {
            lua_rawgeti(L, -1, j + 1);
        } else {
            lua_pushvalue(L, -1);
        }
        if (lua_type(L, -1) != LUA_TNUMBER) {
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "row %I: expected a number, got a %s",
                                          (LUAI_UACINT)(i + 1), luaL_typename(L, -1)));
        }
        row[j] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/*** A matrix of a list of rows; a list of numbers makes one column.
 * @function core.matrix.from_table
 * @tparam {{number,...},...} rows lists of one length
 * @treturn Matrix
 * @usage core.matrix.from_table { { 1, 2 }, { 3, 4 } } */
static int matrix_from_table(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Unsigned rows = lua_rawlen(L, 1), cols = 1;
    if (lua_rawgeti(L, 1, 1) == LUA_TTABLE) {
        cols = lua_rawlen(L, -1);
    }
    lua_settop(L, 1);
    chl_matrix *m = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(m, (int64_t)rows, (int64_t)cols, &err), &err);
    for (int64_t i = 0; i < m->rows; i++) {
        read_row(L, 1, m, i);
    }
    return 1;
}

/* Column j of the matrix = the column on top of the stack; missing rows are NAN. */
static void fill_column(lua_State *L, chl_matrix *m, int64_t j)
{
    const chl_column *c = chlua_test_box(L, -1, CHLUA_COLUMN);
    bool numeric = c && (c->type == CHL_F64 || c->type == CHL_I64 || c->type == CHL_BOOL);
    if (!numeric || c->length != m->rows) {
        luaL_error(L, "matrix.from_columns: item %I: expected a column of %I numbers",
                   (LUAI_UACINT)(j + 1), (LUAI_UACINT)m->rows);
        return;
    }
    for (int64_t i = 0; i < m->rows; i++) {
        double *slot = chl_matrix_row(m, i) + j;
        *slot = !chl_column_valid(c, i) ? NAN
                : c->type == CHL_F64    ? c->values.f64[i]
                : c->type == CHL_I64    ? (double)c->values.i64[i]
                                        : c->values.boolean[i];
    }
}

/*** A matrix of columns of numbers or booleans; NaN where one is missing.
 * @function core.matrix.from_columns
 * @tparam {Column,...} columns of one length, at least one
 * @treturn Matrix
 * @usage assert(core.matrix.from_columns { train:col("Age") }:cols() == 1) */
static int matrix_from_columns(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_Unsigned cols = lua_rawlen(L, 1);
    lua_rawgeti(L, 1, 1);
    const chl_column *first = chlua_test_box(L, -1, CHLUA_COLUMN);
    luaL_argcheck(L, first, 1, "expected a list of columns");
    chl_matrix *m = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(m, first->length, (int64_t)cols, &err), &err);
    for (lua_Unsigned j = 0; j < cols; j++) {
        lua_rawgeti(L, 1, (lua_Integer)j + 1);
        fill_column(L, m, (int64_t)j);
        lua_pop(L, 1);
    }
    return 1;
}

/*** A dense matrix of doubles; `#matrix` is the number of rows.
 * @type Matrix */

/*** Number of rows (also `#matrix`).
 * @function Matrix:rows
 * @treturn integer
 * @usage x:rows() == #test */
static int matrix_m_rows(lua_State *L)
{
    lua_pushinteger(L, chlua_check_matrix(L, 1)->rows);
    return 1;
}

/*** Number of columns.
 * @function Matrix:cols
 * @treturn integer
 * @usage x:cols() == model:facts().encoded */
static int matrix_m_cols(lua_State *L)
{
    lua_pushinteger(L, chlua_check_matrix(L, 1)->cols);
    return 1;
}

/*** One value.
 * @function Matrix:get
 * @tparam integer i row, from 1
 * @tparam integer j column, from 1
 * @treturn number
 * @usage core.matrix.from_table({ { 1, 2 }, { 3, 4 } }):get(2, 1) == 3 */
static int matrix_m_get(lua_State *L)
{
    const chl_matrix *m = chlua_check_matrix(L, 1);
    int64_t i = chlua_check_index(L, 2, m->rows);
    int64_t j = chlua_check_index(L, 3, m->cols);
    lua_pushnumber(L, chl_matrix_row(m, i)[j]);
    return 1;
}

/*** The values of one column.
 * @function Matrix:column
 * @tparam integer j from 1
 * @treturn {number,...}
 * @usage #x:column(1) == #test */
static int matrix_m_column(lua_State *L)
{
    const chl_matrix *m = chlua_check_matrix(L, 1);
    int64_t j = chlua_check_index(L, 2, m->cols);
    lua_createtable(L, m->rows < 1 << 30 ? (int)m->rows : 0, 0);
    for (int64_t i = 0; i < m->rows; i++) {
        lua_pushnumber(L, chl_matrix_row(m, i)[j]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** All values as a list of rows.
 * @function Matrix:to_table
 * @treturn {{number,...},...}
 * @usage core.matrix.from_table({ { 1, 2 } }):to_table()[1][2] == 2 */
static int matrix_m_to_table(lua_State *L)
{
    const chl_matrix *m = chlua_check_matrix(L, 1);
    lua_createtable(L, m->rows < 1 << 30 ? (int)m->rows : 0, 0);
    for (int64_t i = 0; i < m->rows; i++) {
        lua_createtable(L, m->cols < 1 << 30 ? (int)m->cols : 0, 0);
        for (int64_t j = 0; j < m->cols; j++) {
            lua_pushnumber(L, chl_matrix_row(m, i)[j]);
            lua_rawseti(L, -2, j + 1);
        }
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int matrix_tostring(lua_State *L)
{
    const chl_matrix *m = chlua_test_box(L, 1, CHLUA_MATRIX);
    if (!m) {
        lua_pushliteral(L, "matrix (closed)");
    } else {
        lua_pushfstring(L, "matrix %I x %I", (LUAI_UACINT)m->rows, (LUAI_UACINT)m->cols);
    }
    return 1;
}

void chlua_open_matrix(lua_State *L)
{
    static const luaL_Reg functions[] = {{"from_table", matrix_from_table},
                                         {"from_columns", matrix_from_columns},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"rows", matrix_m_rows},         {"cols", matrix_m_cols},
        {"get", matrix_m_get},           {"column", matrix_m_column},
        {"to_table", matrix_m_to_table}, {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", matrix_gc},
                                    {"__close", matrix_gc},
                                    {"__len", matrix_m_rows},
                                    {"__tostring", matrix_tostring},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_MATRIX, methods, meta);
    luaL_newlib(L, functions);
}
