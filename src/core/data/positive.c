/* SPDX-License-Identifier: MIT */
#include "core/data/positive.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/text.h"

/* A list of at least one text, or NULL. */
static json_t *parse_list(const char *text)
{
    if (text[0] != '[') {
        return NULL;
    }
    json_t *list = json_loads(text, JSON_ALLOW_NUL, NULL);
    bool texts = json_array_size(list) > 0;
    for (size_t i = 0; texts && i < json_array_size(list); i++) {
        texts = json_is_string(json_array_get(list, i));
    }
    if (!texts) {
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *chl_positive_list(const char *positive)
{
    if (!positive) {
        return json_array();
    }
    json_t *list = parse_list(positive);
    /* a value that came in from a file need not be UTF-8 */
    return list ? list
                : json_pack("[o]", json_stringn_nocheck(positive, strlen(positive)));
}

char *chl_positive_text(const json_t *list)
{
    const char *only = json_string_value(json_array_get(list, 0));
    json_t *looks_like_one = only ? parse_list(only) : NULL;
    bool plain = json_array_size(list) == 1 && only && !looks_like_one;
    json_decref(looks_like_one);
    if (plain) {
        return chl_strdup(only);
    }
    char *text = json_dumps(list, JSON_COMPACT);
    char *copy = text ? chl_strdup(text) : NULL;
    free(text); /* jansson's own */
    return copy;
}

static bool read_number(const char *text, double *out)
{
    bool truth;
    if (chl_parse_f64(text, strlen(text), out)) {
        return true;
    }
    if (!chl_parse_bool(text, strlen(text), &truth)) {
        return false;
    }
    *out = truth;
    return true;
}

bool chl_positive_is(const char *value, chl_type type, const char *text)
{
    double wanted, given;
    if (chl_type_numeric(type) && read_number(value, &wanted) &&
        read_number(text, &given)) {
        return wanted == given;
    }
    return strcmp(value, text) == 0;
}
