/* SPDX-License-Identifier: MIT
 *
 * Training one net of an ensemble, and what all members share. Layer: core/train, not for
 * other rooms.
 */
#ifndef CHL_TRAIN_MEMBER_H
#define CHL_TRAIN_MEMBER_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/crew.h"
#include "core/train/checkpoint.h"
#include "core/nn/custom_layer.h"
#include "core/nn/kernels.h"
#include "core/train/monitor.h"
#include "core/train/optimizer.h"
#include "core/train/targets.h"
#include "core/train/train.h"

typedef struct chl_train_options {
    chl_losses losses; /* bound to the nets once a job is prepared */
    chl_optimizer optimizer;
    chl_early_stop early_stop;
    chl_schedules schedules;
    int64_t epochs, batch, seed;
    bool shuffle;
    double clip_norm;    /* 0 = off */
    double ema;          /* decay of the moving average, 0 = off */
    double mixup;        /* alpha, 0 = off: augment.c, as the next two */
    double swap_noise;   /* share of values */
    double noise;        /* deviation */
    double time_limit;   /* seconds, 0 = off */
    double memory_limit; /* bytes, 0 = off */
} chl_train_options;

CHL_MUST_CHECK chl_status chl_train_options_read(const json_t *json, chl_train_options *o,
                                                 chl_error *err);

enum { CHL_COLUMN_TEXT = 128 };
/* "column 'Age'", or "column 3" where there are no names. */
void chl_task_column(const chl_train_task *task, int j, char *out, size_t size);

/* A dataset as training reads it. */
typedef struct chl_rows {
    chl_real *x;         /* [n × padded inputs], owned */
    chl_targets targets; /* owned */
    int64_t n;           /* 0 = there is none */
} chl_rows;

/* Epochs of one member, grown by the thread that trains it. */
typedef struct chl_series {
    chl_epoch *epochs;
    size_t count, capacity;
    int best_epoch;
    chl_stop_reason stopped;
} chl_series;

/* Inputs that swap together: group k is columns[ends[k - 1] … ends[k] - 1]. */
typedef struct chl_input_groups {
    int32_t *columns; /* [inputs] */
    int32_t *ends;    /* [count] */
    int count;
} chl_input_groups;

/* From a number for each input, equal in a group; NULL = each for itself. */
CHL_MUST_CHECK chl_status chl_input_groups_init(chl_input_groups *g, const int32_t *group,
                                                int inputs, chl_error *err);
void chl_input_groups_reset(chl_input_groups *g);

/* One task at work. */
typedef struct chl_job {
    const chl_train_task *task; /* borrowed */
    int number, of;             /* of the task, and how many there are */
    chl_net *const *nets;       /* the task's */
    int members, first;         /* the task's */
    chl_train_options options;
    chl_rows train, valid; /* x from chl_job_open to chl_job_close */
    pthread_mutex_t lock;  /* guards opening and closing */
    int left;              /* members that are not closed */
    const chl_control *control;
    chl_crew *crew;     /* borrowed: who helps within a step; NULL = nobody */
    atomic_bool *abort; /* another member failed: stop at the next batch; the pool's */
    chl_input_groups groups; /* with swap_noise */
    chl_series *series;      /* [members], owned */
    chl_checkpoint checkpoint;
    /* Called after each epoch, on the calling thread. */
    chl_epoch_fn *hear;
    void *hear_ctx;
    /* Runs fn(arg) on the calling thread and waits for it. */
    chl_ask_fn *ask;
    void *ask_ctx;
} chl_job;

/* Makes the rows of x for a member, if no other did. */
CHL_MUST_CHECK chl_status chl_job_open(chl_job *job, chl_error *err);
/* The member is over: the last one frees the rows. */
void chl_job_close(chl_job *job);

/* `status`; with several tasks the message says whose it is. */
chl_status chl_job_failed(const chl_job *job, chl_status status, chl_error *err);

/* Bytes that training one net takes, and those of its task's rows. */
size_t chl_member_bytes(const chl_job *job);
size_t chl_job_bytes(const chl_job *job);

/* Threads that are of use to one net. */
int chl_member_threads(const chl_job *job);

/* Initialises and trains nets[member] of an open job until `deadline` (chl_seconds); its
 * epochs land in series[member]. On CHL_ECANCELLED the net holds the best weights so far.
 */
CHL_MUST_CHECK chl_status chl_member_train(chl_job *job, int member, double deadline,
                                           chl_error *err);

/* All members of all jobs, in their order, on the control's threads; `on_epoch` (may be
 * NULL) on the calling one. */
CHL_MUST_CHECK chl_status chl_ensemble_train(chl_job *jobs, int count,
                                             const chl_control *control,
                                             chl_epoch_fn *on_epoch, void *ctx,
                                             chl_error *err);

#endif
