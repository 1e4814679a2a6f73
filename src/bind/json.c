/* SPDX-License-Identifier: MIT
 *
 * Lua values to JSON values and back, and the module functions core.json.encode / decode.
 * Layer: bind. Integers stay integers; nesting ends at 64.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"

/*** JSON texts of Lua values and back. Integers stay integers, floats keep every digit,
 * keys are sorted, nesting ends at 64; `core.NA` is null.
 * @module churnlab.core.json */

enum { DEPTH_MAX = 64 };

/* Conversion runs without raising, so that half-built JSON is never lost: errors are
 * noted here. */
typedef struct converter {
    lua_State *L;
    chl_error err;
} converter;

static json_t *convert(converter *c, int index, int depth);

static json_t *reject(converter *c, const char *what)
{
    if (c->err.code == CHL_OK) {
        chl_fail(&c->err, CHL_ETYPE, "%s", what);
    }
    return NULL;
}

static json_t *in_path(converter *c, const char *key)
{
    chl_error_prefix(&c->err, "%s", key);
    return NULL;
}

static json_t *convert_list(converter *c, int index, int depth, lua_Integer n)
{
    json_t *list = json_array();
    for (lua_Integer i = 1; list && i <= n; i++) {
        lua_rawgeti(c->L, index, i);
        json_t *item = convert(c, lua_gettop(c->L), depth + 1);
        lua_pop(c->L, 1);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            reject(c, "out of memory");
            char key[24];
            snprintf(key, sizeof key, "[%d]", (int)i);
            return in_path(c, key);
        }
    }
    return list;
}

static json_t *convert_object(converter *c, int index, int depth)
{
    json_t *object = json_object();
    lua_pushnil(c->L);
    while (object && lua_next(c->L, index)) {
        json_t *item = NULL;
        const char *key = NULL;
        if (lua_type(c->L, -2) != LUA_TSTRING) {
            reject(c, "expected a list or a table with string keys, got mixed keys");
        } else {
            key = lua_tostring(c->L, -2);
            item = convert(c, lua_gettop(c->L), depth + 1);
        }
        if (!item || json_object_set_new(object, key, item) != 0) {
            json_decref(object);
            reject(c, "expected UTF-8 text");
            if (key) {
                in_path(c, key);
            }
            lua_pop(c->L, 2);
            return NULL;
        }
        lua_pop(c->L, 1);
    }
    return object;
}

static json_t *convert_table(converter *c, int index, int depth)
{
    if (depth >= DEPTH_MAX || !lua_checkstack(c->L, 8)) {
        return reject(c, "the table is nested too deeply (or holds itself)");
    }
    lua_Unsigned n = lua_rawlen(c->L, index);
    lua_pushnil(c->L);
    if (!lua_next(c->L, index)) {
        return json_array();
    }
    lua_pop(c->L, 2);
    if (n == 0) {
        return convert_object(c, index, depth);
    }
    lua_Unsigned keys = 0;
    lua_pushnil(c->L);
    while (lua_next(c->L, index)) {
        keys++;
        lua_pop(c->L, 1);
    }
    if (keys != n) {
        return reject(c, "expected a list or a table with string keys, got mixed keys");
    }
    return convert_list(c, index, depth, (lua_Integer)n);
}

static json_t *convert_number(converter *c, int index)
{
    if (lua_isinteger(c->L, index)) {
        return json_integer(lua_tointeger(c->L, index));
    }
    double value = lua_tonumber(c->L, index);
    return isfinite(value) ? json_real(value) : reject(c, "expected a finite number");
}

static json_t *convert(converter *c, int index, int depth)
{
    switch (lua_type(c->L, index)) {
    case LUA_TNIL: return json_null();
    case LUA_TBOOLEAN: return json_boolean(lua_toboolean(c->L, index));
    case LUA_TNUMBER: return convert_number(c, index);
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(c->L, index, &length);
        json_t *string = json_stringn(text, length);
        return string ? string : reject(c, "expected UTF-8 text");
    }
    case LUA_TTABLE: return convert_table(c, index, depth);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(c->L, index) == NULL) {
            return json_null(); /* NA */
        }
        /* fall through */
    default:
        return reject(c, lua_pushfstring(c->L, "expected data, got a %s",
                                         luaL_typename(c->L, index)));
    }
}

json_t *chlua_check_json(lua_State *L, int arg)
{
    if (lua_isnoneornil(L, arg)) {
        lua_pushnil(L);
        return NULL;
    }
    luaL_checkstack(L, 16, "JSON value");
    void **slot = chlua_new_box(L, CHLUA_JSON);
    int top = lua_gettop(L);
    converter c = {.L = L};
    json_t *json = convert(&c, lua_absindex(L, arg), 0);
    *slot = json;
    if (!json) {
        luaL_argerror(L, arg,
                      lua_pushstring(L, c.err.code ? c.err.message : "out of memory"));
    }
    lua_settop(L, top);
    return json;
}

static void push_value(lua_State *L, const json_t *json)
{
    luaL_checkstack(L, 4, "JSON value");
    switch (json_typeof(json)) {
    case JSON_OBJECT: {
        const char *key;
        json_t *item;
        lua_createtable(L, 0, (int)json_object_size(json));
        json_object_foreach ((json_t *)(uintptr_t)json, key, item) {
            push_value(L, item);
            lua_setfield(L, -2, key);
        }
        break;
    }
    case JSON_ARRAY:
        lua_createtable(L, (int)json_array_size(json), 0);
        for (size_t i = 0; i < json_array_size(json); i++) {
            push_value(L, json_array_get(json, i));
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(json)); break;
    case JSON_REAL: lua_pushnumber(L, json_real_value(json)); break;
    case JSON_TRUE:
    case JSON_FALSE: lua_pushboolean(L, json_is_true(json)); break;
    default: lua_pushnil(L); break;
    }
}

void chlua_push_json(lua_State *L, json_t *json)
{
    luaL_checkstack(L, 4, "JSON value"); /* before ownership moves into the box */
    void **slot = chlua_new_box(L, CHLUA_JSON);
    *slot = json;
    push_value(L, json);
    lua_remove(L, -2);
}

static int json_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_JSON);
    json_decref(*slot);
    *slot = NULL;
    return 0;
}

/*** JSON text of a value (keys sorted).
 * @function core.json.encode
 * @param value nil, boolean, number, string, list or table
 * @tparam[opt] integer indent spaces per level; compact when absent
 * @treturn string
 * @usage core.json.encode({ b = 1, a = { 2, 3 } }) == '{"a":[2,3],"b":1}' */
static int json_m_encode(lua_State *L)
{
    size_t indent = (size_t)luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, indent <= 31, 2, "expected 0 to 31");
    json_t *json = chlua_check_json(L, 1);
    size_t flags =
        JSON_SORT_KEYS | JSON_ENCODE_ANY | (indent ? JSON_INDENT(indent) : JSON_COMPACT);
    size_t length = json_dumpb(json, NULL, 0, flags);
    luaL_Buffer buffer;
    char *text = luaL_buffinitsize(L, &buffer, length ? length : 1);
    json_dumpb(json, text, length, flags);
    luaL_pushresultsize(&buffer, length);
    return 1;
}

/*** The value of a JSON text. Duplicate keys are an error.
 * @function core.json.decode
 * @tparam string text
 * @return the value, or nil and a message
 * @usage core.json.decode('{"a":[2,3]}').a[2] == 3 */
static int json_m_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    json_error_t problem;
    json_t *json =
        json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!json) {
        lua_pushnil(L);
        lua_pushfstring(L, "JSON: line %d, column %d: %s", problem.line, problem.column,
                        problem.text);
        return 2;
    }
    chlua_push_json(L, json);
    return 1;
}

void chlua_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"encode", json_m_encode}, {"decode", json_m_decode}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", json_gc}, {NULL, NULL}};
    chlua_register(L, CHLUA_JSON, methods, meta);
    luaL_newlib(L, functions);
}
