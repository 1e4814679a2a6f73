/* SPDX-License-Identifier: MIT
 *
 * core.hash: SHA-256 and reproducible numbers of rows for Lua. Layer: bind.
 */
#include "core/base/hash.h"

#include "bind/chlua.h"
#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/data/row_hash.h"

/*** SHA-256, and reproducible numbers of rows, by which a policy draws its holdout.
 * @module churnlab.core.hash */

/*** SHA-256 of a string as 64 lower-case hexadecimal digits.
 * @function core.hash.sha256
 * @tparam string text
 * @treturn string
 * @usage #core.hash.sha256("text") == 64 */
static int hash_sha256(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(text, length, hex);
    lua_pushstring(L, hex);
    return 1;
}

/*** A number in [0, 1) for each row: a hash of the salt and the row's cells, the same in
 * every batch and on every machine.
 * @function core.hash.uniform
 * @tparam Frame frame
 * @tparam {string,...} names the columns that make the row's identity
 * @tparam string salt
 * @treturn Column f64
 * @raise "row_uniform: unknown column 'idd' (did you mean 'id'?)"
 * @usage local u = core.hash.uniform(frame, {"CustomerId"}, "bank-retention") */
static int hash_uniform(lua_State *L)
{
    chl_frame *frame = chlua_check_frame(L, 1);
    const char *salt = luaL_checkstring(L, 3);
    int n;
    const char *const *names = chlua_check_strings(L, 2, &n);
    CHLUA_RETURN_COLUMN(L, chl_frame_row_uniform(frame, names, n, salt, &made, &err));
}

void chlua_open_hash(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"sha256", hash_sha256}, {"uniform", hash_uniform}, {NULL, NULL}};
    luaL_newlib(L, functions);
}
