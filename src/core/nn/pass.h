/* SPDX-License-Identifier: MIT
 *
 * One training pass: forward with what backward needs kept, backward into a flat
 * gradient. Layer: core/nn, not for other rooms.
 *
 * All memory is one block, taken before the first step; a step allocates nothing.
 *
 * A class's backward reads the gradient of its output and overwrites the gradients of its
 * sources where chl_pass_source_gradient gives a place; what several readers of a layer
 * write is added up by the engine.
 *
 * A large step is cut into shards (shards.c): ranges of the batch's rows, each a pass of
 * its own to the classes, which a crew may work on side by side. How many depends on net
 * and batch alone, and gradients are added up in their order, so threads change no bit.
 */
#ifndef CHL_NN_PASS_H
#define CHL_NN_PASS_H

#include "core/base/crew.h"
#include "core/nn/custom_layer.h"
#include "core/nn/layer.h"

/* What one layer keeps between forward and backward. B = batch, row = chl_row_size. */
typedef struct chl_slot {
    chl_real *out;      /* [B × row] */
    chl_real *gradient; /* [B × row] of `out`; NULL = nobody needs it */
    chl_real *kept;     /* as its class's `room` asked, or NULL */
    chl_real *shared;   /* as `room` asked, or NULL; one for the pass and its shards */
    bool written;       /* the gradient has a reader's part */
} chl_slot;

struct chl_pass {
    const chl_net *net; /* borrowed: the architecture */
    const chl_kernels *kernels;
    int64_t batch;         /* rows at most */
    int64_t rows;          /* rows in this step */
    chl_packed packed;     /* the weights in training */
    chl_real *grads;       /* [net->pack_params] */
    chl_real *input;       /* [batch × padded inputs], filled by the caller */
    chl_slot *slots;       /* [net->count] */
    chl_real *part;        /* [batch × widest]: one reader's part of a gradient */
    chl_real *scratch;     /* of the layer at work */
    int32_t *lengths;      /* [net->masks][batch]: steps that count */
    chl_mask_stream masks; /* chl_pass_seed */
    double penalty;        /* l1 and l2 terms of the step's loss */
    chl_real *block;       /* owns all of the above */
    int shards;            /* 0: it is not cut */
    chl_pass *shard;       /* [shards], owned */
    chl_pass *part_of;     /* a shard: the pass that it belongs to; else NULL */
    chl_crew *crew;        /* set by the caller: who helps; NULL = nobody */
    chl_caller caller;     /* set by the caller, for layers that a host computes */
    bool check;            /* such layers prove their gradients in this step */
    chl_status failed;     /* of the last forward or backward; */
    chl_error error;       /* … and why */
};

/* For batches of so many rows at most, in `shards` shards, 1 = in one piece (see
 * chl_pass_shards). */
CHL_MUST_CHECK chl_status chl_pass_init(chl_pass *pass, const chl_net *net, int64_t batch,
                                        int shards, chl_error *err);
void chl_pass_reset(chl_pass *pass);
/* Numbers that a pass of so many rows takes, beside the weights. */
int64_t chl_pass_numbers(const chl_net *net, int64_t batch);
/* Shards of a batch of so many rows: as many threads are of use in one step. */
int chl_pass_shards(const chl_net *net, int64_t batch);
/* The random numbers of dropout from here on, from (seed, CHL_RNG_DROPOUT, index). */
void chl_pass_seed(chl_pass *pass, uint64_t seed, uint64_t index);

/* Runs pass->rows rows in pass->input through all layers. Only layers that a host
 * computes can fail: then it ends with pass->failed and pass->error. */
void chl_pass_forward(chl_pass *pass);
static inline chl_status chl_pass_status(const chl_pass *pass, chl_error *err)
{
    if (pass->failed != CHL_OK && err) {
        *err = pass->error;
    }
    return pass->failed;
}
/* The logits of a head after forward: [rows × copies × padded width]; and where the
 * caller puts their gradient before backward. */
const chl_real *chl_pass_logits(const chl_pass *pass, int head);
chl_real *chl_pass_logit_gradient(const chl_pass *pass, int head);
/* From the gradients of all heads' logits to pass->grads and pass->penalty. May fail as
 * forward does. */
void chl_pass_backward(chl_pass *pass);

/* ---- shards.c, for pass.c ---- */

/* Rows of a shard at most. */
int64_t chl_shard_rows(const chl_pass *pass);
/* Points the shards at their rows of this step. */
void chl_shards_aim(chl_pass *pass);
/* Runs `turn` for the layers from … before `end`, in steps of 1 or -1, on the shards or,
 * where a class wants the whole batch, on the pass. */
typedef void chl_layer_turn(chl_pass *pass, int i);
void chl_shards_walk(chl_pass *pass, int from, int end, chl_layer_turn *turn);
/* Adds the shards' gradients to those of the pass. */
void chl_shards_add_gradients(chl_pass *pass);

/* ---- for classes ---- */

/* Source k of layer i: [rows × row]. */
const chl_real *chl_pass_in(const chl_pass *pass, int i, int k);
static inline const chl_real *chl_pass_params(const chl_pass *pass, int i, int k)
{
    return pass->packed.params + chl_layer_tensor(pass->net, i, k)->pack_at;
}
/* The gradient of tensor k of layer i, to be overwritten. */
static inline chl_real *chl_pass_grads(const chl_pass *pass, int i, int k)
{
    return pass->grads + chl_layer_tensor(pass->net, i, k)->pack_at;
}
/* Whether source k of layer i wants its gradient. */
static inline bool chl_pass_source_needs(const chl_pass *pass, int i, int k)
{
    int from = pass->net->layers[i].from[k];
    return from != CHL_INPUT && pass->net->layers[from].needs;
}
/* Where backward of layer i writes the gradient of its source k; NULL = not needed. Ask,
 * write, then call chl_pass_source_done, one source at a time. */
chl_real *chl_pass_source_gradient(chl_pass *pass, int i, int k);
void chl_pass_source_done(chl_pass *pass, int i, int k);
/* For in-place classes: the output's gradient, which is to become that of the input. When
 * it has, call chl_pass_turned. */
chl_real *chl_pass_turn(chl_pass *pass, int i);
void chl_pass_turned(chl_pass *pass, int i);
/* The lengths of a mask, one a row; NULL = all steps count. */
static inline int32_t *chl_pass_lengths(const chl_pass *pass, int mask)
{
    return mask < 0 ? NULL : pass->lengths + mask * pass->batch;
}
/* Adds l1 and l2 of layer i, tensor k, to its gradient and to pass->penalty. */
void chl_pass_penalise(chl_pass *pass, int i, int k);

#endif
