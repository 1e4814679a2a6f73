/* SPDX-License-Identifier: MIT
 *
 * Inverted dropout (Srivastava et al. 2014): in training each input is zero with
 * probability `rate`, the others are divided by the share kept; inference passes through.
 * Draws have 16 bits, so the share is rate rounded to 1/65536, and the division uses that
 * share. Layer: core/nn.
 */
#include <math.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_LAYER_OPTION(rate, CHL_OPT_DOUBLE, 0, 0.99, 1), {0}};

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    out->kept = batch * chl_row_size(net->layers[i].out); /* the mask */
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t n = pass->rows * chl_row_size(layer->out);
    uint32_t threshold = (uint32_t)lround((1 - layer->options.rate) * 65536);
    chl_real scale = (chl_real)(65536.0 / threshold);
    pass->kernels->mask(&pass->masks, n, threshold, scale, slot->kept);
    pass->kernels->multiply(n, chl_pass_in(pass, i, 0), slot->kept, slot->out);
}

static void backward(chl_pass *pass, int i)
{
    int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
    chl_real *g = chl_pass_turn(pass, i);
    pass->kernels->multiply(n, g, pass->slots[i].kept, g);
    chl_pass_turned(pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_run_in_place(run, i);
}

const chl_layer_class chl_dropout_class = {
    .name = "dropout",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
