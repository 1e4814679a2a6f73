/* SPDX-License-Identifier: MIT */
#include "core/metrics/ranking.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/metrics/scores.h"

/* NaN prints without the sign that a computation happened to leave. */
static double shown(double value)
{
    return isnan(value) ? (double)NAN : value;
}

chl_status chl_check_labels(const char *where, const double *y, int64_t n, chl_error *err)
{
    if (n < 1 || n > INT32_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: y: expected 1 to %d rows, got %lld", where,
                        (int)INT32_MAX, (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        if (y[i] != 0 && y[i] != 1) {
            return chl_fail(err, isfinite(y[i]) ? CHL_EINVAL : CHL_ENUMERIC,
                            "%s: y: row %lld: expected 0 or 1, got %g", where,
                            (long long)i + 1, shown(y[i]));
        }
    }
    return CHL_OK;
}

chl_status chl_check_finite(const char *where, const double *p, int64_t n, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(p[i])) {
            return chl_fail(err, CHL_ENUMERIC,
                            "%s: p: row %lld: expected a finite number, got %g", where,
                            (long long)i + 1, shown(p[i]));
        }
    }
    return CHL_OK;
}

chl_status chl_check_probabilities(const char *where, const double *p, int64_t n,
                                   chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1)) {
            return chl_fail(err, isfinite(p[i]) ? CHL_EINVAL : CHL_ENUMERIC,
                            "%s: p: row %lld: expected a probability from 0 to 1, got %g",
                            where, (long long)i + 1, shown(p[i]));
        }
    }
    return CHL_OK;
}

/* Bits that order as unsigned integers the way scores fall; -0 and 0 are one score. */
static uint64_t falling_key(double score)
{
    double normal = score + 0.0;
    uint64_t bits;
    memcpy(&bits, &normal, sizeof bits);
    uint64_t sign = UINT64_C(1) << 63;
    return bits & sign ? bits : ~(bits | sign);
}

enum { DIGITS = 8, VALUES = 256 };

static void count_digits(const chl_ranked *items, int64_t n,
                         uint32_t counts[DIGITS][VALUES])
{
    memset(counts, 0, DIGITS * sizeof counts[0]);
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < DIGITS; d++) {
            counts[d][items[i].key >> (8 * d) & 0xff]++;
        }
    }
}

/* One stable pass; false when all items share the digit and nothing moved. */
static int move_by_digit(const chl_ranked *from, chl_ranked *to, int64_t n, int digit,
                         uint32_t counts[VALUES])
{
    if (counts[from[0].key >> (8 * digit) & 0xff] == (uint32_t)n) {
        return 0;
    }
    uint32_t start = 0;
    for (int v = 0; v < VALUES; v++) {
        uint32_t count = counts[v];
        counts[v] = start;
        start += count;
    }
    for (int64_t i = 0; i < n; i++) {
        to[counts[from[i].key >> (8 * digit) & 0xff]++] = from[i];
    }
    return 1;
}

/* `items` has room for 2n; returns the half that ends sorted. */
static chl_ranked *sort_by_key(chl_ranked *items, int64_t n)
{
    uint32_t counts[DIGITS][VALUES];
    count_digits(items, n, counts);
    chl_ranked *from = items, *to = items + n;
    for (int d = 0; d < DIGITS; d++) {
        if (move_by_digit(from, to, n, d, counts[d])) {
            chl_ranked *swapped = from;
            from = to;
            to = swapped;
        }
    }
    return from;
}

chl_status chl_rank(const double *y, const double *p, int64_t n, chl_ranked **out,
                    chl_error *err)
{
    *out = NULL;
    chl_ranked *items = chl_alloc((size_t)n, 2 * sizeof *items);
    if (!items) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        items[i] = (chl_ranked){falling_key(p[i]), (uint32_t)i, (uint32_t)y[i]};
    }
    chl_ranked *sorted = sort_by_key(items, n);
    if (sorted != items) {
        memcpy(items, sorted, (size_t)n * sizeof *items);
    }
    *out = items;
    return CHL_OK;
}

/* Twice the number of (positive, negative) pairs in the right order, ties counting half:
 * an integer, so the area has no rounding but that of one division. */
static double area(const chl_ranked *items, int64_t n)
{
    int64_t positives = 0, twice = 0;
    for (int64_t i = 0; i < n;) {
        int64_t start = i, in_group = 0;
        for (uint64_t key = items[i].key; i < n && items[i].key == key; i++) {
            in_group += items[i].y;
        }
        twice += (i - start - in_group) * (2 * positives + in_group);
        positives += in_group;
    }
    int64_t negatives = n - positives;
    return positives && negatives
               ? (double)twice / (2 * (double)positives * (double)negatives)
               : NAN;
}

chl_status chl_roc_auc(const double *y, const double *p, int64_t n, double *auc,
                       chl_error *err)
{
    *auc = NAN;
    CHL_TRY(chl_check_labels("roc_auc", y, n, err));
    CHL_TRY(chl_check_finite("roc_auc", p, n, err));
    chl_ranked *items;
    CHL_TRY(chl_rank(y, p, n, &items, err));
    *auc = area(items, n);
    chl_free(items);
    return CHL_OK;
}
