/* SPDX-License-Identifier: MIT
 *
 * The distinct values of a column. Layer: core/data. Values are numbered by first
 * appearance; -0 equals 0; all missing rows are one value, the last one.
 */
#ifndef CHL_DATA_DISTINCT_H
#define CHL_DATA_DISTINCT_H

#include "core/data/frame.h"

typedef struct chl_distinct {
    int64_t count;   /* distinct present values */
    bool missing;    /* some row is missing: code `count` */
    int64_t *codes;  /* [rows] number of the row's value */
    int64_t *first;  /* [count + missing] first row of each value */
    int64_t *counts; /* [count + missing] rows of each value */
} chl_distinct;

CHL_MUST_CHECK chl_status chl_distinct_init(chl_distinct *distinct,
                                            const chl_column *column, chl_error *err);
void chl_distinct_reset(chl_distinct *distinct);

/* The number of distinct present values. */
CHL_MUST_CHECK chl_status chl_column_n_distinct(const chl_column *column, int64_t *count,
                                                chl_error *err);

/* A frame of `value`, `n` (i64) and `share` (f64): most frequent first, equal counts by
 * value; missing rows count as a value. */
CHL_MUST_CHECK chl_status chl_value_counts(const chl_column *column, chl_frame **out,
                                           chl_error *err);

#endif
