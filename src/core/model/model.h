/* SPDX-License-Identifier: MIT
 *
 * The model: what training fitted, in one object that is saved and that scores. Layer:
 * core/model (joins prep, nn, metrics and explain).
 *
 * It holds the signature (raw columns, types, levels, target, positive values, classes,
 * id), its parts (a prep and an ensemble of nets, whose mean is the part's answer), how
 * these are mixed, a prior shift, a calibration, a background sample of raw training rows
 * for explanations (so a bundle holds the cells of up to 100 customers, without id and
 * target), and free metadata (training lineage, thresholds). Nets with one output give
 * the probability of the positive values; nets with several one a class of the target.
 * One scorer serves script, prompt, command line and C: the score of a row is bitwise the
 * same alone, in a batch of any size, before and after a reload, on one thread or many.
 */
#ifndef CHL_MODEL_MODEL_H
#define CHL_MODEL_MODEL_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/classes.h"
#include "core/data/frame.h"
#include "core/explain/shapley.h"
#include "core/metrics/calibration.h"
#include "core/nn/net.h"
#include "core/prep/prep.h"

/* Immutable apart from prior shift, calibration and metadata; refcounted. */
typedef struct chl_model chl_model;

/* Takes prep and nets (n ≥ 1, same inputs as the prep's encoded columns, equally many
 * outputs) on success; roles come from `train`, and so does a background of up to 100
 * rows (seeded sample). Nets with several outputs predict the classes that the target has
 * in `train`: there must be as many. */
CHL_MUST_CHECK chl_status chl_model_new(chl_prep *prep, chl_net *const *nets, int n,
                                        const chl_frame *train, uint64_t seed,
                                        chl_model **out, chl_error *err);
chl_model *chl_model_retain(chl_model *model);
void chl_model_release(chl_model *model); /* NULL allowed */

/* Of nets with several heads the model above scores one. This keeps the whole nets, n of
 * them as there are members, so that the model can say what all heads predict; it takes
 * them on success. One part only. */
CHL_MUST_CHECK chl_status chl_model_keep_heads(chl_model *model, chl_net *const *nets,
                                               int n, chl_error *err);
/* Outputs of all heads side by side, in the nets' order; 0 = no whole nets are kept. */
int chl_model_head_outputs(const chl_model *model);
/* out[rows × chl_model_head_outputs]: the mean over the whole nets, without prior shift
 * and calibration. A model that has none fails. */
CHL_MUST_CHECK chl_status chl_model_predict_heads(const chl_model *model,
                                                  const chl_frame *frame, double *out,
                                                  chl_error *err);

/* ---- several models as one ---- */

typedef enum chl_mix {
    CHL_MIX_MEAN, /* p = sum of w_i · p_i, added in the order of the models */
    CHL_MIX_STACK /* p = sigmoid(intercept + sum of w_i · logit(p_i)); logits are cut at
                     ±36, models of classes are none */
} chl_mix;

typedef struct chl_mix_options {
    chl_mix mix;
    const double *weights; /* [models] or NULL: equal. Of a mean: none negative, some
                              positive; divided by their sum, and a model of weight 0 is
                              left out. Of a stack: finite */
    double intercept;      /* of a stack */
    const chl_frame *rows; /* the background is sampled from these; NULL: from the models'
                              own, which must then read the same columns */
    uint64_t seed;         /* of that sample */
} chl_mix_options;

/* A model that gives the mean or stack of what the models give, with their calibrations
 * and prior shifts, and that has none of its own yet and no metadata. The models must
 * agree in target, positive values and classes; it reads the union of their columns. They
 * stay as they are, share their parts with it, and a later calibration of one does not
 * change it. */
CHL_MUST_CHECK chl_status chl_model_join(chl_model *const *models, int n,
                                         const chl_mix_options *options, chl_model **out,
                                         chl_error *err);

/* ---- what it is ---- */

/* Raw columns: the union over the parts. */
int chl_model_raw_count(const chl_model *model);
const char *chl_model_raw_name(const chl_model *model, int i);
/* The raw columns with types and levels, without rows. */
const chl_frame *chl_model_schema(const chl_model *model);

int chl_model_parts(const chl_model *model);
const chl_prep *chl_model_prep(const chl_model *model, int part);
int chl_model_members(const chl_model *model, int part);
const chl_net *chl_model_net(const chl_model *model, int part, int member);
/* What the part adds at first order: the product of the weights on the way to it, which
 * add up to 1 over the parts of a model without stacks. */
double chl_model_weight(const chl_model *model, int part);
bool chl_model_stacked(const chl_model *model); /* somewhere in it */

const char *chl_model_target(const chl_model *model);
/* As in chl_frame: CSV text or a list; NULL where classes have no positive ones. */
const char *chl_model_positive(const chl_model *model);
const char *chl_model_id(const chl_model *model); /* or NULL */
/* Without classes (count 0) where one probability is predicted. */
const chl_classes *chl_model_classes(const chl_model *model);
int chl_model_outputs(const chl_model *model); /* 1, or the number of classes */
/* Whether class c is among the positive values. */
bool chl_model_class_positive(const chl_model *model, int c);
const chl_frame *chl_model_background(const chl_model *model);
const char *chl_model_calibration(const chl_model *model); /* its method, or NULL */

/* The calibration as chl_calibration_to_json gives it, a new reference, or *out = NULL
 * where there is none. Fails for classes that are calibrated one by one. */
CHL_MUST_CHECK chl_status chl_model_calibration_json(const chl_model *model, json_t **out,
                                                     chl_error *err);

/* ---- corrections ---- */

/* Of nets that were trained on resampled rows: from[outputs] are the rates in their
 * training, to[outputs] those of the customers (of the positive value, or of each class).
 * Applied after the mix and before the calibration:
 * p_c ~ p_c · to_c / from_c (Saerens, Latinne, Decaestecker 2002; Elkan 2001). Each rate
 * is in (0, 1) and those of classes add up to 1. Replaces an earlier one; a model that is
 * calibrated already is an error, for its calibration would no longer fit. */
CHL_MUST_CHECK chl_status chl_model_prior_shift(chl_model *model, const double *from,
                                                const double *to, chl_error *err);
/* false when there is none; else both arrays of chl_model_outputs numbers, borrowed. */
bool chl_model_priors(const chl_model *model, const double **from, const double **to);

/* y[rows] for calibration and evaluation: 0/1, or classes from 0; NaN where the target is
 * missing. The model's target and positive values count, not the frame's own roles. */
CHL_MUST_CHECK chl_status chl_model_labels(const chl_model *model, const chl_frame *frame,
                                           const char *where, double *y, chl_error *err);

/* Fits on a held-out frame with the target; replaces an earlier calibration. Classes get
 * one "temperature" for all; by the other methods they are calibrated one by one, against
 * all others, and divided by their sum. */
CHL_MUST_CHECK chl_status chl_model_calibrate(chl_model *model, const chl_frame *valid,
                                              const char *method,
                                              const chl_control *control, chl_error *err);

/* Takes a calibration that was fitted elsewhere (out-of-fold predictions), NULL for none;
 * replaces an earlier one. Fails, and takes nothing, unless it is of as many classes as
 * the model. */
CHL_MUST_CHECK chl_status chl_model_set_calibration(chl_model *model,
                                                    chl_calibration *calibration,
                                                    chl_error *err);

/* Free JSON object ("training", "thresholds", "created_by" …); borrowed. The model keeps
 * what it does not know. */
json_t *chl_model_metadata(chl_model *model);

/* p[rows × outputs] = P(target is positive), or P(target = class) of each class. Blocks
 * of rows on control's threads. `unseen` may be NULL; of several parts it tells the one
 * that met most. */
CHL_MUST_CHECK chl_status chl_model_score(const chl_model *model, const chl_frame *frame,
                                          const chl_control *control, double *p,
                                          chl_prep_unseen *unseen, chl_error *err);

/* Who computes layers of the model's nets that are written elsewhere; borrowed. */
void chl_model_set_custom(chl_model *model, const chl_custom_host *host);

/* The frame with `churn` (f64), the probability of the positive values. A model of
 * classes: with `p_<class>` (f64) for each class, `class`, the most probable one (in the
 * target's type; the first of several), and, where it has positive values, `churn`, the
 * sum of their probabilities. Columns of these names are replaced. */
CHL_MUST_CHECK chl_status chl_model_score_columns(
    const chl_model *model, const chl_frame *frame, const chl_control *control,
    chl_frame **out, chl_prep_unseen *unseen, chl_error *err);

/* Shapley values of the raw columns for one row of a frame: players are the model's raw
 * columns in their order; v(S) = mean calibrated probability over the background rows
 * with the columns of S taken from the row. All encoded columns of one raw column switch
 * together, and a derived column is computed from the mixed raw row. background NULL =
 * the model's own; `class` as in chl_explainer_new (explain.h). */
CHL_MUST_CHECK chl_status chl_model_explain(const chl_model *model,
                                            const chl_frame *frame, int64_t row,
                                            const chl_frame *background, int class,
                                            const chl_shapley_options *options,
                                            const chl_control *control, chl_shapley *out,
                                            chl_error *err);

#endif
