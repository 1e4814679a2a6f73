/* SPDX-License-Identifier: MIT
 *
 * Lists and maps in JSON option tables, for the readers of files. What is made lives in
 * userdata that are pushed; its strings borrow from the JSON. Layer: bind.
 */
#ifndef CHLUA_JSON_OPTIONS_H
#define CHLUA_JSON_OPTIONS_H

#include "bind/chlua.h"

/* The strings of a list, or one string; NULL is an empty list. Anything else raises
 * "<where>: <option>: expected a list of strings, got …". */
const char *const *chlua_push_words(lua_State *L, const char *where, const char *option,
                                    const json_t *list, int *n);

typedef struct chlua_types {
    const char *const *names;
    const chl_type *types; /* in the same order */
    int count;
} chlua_types;

/* The option "types", { name = "type" }; `kind` ("column", "key") says in messages what
 * the names are. */
chlua_types chlua_push_types(lua_State *L, const char *where, const char *kind,
                             const json_t *map);

#endif
