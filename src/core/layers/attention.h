/* SPDX-License-Identifier: MIT
 *
 * Multi-head self-attention (Vaswani et al. 2017) over the steps that count, packed row
 * after row (ragged.h). Layer: core/layers, not for other rooms.
 *
 *   q, k, v = x W + b for each head;  shares = softmax(q k' / sqrt(head width))
 *   out = [shares v of all heads] O + c
 *
 * Steps that do not count are neither asked nor answered. P: packed rows; every row is
 * padded.
 */
#ifndef CHL_LAYERS_ATTENTION_H
#define CHL_LAYERS_ATTENTION_H

#include "core/nn/kernels.h"
#include "core/layers/ragged.h"

typedef struct chl_attention {
    const chl_kernels *kernels;
    const chl_ragged *ragged;      /* in the order of rows */
    int64_t heads, width;          /* width: of x, a multiple of heads */
    const chl_real *weight, *bias; /* [3 heads] matrices [width × head], and rows:
                                      all q, all k, all v */
    const chl_real *out_weight;    /* [width × width] in panels */
    const chl_real *out_bias;      /* [width] */
    const chl_real *x;             /* [P × width] */
    const chl_real *masks;         /* of the shares (dropout), or NULL */
    chl_real *qkv;                 /* kept: [P × 3 heads × head] */
    chl_real *shares;              /* kept: [P × heads × steps] */
    chl_real *joined;              /* kept: [P × width] */
    chl_real *parts;               /* scratch: [P × heads × head] */
    chl_real *dropped;             /* scratch: as shares; unused without masks */
    chl_real *turned;              /* scratch: chl_attention_turned */
    chl_real *dqkv, *dshares;      /* scratch of backward: as qkv, [steps × steps] */
} chl_attention;

static inline int64_t chl_attention_head(const chl_attention *a)
{
    return chl_padded(a->width / a->heads);
}
/* Numbers of a row of qkv and of shares, and of `turned`. */
int64_t chl_attention_qkv_row(const chl_attention *a);
int64_t chl_attention_share_row(const chl_attention *a, int64_t steps);
int64_t chl_attention_turned(const chl_attention *a, int64_t steps);

/* out[P × width] */
void chl_attention_forward(const chl_attention *a, chl_real *out);
/* From g, the gradient of out, to that of x (dx) and of the tensors. */
void chl_attention_backward(const chl_attention *a, const chl_real *g, chl_real *dx,
                            chl_real *dweight, chl_real *dbias, chl_real *dout_weight,
                            chl_real *dout_bias);

#endif
