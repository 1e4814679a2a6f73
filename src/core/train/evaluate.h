/* SPDX-License-Identifier: MIT
 *
 * Figures of a net in training on the validation set. Layer: core/train, not for other
 * rooms.
 */
#ifndef CHL_TRAIN_EVALUATE_H
#define CHL_TRAIN_EVALUATE_H

#include "core/base/crew.h"
#include "core/nn/layer.h"
#include "core/train/member.h"
#include "core/nn/run.h"

/* A range of the set's rows at work. */
typedef struct chl_evaluator_piece {
    chl_run run;
    double *merged; /* [run's rows × outputs]: means of copies */
    chl_status status;
    chl_error error;
} chl_evaluator_piece;

typedef struct chl_evaluator {
    const chl_net *net;              /* borrowed: the architecture */
    chl_caller caller;               /* set by the caller, as in chl_pass, */
    chl_crew *crew;                  /* and this, too */
    chl_packed folded;               /* batch norm as scale and shift */
    chl_real *logits[CHL_HEADS_MAX]; /* [n × padded width] a head; logits[0] owns all */
    int pieces;
    chl_evaluator_piece *piece; /* [pieces], owned */
    uint64_t *keys;             /* [2 × n] for sorting scores */
} chl_evaluator;

/* Room for sets of up to n rows, which a crew may judge in so many pieces. */
CHL_MUST_CHECK chl_status chl_evaluator_init(chl_evaluator *e, const chl_net *net,
                                             int64_t n, int pieces, chl_error *err);
void chl_evaluator_reset(chl_evaluator *e);

/* Sets val_loss, val_auc, heads and val_head of the record. Copies of a head (see
 * chl_head) are judged by the mean of their predictions. Losses are means with the set's
 * weights, without class weights and label smoothing. The AUC is that of the first head,
 * with the same weights, ties count half; NAN when a class is missing or there are not
 * two. */
CHL_MUST_CHECK chl_status chl_evaluate(chl_evaluator *e, const chl_packed *weights,
                                       const chl_losses *losses, const chl_rows *set,
                                       chl_epoch *record, chl_error *err);

#endif
