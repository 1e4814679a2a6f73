/* SPDX-License-Identifier: MIT
 *
 * Columns from Lua lists: core.column.new. Layer: bind.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bind/frame_box.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/io/csv.h"
#include "core/data/distinct.h"

/*** @module churnlab.core.column */

/* What a list of Lua values can become: the narrowest type that holds all of them. */
static int infer_type(lua_State *L, int list, int64_t n)
{
    bool integers = true, numbers = true, booleans = true, texts = true;
    int64_t present = 0;
    for (int64_t i = 1; i <= n; i++) {
        int type = lua_rawgeti(L, list, i);
        if (type != LUA_TNIL && type != LUA_TLIGHTUSERDATA) {
            integers = integers && lua_isinteger(L, -1) && type == LUA_TNUMBER;
            numbers = numbers && type == LUA_TNUMBER;
            booleans = booleans && type == LUA_TBOOLEAN;
            texts = texts && type == LUA_TSTRING;
            present++;
        }
        lua_pop(L, 1);
    }
    if (present == 0) {
        return CHL_F64;
    }
    return integers   ? CHL_I64
           : numbers  ? CHL_F64
           : booleans ? CHL_BOOL
           : texts    ? CHL_STRING
                      : -1;
}

static chl_status fail_item(lua_State *L, int64_t i, chl_type type, chl_error *err)
{
    return chl_fail(err, CHL_ETYPE, "item %lld: expected %s, got a %s", (long long)i,
                    chl_type_expected(type), luaL_typename(L, -1));
}

/* The number on the stack's top in the builder's type. */
static chl_status append_number(lua_State *L, int64_t i, chl_builder *b, chl_error *err)
{
    double value = lua_tonumber(L, -1);
    int whole;
    lua_Integer integer = lua_tointegerx(L, -1, &whole);
    if (isnan(value)) {
        return chl_builder_null(b, err);
    }
    switch (b->type) {
    case CHL_F64: return chl_builder_f64(b, value, err);
    case CHL_I64:
        if (!whole) {
            return chl_fail(err, CHL_ETYPE, "item %lld: expected an integer, got %.14g",
                            (long long)i, value);
        }
        return chl_builder_i64(b, integer, err);
    case CHL_BOOL:
        if (!whole || (integer != 0 && integer != 1)) {
            return fail_item(L, i, b->type, err);
        }
        return chl_builder_bool(b, integer == 1, err);
    case CHL_DATE:
    case CHL_TIMESTAMP: return fail_item(L, i, b->type, err);
    default: {
        char text[32];
        if (lua_isinteger(L, -1)) {
            snprintf(text, sizeof text, "%lld", (long long)integer);
        } else {
            chl_format_double(value, text);
        }
        return chl_builder_text(b, text, strlen(text), err);
    }
    }
}

static chl_status append_truth(lua_State *L, int64_t i, chl_builder *b, chl_error *err)
{
    bool truth = lua_toboolean(L, -1);
    switch (b->type) {
    case CHL_BOOL: return chl_builder_bool(b, truth, err);
    case CHL_F64: return chl_builder_f64(b, truth, err);
    case CHL_I64: return chl_builder_i64(b, truth, err);
    case CHL_DATE:
    case CHL_TIMESTAMP: return fail_item(L, i, b->type, err);
    default: return chl_builder_text(b, truth ? "true" : "false", truth ? 4 : 5, err);
    }
}

static chl_status append_string(lua_State *L, int64_t i, chl_builder *b, chl_error *err)
{
    size_t length;
    bool fits;
    const char *text = lua_tolstring(L, -1, &length);
    CHL_TRY(chl_builder_parse(b, text, length, &fits, err));
    if (fits) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_ETYPE, "item %lld: expected %s, got \"%.40s\"", (long long)i,
                    chl_type_expected(b->type), text);
}

/* Uses only Lua functions that cannot raise: the builder's memory is live. */
static chl_status append_items(lua_State *L, int list, int64_t n, chl_builder *b,
                               chl_error *err)
{
    for (int64_t i = 1; i <= n; i++) {
        chl_status status;
        switch (lua_rawgeti(L, list, i)) {
        case LUA_TNIL:
        case LUA_TLIGHTUSERDATA: status = chl_builder_null(b, err); break;
        case LUA_TNUMBER: status = append_number(L, i, b, err); break;
        case LUA_TBOOLEAN: status = append_truth(L, i, b, err); break;
        case LUA_TSTRING: status = append_string(L, i, b, err); break;
        default: status = fail_item(L, i, b->type, err); break;
        }
        lua_pop(L, 1);
        CHL_TRY(status);
    }
    return CHL_OK;
}

static chl_status build(lua_State *L, int list, int64_t n, chl_type type,
                        chl_column **made, chl_error *err)
{
    chl_builder builder;
    chl_status status = chl_builder_init(&builder, type, NULL, err);
    if (status == CHL_OK) {
        status = append_items(L, list, n, &builder, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, made, err);
    }
    chl_builder_reset(&builder);
    return status;
}

/* Text with few distinct values becomes a category, as in read_csv. */
static chl_status build_inferred(lua_State *L, int list, int64_t n, chl_column **made,
                                 chl_error *err)
{
    int type = infer_type(L, list, n);
    if (type < 0) {
        return chl_fail(err, CHL_ETYPE,
                        "expected values of one type, got a mix (declare a type)");
    }
    CHL_TRY(build(L, list, n, (chl_type)type, made, err));
    int64_t distinct = 0;
    if (type == CHL_STRING) {
        CHL_TRY(chl_column_n_distinct(*made, &distinct, err));
    }
    if (type != CHL_STRING || distinct > chl_category_limit(n)) {
        return CHL_OK;
    }
    chl_column *text = *made;
    *made = NULL;
    chl_status status = chl_column_cast(text, CHL_CATEGORY, made, err);
    chl_column_release(text);
    return status;
}

/*** A column from a list. nil, NA and NaN are missing.
 * @function core.column.new
 * @tparam table values
 * @tparam[opt] string type "f64", "i64", "bool", "category", "string", "date",
 *   "timestamp"; inferred
 *   when absent
 * @tparam[opt=#values] integer n length, for lists with holes
 * @treturn Column
 * @raise "item 3: expected a number, got a table"
 * @usage local c = core.column.new({1, 2.5, core.NA}, "f64") */
int chlua_column_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *name = luaL_optstring(L, 2, NULL);
    lua_Integer n = luaL_optinteger(L, 3, (lua_Integer)lua_rawlen(L, 1));
    luaL_argcheck(L, n >= 0, 3, "expected at least 0");
    luaL_checkstack(L, 8, "column");
    chl_type type = CHL_F64;
    if (name) {
        chl_error parse_error = {0};
        chlua_check(L, chl_type_parse(name, &type, &parse_error), &parse_error);
        CHLUA_RETURN_COLUMN(L, build(L, 1, n, type, &made, &err));
    }
    CHLUA_RETURN_COLUMN(L, build_inferred(L, 1, n, &made, &err));
}
