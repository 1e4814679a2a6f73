/* SPDX-License-Identifier: MIT
 *
 * The roles of a frame's columns: Frame:roles, with_roles. Layer: bind.
 */
#include <math.h>
#include <string.h>

#include "bind/frame_box.h"
#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/data/positive.h"
#include "core/base/decimal.h"

/*** @module churnlab.frame */

/*** @type Frame */

static void push_personal(lua_State *L, const chl_frame *frame)
{
    int n = 0;
    lua_newtable(L);
    for (int i = 0; i < frame->columns; i++) {
        if (frame->fields[i].personal) {
            lua_pushstring(L, frame->fields[i].name);
            lua_rawseti(L, -2, ++n);
        }
    }
    if (n == 0) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/*** What the columns are for.
 * @function Frame:roles
 * @treturn table {target=, positive=, id=, time=}, each a string or nil (`positive` a
 * list where several values count); personal=, a list of columns or nil
 * @usage frame:roles().target == "Exited" */
int chlua_frame_roles(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_createtable(L, 0, 5);
    lua_pushstring(L, frame->target);
    lua_setfield(L, -2, "target");
    chlua_push_positive(L, frame->positive);
    lua_setfield(L, -2, "positive");
    lua_pushstring(L, frame->id);
    lua_setfield(L, -2, "id");
    lua_pushstring(L, frame->time);
    lua_setfield(L, -2, "time");
    push_personal(L, frame);
    lua_setfield(L, -2, "personal");
    return 1;
}

/* ---- the positive value, or values (core/data/positive.h) ---- */

void chlua_push_positive(lua_State *L, const char *positive)
{
    if (!positive) {
        lua_pushnil(L);
        return;
    }
    json_t *list = chl_positive_list(positive);
    json_t *value = json_array_size(list) == 1 ? json_incref(json_array_get(list, 0))
                                               : json_incref(list);
    json_decref(list);
    if (!value) {
        luaL_error(L, "out of memory");
    }
    chlua_push_json(L, value);
}

/* A value as CSV writes it, pushed; NULL for what is none. */
static const char *push_value(lua_State *L, const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING: return json_string_value(value);
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_INTEGER:
        return lua_pushfstring(L, "%I", (LUAI_UACINT)json_integer_value(value));
    case JSON_REAL: {
        char text[32];
        chl_format_double(json_real_value(value), text);
        return lua_pushstring(L, text);
    }
    default: return NULL;
    }
}

/* Appends the value's text to a list; raises what is no value. */
static void add_value(lua_State *L, const json_t *value, json_t *list)
{
    const char *text = push_value(L, value);
    if (!text) {
        luaL_error(L,
                   "positive: expected a string, a number, a boolean or a list of these"
                   ", got %s",
                   chl_json_type_name(value));
    }
    if (json_array_append_new(list, json_string(text)) != 0) {
        luaL_error(L, "positive: expected UTF-8 text");
    }
}

const char *chlua_positive_text(lua_State *L, const json_t *value)
{
    if (!value || json_is_null(value)) {
        return NULL;
    }
    if (json_is_string(value) && json_string_value(value)[0] != '[') {
        return json_string_value(value);
    }
    lua_newtable(L);
    json_t *list = chlua_check_json(L, lua_gettop(L)); /* an empty list, owned by Lua */
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    luaL_checkstack(L, (int)n + 4, "positive");
    for (size_t i = 0; i < n; i++) {
        add_value(L, json_is_array(value) ? json_array_get(value, i) : value, list);
    }
    if (n == 0) {
        luaL_error(L, "positive: expected a value or a list of values, got an empty one");
    }
    char *text = chl_positive_text(list);
    json_t *made = text ? json_string(text) : NULL;
    chl_free(text);
    if (!made) {
        luaL_error(L, "out of memory");
    }
    chlua_push_json(L, made);
    return lua_tostring(L, -1);
}

/* Field `name` of the table at `arg` as text ("" clears; booleans and numbers as CSV
 * writes them), or NULL. The text is left on the stack. */
static const char *check_role(lua_State *L, int arg, const char *name)
{
    switch (lua_getfield(L, arg, name)) {
    case LUA_TNIL: return NULL;
    case LUA_TBOOLEAN: return lua_toboolean(L, -1) ? "true" : "false";
    case LUA_TNUMBER:
        if (!lua_isinteger(L, -1) && lua_tonumber(L, -1) == floor(lua_tonumber(L, -1))) {
            lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tonumber(L, -1));
        }
        return lua_tostring(L, -1);
    case LUA_TSTRING: return lua_tostring(L, -1);
    default:
        luaL_error(L, "%s: expected a string, got a %s", name, luaL_typename(L, -1));
        return NULL;
    }
}

/* The role `positive`: a list of values becomes one text. */
static const char *check_positive(lua_State *L, int arg)
{
    if (lua_getfield(L, arg, "positive") != LUA_TTABLE) {
        bool is_text = lua_type(L, -1) == LUA_TSTRING && lua_tostring(L, -1)[0] == '[';
        lua_pop(L, 1);
        if (!is_text) {
            return check_role(L, arg, "positive");
        }
        lua_getfield(L, arg, "positive");
    }
    return chlua_positive_text(L, chlua_check_json(L, lua_gettop(L)));
}

/* The names in field `personal` (a list or one name; "" is none), left on the stack. */
static void check_personal(lua_State *L, int arg, chl_roles *roles)
{
    int type = lua_getfield(L, arg, "personal");
    if (type == LUA_TNIL) {
        return;
    }
    if (type != LUA_TTABLE && type != LUA_TSTRING) {
        luaL_error(L, "personal: expected a list of columns, got a %s",
                   luaL_typename(L, -1));
    }
    int list = lua_gettop(L);
    size_t n = type == LUA_TTABLE ? lua_rawlen(L, list) : lua_rawlen(L, list) > 0;
    const char **names = lua_newuserdatauv(L, (n + 1) * sizeof *names, 0);
    for (size_t i = 0; i < n; i++) {
        if (type == LUA_TTABLE) {
            lua_rawgeti(L, list, (lua_Integer)i + 1);
        } else {
            lua_pushvalue(L, list);
        }
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "personal: expected a list of columns, got a %s in it",
                       luaL_typename(L, -1));
        }
        names[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the table keeps it */
    }
    roles->personal = names;
    roles->personal_count = (int)n;
}

/*** The frame with other roles: those that are given change, "" clears one.
 * @function Frame:with_roles
 * @tparam table roles {target=, positive=, id=, time=, personal=}: columns that are no
 * features. `positive` is the target's value that counts as 1, or a list of such values;
 * `time` is when the row was observed, a column of dates or timestamps;
 * `personal` lists all columns that say who the customer is (names, addresses): nothing
 * of them is saved in a model
 * @treturn Frame
 * @raise "target: unknown column 'Exitd' (did you mean 'Exited'?)"
 * @usage
 * frame:with_roles { target = "Exited", positive = 1, id = "CustomerId" }
 * frame:with_roles { target = "NumOfProducts", positive = { 3, 4 } } */
int chlua_frame_with_roles(lua_State *L)
{
    static const char *const known[] = {"target", "positive", "id",
                                        "time",   "personal", NULL};
    const chl_frame *frame = chlua_check_frame(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    chlua_check_keys(L, 2, "with_roles", "role", known);
    chl_roles roles = {0};
    roles.target = check_role(L, 2, "target");
    roles.positive = check_positive(L, 2);
    roles.id = check_role(L, 2, "id");
    roles.time = check_role(L, 2, "time");
    check_personal(L, 2, &roles);
    CHLUA_RETURN_FRAME(L, chl_frame_set_roles(frame, &roles, &made, &err));
}
