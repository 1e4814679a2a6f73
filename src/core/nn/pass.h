/* SPDX-License-Identifier: MIT
 *
 * One training pass: forward with what backward needs kept, backward into a flat
 * gradient. Layer: core/nn, not for other rooms.
 *
 * All memory is one block, taken before the first step; a step allocates nothing.
 */
#ifndef CHL_NN_PASS_H
#define CHL_NN_PASS_H

#include "core/nn/layer.h"

/* What one layer keeps between forward and backward. B = batch, ld = padded outputs. */
typedef struct chl_slot {
    chl_real *out;  /* [B × ld] */
    chl_real *kept; /* dense with gelu, silu, mish: sums before it; batch norm: normalised
                       inputs; dropout: mask. [B × ld] or NULL */
    chl_real *stats; /* batch norm: mean, variance, 1/deviation of the batch. [3 × ld] */
} chl_slot;

typedef struct chl_pass {
    const chl_net *net; /* borrowed: the architecture */
    const chl_kernels *kernels;
    int64_t batch;         /* rows at most */
    int64_t rows;          /* rows in this step */
    chl_packed packed;     /* the weights in training */
    chl_real *grads;       /* [net->pack_params] */
    chl_real *input;       /* [batch × padded inputs], filled by the caller */
    chl_slot *slots;       /* [net->count] */
    chl_real *gradient;    /* of the current layer's output while going back */
    chl_real *spare;       /* the other one */
    chl_real *turned;      /* transposed weights of one layer */
    chl_mask_stream masks; /* the caller sets key and counter */
    double penalty;        /* l1 and l2 terms of the step's loss */
    int first_trainable;   /* layers below need no gradient */
    chl_real *block;       /* owns all of the above */
} chl_pass;

CHL_MUST_CHECK chl_status chl_pass_init(chl_pass *pass, const chl_net *net, int64_t batch,
                                        chl_error *err);
void chl_pass_reset(chl_pass *pass);

/* Returns the logits of pass->rows rows in pass->input, padded. */
const chl_real *chl_pass_forward(chl_pass *pass);
/* From the gradient of the logits in pass->gradient to pass->grads and pass->penalty. */
void chl_pass_backward(chl_pass *pass);

/* One layer each, see the file of that name. backward turns pass->gradient from the
 * layer's output to its input. */
void chl_dense_forward(chl_pass *pass, int i);
void chl_dense_backward(chl_pass *pass, int i);
void chl_activation_forward(chl_pass *pass, int i);
void chl_activation_backward(chl_pass *pass, int i);
void chl_batch_norm_forward(chl_pass *pass, int i);
void chl_batch_norm_backward(chl_pass *pass, int i);
void chl_dropout_forward(chl_pass *pass, int i);
void chl_dropout_backward(chl_pass *pass, int i);

/* What layer i reads: [rows × padded inputs]. */
const chl_real *chl_pass_in(const chl_pass *pass, int i);

#endif
