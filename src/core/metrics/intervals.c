/* SPDX-License-Identifier: MIT */
#include "core/metrics/intervals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"

chl_status chl_check_replicates(int replicates, chl_error *err)
{
    if (replicates < 2 || replicates > CHL_REPLICATES_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "bootstrap: replicates: expected 2 to %d, got %d",
                        CHL_REPLICATES_MAX, replicates);
    }
    return CHL_OK;
}

void chl_resample_counts(uint64_t seed, uint64_t replicate, int64_t n, uint32_t *counts)
{
    chl_rng rng;
    memset(counts, 0, (size_t)n * sizeof *counts);
    chl_rng_init(&rng, seed, CHL_RNG_BOOTSTRAP, replicate);
    for (int64_t i = 0; i < n; i++) {
        counts[chl_rng_below(&rng, (uint64_t)n)]++;
    }
}

/* A chunk of replicates: what runs between two progress reports. */
typedef struct chunk {
    const chl_control *control;
    chl_task_fn *run;
    void *ctx;
    int start; /* its first replicate */
} chunk;

static chl_status run_replicate(void *ctx, size_t index, chl_error *err)
{
    const chunk *c = ctx;
    CHL_TRY(chl_control_check(c->control, "bootstrap", err));
    return c->run(c->ctx, (size_t)c->start + index, err);
}

chl_status chl_run_replicates(const chl_control *control, int replicates,
                              chl_task_fn *run, void *ctx, chl_error *err)
{
    enum { CHUNK = 64 };
    chunk c = {.control = control, .run = run, .ctx = ctx};
    for (; c.start < replicates; c.start += CHUNK) {
        int left = replicates - c.start;
        size_t n = (size_t)(left < CHUNK ? left : CHUNK);
        CHL_TRY(
            chl_parallel_for(chl_control_threads(control), n, run_replicate, &c, err));
        char text[48];
        int done = c.start + (int)n;
        snprintf(text, sizeof text, "bootstrap %d/%d", done, replicates);
        chl_control_report(control, (double)done / replicates, text);
    }
    return CHL_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int n, double share)
{
    if (n == 0) {
        return NAN;
    }
    double at = share * (n - 1);
    int below = (int)at;
    int above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

void chl_percentile_interval(double *values, int n, double *low, double *high)
{
    int finite = 0;
    for (int i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            values[finite++] = values[i];
        }
    }
    qsort(values, (size_t)finite, sizeof *values, compare);
    *low = quantile(values, finite, 0.025);
    *high = quantile(values, finite, 0.975);
}
