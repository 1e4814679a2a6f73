/* SPDX-License-Identifier: MIT
 *
 * One net at work: what member.c (the epochs), batch.c and augment.c (the rows of a
 * step), descent.c (the steps) and guard.c (what went wrong) share. Layer: core/train,
 * not for other rooms.
 */
#ifndef CHL_TRAIN_TRAINER_H
#define CHL_TRAIN_TRAINER_H

#include "core/base/rng.h"
#include "core/train/average.h"
#include "core/train/evaluate.h"
#include "core/train/member.h"
#include "core/nn/pass.h"

typedef struct chl_trainer {
    chl_job *job;
    const chl_train_options *options;
    chl_net *net;
    int member; /* place among the job's nets */
    int number; /* of its random streams */
    chl_pass pass;
    chl_average average;
    chl_evaluator evaluator;
    chl_optimizer_state optimizer;
    chl_real *best; /* pack_params + pack_state: the best epoch's numbers */
    int64_t *order; /* [train.n]: rows in the order of this epoch */
    /* Of this batch, head by head: labels [batch × copies × labels] and weights [batch ×
     * copies]; one block, which y[0] owns. */
    double *y[CHL_HEADS_MAX], *w[CHL_HEADS_MAX];
    /* mixup: the partner's labels and weights, in one block that other_y[0] owns */
    double *other_y[CHL_HEADS_MAX], *other_w[CHL_HEADS_MAX];
    int64_t *partner;      /* [batch]: rows of the training set */
    chl_real *spare;       /* numbers of a batch: inputs, or logits of a head */
    double share;          /* of the rows themselves in this batch; 1 = no partners */
    chl_rng noise, mixing; /* of this epoch */
    int64_t steps;         /* optimizer steps so far */
    int64_t planned;       /* steps of all epochs, if none stops early */
    chl_early_stop stop;
    chl_schedules schedules;
    double lr;
    double deadline; /* chl_seconds at which it ends */
} chl_trainer;

/* ---- batch.c ---- */

/* The order of the rows and the dropout masks of this epoch. */
void chl_trainer_begin_epoch(chl_trainer *t, int epoch);
/* Rows from … from + rows - 1 of the epoch's order become the pass's input and the
 * labels and weights. */
void chl_trainer_gather(chl_trainer *t, int64_t from, int64_t rows);

/* ---- augment.c ---- */

void chl_trainer_begin_draws(chl_trainer *t, int epoch);
/* Noise and mixup on the pass's input, rows from … of the epoch's order. */
void chl_trainer_augment(chl_trainer *t, int64_t from);

/* ---- max_norm.c ---- */

/* Of layers with max_norm; params are those of a chl_packed. */
void chl_max_norm(const chl_net *net, chl_real *params);

/* ---- descent.c ---- */

/* The learning rate of the next step. */
double chl_trainer_rate(const chl_trainer *t);
/* The mini-batches of one epoch, or those before the deadline: then *stop. */
CHL_MUST_CHECK chl_status chl_trainer_steps(chl_trainer *t, chl_epoch *record, bool *stop,
                                            chl_error *err);
/* One epoch of L-BFGS over all rows; *stop when it has converged. */
CHL_MUST_CHECK chl_status chl_trainer_descend(chl_trainer *t, chl_epoch *record,
                                              bool *stop, chl_error *err);

/* ---- resume.c ---- */

/* The state after an epoch, or when the member is `over`, goes to the checkpoint. */
CHL_MUST_CHECK chl_status chl_trainer_save(chl_trainer *t, bool over, chl_error *err);
/* Takes the member's state from the checkpoint, if there is one; *over when there is
 * nothing left to do: the net holds its weights. */
CHL_MUST_CHECK chl_status chl_trainer_restore(chl_trainer *t, bool *over, chl_error *err);

/* ---- guard.c ---- */

typedef enum chl_guard_stage {
    CHL_GUARD_LOSS,
    CHL_GUARD_GRADIENT,
    CHL_GUARD_WEIGHTS /* after an epoch */
} chl_guard_stage;

/* CHL_OK when `value` is finite; else a message that names net, epoch, batch (0-based
 * here), the first layer or tensor that is not, and the largest input of the batch. */
CHL_MUST_CHECK chl_status chl_trainer_check(chl_trainer *t, chl_guard_stage stage,
                                            double value, int epoch, int64_t batch,
                                            chl_error *err);
/* The same for all weights after an epoch. */
CHL_MUST_CHECK chl_status chl_trainer_check_weights(chl_trainer *t, int epoch,
                                                    chl_error *err);

#endif
