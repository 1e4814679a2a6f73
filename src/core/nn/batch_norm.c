/* SPDX-License-Identifier: MIT
 *
 * Batch normalisation (Ioffe & Szegedy 2015): y = gamma · (x - mean) / sqrt(var + eps) +
 * beta with the mini-batch's mean and biased variance. For inference running averages are
 * kept: running = momentum · running + (1 - momentum) · new, the variance unbiased, as in
 * PyTorch (whose momentum is one minus ours). A batch of one row has no variance: it
 * leaves the averages alone. Layer: core/nn.
 */
#include "core/nn/pass.h"

static chl_norm describe_norm(const chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t ld = chl_padded(layer->out);
    return (chl_norm){.rows = pass->rows,
                      .ld = ld,
                      .eps = (chl_real)layer->eps,
                      .gamma = pass->packed.params + layer->pack_at,
                      .beta = pass->packed.params + layer->pack_bias,
                      .mean = slot->stats,
                      .var = slot->stats + ld,
                      .inverse = slot->stats + 2 * ld,
                      .normal = slot->kept};
}

void chl_batch_norm_forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_norm b = describe_norm(pass, i);
    pass->kernels->norm(&b, chl_pass_in(pass, i), pass->slots[i].out);
    if (pass->rows < 2) {
        return;
    }
    chl_real *mean = pass->packed.state + layer->pack_state, *var = mean + b.ld;
    chl_real keep = (chl_real)layer->momentum, take = (chl_real)(1 - layer->momentum);
    chl_real unbiased = (chl_real)((double)b.rows / (double)(b.rows - 1));
    for (int j = 0; j < layer->out; j++) {
        mean[j] = keep * mean[j] + take * b.mean[j];
        var[j] = keep * var[j] + take * unbiased * b.var[j];
    }
}

void chl_batch_norm_backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_norm b = describe_norm(pass, i);
    pass->kernels->norm_back(&b, pass->gradient, pass->grads + layer->pack_at,
                             pass->grads + layer->pack_bias);
}
