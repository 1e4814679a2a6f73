/* SPDX-License-Identifier: MIT
 *
 * Scores of a binary classifier. Layer: core/metrics (on base, data). Definitions follow
 * scikit-learn 1.x; y is 0/1, p a probability (any real score for the ranking metrics).
 */
#ifndef CHL_METRICS_SCORES_H
#define CHL_METRICS_SCORES_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

typedef struct chl_scores {
    int64_t rows, positives;
    int64_t tp, fp, fn, tn; /* at the threshold: predicted 1 iff p >= threshold */
    double threshold;
    double accuracy, precision, recall, f1; /* 0 where the denominator is 0 */
    double roc_auc;                         /* ties count half; NAN with one class only */
    double pr_auc;   /* average precision: sum (R_n - R_{n-1}) P_n, ties grouped */
    double log_loss; /* natural logarithm, p clipped to [2^-52, 1 - 2^-52] */
    double brier;
    double lift_10; /* positives' share in the top ceil(10 %) by score ÷ overall share;
                       ties at the cut share their average */
    double ece;     /* expected calibration error, 15 equal-width bins */
} chl_scores;

CHL_MUST_CHECK chl_status chl_scores_compute(const double *y, const double *p, int64_t n,
                                             double threshold, chl_scores *out,
                                             chl_error *err);

/* Percentile bootstrap intervals (2.5 %, 97.5 %) over `replicates` resamples of rows;
 * field by field as in chl_scores. Deterministic by seed on any number of threads. */
CHL_MUST_CHECK chl_status chl_scores_bootstrap(const double *y, const double *p,
                                               int64_t n, double threshold,
                                               int replicates, uint64_t seed,
                                               const chl_control *control,
                                               chl_scores *low, chl_scores *high,
                                               chl_error *err);

/* The ranking metric alone, for training loops: O(n log n). */
CHL_MUST_CHECK chl_status chl_roc_auc(const double *y, const double *p, int64_t n,
                                      double *auc, chl_error *err);

#endif
