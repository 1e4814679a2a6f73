/* SPDX-License-Identifier: MIT
 *
 * A first layer laid out for sums of tables' rows, and nets that are nothing but a hidden
 * layer of rectified units and their output: f(b + sum of w · max(0, z)). Layer: core/nn,
 * not for other rooms.
 *
 *   dense relu, dense        shallow as it is
 *   batch_ensemble relu,     each copy is a net of one hidden layer, because its scales
 *   member_dense (TabM)      of inputs and units are one with its weights
 *   dense                    z is max(0, z) - max(0, -z): two units for each of its own
 *
 * Dropout, and batch norm that the output has absorbed, may come in between. The output
 * is sigmoid of one number, or softmax of a few.
 */
#ifndef CHL_NN_SHALLOW_H
#define CHL_NN_SHALLOW_H

#include "core/nn/layer.h"

enum {
    CHL_SLICE_MAX = CHL_CUBE_UNITS, /* units of a slice of a shallow net */
    CHL_SHALLOW_OUTPUTS_MAX = 64
};

/* A layer's units in slices: those of a copy fill slices_per_copy of them. */
typedef struct chl_first_layer {
    int copies, units; /* of each copy */
    int slices, slices_per_copy;
    int64_t width;  /* of a slice, padded */
    chl_real *rows; /* [slices][inputs + 1][width] weights and bias, owned */
} chl_first_layer;

typedef struct chl_shallow {
    int copies, outputs; /* of each copy */
    int activation;      /* CHL_SIGMOID or CHL_SOFTMAX */
    chl_real *weights;   /* [slices][outputs][width], owned */
    chl_real *bias;      /* [copies × outputs], owned */
} chl_shallow;

/* May the first layer be tabulated? It is of a kind that sums over the inputs and the
 * only one that reads them. */
bool chl_first_layer_sums(const chl_net *net);
/* Can the whole net be a chl_shallow? */
bool chl_net_is_shallow(const chl_net *net);

/* The first layer of a net that chl_first_layer_sums; one slice unless `shallow`. On
 * failure there is nothing to reset. */
CHL_MUST_CHECK chl_status chl_first_layer_load(const chl_net *net, bool shallow,
                                               chl_first_layer *out, chl_error *err);
/* The rest of a net that chl_net_is_shallow, from numbers that are folded and absorbed
 * (layer.h) but not turned. */
CHL_MUST_CHECK chl_status chl_shallow_load(const chl_net *net, const chl_packed *packed,
                                           const chl_first_layer *first, chl_shallow *out,
                                           chl_error *err);
/* Units of a slice, without its padding. */
static inline int64_t chl_first_layer_units(const chl_first_layer *first, int slice)
{
    int64_t before = slice % first->slices_per_copy * first->width;
    return first->units - before < first->width ? first->units - before : first->width;
}
void chl_first_layer_reset(chl_first_layer *first);
void chl_shallow_reset(chl_shallow *shallow);

#endif
