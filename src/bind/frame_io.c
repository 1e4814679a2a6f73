/* SPDX-License-Identifier: MIT
 *
 * CSV for frames: core.frame.read_csv, parse_csv; Frame:write_csv, to_csv. Layer: bind.
 */
#include <jansson.h>
#include <string.h>

#include "bind/frame_box.h"
#include "bind/json_options.h"
#include "core/base/options.h"
#include "core/base/strbuf.h"
#include "core/io/csv.h"

/*** @module churnlab.frame */

/* The options of read_csv as JSON has them. */
typedef struct read_options {
    const json_t *types, *formats, *drop, *na, *target, *positive, *id;
    const json_t *time, *personal, *names;
    const char *separator, *file_column;
    bool header;
} read_options;

static const chl_option read_table[] = {
    {"types", CHL_OPT_JSON, offsetof(read_options, types), 0, 0, NULL, 0},
    {"formats", CHL_OPT_JSON, offsetof(read_options, formats), 0, 0, NULL, 0},
    {"drop", CHL_OPT_JSON, offsetof(read_options, drop), 0, 0, NULL, 0},
    {"na", CHL_OPT_JSON, offsetof(read_options, na), 0, 0, NULL, 0},
    {"separator", CHL_OPT_STRING, offsetof(read_options, separator), 0, 0, NULL, 0},
    {"names", CHL_OPT_JSON, offsetof(read_options, names), 0, 0, NULL, 0},
    {"file_column", CHL_OPT_STRING, offsetof(read_options, file_column), 0, 0, NULL, 0},
    {"header", CHL_OPT_BOOL, offsetof(read_options, header), 0, 0, NULL, 0},
    {"target", CHL_OPT_JSON, offsetof(read_options, target), 0, 0, NULL, 0},
    {"positive", CHL_OPT_JSON, offsetof(read_options, positive), 0, 0, NULL, 0},
    {"id", CHL_OPT_JSON, offsetof(read_options, id), 0, 0, NULL, 0},
    {"time", CHL_OPT_JSON, offsetof(read_options, time), 0, 0, NULL, 0},
    {"personal", CHL_OPT_JSON, offsetof(read_options, personal), 0, 0, NULL, 0},
    {NULL, CHL_OPT_IGNORE, 0, 0, 0, NULL, 0}};

static chl_status check_format(const json_t *text, chl_time_format *format,
                               chl_error *err)
{
    if (!json_is_string(text)) {
        return chl_fail(err, CHL_ETYPE,
                        "expected a format such as \"%%d/%%m/%%Y\", got %s",
                        chl_json_type_name(text));
    }
    CHL_TRY(chl_time_format_init(format, json_string_value(text),
                                 json_string_length(text), NULL, err));
    return chl_time_format_check(format, err);
}

static void push_formats(lua_State *L, const json_t *map, chl_csv_options *csv)
{
    size_t count = json_object_size(map), i = 0;
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    chl_time_format *formats = lua_newuserdatauv(L, (count + 1) * sizeof *formats, 0);
    if (map && !json_is_object(map) && json_array_size(map) > 0) {
        luaL_error(L, "read_csv: formats: expected column = \"format\" pairs, got %s",
                   chl_json_type_name(map));
    }
    const char *name;
    json_t *text;
    json_object_foreach ((json_t *)(uintptr_t)map, name, text) {
        chl_error err = {0};
        if (check_format(text, &formats[i], &err) != CHL_OK) {
            chl_error_prefix(&err, "read_csv: formats: column '%s'", name);
            chlua_raise(L, &err);
        }
        names[i++] = name;
    }
    csv->formatted = names;
    csv->formats = formats;
    csv->formatted_count = (int)count;
}

/* Reads the option table at `arg`; everything borrowed lives on the stack. */
static void check_options(lua_State *L, int arg, read_options *read, chl_csv_options *csv)
{
    chl_error err = {0};
    *csv = (chl_csv_options){0};
    luaL_checkstack(L, 16, "options");
    const json_t *json = chlua_check_json(L, arg);
    if (json_is_array(json) && json_array_size(json) == 0) {
        json = NULL; /* {} */
    }
    /* names are for files without a header, unless it is said that there is one */
    *read = (read_options){.header = !json_object_get(json, "names")};
    chlua_check(L, chl_options_read(json, "read_csv", read_table, read, &err), &err);
    if (read->separator && strlen(read->separator) != 1) {
        luaL_error(L, "read_csv: separator: expected one character, got '%s'",
                   read->separator);
    }
    csv->separator = read->separator ? read->separator[0] : 0;
    csv->no_header = !read->header;
    csv->file_column = read->file_column;
    csv->names = chlua_push_words(L, "read_csv", "names", read->names, &csv->name_count);
    csv->drop = chlua_push_words(L, "read_csv", "drop", read->drop, &csv->drop_count);
    csv->na = chlua_push_words(L, "read_csv", "na", read->na, &csv->na_count);
    csv->na = read->na ? csv->na : NULL;
    chlua_types types = chlua_push_types(L, "read_csv", "column", read->types);
    csv->typed = types.names;
    csv->types = types.types;
    csv->typed_count = types.count;
    push_formats(L, read->formats, csv);
}

void chlua_check_csv_options(lua_State *L, int arg, chl_csv_options *csv)
{
    read_options read;
    check_options(L, arg, &read, csv);
}

/* A role as text: strings as they are, numbers and booleans as CSV writes them. */
static const char *push_role(lua_State *L, const json_t *role)
{
    switch (role ? json_typeof(role) : JSON_NULL) {
    case JSON_STRING: return json_string_value(role);
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_INTEGER:
        return lua_pushfstring(L, "%I", (LUAI_UACINT)json_integer_value(role));
    case JSON_REAL: {
        char text[32];
        chl_format_double(json_real_value(role), text);
        return lua_pushstring(L, text);
    }
    default: return NULL;
    }
}

/* Replaces the frame in the box on the stack's top by one with the roles. */
static void set_roles(lua_State *L, void **slot, const read_options *read)
{
    chl_error err = {0};
    chl_frame *plain = *slot, *made = NULL;
    chl_roles roles = {.target = push_role(L, read->target),
                       .positive = chlua_positive_text(L, read->positive),
                       .id = push_role(L, read->id),
                       .time = push_role(L, read->time)};
    if (read->personal) {
        roles.personal = chlua_push_words(L, "read_csv", "personal", read->personal,
                                          &roles.personal_count);
    }
    if (!roles.target && !roles.positive && !roles.id && !roles.time && !roles.personal) {
        return;
    }
    chl_status status = chl_frame_set_roles(plain, &roles, &made, &err);
    if (status != CHL_OK) {
        chl_error_prefix(&err, "read_csv");
        chlua_raise(L, &err);
    }
    *slot = made;
    chl_frame_release(plain);
}

static int finish_read(lua_State *L, void **slot, const read_options *read)
{
    int box = lua_gettop(L);
    chl_frame *frame = *slot;
    chlua_account(L, (size_t)frame->rows * (size_t)frame->columns * 8);
    set_roles(L, slot, read);
    lua_settop(L, box);
    return 1;
}

/*** The same as `cl.read_csv`.
 * @function core.frame.read_csv
 * @tparam string|{string,...} path
 * @tparam[opt] table options as for `cl.read_csv`
 * @treturn Frame
 * @raise "bank.csv:118: column 'Tenure': expected an integer, got "n/a""
 * @usage local bank = core.frame.read_csv("bank.csv", { target = "Exited" })
 */
static int frame_read_csv(lua_State *L)
{
    int n;
    luaL_argexpected(L, lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING, 1,
                     "path or list of paths");
    lua_settop(L, 2);
    const char *const *paths = chlua_check_strings(L, 1, &n);
    read_options read;
    chl_csv_options csv;
    check_options(L, 2, &read, &csv);
    chl_error err = {0};
    chl_control control;
    chl_frame *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chlua_control(L, &control);
    chl_status status = chl_csv_read_files(paths, n, &csv, &control, &made, &err);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    return finish_read(L, slot, &read);
}

/*** Reads CSV text; options as for read_csv.
 * @function core.frame.parse_csv
 * @tparam string text
 * @tparam[opt] table options
 * @treturn Frame
 * @usage core.frame.parse_csv("Age,City\n42,Ulm\n,Bonn\n").Age:missing() == 1 */
static int frame_parse_csv(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_settop(L, 2);
    read_options read;
    chl_csv_options csv;
    check_options(L, 2, &read, &csv);
    chl_error err = {0};
    chl_frame *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chl_status status = chl_csv_read_bytes(text, length, "text", &csv, &made, &err);
    *slot = made;
    chlua_check(L, status, &err);
    return finish_read(L, slot, &read);
}

const luaL_Reg chlua_frame_io_functions[] = {{"read_csv", frame_read_csv},
                                             {"parse_csv", frame_parse_csv},
                                             {"read_jsonl", chlua_frame_read_jsonl},
                                             {"parse_jsonl", chlua_frame_parse_jsonl},
                                             {NULL, NULL}};

/* {separator=";"} at `arg`, or 0. */
static char check_separator(lua_State *L, int arg)
{
    if (lua_isnoneornil(L, arg)) {
        return 0;
    }
    luaL_checktype(L, arg, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING ||
            strcmp(lua_tostring(L, -2), "separator") != 0) {
            luaL_error(L, "write_csv: unknown option '%s' (known: separator)",
                       luaL_tolstring(L, -2, NULL));
        }
    }
    lua_getfield(L, arg, "separator");
    if (lua_isnil(L, -1)) {
        return 0;
    }
    const char *text = luaL_checkstring(L, -1);
    if (strlen(text) != 1) {
        luaL_error(L, "write_csv: separator: expected one character, got '%s'", text);
    }
    return text[0];
}

/*** @type Frame */

/*** Writes the frame as CSV, atomically; "-" is standard output, a path in `.gz` is
 * packed.
 * @function Frame:write_csv
 * @tparam string path
 * @tparam[opt] table options `separator`: a tab for `.tsv` and `.tsv.gz`, else ","
 * @treturn boolean true, or nil and a message when the system refuses
 * @usage assert(frame:write_csv("copy.csv", { separator = ";" })) */
int chlua_frame_write_csv(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *path = luaL_checkstring(L, 2);
    char separator = check_separator(L, 3);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_csv_write(frame, path, separator, &control, &err);
    chlua_control_done(L);
    return chlua_ok_or_nil(L, status, &err);
}

/*** The frame as CSV text.
 * @function Frame:to_csv
 * @tparam[opt] table options separator=","
 * @treturn string
 * @usage print(frame:head(3):to_csv()) */
int chlua_frame_to_csv(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    char separator = check_separator(L, 2);
    chl_error err = {0};
    chl_strbuf text = {0};
    chl_status status = chl_csv_format(frame, separator, &text, &err);
    if (status == CHL_OK) {
        lua_pushlstring(L, text.data, text.length);
    }
    chl_strbuf_reset(&text);
    chlua_check(L, status, &err);
    return 1;
}
