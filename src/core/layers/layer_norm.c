/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation (Ba, Kiros, Hinton 2016): each row, step by step, y = gamma · (x -
 * mean) / sqrt(var + eps) + beta with the mean and the biased variance of its own
 * numbers, as PyTorch has it. Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_LAYER_OPTION(eps, CHL_OPT_DOUBLE, 1e-12, 1, 0), {0}};

enum { GAMMA, BETA };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    chl_param gamma = {
        .name = "gamma", .role = CHL_ROLE_SCALE, .vector = true, .cols = layer->in.width};
    chl_param beta = {
        .name = "beta", .role = CHL_ROLE_BIAS, .vector = true, .cols = layer->in.width};
    CHL_TRY(chl_net_add_tensor(net, layer, gamma, err));
    return chl_net_add_tensor(net, layer, beta, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    (void)seed;
    (void)member;
    chl_real *gamma = chl_layer_numbers(net, i, GAMMA);
    for (int j = 0; j < net->layers[i].in.width; j++) {
        gamma[j] = 1;
    }
}

/* Normalised rows, and 1 / deviation of each. */
static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    chl_shape shape = net->layers[i].out;
    out->kept = batch * (chl_row_size(shape) + shape.steps);
    out->run = out->kept;
}

static chl_row_norm describe(const chl_layer *layer, int64_t rows, const chl_real *gamma,
                             const chl_real *beta, chl_real *numbers)
{
    int64_t ld = chl_padded(layer->in.width);
    rows *= layer->in.steps;
    return (chl_row_norm){.rows = rows,
                          .width = layer->in.width,
                          .ld = ld,
                          .eps = (chl_real)layer->options.eps,
                          .gamma = gamma,
                          .beta = beta,
                          .normal = numbers,
                          .inverse = numbers + rows * ld};
}

static chl_row_norm describe_pass(const chl_pass *pass, int i)
{
    return describe(&pass->net->layers[i], pass->rows, chl_pass_params(pass, i, GAMMA),
                    chl_pass_params(pass, i, BETA), pass->slots[i].kept);
}

static void forward(chl_pass *pass, int i)
{
    chl_row_norm n = describe_pass(pass, i);
    pass->kernels->row_norm(&n, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void backward(chl_pass *pass, int i)
{
    chl_row_norm n = describe_pass(pass, i);
    chl_real *dgamma = chl_pass_grads(pass, i, GAMMA);
    chl_real *dbeta = chl_pass_grads(pass, i, BETA);
    memset(dgamma, 0, (size_t)n.ld * sizeof *dgamma);
    memset(dbeta, 0, (size_t)n.ld * sizeof *dbeta);
    pass->kernels->row_norm_back(&n, chl_pass_turn(pass, i), dgamma, dbeta);
    chl_pass_turned(pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_real *x = chl_run_in_place(run, i);
    chl_row_norm n =
        describe(&run->net->layers[i], run->rows, chl_run_params(run, i, GAMMA),
                 chl_run_params(run, i, BETA), run->scratch);
    run->kernels->row_norm(&n, x, x);
}

const chl_layer_class chl_layer_norm_class = {
    .name = "layer_norm",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
