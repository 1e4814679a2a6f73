/* SPDX-License-Identifier: MIT
 *
 * Logistic regression by iteratively reweighted least squares: the baseline beside every
 * score. Layer: core/metrics. Minimises sum of log losses + l2/2 · |w|² with w on
 * standardised columns and the intercept free: scikit-learn's LogisticRegression(C =
 * 1/l2) on StandardScaler's output.
 */
#ifndef CHL_METRICS_LOGISTIC_H
#define CHL_METRICS_LOGISTIC_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

enum { CHL_LOGISTIC_INPUTS_MAX = 2048 };

typedef struct chl_logistic {
    int64_t inputs;
    double *weights; /* [inputs], on the columns as given; owned */
    double intercept;
    int iterations; /* Newton steps until no coefficient moved by more than 1e-10 */
} chl_logistic;

/* x: n × d row-major and finite, y: 0/1 with both classes, l2 ≥ 0. Columns without
 * variance get weight 0, and so does, when l2 is 0, a column that depends on earlier
 * ones. Separable classes have no optimum at l2 = 0: CHL_ENUMERIC. The same bits on any
 * number of threads. */
CHL_MUST_CHECK chl_status chl_logistic_fit(const double *x, const double *y, int64_t n,
                                           int64_t d, double l2,
                                           const chl_control *control, chl_logistic *out,
                                           chl_error *err);
void chl_logistic_reset(chl_logistic *model);
/* p[i] = sigmoid(x_i · w + b); x is n × inputs. */
void chl_logistic_predict(const chl_logistic *model, const double *x, int64_t n,
                          double *p);

#endif
