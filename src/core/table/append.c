/* SPDX-License-Identifier: MIT */
#include "core/table/append.h"

#include <string.h>

#include "core/base/alloc.h"

/* ---- categories ---- */

/* Adds the names of `from`; code[c] is the code of its level c. */
static chl_status add_levels(chl_levels *to, const chl_levels *from, int32_t *code,
                             chl_error *err)
{
    for (int32_t c = 0; c < chl_levels_count(from); c++) {
        size_t length;
        const char *name = chl_levels_name(from, c, &length);
        CHL_TRY(chl_levels_intern(to, name, length, &code[c], err));
    }
    return CHL_OK;
}

static chl_status append_levels(const chl_column *a, const chl_column *b,
                                chl_column *made, chl_error *err)
{
    int32_t n = chl_levels_count(a->levels), more = chl_levels_count(b->levels);
    int32_t *code = chl_alloc((size_t)(n > more ? n : more), sizeof *code);
    chl_status status = code ? chl_levels_new(&made->levels, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = add_levels(made->levels, a->levels, code, err);
    }
    if (status == CHL_OK) {
        status = add_levels(made->levels, b->levels, code, err);
    }
    for (int64_t i = 0; i < b->length && status == CHL_OK; i++) {
        int32_t old = b->values.codes[i];
        made->values.codes[a->length + i] = old < 0 ? -1 : code[old];
    }
    chl_free(code);
    return status;
}

/* ---- all types ---- */

static chl_status append_bytes(const chl_column *a, const chl_column *b, chl_column *made,
                               chl_error *err)
{
    int64_t used = a->values.offsets[a->length], more = b->values.offsets[b->length];
    made->bytes = chl_alloc((size_t)(used + more), 1);
    if (!made->bytes) {
        return chl_fail_memory(err);
    }
    if (used) {
        memcpy(made->bytes, a->bytes, (size_t)used);
    }
    if (more) {
        memcpy(made->bytes + used, b->bytes, (size_t)more);
    }
    for (int64_t i = 0; i <= b->length; i++) {
        made->values.offsets[a->length + i] = used + b->values.offsets[i];
    }
    return CHL_OK;
}

static void copy_values(const chl_column *a, const chl_column *b, chl_column *made)
{
    size_t size = chl_type_size(a->type), used = (size_t)a->length * size;
    char *values = made->values.any;
    memcpy(values, a->values.any, used);
    memcpy(values + used, b->values.any, (size_t)b->length * size);
}

static chl_status fill(const chl_column *a, const chl_column *b, chl_column *made,
                       chl_error *err)
{
    copy_values(a, b, made);
    if (a->type == CHL_STRING) {
        return append_bytes(a, b, made, err);
    }
    if (a->type != CHL_CATEGORY) {
        return CHL_OK;
    }
    if (a->levels == b->levels) {
        made->levels = chl_levels_retain(a->levels);
        return CHL_OK;
    }
    return append_levels(a, b, made, err);
}

chl_status chl_column_append(const chl_column *a, const chl_column *b, chl_column **out,
                             chl_error *err)
{
    *out = NULL;
    chl_column *made = NULL;
    bool nullable = a->validity || b->validity;
    CHL_TRY(chl_column_new(a->type, a->length + b->length, nullable, &made, err));
    chl_status status = fill(a, b, made, err);
    if (status != CHL_OK) {
        chl_column_release(made);
        return status;
    }
    for (int64_t i = 0; nullable && i < made->length; i++) {
        bool valid =
            i < a->length ? chl_column_valid(a, i) : chl_column_valid(b, i - a->length);
        if (!valid) {
            chl_column_set_null(made, i);
        }
    }
    chl_column_seal(made);
    *out = made;
    return CHL_OK;
}
