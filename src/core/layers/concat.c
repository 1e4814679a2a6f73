/* SPDX-License-Identifier: MIT
 *
 * Layer `concat`: the columns of its sources side by side; all have as many steps. Layer:
 * core/layers.
 */
#include "core/nn/pass.h"
#include "core/nn/run.h"
#include "core/layers/slices.h"

static const chl_option options[] = {CHL_LAYER_COMMON_OPTIONS, {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    int64_t width = layer->in.width;
    if (layer->sources < 2) {
        return chl_fail(err, CHL_EINVAL, "%s: option 'from': expected at least 2 sources",
                        where);
    }
    for (int k = 1; k < layer->sources; k++) {
        chl_shape shape = chl_shape_of(net, layer->from[k]);
        if (shape.steps != layer->in.steps) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: expected sources of as many steps, got %d and %d", where,
                            layer->in.steps, shape.steps);
        }
        width += shape.width;
    }
    layer->out.width = width > CHL_UNITS_MAX ? CHL_UNITS_MAX + 1 : (int)width;
    return CHL_OK;
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t n = pass->rows * layer->out.steps, row = chl_padded(layer->out.width);
    chl_real *out = pass->slots[i].out;
    for (int k = 0; k < layer->sources; k++) {
        int width = chl_shape_of(pass->net, layer->from[k]).width;
        chl_slice_copy(n, width, chl_pass_in(pass, i, k), chl_padded(width), out, row);
        out += width;
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t n = pass->rows * layer->out.steps, row = chl_padded(layer->out.width);
    const chl_real *g = pass->slots[i].gradient;
    for (int k = 0; k < layer->sources; k++) {
        int width = chl_shape_of(pass->net, layer->from[k]).width;
        chl_real *dx = chl_pass_source_gradient(pass, i, k);
        if (dx) {
            chl_slice_copy(n, width, g, row, dx, chl_padded(width));
            chl_slice_pad(n, width, dx, chl_padded(width));
            chl_pass_source_done(pass, i, k);
        }
        g += width;
    }
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    int64_t n = run->rows * layer->out.steps, row = chl_padded(layer->out.width), in_row;
    chl_real *out = chl_run_out(run, i);
    chl_slice_pad(n, layer->out.width, out, row);
    for (int k = 0; k < layer->sources; k++) {
        int width = chl_shape_of(run->net, layer->from[k]).width;
        const chl_real *x = chl_run_in(run, i, k, &in_row);
        chl_slice_copy(n, width, x, chl_padded(width), out, row);
        out += width;
    }
}

const chl_layer_class chl_concat_class = {
    .name = "concat",
    .options = options,
    .most_sources = CHL_SOURCES_MAX,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
