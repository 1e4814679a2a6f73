/* SPDX-License-Identifier: MIT
 *
 * Edges of bins of one number column. Layer: core/prep.
 *
 *   quantile  equally filled bins: the distinct quantiles at 0, 1/bins … 1
 *   tree      the thresholds of a decision tree on this column alone, grown best-first by
 *             the decrease of Gini impurity, as scikit-learn's DecisionTreeClassifier
 * does with max_leaf_nodes, min_samples_leaf and min_impurity_decrease
 *
 * Source of the use: Gorishniy, Rubachev, Babenko 2022, "On embeddings for numerical
 * features in tabular deep learning" (piecewise linear encoding).
 */
#ifndef CHL_PREP_BINS_H
#define CHL_PREP_BINS_H

#include "core/prep/stats.h"

typedef struct chl_bins {
    double *edges; /* [count + 1] rising, owned: smallest value, thresholds, greatest */
    int count;     /* bins: 1 or more; edges are equal only where a column is constant */
} chl_bins;
void chl_bins_reset(chl_bins *bins);

/* At most `most` bins, fewer where quantiles coincide; the sample is not empty. */
CHL_MUST_CHECK chl_status chl_bins_quantile(chl_bins *bins, const chl_sample *sample,
                                            int most, chl_error *err);

typedef struct chl_tree_options {
    int most;         /* leaves at most, ≥ 1 */
    int64_t min_rows; /* rows a leaf, ≥ 1 */
    double min_gain;  /* a split must lower the weighted Gini impurity by as much */
} chl_tree_options;

/* x[n] with NaN = missing (left out), y[n] the class from 0; some value is present.
 * Thresholds lie halfway between neighbouring values. */
CHL_MUST_CHECK chl_status chl_bins_tree(chl_bins *bins, const double *x, const double *y,
                                        int64_t n, int classes,
                                        const chl_tree_options *options, chl_error *err);

#endif
