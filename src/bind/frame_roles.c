/* SPDX-License-Identifier: MIT
 *
 * The roles of a frame's columns: Frame:roles, with_roles. Layer: bind.
 */
#include <math.h>
#include <string.h>

#include "bind/frame_box.h"
#include "core/base/nearest.h"

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
 * @treturn table {target=, positive=, id=, time=}, each a string or nil; personal=, a
 * list of columns or nil
 * @usage frame:roles().target == "Exited" */
int chlua_frame_roles(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_createtable(L, 0, 5);
    lua_pushstring(L, frame->target);
    lua_setfield(L, -2, "target");
    lua_pushstring(L, frame->positive);
    lua_setfield(L, -2, "positive");
    lua_pushstring(L, frame->id);
    lua_setfield(L, -2, "id");
    lua_pushstring(L, frame->time);
    lua_setfield(L, -2, "time");
    push_personal(L, frame);
    lua_setfield(L, -2, "personal");
    return 1;
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

static void check_names(lua_State *L, int arg)
{
    static const char *const known[] = {"target", "positive", "id", "time", "personal"};
    enum { COUNT = sizeof known / sizeof known[0] };
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        const char *key = luaL_tolstring(L, -1, NULL);
        size_t i = 0;
        while (i < COUNT && strcmp(key, known[i]) != 0) {
            i++;
        }
        if (i == COUNT) {
            chl_error err = {0};
            chl_fail_unknown(&err, "with_roles", "role", key, known, COUNT);
            chlua_raise(L, &err);
        }
        lua_pop(L, 2);
    }
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
 * features. `time` is when the row was observed, a column of dates or timestamps;
 * `personal` lists all columns that say who the customer is (names, addresses): nothing
 * of them is saved in a model
 * @treturn Frame
 * @raise "target: unknown column 'Exitd' (did you mean 'Exited'?)"
 * @usage frame:with_roles { target = "Exited", positive = 1, id = "CustomerId" } */
int chlua_frame_with_roles(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    check_names(L, 2);
    chl_roles roles = {0};
    roles.target = check_role(L, 2, "target");
    roles.positive = check_role(L, 2, "positive");
    roles.id = check_role(L, 2, "id");
    roles.time = check_role(L, 2, "time");
    check_personal(L, 2, &roles);
    CHLUA_RETURN_FRAME(L, chl_frame_set_roles(frame, &roles, &made, &err));
}
