/* SPDX-License-Identifier: MIT
 *
 * A neural network: architecture, weights, inference. Layer: core/nn (on base, data).
 *
 * The architecture is data, as the Lua methods make it:
 *
 *   {"layers":[{"type":"dense","units":64,"activation":"relu","l1":0,"l2":1e-4},
 *              {"type":"batch_norm","momentum":0.9,"eps":1e-5},
 *              {"type":"dropout","rate":0.2},
 *              {"type":"dense","units":1,"activation":"sigmoid"}]}
 *
 * Each layer may have a "name" and read other layers than the one before it: "from" is a
 * list of names, "input" among them. "heads" is the list of layers whose outputs, side by
 * side, are the net's (default: the last layer). "trainable": false freezes a layer. The
 * kinds of layers are listed in layers.c, each with a file of its own. A spec may be
 * untrusted: at most 1,000 layers, 65,536 units or inputs, 1e9 parameters.
 *
 * Weights are stored [in, out]. Inference adds in a fixed order for each row: the result
 * of a row is bitwise the same alone, in any batch and on any thread.
 */
#ifndef CHL_NN_NET_H
#define CHL_NN_NET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/strbuf.h"
#include "core/nn/real.h"

enum { CHL_HEADS_MAX = 16 };

typedef struct chl_net chl_net;
/* Who computes layers that are written elsewhere: custom_layer.h. */
typedef struct chl_custom_host chl_custom_host;

/* Builds the net for `inputs` columns, weights zero. */
CHL_MUST_CHECK chl_status chl_net_new(const json_t *spec, int inputs, chl_net **out,
                                      chl_error *err);
void chl_net_free(chl_net *net); /* NULL allowed */
/* Checks one entry of "layers" alone, wherever it will stand. */
CHL_MUST_CHECK chl_status chl_net_check_layer(const json_t *spec, chl_error *err);
/* He-normal before relu-like activations, LeCun-normal before selu, Glorot-uniform
 * otherwise; biases zero. Depends on (seed, member) alone. */
void chl_net_init_weights(chl_net *net, uint64_t seed, uint64_t member);
CHL_MUST_CHECK chl_status chl_net_clone(const chl_net *net, chl_net **out,
                                        chl_error *err);

/* The net with that head alone, and the layers that it needs. */
CHL_MUST_CHECK chl_status chl_net_prune(const chl_net *net, const char *head,
                                        chl_net **out, chl_error *err);

int chl_net_inputs(const chl_net *net);
int chl_net_outputs(const chl_net *net);
int chl_net_heads(const chl_net *net);
/* The name of a head, which is that of its layer: borrowed; NULL = there is none. */
const char *chl_net_head_name(const chl_net *net, int head);
int64_t chl_net_parameters(const chl_net *net); /* trainable numbers */
/* A new reference to {"inputs":n,"layers":[…]} with every option spelled out. */
CHL_MUST_CHECK chl_status chl_net_spec(const chl_net *net, json_t **out, chl_error *err);
/* Keras-like summary table: layer, output, parameters. */
CHL_MUST_CHECK chl_status chl_net_describe(const chl_net *net, chl_strbuf *out,
                                           chl_error *err);

/* Has the net a layer that a host computes? Then it may only predict on the host's
 * thread.
 */
bool chl_net_is_custom(const chl_net *net);
/* Borrowed; NULL = none. Clones and pruned nets have the same. */
void chl_net_set_custom(chl_net *net, const chl_custom_host *host);

/* A new reference to a list of {name, steps, width}: the layers of a spec that need be no
 * whole net. */
CHL_MUST_CHECK chl_status chl_net_shapes(const json_t *spec, int inputs, json_t **out,
                                         chl_error *err);

/* A new reference to a list of {name, kind, steps, width, parameters, from} a layer. */
CHL_MUST_CHECK chl_status chl_net_layers(const chl_net *net, json_t **out,
                                         chl_error *err);

/* Everything that must be stored, running statistics too, in a fixed order. Names are
 * unique in the net ("0.weight", "0.bias", "1.running_mean"). `data` is borrowed and may
 * be written. */
typedef struct chl_tensor {
    char name[48];
    int rank;
    int64_t shape[2];
    chl_real *data;
} chl_tensor;
int chl_net_tensor_count(const chl_net *net);
chl_tensor chl_net_tensor(chl_net *net, int i);

/* Numbers that were set from outside (a file) make sense to every layer. */
CHL_MUST_CHECK chl_status chl_net_check_numbers(const chl_net *net, chl_error *err);

/* Takes the numbers of another net, tensor by tensor. CHL_EINVAL, with `where` in front,
 * when a tensor's kind or shape differs. */
CHL_MUST_CHECK chl_status chl_net_copy_numbers(chl_net *to, const chl_net *from,
                                               const char *where, chl_error *err);

/* out[n × outputs] = the net's outputs (probabilities after sigmoid / softmax) for x[n ×
 * inputs]. Fixed order per row; scratch is allocated inside; thread-safe. */
CHL_MUST_CHECK chl_status chl_net_predict(const chl_net *net, const double *x, int64_t n,
                                          double *out, chl_error *err);

#endif
