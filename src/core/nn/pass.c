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

/* A shard works on the layers that do not want the whole batch, a pass that is cut on
 * those that do. */
static bool works_on(const chl_pass *pass, int i)
{
    bool whole = pass->net->layers[i].class->whole_batch;
    return pass->part_of ? !whole : pass->shards == 0 || whole;
}

/* What the pass has for itself as it works on its layers. */
static void cut_work(chl_pass *pass, cutter *c)
{
    const chl_net *net = pass->net;
    int64_t scratch = 0;
    pass->part = cut(c, pass->batch * chl_net_widest(net));
    for (int i = 0; i < net->count; i++) {
        chl_room room = works_on(pass, i) ? room_of(net, i, pass->batch) : (chl_room){0};
        pass->slots[i].kept = room.kept > 0 ? cut(c, room.kept) : NULL;
        scratch = room.scratch > scratch ? room.scratch : scratch;
    }
    pass->scratch = cut(c, scratch);
    pass->lengths = (void *)cut(c, net->masks * pass->batch);
}

static void cut_shards(chl_pass *pass, cutter *c)
{
    for (int s = 0; s < pass->shards; s++) {
        chl_pass *shard = &pass->shard[s];
        *shard = (chl_pass){.net = pass->net,
                            .kernels = pass->kernels,
                            .batch = chl_shard_rows(pass),
                            .slots = pass->slots + (s + 1) * pass->net->count,
                            .part_of = pass};
        shard->grads = s == 0 ? pass->grads : cut(c, pass->net->pack_params);
        cut_work(shard, c);
    }
}

static void cut_all(chl_pass *pass, cutter *c)
{
    const chl_net *net = pass->net;
    pass->grads = cut(c, net->pack_params);
    pass->input = cut(c, pass->batch * chl_padded(net->inputs));
    for (int i = 0; i < net->count; i++) {
        int64_t shared = room_of(net, i, pass->batch).shared;
        pass->slots[i].out = cut(c, pass->batch * chl_row_size(net->layers[i].out));
        pass->slots[i].shared = shared > 0 ? cut(c, shared) : NULL;
    }
    cut_gradients(pass, c);
    cut_work(pass, c);
    cut_shards(pass, c);
}

/* Its slots and shards, without numbers yet. */
static bool prepare(chl_pass *pass, const chl_net *net, int64_t batch, int shards)
{
    *pass = (chl_pass){.net = net,
                       .kernels = chl_kernels_best(),
                       .batch = batch,
                       .shards = shards > 1 ? shards : 0};
    size_t cut = (size_t)pass->shards;
    pass->slots = chl_calloc((size_t)net->count * (1 + cut), sizeof *pass->slots);
    pass->shard = chl_calloc(cut, sizeof *pass->shard);
    return pass->slots && pass->shard;
}

static void borrow_weights(const chl_pass *pass)
{
    for (int s = 0; s < pass->shards; s++) {
        pass->shard[s].packed = pass->packed;
    }
}

static chl_status allocate(chl_pass *pass, chl_error *err)
{
    cutter measure = {0};
    CHL_TRY(chl_packed_init(&pass->packed, pass->net, err));
    cut_all(pass, &measure);
    pass->block = chl_alloc_aligned(measure.used, sizeof *pass->block);
    if (!pass->block) {
        return chl_fail_memory(err);
    }
    memset(pass->block, 0, measure.used * sizeof *pass->block);
    cut_all(pass, &(cutter){.base = pass->block});
    chl_packed_load(&pass->packed, pass->net);
    borrow_weights(pass);
    return CHL_OK;
}

chl_status chl_pass_init(chl_pass *pass, const chl_net *net, int64_t batch, int shards,
                         chl_error *err)
{
    chl_status status =
        prepare(pass, net, batch, shards) ? allocate(pass, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        chl_pass_reset(pass);
    }
    return status;
}

int64_t chl_pass_numbers(const chl_net *net, int64_t batch)
{
    chl_pass pass;
    cutter measure = {0};
    if (prepare(&pass, net, batch, chl_pass_shards(net, batch))) {
        cut_all(&pass, &measure);
    }
    chl_pass_reset(&pass);
    return (int64_t)measure.used;
}

void chl_pass_reset(chl_pass *pass)
{
    chl_packed_reset(&pass->packed);
    chl_free(pass->slots);
    chl_free(pass->shard);
    chl_free(pass->block);
    *pass = (chl_pass){0};
}

static void seed_masks(chl_pass *pass, uint64_t seed, uint64_t index)
{
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_DROPOUT, index);
    memcpy(pass->masks.key, rng.key, sizeof rng.key);
    memcpy(pass->masks.counter, rng.counter, sizeof rng.counter);
}

void chl_pass_seed(chl_pass *pass, uint64_t seed, uint64_t index)
{
    seed_masks(pass, seed, index);
    for (int s = 0; s < pass->shards; s++) {
        seed_masks(&pass->shard[s], seed, index ^ (uint64_t)s << 56);
    }
}

/* ---- forward ---- */

const chl_real *chl_pass_in(const chl_pass *pass, int i, int k)
{
    int from = pass->net->layers[i].from[k];
    return from == CHL_INPUT ? pass->input : pass->slots[from].out;
}

static void turn_forward(chl_pass *pass, int i)
{
    pass->net->layers[i].class->forward(pass, i);
}

void chl_pass_forward(chl_pass *pass)
{
    chl_shards_aim(pass);
    chl_shards_walk(pass, 0, pass->net->count, turn_forward);
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
    return chl_pass_source_needs(pass, i, k) ? &pass->slots[pass->net->layers[i].from[k]]
                                             : NULL;
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
    bool once = !pass->part_of || pass == pass->part_of->shard; /* not in each shard */
    if (once && (o->l1 > 0 || o->l2 > 0)) {
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

static void turn_backward(chl_pass *pass, int i)
{
    if (pass->net->layers[i].needs) {
        pass->net->layers[i].class->backward(pass, i);
    }
}

static void prepare_layer(void *ctx, int i)
{
    chl_pass *pass = ctx;
    const chl_layer *layer = &pass->net->layers[i];
    if (layer->needs && layer->class->prepare) {
        layer->class->prepare(pass, i);
    }
}

void chl_pass_backward(chl_pass *pass)
{
    const chl_net *net = pass->net;
    pass->penalty = 0;
    for (int i = 0; i < net->count; i++) {
        pass->slots[i].written = chl_layer_head(net, i) >= 0;
    }
    chl_crew_call(pass->shards > 0 ? pass->crew : NULL, net->count, prepare_layer, pass);
    chl_shards_walk(pass, net->count - 1, -1, turn_backward);
    chl_shards_add_gradients(pass);
    clear_frozen(pass);
}
