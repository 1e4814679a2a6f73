/* SPDX-License-Identifier: MIT
 *
 * Preprocessing: a list of steps that is data, fitted on training rows, from frame to
 * matrix. Layer: core/prep (on base and data).
 *
 * A step is one JSON object, as the Lua methods make it:
 *
 *   {"step":"derive", "columns":[["has_balance","Balance > 0"], …]}
 *   {"step":"drop", "columns":[…]}
 *   {"step":"impute", "columns":[…]?, "numeric":"median"|"mean"|"mode"|number,
 *    "category":"<unknown>"|word|"mode", "flag":bool}
 *   {"step":"clip", "columns":[…]?, "quantile":[0.001,0.999]} or "bounds":[low,high]
 *   {"step":"onehot", "columns":[…]?, "unseen":"other"|"zero"|"error", "min_count":1,
 *    "max_levels":256}
 *   {"step":"ordinal", "columns":[…]?, "unseen":…, "order":{"Plan":["basic","gold"]}}
 *   {"step":"target_encode", "columns":[…]?, "folds":5, "smooth":"auto"|number,
 *    "seed":n, "unseen":"mean"|"error"}
 *   {"step":"scale", "columns":[…]?, "method":"standard"|"minmax"|"robust"}
 *   {"step":"sequence", "prefix":"seq", "log":["amount", …]?}
 *
 * Without "columns" a step takes every column that it can work on: numbers (f64, i64,
 * bool as 0/1), text (category, string), or both; not the target, not the id; and of the
 * 0/1 columns that one-hot and missing flags made, none. Each kind's file says the rest.
 *
 * Fitting sees training rows only. target_encode is cross-fitted: during fit_transform
 * each row is encoded by folds that leave it out; later rows by all training rows. What
 * is left at the end must be numeric: a text that no step encoded is an error that
 * suggests onehot, a date one that suggests derive and drop. Numbers may still be missing
 * only if an impute step was there for them; otherwise a missing cell is an error with
 * row (from 1) and column. A missing text is the level "<unknown>". Integers beyond 2^53
 * are no features. Text and names must be UTF-8, so that they can be saved.
 */
#ifndef CHL_PREP_PREP_H
#define CHL_PREP_PREP_H

#include <jansson.h>

#include "core/base/strbuf.h"
#include "core/data/frame.h"
#include "core/data/matrix.h"

typedef struct chl_prep chl_prep;

/* An empty, unfitted prep. */
CHL_MUST_CHECK chl_status chl_prep_new(chl_prep **out, chl_error *err);
void chl_prep_free(chl_prep *prep); /* NULL allowed */
/* Checks the step's options and appends it. Fails once the prep is fitted. */
CHL_MUST_CHECK chl_status chl_prep_add(chl_prep *prep, const json_t *step,
                                       chl_error *err);
/* A copy of the steps without what was fitted. */
CHL_MUST_CHECK chl_status chl_prep_clone_unfitted(const chl_prep *prep, chl_prep **out,
                                                  chl_error *err);
bool chl_prep_fitted(const chl_prep *prep);

/* Fits every step on `train` and gives the training matrix (cross-fitted where a step
 * says so). The frame's target role is needed by target_encode only. The target and the
 * id are no features. A prep that is fitted already is fitted anew; a failure leaves it
 * as it was. */
CHL_MUST_CHECK chl_status chl_prep_fit_transform(chl_prep *prep, const chl_frame *train,
                                                 chl_matrix *x, chl_error *err);

/* How often an encoding step met a level that training did not have. */
typedef struct chl_prep_unseen {
    int64_t cells; /* over all rows and columns */
} chl_prep_unseen;

/* Rows → matrix; each row's result depends on that row alone, bit for bit. Columns are
 * found by name; extra columns are ignored; a missing one is an error; types are cast to
 * those seen in fitting where every value can be kept (an i64 column for an f64 one, text
 * for a category). `unseen` may be NULL. Thread-safe on one fitted prep. */
CHL_MUST_CHECK chl_status chl_prep_transform(const chl_prep *prep, const chl_frame *frame,
                                             chl_matrix *x, chl_prep_unseen *unseen,
                                             chl_error *err);

/* Raw columns: the frame columns that training read, in the frame's order (no target, no
 * id, nothing that was dropped before a step read it). */
int chl_prep_raw_count(const chl_prep *prep);
const char *chl_prep_raw_name(const chl_prep *prep, int i);
chl_type chl_prep_raw_type(const chl_prep *prep, int i);

/* Encoded columns: those of the matrix. Names read "Geography=France", "Age",
 * "Age_missing". */
int chl_prep_encoded_count(const chl_prep *prep);
const char *chl_prep_encoded_name(const chl_prep *prep, int j);
/* Lineage: true when encoded column j is computed from raw column i (several for a
 * derived one). */
bool chl_prep_depends(const chl_prep *prep, int j, int i);
/* 0 for a number; equal, from 1, for the encoded columns of one nominal feature: the
 * one-hot columns of a text, or one missing flag. */
int chl_prep_nominal(const chl_prep *prep, int j);

/* A zero-row frame of the raw columns with their types and, for categories, levels: the
 * signature that expressions, policies and scoring input are checked against. A new
 * reference. */
CHL_MUST_CHECK chl_status chl_prep_schema(const chl_prep *prep, chl_frame **out,
                                          chl_error *err);

/* Everything, steps and fitted numbers, exactly (doubles survive when written with 17
 * digits). A new reference. Reading checks all of it: types, sizes, names, ranges. */
CHL_MUST_CHECK chl_status chl_prep_to_json(const chl_prep *prep, json_t **out,
                                           chl_error *err);
CHL_MUST_CHECK chl_status chl_prep_from_json(const json_t *json, chl_prep **out,
                                             chl_error *err);

/* One line a step for people: "2 impute   3 columns, median …". */
CHL_MUST_CHECK chl_status chl_prep_describe(const chl_prep *prep, chl_strbuf *out,
                                            chl_error *err);

#endif
