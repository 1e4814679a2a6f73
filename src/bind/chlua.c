/* SPDX-License-Identifier: MIT */
#include "bind/chlua.h"

#include <math.h>
#include <string.h>

#include "bind/layer.h"
#include "core/base/nearest.h"

enum { ACCOUNT_FROM = 64 * 1024, COLLECT_FROM = 32 << 20 };

void **chlua_new_box(lua_State *L, const char *metatable)
{
    void **slot = lua_newuserdatauv(L, sizeof *slot, 1);
    *slot = NULL;
    luaL_setmetatable(L, metatable);
    return slot;
}

void *chlua_check_box(lua_State *L, int arg, const char *metatable)
{
    void **slot = luaL_checkudata(L, arg, metatable);
    luaL_argcheck(L, *slot != NULL, arg, "the object is closed");
    return *slot;
}

void *chlua_test_box(lua_State *L, int arg, const char *metatable)
{
    void **slot = luaL_testudata(L, arg, metatable);
    return slot ? *slot : NULL;
}

void chlua_register(lua_State *L, const char *metatable, const luaL_Reg *methods,
                    const luaL_Reg *meta)
{
    luaL_newmetatable(L, metatable);
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void chlua_index_through(lua_State *L, const char *metatable, lua_CFunction index)
{
    luaL_getmetatable(L, metatable);
    lua_getfield(L, -1, "__index");
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "methods"); /* where the library in Lua adds its own */
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__names"); /* for completion */
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

static const char account_key = 'a'; /* its address keys the registry */

/* In the generational mode steps free what dies young; what outlived two of them, as a
 * chunk of a scan does, waits for a full collection. That one pays when there is more to
 * free than Lua's own heap to look through. */
void chlua_account(lua_State *L, size_t bytes)
{
    if (bytes < ACCOUNT_FROM) {
        return;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &account_key);
    size_t since = (size_t)lua_tointeger(L, -1) + bytes;
    size_t heap = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024;
    if (since > COLLECT_FROM + 2 * heap) {
        lua_gc(L, LUA_GCCOLLECT);
        since = 0;
    } else {
        size_t kilobytes = bytes / 1024;
        lua_gc(L, LUA_GCSTEP, kilobytes > 1 << 20 ? 1 << 20 : (int)kilobytes);
    }
    lua_pushinteger(L, (lua_Integer)since);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &account_key);
    lua_pop(L, 1);
}

chl_frame *chlua_check_frame(lua_State *L, int arg)
{
    return chlua_check_box(L, arg, CHLUA_FRAME);
}

void chlua_push_frame(lua_State *L, chl_frame *frame)
{
    size_t bytes = (size_t)frame->rows * (size_t)frame->columns * 8;
    *chlua_new_box(L, CHLUA_FRAME) = frame;
    chlua_account(L, bytes);
}

int64_t chlua_check_index(lua_State *L, int arg, int64_t n)
{
    lua_Integer index = luaL_checkinteger(L, arg);
    if (index < 1 || index > n) {
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "expected an index from 1 to %I, got %I",
                                      (LUAI_UACINT)n, (LUAI_UACINT)index));
    }
    return index - 1;
}

/* ---- errors ---- */

static int is_library(const lua_Debug *info)
{
    return info->currentline < 0 || strncmp(info->source, "=[churnlab", 10) == 0 ||
           strstr(info->source, "lua/churnlab/") ||
           strstr(info->source, "/5.4/churnlab/");
}

static void push_caller(lua_State *L)
{
    lua_Debug info;
    for (int level = 1; lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sl", &info);
        if (!is_library(&info)) {
            lua_pushfstring(L, "%s:%d: ", info.short_src, info.currentline);
            return;
        }
    }
    lua_pushliteral(L, "");
}

int chlua_raise(lua_State *L, const chl_error *err)
{
    if (err->code == CHL_ERAISED) {
        chlua_layer_push_raised(L);
        return lua_error(L);
    }
    push_caller(L);
    lua_pushstring(L, err->message);
    lua_concat(L, 2);
    return lua_error(L);
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++) {
        if (strcmp(key, *known) == 0) {
            return true;
        }
    }
    return false;
}

void chlua_check_keys(lua_State *L, int arg, const char *where, const char *kind,
                      const char *const *known)
{
    size_t count = 0;
    while (known[count]) {
        count++;
    }
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        const char *key = luaL_tolstring(L, -1, NULL);
        if (!is_known(key, known)) {
            chl_error err = {0};
            (void)chl_fail_unknown(&err, where, kind, key, known, count);
            chlua_raise(L, &err);
        }
        lua_pop(L, 2);
    }
}

void chlua_check(lua_State *L, chl_status status, const chl_error *err)
{
    if (status != CHL_OK) {
        chlua_raise(L, err);
    }
}

int chlua_ok_or_nil(lua_State *L, chl_status status, const chl_error *err)
{
    if (status == CHL_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (status != CHL_EIO) {
        return chlua_raise(L, err);
    }
    lua_pushnil(L);
    lua_pushstring(L, err->message);
    return 2;
}

/* ---- strings ---- */

const char *const *chlua_check_strings(lua_State *L, int arg, int *n)
{
    if (lua_type(L, arg) == LUA_TSTRING) {
        const char **one = lua_newuserdatauv(L, sizeof *one, 1);
        one[0] = lua_tostring(L, arg);
        lua_pushvalue(L, arg);
        lua_setiuservalue(L, -2, 1);
        *n = 1;
        return one;
    }
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, arg);
    luaL_argcheck(L, count <= 1 << 20, arg, "too many names");
    const char **list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 1);
    for (lua_Unsigned i = 0; i < count; i++) {
        if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING) {
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "item %I: expected a string, got %s",
                                          (LUAI_UACINT)(i + 1), luaL_typename(L, -1)));
        }
        list[i] = lua_tostring(L, -1); /* the table keeps the string alive */
        lua_pop(L, 1);
    }
    lua_pushvalue(L, arg);
    lua_setiuservalue(L, -2, 1);
    *n = (int)count;
    return list;
}

void chlua_set_number(lua_State *L, const char *name, double value)
{
    if (isfinite(value)) {
        lua_pushnumber(L, value);
        lua_setfield(L, -2, name);
    }
}

void chlua_set_integer(lua_State *L, const char *name, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}
