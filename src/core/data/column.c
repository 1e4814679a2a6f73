/* SPDX-License-Identifier: MIT
 *
 * Columns: making, sealing, sharing, taking rows. Layer: core/data. Conversions between
 * types are in cast.c, text in number.c and cast.c.
 */
#include "core/data/column.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file_map.h"
#include "core/base/nearest.h"

static const char *const type_names[] = {"f64",    "i64",  "bool",     "category",
                                         "string", "date", "timestamp"};
enum { TYPE_COUNT = sizeof type_names / sizeof type_names[0] };

const char *chl_type_name(chl_type type)
{
    return type_names[type];
}

const char *chl_type_expected(chl_type type)
{
    static const char *const words[] = {"a number",
                                        "an integer",
                                        "true or false",
                                        "a level",
                                        "text",
                                        "a date (2026-11-22)",
                                        "a timestamp (2026-11-22 10:00:00)"};
    return words[type];
}

chl_status chl_type_parse(const char *name, chl_type *type, chl_error *err)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *type = (chl_type)i;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "", "type", name, type_names, TYPE_COUNT);
}

bool chl_type_numeric(chl_type type)
{
    return type == CHL_F64 || type == CHL_I64 || type == CHL_BOOL;
}

size_t chl_type_size(chl_type type)
{
    static const size_t sizes[] = {8, 8, 1, 4, 8, 4, 8};
    return sizes[type];
}

static size_t value_count(chl_type type, int64_t length)
{
    return (size_t)length + (type == CHL_STRING);
}

static size_t bitmap_bytes(int64_t length)
{
    return ((size_t)length + 7) / 8;
}

chl_status chl_column_new_unset(chl_type type, int64_t length, bool nullable,
                                chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_column *column = chl_calloc(1, sizeof *column);
    if (!column) {
        return chl_fail_memory(err);
    }
    atomic_init(&column->refs, 1);
    column->type = type;
    column->length = length;
    size_t n = value_count(type, length);
    column->values.any = chl_alloc_aligned(n, chl_type_size(type));
    column->validity = nullable ? chl_alloc(bitmap_bytes(length), 1) : NULL;
    if (!column->values.any || (nullable && !column->validity)) {
        chl_column_release(column);
        return chl_fail_memory(err);
    }
    if (nullable) {
        memset(column->validity, 0xff, bitmap_bytes(length));
    }
    if (type == CHL_STRING) {
        column->values.offsets[0] = 0;
    }
    *out = column;
    return CHL_OK;
}

chl_status chl_column_new(chl_type type, int64_t length, bool nullable, chl_column **out,
                          chl_error *err)
{
    nullable = nullable || type == CHL_F64; /* seal may have to mark NaN */
    CHL_TRY(chl_column_new_unset(type, length, nullable, out, err));
    memset((*out)->values.any, 0, value_count(type, length) * chl_type_size(type));
    return CHL_OK;
}

chl_status chl_column_adopt(const chl_column *parts, chl_column **out, chl_error *err)
{
    *out = chl_calloc(1, sizeof **out);
    if (!*out) {
        return chl_fail_memory(err);
    }
    (*out)->type = parts->type;
    (*out)->length = parts->length;
    (*out)->nulls = parts->nulls;
    (*out)->validity = parts->validity;
    (*out)->values = parts->values;
    (*out)->bytes = parts->bytes;
    (*out)->levels = parts->levels;
    atomic_init(&(*out)->refs, 1);
    return CHL_OK;
}

void chl_column_set_null(chl_column *column, int64_t i)
{
    column->validity[i >> 3] &= (uint8_t) ~(1u << (i & 7));
}

static void clear_value(chl_column *column, int64_t i)
{
    switch (column->type) {
    case CHL_F64:
    case CHL_I64:
    case CHL_TIMESTAMP: column->values.i64[i] = 0; break;
    case CHL_BOOL: column->values.boolean[i] = 0; break;
    case CHL_CATEGORY: column->values.codes[i] = -1; break;
    case CHL_DATE: column->values.days[i] = 0; break;
    case CHL_STRING: break; /* the builder left an empty string there */
    }
}

static bool all_finite(const double *values, int64_t n)
{
    bool finite = true;
    for (int64_t i = 0; i < n; i++) {
        finite &= fabs(values[i]) <= DBL_MAX;
    }
    return finite;
}

static void seal_rows(chl_column *column, int64_t start, int64_t end)
{
    for (int64_t i = start; i < end; i++) {
        if (column->type == CHL_F64 && !isfinite(column->values.f64[i])) {
            chl_column_set_null(column, i);
        }
        if (!chl_column_valid(column, i)) {
            column->nulls++;
            clear_value(column, i);
        }
    }
}

void chl_column_count_nulls(chl_column *column)
{
    column->nulls = 0;
    if (!column->validity) {
        return;
    }
    int64_t present = 0, i = 0;
    for (; i + 64 <= column->length; i += 64) {
        uint64_t bits;
        memcpy(&bits, column->validity + i / 8, sizeof bits);
        present += __builtin_popcountll(bits);
    }
    for (; i < column->length; i++) {
        present += chl_column_valid(column, i);
    }
    column->nulls = column->length - present;
    if (column->nulls == 0) {
        chl_free(column->validity);
        column->validity = NULL;
    }
}

void chl_column_seal(chl_column *column)
{
    column->nulls = 0;
    if (!column->validity) {
        return;
    }
    for (int64_t i = 0; i < column->length; i += 8) { /* a byte of the bitmap */
        int64_t n = column->length - i < 8 ? column->length - i : 8;
        bool clean = column->validity[i >> 3] == 0xff &&
                     (column->type != CHL_F64 || all_finite(&column->values.f64[i], n));
        if (!clean) {
            seal_rows(column, i, i + n);
        }
    }
    if (column->nulls == 0) {
        chl_free(column->validity);
        column->validity = NULL;
    }
}

chl_column *chl_column_retain(chl_column *column)
{
    atomic_fetch_add(&column->refs, 1);
    return column;
}

void chl_column_release(chl_column *column)
{
    if (column && atomic_fetch_sub(&column->refs, 1) == 1) {
        chl_levels_release(column->levels);
        if (column->map) {
            chl_file_map_release(column->map);
        } else {
            chl_free(column->validity);
            chl_free(column->values.any);
            chl_free(column->bytes);
        }
        chl_free(column);
    }
}

const char *chl_column_string(const chl_column *column, int64_t i, size_t *length)
{
    int64_t start = column->values.offsets[i];
    *length = (size_t)(column->values.offsets[i + 1] - start);
    return column->bytes + start;
}

const char *chl_column_text(const chl_column *column, int64_t i, size_t *length)
{
    if (column->type == CHL_CATEGORY) {
        return chl_levels_name(column->levels, column->values.codes[i], length);
    }
    return chl_column_string(column, i, length);
}

double chl_column_number(const chl_column *column, int64_t i)
{
    switch (column->type) {
    case CHL_F64: return column->values.f64[i];
    case CHL_I64: return (double)column->values.i64[i];
    case CHL_BOOL: return column->values.boolean[i];
    case CHL_DATE: return column->values.days[i];
    case CHL_TIMESTAMP: return (double)column->values.micros[i];
    case CHL_CATEGORY:
    case CHL_STRING: break;
    }
    return NAN;
}

/* ---- rows ---- */

static chl_status slice_values(const chl_column *column, int64_t start, int64_t n,
                               chl_column *slice, chl_error *err)
{
    size_t size = chl_type_size(column->type);
    if (column->type != CHL_STRING) {
        const char *from = column->values.any;
        memcpy(slice->values.any, from + (size_t)start * size, (size_t)n * size);
        return CHL_OK;
    }
    const int64_t *offsets = column->values.offsets + start;
    for (int64_t i = 0; i <= n; i++) {
        slice->values.offsets[i] = offsets[i] - offsets[0];
    }
    size_t bytes = (size_t)(offsets[n] - offsets[0]);
    slice->bytes = chl_alloc(bytes, 1);
    if (!slice->bytes) {
        return chl_fail_memory(err);
    }
    if (bytes) {
        memcpy(slice->bytes, column->bytes + offsets[0], bytes);
    }
    return CHL_OK;
}

chl_status chl_column_slice(const chl_column *column, int64_t start, int64_t n,
                            chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_column *slice = NULL;
    CHL_TRY(chl_column_new_unset(column->type, n, column->validity != NULL, &slice, err));
    if (column->levels) {
        slice->levels = chl_levels_retain(column->levels);
    }
    chl_status status = slice_values(column, start, n, slice, err);
    if (status != CHL_OK) {
        chl_column_release(slice);
        return status;
    }
    for (int64_t i = 0; column->validity && i < n; i++) {
        if (!chl_column_valid(column, start + i)) {
            chl_column_set_null(slice, i);
        }
    }
    chl_column_count_nulls(slice);
    *out = slice;
    return CHL_OK;
}
