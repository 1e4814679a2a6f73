/* SPDX-License-Identifier: MIT
 *
 * Appends values one by one and ends as a column. Layer: core/data. Used by the CSV
 * reader, by tables from Lua and by string kernels.
 */
#ifndef CHL_DATA_BUILDER_H
#define CHL_DATA_BUILDER_H

#include "core/data/column.h"

typedef struct chl_builder {
    chl_type type;
    int64_t length;    /* rows so far */
    void *values;      /* as in chl_column; string: offsets */
    size_t capacity;   /* in rows */
    char *bytes;       /* string only */
    size_t used, room; /* bytes used and allocated */
    uint8_t
        *missing; /* one byte a row while building; NULL until the first missing row */
    size_t missing_capacity;
    chl_levels *levels; /* category only, owned */
    bool levels_given;  /* they came from the caller and keep their order */
} chl_builder;

/* `levels` (category only) may be NULL: then the builder makes its own, which end in byte
 * order. Given ones are retained and appended to. */
CHL_MUST_CHECK chl_status chl_builder_init(chl_builder *builder, chl_type type,
                                           chl_levels *levels, chl_error *err);
void chl_builder_reset(chl_builder *builder);

CHL_MUST_CHECK chl_status chl_builder_null(chl_builder *builder, chl_error *err);
CHL_MUST_CHECK chl_status chl_builder_f64(chl_builder *builder, double value,
                                          chl_error *err);
CHL_MUST_CHECK chl_status chl_builder_i64(chl_builder *builder, int64_t value,
                                          chl_error *err);
CHL_MUST_CHECK chl_status chl_builder_bool(chl_builder *builder, bool value,
                                           chl_error *err);
CHL_MUST_CHECK chl_status chl_builder_days(chl_builder *builder, int32_t days,
                                           chl_error *err);
CHL_MUST_CHECK chl_status chl_builder_micros(chl_builder *builder, int64_t micros,
                                             chl_error *err);
/* String and category columns. */
CHL_MUST_CHECK chl_status chl_builder_text(chl_builder *builder, const char *bytes,
                                           size_t n, chl_error *err);

/* The text's value in the builder's type (bool: also 0 and 1). *fits = false and nothing
 * appended when it is none. */
CHL_MUST_CHECK chl_status chl_builder_parse(chl_builder *builder, const char *text,
                                            size_t length, bool *fits, chl_error *err);

/* Moves everything into a sealed column and resets the builder. After a failure the
 * builder still wants its reset. */
CHL_MUST_CHECK chl_status chl_builder_finish(chl_builder *builder, chl_column **out,
                                             chl_error *err);

#endif
