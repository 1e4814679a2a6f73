/* SPDX-License-Identifier: MIT
 *
 * core.file: whole files, written safely. Layer: bind.
 */
#include "core/base/file.h"

#include "bind/chlua.h"
#include "bind/modules.h"

/*** Whole files.
 * @module churnlab.core.file */

/*** Writes a text to a file: to a temporary one beside it that is then renamed, so that a
 * failure leaves the old file as it was.
 * @function core.file.write
 * @tparam string path
 * @tparam string text
 * @treturn boolean true, or nil and a message
 * @usage assert(core.file.write("note.txt", "hello\n")) */
static int file_write(lua_State *L)
{
    size_t n;
    chl_error err = {0};
    const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &n);
    return chlua_ok_or_nil(L, chl_file_write(path, text, n, &err), &err);
}

void chlua_open_file(lua_State *L)
{
    static const luaL_Reg functions[] = {{"write", file_write}, {NULL, NULL}};
    luaL_newlib(L, functions);
}
