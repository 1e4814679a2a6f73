/* SPDX-License-Identifier: MIT
 *
 * Frame: the verbs on columns; core.frame. Layer: bind. Verbs on rows are in
 * frame_rows.c, roles in frame_roles.c, CSV in frame_io.c, random partitions in
 * frame_split.c; lua/churnlab/frame adds the methods written in Lua.
 */
#include "core/data/frame.h"

#include <math.h>
#include <string.h>

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/base/nearest.h"
#include "core/data/distinct.h"

/*** @module churnlab.frame */

const char *const *chlua_check_names(lua_State *L, int arg, int *n)
{
    if (!lua_istable(L, arg)) {
        int last = lua_gettop(L);
        lua_createtable(L, last - arg + 1, 0);
        for (int i = arg; i <= last; i++) {
            luaL_checktype(L, i, LUA_TSTRING);
            lua_pushvalue(L, i);
            lua_rawseti(L, -2, i - arg + 1);
        }
        lua_insert(L, arg);
        lua_settop(L, arg);
    }
    return chlua_check_strings(L, arg, n);
}

/* Pushes the column `index` of the frame; the box remembers its name. */
static void push_field(lua_State *L, chl_frame *frame, int index)
{
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    *slot = chl_column_retain(frame->fields[index].column);
    lua_pushstring(L, frame->fields[index].name);
    lua_setiuservalue(L, -2, 1);
}

/* The index of the column named at `arg`, or an error that suggests one. */
static int check_field(lua_State *L, const chl_frame *frame, const char *where, int arg)
{
    chl_error err = {0};
    int index = -1;
    const char *name = luaL_checkstring(L, arg);
    chlua_check(L, chl_frame_index(frame, where, name, &index, &err), &err);
    return index;
}

/* ---- making ---- */

/*** A frame of columns that are there already.
 * @function core.frame.new
 * @tparam {string,...} names
 * @tparam {Column,...} columns of equal length, as many as names
 * @treturn Frame
 * @raise "column 'b': expected 3 rows as in 'a', got 2"
 * @usage
 * local two = core.frame.new({ "Age" }, { core.column.new { 42, 51 } })
 * assert(#two == 2) */
static int frame_new(lua_State *L)
{
    int n;
    const char *const *names = chlua_check_strings(L, 1, &n);
    luaL_checktype(L, 2, LUA_TTABLE);
    chl_column **columns =
        lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(chl_column *), 0);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 2, i + 1);
        columns[i] = chlua_check_column(L, -1); /* the list keeps it alive */
        lua_pop(L, 1);
    }
    CHLUA_RETURN_FRAME(L, chl_frame_new(names, columns, n, &made, &err));
}

/* ---- columns ---- */

/*** @type Frame */

/*** The names of the columns.
 * @function Frame:columns
 * @treturn {string,...}
 * @usage table.concat(frame:select("Age", "Balance"):columns(), " ") == "Age Balance" */
static int frame_m_columns(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_createtable(L, frame->columns, 0);
    for (int i = 0; i < frame->columns; i++) {
        lua_pushstring(L, frame->fields[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** A column's type.
 * @function Frame:type
 * @tparam string name
 * @treturn string
 * @raise "type: unknown column 'Agee' (did you mean 'Age'?)"
 * @usage frame:type("Age") == "i64" */
static int frame_m_type(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int index = check_field(L, frame, "type", 2);
    lua_pushstring(L, chl_type_name(frame->fields[index].column->type));
    return 1;
}

/*** A column; the same as frame[name], also for names that are methods.
 * @function Frame:col
 * @tparam string name
 * @treturn Column
 * @usage frame:col("Age"):mean() == frame.Age:mean() */
static int frame_m_col(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    push_field(L, frame, check_field(L, frame, "col", 2));
    return 1;
}

/*** Whether a column of that name is there.
 * @function Frame:has
 * @tparam string name
 * @treturn boolean
 * @usage frame:has("Age") == true */
static int frame_m_has(lua_State *L)
{
    lua_pushboolean(L,
                    chl_frame_find(chlua_check_frame(L, 1), luaL_checkstring(L, 2)) >= 0);
    return 1;
}

/*** One cell; nil when it is missing.
 * @function Frame:cell
 * @tparam integer row
 * @tparam string name
 * @return number, integer, boolean or text; dates as text "2026-11-30", timestamps
 *   as "2026-11-30 10:00:00"
 * @usage frame:cell(7, "Age") == frame.Age[7] */
static int frame_m_cell(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int64_t row = chlua_check_index(L, 2, frame->rows);
    int index = check_field(L, frame, "cell", 3);
    chlua_push_cell(L, frame->fields[index].column, row);
    return 1;
}

/*** The frame with these columns, in this order: what `Frame:select` calls.
 * @function Frame:select_names
 * @tparam {string,...} names
 * @treturn Frame
 * @usage frame:select_names { "Age", "Balance" } */
static int frame_m_select_names(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int n;
    const char *const *names = chlua_check_names(L, 2, &n);
    CHLUA_RETURN_FRAME(L, chl_frame_select(frame, names, n, &made, &err));
}

/*** The frame without these columns: what `Frame:drop` calls.
 * @function Frame:drop_names
 * @tparam {string,...} names
 * @treturn Frame
 * @usage frame:drop_names { "Surname", "RowNumber" } */
static int frame_m_drop_names(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int n;
    const char *const *names = chlua_check_names(L, 2, &n);
    CHLUA_RETURN_FRAME(L, chl_frame_drop(frame, names, n, &made, &err));
}

/*** The frame with other names for some columns.
 * @function Frame:rename
 * @tparam table names old = "new"
 * @treturn Frame
 * @usage frame:rename { Exited = "churned" } */
static int frame_m_rename(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_newtable(L);
    lua_newtable(L);
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            return luaL_argerror(L, 2, "expected old = \"new\" pairs of names");
        }
        lua_pushvalue(L, -2);
        lua_rawseti(L, 3, ++n);
        lua_pushvalue(L, -1);
        lua_rawseti(L, 4, n);
    }
    int count;
    const char *const *from = chlua_check_strings(L, 3, &count);
    const char *const *to = chlua_check_strings(L, 4, &count);
    CHLUA_RETURN_FRAME(L, chl_frame_rename(frame, from, to, count, &made, &err));
}

/*** The frame with one column replaced or appended.
 * @function Frame:with_column
 * @tparam string name
 * @tparam Column column
 * @treturn Frame
 * @usage frame:with_column("old", core.expr.eval(frame, "Age > 60")) */
static int frame_m_with_column(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *name = luaL_checkstring(L, 2);
    chl_column *column = chlua_check_column(L, 3);
    CHLUA_RETURN_FRAME(L, chl_frame_with(frame, name, column, &made, &err));
}

/*** How often each value of one column occurs: what `Frame:value_counts` calls.
 * @function Frame:count_values
 * @tparam string name
 * @treturn Frame `value`, `n`, `share`
 * @usage print(frame:count_values("Geography")) */
static int frame_m_count_values(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int index = check_field(L, frame, "value_counts", 2);
    CHLUA_RETURN_FRAME(L, chl_value_counts(frame->fields[index].column, &made, &err));
}

/*** The target as a column of 0 and 1.
 * @function Frame:labels
 * @treturn Column f64
 * @raise "target 'Churn': expected a positive value …"
 * @usage print(frame:labels():mean()) */
static int frame_m_labels(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    chl_error err = {0};
    chl_column *column = NULL;
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_new(CHL_F64, frame->rows, true, &column, &err);
    *slot = column;
    chlua_check(L, status, &err);
    chlua_check(L, chl_frame_labels(frame, column->values.f64, &err), &err);
    chl_column_seal(column);
    return 1;
}

/* ---- metamethods ---- */

static int frame_len(lua_State *L)
{
    lua_pushinteger(L, chlua_check_frame(L, 1)->rows);
    return 1;
}

/* Raises "frame has no method 'srot' (did you mean 'sort'?)"; upvalue 1 = methods. */
static int fail_name(lua_State *L, const chl_frame *frame)
{
    size_t n = 0, room = (size_t)frame->columns;
    for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1)) {
        room++;
    }
    const char **names = lua_newuserdatauv(L, (room + 1) * sizeof *names, 0);
    for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            names[n++] = lua_tostring(L, -2);
        }
    }
    for (int i = 0; i < frame->columns; i++) {
        names[n++] = frame->fields[i].name;
    }
    const char *name = lua_tostring(L, 2), *near = chl_nearest(name, names, n);
    chl_error err = {0};
    if (near) {
        const char *kind = chl_frame_find(frame, near) >= 0 ? "column" : "method";
        chl_fail(&err, CHL_ENAME, "frame has no %s '%s' (did you mean '%s'?)", kind, name,
                 near);
    } else {
        chl_fail(&err, CHL_ENAME, "frame has no column or method '%s'", name);
    }
    return chlua_raise(L, &err);
}

/* frame.name: a method, then a column. */
static int frame_index(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_argerror(L, 2, "expected a name (frame:row(i) gives a row)");
    }
    int index = chl_frame_find(frame, lua_tostring(L, 2));
    if (index < 0) {
        return fail_name(L, frame);
    }
    push_field(L, frame, index);
    return 1;
}

static int frame_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_FRAME);
    chl_frame_release(*slot);
    *slot = NULL;
    return 0;
}

static const luaL_Reg methods[] = {{"columns", frame_m_columns},
                                   {"type", frame_m_type},
                                   {"col", frame_m_col},
                                   {"has", frame_m_has},
                                   {"cell", frame_m_cell},
                                   {"select_names", frame_m_select_names},
                                   {"drop_names", frame_m_drop_names},
                                   {"rename", frame_m_rename},
                                   {"with_column", frame_m_with_column},
                                   {"roles", chlua_frame_roles},
                                   {"with_roles", chlua_frame_with_roles},
                                   {"class_labels", chlua_frame_class_labels},
                                   {"slice", chlua_frame_slice},
                                   {"head", chlua_frame_head},
                                   {"tail", chlua_frame_tail},
                                   {"take", chlua_frame_take},
                                   {"filter_by", chlua_frame_filter_by},
                                   {"sort_by", chlua_frame_sort_by},
                                   {"count_values", frame_m_count_values},
                                   {"labels", frame_m_labels},
                                   {"write_csv", chlua_frame_write_csv},
                                   {"write_jsonl", chlua_frame_write_jsonl},
                                   {"to_csv", chlua_frame_to_csv},
                                   {"write_columns", chlua_frame_write_columns},
                                   {"split_by", chlua_frame_split},
                                   {"split_groups", chlua_frame_split_groups},
                                   {"split_times", chlua_frame_split_times},
                                   {"time_fold", chlua_frame_time_fold},
                                   {"fold_numbers", chlua_frame_folds},
                                   {"time_fold_numbers", chlua_frame_time_folds},
                                   {"partition", chlua_frame_partition},
                                   {"sample_rows", chlua_frame_sample},
                                   {"join_by", chlua_frame_join},
                                   {"asof_join_by", chlua_frame_asof_join},
                                   {"unrepeated_by", chlua_frame_unrepeated},
                                   {"n_distinct", chlua_frame_n_distinct},
                                   {NULL, NULL}};

void chlua_open_frame(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", frame_new}, {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", frame_gc}, {"__close", frame_gc}, {"__len", frame_len}, {NULL, NULL}};
    chlua_register(L, CHLUA_FRAME, methods, meta);
    luaL_newlib(L, functions);
    luaL_setfuncs(L, chlua_frame_io_functions, 0);
    luaL_setfuncs(L, chlua_frame_lines_functions, 0);
    luaL_setfuncs(L, chlua_frame_column_functions, 0);
    chlua_index_through(L, CHLUA_FRAME, frame_index);
}
