/* SPDX-License-Identifier: MIT */
#include "core/base/options.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/base/strbuf.h"

enum { OPTIONS_MAX = 64 };

const char *chl_json_type_name(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT: return "a table";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    default: return "nothing";
    }
}

static chl_status wrong_type(const chl_option *o, const char *where, const char *expected,
                             const json_t *value, chl_error *err)
{
    return chl_fail(err, CHL_ETYPE, "%s: option '%s': expected %s, got %s", where,
                    o->name, expected, chl_json_type_name(value));
}

static chl_status check_range(const chl_option *o, const char *where, double value,
                              chl_error *err)
{
    if (!isfinite(value)) {
        return chl_fail(err, CHL_EINVAL, "%s: option '%s': expected a finite number",
                        where, o->name);
    }
    bool bounded = o->min != 0 || o->max != 0;
    if (bounded && (value < o->min || value > o->max)) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option '%s': expected a number from %g to %g, got %g", where,
                        o->name, o->min, o->max, value);
    }
    return CHL_OK;
}

static chl_status read_number(const json_t *value, const char *where, const chl_option *o,
                              void *slot, chl_error *err)
{
    if (!json_is_number(value)) {
        return wrong_type(o, where, "a number", value, err);
    }
    double number = json_number_value(value);
    CHL_TRY(check_range(o, where, number, err));
    if (o->type == CHL_OPT_DOUBLE) {
        *(double *)slot = number;
        return CHL_OK;
    }
    if (number != floor(number) || fabs(number) > 9e15) {
        if (!json_is_integer(value)) {
            return wrong_type(o, where, "an integer", value, err);
        }
    }
    *(int64_t *)slot =
        json_is_integer(value) ? json_integer_value(value) : (int64_t)number;
    return CHL_OK;
}

static chl_status read_choice(const json_t *value, const char *where, const chl_option *o,
                              int *slot, chl_error *err)
{
    if (!json_is_string(value)) {
        return wrong_type(o, where, "a string", value, err);
    }
    const char *text = json_string_value(value);
    size_t n = 0;
    for (; o->choices[n]; n++) {
        if (strcmp(o->choices[n], text) == 0) {
            *slot = (int)n;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, where, o->name, text, o->choices, n);
}

static chl_status read_one(const json_t *value, const char *where, const chl_option *o,
                           void *out, chl_error *err)
{
    void *slot = (char *)out + o->offset;
    switch (o->type) {
    case CHL_OPT_DOUBLE:
    case CHL_OPT_INT: return read_number(value, where, o, slot, err);
    case CHL_OPT_CHOICE: return read_choice(value, where, o, slot, err);
    case CHL_OPT_BOOL:
        if (!json_is_boolean(value)) {
            return wrong_type(o, where, "true or false", value, err);
        }
        *(bool *)slot = json_is_true(value);
        return CHL_OK;
    case CHL_OPT_STRING:
        if (!json_is_string(value)) {
            return wrong_type(o, where, "a string", value, err);
        }
        *(const char **)slot = json_string_value(value);
        return CHL_OK;
    case CHL_OPT_JSON: *(const json_t **)slot = value; return CHL_OK;
    case CHL_OPT_IGNORE: return CHL_OK;
    }
    return CHL_OK;
}

static chl_status check_known(const json_t *object, const char *where,
                              const chl_option *table, chl_error *err)
{
    const char *names[OPTIONS_MAX];
    size_t n = 0;
    for (; n < OPTIONS_MAX && table[n].name; n++) {
        names[n] = table[n].name;
    }
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        size_t i = 0;
        while (i < n && strcmp(names[i], key) != 0) {
            i++;
        }
        if (i == n) {
            return chl_fail_unknown(err, where, "option", key, names, n);
        }
    }
    return CHL_OK;
}

chl_status chl_options_read(const json_t *object, const char *where,
                            const chl_option *table, void *out, chl_error *err)
{
    if (object && !json_is_object(object) &&
        !(json_is_array(object) && json_array_size(object) == 0)) {
        return chl_fail(err, CHL_ETYPE, "%s: options: expected a table, got %s", where,
                        chl_json_type_name(object));
    }
    bool empty =
        !object || !json_is_object(object); /* an empty Lua table arrives as a list */
    if (!empty) {
        CHL_TRY(check_known(object, where, table, err));
    }
    for (const chl_option *o = table; o->name; o++) {
        const json_t *value = empty ? NULL : json_object_get(object, o->name);
        if (value && !json_is_null(value)) {
            CHL_TRY(read_one(value, where, o, out, err));
        } else if (o->required) {
            return chl_fail(err, CHL_EINVAL, "%s: option '%s' is required", where,
                            o->name);
        }
    }
    return CHL_OK;
}

static json_t *write_one(const chl_option *o, const void *slot)
{
    switch (o->type) {
    case CHL_OPT_DOUBLE: return json_real(*(const double *)slot);
    case CHL_OPT_INT: return json_integer(*(const int64_t *)slot);
    case CHL_OPT_BOOL: return json_boolean(*(const bool *)slot);
    case CHL_OPT_CHOICE: return json_string(o->choices[*(const int *)slot]);
    default: return NULL;
    }
}

chl_status chl_options_write(const chl_option *table, const void *values, json_t *object,
                             chl_error *err)
{
    for (const chl_option *o = table; o->name; o++) {
        bool plain = o->type == CHL_OPT_DOUBLE || o->type == CHL_OPT_INT ||
                     o->type == CHL_OPT_BOOL || o->type == CHL_OPT_CHOICE;
        json_t *value = plain ? write_one(o, (const char *)values + o->offset) : NULL;
        if (plain && json_object_set_new(object, o->name, value) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}
