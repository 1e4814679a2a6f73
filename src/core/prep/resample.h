/* SPDX-License-Identifier: MIT
 *
 * Resampling of training rows so that the classes come nearer to each other in number.
 * Layer: core/prep.
 *
 * It works on the encoded training matrix, after the prep is fitted and never on rows
 * that judge. A step is one JSON object:
 *
 *   {"type":"over", "ratio":1}           rows of a small class repeated
 *   {"type":"under", "ratio":1}          rows of a large class left out
 *   {"type":"smote", "ratio":1, "k":5}   rows drawn between neighbours of one class
 *   {"type":"smote_nc", "ratio":1, "k":5}  the same with nominal columns
 *
 * `ratio` in (0, 1] is that of a small class to the largest afterwards (over, smote), or
 * of the smallest to a large one (under). Classes that are near enough already stay.
 *
 * SMOTE (Chawla, Bowyer, Hall, Kegelmeyer 2002): x + u (neighbour - x), u uniform in
 * [0, 1), the neighbour one of the k nearest of the class; every row of the class serves
 * equally often as x, up to one. SMOTE-NC: a nominal in which two rows differ adds the
 * squared median of the standard deviations of the class's numbers to their squared
 * distance; a new row's nominals are those of most of the k neighbours (of equally many
 * the one of the nearest). A feature of one-hot columns switches as a whole, and a column
 * of only two values in the training rows counts as nominal.
 *
 * Draws depend on (seed, class, row) alone: the same on any number of threads.
 */
#ifndef CHL_PREP_RESAMPLE_H
#define CHL_PREP_RESAMPLE_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/matrix.h"

typedef struct chl_resampled {
    chl_matrix x; /* the given rows that stay, in their order, then new ones by class */
    double *y;    /* [x.rows] owned: the class of each row */
    int64_t *origin; /* [x.rows] owned: the row that it is, repeats or was drawn from */
} chl_resampled;
void chl_resampled_reset(chl_resampled *r);

/* Checks the steps (a list, or one object) before any work. */
CHL_MUST_CHECK chl_status chl_resample_check(const json_t *steps, chl_error *err);

/* Resamples the rows of x with the classes y[rows] (whole numbers from 0), one step after
 * the other. group[cols]: 0 for a number, equal from 1 for the columns of one nominal
 * feature (chl_prep_nominal); NULL = numbers only. */
CHL_MUST_CHECK chl_status chl_resample(const chl_matrix *x, const double *y,
                                       const int *group, const json_t *steps,
                                       uint64_t seed, const chl_control *control,
                                       chl_resampled *out, chl_error *err);

#endif
