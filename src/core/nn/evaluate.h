/* SPDX-License-Identifier: MIT
 *
 * Figures of a net in training on the validation set. Layer: core/nn, not for other
 * rooms.
 */
#ifndef CHL_NN_EVALUATE_H
#define CHL_NN_EVALUATE_H

#include "core/nn/layer.h"
#include "core/nn/member.h"
#include "core/nn/run.h"

typedef struct chl_evaluator {
    const chl_net *net; /* borrowed: the architecture */
    const chl_kernels *kernels;
    chl_packed folded; /* batch norm as scale and shift */
    chl_real *logits;  /* [n × padded outputs] */
    chl_run run;
    double *merged; /* [run's rows × outputs]: means of copies */
    uint64_t *keys; /* [2 × n] for sorting scores */
} chl_evaluator;

/* Room for sets of up to n rows. */
CHL_MUST_CHECK chl_status chl_evaluator_init(chl_evaluator *e, const chl_net *net,
                                             int64_t n, chl_error *err);
void chl_evaluator_reset(chl_evaluator *e);

/* Copies of a head (see chl_head) are judged by the mean of their probabilities.
 * Unweighted, unsmoothed log loss; AUC for two classes, ties count half, NAN when a class
 * is missing or there are more than two. */
void chl_evaluate(chl_evaluator *e, const chl_packed *weights, const chl_loss *loss,
                  const chl_rows *set, double *log_loss, double *auc);

#endif
