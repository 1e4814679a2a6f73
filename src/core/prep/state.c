/* SPDX-License-Identifier: MIT */
#include "core/prep/state.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"

enum { ITEMS_MAX = 1 << 20 };

static chl_status check_list(const json_t *list, const char *what, chl_error *err)
{
    if (!json_is_array(list)) {
        return chl_fail(err, CHL_EFORMAT, "%s: expected a list, got %s", what,
                        chl_json_type_name(list));
    }
    if (json_array_size(list) > ITEMS_MAX) {
        return chl_fail(err, CHL_EFORMAT, "%s: more than %d items", what, ITEMS_MAX);
    }
    return CHL_OK;
}

/* A string without NUL as a borrowed pointer, or NULL. */
static const char *plain_string(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* Distinct strings, appended to `levels` in their order. */
static chl_status intern_all(const json_t *list, bool allow_empty, chl_levels *levels,
                             chl_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = plain_string(json_array_get(list, i));
        if (!text || (!*text && !allow_empty)) {
            return chl_fail(err, CHL_EFORMAT, "item %zu: expected a name", i + 1);
        }
        int32_t code;
        CHL_TRY(chl_levels_intern(levels, text, strlen(text), &code, err));
        if ((size_t)code != i) {
            return chl_fail(err, CHL_EFORMAT, "'%s' stands there twice", text);
        }
    }
    return CHL_OK;
}

static chl_status fail_strings(const json_t *list, chl_error *err)
{
    return chl_fail(err, CHL_ETYPE, "expected a list of names, got %s",
                    chl_json_type_name(list));
}

chl_status chl_names_read(const json_t *list, chl_names *out, chl_error *err)
{
    *out = (chl_names){0};
    if (!json_is_array(list)) {
        return fail_strings(list, err);
    }
    CHL_TRY(check_list(list, "columns", err));
    chl_levels *seen = NULL;
    CHL_TRY(chl_levels_new(&seen, err));
    chl_status status = intern_all(list, false, seen, err);
    chl_levels_release(seen);
    CHL_TRY(status);
    size_t n = json_array_size(list);
    out->list = chl_alloc(n, sizeof *out->list);
    if (!out->list) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        out->list[i] = json_string_value(json_array_get(list, i));
    }
    out->n = (int)n;
    return CHL_OK;
}

void chl_names_reset(chl_names *names)
{
    chl_free(names->list);
    *names = (chl_names){0};
}

chl_status chl_state_names(const json_t *state, const char *key, chl_names *out,
                           chl_error *err)
{
    chl_status status = chl_names_read(json_object_get(state, key), out, err);
    return status == CHL_OK ? status : chl_error_prefix(err, "%s", key);
}

chl_status chl_state_list(const json_t *state, const char *key, int n, const json_t **out,
                          chl_error *err)
{
    *out = json_object_get(state, key);
    CHL_TRY(check_list(*out, key, err));
    if (json_array_size(*out) != (size_t)n) {
        return chl_fail(err, CHL_EFORMAT, "%s: expected %d items, got %zu", key, n,
                        json_array_size(*out));
    }
    return CHL_OK;
}

chl_status chl_json_numbers(const json_t *list, const char *what, int64_t n, double **out,
                            chl_error *err)
{
    *out = NULL;
    CHL_TRY(check_list(list, what, err));
    if (json_array_size(list) != (size_t)n) {
        return chl_fail(err, CHL_EFORMAT, "%s: expected %lld numbers, got %zu", what,
                        (long long)n, json_array_size(list));
    }
    double *values = chl_alloc((size_t)n, sizeof *values);
    if (!values) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        values[i] = json_number_value(item);
        if (!json_is_number(item) || !isfinite(values[i])) {
            chl_free(values);
            return chl_fail(err, CHL_EFORMAT, "%s: item %lld: expected a finite number",
                            what, (long long)i + 1);
        }
    }
    *out = values;
    return CHL_OK;
}

chl_status chl_state_numbers(const json_t *state, const char *key, int n, double **out,
                             chl_error *err)
{
    return chl_json_numbers(json_object_get(state, key), key, n, out, err);
}

chl_status chl_state_flags(const json_t *state, const char *key, int n, bool **out,
                           chl_error *err)
{
    *out = NULL;
    const json_t *list = NULL;
    CHL_TRY(chl_state_list(state, key, n, &list, err));
    bool *flags = chl_alloc((size_t)n, sizeof *flags);
    if (!flags) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_boolean(item)) {
            chl_free(flags);
            return chl_fail(err, CHL_EFORMAT, "%s: item %d: expected true or false", key,
                            i + 1);
        }
        flags[i] = json_is_true(item);
    }
    *out = flags;
    return CHL_OK;
}

chl_status chl_state_levels(const json_t *state, const char *key, int i, chl_levels **out,
                            chl_error *err)
{
    *out = NULL;
    const json_t *list = json_array_get(json_object_get(state, key), (size_t)i);
    CHL_TRY(check_list(list, key, err));
    chl_levels *levels = NULL;
    CHL_TRY(chl_levels_new(&levels, err));
    chl_status status = intern_all(list, true, levels, err);
    if (status != CHL_OK) {
        chl_levels_release(levels);
        return chl_error_prefix(err, "%s", key);
    }
    *out = levels;
    return CHL_OK;
}

/* ---- writing ---- */

chl_status chl_state_append(json_t *state, const char *key, json_t *item, chl_error *err)
{
    json_t *list = json_object_get(state, key);
    if (!list && item) {
        list = json_array();
        if (json_object_set_new(state, key, list) != 0) {
            list = NULL;
        }
    }
    if (!list || !item) {
        json_decref(item);
        return chl_fail_memory(err);
    }
    return json_array_append_new(list, item) == 0 ? CHL_OK : chl_fail_memory(err);
}

/* Makes the list exist also when it stays empty. */
static chl_status put_list(json_t *state, const char *key, chl_error *err)
{
    return json_object_set_new(state, key, json_array()) == 0 ? CHL_OK
                                                              : chl_fail_memory(err);
}

chl_status chl_state_put_names(json_t *state, const char *key, const char *const *names,
                               int n, chl_error *err)
{
    CHL_TRY(put_list(state, key, err));
    for (int i = 0; i < n; i++) {
        CHL_TRY(chl_state_append(state, key, json_string(names[i]), err));
    }
    return CHL_OK;
}

chl_status chl_state_put_numbers(json_t *state, const char *key, const double *values,
                                 int n, chl_error *err)
{
    CHL_TRY(put_list(state, key, err));
    for (int i = 0; i < n; i++) {
        CHL_TRY(chl_state_append(state, key, json_real(values[i]), err));
    }
    return CHL_OK;
}

chl_status chl_state_put_flags(json_t *state, const char *key, const bool *values, int n,
                               chl_error *err)
{
    CHL_TRY(put_list(state, key, err));
    for (int i = 0; i < n; i++) {
        CHL_TRY(chl_state_append(state, key, json_boolean(values[i]), err));
    }
    return CHL_OK;
}

json_t *chl_levels_to_json(const chl_levels *levels)
{
    json_t *list = json_array();
    for (int32_t code = 0; list && code < chl_levels_count(levels); code++) {
        size_t length;
        const char *name = chl_levels_name(levels, code, &length);
        json_t *item = json_stringn(name, length);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *chl_numbers_to_json(const double *values, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < n; i++) {
        json_t *item = json_real(values[i]);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
