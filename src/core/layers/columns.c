/* SPDX-License-Identifier: MIT
 *
 * Layer `columns`: some columns of its source, in the order of the list, which may name
 * one twice. Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, {"columns", CHL_OPT_IGNORE, 0, 0, 0, NULL, 1}, {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)net;
    CHL_TRY(chl_layer_read_list(layer, spec, "columns", where, 1, layer->in.width, err));
    layer->out.width = (int)layer->indices;
    return CHL_OK;
}

static chl_status spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    return chl_layer_spell_list(layer, "columns", spec, err);
}

static void take(const chl_layer *layer, int64_t n, const chl_real *x, chl_real *out)
{
    int64_t in = chl_padded(layer->in.width), row = chl_padded(layer->out.width);
    for (int64_t i = 0; i < n; i++, x += in, out += row) {
        for (int64_t k = 0; k < layer->indices; k++) {
            out[k] = x[layer->index[k] - 1];
        }
        for (int64_t k = layer->indices; k < row; k++) {
            out[k] = 0;
        }
    }
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    take(layer, pass->rows * layer->out.steps, chl_pass_in(pass, i, 0),
         pass->slots[i].out);
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t n = pass->rows * layer->out.steps;
    int64_t in = chl_padded(layer->in.width), row = chl_padded(layer->out.width);
    const chl_real *g = pass->slots[i].gradient;
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (!dx) {
        return;
    }
    memset(dx, 0, (size_t)(n * in) * sizeof *dx);
    for (int64_t r = 0; r < n; r++) {
        for (int64_t k = 0; k < layer->indices; k++) {
            dx[r * in + layer->index[k] - 1] += g[r * row + k];
        }
    }
    chl_pass_source_done(pass, i, 0);
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    int64_t row;
    const chl_real *x = chl_run_in(run, i, 0, &row);
    take(layer, run->rows * layer->out.steps, x, chl_run_out(run, i));
}

const chl_layer_class chl_columns_class = {
    .name = "columns",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = spell,
};
