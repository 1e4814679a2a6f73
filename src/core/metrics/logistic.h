/* SPDX-License-Identifier: MIT
 *
 * Logistic regression, also of several classes (softmax): the baseline beside every
 * score. Layer: core/metrics. Minimises
 *
 *   sum of log losses + l1 · sum |w| + l2/2 · sum w²
 *
 * with w on standardised columns and intercepts free: scikit-learn's LogisticRegression
 * on StandardScaler's output with C = 1/(l1 + l2), l1_ratio = l1/(l1 + l2). By Newton
 * steps; with l1 each step's quadratic is minimised by coordinate descent (Friedman,
 * Hastie & Tibshirani 2010, glmnet), which leaves weights at exactly 0.
 */
#ifndef CHL_METRICS_LOGISTIC_H
#define CHL_METRICS_LOGISTIC_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

enum {
    CHL_LOGISTIC_INPUTS_MAX = 2048,
    CHL_LOGISTIC_UNKNOWNS_MAX = 4096 /* (inputs + 1) · outputs */
};

typedef struct chl_logistic_options {
    double l1, l2;   /* at least 0 */
    int64_t classes; /* at most 2: y is 0/1; above: the class, from 0 */
} chl_logistic_options;

typedef struct chl_logistic {
    int64_t inputs;
    int64_t outputs;    /* 1, or one a class */
    double *weights;    /* [outputs × inputs], on the columns as given; owned */
    double *intercepts; /* [outputs]; of several classes their sum is 0; owned */
    int iterations;     /* Newton steps until no coefficient moved by more than 1e-10 */
} chl_logistic;

/* x: n × d row-major and finite, y: with every class. Columns without variance get weight
 * 0, and so does, without a penalty, a column that depends on earlier ones. Separable
 * classes have no optimum without one: CHL_ENUMERIC. The same bits on any number of
 * threads. */
CHL_MUST_CHECK chl_status chl_logistic_fit(const double *x, const double *y, int64_t n,
                                           int64_t d, const chl_logistic_options *options,
                                           const chl_control *control, chl_logistic *out,
                                           chl_error *err);
void chl_logistic_reset(chl_logistic *model);
/* p[n × outputs] = sigmoid or softmax of x · w + b; x is n × inputs. */
void chl_logistic_predict(const chl_logistic *model, const double *x, int64_t n,
                          double *p);

#endif
