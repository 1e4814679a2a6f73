/* SPDX-License-Identifier: MIT
 *
 * Aggregates over groups of rows. Layer: core/expr. Missing values are skipped. The
 * arithmetic is that of summary.h (compensated sums, two-pass variances, linear
 * quantiles), step by step, so that std(Age) and the column's std are the same double.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/distinct.h"
#include "core/expr/expr_internal.h"
#include "core/data/group.h"
#include "core/data/sort.h"
#include "core/data/summary.h"

/* What every reducer reads and makes. */
typedef struct job {
    const chl_column *values, *weights; /* weights: wmean only */
    int64_t rows, groups;
    const int64_t *group;
    chl_column *out; /* nullable, zeroed, one row a group */
    chl_error *err;
} job;

static inline int64_t group_of(const job *j, int64_t row)
{
    return j->group ? j->group[row] : 0;
}

static inline bool present(const job *j, int64_t row)
{
    return chl_column_valid(j->values, row);
}

/* ---- counts and conditions ---- */

static chl_status reduce_count(const job *j)
{
    int64_t *out = j->out->values.i64;
    for (int64_t i = 0; i < j->rows; i++) {
        out[group_of(j, i)] += !j->values || present(j, i);
    }
    return CHL_OK;
}

static chl_status reduce_count_if(const job *j)
{
    int64_t *out = j->out->values.i64;
    for (int64_t i = 0; i < j->rows; i++) {
        out[group_of(j, i)] += present(j, i) && j->values->values.boolean[i];
    }
    return CHL_OK;
}

/* any: true once a value is true; all: false once a value is false. */
static chl_status reduce_condition(const job *j, bool decisive)
{
    uint8_t *out = j->out->values.boolean;
    memset(out, !decisive, (size_t)j->groups);
    for (int64_t i = 0; i < j->rows; i++) {
        if (present(j, i) && j->values->values.boolean[i] == decisive) {
            out[group_of(j, i)] = decisive;
        }
    }
    return CHL_OK;
}

/* ---- sums ---- */

static chl_status reduce_sum_i64(const job *j)
{
    int64_t *out = j->out->values.i64;
    uint8_t *lost = chl_calloc((size_t)j->groups, 1);
    if (!lost) {
        return chl_fail_memory(j->err);
    }
    for (int64_t i = 0; i < j->rows; i++) {
        int64_t g = group_of(j, i);
        if (present(j, i)) {
            lost[g] |= __builtin_add_overflow(out[g], j->values->values.i64[i], &out[g]);
        }
    }
    for (int64_t g = 0; g < j->groups; g++) {
        if (lost[g]) {
            chl_column_set_null(j->out, g);
        }
    }
    chl_free(lost);
    return CHL_OK;
}

/* Sums into out; `lost` collects the low parts and is added at the end. */
static void add_compensated(double *sum, double *lost, double value)
{
    double total = *sum + value;
    *lost += fabs(*sum) >= fabs(value) ? (*sum - total) + value : (value - total) + *sum;
    *sum = total;
}

/* The sums as chl_sum makes them, value by value in the order of the rows. */
static chl_status add_up(const job *j, double *sum)
{
    double *lost = chl_calloc((size_t)j->groups, sizeof *lost);
    if (!lost) {
        return chl_fail_memory(j->err);
    }
    for (int64_t i = 0; i < j->rows; i++) {
        int64_t g = group_of(j, i);
        if (present(j, i)) {
            add_compensated(&sum[g], &lost[g], j->values->values.f64[i]);
        }
    }
    for (int64_t g = 0; g < j->groups; g++) {
        sum[g] += isfinite(lost[g]) ? lost[g] : 0;
    }
    chl_free(lost);
    return CHL_OK;
}

/* Means and numbers of present values; 0 for a group without any. */
static chl_status find_means(const job *j, double *mean, int64_t *count)
{
    CHL_TRY(add_up(j, mean));
    for (int64_t i = 0; i < j->rows; i++) {
        count[group_of(j, i)] += present(j, i);
    }
    for (int64_t g = 0; g < j->groups; g++) {
        mean[g] /= count[g] ? (double)count[g] : 1;
    }
    return CHL_OK;
}

static chl_status reduce_mean(const job *j)
{
    int64_t *count = chl_calloc((size_t)j->groups, sizeof *count);
    if (!count) {
        return chl_fail_memory(j->err);
    }
    chl_status status = find_means(j, j->out->values.f64, count);
    for (int64_t g = 0; g < j->groups; g++) {
        if (count[g] == 0) {
            chl_column_set_null(j->out, g);
        }
    }
    chl_free(count);
    return status;
}

/* What a variance needs of one group. */
typedef struct spread {
    double drift, squares; /* sums of (x - mean) and of its square */
} spread;

static void add_squares(const job *j, const double *mean, spread *s)
{
    for (int64_t i = 0; i < j->rows; i++) {
        if (present(j, i)) {
            int64_t g = group_of(j, i);
            double d = j->values->values.f64[i] - mean[g];
            s[g].squares += d * d;
            s[g].drift += d;
        }
    }
}

static chl_status reduce_spread(const job *j, bool root)
{
    int64_t *count = chl_calloc((size_t)j->groups, sizeof *count);
    double *mean = chl_calloc((size_t)j->groups, sizeof *mean);
    spread *s = chl_calloc((size_t)j->groups, sizeof *s);
    chl_status status =
        count && mean && s ? find_means(j, mean, count) : chl_fail_memory(j->err);
    if (status == CHL_OK) {
        add_squares(j, mean, s);
    }
    for (int64_t g = 0; status == CHL_OK && g < j->groups; g++) {
        double n = (double)count[g];
        double variance = (s[g].squares - s[g].drift * s[g].drift / n) / (n - 1);
        j->out->values.f64[g] = root ? sqrt(variance) : variance;
        if (count[g] < 2) {
            chl_column_set_null(j->out, g);
        }
    }
    chl_free(count);
    chl_free(mean);
    chl_free(s);
    return status;
}

/* ---- extremes and picks ---- */

#define EXTREME(name, type, member)                                                      \
    static void name(const job *j, uint8_t *seen, bool largest)                          \
    {                                                                                    \
        type *out = j->out->values.member;                                               \
        for (int64_t i = 0; i < j->rows; i++) {                                          \
            int64_t g = group_of(j, i);                                                  \
            type value = j->values->values.member[i];                                    \
            if (present(j, i) &&                                                         \
                (!seen[g] || (largest ? value > out[g] : value < out[g]))) {             \
                out[g] = value;                                                          \
                seen[g] = 1;                                                             \
            }                                                                            \
        }                                                                                \
    }

EXTREME(extreme_f64, double, f64)
EXTREME(extreme_i64, int64_t, i64)
EXTREME(extreme_days, int32_t, days)
EXTREME(extreme_micros, int64_t, micros)

static chl_status reduce_extreme(const job *j, bool largest)
{
    uint8_t *seen = chl_calloc((size_t)j->groups, 1);
    if (!seen) {
        return chl_fail_memory(j->err);
    }
    if (j->values->type == CHL_F64) {
        extreme_f64(j, seen, largest);
    } else if (j->values->type == CHL_I64) {
        extreme_i64(j, seen, largest);
    } else if (j->values->type == CHL_TIMESTAMP) {
        extreme_micros(j, seen, largest);
    } else {
        extreme_days(j, seen, largest);
    }
    for (int64_t g = 0; g < j->groups; g++) {
        if (!seen[g]) {
            chl_column_set_null(j->out, g);
        }
    }
    chl_free(seen);
    return CHL_OK;
}

/* first and last keep the type, so they take rows. */
static chl_status reduce_pick(const job *j, bool last, chl_column **out)
{
    int64_t *rows = chl_alloc((size_t)j->groups, sizeof *rows);
    if (!rows) {
        return chl_fail_memory(j->err);
    }
    for (int64_t g = 0; g < j->groups; g++) {
        rows[g] = -1;
    }
    for (int64_t i = 0; i < j->rows; i++) {
        int64_t g = group_of(j, i);
        if (present(j, i) && (last || rows[g] < 0)) {
            rows[g] = i;
        }
    }
    chl_status status = chl_column_take(j->values, rows, j->groups, out, j->err);
    chl_free(rows);
    return status;
}

/* ---- quantiles ---- */

/* Puts the present values of each group side by side: group g at from[g] … from[g+1]. */
static void gather(const job *j, double *values, int64_t *from)
{
    for (int64_t i = 0; i < j->rows; i++) {
        from[group_of(j, i) + 1] += present(j, i);
    }
    for (int64_t g = 0; g < j->groups; g++) {
        from[g + 1] += from[g];
    }
    for (int64_t i = 0; i < j->rows; i++) {
        if (present(j, i)) {
            values[from[group_of(j, i)]++] = j->values->values.f64[i];
        }
    }
    for (int64_t g = j->groups; g > 0; g--) {
        from[g] = from[g - 1]; /* filling moved each start to its end */
    }
    from[0] = 0;
}

static chl_status reduce_quantile(const job *j, double q)
{
    double *values = chl_alloc((size_t)j->rows, sizeof *values);
    int64_t *from = chl_calloc((size_t)j->groups + 1, sizeof *from);
    if (!values || !from) {
        chl_free(values);
        chl_free(from);
        return chl_fail_memory(j->err);
    }
    gather(j, values, from);
    for (int64_t g = 0; g < j->groups; g++) {
        int64_t n = from[g + 1] - from[g];
        if (n == 0) {
            chl_column_set_null(j->out, g);
        } else {
            j->out->values.f64[g] = chl_quantile(values + from[g], n, q);
        }
    }
    chl_free(values);
    chl_free(from);
    return CHL_OK;
}

/* ---- weighted means ---- */

/* A sum with its low part. */
typedef struct wide_sum {
    double sum, lost;
} wide_sum;

/* Rows count where value and weight are present; without weight in sum there is none. */
static chl_status reduce_weighted(const job *j)
{
    wide_sum *above = chl_calloc((size_t)j->groups, sizeof *above);
    wide_sum *below = chl_calloc((size_t)j->groups, sizeof *below);
    chl_status status = above && below ? CHL_OK : chl_fail_memory(j->err);
    for (int64_t i = 0; status == CHL_OK && i < j->rows; i++) {
        if (present(j, i) && chl_column_valid(j->weights, i)) {
            int64_t g = group_of(j, i);
            double weight = j->weights->values.f64[i];
            double value = j->values->values.f64[i];
            add_compensated(&above[g].sum, &above[g].lost, value * weight);
            add_compensated(&below[g].sum, &below[g].lost, weight);
        }
    }
    for (int64_t g = 0; status == CHL_OK && g < j->groups; g++) { /* 0 / 0 is missing */
        j->out->values.f64[g] =
            (above[g].sum + above[g].lost) / (below[g].sum + below[g].lost);
    }
    chl_free(above);
    chl_free(below);
    return status;
}

/* ---- distinct values ---- */

/* Pairs of group and value, numbered by first appearance; pairs->count of them. */
static chl_status find_pairs(const job *j, chl_groups *pairs)
{
    chl_distinct values;
    CHL_TRY(chl_distinct_init(&values, j->values, j->err));
    *pairs = (chl_groups){.count = j->groups};
    pairs->group = chl_calloc((size_t)j->rows, sizeof *pairs->group);
    chl_status status = pairs->group ? CHL_OK : chl_fail_memory(j->err);
    if (status == CHL_OK) {
        if (j->group) {
            memcpy(pairs->group, j->group, (size_t)j->rows * sizeof *pairs->group);
        }
        int64_t n = values.count + values.missing;
        status = chl_groups_split(pairs, values.codes, j->rows, n, j->err);
    }
    if (status != CHL_OK) {
        chl_groups_reset(pairs);
    }
    chl_distinct_reset(&values);
    return status;
}

/* Counts each pair once, in the row where it appears first. */
static chl_status reduce_distinct(const job *j)
{
    chl_groups pairs;
    CHL_TRY(find_pairs(j, &pairs));
    int64_t seen = 0;
    for (int64_t i = 0; i < j->rows; i++) {
        if (pairs.group[i] == seen) {
            seen++;
            j->out->values.i64[group_of(j, i)] += present(j, i);
        }
    }
    chl_groups_reset(&pairs);
    return CHL_OK;
}

/* rows[g] = a row with the group's most frequent value, the least of several, or -1. */
static void choose_modes(const job *j, const chl_groups *pairs, const uint64_t *keys,
                         int64_t *counts, int64_t *rows)
{
    for (int64_t i = 0; i < j->rows; i++) {
        counts[pairs->group[i]]++;
    }
    for (int64_t i = 0; i < j->rows; i++) {
        int64_t *best = &rows[group_of(j, i)];
        if (present(j, i) && *best >= 0) {
            int64_t n = counts[pairs->group[i]], most = counts[pairs->group[*best]];
            *best = n > most || (n == most && keys[i] < keys[*best]) ? i : *best;
        } else if (present(j, i)) {
            *best = i;
        }
    }
}

static chl_status reduce_mode(const job *j, chl_column **out)
{
    chl_groups pairs;
    CHL_TRY(find_pairs(j, &pairs));
    uint64_t *keys = chl_alloc((size_t)j->rows, sizeof *keys);
    int64_t *counts = chl_calloc((size_t)pairs.count, sizeof *counts);
    int64_t *rows = chl_alloc((size_t)j->groups, sizeof *rows);
    chl_status status = keys && counts && rows ? chl_sort_keys(j->values, keys, j->err)
                                               : chl_fail_memory(j->err);
    if (status == CHL_OK) {
        memset(rows, 0xff, (size_t)j->groups * sizeof *rows); /* -1 */
        choose_modes(j, &pairs, keys, counts, rows);
        status = chl_column_take(j->values, rows, j->groups, out, j->err);
    }
    chl_free(keys);
    chl_free(counts);
    chl_free(rows);
    chl_groups_reset(&pairs);
    return status;
}

/* ---- the table ---- */

static chl_status reduce(const job *j, expr_fn fn, double q)
{
    switch (fn) {
    case FN_COUNT: return reduce_count(j);
    case FN_COUNT_IF: return reduce_count_if(j);
    case FN_SUM:
        return j->values->type == CHL_I64 ? reduce_sum_i64(j)
                                          : add_up(j, j->out->values.f64);
    case FN_MEAN: return reduce_mean(j);
    case FN_MIN: return reduce_extreme(j, false);
    case FN_MAX: return reduce_extreme(j, true);
    case FN_VAR: return reduce_spread(j, false);
    case FN_STD: return reduce_spread(j, true);
    case FN_N_DISTINCT: return reduce_distinct(j);
    case FN_ANY: return reduce_condition(j, true);
    case FN_ALL: return reduce_condition(j, false);
    case FN_WMEAN: return reduce_weighted(j);
    default: return reduce_quantile(j, fn == FN_MEDIAN ? 0.5 : q);
    }
}

static chl_type result_type(expr_fn fn, const chl_column *values)
{
    switch (fn) {
    case FN_COUNT:
    case FN_COUNT_IF:
    case FN_N_DISTINCT: return CHL_I64;
    case FN_SUM:
    case FN_MIN:
    case FN_MAX: return values->type;
    case FN_ANY:
    case FN_ALL: return CHL_BOOL;
    default: return CHL_F64;
    }
}

chl_status chl_expr_reduce(expr_fn fn, const chl_column *values,
                           const chl_column *weights, int64_t rows, const int64_t *group,
                           int64_t groups, double q, chl_column **out, chl_error *err)
{
    job j = {values, weights, rows, groups, group, NULL, err};
    if (fn == FN_MODE) {
        return reduce_mode(&j, out);
    }
    if (fn == FN_FIRST || fn == FN_LAST) {
        return reduce_pick(&j, fn == FN_LAST, out);
    }
    CHL_TRY(chl_column_new(result_type(fn, values), groups, true, &j.out, err));
    chl_status status = reduce(&j, fn, q);
    if (status != CHL_OK) {
        chl_column_release(j.out);
        return status;
    }
    chl_column_seal(j.out);
    *out = j.out;
    return CHL_OK;
}
