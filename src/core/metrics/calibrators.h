/* SPDX-License-Identifier: MIT
 *
 * The curves behind chl_calibration. Layer: core/metrics, internal to it. Fits take
 * checked input (y 0/1 with both classes, p in [0, 1]).
 */
#ifndef CHL_METRICS_CALIBRATORS_H
#define CHL_METRICS_CALIBRATORS_H

#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_platt {
    double a, b; /* p' = sigmoid(a·logit(p) + b) */
} chl_platt;

CHL_MUST_CHECK chl_status chl_platt_fit(const double *y, const double *p, int64_t n,
                                        chl_platt *out, chl_error *err);
/* The same with b = 0 and a > 0. */
CHL_MUST_CHECK chl_status chl_temperature_fit(const double *y, const double *p, int64_t n,
                                              chl_platt *out, chl_error *err);
double chl_platt_apply(const chl_platt *platt, double p);

/* Of several classes: p_c ~ p_c^a, log p cut at -36. y[n] is the class from 0, p[n ×
 * classes]; a is from 2^-6 to 2^6, the end that is nearer where the loss falls beyond. */
CHL_MUST_CHECK chl_status chl_class_temperature_fit(const double *y, const double *p,
                                                    int64_t n, int classes, double *a,
                                                    chl_error *err);
void chl_class_temperature_apply(double a, double *p, int64_t n, int classes);

typedef struct chl_isotonic {
    int64_t n; /* knots, at least 1 */
    double *x; /* [n], rising */
    double *y; /* [n], not falling */
} chl_isotonic;

CHL_MUST_CHECK chl_status chl_isotonic_fit(const double *y, const double *p, int64_t n,
                                           chl_isotonic *out, chl_error *err);
void chl_isotonic_reset(chl_isotonic *isotonic);
double chl_isotonic_apply(const chl_isotonic *isotonic, double p);

#endif
