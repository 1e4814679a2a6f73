/* SPDX-License-Identifier: MIT
 *
 * Training one net of an ensemble, and what all members share. Layer: core/nn, not for
 * other rooms.
 */
#ifndef CHL_NN_MEMBER_H
#define CHL_NN_MEMBER_H

#include <stdatomic.h>

#include "core/nn/kernels.h"
#include "core/nn/loss.h"
#include "core/nn/monitor.h"
#include "core/nn/optimizer.h"
#include "core/nn/train.h"

typedef struct chl_train_options {
    chl_loss loss;
    chl_optimizer optimizer;
    chl_early_stop early_stop;
    chl_schedules schedules;
    int64_t epochs, batch, seed;
    bool shuffle;
    double clip_norm; /* 0 = off */
    double ema;       /* decay of the moving average, 0 = off */
} chl_train_options;

CHL_MUST_CHECK chl_status chl_train_options_read(const json_t *json, chl_train_options *o,
                                                 chl_error *err);

/* A dataset as training reads it. */
typedef struct chl_rows {
    chl_real *x;     /* [n × padded inputs], owned */
    const double *y; /* [n], borrowed */
    double *weights; /* [n], owned; NULL for a validation set */
    int64_t n;       /* 0 = there is none */
} chl_rows;

/* Epochs of one member, grown by the thread that trains it. */
typedef struct chl_series {
    chl_epoch *epochs;
    size_t count, capacity;
    int best_epoch;
} chl_series;

typedef struct chl_job {
    chl_net *const *nets;
    int members;
    chl_rows train, valid;
    const chl_train_options *options;
    const chl_control *control;
    atomic_bool abort;  /* another member failed: stop at the next batch */
    chl_series *series; /* [members] */
    /* Called after each epoch by the training thread; reaches the caller's callback. */
    chl_status (*tell)(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err);
    void *tell_ctx;
} chl_job;

/* Initialises and trains nets[member]; its epochs land in series[member]. On
 * CHL_ECANCELLED the net holds the best weights so far. */
CHL_MUST_CHECK chl_status chl_member_train(chl_job *job, int member, chl_error *err);

/* All members, on the control's threads; `on_epoch` (may be NULL) on the calling one. */
CHL_MUST_CHECK chl_status chl_ensemble_train(chl_job *job, chl_epoch_fn *on_epoch,
                                             void *ctx, chl_error *err);

#endif
