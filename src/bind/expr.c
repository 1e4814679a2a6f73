/* SPDX-License-Identifier: MIT
 *
 * core.expr: parse, check and evaluate expressions, group and aggregate. Layer: bind.
 */
#include "core/expr/expr.h"

#include <string.h>

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/table/aggregate.h"

/*** The expression language of `filter`, `derive`, `agg` and policies: Lua's operators
 * over columns, such as "Balance > 0 and Age >= 25", with functions and aggregates. It is
 * parsed, checked against the frame's types and evaluated over whole columns; it cannot
 * loop, call Lua or change anything. A missing operand gives a missing result, but where
 * `and` and `or` are decided by the other side.
 *
 * Of dates and timestamps (UTC): `year quarter month week weekday day day_of_year hour
 * minute second`, `date(x)`, `timestamp(x)`, `parse_date(text, format)`,
 * `parse_timestamp`, `format_time(x, format)`, `date_trunc(x, "month")`, `add_days`,
 * `add_months` (the 31st becomes the last of a shorter month), `add_seconds`,
 * `days_between(from, to)` (whole days of dates, with a fraction of timestamps),
 * `seconds_between`, `months_between` (completed ones). `"2026-11-22"` and
 * `"2026-11-22 10:00:00"` compare with them. Directives of a format: `%Y %y %m %d %j %b
 * %B %H %I %M %S %f %p %z %%`; a text that does not fit is missing.
 * `add_seconds("1970-01-01", x)` is the moment of x seconds of Unix time.
 * @module churnlab.core.expr */

/* The expression at `arg`: an Expr, or a text that is parsed into a box pushed on the
 * stack. */
static chl_expr *check_expr(lua_State *L, int arg)
{
    if (lua_type(L, arg) != LUA_TSTRING) {
        return chlua_check_box(L, arg, CHLUA_EXPR);
    }
    size_t length;
    const char *text = luaL_checklstring(L, arg, &length);
    luaL_argcheck(L, strlen(text) == length, arg, "the text holds a zero byte");
    chl_error err = {0};
    void **slot = chlua_new_box(L, CHLUA_EXPR);
    chl_expr *expr;
    chlua_check(L, chl_expr_parse(text, &expr, &err), &err);
    *slot = expr;
    return expr;
}

/* The Over at `arg`, which was made from that frame; NULL for nil. */
static chl_over *check_over(lua_State *L, int arg, const chl_frame *frame)
{
    if (lua_isnoneornil(L, arg)) {
        return NULL;
    }
    chl_over *over = luaL_checkudata(L, arg, CHLUA_OVER);
    luaL_argcheck(L, over->start && over->rows == frame->rows, arg,
                  "expected an Over of this frame");
    return over;
}

/*** Parses an expression once, for use many times.
 * @function core.expr.parse
 * @tparam string text Lua's expression syntax, such as "Balance > 0 and Age >= 25"
 * @treturn Expr
 * @raise a message with the position of what is wrong
 * @usage local e = core.expr.parse("Balance / (Salary + 1)") */
static int expr_parse(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TSTRING);
    check_expr(L, 1);
    return 1;
}

/*** The type that an expression gives on a frame, whose rows are not read.
 * @function core.expr.check
 * @tparam Frame frame
 * @tparam string|Expr expr
 * @treturn string "f64", "i64", "bool", "category", "string", "date" or "timestamp"
 * @raise unknown columns, functions and levels with a suggestion; types that do not fit
 * @usage core.expr.check(frame, "Age >= 60") == "bool" */
static int expr_check(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    chl_expr *expr = check_expr(L, 2);
    chl_error err = {0};
    chl_type type;
    chlua_check(L, chl_expr_check(expr, frame, &type, &err), &err);
    lua_pushstring(L, chl_type_name(type));
    return 1;
}

/*** One value a row; aggregates inside are taken over all rows and repeated. With `over`,
 * aggregates are taken of each group, and window functions run within the groups.
 * @function core.expr.eval
 * @tparam Frame frame
 * @tparam string|Expr expr
 * @tparam[opt] Over over of the same frame
 * @treturn Column
 * @raise as check
 * @usage local old = core.expr.eval(frame, "Age > mean(Age)") */
static int expr_eval(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    lua_settop(L, 3);
    chl_over *over = check_over(L, 3, frame);
    chl_expr *expr = check_expr(L, 2);
    CHLUA_RETURN_COLUMN(
        L, over ? chl_expr_eval_over(expr, frame, over, &control, &made, &err)
                : chl_expr_eval(expr, frame, &control, &made, &err));
}

/*** The rows of a frame in groups and in an order, for window functions. Missing keys are
 * a group, rows with missing order values come last, rows that tie keep their order.
 * @function core.expr.over
 * @tparam Frame frame
 * @tparam {string,...} keys
 * @tparam {string,...} order the columns to order by; none = the frame's own order
 * @tparam {boolean,...} descending one flag an order column
 * @treturn Over
 * @raise unknown columns, with a suggestion
 * @usage
 * local over = core.expr.over(frame, { "Geography" }, { "Age" }, { false })
 * assert(core.expr.eval(frame, "row_number()", over):max() <= #frame) */
static int expr_over(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    int n_keys, n_order;
    const char *const *keys = chlua_check_strings(L, 2, &n_keys);
    const char *const *order = chlua_check_strings(L, 3, &n_order);
    bool *descending = lua_newuserdatauv(L, (size_t)n_order + 1, 0);
    luaL_checktype(L, 4, LUA_TTABLE);
    for (int i = 0; i < n_order; i++) {
        lua_rawgeti(L, 4, i + 1);
        descending[i] = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    chl_over *over = lua_newuserdatauv(L, sizeof *over, 0);
    *over = (chl_over){0};
    luaL_setmetatable(L, CHLUA_OVER);
    chl_control control;
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = chl_over_init(over, frame, keys, n_keys, order, descending,
                                      n_order, &control, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    chlua_account(L, (size_t)over->rows * 2 * sizeof(int64_t));
    return 1;
}

static int over_gc(lua_State *L)
{
    chl_over_reset(luaL_checkudata(L, 1, CHLUA_OVER));
    return 0;
}

chl_expr **chlua_check_exprs(lua_State *L, int arg, int *n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, arg);
    luaL_argcheck(L, count <= 1 << 16, arg, "too many expressions");
    chl_expr **list = lua_newuserdatauv(L, (count + 1) * sizeof(chl_expr *), 1);
    lua_newtable(L);
    int anchor = lua_gettop(L);
    for (lua_Unsigned i = 0; i < count; i++) {
        int type = lua_rawgeti(L, arg, (lua_Integer)i + 1);
        if (type != LUA_TSTRING && !chlua_test_box(L, -1, CHLUA_EXPR)) {
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "item %I: expected an expression, got %s",
                                          (LUAI_UACINT)(i + 1), lua_typename(L, type)));
        }
        list[i] = check_expr(L, anchor + 1);
        lua_rawseti(L, anchor, (lua_Integer)i + 1); /* what is on top is the Expr */
        lua_settop(L, anchor);
    }
    lua_setiuservalue(L, -2, 1);
    *n = (int)count;
    return list;
}

/*** Groups rows by keys and takes aggregates of each group; one row a group, sorted by
 * the keys, missing keys last. Without keys: one row over everything.
 * @function core.expr.aggregate
 * @tparam Frame frame
 * @tparam {string,...} keys
 * @tparam {string,...} names of the new columns
 * @tparam {string|Expr,...} exprs one for each name
 * @tparam[opt] Over over of the same frame and keys: the rows are in its order
 * @treturn Frame the keys, then the aggregates
 * @raise a column outside of an aggregate; as check
 * @usage core.expr.aggregate(frame, {"Gender"}, {"n"}, {"count()"}) */
static int expr_aggregate(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    lua_settop(L, 5);
    chl_over *over = check_over(L, 5, frame);
    int n_keys, n_names, n_exprs;
    const char *const *keys = chlua_check_strings(L, 2, &n_keys);
    const char *const *names = chlua_check_strings(L, 3, &n_names);
    chl_expr **exprs = chlua_check_exprs(L, 4, &n_exprs);
    luaL_argcheck(L, n_names == n_exprs, 4, "expected one expression for each name");
    CHLUA_RETURN_FRAME(L,
                       chl_frame_aggregate_over(frame, over, keys, n_keys, names, exprs,
                                                n_exprs, &control, &made, &err));
}

/*** The names of all functions, for completion.
 * @function core.expr.functions
 * @treturn {string,...}
 * @usage print(table.concat(core.expr.functions(), " ")) */
static int expr_functions(lua_State *L)
{
    const char *const *names = chl_expr_functions();
    lua_newtable(L);
    for (int i = 0; names[i]; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** A parsed expression; `tostring` gives its text.
 * @type Expr */

/*** The columns it reads, in order of first use.
 * @function Expr:columns
 * @treturn {string,...}
 * @usage #core.expr.parse("Age / Tenure + Age"):columns() == 2 */
static int expr_m_columns(lua_State *L)
{
    const char *const *names;
    int n = chl_expr_columns(chlua_check_box(L, 1, CHLUA_EXPR), &names);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** The text it was parsed from.
 * @function Expr:text
 * @treturn string
 * @usage core.expr.parse("Age+1"):text() == "Age+1" */
static int expr_m_text(lua_State *L)
{
    lua_pushstring(L, chl_expr_text(chlua_check_box(L, 1, CHLUA_EXPR)));
    return 1;
}

/*** The canonical text: one space around operators, only the brackets that are needed.
 * @function Expr:print
 * @treturn string
 * @usage core.expr.parse("((a))+1"):print() == "a + 1" */
static int expr_m_print(lua_State *L)
{
    chl_expr *expr = chlua_check_box(L, 1, CHLUA_EXPR);
    chl_strbuf buf = {0};
    chl_expr_print(expr, &buf);
    bool failed = buf.failed;
    size_t n = buf.length;
    chl_strbuf_reset(&buf);
    luaL_argcheck(L, !failed, 1, "out of memory");
    char *copy = lua_newuserdatauv(L, n + 1, 0); /* may raise: nothing is held here */
    chl_expr_print(expr, &buf);
    n = buf.failed ? 0 : n;
    memcpy(copy, n ? buf.data : "", n);
    chl_strbuf_reset(&buf);
    lua_pushlstring(L, copy, n);
    return 1;
}

/*** True when it holds an aggregate such as mean(x).
 * @function Expr:is_aggregate
 * @treturn boolean
 * @usage core.expr.parse("mean(Age)"):is_aggregate() == true */
static int expr_m_is_aggregate(lua_State *L)
{
    lua_pushboolean(L, chl_expr_is_aggregate(chlua_check_box(L, 1, CHLUA_EXPR)));
    return 1;
}

static int expr_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_EXPR);
    chl_expr_release(*slot);
    *slot = NULL;
    return 0;
}

void chlua_open_expr(lua_State *L)
{
    static const luaL_Reg functions[] = {{"parse", expr_parse},
                                         {"check", expr_check},
                                         {"eval", expr_eval},
                                         {"aggregate", expr_aggregate},
                                         {"functions", expr_functions},
                                         {"over", expr_over},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {{"columns", expr_m_columns},
                                       {"text", expr_m_text},
                                       {"print", expr_m_print},
                                       {"is_aggregate", expr_m_is_aggregate},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", expr_gc},
                                    {"__close", expr_gc},
                                    {"__tostring", expr_m_text},
                                    {NULL, NULL}};
    static const luaL_Reg over_meta[] = {{"__gc", over_gc}, {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};
    chlua_register(L, CHLUA_OVER, none, over_meta);
    chlua_register(L, CHLUA_EXPR, methods, meta);
    luaL_newlib(L, functions);
}
