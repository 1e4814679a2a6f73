/* SPDX-License-Identifier: MIT
 *
 * Inference of one block of rows: layer after layer in buffers that are used again as
 * soon as nobody reads them. Layer: core/nn, not for other rooms.
 */
#ifndef CHL_NN_RUN_H
#define CHL_NN_RUN_H

#include "core/nn/custom_layer.h"
#include "core/nn/layer.h"

struct chl_run {
    const chl_net *net; /* borrowed */
    const chl_kernels *kernels;
    const chl_packed *packed; /* borrowed, folded */
    int64_t capacity;         /* rows at most */
    int64_t rows;             /* rows of this block */
    chl_real *buffers;        /* [net->places][capacity × widest], then scratch */
    chl_real *scratch;        /* of the layer at work, as its class's `room` asked */
    int32_t *lengths;         /* [net->masks][capacity]: steps that count */
    double *copies;           /* predictions of one row's copies */
    chl_real *owned;          /* the buffers, or NULL when they are the caller's */
    chl_caller caller;        /* as in chl_pass, */
    chl_status failed;        /* and these, too: of the last chl_run_layers */
    chl_error error;
};

/* Rows in a block: few when a row is long, so that a block stays in the cache. */
int64_t chl_run_capacity(const chl_net *net);
/* Numbers of buffers that a run with that capacity takes. */
size_t chl_run_size(const chl_net *net, int64_t capacity);
/* Works in `buffers` of chl_run_size numbers, which it borrows. */
void chl_run_start(chl_run *run, const chl_net *net, const chl_packed *packed,
                   int64_t capacity, chl_real *buffers);
/* As chl_run_start, with buffers of its own. */
CHL_MUST_CHECK chl_status chl_run_init(chl_run *run, const chl_net *net,
                                       const chl_packed *packed, int64_t capacity,
                                       chl_error *err);
void chl_run_reset(chl_run *run);

/* Where the input goes: rows of net->input_row numbers, padding zero. */
chl_real *chl_run_input(const chl_run *run);
/* Runs layers from … on; those before have run. */
void chl_run_layers(chl_run *run, int from);
static inline chl_status chl_run_status(const chl_run *run, chl_error *err)
{
    if (run->failed != CHL_OK && err) {
        *err = run->error;
    }
    return run->failed;
}
/* The logits of a head: [rows × copies × padded width]. */
const chl_real *chl_run_logits(const chl_run *run, int head);
/* p[n] = its softmax. */
void chl_run_softmax(double *p, int n);
/* out[rows × outputs] = the net's outputs, in double. */
void chl_run_finish(const chl_run *run, double *out);

/* ---- for classes ---- */

/* Source k of layer i: rows of *row numbers (steps of padded width). */
const chl_real *chl_run_in(const chl_run *run, int i, int k, int64_t *row);
/* Where layer i writes; for an in-place class it may be what it reads. */
chl_real *chl_run_out(const chl_run *run, int i);
/* For in-place classes: the source's rows are now at chl_run_out(run, i). */
chl_real *chl_run_in_place(const chl_run *run, int i);
/* The lengths of a mask, one a row; NULL = all steps count. */
static inline int32_t *chl_run_lengths(const chl_run *run, int mask)
{
    return mask < 0 ? NULL : run->lengths + mask * run->capacity;
}
static inline const chl_real *chl_run_params(const chl_run *run, int i, int k)
{
    return run->packed->params + chl_layer_tensor(run->net, i, k)->pack_at;
}

#endif
