/* SPDX-License-Identifier: MIT
 *
 * Dense layer: y = f(x·W + b), W [in × out]. Backward: dW = xᵀ·g, db = sum of g over the
 * rows, dx = g·Wᵀ with g = dy · f'. Penalty l1·sum|W| + l2·sum W² on W only. Layer:
 * core/nn.
 */
#include "core/nn/pass.h"

void chl_dense_forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_slot *slot = &pass->slots[i];
    int64_t ld = chl_padded(layer->out);
    chl_real *sums = slot->kept ? slot->kept : slot->out;
    chl_product p = {.m = pass->rows,
                     .n = ld,
                     .k = layer->in,
                     .a = chl_pass_in(pass, i),
                     .a_row = chl_padded(layer->in),
                     .a_col = 1,
                     .b = pass->packed.params + layer->pack_at,
                     .bias = pass->packed.params + layer->pack_bias,
                     .c = sums,
                     .c_row = ld};
    pass->kernels->product(&p);
    pass->kernels->activate(chl_layer_activation(pass->net, i), pass->rows * ld, sums,
                            slot->out);
}

/* turned [out × in] = Wᵀ, both in panels; the padding of `in` is written as zero. */
static void turn_weights(const chl_layer *layer, const chl_real *w, chl_real *turned)
{
    int64_t in = layer->in, out = layer->out;
    int64_t in_padded = chl_padded(in), out_padded = chl_padded(out);
    for (int64_t j0 = 0; j0 < in_padded; j0 += CHL_PANEL) {
        int64_t width = in_padded - j0 < CHL_PANEL ? in_padded - j0 : CHL_PANEL;
        int64_t used = in - j0 < width ? in - j0 : width;
        chl_real *to = turned + j0 * out;
        for (int64_t k = 0; k < out; k++, to += width) {
            int64_t k0 = k / CHL_PANEL * CHL_PANEL;
            int64_t step = out_padded - k0 < CHL_PANEL ? out_padded - k0 : CHL_PANEL;
            const chl_real *from = w + k0 * in + j0 * step + (k - k0);
            for (int64_t j = 0; j < used; j++) {
                to[j] = from[j * step];
            }
            for (int64_t j = used; j < width; j++) {
                to[j] = 0;
            }
        }
    }
}

static void input_gradient(chl_pass *pass, const chl_layer *layer)
{
    turn_weights(layer, pass->packed.params + layer->pack_at, pass->turned);
    chl_product p = {.m = pass->rows,
                     .n = chl_padded(layer->in),
                     .k = layer->out,
                     .a = pass->gradient,
                     .a_row = chl_padded(layer->out),
                     .a_col = 1,
                     .b = pass->turned,
                     .c = pass->spare,
                     .c_row = chl_padded(layer->in)};
    pass->kernels->product(&p);
    pass->spare = pass->gradient;
    pass->gradient = p.c;
}

void chl_dense_backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    int64_t ld = chl_padded(layer->out);
    chl_real *dw = pass->grads + layer->pack_at;
    pass->kernels->activate_back(chl_layer_activation(pass->net, i), pass->rows * ld,
                                 slot->kept ? slot->kept : slot->out, pass->gradient);
    chl_product p = {.m = layer->in,
                     .n = ld,
                     .k = pass->rows,
                     .a = chl_pass_in(pass, i),
                     .a_row = 1,
                     .a_col = chl_padded(layer->in),
                     .b = pass->gradient,
                     .b_row = ld,
                     .c = dw};
    pass->kernels->product(&p);
    pass->kernels->column_sums(pass->rows, ld, pass->gradient,
                               pass->grads + layer->pack_bias);
    if (layer->l1 > 0 || layer->l2 > 0) {
        pass->penalty += (double)pass->kernels->penalty(
            layer->in * ld, (chl_real)layer->l1, (chl_real)layer->l2,
            pass->packed.params + layer->pack_at, dw);
    }
    if (i > pass->first_trainable) {
        input_gradient(pass, layer);
    }
}
