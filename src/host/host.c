/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <lauxlib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/prompt.h"

static volatile sig_atomic_t cancelled;
static lua_State
    *volatile running; /* the state that SIGINT interrupts; set only inside a call */

const volatile sig_atomic_t *chl_host_cancel_flag(void)
{
    return &cancelled;
}

static void interrupt(lua_State *L, lua_Debug *where)
{
    (void)where;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted");
}

/* Lua code stops at the hook, loops of the core at the flag; a second Ctrl-C ends the
 * process. */
static void on_sigint(int signal_number)
{
    signal(signal_number, SIG_DFL);
    cancelled = 1;
    if (running) {
        lua_sethook(running, interrupt,
                    LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
    }
}

static int message_handler(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING && !luaL_getmetafield(L, 1, "__tostring")) {
        lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
        return 1;
    }
    lua_settop(L, 1); /* strings and errors that print themselves pass as they are */
    return 1;
}

int chl_host_call(lua_State *L, int nargs, int nresults)
{
    int base = lua_gettop(L) - nargs;
    lua_pushcfunction(L, message_handler);
    lua_insert(L, base);
    lua_State *outer = running;
    struct sigaction action = {.sa_handler = on_sigint}, saved;
    sigemptyset(&action.sa_mask);
    cancelled = 0;
    running = L;
    sigaction(SIGINT, &action, &saved);
    int status = lua_pcall(L, nargs, nresults, base);
    sigaction(SIGINT, &saved, NULL);
    running = outer;
    lua_sethook(L, NULL, 0, 0);
    cancelled = 0;
    lua_remove(L, base);
    return status;
}

/*** Calls f(…) so that Ctrl-C interrupts it and control returns here.
 * @function call
 * @tparam function f
 * @treturn boolean true and the results, or false and the message */
static int host_call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    int status = chl_host_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    lua_pushboolean(L, status == LUA_OK);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/*** Whether standard input, output or error is a terminal.
 * @function isatty
 * @tparam string stream "stdin", "stdout" or "stderr"
 * @treturn boolean */
static int host_isatty(lua_State *L)
{
    static const char *const names[] = {"stdin", "stdout", "stderr", NULL};
    lua_pushboolean(L, isatty(luaL_checkoption(L, 1, NULL, names)));
    return 1;
}

int luaopen_churnlab_host(lua_State *L)
{
    static const luaL_Reg functions[] = {{"call", host_call},
                                         {"isatty", host_isatty},
                                         {"readline", chl_prompt_readline},
                                         {"complete", chl_prompt_complete},
                                         {"history", chl_prompt_history},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
