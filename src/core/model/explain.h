/* SPDX-License-Identifier: MIT
 *
 * Explanations of a model's scores: a game whose players are the raw columns. Layer:
 * core/model (joins prep, nn and explain).
 *
 * v(S) = mean over the background rows of the calibrated probability of the row that has
 * the columns of S from the customer and the others from the background row. It goes
 * through the prep as a raw row would: all encoded columns of one raw column switch
 * together, and a derived column is computed from the mixed cells.
 *
 * What makes it fast: where customer and background row have the same cell a column's
 * side does not matter, so that most coalitions share their mixed rows; an encoded column
 * depends on few raw ones (the prep's lineage), so its values are computed once for each
 * subset of those; a first layer that sums over its inputs (dense, TabM) has its
 * pre-activations tabulated for subsets of a few raw columns, and a mixed row adds them
 * up. Where nothing but one hidden layer of rectified units follows, as in the nets of
 * the default recipe, and each column that differs adds to it on its own, all subsets of
 * these columns are run at once, from one step a column (kernels_sums.h).
 *
 * The mixed rows are found once, for the raw columns; each part of a model has plans,
 * values and tables of its own, as its prep has. v(none) and v(all) come from the
 * ordinary scorer. Other values differ from it by the rounding of chl_real alone.
 */
#ifndef CHL_MODEL_EXPLAIN_H
#define CHL_MODEL_EXPLAIN_H

#include "core/model/model.h"

typedef struct chl_explainer chl_explainer; /* immutable; shared by threads */

/* What is explained of a model of classes: the sum over its positive ones. */
enum { CHL_EXPLAIN_POSITIVE = -1 };

/* Prepares a model and its background (NULL = the model's own). The model is borrowed and
 * must outlive the explainer. `class` is a class of the model, from 0, or
 * CHL_EXPLAIN_POSITIVE: then a model of classes must have positive ones. More than
 * CHL_SHAPLEY_PLAYERS_MAX raw columns is an error. */
CHL_MUST_CHECK chl_status chl_explainer_new(const chl_model *model,
                                            const chl_frame *background, int class,
                                            chl_explainer **out, chl_error *err);
void chl_explainer_free(chl_explainer *explainer); /* NULL allowed */

/* One row of a frame. The same numbers each time and on any number of threads. */
CHL_MUST_CHECK chl_status chl_explainer_row(const chl_explainer *explainer,
                                            const chl_frame *frame, int64_t row,
                                            const chl_shapley_options *options,
                                            const chl_control *control, chl_shapley *out,
                                            chl_error *err);

/* Every row: phi[rows × players], row-major. Rows on control's threads. */
CHL_MUST_CHECK chl_status chl_explainer_rows(const chl_explainer *explainer,
                                             const chl_frame *frame,
                                             const chl_shapley_options *options,
                                             const chl_control *control, double *phi,
                                             chl_error *err);

/* v of some coalitions for one row, as chl_explainer_row asks for it. Bit j of a
 * coalition is the model's raw column j. */
CHL_MUST_CHECK chl_status chl_explainer_values(const chl_explainer *explainer,
                                               const chl_frame *frame, int64_t row,
                                               const uint64_t *coalitions, int64_t n,
                                               double *values, chl_error *err);

#endif
