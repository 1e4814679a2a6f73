/* SPDX-License-Identifier: MIT
 *
 * Checkpoints of training: everything from which a task goes on to the same weights to
 * the last bit, in one file that is replaced whole. Layer: core/train, not for other
 * rooms.
 *
 * The file is a safetensors container. Of each member that has begun it holds
 *   member.<i>.weights  trainable numbers and running statistics, packed (layer.h)
 *   member.<i>.memory   the optimizer's          member.<i>.average  of the weights (ema)
 *   member.<i>.best     those of the best epoch
 * or, when it is over, `weights` alone: those that were kept. The metadata
 * "churnlab.checkpoint" is JSON: format, architecture, options, the hash of the data, and
 * a list of members with epoch, steps, learning rate, early stopping, schedules, history;
 * "churnlab.sha256" is a hash over it and all tensors.
 *
 * Tasks in one pool need a path each.
 */
#ifndef CHL_TRAIN_CHECKPOINT_H
#define CHL_TRAIN_CHECKPOINT_H

#include <pthread.h>

#include "core/base/safetensors.h"
#include "core/train/train.h"

enum { CHL_CHECKPOINT_FORMAT = 1, CHL_CHECKPOINT_PARTS = 4 };

typedef enum chl_checkpoint_part {
    CHL_PART_WEIGHTS,
    CHL_PART_MEMORY,
    CHL_PART_AVERAGE,
    CHL_PART_BEST
} chl_checkpoint_part;

/* What a member was when its state was taken. */
typedef struct chl_member_state {
    json_t *facts;                      /* owned; NULL = it has not begun */
    chl_real *numbers;                  /* owned: the parts, one after another */
    int64_t size[CHL_CHECKPOINT_PARTS]; /* numbers of each; 0 = not there */
} chl_member_state;

void chl_member_state_reset(chl_member_state *state);
/* Room for parts of these sizes; their contents are the caller's to write. */
CHL_MUST_CHECK chl_status chl_member_state_init(chl_member_state *state,
                                                const int64_t size[CHL_CHECKPOINT_PARTS],
                                                chl_error *err);
/* Numbers of all parts. */
int64_t chl_member_state_numbers(const chl_member_state *state);
chl_real *chl_member_state_part(const chl_member_state *state, chl_checkpoint_part part);

/* The checkpoint of one task; shared by the threads of its members. */
typedef struct chl_checkpoint {
    char *path;                /* owned; NULL = nothing is written */
    int64_t every;             /* epochs between two states of a member */
    json_t *header;            /* owned: format, architecture, options, data */
    chl_member_state *members; /* [count], owned */
    int count;
    pthread_mutex_t lock; /* guards members and the file */
} chl_checkpoint;

/* {"path":…, "every":10}, or NULL; checks alone. */
CHL_MUST_CHECK chl_status chl_checkpoint_check(const json_t *options, const char *resume,
                                               chl_error *err);
/* From the task's options: `checkpoint`, and `resume`, the path of a checkpoint of the
 * same architecture, options and data, which is read: CHL_EINVAL names what differs. */
CHL_MUST_CHECK chl_status chl_checkpoint_init(chl_checkpoint *c,
                                              const chl_train_task *task, chl_error *err);
void chl_checkpoint_reset(chl_checkpoint *c);
bool chl_checkpoint_on(const chl_checkpoint *c);

/* Takes the state as that of the member (it is reset) and writes the file. */
CHL_MUST_CHECK chl_status chl_checkpoint_put(chl_checkpoint *c, int member,
                                             chl_member_state *state, chl_error *err);

#endif
