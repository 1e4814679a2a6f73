/* SPDX-License-Identifier: MIT
 *
 * Scores of a binary classifier. Layer: core/metrics (on base). Definitions follow
 * scikit-learn 1.x; y is 0/1, p a probability in [0, 1] (any real score for chl_roc_auc).
 *
 * A NaN or Inf in y or p, a y outside 0/1 and an empty set are errors; rows in messages
 * count from 1. At most 2^31 - 1 rows.
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
    double pr_auc;   /* average precision: sum (R_n - R_{n-1}) P_n, ties grouped; NAN
                        without positives */
    double log_loss; /* natural logarithm, p clipped to [2^-52, 1 - 2^-52] */
    double brier;    /* mean (p - y)² */
    double lift_10;  /* positives' share in the top ceil(10 %) by score ÷ overall share;
                        ties at the cut share their average; NAN without positives */
    double ece; /* expected calibration error, 15 equal-width bins [k/15, (k+1)/15) */
} chl_scores;

CHL_MUST_CHECK chl_status chl_scores_compute(const double *y, const double *p, int64_t n,
                                             double threshold, chl_scores *out,
                                             chl_error *err);

/* Percentile bootstrap intervals (2.5 % and 97.5 %, linear interpolation) over
 * 2 … 1,000,000 resamples of rows; field by field as in chl_scores (counts are rounded).
 * A resample with one class has no ROC AUC and is left out of that interval. The
 * replicate's rows come from (seed, CHL_RNG_BOOTSTRAP, replicate) alone, so results do
 * not depend on the number of threads. O(n log n + replicates · n). */
CHL_MUST_CHECK chl_status chl_scores_bootstrap(const double *y, const double *p,
                                               int64_t n, double threshold,
                                               int replicates, uint64_t seed,
                                               const chl_control *control,
                                               chl_scores *low, chl_scores *high,
                                               chl_error *err);

/* Paired bootstrap: intervals of scores(p) - scores(q) where both are computed on the
 * same resamples (those of chl_scores_bootstrap for that seed). rows, positives and
 * threshold differ by 0. An interval that holds 0 means: no difference shown. */
CHL_MUST_CHECK chl_status chl_scores_bootstrap_difference(
    const double *y, const double *p, const double *q, int64_t n, double threshold,
    int replicates, uint64_t seed, const chl_control *control, chl_scores *low,
    chl_scores *high, chl_error *err);

/* The ranking metric alone, for training loops: a radix sort and one pass. */
CHL_MUST_CHECK chl_status chl_roc_auc(const double *y, const double *p, int64_t n,
                                      double *auc, chl_error *err);

#endif
