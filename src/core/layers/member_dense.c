/* SPDX-License-Identifier: MIT
 *
 * Layer `member_dense`: a dense layer for each copy, with weights of its own; y[c] =
 * f(x[c] · W[c] + b[c]). TabM's heads. Layer: core/layers.
 *
 * With one unit, W [copies × in] stays as it is and is read by dot products: a panel
 * would be 15 parts padding.
 */
#include <string.h>

#include "core/layers/copies.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { WEIGHT, BIAS };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    CHL_LAYER_ACTIVATION(0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    if (chl_copies_begin(layer)) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: expected a source with copies (copies, batch_ensemble)",
                        where);
    }
    layer->out.width = (int)layer->options.units;
    bool single = layer->out.width == 1;
    chl_param weight = {.name = "weight",
                        .form = single ? CHL_FORM_ROWS : CHL_FORM_PANELS,
                        .blocks = layer->in.steps,
                        .rows = single ? 1 : layer->in.width,
                        .cols = single ? layer->in.width : layer->out.width};
    chl_param bias = {.name = "bias",
                      .role = CHL_ROLE_BIAS,
                      .rows = layer->in.steps,
                      .cols = layer->out.width};
    CHL_TRY(chl_net_add_tensor(net, layer, weight, err));
    return chl_net_add_tensor(net, layer, bias, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    int in = net->layers[i].in.width;
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int k = WEIGHT; k <= BIAS; k++) {
        chl_uniform_init(chl_layer_numbers(net, i, k),
                         chl_param_size(chl_layer_tensor(net, i, k)), in, &rng);
    }
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    bool sums = chl_activation_reads_input((chl_activation)layer->options.activation);
    out->kept = sums ? batch * chl_row_size(layer->out) : 0;
    out->scratch = chl_padded(layer->in.width) * layer->out.width;
}

/* Padded widths, and numbers of all copies of one row. */
typedef struct widths {
    int64_t in, out, row_in, row_out;
} widths;

static widths widths_of(const chl_layer *layer)
{
    int64_t in = chl_padded(layer->in.width), out = chl_padded(layer->out.width);
    return (widths){in, out, layer->in.steps * in, layer->out.steps * out};
}

/* ---- forward ---- */

static void apply(const chl_kernels *kernels, const chl_layer *layer, int64_t rows,
                  const chl_real *x, const chl_real *w, const chl_real *b, chl_real *y)
{
    widths s = widths_of(layer);
    for (int c = 0; c < layer->out.steps; c++) {
        const chl_real *from = x + c * s.in;
        chl_real *to = y + c * s.out;
        if (layer->out.width == 1) {
            kernels->dot(&(chl_dot){rows, layer->in.width, from, s.row_in, w + c * s.in,
                                    b[c * s.out], to, s.row_out});
        } else {
            kernels->product(&(chl_product){.m = rows,
                                            .n = s.out,
                                            .k = layer->in.width,
                                            .a = from,
                                            .a_row = s.row_in,
                                            .a_col = 1,
                                            .b = w + c * layer->in.width * s.out,
                                            .bias = b + c * s.out,
                                            .c = to,
                                            .c_row = s.row_out});
        }
    }
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    chl_real *sums = slot->kept ? slot->kept : slot->out;
    apply(pass->kernels, layer, pass->rows, chl_pass_in(pass, i, 0),
          chl_pass_params(pass, i, WEIGHT), chl_pass_params(pass, i, BIAS), sums);
    pass->kernels->activate(chl_layer_activation(pass->net, i),
                            pass->rows * chl_row_size(layer->out), sums, slot->out);
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    int64_t row;
    chl_real *out = chl_run_out(run, i);
    apply(run->kernels, layer, run->rows, chl_run_in(run, i, 0, &row),
          chl_run_params(run, i, WEIGHT), chl_run_params(run, i, BIAS), out);
    run->kernels->activate(chl_layer_activation(run->net, i),
                           run->rows * chl_row_size(layer->out), out, out);
}

/* ---- backward ---- */

static void single_back(chl_pass *pass, int i, const chl_real *g, chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t copies = layer->in.steps, ld = chl_padded(layer->in.width);
    chl_real *dw = chl_pass_grads(pass, i, WEIGHT);
    chl_copies s = {.rows = pass->rows,
                    .copies = copies,
                    .ld = ld,
                    .scale = chl_pass_params(pass, i, WEIGHT)};
    memset(dw, 0, (size_t)(copies * ld) * sizeof *dw);
    pass->kernels->units_back(&s, chl_pass_in(pass, i, 0), g, dx, dw);
    for (int64_t c = 0; c < copies; c++) { /* the source's padding is any number */
        memset(dw + c * ld + layer->in.width, 0,
               (size_t)(ld - layer->in.width) * sizeof *dw);
    }
}

static void copy_back(chl_pass *pass, int i, int c, const chl_real *g, chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    widths s = widths_of(layer);
    int64_t in = layer->in.width, weights = c * in * s.out;
    pass->kernels->product(
        &(chl_product){.m = in,
                       .n = s.out,
                       .k = pass->rows,
                       .a = chl_pass_in(pass, i, 0) + c * s.in,
                       .a_row = 1,
                       .a_col = s.row_in,
                       .b = g + c * s.out,
                       .b_row = s.row_out,
                       .c = chl_pass_grads(pass, i, WEIGHT) + weights});
    if (!dx) {
        return;
    }
    pass->kernels->turn(chl_pass_params(pass, i, WEIGHT) + weights, in, layer->out.width,
                        pass->scratch);
    pass->kernels->product(&(chl_product){.m = pass->rows,
                                          .n = s.in,
                                          .k = layer->out.width,
                                          .a = g + c * s.out,
                                          .a_row = s.row_out,
                                          .a_col = 1,
                                          .b = pass->scratch,
                                          .c = dx + c * s.in,
                                          .c_row = s.row_in});
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t row = chl_row_size(layer->out);
    chl_real *g = slot->gradient, *dx = chl_pass_source_gradient(pass, i, 0);
    pass->kernels->activate_back(chl_layer_activation(pass->net, i), pass->rows * row,
                                 slot->kept ? slot->kept : slot->out, g);
    pass->kernels->column_sums(pass->rows, row, g, chl_pass_grads(pass, i, BIAS));
    if (layer->out.width == 1) {
        single_back(pass, i, g, dx);
    }
    for (int c = 0; layer->out.width > 1 && c < layer->out.steps; c++) {
        copy_back(pass, i, c, g, dx);
    }
    chl_pass_source_done(pass, i, 0);
    chl_pass_penalise(pass, i, WEIGHT);
}

const chl_layer_class chl_member_dense_class = {
    .name = "member_dense",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
