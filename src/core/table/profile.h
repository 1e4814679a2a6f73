/* SPDX-License-Identifier: MIT
 *
 * The figures that a profile shows of one column. Layer: core/table.
 */
#ifndef CHL_TABLE_PROFILE_H
#define CHL_TABLE_PROFILE_H

#include "core/data/column.h"

enum { CHL_PROFILE_BINS = 24, CHL_PROFILE_QUANTILES = 7 };

/* Of the present values of a column of numbers, dates or timestamps. What has no value
 * (the skewness of a constant) is NaN. */
typedef struct chl_profile {
    int64_t count; /* present rows */
    int64_t zeros, negatives;
    int64_t outliers; /* outside q25 - 1.5 IQR … q75 + 1.5 IQR */
    double mean, std;
    double skewness; /* adjusted Fisher-Pearson: sqrt(n (n-1)) / (n-2) · m3 / m2^1.5 */
    double quantiles[CHL_PROFILE_QUANTILES]; /* 0, .05, .25, .5, .75, .95, 1 */
    int bins; /* bands of equal width from the least value, up to 24; those of integers,
               * days and microseconds hold equally many of them */
    int64_t histogram[CHL_PROFILE_BINS];
} chl_profile;
CHL_MUST_CHECK chl_status chl_column_profile(const chl_column *column,
                                             chl_profile *profile, chl_error *err);

/* The q-quantiles of the present values for each of `shares` (0 … 1), as chl_quantile
 * computes them; NaN when there are none. */
CHL_MUST_CHECK chl_status chl_column_quantiles(const chl_column *column,
                                               const double *shares, int64_t n,
                                               double *quantiles, chl_error *err);

/* How many present rows of a text column are dates or timestamps of that format
 * (core/data/time_format.h), spaces around them aside. */
CHL_MUST_CHECK chl_status chl_column_count_times(const chl_column *column,
                                                 const char *format, int64_t *count,
                                                 chl_error *err);

/* Bytes of the values, the bitmap, the text and the names of the levels. */
size_t chl_column_bytes(const chl_column *column);

#endif
