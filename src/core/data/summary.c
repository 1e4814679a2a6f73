/* SPDX-License-Identifier: MIT */
#include "core/data/summary.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

double chl_sum(const double *x, int64_t n)
{
    double sum = 0, lost = 0;
    for (int64_t i = 0; i < n; i++) {
        double next = sum + x[i];
        lost += fabs(sum) >= fabs(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
        sum = next;
    }
    return isfinite(lost) ? sum + lost : sum;
}

double chl_mean(const double *x, int64_t n)
{
    return n ? chl_sum(x, n) / (double)n : NAN;
}

double chl_std(const double *x, int64_t n)
{
    if (n < 2) {
        return NAN;
    }
    double mean = chl_mean(x, n), squares = 0, drift = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        drift += d; /* corrects the rounding of the mean (two-pass formula) */
    }
    return sqrt((squares - drift * drift / (double)n) / (double)(n - 1));
}

double chl_min(const double *x, int64_t n)
{
    double least = n ? x[0] : NAN;
    for (int64_t i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
    }
    return least;
}

double chl_max(const double *x, int64_t n)
{
    double greatest = n ? x[0] : NAN;
    for (int64_t i = 1; i < n; i++) {
        greatest = x[i] > greatest ? x[i] : greatest;
    }
    return greatest;
}

/* ---- quantiles ---- */

static double between(double low, double high, double share)
{
    double step = high - low;
    /* from the nearer end, so that q = 1 gives the end exactly and the result is monotone
     */
    return share < 0.5 ? low + step * share : high - step * (1 - share);
}

double chl_quantile_sorted(const double *x, int64_t n, double q)
{
    if (n == 0) {
        return NAN;
    }
    double position = (double)(n - 1) * q;
    int64_t below = (int64_t)position;
    if (below >= n - 1) {
        return x[n - 1];
    }
    return between(x[below], x[below + 1], position - (double)below);
}

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* The middle of the first, middle and last value, moved to the middle. */
static double choose_pivot(double *x, int64_t low, int64_t high)
{
    int64_t middle = low + (high - low) / 2;
    if (x[middle] < x[low]) {
        swap(&x[middle], &x[low]);
    }
    if (x[high] < x[low]) {
        swap(&x[high], &x[low]);
    }
    if (x[high] < x[middle]) {
        swap(&x[high], &x[middle]);
    }
    return x[middle];
}

/* Hoare's quickselect: afterwards x[k] is in its sorted place, smaller ones before it. */
static void select_rank(double *x, int64_t n, int64_t k)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = choose_pivot(x, low, high);
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) {
                i++;
            }
            while (x[j] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&x[i++], &x[j--]);
            }
        }
        if (k <= j) {
            high = j;
        } else if (k >= i) {
            low = i;
        } else {
            return;
        }
    }
}

double chl_quantile(double *x, int64_t n, double q)
{
    if (n == 0) {
        return NAN;
    }
    double position = (double)(n - 1) * q;
    int64_t below = (int64_t)position;
    if (below >= n - 1) {
        return chl_max(x, n);
    }
    select_rank(x, n, below);
    double next = chl_min(x + below + 1, n - below - 1);
    return between(x[below], next, position - (double)below);
}

/* ---- columns ---- */

chl_status chl_column_numbers(const chl_column *column, const char *where,
                              double **values, int64_t *n, chl_error *err)
{
    *values = NULL;
    *n = 0;
    if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        return chl_fail(err, CHL_ETYPE, "%s: expected a column of numbers, got %s", where,
                        chl_type_name(column->type));
    }
    double *numbers =
        chl_alloc((size_t)(column->length - column->nulls), sizeof *numbers);
    if (!numbers) {
        return chl_fail_memory(err);
    }
    int64_t count = 0;
    for (int64_t i = 0; i < column->length; i++) {
        if (chl_column_valid(column, i)) {
            numbers[count++] = chl_column_number(column, i);
        }
    }
    *values = numbers;
    *n = count;
    return CHL_OK;
}

chl_status chl_column_summary(const chl_column *column, chl_summary *summary,
                              chl_error *err)
{
    double *x;
    int64_t n;
    *summary = (chl_summary){0};
    CHL_TRY(chl_column_numbers(column, "summary", &x, &n, err));
    *summary = (chl_summary){.count = n,
                             .sum = chl_sum(x, n),
                             .mean = chl_mean(x, n),
                             .std = chl_std(x, n),
                             .min = chl_min(x, n),
                             .max = chl_max(x, n)};
    summary->q25 = chl_quantile(x, n, 0.25);
    summary->median = chl_quantile(x, n, 0.5);
    summary->q75 = chl_quantile(x, n, 0.75);
    chl_free(x);
    return CHL_OK;
}

bool chl_column_sum_i64(const chl_column *column, int64_t *sum)
{
    *sum = 0;
    for (int64_t i = 0; i < column->length; i++) {
        int64_t value =
            column->type == CHL_BOOL ? column->values.boolean[i] : column->values.i64[i];
        if (__builtin_add_overflow(*sum, value, sum)) {
            return false;
        }
    }
    return true; /* the value behind a missing row is zero */
}

bool chl_column_range_i64(const chl_column *column, int64_t *min, int64_t *max)
{
    bool found = false;
    for (int64_t i = 0; i < column->length; i++) {
        if (!chl_column_valid(column, i)) {
            continue;
        }
        int64_t value =
            column->type == CHL_DATE ? column->values.days[i] : column->values.i64[i];
        *min = !found || value < *min ? value : *min;
        *max = !found || value > *max ? value : *max;
        found = true;
    }
    return found;
}
