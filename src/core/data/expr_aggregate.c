/* SPDX-License-Identifier: MIT
 *
 * Aggregates over groups of rows. Layer: core/data. Missing values are skipped. Sums are
 * compensated (Neumaier 1974), variances run after Welford (1962), quantiles interpolate
 * linearly between order statistics (Hyndman and Fan, type 7).
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/data/expr_internal.h"

/* What every reducer reads and makes. */
typedef struct job {
    const chl_column *values;
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

static void *counts_new(const job *j)
{
    return chl_calloc((size_t)j->groups, sizeof(int64_t));
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

static chl_status reduce_sum_f64(const job *j)
{
    double *out = j->out->values.f64;
    double *lost = chl_calloc((size_t)j->groups, sizeof *lost);
    if (!lost) {
        return chl_fail_memory(j->err);
    }
    for (int64_t i = 0; i < j->rows; i++) {
        int64_t g = group_of(j, i);
        if (present(j, i)) {
            add_compensated(&out[g], &lost[g], j->values->values.f64[i]);
        }
    }
    for (int64_t g = 0; g < j->groups; g++) {
        out[g] += lost[g];
    }
    chl_free(lost);
    return CHL_OK;
}

static chl_status reduce_mean(const job *j)
{
    int64_t *count = counts_new(j);
    if (!count) {
        return chl_fail_memory(j->err);
    }
    chl_status status = reduce_sum_f64(j);
    for (int64_t i = 0; i < j->rows; i++) {
        count[group_of(j, i)] += present(j, i);
    }
    for (int64_t g = 0; g < j->groups; g++) {
        if (count[g] == 0) {
            chl_column_set_null(j->out, g);
        } else {
            j->out->values.f64[g] /= (double)count[g];
        }
    }
    chl_free(count);
    return status;
}

static chl_status reduce_spread(const job *j, bool root)
{
    int64_t *count = counts_new(j);
    double *mean = chl_calloc((size_t)j->groups, sizeof *mean);
    double *squares = j->out->values.f64;
    if (!count || !mean) {
        chl_free(count);
        chl_free(mean);
        return chl_fail_memory(j->err);
    }
    for (int64_t i = 0; i < j->rows; i++) {
        if (present(j, i)) {
            int64_t g = group_of(j, i);
            double value = j->values->values.f64[i], step = value - mean[g];
            mean[g] += step / (double)++count[g];
            squares[g] += step * (value - mean[g]);
        }
    }
    for (int64_t g = 0; g < j->groups; g++) {
        if (count[g] < 2) {
            chl_column_set_null(j->out, g);
            continue;
        }
        double variance = squares[g] / (double)(count[g] - 1);
        squares[g] = root ? sqrt(variance) : variance;
    }
    chl_free(count);
    chl_free(mean);
    return CHL_OK;
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

static void swap(double *a, double *b)
{
    double held = *a;
    *a = *b;
    *b = held;
}

/* Partial order: x[k] lands in its sorted place, smaller ones before it. The pivot is the
 * middle of three, so sorted input is no worst case. */
static void select_kth(double *x, int64_t n, int64_t k)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
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
        double pivot = x[middle];
        int64_t i = low, k2 = high;
        while (i <= k2) {
            while (x[i] < pivot) {
                i++;
            }
            while (x[k2] > pivot) {
                k2--;
            }
            if (i <= k2) {
                swap(&x[i++], &x[k2--]);
            }
        }
        if (k <= k2) {
            high = k2;
        } else if (k >= i) {
            low = i;
        } else {
            return;
        }
    }
}

static double quantile_of(double *x, int64_t n, double q)
{
    double place = q * (double)(n - 1);
    int64_t k = (int64_t)floor(place);
    double share = place - (double)k;
    select_kth(x, n, k);
    if (share == 0 || k + 1 >= n) {
        return x[k];
    }
    double next = x[k + 1];
    for (int64_t i = k + 2; i < n; i++) {
        next = x[i] < next ? x[i] : next;
    }
    return x[k] + share * (next - x[k]);
}

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
            j->out->values.f64[g] = quantile_of(values + from[g], n, q);
        }
    }
    chl_free(values);
    chl_free(from);
    return CHL_OK;
}

/* ---- distinct values ---- */

typedef struct pair_set {
    struct pair {
        int64_t group; /* -1 = free */
        uint64_t key;
    } * slots;
    size_t mask; /* slots - 1, a power of two */
} pair_set;

static bool pair_insert(pair_set *set, int64_t group, uint64_t key)
{
    size_t at = (size_t)(chl_hash_u64(key ^ chl_hash_u64((uint64_t)group))) & set->mask;
    while (set->slots[at].group >= 0) {
        if (set->slots[at].group == group && set->slots[at].key == key) {
            return false;
        }
        at = (at + 1) & set->mask;
    }
    set->slots[at].group = group;
    set->slots[at].key = key;
    return true;
}

static uint64_t key_of(const chl_column *c, int64_t row)
{
    double number;
    uint64_t bits;
    switch (c->type) {
    case CHL_F64:
        number = c->values.f64[row] == 0 ? 0 : c->values.f64[row]; /* -0 is 0 */
        memcpy(&bits, &number, sizeof bits);
        return bits;
    case CHL_I64: return (uint64_t)c->values.i64[row];
    case CHL_BOOL: return c->values.boolean[row];
    default: return (uint64_t)(int64_t)c->values.codes[row]; /* codes and days */
    }
}

static chl_status key_of_text(const job *j, chl_levels *texts, int64_t row, uint64_t *key)
{
    size_t n;
    int32_t code;
    const char *bytes = chl_column_string(j->values, row, &n);
    CHL_TRY(chl_levels_intern(texts, bytes, n, &code, j->err));
    *key = (uint64_t)code;
    return CHL_OK;
}

static chl_status count_distinct(const job *j, pair_set *set, chl_levels *texts)
{
    for (int64_t i = 0; i < j->rows; i++) {
        if (!present(j, i)) {
            continue;
        }
        uint64_t key = 0;
        if (texts) {
            CHL_TRY(key_of_text(j, texts, i, &key));
        } else {
            key = key_of(j->values, i);
        }
        int64_t g = group_of(j, i);
        j->out->values.i64[g] += pair_insert(set, g, key);
    }
    return CHL_OK;
}

static chl_status reduce_distinct(const job *j)
{
    size_t size = 16;
    while (size < (size_t)j->rows * 2) {
        size *= 2;
    }
    pair_set set = {.slots = chl_alloc(size, sizeof *set.slots), .mask = size - 1};
    if (!set.slots) {
        return chl_fail_memory(j->err);
    }
    for (size_t i = 0; i < size; i++) {
        set.slots[i].group = -1;
    }
    chl_levels *texts = NULL;
    chl_status status =
        j->values->type == CHL_STRING ? chl_levels_new(&texts, j->err) : CHL_OK;
    if (status == CHL_OK) {
        status = count_distinct(j, &set, texts);
    }
    if (texts) {
        chl_levels_release(texts);
    }
    chl_free(set.slots);
    return status;
}

/* ---- the table ---- */

static chl_status reduce(const job *j, expr_fn fn, double q)
{
    switch (fn) {
    case FN_COUNT: return reduce_count(j);
    case FN_COUNT_IF: return reduce_count_if(j);
    case FN_SUM:
        return j->values->type == CHL_I64 ? reduce_sum_i64(j) : reduce_sum_f64(j);
    case FN_MEAN: return reduce_mean(j);
    case FN_MIN: return reduce_extreme(j, false);
    case FN_MAX: return reduce_extreme(j, true);
    case FN_VAR: return reduce_spread(j, false);
    case FN_STD: return reduce_spread(j, true);
    case FN_N_DISTINCT: return reduce_distinct(j);
    case FN_ANY: return reduce_condition(j, true);
    case FN_ALL: return reduce_condition(j, false);
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

chl_status chl_expr_reduce(expr_fn fn, const chl_column *values, int64_t rows,
                           const int64_t *group, int64_t groups, double q,
                           chl_column **out, chl_error *err)
{
    job j = {values, rows, groups, group, NULL, err};
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
