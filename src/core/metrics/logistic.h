/* SPDX-License-Identifier: MIT
 *
 * Logistic regression by iteratively reweighted least squares: the baseline beside every
 * score. Layer: core/metrics. Penalty: l2/2 · |w|² on standardised columns, intercept
 * free.
 */
#ifndef CHL_METRICS_LOGISTIC_H
#define CHL_METRICS_LOGISTIC_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

typedef struct chl_logistic {
    int64_t inputs;
    double *weights; /* [inputs], on the columns as given; owned */
    double intercept;
    int iterations; /* until the largest coefficient change was below 1e-10 */
} chl_logistic;

/* x: n × d row-major, y: 0/1. Columns without variance get weight 0. */
CHL_MUST_CHECK chl_status chl_logistic_fit(const double *x, const double *y, int64_t n,
                                           int64_t d, double l2,
                                           const chl_control *control, chl_logistic *out,
                                           chl_error *err);
void chl_logistic_reset(chl_logistic *model);
/* p[i] = sigmoid(x_i · w + b). */
void chl_logistic_predict(const chl_logistic *model, const double *x, int64_t n,
                          double *p);

#endif
