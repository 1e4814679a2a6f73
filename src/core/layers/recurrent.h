/* SPDX-License-Identifier: MIT
 *
 * What LSTM and GRU share: all steps that count, packed (ragged.h), one product with the
 * weights of x for all of them, then step after step one product with those of the state.
 * Layer: core/layers, not for other rooms.
 *
 * Tensors, gate after gate in PyTorch's order: weight [gates · in × units], recurrent
 * [gates · units × units], bias [gates × units], and where the kind says so
 * recurrent_bias [units], of the last gate. Initial numbers: Glorot & Bengio 2010 for
 * weight, orthogonal for recurrent (Saxe et al. 2014), as Keras; biases 0, the forget
 * gate's 1 (Jozefowicz et al. 2015).
 *
 * Limit: 1,024 units.
 */
#ifndef CHL_LAYERS_RECURRENT_H
#define CHL_LAYERS_RECURRENT_H

#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { CHL_RECURRENT_UNITS_MAX = 1024, CHL_GATE_BLOCKS = 4 };

typedef struct chl_recurrent {
    int gates;
    int forget; /* the gate whose bias begins at 1, -1 = none */
    bool split; /* the last gate has a bias of its own for the state's part */
    bool cell;  /* keeps a second state */
    int x_at[CHL_GATE_BLOCKS]; /* block of each gate that gets the product with x */
    int h_at[CHL_GATE_BLOCKS]; /* … and with the state (kernels_recurrent.h) */
} chl_recurrent;

extern const chl_option chl_recurrent_options[];

/* The functions of a class whose `kind` is a chl_recurrent. */
chl_status chl_recurrent_plan(chl_net *net, chl_layer *layer, const json_t *spec,
                              const char *where, chl_error *err);
void chl_recurrent_init(chl_net *net, int i, uint64_t seed, uint64_t member);
void chl_recurrent_room(const chl_net *net, int i, int64_t batch, chl_room *room);
void chl_recurrent_forward(chl_pass *pass, int i);
void chl_recurrent_backward(chl_pass *pass, int i);
void chl_recurrent_infer(chl_run *run, int i);

#endif
