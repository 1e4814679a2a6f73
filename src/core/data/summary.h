/* SPDX-License-Identifier: MIT
 *
 * Aggregates of numbers. Layer: core/data.
 *
 * On arrays they take present values only (no NaN); on columns missing rows are skipped.
 * Sums are compensated (Neumaier 1974); std divides by n-1; quantiles interpolate
 * linearly between order statistics at (n-1)q, as numpy's default. What has no value (the
 * mean of nothing, the std of one number) is NaN.
 */
#ifndef CHL_DATA_SUMMARY_H
#define CHL_DATA_SUMMARY_H

#include "core/data/column.h"

double chl_sum(const double *x, int64_t n); /* 0 for n = 0 */
double chl_mean(const double *x, int64_t n);
double chl_std(const double *x, int64_t n);
double chl_min(const double *x, int64_t n);
double chl_max(const double *x, int64_t n);

/* The q-quantile (0 ≤ q ≤ 1) of values in rising order, and of values in any order, which
 * are reordered (quickselect). */
double chl_quantile_sorted(const double *x, int64_t n, double q);
double chl_quantile(double *x, int64_t n, double q);

/* Everything describe() shows of a numeric or date column. */
typedef struct chl_summary {
    int64_t count; /* present rows */
    double sum, mean, std, min, q25, median, q75, max;
} chl_summary;
CHL_MUST_CHECK chl_status chl_column_summary(const chl_column *column,
                                             chl_summary *summary, chl_error *err);

/* The present rows of a numeric or date column as doubles; the caller frees *values with
 * chl_free. Text is a CHL_ETYPE error that starts with `where`. */
CHL_MUST_CHECK chl_status chl_column_numbers(const chl_column *column, const char *where,
                                             double **values, int64_t *n, chl_error *err);

/* The sum of an i64 or bool column; false when it leaves 64 bits. */
bool chl_column_sum_i64(const chl_column *column, int64_t *sum);
/* The least and the greatest present value of an i64 or date column; false when there is
 * none. */
bool chl_column_range_i64(const chl_column *column, int64_t *min, int64_t *max);

#endif
