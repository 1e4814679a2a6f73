/* SPDX-License-Identifier: MIT
 *
 * Batch normalisation (Ioffe & Szegedy 2015): y = gamma · (x - mean) / sqrt(var + eps) +
 * beta with the mini-batch's mean and biased variance. For inference running averages are
 * kept: running = momentum · running + (1 - momentum) · new, the variance unbiased, as in
 * PyTorch (whose momentum is one minus ours). A batch of one row has no variance: it
 * leaves the averages alone. Steps count as rows. A frozen layer works as in inference
 * and keeps its averages, as in Keras. Layer: core/layers.
 */
#include <math.h>
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {CHL_LAYER_COMMON_OPTIONS,
                                     CHL_LAYER_OPTION(momentum, CHL_OPT_DOUBLE, 0, 1, 0),
                                     CHL_LAYER_OPTION(eps, CHL_OPT_DOUBLE, 1e-12, 1, 0),
                                     {0}};

enum { GAMMA, BETA, MEAN, VARIANCE };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    static const char *const names[] = {"gamma", "beta", "running_mean", "running_var"};
    for (int k = GAMMA; k <= VARIANCE; k++) {
        chl_param p = {.name = names[k],
                       .role = k == GAMMA  ? CHL_ROLE_SCALE
                               : k == BETA ? CHL_ROLE_BIAS
                                           : CHL_ROLE_STATE,
                       .vector = true,
                       .cols = layer->out.width};
        CHL_TRY(chl_net_add_tensor(net, layer, p, err));
    }
    return CHL_OK;
}

/* A fresh batch norm changes nothing: gamma 1, variance 1. */
static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    (void)seed;
    (void)member;
    chl_real *gamma = chl_layer_numbers(net, i, GAMMA);
    chl_real *variance = chl_layer_numbers(net, i, VARIANCE);
    for (int j = 0; j < net->layers[i].out.width; j++) {
        gamma[j] = variance[j] = 1;
    }
}

/* Normalised inputs, then mean, variance and 1/deviation of the batch. */
static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    chl_shape shape = net->layers[i].out;
    out->kept = batch * chl_row_size(shape) + 3 * chl_padded(shape.width);
}

static chl_norm describe_norm(const chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t ld = chl_padded(layer->out.width);
    chl_real *kept = pass->slots[i].kept;
    chl_real *stats = kept + pass->batch * chl_row_size(layer->out);
    return (chl_norm){.rows = pass->rows * layer->out.steps,
                      .ld = ld,
                      .eps = (chl_real)layer->options.eps,
                      .gamma = chl_pass_params(pass, i, GAMMA),
                      .beta = chl_pass_params(pass, i, BETA),
                      .mean = stats,
                      .var = stats + ld,
                      .inverse = stats + 2 * ld,
                      .normal = kept};
}

/* Scale, shift and zeros from the running averages, in the room of the batch's. */
static void freeze(const chl_pass *pass, int i, const chl_norm *b)
{
    const chl_real *mean =
        pass->packed.state + chl_layer_tensor(pass->net, i, MEAN)->pack_at;
    const chl_real *var =
        pass->packed.state + chl_layer_tensor(pass->net, i, VARIANCE)->pack_at;
    chl_real *scale = b->mean, *shift = b->var, *zero = b->inverse;
    for (int j = 0; j < pass->net->layers[i].out.width; j++) {
        double s = (double)b->gamma[j] / sqrt((double)var[j] + (double)b->eps);
        scale[j] = (chl_real)s;
        shift[j] = (chl_real)((double)b->beta[j] - (double)mean[j] * s);
        zero[j] = 0;
    }
}

static void forward_frozen(chl_pass *pass, int i)
{
    chl_norm b = describe_norm(pass, i);
    chl_real *out = pass->slots[i].out;
    freeze(pass, i, &b);
    memcpy(out, chl_pass_in(pass, i, 0), (size_t)(b.rows * b.ld) * sizeof *out);
    pass->kernels->affine(b.rows, b.ld, b.mean, b.var, out);
}

static void backward_frozen(chl_pass *pass, int i)
{
    chl_norm b = describe_norm(pass, i);
    pass->kernels->affine(b.rows, b.ld, b.mean, b.inverse, chl_pass_turn(pass, i));
    chl_pass_turned(pass, i);
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    if (!layer->options.trainable) {
        forward_frozen(pass, i);
        return;
    }
    chl_norm b = describe_norm(pass, i);
    pass->kernels->norm(&b, chl_pass_in(pass, i, 0), pass->slots[i].out);
    if (b.rows < 2) {
        return;
    }
    chl_real *mean = pass->packed.state + chl_layer_tensor(pass->net, i, MEAN)->pack_at;
    chl_real *var =
        pass->packed.state + chl_layer_tensor(pass->net, i, VARIANCE)->pack_at;
    double momentum = layer->options.momentum;
    chl_real keep = (chl_real)momentum, take = (chl_real)(1 - momentum);
    chl_real unbiased = (chl_real)((double)b.rows / (double)(b.rows - 1));
    for (int j = 0; j < layer->out.width; j++) {
        mean[j] = keep * mean[j] + take * b.mean[j];
        var[j] = keep * var[j] + take * unbiased * b.var[j];
    }
}

static void backward(chl_pass *pass, int i)
{
    if (!pass->net->layers[i].options.trainable) {
        backward_frozen(pass, i);
        return;
    }
    chl_norm b = describe_norm(pass, i);
    pass->kernels->norm_back(&b, chl_pass_turn(pass, i), chl_pass_grads(pass, i, GAMMA),
                             chl_pass_grads(pass, i, BETA));
    chl_pass_turned(pass, i);
}

/* gamma, beta become scale, shift. */
static void fold(const chl_net *net, int i, chl_real *params, chl_real *state)
{
    chl_real *gamma = params + chl_layer_tensor(net, i, GAMMA)->pack_at;
    chl_real *beta = params + chl_layer_tensor(net, i, BETA)->pack_at;
    const chl_real *mean = state + chl_layer_tensor(net, i, MEAN)->pack_at;
    const chl_real *var = state + chl_layer_tensor(net, i, VARIANCE)->pack_at;
    for (int j = 0; j < net->layers[i].out.width; j++) {
        double scale =
            (double)gamma[j] / sqrt((double)var[j] + net->layers[i].options.eps);
        gamma[j] = (chl_real)scale;
        beta[j] = (chl_real)((double)beta[j] - (double)mean[j] * scale);
    }
}

static void infer(chl_run *run, int i)
{
    chl_shape shape = run->net->layers[i].out;
    chl_real *x = chl_run_in_place(run, i);
    if (run->packed->absorbed && chl_net_norm_reader(run->net, i) >= 0) {
        return;
    }
    run->kernels->affine(run->rows * shape.steps, chl_padded(shape.width),
                         chl_run_params(run, i, GAMMA), chl_run_params(run, i, BETA), x);
}

const chl_layer_class chl_batch_norm_class = {
    .name = "batch_norm",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .whole_batch = true,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .fold = fold,
};
