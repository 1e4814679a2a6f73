/* SPDX-License-Identifier: MIT
 *
 * The inside of chl_model, shared by the files of core/model alone.
 */
#ifndef CHL_MODEL_MODEL_PRIVATE_H
#define CHL_MODEL_MODEL_PRIVATE_H

#include <stdatomic.h>

#include "core/model/model.h"

struct chl_model {
    atomic_int refs;
    chl_prep *prep;               /* owned, fitted */
    chl_net **nets;               /* [members], owned */
    int members;                  /* at least 1 */
    char *target;                 /* owned: the column that is predicted */
    char *positive;               /* owned: its value that counts as 1, as CSV text */
    char *id;                     /* owned, or NULL */
    chl_frame *background;        /* owned: raw columns of some training rows */
    chl_calibration *calibration; /* owned, or NULL = none */
    json_t *metadata;             /* owned object */
};

/* A model from its parts; takes prep, nets[n] (not the array) and background on success.
 * Checks that they fit each other: `where` starts the messages. */
typedef struct chl_model_parts {
    chl_prep *prep;
    chl_net *const *nets;
    int members;
    const char *target, *positive, *id; /* copied; id may be NULL */
    chl_frame *background;
} chl_model_parts;
CHL_MUST_CHECK chl_status chl_model_assemble(const chl_model_parts *parts,
                                             const char *where, chl_model **out,
                                             chl_error *err);

/* p[n] for x[n × encoded]: the mean over the members in their order, calibrated unless
 * `raw`. A value that is no probability is CHL_ENUMERIC and names its row from `first`.
 */
CHL_MUST_CHECK chl_status chl_model_predict(const chl_model *model, const double *x,
                                            int64_t n, int64_t first, bool raw, double *p,
                                            chl_error *err);

/* The end of chl_model_predict: p[n] holds the members' sum, added in their order. */
CHL_MUST_CHECK chl_status chl_model_finish(const chl_model *model, double *p, int64_t n,
                                           int64_t first, bool raw, chl_error *err);

/* As chl_model_score; `raw` leaves the calibration out. */
CHL_MUST_CHECK chl_status chl_model_score_frame(const chl_model *model,
                                                const chl_frame *frame, bool raw,
                                                const chl_control *control, double *p,
                                                chl_prep_unseen *unseen, chl_error *err);

#endif
