/* SPDX-License-Identifier: MIT
 *
 * The losses of a net's heads, and what of a data set each of them reads. Layer:
 * core/train, not for other rooms.
 *
 * A row of a set's labels holds those of all heads side by side, in the order of the
 * heads. With several heads a NAN says that the row does not count for that head; the
 * weights of the others are scaled up by rows / rows that count, so that a head's loss
 * is the mean over its own rows, whatever batch they fall into. The total is the sum of
 * the heads' losses, each times its weight.
 */
#ifndef CHL_TRAIN_TARGETS_H
#define CHL_TRAIN_TARGETS_H

#include "core/train/loss.h"
#include "core/train/train.h"

typedef struct chl_head_loss {
    const char *name; /* borrowed from the options; NULL = the net's only head */
    chl_loss loss;
    int width, copies; /* of the head */
    int labels;        /* numbers in a row of its labels */
    int at;            /* the first of them in a row of the set's */
} chl_head_loss;

typedef struct chl_losses {
    int count;
    int labels; /* numbers in a row of a set's labels */
    chl_head_loss heads[CHL_HEADS_MAX];
} chl_losses;

/* `loss` is that of a net with one head, `losses` an object by heads' names; either may
 * be NULL. */
CHL_MUST_CHECK chl_status chl_losses_read(const json_t *loss, const json_t *losses,
                                          chl_losses *out, chl_error *err);
/* Gives each head of the net its loss, in the heads' order. */
CHL_MUST_CHECK chl_status chl_losses_bind(chl_losses *losses, const chl_net *net,
                                          chl_error *err);
/* Another net has the same heads. `number`, 0-based, stands in messages. */
CHL_MUST_CHECK chl_status chl_losses_check(const chl_losses *losses, const chl_net *net,
                                           int number, chl_error *err);

/* What one head reads of a set. */
typedef struct chl_target {
    const double *y; /* [n × labels], borrowed or in `owned` */
    const double *w; /* [n], in `owned`; NULL = ones */
    double *owned;
} chl_target;

typedef struct chl_targets {
    chl_target heads[CHL_HEADS_MAX];
} chl_targets;

/* Checks labels and weights. For training, weights are class weight · sample weight; for
 * validation the sample weights alone. `where` names the set. */
CHL_MUST_CHECK chl_status chl_targets_init(chl_targets *t, const chl_losses *losses,
                                           const chl_dataset *set, bool training,
                                           const char *where, chl_error *err);
void chl_targets_reset(chl_targets *t);

#endif
