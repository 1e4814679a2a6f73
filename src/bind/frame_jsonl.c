/* SPDX-License-Identifier: MIT
 *
 * JSON lines for frames: core.frame.read_jsonl, parse_jsonl; Frame:write_jsonl. Layer:
 * bind.
 */
#include <string.h>

#include "bind/frame_box.h"
#include "bind/json_options.h"
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
    chlua_types types = chlua_push_types(L, "read_jsonl", "key", read.types);
    *out = (chl_jsonl_options){.nested_text = read.nested == 1,
                               .typed = types.names,
                               .types = types.types,
                               .typed_count = types.count};
    out->drop = chlua_push_words(L, "read_jsonl", "drop", read.drop, &out->drop_count);
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
