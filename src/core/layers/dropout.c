/* SPDX-License-Identifier: MIT
 *
 * Inverted dropout (Srivastava et al. 2014): in training each input is zero with
 * probability `rate`, the others are divided by the share kept; inference passes through.
 * Draws have 16 bits, so the share is rate rounded to 1/65536, and the division uses that
 * share. Layer: core/layers.
 */
#include <math.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_LAYER_OPTION(rate, CHL_OPT_DOUBLE, 0, 0.99, 1), {0}};

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    /* a byte a number: which were kept */
    out->kept = batch * chl_row_size(net->layers[i].out) / (int64_t)sizeof(chl_real);
}

static uint32_t threshold_of(const chl_layer *layer)
{
    return (uint32_t)lround((1 - layer->options.rate) * 65536);
}

static chl_real scale_of(const chl_layer *layer)
{
    return (chl_real)(65536.0 / threshold_of(layer));
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    pass->kernels->drop(&pass->masks, pass->rows * chl_row_size(layer->out),
                        threshold_of(layer), scale_of(layer), chl_pass_in(pass, i, 0),
                        (int8_t *)slot->kept, slot->out);
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    pass->kernels->drop_back(pass->rows * chl_row_size(layer->out), scale_of(layer),
                             (const int8_t *)pass->slots[i].kept, chl_pass_turn(pass, i));
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
