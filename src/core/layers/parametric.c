/* SPDX-License-Identifier: MIT
 *
 * Layer `parametric`: y = x + (f(x) - x) · a with an activation f and one learnt a for
 * each column, `start` (1) at first (RealMLP: Holzmüller et al. 2024). With relu the
 * slope below zero is 1 - a: PReLU (He et al. 2015). Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_ACTIVATION(1),
    CHL_LAYER_OPTION(start, CHL_OPT_DOUBLE, -1e3, 1e3, 0),
    {0}};

enum { GATE };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    if (layer->options.activation == CHL_SOFTMAX) {
        return chl_fail(err, CHL_EINVAL, "%s: softmax has no parametric form", where);
    }
    chl_param gate = {
        .name = "gate", .role = CHL_ROLE_SCALE, .vector = true, .cols = layer->in.width};
    return chl_net_add_tensor(net, layer, gate, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    (void)seed;
    (void)member;
    chl_real *gate = chl_layer_numbers(net, i, GATE);
    for (int j = 0; j < net->layers[i].in.width; j++) {
        gate[j] = (chl_real)net->layers[i].options.start;
    }
}

/* kept: f(x), then f(x) - x. */
static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    int64_t n = batch * chl_row_size(net->layers[i].out);
    out->kept = 2 * n;
    out->scratch = n;
    out->run = n;
}

static chl_copies describe(const chl_layer *layer, int64_t rows, const chl_real *gate)
{
    return (chl_copies){.rows = rows * layer->in.steps,
                        .copies = 1,
                        .ld = chl_padded(layer->in.width),
                        .scale = gate};
}

/* out = from + (to - from) · gate; difference = to - from. out may be from. */
static void mix(const chl_kernels *kernels, const chl_copies *gate, const chl_real *from,
                const chl_real *to, chl_real *difference, chl_real *out)
{
    int64_t n = gate->rows * gate->ld;
    if (difference != to) {
        memcpy(difference, to, (size_t)n * sizeof *to);
    }
    if (out != from) {
        memcpy(out, from, (size_t)n * sizeof *out);
    }
    kernels->add_scaled(n, -1, from, difference);
    kernels->add_products(gate, difference, out);
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_real *x = chl_pass_in(pass, i, 0);
    const chl_slot *slot = &pass->slots[i];
    chl_copies gate = describe(layer, pass->rows, chl_pass_params(pass, i, GATE));
    int64_t n = gate.rows * gate.ld;
    pass->kernels->activate((chl_activation)layer->options.activation, n, x, slot->kept);
    mix(pass->kernels, &gate, x, slot->kept,
        slot->kept + pass->batch * chl_row_size(layer->out), slot->out);
}

/* dx = g + (g · f' - g) · a */
static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_activation f = (chl_activation)layer->options.activation;
    const chl_slot *slot = &pass->slots[i];
    const chl_real *g = slot->gradient;
    chl_copies gate = describe(layer, pass->rows, chl_pass_params(pass, i, GATE));
    int64_t n = gate.rows * gate.ld;
    chl_real *dgate = chl_pass_grads(pass, i, GATE);
    memset(dgate, 0, (size_t)gate.ld * sizeof *dgate);
    pass->kernels->scale_copies_back(
        &gate, slot->kept + pass->batch * chl_row_size(layer->out), g, NULL, dgate, NULL);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        memcpy(pass->scratch, g, (size_t)n * sizeof *g);
        pass->kernels->activate_back(
            f, n, chl_activation_reads_input(f) ? chl_pass_in(pass, i, 0) : slot->kept,
            pass->scratch);
        mix(pass->kernels, &gate, g, pass->scratch, pass->scratch, dx);
        chl_pass_source_done(pass, i, 0);
    }
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    chl_real *x = chl_run_in_place(run, i);
    chl_copies gate = describe(layer, run->rows, chl_run_params(run, i, GATE));
    run->kernels->activate((chl_activation)layer->options.activation, gate.rows * gate.ld,
                           x, run->scratch);
    mix(run->kernels, &gate, x, run->scratch, run->scratch, x);
}

const chl_layer_class chl_parametric_class = {
    .name = "parametric",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
