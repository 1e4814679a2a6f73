/* SPDX-License-Identifier: MIT */
#include "core/data/builder.h"

#include <string.h>

#include "core/base/alloc.h"

chl_status chl_builder_init(chl_builder *builder, chl_type type, chl_levels *levels,
                            chl_error *err)
{
    *builder = (chl_builder){.type = type};
    if (type == CHL_CATEGORY && levels) {
        builder->levels = chl_levels_retain(levels);
        builder->levels_given = true;
    } else if (type == CHL_CATEGORY) {
        return chl_levels_new(&builder->levels, err);
    }
    return CHL_OK;
}

void chl_builder_reset(chl_builder *builder)
{
    chl_levels_release(builder->levels);
    chl_free(builder->values);
    chl_free(builder->bytes);
    chl_free(builder->missing);
    *builder = (chl_builder){0};
}

/* The address of the next value, of strings: of the next row's end offset; NULL when
 * memory is out. */
static void *next_value(chl_builder *b)
{
    size_t size = chl_type_size(b->type);
    size_t index = (size_t)b->length + (b->type == CHL_STRING);
    void *values = chl_grow(b->values, &b->capacity, index + 1, size);
    if (!values) {
        return NULL;
    }
    b->values = values;
    if (b->missing) {
        uint8_t *missing = chl_grow(b->missing, &b->missing_capacity, index + 1, 1);
        if (!missing) {
            return NULL;
        }
        b->missing = missing;
        missing[b->length] = 0;
    }
    return (char *)values + index * size;
}

static chl_status start_missing(chl_builder *b, chl_error *err)
{
    if (!b->missing) {
        b->missing = chl_grow(NULL, &b->missing_capacity, (size_t)b->length + 1, 1);
        if (!b->missing) {
            return chl_fail_memory(err);
        }
        memset(b->missing, 0, (size_t)b->length + 1);
    }
    return CHL_OK;
}

static void end_string(chl_builder *b, void *at)
{
    int64_t end = (int64_t)b->used;
    if (b->length == 0) {
        *(int64_t *)b->values = 0;
    }
    memcpy(at, &end, sizeof end);
}

chl_status chl_builder_null(chl_builder *builder, chl_error *err)
{
    CHL_TRY(start_missing(builder, err));
    void *at = next_value(builder);
    if (!at) {
        return chl_fail_memory(err);
    }
    if (builder->type == CHL_STRING) {
        end_string(builder, at);
    } else {
        memset(at, builder->type == CHL_CATEGORY ? 0xff : 0,
               chl_type_size(builder->type));
    }
    builder->missing[builder->length++] = 1;
    return CHL_OK;
}

#define APPEND(value)                                                                    \
    do {                                                                                 \
        void *at = next_value(builder);                                                  \
        if (!at) {                                                                       \
            return chl_fail_memory(err);                                                 \
        }                                                                                \
        memcpy(at, &(value), sizeof(value));                                             \
        builder->length++;                                                               \
        return CHL_OK;                                                                   \
    } while (0)

chl_status chl_builder_f64(chl_builder *builder, double value, chl_error *err)
{
    APPEND(value);
}

chl_status chl_builder_i64(chl_builder *builder, int64_t value, chl_error *err)
{
    APPEND(value);
}

chl_status chl_builder_bool(chl_builder *builder, bool value, chl_error *err)
{
    uint8_t byte = value;
    APPEND(byte);
}

chl_status chl_builder_days(chl_builder *builder, int32_t days, chl_error *err)
{
    APPEND(days);
}

chl_status chl_builder_micros(chl_builder *builder, int64_t micros, chl_error *err)
{
    APPEND(micros);
}

static chl_status append_string(chl_builder *b, const char *bytes, size_t n,
                                chl_error *err)
{
    void *at = next_value(b);
    char *grown = at && n <= SIZE_MAX - b->used
                      ? chl_grow(b->bytes, &b->room, b->used + n, 1)
                      : NULL;
    if (!grown) {
        return chl_fail_memory(err);
    }
    b->bytes = grown;
    if (n) {
        memcpy(grown + b->used, bytes, n);
    }
    b->used += n;
    end_string(b, at);
    b->length++;
    return CHL_OK;
}

chl_status chl_builder_text(chl_builder *builder, const char *bytes, size_t n,
                            chl_error *err)
{
    if (builder->type == CHL_STRING) {
        return append_string(builder, bytes, n, err);
    }
    int32_t code;
    CHL_TRY(chl_levels_intern(builder->levels, bytes, n, &code, err));
    APPEND(code);
}

/* ---- finishing ---- */

/* Own levels end in byte order, so that codes do not depend on the order of the rows. */
static chl_status sort_levels(chl_builder *b, chl_error *err)
{
    int32_t *rank = chl_alloc((size_t)chl_levels_count(b->levels), sizeof *rank);
    if (!rank) {
        return chl_fail_memory(err);
    }
    chl_levels *sorted = NULL;
    chl_status status = chl_levels_ranks(b->levels, rank, err);
    if (status == CHL_OK) {
        status = chl_levels_sorted(b->levels, rank, &sorted, err);
    }
    if (status == CHL_OK) {
        int32_t *codes = b->values;
        for (int64_t i = 0; i < b->length; i++) {
            codes[i] = codes[i] < 0 ? -1 : rank[codes[i]];
        }
        chl_levels_release(b->levels);
        b->levels = sorted;
    }
    chl_free(rank);
    return status;
}

static void move_into(chl_builder *b, chl_column *column)
{
    size_t n = (size_t)b->length + (b->type == CHL_STRING);
    if (b->length) {
        memcpy(column->values.any, b->values, n * chl_type_size(b->type));
    }
    for (int64_t i = 0; b->missing && i < b->length; i++) {
        if (b->missing[i]) {
            chl_column_set_null(column, i);
        }
    }
    column->bytes = b->bytes;
    column->levels = b->levels;
    b->bytes = NULL;
    b->levels = NULL;
}

chl_status chl_builder_finish(chl_builder *builder, chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_column *column = NULL;
    if (builder->type == CHL_CATEGORY && !builder->levels_given) {
        CHL_TRY(sort_levels(builder, err));
    }
    CHL_TRY(chl_column_new(builder->type, builder->length, builder->missing != NULL,
                           &column, err));
    move_into(builder, column);
    if (column->type == CHL_STRING && !column->bytes) {
        column->bytes = chl_alloc(0, 1);
        if (!column->bytes) {
            chl_column_release(column);
            return chl_fail_memory(err);
        }
    }
    chl_column_seal(column);
    chl_builder_reset(builder);
    *out = column;
    return CHL_OK;
}
