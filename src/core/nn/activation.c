/* SPDX-License-Identifier: MIT
 *
 * Activation as a layer of its own (after batch norm, for instance). Layer: core/nn.
 */
#include "core/nn/pass.h"

void chl_activation_forward(chl_pass *pass, int i)
{
    int64_t n = pass->rows * chl_padded(pass->net->layers[i].out);
    pass->kernels->activate(chl_layer_activation(pass->net, i), n, chl_pass_in(pass, i),
                            pass->slots[i].out);
}

void chl_activation_backward(chl_pass *pass, int i)
{
    chl_activation f = chl_layer_activation(pass->net, i);
    int64_t n = pass->rows * chl_padded(pass->net->layers[i].out);
    const chl_real *y =
        chl_activation_reads_input(f) ? chl_pass_in(pass, i) : pass->slots[i].out;
    pass->kernels->activate_back(f, n, y, pass->gradient);
}
