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

static chl_room room_of(const chl_net *net, int i, int64_t batch)
{
    chl_room room = {0};
    if (net->layers[i].class->room) {
        net->layers[i].class->room(net, i, batch, &room);
    }
    return room;
}

/* A layer that works in place and is the only reader turns its own gradient into that of
 * its source: both slots have one block. */
static bool shares_gradient(const chl_net *net, int i)
{
    int reader = net->layers[i].reader;
    return reader >= 0 && net->layers[reader].class->in_place;
}

/* From the last layer on, so that a source finds its reader's block. */
static void cut_gradients(chl_pass *pass, cutter *c)
{
    const chl_net *net = pass->net;
    for (int i = net->count - 1; i >= 0; i--) {
        const chl_layer *layer = &net->layers[i];
        if (!layer->needs) {
            continue;
        }
        pass->slots[i].gradient = shares_gradient(net, i)
                                      ? pass->slots[layer->reader].gradient
                                      : cut(c, pass->batch * chl_row_size(layer->out));
    }
}

static void cut_all(chl_pass *pass, cutter *c)
{
    const chl_net *net = pass->net;
    int64_t scratch = 0;
    pass->grads = cut(c, net->pack_params);
    pass->input = cut(c, pass->batch * chl_padded(net->inputs));
    pass->part = cut(c, pass->batch * chl_net_widest(net));
    for (int i = 0; i < net->count; i++) {
        chl_room room = room_of(net, i, pass->batch);
        chl_slot *slot = &pass->slots[i];
        slot->out = cut(c, pass->batch * chl_row_size(net->layers[i].out));
        slot->kept = room.kept > 0 ? cut(c, room.kept) : NULL;
        scratch = room.scratch > scratch ? room.scratch : scratch;
    }
    cut_gradients(pass, c);
    pass->scratch = cut(c, scratch);
    pass->lengths = (void *)cut(c, net->masks * pass->batch);
}

chl_status chl_pass_init(chl_pass *pass, const chl_net *net, int64_t batch,
                         chl_error *err)
{
    *pass = (chl_pass){.net = net, .kernels = chl_kernels_best(), .batch = batch};
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

int64_t chl_pass_numbers(const chl_net *net, int64_t batch)
{
    chl_slot *slots = chl_calloc((size_t)net->count, sizeof *slots);
    chl_pass pass = {.net = net, .batch = batch, .slots = slots};
    cutter measure = {0};
    if (slots) {
        cut_all(&pass, &measure);
    }
    chl_free(slots);
    return (int64_t)measure.used;
}

void chl_pass_reset(chl_pass *pass)
{
    chl_packed_reset(&pass->packed);
    chl_free(pass->slots);
    chl_free(pass->block);
    *pass = (chl_pass){0};
}

/* ---- forward ---- */

const chl_real *chl_pass_in(const chl_pass *pass, int i, int k)
{
    int from = pass->net->layers[i].from[k];
    return from == CHL_INPUT ? pass->input : pass->slots[from].out;
}

void chl_pass_forward(chl_pass *pass)
{
    pass->failed = CHL_OK;
    for (int i = 0; i < pass->net->count && pass->failed == CHL_OK; i++) {
        pass->net->layers[i].class->forward(pass, i);
    }
}

const chl_real *chl_pass_logits(const chl_pass *pass, int head)
{
    return pass->slots[pass->net->head[head].layer].out;
}

chl_real *chl_pass_logit_gradient(const chl_pass *pass, int head)
{
    return pass->slots[pass->net->head[head].layer].gradient;
}

/* ---- backward ---- */

static chl_slot *source_slot(const chl_pass *pass, int i, int k)
{
    int from = pass->net->layers[i].from[k];
    return from == CHL_INPUT || !pass->net->layers[from].needs ? NULL
                                                               : &pass->slots[from];
}

chl_real *chl_pass_source_gradient(chl_pass *pass, int i, int k)
{
    const chl_slot *source = source_slot(pass, i, k);
    return !source ? NULL : source->written ? pass->part : source->gradient;
}

void chl_pass_source_done(chl_pass *pass, int i, int k)
{
    chl_slot *source = source_slot(pass, i, k);
    if (source && source->written) {
        chl_shape shape = pass->net->layers[pass->net->layers[i].from[k]].out;
        pass->kernels->add_scaled(pass->rows * chl_row_size(shape), 1, pass->part,
                                  source->gradient);
    } else if (source) {
        source->written = true;
    }
}

chl_real *chl_pass_turn(chl_pass *pass, int i)
{
    chl_real *own = pass->slots[i].gradient;
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (!dx || dx == own) {
        return own;
    }
    int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
    memcpy(dx, own, (size_t)n * sizeof *dx);
    return dx;
}

void chl_pass_turned(chl_pass *pass, int i)
{
    chl_pass_source_done(pass, i, 0);
}

void chl_pass_penalise(chl_pass *pass, int i, int k)
{
    const chl_layer_options *o = &pass->net->layers[i].options;
    if (o->l1 > 0 || o->l2 > 0) {
        pass->penalty += (double)pass->kernels->penalty(
            chl_param_packed(chl_layer_tensor(pass->net, i, k)), (chl_real)o->l1,
            (chl_real)o->l2, chl_pass_params(pass, i, k), chl_pass_grads(pass, i, k));
    }
}

/* Frozen layers pass gradients on but get none. */
static void clear_frozen(chl_pass *pass)
{
    for (int i = 0; i < pass->net->tensor_count; i++) {
        const chl_param *p = &pass->net->tensors[i];
        if (!p->trained && p->role != CHL_ROLE_STATE) {
            memset(pass->grads + p->pack_at, 0,
                   (size_t)chl_param_packed(p) * sizeof *pass->grads);
        }
    }
}

void chl_pass_backward(chl_pass *pass)
{
    const chl_net *net = pass->net;
    pass->penalty = 0;
    for (int i = 0; i < net->count; i++) {
        pass->slots[i].written = chl_layer_head(net, i) >= 0;
    }
    pass->failed = CHL_OK;
    for (int i = net->count - 1; i >= 0 && pass->failed == CHL_OK; i--) {
        if (net->layers[i].needs) {
            net->layers[i].class->backward(pass, i);
        }
    }
    clear_frozen(pass);
}
