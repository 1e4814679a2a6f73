/* SPDX-License-Identifier: MIT
 *
 * core.nearest: the "did you mean" of messages for Lua. Layer: bind.
 */
#include "core/base/nearest.h"

#include "bind/chlua.h"
#include "bind/modules.h"

/*** The nearest known name, for messages.
 * @module churnlab.core.nearest */

/*** The name that was probably meant: edit distance, letter case counts for little.
 * @function core.nearest
 * @tparam string name
 * @tparam {string,...} names the known ones
 * @treturn ?string nil when none is near enough
 * @usage core.nearest("Agee", {"Age", "Balance"}) == "Age" */
static int nearest(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    int n;
    const char *const *names = chlua_check_strings(L, 2, &n);
    lua_pushstring(L, chl_nearest(name, names, (size_t)n));
    return 1;
}

void chlua_open_nearest(lua_State *L)
{
    lua_pushcfunction(L, nearest);
}
