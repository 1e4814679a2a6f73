/* SPDX-License-Identifier: MIT
 *
 * What schemas ask of a CSV file: its columns, and the lines of its rows. Layer: bind.
 */
#include "bind/frame_box.h"
#include "core/io/csv.h"
#include "core/io/csv_rows.h"

/*** @module churnlab.frame */

static char check_separator(lua_State *L, int arg)
{
    size_t length;
    const char *text = luaL_optlstring(L, arg, ",", &length);
    luaL_argcheck(L, length == 1, arg, "expected one character");
    return text[0];
}

/*** The columns of a CSV file, without reading the rest of it.
 * @function core.frame.csv_columns
 * @tparam string path
 * @tparam[opt=","] string separator
 * @tparam[opt=true] boolean header
 * @treturn {string,...}
 * @usage core.frame.csv_columns("bank.csv")[1] == "RowNumber" */
static int frame_csv_columns(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    chl_csv_options options = {.separator = check_separator(L, 2),
                               .no_header =
                                   !lua_isnoneornil(L, 3) && !lua_toboolean(L, 3)};
    chl_error err = {0};
    chl_csv_reader *reader = NULL;
    chl_frame *made = NULL;
    chl_control control;
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chlua_control(L, &control);
    chl_status status = chl_csv_open(path, &options, &reader, &err);
    if (status == CHL_OK) {
        status = chl_csv_next(reader, 1, 0, &control, &made, &err);
    }
    chl_csv_close(reader);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    int columns = made ? made->columns : 0; /* without a frame chlua_check has raised */
    lua_createtable(L, columns, 0);
    for (int i = 0; i < columns; i++) {
        lua_pushstring(L, made->fields[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** The lines of a CSV file in which rows begin: blank lines, and line ends inside
 * quotes, make the two differ.
 * @function core.frame.csv_lines
 * @tparam string path
 * @tparam {integer,...} rows rising, from 1
 * @tparam boolean single the table has one column
 * @tparam[opt=","] string separator
 * @tparam[opt=true] boolean header
 * @treturn {integer,...} 0 where the file has no such row, and of a compressed file
 * @usage core.frame.csv_lines("bank.csv", { 1, 2 }, false)[1] == 2 */
static int frame_csv_lines(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    bool single = lua_toboolean(L, 3);
    char separator = check_separator(L, 4);
    bool header = lua_isnoneornil(L, 5) || lua_toboolean(L, 5);
    size_t n = lua_rawlen(L, 2);
    int64_t *rows = lua_newuserdatauv(L, (n + 1) * sizeof *rows, 0);
    int64_t *lines = lua_newuserdatauv(L, (n + 1) * sizeof *lines, 0);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        rows[i] = luaL_checkinteger(L, -1) - 1;
        luaL_argcheck(L, rows[i] >= (i ? rows[i - 1] : 0), 2, "expected rising rows");
        lua_pop(L, 1);
    }
    chl_error err = {0};
    chlua_check(
        L,
        chl_csv_row_lines(path, separator, single, header, rows, (int64_t)n, lines, &err),
        &err);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushinteger(L, lines[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

const luaL_Reg chlua_frame_lines_functions[] = {
    {"csv_columns", frame_csv_columns}, {"csv_lines", frame_csv_lines}, {NULL, NULL}};
