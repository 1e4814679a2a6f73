/* SPDX-License-Identifier: MIT
 *
 * Inside a net: its layers, and the padded copy of its numbers that the kernels work on.
 * Layer: core/nn, not for other rooms.
 *
 * A net keeps every tensor dense and unpadded (what is stored). Training and inference
 * work on a chl_packed: the same tensors with rows padded to CHL_LANES, weights in panels
 * (kernels.h), trainable numbers in one flat vector that an optimizer steps over. The
 * padding is zero and stays zero: its gradients are zero.
 */
#ifndef CHL_NN_LAYER_H
#define CHL_NN_LAYER_H

#include "core/nn/kernels.h"
#include "core/nn/net.h"

typedef enum chl_layer_kind {
    CHL_LAYER_DENSE,
    CHL_LAYER_ACTIVATION,
    CHL_LAYER_BATCH_NORM,
    CHL_LAYER_DROPOUT
} chl_layer_kind;

typedef struct chl_layer {
    int kind; /* chl_layer_kind */
    int in, out;
    int activation; /* chl_activation: of a dense or an activation layer */
    int64_t units;  /* as read; equals out */
    double l1, l2;  /* dense: penalty l1 · sum |w| + l2 · sum w² on the weights */
    double rate;    /* dropout: share of inputs set to zero */
    double momentum,
        eps;    /* batch norm: running = momentum · running + (1-momentum) · new */
    int64_t at; /* first number in net->params: weight, bias or gamma, beta */
    int64_t state_at;  /* first number in net->state: running mean, running variance */
    int64_t pack_at;   /* the same two in chl_packed: weight or gamma */
    int64_t pack_bias; /* bias or beta */
    int64_t pack_state;
} chl_layer;

struct chl_net {
    int inputs, outputs;
    int count;
    chl_layer *layers;
    chl_real *params; /* trainable numbers, tensor after tensor */
    int64_t param_count;
    chl_real *state; /* running statistics */
    int64_t state_count;
    int64_t pack_params, pack_state; /* numbers in a chl_packed */
};

extern const char *const chl_activation_names[]; /* NULL-terminated */
extern const char *const chl_layer_names[];      /* NULL-terminated */

/* Reads {"inputs":…, "layers":[…]} into the fields of a zeroed net up to `state_count`;
 * no numbers are allocated. On failure the caller frees the net. */
CHL_MUST_CHECK chl_status chl_spec_read(const json_t *spec, int inputs, chl_net *net,
                                        chl_error *err);

/* The activation of the last layer. Sigmoid and softmax are not applied by the packed
 * forward pass: training works on logits, and inference applies them in double. */
int chl_net_final_activation(const chl_net *net);
/* What layer i applies in a packed forward pass. */
chl_activation chl_layer_activation(const chl_net *net, int i);
/* The widest row of any layer, inputs included, padded. */
int64_t chl_net_widest(const chl_net *net);

typedef struct chl_packed {
    chl_real *params; /* [net->pack_params], owned */
    chl_real *state;  /* [net->pack_state], owned, in the same block */
    bool absorbed;    /* see chl_packed_absorb_norms */
    bool turned;      /* see chl_packed_turn_single */
} chl_packed;

/* Zeroed numbers for that net. */
CHL_MUST_CHECK chl_status chl_packed_init(chl_packed *p, const chl_net *net,
                                          chl_error *err);
void chl_packed_reset(chl_packed *p);
void chl_packed_load(chl_packed *p, const chl_net *net);
void chl_packed_store(const chl_packed *p, chl_net *net);
/* Turns the numbers of batch norm layers into scale (in gamma's place) and shift. */
void chl_packed_fold_norms(chl_packed *p, const chl_net *net);

/* After chl_packed_fold_norms: moves batch norm into the dense layer that reads it, if
 * there is one; the forward pass then skips it. Rounds differently. */
void chl_packed_absorb_norms(chl_packed *p, const chl_net *net);
/* After those: lays the weights of dense layers with one unit end to end, for dot. */
void chl_packed_turn_single(chl_packed *p, const chl_net *net);
/* The dense layer that reads batch norm layer i, dropout aside; -1 = none. */
int chl_net_norm_reader(const chl_net *net, int i);

/* Runs layers from … on `rows` rows for inference. x has rows of x_row numbers; `even`
 * and `odd` are scratch of rows × chl_net_widest numbers. Returns the result's rows,
 * padded (logits when the last activation is sigmoid or softmax): one of the scratch
 * blocks. When `from` is no dense layer, x must be `even`, padded. */
const chl_real *chl_packed_forward(const chl_packed *folded, const chl_net *net,
                                   const chl_kernels *kernels, int from, int64_t rows,
                                   const chl_real *x, int64_t x_row, chl_real *even,
                                   chl_real *odd);
/* out[rows × outputs] = the outputs of padded rows of logits, in double. */
void chl_net_finish(const chl_net *net, const chl_kernels *kernels,
                    const chl_real *logits, int64_t rows, double *out);

#endif
