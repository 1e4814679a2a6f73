/* SPDX-License-Identifier: MIT
 *
 * core.clean: other values, filling, spaces, types and bands of one column. Layer: bind.
 */
#include "core/table/clean.h"

#include <math.h>

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/table/cut.h"

/*** Cleaning of one column: what `frame:replace`, `fill_na`, `trim`, `cast` and `cut`
 * call. Each gives a column; the same one where nothing changes.
 * @module churnlab.core.clean */

/*** Some values replaced.
 * @function core.clean.replace
 * @tparam Column column
 * @tparam Column from values of the column's type (text: string or category); a missing
 * one stands for missing cells
 * @tparam Column to what each becomes, of a type that stacks with the column's
 * @treturn Column
 * @usage
 * local codes = core.column.new({ -999 }, "i64")
 * local age = core.clean.replace(core.column.new { 42, -999 }, codes,
 *   core.column.new({ core.NA }, "i64"))
 * assert(age:missing() == 1) */
static int clean_replace(lua_State *L)
{
    chl_column *column = chlua_check_column(L, 1);
    const chl_column *from = chlua_check_column(L, 2), *to = chlua_check_column(L, 3);
    luaL_argcheck(L, from->length == to->length, 3, "expected as many values as before");
    CHLUA_RETURN_COLUMN(L, chl_column_replace(column, from, to, &made, &err));
}

/*** Missing cells filled with the nearest present one before or after them.
 * @function core.clean.carry
 * @tparam Column column
 * @tparam Frame frame the keys are columns of it
 * @tparam {string,...} keys only among rows with equal keys; none = all rows
 * @tparam boolean backward
 * @tparam[opt=0] integer limit most cells in a run, 0 = all
 * @treturn Column
 * @usage core.clean.carry(frame.Age, frame, { "Geography" }, false):missing() == 0 */
static int clean_carry(lua_State *L)
{
    int n;
    chl_column *column = chlua_check_column(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    luaL_argcheck(L, column->length == frame->rows, 2, "expected as many rows");
    bool backward = lua_toboolean(L, 4);
    lua_Integer limit = luaL_optinteger(L, 5, 0);
    luaL_argcheck(L, limit >= 0, 5, "expected no negative number");
    const char *const *keys = chlua_check_strings(L, 3, &n);
    CHLUA_RETURN_COLUMN(
        L, chl_column_carry(column, frame, keys, n, backward, limit, &made, &err));
}

/*** Missing cells filled with an aggregate of the rows with equal keys.
 * @function core.clean.fill
 * @tparam Column column
 * @tparam Frame frame
 * @tparam {string,...} keys none = all rows
 * @tparam Expr aggregate
 * @treturn Column
 * @usage
 * local mean = core.expr.parse("mean(Age)")
 * assert(core.clean.fill(frame.Age, frame, { "Geography" }, mean):missing() == 0) */
static int clean_fill(lua_State *L)
{
    int n;
    chl_column *column = chlua_check_column(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    luaL_argcheck(L, column->length == frame->rows, 2, "expected as many rows");
    const chl_expr *aggregate = chlua_check_box(L, 4, CHLUA_EXPR);
    const char *const *keys = chlua_check_strings(L, 3, &n);
    CHLUA_RETURN_COLUMN(
        L, chl_column_fill(column, frame, keys, n, aggregate, &control, &made, &err));
}

/*** Text without white space at its ends; blank cells become missing.
 * @function core.clean.trim
 * @tparam Column column other types stay as they are
 * @treturn Column
 * @usage core.clean.trim(core.column.new { " a " })[1] == "a" */
static int clean_trim(lua_State *L)
{
    chl_column *column = chlua_check_column(L, 1);
    CHLUA_RETURN_COLUMN(L, chl_column_trim(column, &made, &err));
}

/*** Text in the first type that every present cell fits: i64, f64, bool, date, timestamp.
 * @function core.clean.infer
 * @tparam Column column other types stay as they are
 * @treturn Column
 * @usage core.clean.infer(core.column.new { "29.85", " " }):type() == "f64" */
static int clean_infer(lua_State *L)
{
    chl_column *column = chlua_check_column(L, 1);
    CHLUA_RETURN_COLUMN(L, chl_column_infer(column, &made, &err));
}

/*** The column in another type; what does not fit becomes missing.
 * @function core.clean.cast_lossy
 * @tparam Column column
 * @tparam string type
 * @treturn Column
 * @treturn integer how many cells were lost
 * @usage select(2, core.clean.cast_lossy(core.column.new { "1", "x" }, "i64")) == 1 */
static int clean_cast_lossy(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    chl_error err = {0};
    chl_type type = CHL_F64;
    chlua_check(L, chl_type_parse(luaL_checkstring(L, 2), &type, &err), &err);
    chl_column *made = NULL;
    int64_t lost = 0;
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_cast_lossy(column, type, &made, &lost, &err);
    *slot = made;
    chlua_check(L, status, &err);
    chlua_account(L, (size_t)made->length * 8);
    lua_pushinteger(L, lost);
    return 2;
}

/*** At how many rows two columns differ, in presence or in the value as CSV prints it.
 * @function core.clean.differences
 * @tparam Column a
 * @tparam Column b of the same length
 * @treturn integer
 * @usage core.clean.differences(core.column.new { 1, 2 }, core.column.new { 1.0, 3.0 })
 * == 1 */
static int clean_differences(lua_State *L)
{
    int64_t count;
    chl_error err = {0};
    chl_status status = chl_column_differences(chlua_check_column(L, 1),
                                               chlua_check_column(L, 2), &count, &err);
    chlua_check(L, status, &err);
    lua_pushinteger(L, count);
    return 1;
}

/* The numbers (of dates: days) of the column at `arg`. */
static const double *column_edges(lua_State *L, int arg, const chl_column *column, int *n)
{
    bool text = column->type == CHL_STRING || column->type == CHL_CATEGORY;
    luaL_argcheck(L, !text && column->nulls == 0, arg, "expected edges without gaps");
    luaL_argcheck(L, column->length <= 1 << 20, arg, "too many edges");
    double *edges = lua_newuserdatauv(L, (size_t)(column->length + 1) * sizeof *edges, 0);
    for (int64_t i = 0; i < column->length; i++) {
        edges[i] = chl_column_number(column, i);
    }
    *n = (int)column->length;
    return edges;
}

/* The list of numbers at `arg`, infinite ones among them, or the numbers of a column, in
 * a userdata pushed on the stack. */
static const double *check_edges(lua_State *L, int arg, int *n)
{
    chl_column *column = chlua_test_box(L, arg, CHLUA_COLUMN);
    if (column) {
        return column_edges(L, arg, column, n);
    }
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, arg);
    luaL_argcheck(L, count <= 1 << 20, arg, "too many edges");
    double *edges = lua_newuserdatauv(L, (count + 1) * sizeof *edges, 0);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, arg, (lua_Integer)i + 1);
        if (!lua_isnumber(L, -1) || isnan(lua_tonumber(L, -1))) {
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "item %I: expected a number, got %s",
                                          (LUAI_UACINT)(i + 1),
                                          luaL_tolstring(L, -1, NULL)));
        }
        edges[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    *n = (int)count;
    return edges;
}

/*** Numbers into bands; an ordered category.
 * @function core.clean.cut
 * @tparam Column column numbers, dates or timestamps
 * @tparam string where starts the messages
 * @tparam {number,...}|Column edges rising; infinite ones allowed
 * @tparam {string,...} labels one less than edges
 * @tparam[opt] boolean right bands hold their upper edge instead of the lower
 * @tparam[opt] boolean closed the outermost edge belongs to its band as well
 * @treturn Column rows outside every band are missing
 * @usage core.clean.cut(frame.Age, "cut", { 0, 40, 200 }, { "young", "old" }):levels()[2]
 * == "old" */
static int clean_cut(lua_State *L)
{
    int n, n_labels;
    const chl_column *column = chlua_check_column(L, 1);
    const char *where = luaL_checkstring(L, 2);
    bool right = lua_toboolean(L, 5), closed = lua_toboolean(L, 6);
    const double *edges = check_edges(L, 3, &n);
    const char *const *labels = chlua_check_strings(L, 4, &n_labels);
    luaL_argcheck(L, n_labels >= n - 1, 4, "expected one less label than edges");
    CHLUA_RETURN_COLUMN(
        L, chl_column_cut(column, where, edges, n, right, closed, labels, &made, &err));
}

/*** Whether a category's levels have an order that means something (bands do).
 * @function core.clean.is_ordered
 * @tparam Column column
 * @treturn boolean
 * @usage core.clean.is_ordered(core.clean.cut(frame.Age, "cut", { 0, 200 }, { "all" }))
 */
static int clean_is_ordered(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    lua_pushboolean(L, column->levels && chl_levels_ordered(column->levels));
    return 1;
}

void chlua_open_clean(lua_State *L)
{
    static const luaL_Reg functions[] = {{"replace", clean_replace},
                                         {"carry", clean_carry},
                                         {"fill", clean_fill},
                                         {"trim", clean_trim},
                                         {"infer", clean_infer},
                                         {"cast_lossy", clean_cast_lossy},
                                         {"differences", clean_differences},
                                         {"cut", clean_cut},
                                         {"is_ordered", clean_is_ordered},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
}
