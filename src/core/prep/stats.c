/* SPDX-License-Identifier: MIT */
#include "core/prep/stats.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"

/* ---- sorting ---- */

enum { DIGIT_BITS = 8, DIGITS = 8, RADIX = 1 << DIGIT_BITS };

/* Bits whose unsigned order is the order of the doubles, and back. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key)
{
    uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Turns the counts of a digit into where its values begin; false when all are equal. */
static bool start_digit(int64_t starts[RADIX], int64_t n)
{
    int64_t at = 0;
    for (int d = 0; d < RADIX; d++) {
        int64_t count = starts[d];
        if (count == n) {
            return false;
        }
        starts[d] = at;
        at += count;
    }
    return true;
}

/* Least significant digit first; the digits of all passes are counted at once. */
static chl_status sort(double *values, int64_t n, chl_error *err)
{
    int64_t starts[DIGITS][RADIX] = {{0}};
    uint64_t *keys = chl_alloc((size_t)n, 2 * sizeof *keys);
    if (!keys) {
        return chl_fail_memory(err);
    }
    uint64_t *from = keys, *to = keys + n;
    for (int64_t i = 0; i < n; i++) {
        from[i] = key_of(values[i]);
        for (int digit = 0; digit < DIGITS; digit++) {
            starts[digit][from[i] >> (digit * DIGIT_BITS) & (RADIX - 1)]++;
        }
    }
    for (int digit = 0; n > 0 && digit < DIGITS; digit++) {
        if (!start_digit(starts[digit], n)) {
            continue;
        }
        for (int64_t i = 0; i < n; i++) {
            to[starts[digit][from[i] >> (digit * DIGIT_BITS) & (RADIX - 1)]++] = from[i];
        }
        uint64_t *swapped = from;
        from = to;
        to = swapped;
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = value_of(from[i]);
    }
    chl_free(keys);
    return CHL_OK;
}

chl_status chl_sample_init(chl_sample *sample, const double *x, int64_t n, chl_error *err)
{
    *sample = (chl_sample){0};
    double *values = chl_alloc((size_t)n, sizeof *values);
    if (!values) {
        return chl_fail_memory(err);
    }
    int64_t present = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            values[present++] = x[i];
        }
    }
    chl_status status = sort(values, present, err);
    if (status != CHL_OK) {
        chl_free(values);
        return status;
    }
    *sample = (chl_sample){.values = values, .n = present};
    return CHL_OK;
}

void chl_sample_reset(chl_sample *sample)
{
    chl_free(sample->values);
    *sample = (chl_sample){0};
}

/* ---- numbers ---- */

static void add(double *sum, double *lost, double value)
{
    double next = *sum + value;
    *lost += fabs(*sum) >= fabs(value) ? (*sum - next) + value : (value - next) + *sum;
    *sum = next;
}

double chl_sample_mean(const chl_sample *sample)
{
    double sum = 0, lost = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        add(&sum, &lost, sample->values[i]);
    }
    return (sum + lost) / (double)sample->n;
}

double chl_sample_variance(const chl_sample *sample, double mean)
{
    double sum = 0, lost = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        double d = sample->values[i] - mean;
        add(&sum, &lost, d * d);
    }
    return (sum + lost) / (double)sample->n;
}

double chl_sample_mode(const chl_sample *sample)
{
    double best = sample->values[0];
    int64_t best_run = 0, run = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        run = i > 0 && sample->values[i] == sample->values[i - 1] ? run + 1 : 1;
        if (run > best_run) {
            best_run = run;
            best = sample->values[i];
        }
    }
    return best;
}

double chl_sample_quantile(const chl_sample *sample, double q)
{
    double at = q * (double)(sample->n - 1);
    int64_t below = (int64_t)floor(at);
    if (below >= sample->n - 1) {
        return sample->values[sample->n - 1];
    }
    double a = sample->values[below], b = sample->values[below + 1], t = at - floor(at);
    /* from the nearer end, as numpy.quantile, so that t = 1 would give exactly b */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}
