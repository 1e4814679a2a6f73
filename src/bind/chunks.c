/* SPDX-License-Identifier: MIT
 *
 * core.chunks: files that come in portions of rows, and CSV that is written in portions.
 * Layer: bind.
 */
#include <string.h>

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/base/alloc.h"
#include "core/io/column_file.h"
#include "core/io/csv.h"

/*** Tables larger than memory, chunk by chunk: what `cl.scan_csv` is made of.
 * @module churnlab.core.chunks */

enum { COLUMN_CHUNK = 8 << 20 }; /* bytes of a chunk of a column file, about */

/* One of the two is open. The options live in the box's user value. */
typedef struct chunks {
    chl_csv_reader *csv;
    chl_csv_options options;
    chl_column_file *columns;
} chunks;

static int chunks_close(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_CHUNKS);
    chunks *c = *slot;
    *slot = NULL;
    if (c) {
        chl_csv_close(c->csv);
        chl_column_file_close(c->columns);
        chl_free(c);
    }
    return 0;
}

/* A table with everything on the stack from `from` on. */
static void push_anchor(lua_State *L, int from)
{
    int top = lua_gettop(L);
    lua_createtable(L, top - from + 1, 0);
    for (int i = from; i <= top; i++) {
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i - from + 1);
    }
}

/*** Opens a CSV file ("-" is standard input) or, by its first bytes, a column file.
 * @function core.chunks.open
 * @tparam string path
 * @tparam[opt] table options of a CSV file, as for `cl.read_csv` without roles
 * @treturn Chunks
 * @raise a file that is not there; what is wrong with the options
 * @usage local chunks <close> = core.chunks.open("bank.csv") */
static int chunks_open(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    chl_error err = {0};
    void **slot = chlua_new_box(L, CHLUA_CHUNKS);
    chunks *c = chl_calloc(1, sizeof *c);
    *slot = c;
    if (!c) {
        return luaL_error(L, "out of memory");
    }
    if (chl_column_file_is(path)) {
        chlua_check(L, chl_column_file_open(path, &c->columns, &err), &err);
        return 1;
    }
    chlua_check_csv_options(L, 2, &c->options);
    push_anchor(L, 4);
    lua_setiuservalue(L, 3, 1);
    lua_settop(L, 3);
    chlua_check(L, chl_csv_open(path, &c->options, &c->csv, &err), &err);
    return 1;
}

/*** @type Chunks */

static chl_status next_chunk(chunks *c, lua_Integer rows, lua_Integer bytes,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    if (c->csv) {
        return chl_csv_next(c->csv, rows, (size_t)bytes, control, out, err);
    }
    CHL_TRY(chl_control_check(control, "scan", err));
    int width = chl_column_file_schema(c->columns)->columns;
    int64_t about = (bytes > 0 ? bytes : COLUMN_CHUNK) / (8 * (width > 0 ? width : 1));
    return chl_column_file_next(c->columns, rows > 0 && rows < about ? rows : about, out,
                                err);
}

/*** The next rows.
 * @function Chunks:next
 * @tparam[opt=0] integer rows the most (a column file rounds to a multiple of 8); 0 = any
 * @tparam[opt=0] integer bytes how much of the file, about; 0 = 8 MiB
 * @treturn ?Frame nil after the last
 * @raise a cell that does not fit the type that its column has in the first chunk
 * @usage
 * local chunks <close> = core.chunks.open("bank.csv")
 * assert(#chunks:next(100) == 100) */
static int chunks_m_next(lua_State *L)
{
    chunks *c = chlua_check_box(L, 1, CHLUA_CHUNKS);
    lua_Integer rows = luaL_optinteger(L, 2, 0), bytes = luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, rows >= 0, 2, "expected a number of rows");
    luaL_argcheck(L, bytes >= 0, 3, "expected a number of bytes");
    chl_error err = {0};
    chl_control control;
    chl_frame *made = NULL;
    chlua_control(L, &control);
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chl_status status = next_chunk(c, rows, bytes, &control, &made, &err);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    if (made) {
        chlua_account(L, (size_t)made->rows * (size_t)made->columns * 8);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

/*** The names of the columns; of a CSV file the header is read now.
 * @function Chunks:columns
 * @treturn {string,...}
 * @usage #core.chunks.open("bank.csv"):columns() == #frame:columns() */
static int chunks_m_columns(lua_State *L)
{
    chunks *c = chlua_check_box(L, 1, CHLUA_CHUNKS);
    const char *const *names = NULL;
    int n = 0;
    chl_error err = {0};
    if (c->csv) {
        chlua_check(L, chl_csv_columns(c->csv, &names, &n, &err), &err);
    } else {
        n = chl_column_file_schema(c->columns)->columns;
    }
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushstring(L, c->csv ? names[i]
                                 : chl_column_file_schema(c->columns)->fields[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** Declares the types of columns of a CSV file, before its first rows are read.
 * @function Chunks:declare
 * @tparam table types column = "f64" …
 * @raise unknown columns and types, with a suggestion
 * @usage
 * local chunks <close> = core.chunks.open("bank.csv")
 * chunks:declare { Age = "f64" }
 * assert(chunks:next(10):type("Age") == "f64") */
static int chunks_m_declare(lua_State *L)
{
    chunks *c = chlua_check_box(L, 1, CHLUA_CHUNKS);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, c->csv, 1, "expected a CSV file");
    chl_error err = {0};
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 2, "expected names of columns");
        const char *name = lua_tostring(L, -2);
        chl_type type;
        chlua_check(L, chl_type_parse(luaL_checkstring(L, -1), &type, &err), &err);
        chlua_check(L, chl_csv_declare(c->csv, &name, &type, 1, &err), &err);
    }
    return 0;
}

/*** The columns of a column file as a frame without rows; nil for CSV, whose first chunk
 * tells them.
 * @function Chunks:schema
 * @treturn ?Frame
 * @usage core.chunks.open("bank.csv"):schema() == nil */
static int chunks_m_schema(lua_State *L)
{
    chunks *c = chlua_check_box(L, 1, CHLUA_CHUNKS);
    if (!c->columns) {
        lua_pushnil(L);
        return 1;
    }
    const chl_frame *schema = chl_column_file_schema(c->columns);
    chlua_push_frame(L, chl_frame_retain((chl_frame *)(uintptr_t)schema));
    return 1;
}

/*** How much of the file is read.
 * @function Chunks:progress
 * @treturn number from 0 to 1; 0 for a pipe
 * @usage core.chunks.open("bank.csv"):progress() == 0 */
static int chunks_m_progress(lua_State *L)
{
    chunks *c = chlua_check_box(L, 1, CHLUA_CHUNKS);
    if (c->csv) {
        lua_pushnumber(L, chl_csv_progress(c->csv));
    } else {
        double rows = (double)chl_column_file_rows(c->columns);
        lua_pushnumber(L, rows > 0 ? (double)chl_column_file_position(c->columns) / rows
                                   : 1);
    }
    return 1;
}

/*** Closes the file; the end of a `<close>` variable does it, too.
 * @function Chunks:close
 * @usage core.chunks.open("bank.csv"):close() */

/* ---- writing ---- */

/*** A CSV file that is written frame by frame and takes its name when it is complete.
 * @function core.chunks.write_csv
 * @tparam string path "-" is standard output
 * @tparam[opt=","] string separator one byte
 * @treturn ?CsvWriter nil and a message when the system refuses
 * @usage
 * local writer <close> = assert(core.chunks.write_csv("two.csv"))
 * assert(writer:put(frame) and writer:put(frame) and writer:commit()) */
static int chunks_write_csv(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    size_t n;
    const char *separator = luaL_optlstring(L, 2, ",", &n);
    luaL_argcheck(L, lua_isnoneornil(L, 2) || n == 1, 2, "expected one character");
    chl_error err = {0};
    chl_csv_writer *writer = NULL;
    void **slot = chlua_new_box(L, CHLUA_CSV_WRITER);
    chl_status status = chl_csv_writer_open(path, separator[0], &writer, &err);
    *slot = writer;
    return status == CHL_OK ? 1 : chlua_ok_or_nil(L, status, &err);
}

/*** @type CsvWriter */

/*** Appends the rows of a frame; all frames have the same columns.
 * @function CsvWriter:put
 * @tparam Frame frame
 * @treturn boolean true, or nil and a message when the system refuses
 * @usage assert(core.chunks.write_csv("one.csv"):put(frame)) */
static int writer_m_put(lua_State *L)
{
    chl_csv_writer *writer = chlua_check_box(L, 1, CHLUA_CSV_WRITER);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_error err = {0};
    return chlua_ok_or_nil(L, chl_csv_writer_put(writer, frame, &err), &err);
}

/*** The file takes its name; a writer that is closed without it leaves nothing.
 * @function CsvWriter:commit
 * @treturn boolean true, or nil and a message when the system refuses
 * @usage
 * local writer = core.chunks.write_csv("one.csv")
 * assert(writer:put(frame) and writer:commit()) */
static int writer_m_commit(lua_State *L)
{
    chl_csv_writer *writer = chlua_check_box(L, 1, CHLUA_CSV_WRITER);
    chl_error err = {0};
    return chlua_ok_or_nil(L, chl_csv_writer_commit(writer, &err), &err);
}

static int writer_close(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_CSV_WRITER);
    chl_csv_writer_close(*slot);
    *slot = NULL;
    return 0;
}

void chlua_open_chunks(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"open", chunks_open}, {"write_csv", chunks_write_csv}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"next", chunks_m_next},
                                       {"schema", chunks_m_schema},
                                       {"columns", chunks_m_columns},
                                       {"declare", chunks_m_declare},
                                       {"progress", chunks_m_progress},
                                       {"close", chunks_close},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", chunks_close}, {"__close", chunks_close}, {NULL, NULL}};
    static const luaL_Reg writer_methods[] = {{"put", writer_m_put},
                                              {"commit", writer_m_commit},
                                              {"close", writer_close},
                                              {NULL, NULL}};
    static const luaL_Reg writer_meta[] = {
        {"__gc", writer_close}, {"__close", writer_close}, {NULL, NULL}};
    chlua_register(L, CHLUA_CHUNKS, methods, meta);
    chlua_register(L, CHLUA_CSV_WRITER, writer_methods, writer_meta);
    luaL_newlib(L, functions);
}
