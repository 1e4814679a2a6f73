/* SPDX-License-Identifier: MIT
 *
 * core.windows: event logs to features. Layer: bind; lua/churnlab/windows.lua documents
 * the options.
 */
#include "core/table/windows.h"

#include "bind/frame_box.h"
#include "bind/modules.h"

/*** @module churnlab.windows */

/*** Features of each customer at each cut-off: what `cl.windows` calls.
 * @function core.windows.make
 * @tparam Frame events
 * @tparam table options as of `cl.windows`; `customers` holds only the names of columns
 * @tparam[opt] Frame customers
 * @treturn Frame
 * @treturn integer how many rows of the log were left out for what they miss
 * @usage core.windows.make(log, { id = "customer", time = "when",
 *   cutoffs = { "2025-06-01" } }):has("recency") == true */
static int windows_make(lua_State *L)
{
    const chl_frame *events = chlua_check_frame(L, 1);
    const chl_frame *customers = lua_isnoneornil(L, 3) ? NULL : chlua_check_frame(L, 3);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    const json_t *options = chlua_check_json(L, 2);
    chl_error err = {0};
    chl_frame *made = NULL;
    chl_control control;
    int64_t skipped = 0;
    chlua_control(L, &control);
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chl_status status =
        chl_windows(events, customers, options, &control, &made, &skipped, &err);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    chlua_account(L, (size_t)made->rows * (size_t)made->columns * 8);
    lua_pushinteger(L, skipped);
    return 2;
}

void chlua_open_windows(lua_State *L)
{
    static const luaL_Reg functions[] = {{"make", windows_make}, {NULL, NULL}};
    luaL_newlib(L, functions);
}
