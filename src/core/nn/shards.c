/* SPDX-License-Identifier: MIT
 *
 * A training step in shards: equal ranges of the batch's rows, which run through the
 * layers one beside the other. Outputs and gradients of layers lie in the pass, so that a
 * layer that wants the whole batch finds them there; what a layer keeps for itself, its
 * scratch and the gradients of its tensors belong to the shard. Layer: core/nn.
 */
#include <string.h>

#include "core/nn/pass.h"

enum {
    SHARDS_MOST = 4,
    ROWS_LEAST = 32,      /* of a shard */
    WORK_LEAST = 16 << 20 /* multiplications of its products, forward */
};

/* Multiplications of one row's products, forward. */
static int64_t work_of_row(const chl_net *net)
{
    int64_t work = 0;
    for (int i = 0; i < net->tensor_count; i++) {
        const chl_param *p = &net->tensors[i];
        const chl_layer *layer = &net->layers[p->layer];
        int steps =
            layer->in.steps > layer->out.steps ? layer->in.steps : layer->out.steps;
        work += p->role == CHL_ROLE_WEIGHT ? p->rows * p->cols * steps : 0;
    }
    return work;
}

int chl_pass_shards(const chl_net *net, int64_t batch)
{
    int64_t by_rows = batch / ROWS_LEAST;
    int64_t by_work = batch * work_of_row(net) / WORK_LEAST;
    int64_t worth = by_rows < by_work ? by_rows : by_work;
    int shards = 1; /* a power of two, so that two or four threads end together */
    while (2 * shards <= worth && 2 * shards <= SHARDS_MOST) {
        shards *= 2;
    }
    return shards;
}

int64_t chl_shard_rows(const chl_pass *pass)
{
    return (pass->batch + pass->shards - 1) / pass->shards;
}

static void aim(const chl_pass *pass, int64_t from, int64_t rows, chl_pass *shard)
{
    const chl_net *net = pass->net;
    shard->rows = rows;
    shard->input = pass->input + from * chl_padded(net->inputs);
    for (int i = 0; i < net->count; i++) {
        int64_t at = from * chl_row_size(net->layers[i].out);
        chl_real *gradient = pass->slots[i].gradient;
        shard->slots[i].shared = pass->slots[i].shared;
        shard->slots[i].out = pass->slots[i].out + at;
        shard->slots[i].gradient = gradient ? gradient + at : NULL;
    }
}

/* The first row of shard s in this step; the first shard is never empty. */
static int64_t first_row(const chl_pass *pass, int s)
{
    return (pass->rows * s + pass->shards - 1) / pass->shards;
}

void chl_shards_aim(chl_pass *pass)
{
    for (int s = 0; s < pass->shards; s++) {
        int64_t from = first_row(pass, s);
        aim(pass, from, first_row(pass, s + 1) - from, &pass->shard[s]);
    }
}

/* ---- layer by layer ---- */

/* Layers from … before `end`. */
typedef struct stretch {
    chl_pass *pass;
    int from, end, step;
    chl_layer_turn *turn;
} stretch;

static void walk_shard(void *ctx, int s)
{
    const stretch *way = ctx;
    chl_pass *shard = &way->pass->shard[s];
    for (int i = way->from; shard->rows > 0 && i != way->end; i += way->step) {
        way->turn(shard, i);
    }
}

/* Which gradients have a reader's part already. */
static void copy_written(const chl_pass *from, chl_pass *to)
{
    for (int i = 0; i < from->net->count; i++) {
        to->slots[i].written = from->slots[i].written;
    }
}

static void walk_together(const stretch *way)
{
    chl_pass *pass = way->pass;
    for (int s = 0; s < pass->shards; s++) {
        copy_written(pass, &pass->shard[s]);
        pass->shard[s].penalty = 0;
    }
    chl_crew_call(pass->crew, pass->shards, walk_shard, (void *)way);
    copy_written(&pass->shard[0], pass);
    pass->penalty += pass->shard[0].penalty;
}

void chl_shards_walk(chl_pass *pass, int from, int end, chl_layer_turn *turn)
{
    const chl_layer *layers = pass->net->layers;
    stretch way = {pass, from, from, from < end ? 1 : -1, turn};
    pass->failed = CHL_OK;
    for (; way.from != end && pass->failed == CHL_OK; way.from = way.end) {
        while (pass->shards > 0 && way.end != end &&
               !layers[way.end].class->whole_batch) {
            way.end += way.step;
        }
        if (way.end != way.from) {
            walk_together(&way);
        } else {
            turn(pass, way.from);
            way.end += way.step;
        }
    }
}

/* ---- gradients ---- */

static void add_range(void *ctx, int piece)
{
    const chl_pass *pass = ctx;
    int64_t lanes = pass->net->pack_params / CHL_LANES;
    int64_t from = lanes * piece / pass->shards * CHL_LANES;
    int64_t end = lanes * (piece + 1) / pass->shards * CHL_LANES;
    for (int s = 1; s < pass->shards; s++) {
        if (pass->shard[s].rows > 0) {
            pass->kernels->add_scaled(end - from, 1, pass->shard[s].grads + from,
                                      pass->grads + from);
        }
    }
}

void chl_shards_add_gradients(chl_pass *pass)
{
    chl_crew_call(pass->crew, pass->shards, add_range, pass);
}
