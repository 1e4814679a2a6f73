/* SPDX-License-Identifier: MIT
 *
 * What the steps learn from a column of numbers. Layer: core/prep, on base alone. NaN
 * stands for a missing cell; definitions follow NumPy and scikit-learn.
 */
#ifndef CHL_PREP_STATS_H
#define CHL_PREP_STATS_H

#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_sample {
    double *values; /* the present ones, rising */
    int64_t n;
} chl_sample;

/* Copies and sorts the present values of x[n]. */
CHL_MUST_CHECK chl_status chl_sample_init(chl_sample *sample, const double *x, int64_t n,
                                          chl_error *err);
void chl_sample_reset(chl_sample *sample);

/* n ≥ 1 for all below. Sums are compensated (Neumaier). */
double chl_sample_mean(const chl_sample *sample);
/* Mean of squared deviations from the mean (divided by n). */
double chl_sample_variance(const chl_sample *sample, double mean);
/* The most frequent value, the smallest of ties. */
double chl_sample_mode(const chl_sample *sample);
/* Linear interpolation between order statistics at q (n - 1), q in [0, 1]. */
double chl_sample_quantile(const chl_sample *sample, double q);

#endif
