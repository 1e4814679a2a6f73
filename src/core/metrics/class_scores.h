/* SPDX-License-Identifier: MIT
 *
 * Scores of a classifier of several classes. Layer: core/metrics (on base). Definitions
 * follow scikit-learn 1.x; y is the class from 0, p has one probability a class, n ×
 * classes row-major. The predicted class is the most probable one, the first of several.
 *
 * A y that is no class, a p outside [0, 1] and an empty set are errors; rows in messages
 * count from 1. At most 2^31 - 1 rows.
 */
#ifndef CHL_METRICS_CLASS_SCORES_H
#define CHL_METRICS_CLASS_SCORES_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

enum { CHL_CLASS_SCORES_MAX = 256 }; /* classes */

typedef struct chl_class_scores {
    double accuracy;
    double macro_f1; /* mean over the classes that occur or are predicted; F1 is 0 where
                        its denominator is */
    double log_loss; /* -log of what the true class got, cut at 2^-52 */
    double roc_auc;  /* mean over the classes of the area against all others; a class that
                        has all rows or none has no part; NAN when none has */
    double kappa;    /* Cohen's, weighted by the squared distance of classes; NAN when all
                        is one class */
} chl_class_scores;

/* Checks the sizes, that y holds classes and p probabilities; `where` starts messages. */
CHL_MUST_CHECK chl_status chl_class_scores_check(const char *where, const double *y,
                                                 const double *p, int64_t n, int classes,
                                                 chl_error *err);

/* confusion[classes × classes], unless NULL, counts rows: actual class by row, predicted
 * by column. */
CHL_MUST_CHECK chl_status chl_class_scores_compute(const double *y, const double *p,
                                                   int64_t n, int classes,
                                                   chl_class_scores *out,
                                                   int64_t *confusion, chl_error *err);

/* Percentile intervals (2.5 % and 97.5 %) over the resamples of chl_scores_bootstrap;
 * with `q` those of scores(p) - scores(q) on the same resamples. The same on any number
 * of threads. O(classes · (n log n + replicates · n)). */
CHL_MUST_CHECK chl_status chl_class_scores_bootstrap(
    const double *y, const double *p, const double *q, int64_t n, int classes,
    int replicates, uint64_t seed, const chl_control *control, chl_class_scores *low,
    chl_class_scores *high, chl_error *err);

#endif
