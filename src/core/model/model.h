/* SPDX-License-Identifier: MIT
 *
 * The model: what training fitted, in one object that is saved and that scores. Layer:
 * core/model (joins prep, nn, metrics and explain).
 *
 * It holds the signature (raw columns, types, levels, target, positive value, id), the
 * prep, an ensemble of nets (mean of probabilities), a calibration, the default tier
 * thresholds, a background sample of raw training rows for explanations (so a bundle
 * holds the cells of up to 100 customers, without id and target), and free metadata
 * (training lineage). One scorer serves script, prompt, command line and C: the score of
 * a row is bitwise the same alone, in a batch of any size, before and after a reload, on
 * one thread or many.
 */
#ifndef CHL_MODEL_MODEL_H
#define CHL_MODEL_MODEL_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/explain/shapley.h"
#include "core/metrics/calibration.h"
#include "core/nn/net.h"
#include "core/prep/prep.h"

typedef struct chl_model
    chl_model; /* immutable apart from calibration and metadata; refcounted */

/* Takes prep and nets (n ≥ 1, same inputs as the prep's encoded columns, one output) on
 * success; roles come from `train`, and so does a background of up to 100 rows (seeded
 * sample). */
CHL_MUST_CHECK chl_status chl_model_new(chl_prep *prep, chl_net *const *nets, int n,
                                        const chl_frame *train, uint64_t seed,
                                        chl_model **out, chl_error *err);
chl_model *chl_model_retain(chl_model *model);
void chl_model_release(chl_model *model); /* NULL allowed */

const chl_prep *chl_model_prep(const chl_model *model);
int chl_model_members(const chl_model *model);
const chl_net *chl_model_net(const chl_model *model, int i);
const char *chl_model_target(const chl_model *model);
const char *chl_model_positive(const chl_model *model); /* as CSV text */
const char *chl_model_id(const chl_model *model);       /* or NULL */
const chl_frame *chl_model_background(const chl_model *model);
const char *chl_model_calibration(const chl_model *model); /* its method, or NULL */

/* Fits on a held-out frame with the target; replaces an earlier calibration. */
CHL_MUST_CHECK chl_status chl_model_calibrate(chl_model *model, const chl_frame *valid,
                                              const char *method,
                                              const chl_control *control, chl_error *err);

/* Takes a calibration that was fitted elsewhere (out-of-fold predictions), NULL for none;
 * replaces an earlier one. */
void chl_model_set_calibration(chl_model *model, chl_calibration *calibration);

/* Free JSON object ("training", "thresholds", "created_by" …); borrowed. The model keeps
 * what it does not know. */
json_t *chl_model_metadata(chl_model *model);

/* p[rows] = P(target = positive). Blocks of rows on control's threads. `unseen` may be
 * NULL. */
CHL_MUST_CHECK chl_status chl_model_score(const chl_model *model, const chl_frame *frame,
                                          const chl_control *control, double *p,
                                          chl_prep_unseen *unseen, chl_error *err);

/* Shapley values of the raw columns for one row of a frame: players are the raw columns
 * in chl_prep_raw_name's order; v(S) = mean calibrated probability over the background
 * rows with the columns of S taken from the row. All encoded columns of one raw column
 * switch together, and a derived column is computed from the mixed raw row. background
 * NULL = the model's own. */
CHL_MUST_CHECK chl_status chl_model_explain(const chl_model *model,
                                            const chl_frame *frame, int64_t row,
                                            const chl_frame *background,
                                            const chl_shapley_options *options,
                                            const chl_control *control, chl_shapley *out,
                                            chl_error *err);

#endif
