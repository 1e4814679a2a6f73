/* SPDX-License-Identifier: MIT
 *
 * The churnlab program: one Lua state with the library in package.preload; what the
 * arguments mean is decided in lua/churnlab/cli. Layer: host. Exit codes: 0 done, 1
 * failed, 2 wrong usage.
 */
#include <locale.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/chlua.h"
#include "host/host.h"
#include "host/sources.h"

static int load_source(lua_State *L)
{
    const chl_source *source = lua_touserdata(L, lua_upvalueindex(1));
    const char *chunk = lua_pushfstring(L, "=[%s]", source->module);
    if (luaL_loadbufferx(L, (const char *)source->bytes, source->length, chunk, "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    lua_pushstring(L, source->module);
    lua_call(L, 1, 1);
    return 1;
}

static void preload(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_churnlab_core);
    lua_setfield(L, -2, "churnlab.core");
    lua_pushcfunction(L, luaopen_churnlab_host);
    lua_setfield(L, -2, "churnlab.host");
    for (const chl_source *source = chl_sources; source->module; source++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)source);
        lua_pushcclosure(L, load_source, 1);
        lua_setfield(L, -2, source->module);
    }
    lua_pop(L, 1);
}

/* Runs inside a protected call: (argc, argv) → exit code. */
static int start(lua_State *L)
{
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    luaL_openlibs(L);
    preload(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "churnlab.core");
    lua_call(L, 1, 0);
    chlua_set_cancel_flag(L, chl_host_cancel_flag());
    lua_getglobal(L, "require");
    lua_pushliteral(L, "churnlab.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lua_call(L, 1, 1);
    return 1;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE,
              ""); /* numbers stay as in "C": they read and print alike everywhere */
    if (MB_CUR_MAX == 1) {
        setlocale(LC_CTYPE, "C.UTF-8"); /* so that the prompt can edit any text */
    }
    signal(SIGPIPE, SIG_IGN);
    lua_State *L = luaL_newstate();
    if (!L) {
        fputs("churnlab: out of memory\n", stderr);
        return 1;
    }
    lua_gc(L, LUA_GCGEN, 0, 0);
    lua_pushcfunction(L, start);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    int code = 1;
    if (chl_host_call(L, 2, 1) == LUA_OK) {
        code = (int)lua_tointeger(L, -1);
    } else {
        fprintf(stderr, "churnlab: %s\n", luaL_tolstring(L, -1, NULL));
    }
    lua_close(L);
    return fflush(stdout) == 0 ? code : 1;
}
