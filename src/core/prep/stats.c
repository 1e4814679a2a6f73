/* SPDX-License-Identifier: MIT */
#include "core/prep/stats.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/alloc.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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
    qsort(values, (size_t)present, sizeof *values, compare);
    *sample = (chl_sample){.values = values, .n = present};
    return CHL_OK;
}

void chl_sample_reset(chl_sample *sample)
{
    chl_free(sample->values);
    *sample = (chl_sample){0};
}

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
