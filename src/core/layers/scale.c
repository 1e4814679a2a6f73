/* SPDX-License-Identifier: MIT
 *
 * Layer `scale`: y = x · s, one learnt factor a column, 1 at first (the scaling layer of
 * RealMLP: Holzmüller, Grinsztajn, Steinwart 2024). Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {CHL_LAYER_COMMON_OPTIONS, {0}};

enum { SCALE };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    chl_param scale = {
        .name = "scale", .role = CHL_ROLE_SCALE, .vector = true, .cols = layer->in.width};
    return chl_net_add_tensor(net, layer, scale, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    (void)seed;
    (void)member;
    chl_real *scale = chl_layer_numbers(net, i, SCALE);
    for (int j = 0; j < net->layers[i].in.width; j++) {
        scale[j] = 1;
    }
}

/* Steps count as rows, each of one copy. */
static chl_copies describe(const chl_layer *layer, int64_t rows, const chl_real *scale)
{
    return (chl_copies){.rows = rows * layer->in.steps,
                        .copies = 1,
                        .ld = chl_padded(layer->in.width),
                        .scale = scale};
}

static void forward(chl_pass *pass, int i)
{
    chl_copies s =
        describe(&pass->net->layers[i], pass->rows, chl_pass_params(pass, i, SCALE));
    pass->kernels->scale_copies(&s, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void backward(chl_pass *pass, int i)
{
    chl_copies s =
        describe(&pass->net->layers[i], pass->rows, chl_pass_params(pass, i, SCALE));
    chl_real *dscale = chl_pass_grads(pass, i, SCALE);
    memset(dscale, 0, (size_t)s.ld * sizeof *dscale);
    pass->kernels->scale_copies_back(&s, chl_pass_in(pass, i, 0), pass->slots[i].gradient,
                                     chl_pass_source_gradient(pass, i, 0), dscale, NULL);
    chl_pass_source_done(pass, i, 0);
}

static void infer(chl_run *run, int i)
{
    chl_real *x = chl_run_in_place(run, i);
    chl_copies s =
        describe(&run->net->layers[i], run->rows, chl_run_params(run, i, SCALE));
    run->kernels->scale_copies(&s, x, x);
}

const chl_layer_class chl_scale_class = {
    .name = "scale",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
