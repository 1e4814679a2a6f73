/* SPDX-License-Identifier: MIT
 *
 * Column: one column of values; core.column. Layer: bind. Columns from Lua lists are made
 * in column_list.c.
 */
#include "core/data/column.h"

#include <math.h>
#include <stdio.h>

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/base/alloc.h"
#include "core/data/calendar.h"
#include "core/data/distinct.h"
#include "core/data/summary.h"
#include "core/data/time_format.h"

/*** One column of values, all of one type: `f64`, `i64`, `bool`, `category`, `string` or
 * `date` or `timestamp`. `frame.Age` and `frame:col("Age")` give the columns of a frame;
 * they share its cells. `column[i]` is the value of row i (from 1), nil when it is
 * missing, and
 * `#column` the number of rows. A column never changes.
 * @module churnlab.core.column */

chl_column *chlua_check_column(lua_State *L, int arg)
{
    return chlua_check_box(L, arg, CHLUA_COLUMN);
}

void chlua_push_column(lua_State *L, chl_column *column)
{
    size_t bytes = (size_t)column->length * 8;
    *chlua_new_box(L, CHLUA_COLUMN) = column;
    chlua_account(L, bytes);
}

static void push_date(lua_State *L, int32_t days)
{
    char text[CHL_TIME_TEXT];
    lua_pushlstring(L, text, chl_date_format(days, text));
}

static void push_timestamp(lua_State *L, int64_t micros)
{
    char text[CHL_TIME_TEXT];
    lua_pushlstring(L, text, chl_timestamp_format(micros, text));
}

void chlua_push_cell(lua_State *L, const chl_column *column, int64_t i)
{
    if (!chl_column_valid(column, i)) {
        lua_pushnil(L);
        return;
    }
    switch (column->type) {
    case CHL_F64: lua_pushnumber(L, column->values.f64[i]); break;
    case CHL_I64: lua_pushinteger(L, column->values.i64[i]); break;
    case CHL_BOOL: lua_pushboolean(L, column->values.boolean[i]); break;
    case CHL_DATE: push_date(L, column->values.days[i]); break;
    case CHL_TIMESTAMP: push_timestamp(L, column->values.micros[i]); break;
    case CHL_CATEGORY:
    case CHL_STRING: {
        size_t length;
        const char *text = chl_column_text(column, i, &length);
        lua_pushlstring(L, text, length);
        break;
    }
    }
}

/* ---- methods ---- */

/*** One column of values.
 * @type Column */

/*** The column's type.
 * @function Column:type
 * @treturn string
 * @usage frame.Geography:type() == "category" */
static int column_m_type(lua_State *L)
{
    lua_pushstring(L, chl_type_name(chlua_check_column(L, 1)->type));
    return 1;
}

/*** The name under which a frame gave the column, or nil.
 * @function Column:name
 * @treturn ?string
 * @usage frame.Age:name() == "Age" */
static int column_m_name(lua_State *L)
{
    chlua_check_column(L, 1);
    lua_getiuservalue(L, 1, 1);
    return 1;
}

/*** The names of a category's levels; nil for other types.
 * @function Column:levels
 * @treturn ?{string,...}
 * @usage table.concat(frame.Gender:levels(), " ") */
static int column_m_levels(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    if (!column->levels) {
        lua_pushnil(L);
        return 1;
    }
    int32_t n = chl_levels_count(column->levels);
    lua_createtable(L, n, 0);
    for (int32_t i = 0; i < n; i++) {
        size_t length;
        const char *name = chl_levels_name(column->levels, i, &length);
        lua_pushlstring(L, name, length);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** The values as a list; missing ones are nil or `na`.
 * @function Column:to_table
 * @param[opt] na
 * @treturn table
 * @usage #frame.Age:to_table(core.NA) == #frame */
static int column_m_to_table(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    lua_settop(L, 2);
    int size = column->length < 1 << 26 ? (int)column->length : 0;
    lua_createtable(L, size, 0);
    for (int64_t i = 0; i < column->length; i++) {
        chlua_push_cell(L, column, i);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushvalue(L, 2);
        }
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** How many rows are missing.
 * @function Column:missing
 * @treturn integer
 * @usage core.column.new({ 1, core.NA, 3 }):missing() == 1 */
static int column_m_missing(lua_State *L)
{
    lua_pushinteger(L, chlua_check_column(L, 1)->nulls);
    return 1;
}

/*** The number of distinct present values.
 * @function Column:n_distinct
 * @treturn integer
 * @usage core.column.new({ 1, 2, 1 }):n_distinct() == 2 */
static int column_m_n_distinct(lua_State *L)
{
    chl_error err = {0};
    int64_t count = 0;
    chlua_check(L, chl_column_n_distinct(chlua_check_column(L, 1), &count, &err), &err);
    lua_pushinteger(L, count);
    return 1;
}

/*** The column in another type; every value is kept exactly.
 * @function Column:cast
 * @tparam string type
 * @treturn Column
 * @raise "row 3: expected an integer, got "2.5""
 * @usage frame.NumOfProducts:cast("category"):levels() */
static int column_m_cast(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    const char *name = luaL_checkstring(L, 2);
    chl_error parse_error = {0};
    chl_type type = CHL_F64;
    chlua_check(L, chl_type_parse(name, &type, &parse_error), &parse_error);
    CHLUA_RETURN_COLUMN(L, chl_column_cast(column, type, &made, &err));
}

/*** The column in another type, cell by cell, as a file is read: what does not fit is
 * missing.
 * @function Column:read
 * @tparam string type
 * @tparam[opt] string format how dates and timestamps are written, as in `cl.read_csv`
 * @treturn Column
 * @treturn Column bool, true where a cell did not fit
 * @usage local ages, bad = core.column.new({ "42", "n/a" }):read("i64") */
static int column_m_read(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    const char *name = luaL_checkstring(L, 2);
    size_t length = 0;
    const char *text = luaL_optlstring(L, 3, NULL, &length);
    chl_error err = {0};
    chl_type type = CHL_F64;
    chl_time_format format;
    chlua_check(L, chl_type_parse(name, &type, &err), &err);
    if (text) {
        chl_status status = chl_time_format_init(&format, text, length, NULL, &err);
        status = status == CHL_OK ? chl_time_format_check(&format, &err) : status;
        chlua_check(L, status, &err);
    }
    void **slot = chlua_new_box(L, CHLUA_COLUMN), **bad = chlua_new_box(L, CHLUA_COLUMN);
    chl_column *made = NULL, *wrong = NULL;
    chl_status status =
        chl_column_read(column, type, text ? &format : NULL, &made, &wrong, &err);
    *slot = made;
    *bad = wrong;
    chlua_check(L, status, &err);
    chlua_account(L, (size_t)made->length * 9);
    return 2;
}

/* ---- aggregates ---- */

static int push_number_or_nil(lua_State *L, double value)
{
    if (isnan(value)) {
        lua_pushnil(L);
    } else {
        lua_pushnumber(L, value);
    }
    return 1;
}

/* Applies one aggregate to the present values. */
static int aggregate(lua_State *L, const char *where,
                     double (*f)(const double *x, int64_t n))
{
    chl_error err = {0};
    double *x = NULL;
    int64_t n = 0;
    chlua_check(L, chl_column_numbers(chlua_check_column(L, 1), where, &x, &n, &err),
                &err);
    double value = f(x, n);
    chl_free(x);
    return push_number_or_nil(L, value);
}

/*** The mean of the present values; nil when there are none.
 * @function Column:mean
 * @treturn ?number
 * @raise "mean: expected a column of numbers, got category"
 * @usage core.column.new({ 1, core.NA, 3 }):mean() == 2 */
static int column_m_mean(lua_State *L)
{
    return aggregate(L, "mean", chl_mean);
}

/*** The sample standard deviation (n-1); nil for fewer than two values.
 * @function Column:std
 * @treturn ?number
 * @usage print(frame.Age:std()) */
static int column_m_std(lua_State *L)
{
    return aggregate(L, "std", chl_std);
}

/*** The sum: an integer for i64 and bool columns unless it leaves 64 bits.
 * @function Column:sum
 * @treturn number
 * @usage core.column.new({ 1, 2, 4 }):sum() == 7 */
static int column_m_sum(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    int64_t sum;
    if ((column->type == CHL_I64 || column->type == CHL_BOOL) &&
        chl_column_sum_i64(column, &sum)) {
        lua_pushinteger(L, sum);
        return 1;
    }
    return aggregate(L, "sum", chl_sum);
}

static int push_extreme(lua_State *L, const char *where, bool greatest)
{
    const chl_column *column = chlua_check_column(L, 1);
    int64_t min, max;
    if (column->type != CHL_I64 && column->type != CHL_DATE &&
        column->type != CHL_TIMESTAMP) {
        return aggregate(L, where, greatest ? chl_max : chl_min);
    }
    if (!chl_column_range_i64(column, &min, &max)) {
        lua_pushnil(L);
    } else if (column->type == CHL_DATE) {
        push_date(L, (int32_t)(greatest ? max : min));
    } else if (column->type == CHL_TIMESTAMP) {
        push_timestamp(L, greatest ? max : min);
    } else {
        lua_pushinteger(L, greatest ? max : min);
    }
    return 1;
}

/*** The least present value (dates and timestamps as text); nil when there is none.
 * @function Column:min
 * @usage frame.Age:min() >= 18 */
static int column_m_min(lua_State *L)
{
    return push_extreme(L, "min", false);
}

/*** The greatest present value (dates and timestamps as text); nil when there is none.
 * @function Column:max
 * @usage frame.Age:max() <= 92 */
static int column_m_max(lua_State *L)
{
    return push_extreme(L, "max", true);
}

static int push_quantile(lua_State *L, const char *where, double q)
{
    chl_error err = {0};
    double *x = NULL;
    int64_t n = 0;
    chlua_check(L, chl_column_numbers(chlua_check_column(L, 1), where, &x, &n, &err),
                &err);
    double value = chl_quantile(x, n, q);
    chl_free(x);
    return push_number_or_nil(L, value);
}

/*** The q-quantile, linear between order statistics; nil when there are no values.
 * @function Column:quantile
 * @tparam number q 0 … 1
 * @treturn ?number
 * @usage frame.Age:quantile(0.9) >= frame.Age:median() */
static int column_m_quantile(lua_State *L)
{
    double q = luaL_checknumber(L, 2);
    luaL_argcheck(L, q >= 0 && q <= 1, 2, "expected a share from 0 to 1");
    return push_quantile(L, "quantile", q);
}

/*** The median; nil when there are no values.
 * @function Column:median
 * @treturn ?number
 * @usage core.column.new({ 1, 2, 4 }):median() == 2 */
static int column_m_median(lua_State *L)
{
    return push_quantile(L, "median", 0.5);
}

static void set_figure(lua_State *L, const char *name, double value)
{
    push_number_or_nil(L, value);
    lua_setfield(L, -2, name);
}

/*** What describe() shows of a numeric or date column.
 * @function Column:summary
 * @treturn table {count, sum, mean, std, min, q25, median, q75, max}; nil what has no
 * value
 * @usage frame.Age:summary().q25 <= frame.Age:summary().q75 */
static int column_m_summary(lua_State *L)
{
    chl_error err = {0};
    chl_summary s;
    chlua_check(L, chl_column_summary(chlua_check_column(L, 1), &s, &err), &err);
    lua_createtable(L, 0, 9);
    lua_pushinteger(L, s.count);
    lua_setfield(L, -2, "count");
    set_figure(L, "sum", s.sum);
    set_figure(L, "mean", s.mean);
    set_figure(L, "std", s.std);
    set_figure(L, "min", s.min);
    set_figure(L, "q25", s.q25);
    set_figure(L, "median", s.median);
    set_figure(L, "q75", s.q75);
    set_figure(L, "max", s.max);
    return 1;
}

/* ---- metamethods ---- */

static int column_len(lua_State *L)
{
    lua_pushinteger(L, chlua_check_column(L, 1)->length);
    return 1;
}

/* c[i] is a value (nil when missing or outside), c.name a method. */
static int column_index(lua_State *L)
{
    const chl_column *column = chlua_check_column(L, 1);
    if (lua_isinteger(L, 2)) {
        lua_Integer i = lua_tointeger(L, 2);
        if (i < 1 || i > column->length) {
            lua_pushnil(L);
        } else {
            chlua_push_cell(L, column, i - 1);
        }
        return 1;
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

static int column_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_COLUMN);
    chl_column_release(*slot);
    *slot = NULL;
    return 0;
}

void chlua_open_column(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", chlua_column_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"type", column_m_type},
                                       {"name", column_m_name},
                                       {"levels", column_m_levels},
                                       {"to_table", column_m_to_table},
                                       {"missing", column_m_missing},
                                       {"n_distinct", column_m_n_distinct},
                                       {"cast", column_m_cast},
                                       {"read", column_m_read},
                                       {"mean", column_m_mean},
                                       {"std", column_m_std},
                                       {"sum", column_m_sum},
                                       {"min", column_m_min},
                                       {"max", column_m_max},
                                       {"quantile", column_m_quantile},
                                       {"median", column_m_median},
                                       {"summary", column_m_summary},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", column_gc}, {"__len", column_len}, {NULL, NULL}};
    chlua_register(L, CHLUA_COLUMN, methods, meta);
    luaL_newlib(L, functions);
    chlua_index_through(L, CHLUA_COLUMN, column_index);
}
