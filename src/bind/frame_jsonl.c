/* SPDX-License-Identifier: MIT
 *
 * JSON lines for frames: core.frame.read_jsonl, parse_jsonl; Frame:write_jsonl. Layer:
 * bind.
 */
#include <string.h>

#include "bind/frame_box.h"
#include "core/base/options.h"
#include "core/io/jsonl.h"

/*** @module churnlab.frame */

typedef struct jsonl_options {
    const json_t *types, *drop;
    int nested;
} jsonl_options;

static const char *const nested_choices[] = {"error", "text", NULL};
static const chl_option table[] = {
    {"types", CHL_OPT_JSON, offsetof(jsonl_options, types), 0, 0, NULL, 0},
    {"drop", CHL_OPT_JSON, offsetof(jsonl_options, drop), 0, 0, NULL, 0},
    {"nested", CHL_OPT_CHOICE, offsetof(jsonl_options, nested), 0, 0, nested_choices, 0},
    {NULL, CHL_OPT_IGNORE, 0, 0, 0, NULL, 0}};

static void push_types(lua_State *L, const json_t *map, chl_jsonl_options *out)
{
    size_t count = json_object_size(map), i = 0;
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    chl_type *types = lua_newuserdatauv(L, (count + 1) * sizeof *types, 0);
    if (map && !json_is_object(map) && json_array_size(map) > 0) {
        luaL_error(L, "read_jsonl: types: expected key = \"type\" pairs, got %s",
                   chl_json_type_name(map));
    }
    const char *name;
    json_t *type;
    json_object_foreach ((json_t *)(uintptr_t)map, name, type) {
        chl_error err = {0};
        const char *word = json_string_value(type);
        if (chl_type_parse(word ? word : "", &types[i], &err) != CHL_OK) {
            chl_error_prefix(&err, "read_jsonl: types: key '%s'", name);
            chlua_raise(L, &err);
        }
        names[i++] = name;
    }
    out->typed = names;
    out->types = types;
    out->typed_count = (int)count;
}

static void push_drop(lua_State *L, const json_t *list, chl_jsonl_options *out)
{
    size_t count = json_is_string(list) ? 1 : json_array_size(list);
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_string(list) ? list : json_array_get(list, i);
        names[i] = json_string_value(item);
        if (!names[i]) {
            luaL_error(L, "read_jsonl: drop: expected a list of strings, got %s in it",
                       chl_json_type_name(item));
        }
    }
    out->drop = names;
    out->drop_count = (int)count;
}

/* The option table at `arg`; everything borrowed lives on the stack. */
static void check_options(lua_State *L, int arg, chl_jsonl_options *out)
{
    chl_error err = {0};
    jsonl_options read = {0};
    luaL_checkstack(L, 12, "options");
    const json_t *json = chlua_check_json(L, arg);
    if (json_is_array(json) && json_array_size(json) == 0) {
        json = NULL; /* {} */
    }
    chlua_check(L, chl_options_read(json, "read_jsonl", table, &read, &err), &err);
    *out = (chl_jsonl_options){.nested_text = read.nested == 1};
    push_types(L, read.types, out);
    push_drop(L, read.drop, out);
}

/*** As `cl.read_jsonl`, without roles.
 * @function core.frame.read_jsonl
 * @tparam string|{string,...} path
 * @tparam[opt] table options
 * @treturn Frame
 * @usage #core.frame.read_jsonl("bank.jsonl") == #frame */
int chlua_frame_read_jsonl(lua_State *L)
{
    int n;
    luaL_argexpected(L, lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING, 1,
                     "path or list of paths");
    lua_settop(L, 2);
    chl_jsonl_options options;
    const char *const *paths = chlua_check_strings(L, 1, &n);
    check_options(L, 2, &options);
    CHLUA_RETURN_FRAME(L,
                       chl_jsonl_read_files(paths, n, &options, &control, &made, &err));
}

/*** Reads text in JSON lines; options as for read_jsonl.
 * @function core.frame.parse_jsonl
 * @tparam string text
 * @tparam[opt] table options
 * @treturn Frame
 * @usage core.frame.parse_jsonl('{"Age":42}\n{"Age":null}').Age:missing() == 1 */
int chlua_frame_parse_jsonl(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    lua_settop(L, 2);
    chl_jsonl_options options;
    check_options(L, 2, &options);
    CHLUA_RETURN_FRAME(L, chl_jsonl_read_bytes(text, n, "text", &options, &made, &err));
}

/*** @type Frame */

/*** Writes the frame as JSON lines, atomically; "-" is standard output, a path in `.gz`
 * is packed.
 * @function Frame:write_jsonl
 * @tparam string path
 * @treturn boolean true, or nil and a message when the system refuses
 * @raise text that is not UTF-8, with column and row
 * @usage assert(frame:write_jsonl("bank.jsonl")) */
int chlua_frame_write_jsonl(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *path = luaL_checkstring(L, 2);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_jsonl_write(frame, path, &control, &err);
    chlua_control_done(L);
    return chlua_ok_or_nil(L, status, &err);
}
