/* SPDX-License-Identifier: MIT
 *
 * core.hash: SHA-256 for Lua. Layer: bind.
 */
#include "core/base/hash.h"

#include "bind/chlua.h"
#include "bind/modules.h"

/*** SHA-256 of a string as 64 lower-case hexadecimal digits.
 * @function hash.sha256
 * @tparam string text
 * @treturn string */
static int hash_sha256(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(text, length, hex);
    lua_pushstring(L, hex);
    return 1;
}

void chlua_open_hash(lua_State *L)
{
    static const luaL_Reg functions[] = {{"sha256", hash_sha256}, {NULL, NULL}};
    luaL_newlib(L, functions);
}
