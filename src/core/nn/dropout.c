/* SPDX-License-Identifier: MIT
 *
 * Inverted dropout (Srivastava et al. 2014): in training each input is zero with
 * probability `rate`, the others are divided by the share kept; inference passes through.
 * Draws have 16 bits, so the share is rate rounded to 1/65536, and the division uses that
 * share. Layer: core/nn.
 */
#include <math.h>

#include "core/nn/pass.h"

void chl_dropout_forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t n = pass->rows * chl_padded(layer->out);
    uint32_t threshold = (uint32_t)lround((1 - layer->rate) * 65536);
    chl_real scale = (chl_real)(65536.0 / threshold);
    pass->kernels->mask(&pass->masks, n, threshold, scale, slot->kept);
    pass->kernels->multiply(n, chl_pass_in(pass, i), slot->kept, slot->out);
}

void chl_dropout_backward(chl_pass *pass, int i)
{
    int64_t n = pass->rows * chl_padded(pass->net->layers[i].out);
    pass->kernels->multiply(n, pass->gradient, pass->slots[i].kept, pass->gradient);
}
