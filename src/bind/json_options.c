/* SPDX-License-Identifier: MIT */
#include "bind/json_options.h"

#include "core/base/options.h"

const char *const *chlua_push_words(lua_State *L, const char *where, const char *option,
                                    const json_t *list, int *n)
{
    size_t count = json_is_string(list) ? 1 : json_array_size(list);
    const char **words = lua_newuserdatauv(L, (count + 1) * sizeof *words, 0);
    if (list && !json_is_string(list) && !json_is_array(list)) {
        luaL_error(L, "%s: %s: expected a list of strings, got %s", where, option,
                   chl_json_type_name(list));
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_string(list) ? list : json_array_get(list, i);
        words[i] = json_string_value(item);
        if (!words[i]) {
            luaL_error(L, "%s: %s: expected a list of strings, got %s in it", where,
                       option, chl_json_type_name(item));
        }
    }
    *n = (int)count;
    return words;
}

chlua_types chlua_push_types(lua_State *L, const char *where, const char *kind,
                             const json_t *map)
{
    size_t count = json_object_size(map), i = 0;
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    chl_type *types = lua_newuserdatauv(L, (count + 1) * sizeof *types, 0);
    if (map && !json_is_object(map) && json_array_size(map) > 0) {
        luaL_error(L, "%s: types: expected %s = \"type\" pairs, got %s", where, kind,
                   chl_json_type_name(map));
    }
    const char *name;
    json_t *type;
    json_object_foreach ((json_t *)(uintptr_t)map, name, type) {
        chl_error err = {0};
        const char *word = json_string_value(type);
        if (chl_type_parse(word ? word : "", &types[i], &err) != CHL_OK) {
            chl_error_prefix(&err, "%s: types: %s '%s'", where, kind, name);
            chlua_raise(L, &err);
        }
        names[i++] = name;
    }
    return (chlua_types){names, types, (int)count};
}
