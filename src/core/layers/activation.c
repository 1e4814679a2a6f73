/* SPDX-License-Identifier: MIT
 *
 * Activation as a layer of its own (after batch norm, for instance). Layer: core/layers.
 */
#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_LAYER_ACTIVATION(1), {0}};

static void forward(chl_pass *pass, int i)
{
    int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
    pass->kernels->activate(chl_layer_activation(pass->net, i), n,
                            chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void backward(chl_pass *pass, int i)
{
    chl_activation f = chl_layer_activation(pass->net, i);
    int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
    const chl_real *y =
        chl_activation_reads_input(f) ? chl_pass_in(pass, i, 0) : pass->slots[i].out;
    pass->kernels->activate_back(f, n, y, chl_pass_turn(pass, i));
    chl_pass_turned(pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_real *x = chl_run_in_place(run, i);
    run->kernels->activate(chl_layer_activation(run->net, i),
                           run->rows * chl_row_size(run->net->layers[i].out), x, x);
}

const chl_layer_class chl_activation_class = {
    .name = "activation",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
