/* SPDX-License-Identifier: MIT
 *
 * What the program adds to Lua: protected calls that Ctrl-C interrupts, and the prompt.
 * Layer: host.
 */
#ifndef CHL_HOST_HOST_H
#define CHL_HOST_HOST_H

#include <lua.h>
#include <signal.h>

/* Set by SIGINT while a call runs; C loops of the core look at it. */
const volatile sig_atomic_t *chl_host_cancel_flag(void);

/* lua_pcall with a traceback-free message handler and SIGINT bound to "interrupted". */
int chl_host_call(lua_State *L, int nargs, int nresults);

/* churnlab.host: call(f, …), readline(prompt), history(path) … for lua/churnlab/cli and
 * repl. */
int luaopen_churnlab_host(lua_State *L);

#endif
