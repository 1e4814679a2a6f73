/* SPDX-License-Identifier: MIT
 *
 * Column files for frames: core.frame.read_columns, is_columns; Frame:write_columns.
 * Layer: bind.
 */
#include "bind/frame_box.h"
#include "core/io/column_file.h"

/*** @module churnlab.frame */

/*** The same as `cl.read_columns`.
 * @function core.frame.read_columns
 * @tparam string path
 * @treturn Frame
 * @raise "bank.columns: column 'Age': values: it is beyond the end of the file"
 * @usage
 * frame:write_columns("again.columns")
 * assert(#core.frame.read_columns("again.columns") == #frame) */
static int frame_read_columns(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    chl_error err = {0};
    chl_control control;
    chl_frame *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chlua_control(L, &control);
    chl_status status = chl_column_file_read(path, &control, &made, &err);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    return 1; /* its bytes are the file's: nothing for the collector to hurry about */
}

/*** Whether the first bytes of a file are those of a column file.
 * @function core.frame.is_columns
 * @tparam string path
 * @treturn boolean false also when it cannot be read
 * @usage core.frame.is_columns("bank.csv") == false */
static int frame_is_columns(lua_State *L)
{
    lua_pushboolean(L, chl_column_file_is(luaL_checkstring(L, 1)));
    return 1;
}

const luaL_Reg chlua_frame_column_functions[] = {
    {"read_columns", frame_read_columns}, {"is_columns", frame_is_columns}, {NULL, NULL}};

/*** @type Frame */

/*** Writes the frame as a column file, atomically: types, levels, missing values and
 * roles as they are. `cl.read_columns` maps it back in no time.
 * @function Frame:write_columns
 * @tparam string path
 * @treturn boolean true, or nil and a message when the system refuses
 * @raise a column name that is no UTF-8
 * @usage assert(frame:write_columns("bank.columns")) */
int chlua_frame_write_columns(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *path = luaL_checkstring(L, 2);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_column_file_write(frame, path, &control, &err);
    chlua_control_done(L);
    return chlua_ok_or_nil(L, status, &err);
}
