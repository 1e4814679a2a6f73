/* SPDX-License-Identifier: MIT
 *
 * One batch in a block of a Transformer encoder (transformer.c): its tensors and memory.
 * Layer: core/layers, not for other rooms.
 */
#ifndef CHL_LAYERS_TRANSFORMER_WORK_H
#define CHL_LAYERS_TRANSFORMER_WORK_H

#include "core/layers/attention.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum {
    CHL_TRANSFORMER_NORM1_SCALE,
    CHL_TRANSFORMER_NORM1_BIAS,
    CHL_TRANSFORMER_QKV_WEIGHT,
    CHL_TRANSFORMER_QKV_BIAS,
    CHL_TRANSFORMER_OUT_WEIGHT,
    CHL_TRANSFORMER_OUT_BIAS,
    CHL_TRANSFORMER_NORM2_SCALE,
    CHL_TRANSFORMER_NORM2_BIAS,
    CHL_TRANSFORMER_UP_WEIGHT,
    CHL_TRANSFORMER_UP_BIAS,
    CHL_TRANSFORMER_DOWN_WEIGHT,
    CHL_TRANSFORMER_DOWN_BIAS,
    CHL_TRANSFORMER_TENSORS
};

/* One batch at work; P packed rows. */
typedef struct chl_transformer_work {
    const chl_kernels *kernels;
    const chl_layer *layer;
    const chl_real *params[CHL_TRANSFORMER_TENSORS];
    int64_t ld, lu; /* padded width and units */
    chl_activation f;
    bool dropout;
    chl_ragged ragged;
    chl_attention attention;
    chl_row_norm norm1, norm2;
    chl_mask_stream *masks;  /* NULL: no dropout here */
    chl_real *list;          /* the memory of `ragged` */
    chl_real *a_in, *f_in;   /* [P × ld] what A and F read */
    chl_real *sums, *hidden; /* [P × lu] what f's slope is taken of, what down reads */
    chl_real *share_mask, *mask1, *mask2, *mask3;
    chl_real *r, *part; /* scratch [P × ld] */
    chl_real *wide;     /* scratch of backward [P × lu] */
    chl_real *turned;   /* scratch of backward [width × lu] */
} chl_transformer_work;

void chl_transformer_room(const chl_net *net, int i, int64_t batch, chl_room *out);
/* The memory of a training pass, or of inference, is cut, the parameters are known, the
 * steps that count are packed. The work holds a pointer into itself: it stays where it
 * is. */
void chl_transformer_begin_pass(chl_transformer_work *w, const chl_pass *pass, int i);
void chl_transformer_begin_run(chl_transformer_work *w, const chl_run *run, int i);

/* to += x, of packed rows. */
static inline void chl_transformer_add(const chl_transformer_work *w, const chl_real *x,
                                       chl_real *to)
{
    w->kernels->add_scaled(w->ragged.total * w->ld, 1, x, to);
}

void chl_transformer_backward(chl_pass *pass, int i);

#endif
