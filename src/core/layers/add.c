/* SPDX-License-Identifier: MIT
 *
 * Layer `add`: the sum of its sources, which have one shape: residual connections (He et
 * al. 2016). Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {CHL_LAYER_COMMON_OPTIONS, {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    if (layer->sources < 2) {
        return chl_fail(err, CHL_EINVAL, "%s: option 'from': expected at least 2 sources",
                        where);
    }
    for (int k = 1; k < layer->sources; k++) {
        chl_shape shape = chl_shape_of(net, layer->from[k]);
        if (shape.steps != layer->in.steps || shape.width != layer->in.width) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: expected sources of one shape, got %d x %d and %d x %d",
                            where, layer->in.steps, layer->in.width, shape.steps,
                            shape.width);
        }
    }
    return CHL_OK;
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_real *out = pass->slots[i].out;
    int64_t n = pass->rows * chl_row_size(layer->out);
    memcpy(out, chl_pass_in(pass, i, 0), (size_t)n * sizeof *out);
    for (int k = 1; k < layer->sources; k++) {
        pass->kernels->add_scaled(n, 1, chl_pass_in(pass, i, k), out);
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    size_t n = (size_t)(pass->rows * chl_row_size(layer->out));
    for (int k = 0; k < layer->sources; k++) {
        chl_real *dx = chl_pass_source_gradient(pass, i, k);
        if (dx) {
            memcpy(dx, pass->slots[i].gradient, n * sizeof *dx);
            chl_pass_source_done(pass, i, k);
        }
    }
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    chl_real *out = chl_run_out(run, i);
    int64_t row, n = run->rows * chl_row_size(layer->out);
    memcpy(out, chl_run_in(run, i, 0, &row), (size_t)n * sizeof *out);
    for (int k = 1; k < layer->sources; k++) {
        run->kernels->add_scaled(n, 1, chl_run_in(run, i, k, &row), out);
    }
}

const chl_layer_class chl_add_class = {
    .name = "add",
    .options = options,
    .most_sources = CHL_SOURCES_MAX,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
