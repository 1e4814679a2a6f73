/* SPDX-License-Identifier: MIT
 *
 * core.leakage: another future for an event log, and what it changes. Layer: bind;
 * lua/churnlab/leakage makes checks of it.
 */
#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/table/poison.h"

/*** @module churnlab.leakage */

/*** The log with what nobody could know at the cut-off altered: what `cl.leakage.poison`
 * calls.
 * @function core.leakage.poison
 * @tparam Frame events
 * @tparam string cutoff a date, or a timestamp where the times are such
 * @tparam string mode "remove" or "alter"
 * @tparam string id column
 * @tparam string time column
 * @tparam[opt] string known column
 * @tparam[opt=0] integer seed
 * @treturn Frame
 * @usage #core.leakage.poison(log, "2025-05-01", "remove", "customer", "when") == 2 */
static int leakage_poison(lua_State *L)
{
    static const char *const modes[] = {"remove", "alter", NULL};
    const chl_frame *frame = chlua_check_frame(L, 1);
    chl_poison poison = {.cutoff = luaL_checkstring(L, 2),
                         .mode = (chl_poison_mode)luaL_checkoption(L, 3, NULL, modes),
                         .id = luaL_checkstring(L, 4),
                         .time = luaL_checkstring(L, 5),
                         .known = luaL_optstring(L, 6, NULL),
                         .seed = (uint64_t)luaL_optinteger(L, 7, 0)};
    CHLUA_RETURN_FRAME(L, chl_poison_events(frame, &poison, &control, &made, &err));
}

/*** In how many rows two columns differ.
 * @function core.leakage.compare
 * @tparam Column a
 * @tparam Column b of the same length
 * @tparam[opt=0] number tolerance relative, of numbers beyond 1
 * @treturn integer how many rows differ
 * @treturn integer|nil the first of them
 * @usage core.leakage.compare(frame.Age, frame.Age) == 0 */
static int leakage_compare(lua_State *L)
{
    const chl_column *a = chlua_check_column(L, 1), *b = chlua_check_column(L, 2);
    double tolerance = luaL_optnumber(L, 3, 0);
    chl_error err = {0};
    int64_t differing, first;
    chlua_check(L, chl_column_compare(a, b, tolerance, &differing, &first, &err), &err);
    lua_pushinteger(L, differing);
    if (first < 0) {
        lua_pushnil(L);
    } else {
        lua_pushinteger(L, first + 1);
    }
    return 2;
}

void chlua_open_leakage(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"poison", leakage_poison}, {"compare", leakage_compare}, {NULL, NULL}};
    luaL_newlib(L, functions);
}
