/* SPDX-License-Identifier: MIT
 *
 * What the bootstraps share: a resample as counts, the loop over replicates, and
 * percentile intervals (Efron & Tibshirani 1993, ch. 13). Layer: core/metrics.
 */
#ifndef CHL_METRICS_INTERVALS_H
#define CHL_METRICS_INTERVALS_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/parallel.h"
#include "core/base/status.h"

enum { CHL_REPLICATES_MAX = 1000000 };

CHL_MUST_CHECK chl_status chl_check_replicates(int replicates, chl_error *err);

/* How often each of n rows is in a replicate: counts[n] comes from (seed,
 * CHL_RNG_BOOTSTRAP, replicate) alone. */
void chl_resample_counts(uint64_t seed, uint64_t replicate, int64_t n, uint32_t *counts);

/* run(ctx, 0 … replicates-1) on control's threads; reports progress and can be cancelled.
 */
CHL_MUST_CHECK chl_status chl_run_replicates(const chl_control *control, int replicates,
                                             chl_task_fn *run, void *ctx, chl_error *err);

/* The 2.5 % and 97.5 % quantiles of the finite ones among values[n] (linear
 * interpolation, as numpy's default), which are sorted in place; NAN when there is none.
 */
void chl_percentile_interval(double *values, int n, double *low, double *high);

#endif
