/* SPDX-License-Identifier: MIT
 *
 * One batch in a recurrent layer (recurrent.h): its tensors and memory. Layer:
 * core/layers, not for other rooms.
 */
#ifndef CHL_LAYERS_RECURRENT_WORK_H
#define CHL_LAYERS_RECURRENT_WORK_H

#include "core/layers/ragged.h"
#include "core/layers/recurrent.h"

enum {
    CHL_RECURRENT_WEIGHT,
    CHL_RECURRENT_RECURRENT,
    CHL_RECURRENT_BIAS,
    CHL_RECURRENT_STATE_BIAS
}; /* tensors */

/* One batch at work; P packed rows. */
typedef struct chl_recurrent_work {
    const chl_recurrent *kind;
    const chl_kernels *kernels;
    const chl_layer *layer;
    int64_t in, lx, ld; /* width of x; padded; padded units */
    chl_ragged ragged;
    chl_real *list;     /* the memory of `ragged` */
    chl_real *x;        /* [P × lx] */
    chl_real *gates;    /* [P × 4 ld] (kernels_recurrent.h) */
    chl_real *before;   /* [P × ld] state before each step */
    chl_real *cell;     /* [P × ld] second state after each step, or NULL */
    chl_real *sums;     /* [rows × 4 ld] of one step */
    chl_real *h;        /* [rows × ld] state after one step; backward: its gradient */
    chl_real *carry;    /* [rows × ld] backward: see chl_cell */
    chl_real *turned_x; /* [4 ld × lx] transposed weights */
    chl_real *turned_h; /* [4 ld × ld] */
    chl_real *columns;  /* [4 ld] */
    const chl_real *weight, *recurrent, *bias, *state_bias;
} chl_recurrent_work;

/* Kept and forward's memory of a training pass, or of inference, is cut, the steps that
 * count are packed. */
chl_recurrent_work chl_recurrent_begin_forward(const chl_pass *pass, int i);
chl_recurrent_work chl_recurrent_begin_run(const chl_run *run, int i);
/* The same for backward. */
chl_recurrent_work chl_recurrent_begin_backward(const chl_pass *pass, int i);

/* Step t, forward or backward. */
chl_cell chl_recurrent_cell(const chl_recurrent_work *w, int64_t t);
/* Rows of step t + 1, 0 after the last one. */
int64_t chl_recurrent_rows_after(const chl_recurrent_work *w, int64_t t);
/* Where the output shows packed row i of step t; -1 = it does not. */
int64_t chl_recurrent_output_at(const chl_recurrent_work *w, int64_t t, int64_t i);

#endif
