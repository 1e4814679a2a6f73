/* SPDX-License-Identifier: MIT
 *
 * The memory and the order of a training pass. Layer: core/nn.
 */
#include "core/nn/pass.h"

#include <string.h>

#include "core/base/alloc.h"

/* Cuts pieces of whole cache lines from a block; with base NULL it only measures. */
typedef struct cutter {
    chl_real *base;
    size_t used;
} cutter;

static chl_real *cut(cutter *c, int64_t n)
{
    chl_real *piece = c->base ? c->base + c->used : NULL;
    c->used += (size_t)chl_padded(n);
    return piece;
}

static bool keeps_rows(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    return layer->kind == CHL_LAYER_BATCH_NORM || layer->kind == CHL_LAYER_DROPOUT ||
           (layer->kind == CHL_LAYER_DENSE &&
            chl_activation_reads_input((chl_activation)layer->activation));
}

static void cut_all(chl_pass *pass, cutter *c)
{
    const chl_net *net = pass->net;
    int64_t wide = pass->batch * chl_net_widest(net), turned = 0;
    pass->grads = cut(c, net->pack_params);
    pass->input = cut(c, pass->batch * chl_padded(net->inputs));
    pass->gradient = cut(c, wide);
    pass->spare = cut(c, wide);
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        int64_t ld = chl_padded(layer->out), size = chl_padded(layer->in) * layer->out;
        chl_slot *slot = &pass->slots[i];
        slot->out = cut(c, pass->batch * ld);
        slot->kept = keeps_rows(net, i) ? cut(c, pass->batch * ld) : NULL;
        slot->stats = layer->kind == CHL_LAYER_BATCH_NORM ? cut(c, 3 * ld) : NULL;
        turned = layer->kind == CHL_LAYER_DENSE && size > turned ? size : turned;
    }
    pass->turned = cut(c, turned);
}

static int first_trainable(const chl_net *net)
{
    int i = 0;
    while (i < net->count && net->layers[i].kind != CHL_LAYER_DENSE &&
           net->layers[i].kind != CHL_LAYER_BATCH_NORM) {
        i++;
    }
    return i;
}

chl_status chl_pass_init(chl_pass *pass, const chl_net *net, int64_t batch,
                         chl_error *err)
{
    *pass = (chl_pass){.net = net, .kernels = chl_kernels_best(), .batch = batch};
    pass->first_trainable = first_trainable(net);
    pass->slots = chl_calloc((size_t)net->count, sizeof *pass->slots);
    chl_status status =
        pass->slots ? chl_packed_init(&pass->packed, net, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        cutter measure = {0};
        cut_all(pass, &measure);
        pass->block = chl_alloc_aligned(measure.used, sizeof *pass->block);
        status = pass->block ? CHL_OK : chl_fail_memory(err);
        if (status == CHL_OK) {
            memset(pass->block, 0, measure.used * sizeof *pass->block);
            cut_all(pass, &(cutter){.base = pass->block});
            chl_packed_load(&pass->packed, net);
        }
    }
    if (status != CHL_OK) {
        chl_pass_reset(pass);
    }
    return status;
}

void chl_pass_reset(chl_pass *pass)
{
    chl_packed_reset(&pass->packed);
    chl_free(pass->slots);
    chl_free(pass->block);
    *pass = (chl_pass){0};
}

const chl_real *chl_pass_in(const chl_pass *pass, int i)
{
    return i > 0 ? pass->slots[i - 1].out : pass->input;
}

typedef void layer_fn(chl_pass *pass, int i);

const chl_real *chl_pass_forward(chl_pass *pass)
{
    static layer_fn *const forward[] = {
        [CHL_LAYER_DENSE] = chl_dense_forward,
        [CHL_LAYER_ACTIVATION] = chl_activation_forward,
        [CHL_LAYER_BATCH_NORM] = chl_batch_norm_forward,
        [CHL_LAYER_DROPOUT] = chl_dropout_forward,
    };
    for (int i = 0; i < pass->net->count; i++) {
        forward[pass->net->layers[i].kind](pass, i);
    }
    return pass->slots[pass->net->count - 1].out;
}

void chl_pass_backward(chl_pass *pass)
{
    static layer_fn *const backward[] = {
        [CHL_LAYER_DENSE] = chl_dense_backward,
        [CHL_LAYER_ACTIVATION] = chl_activation_backward,
        [CHL_LAYER_BATCH_NORM] = chl_batch_norm_backward,
        [CHL_LAYER_DROPOUT] = chl_dropout_backward,
    };
    pass->penalty = 0;
    for (int i = pass->net->count - 1; i >= pass->first_trainable; i--) {
        backward[pass->net->layers[i].kind](pass, i);
    }
}
