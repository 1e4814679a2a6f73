/* SPDX-License-Identifier: MIT
 *
 * Dense layer: y = f(x·W + b), W [in × out], for each step. Backward: dW = xᵀ·g, db = sum
 * of g over the rows, dx = g·Wᵀ with g = dy · f'. Penalty l1·sum|W| + l2·sum W² on W
 * only. Layer: core/layers.
 */
#include <math.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    CHL_LAYER_ACTIVATION(0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(max_norm, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

enum { WEIGHT, BIAS };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    layer->out.width = (int)layer->options.units;
    return chl_net_add_weight_and_bias(net, layer, layer->in.width, layer->out.width,
                                       err);
}

/* ---- initial weights ---- */

/* The activation that sees this dense layer's output first, across batch norm and
 * dropout. */
static int activation_after(const chl_net *net, int i)
{
    int f = net->layers[i].options.activation;
    while (f == CHL_LINEAR && (i = net->layers[i].reader) >= 0 &&
           net->layers[i].class != &chl_dense_class) {
        f = net->layers[i].options.activation;
    }
    return f;
}

/* He et al. 2015 before the ReLU family, LeCun 1998 before SELU, Glorot & Bengio 2010
 * otherwise. */
static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    int f = activation_after(net, i);
    bool he = f == CHL_RELU || f == CHL_LEAKY_RELU || f == CHL_ELU ||
              chl_activation_reads_input((chl_activation)f);
    double deviation = sqrt((he ? 2.0 : 1.0) / layer->in.width);
    double limit = sqrt(6.0 / (layer->in.width + layer->out.width));
    chl_real *w = chl_layer_numbers(net, i, WEIGHT);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < (int64_t)layer->in.width * layer->out.width; k++) {
        w[k] = he || f == CHL_SELU ? (chl_real)(deviation * chl_rng_normal(&rng))
                                   : (chl_real)(limit * (2 * chl_rng_uniform(&rng) - 1));
    }
}

/* ---- training ---- */

static bool keeps_sums(const chl_net *net, int i)
{
    return chl_activation_reads_input((chl_activation)net->layers[i].options.activation);
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    out->kept = keeps_sums(net, i) ? batch * chl_row_size(layer->out) : 0;
    out->shared = chl_padded(layer->in.width) * layer->out.width;
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_slot *slot = &pass->slots[i];
    int64_t ld = chl_padded(layer->out.width), rows = pass->rows * layer->out.steps;
    chl_real *sums = slot->kept ? slot->kept : slot->out;
    chl_product p = {.m = rows,
                     .n = ld,
                     .k = layer->in.width,
                     .a = chl_pass_in(pass, i, 0),
                     .a_row = chl_padded(layer->in.width),
                     .a_col = 1,
                     .b = chl_pass_params(pass, i, WEIGHT),
                     .bias = chl_pass_params(pass, i, BIAS),
                     .c = sums,
                     .c_row = ld};
    pass->kernels->product(&p);
    pass->kernels->activate(chl_layer_activation(pass->net, i), rows * ld, sums,
                            slot->out);
}

/* The transposed weights, where the source wants its gradient. */
static void prepare(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    if (chl_pass_source_needs(pass, i, 0)) {
        pass->kernels->turn(chl_pass_params(pass, i, WEIGHT), layer->in.width,
                            layer->out.width, pass->slots[i].shared);
    }
}

static void input_gradient(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (!dx) {
        return;
    }
    chl_product p = {.m = pass->rows * layer->out.steps,
                     .n = chl_padded(layer->in.width),
                     .k = layer->out.width,
                     .a = pass->slots[i].gradient,
                     .a_row = chl_padded(layer->out.width),
                     .a_col = 1,
                     .b = pass->slots[i].shared,
                     .c = dx,
                     .c_row = chl_padded(layer->in.width)};
    pass->kernels->product(&p);
    chl_pass_source_done(pass, i, 0);
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t ld = chl_padded(layer->out.width), rows = pass->rows * layer->out.steps;
    pass->kernels->activate_back(chl_layer_activation(pass->net, i), rows * ld,
                                 slot->kept ? slot->kept : slot->out, slot->gradient);
    chl_product p = {.m = layer->in.width,
                     .n = ld,
                     .k = rows,
                     .a = chl_pass_in(pass, i, 0),
                     .a_row = 1,
                     .a_col = chl_padded(layer->in.width),
                     .b = slot->gradient,
                     .b_row = ld,
                     .c = chl_pass_grads(pass, i, WEIGHT)};
    pass->kernels->product(&p);
    pass->kernels->column_sums(rows, ld, slot->gradient, chl_pass_grads(pass, i, BIAS));
    chl_pass_penalise(pass, i, WEIGHT);
    input_gradient(pass, i);
}

/* ---- inference ---- */

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    chl_activation f = chl_layer_activation(run->net, i);
    int64_t ld = chl_padded(layer->out.width), rows = run->rows * layer->out.steps, x_row;
    const chl_real *x = chl_run_in(run, i, 0, &x_row);
    const chl_real *w = chl_run_params(run, i, WEIGHT), *b = chl_run_params(run, i, BIAS);
    chl_real *out = chl_run_out(run, i);
    x_row = x_row < chl_padded(layer->in.width) ? x_row : chl_padded(layer->in.width);
    if (run->packed->turned && layer->out.width == 1) {
        run->kernels->dot(
            &(chl_dot){rows, layer->in.width, x, x_row, w, b[0], out, CHL_LANES});
    } else {
        run->kernels->product(&(chl_product){.m = rows,
                                             .n = ld,
                                             .k = layer->in.width,
                                             .a = x,
                                             .a_row = x_row,
                                             .a_col = 1,
                                             .b = w,
                                             .bias = b,
                                             .relu = f == CHL_RELU,
                                             .c = out,
                                             .c_row = ld});
        f = f == CHL_RELU ? CHL_LINEAR : f;
    }
    if (f != CHL_LINEAR) {
        run->kernels->activate(f, rows * ld, out, out);
    }
}

const chl_layer_class chl_dense_class = {
    .name = "dense",
    .options = options,
    .most_sources = 1,
    .reads_unpadded = true,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .prepare = prepare,
    .backward = backward,
    .infer = infer,
};
