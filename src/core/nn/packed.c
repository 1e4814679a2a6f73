/* SPDX-License-Identifier: MIT
 *
 * Between a net's dense tensors and the padded numbers of the kernels (layer.h). Layer:
 * core/nn.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/layer.h"

chl_status chl_packed_init(chl_packed *p, const chl_net *net, chl_error *err)
{
    size_t n = (size_t)(net->pack_params + net->pack_state);
    *p = (chl_packed){.params = chl_alloc_aligned(n, sizeof *p->params)};
    if (!p->params) {
        return chl_fail_memory(err);
    }
    p->state = p->params + net->pack_params;
    memset(p->params, 0, n * sizeof *p->params);
    return CHL_OK;
}

void chl_packed_reset(chl_packed *p)
{
    chl_free(p->params);
    *p = (chl_packed){0};
}

typedef void copy_fn(chl_real *packed, chl_real *dense, int64_t n);

static void copy_in(chl_real *packed, chl_real *dense, int64_t n)
{
    memcpy(packed, dense, (size_t)n * sizeof *packed);
}

static void copy_out(chl_real *packed, chl_real *dense, int64_t n)
{
    memcpy(dense, packed, (size_t)n * sizeof *packed);
}

static void copy_weights(chl_real *packed, chl_real *dense, int64_t rows, int64_t cols,
                         copy_fn *copy)
{
    int64_t padded = chl_padded(cols);
    for (int64_t j = 0; j < cols; j += CHL_PANEL) {
        int64_t width = padded - j < CHL_PANEL ? padded - j : CHL_PANEL;
        int64_t used = cols - j < CHL_PANEL ? cols - j : CHL_PANEL;
        for (int64_t i = 0; i < rows; i++) {
            copy(packed + j * rows + i * width, dense + i * cols + j, used);
        }
    }
}

static void copy_tensor(chl_real *packed, chl_real *dense, const chl_param *t,
                        copy_fn *copy)
{
    int64_t padded = chl_padded(t->cols);
    for (int64_t block = 0; block < t->blocks; block++) {
        if (t->form == CHL_FORM_PANELS) {
            copy_weights(packed, dense, t->rows, t->cols, copy);
        } else {
            for (int64_t i = 0; i < t->rows; i++) {
                copy(packed + i * padded, dense + i * t->cols, t->cols);
            }
        }
        packed += t->rows * padded;
        dense += t->rows * t->cols;
    }
}

static void copy_all(const chl_packed *p, const chl_net *net, copy_fn *copy)
{
    for (int i = 0; i < net->tensor_count; i++) {
        const chl_param *t = &net->tensors[i];
        bool state = t->role == CHL_ROLE_STATE;
        copy_tensor((state ? p->state : p->params) + t->pack_at,
                    (state ? net->state : net->params) + t->at, t, copy);
    }
}

void chl_packed_load(chl_packed *p, const chl_net *net)
{
    copy_all(p, net, copy_in);
}

void chl_packed_store(const chl_packed *p, chl_net *net)
{
    copy_all(p, net, copy_out);
}

void chl_packed_fold(chl_packed *p, const chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        if (net->layers[i].class->fold) {
            net->layers[i].class->fold(net, i, p->params, p->state);
        }
    }
}

int chl_net_norm_reader(const chl_net *net, int i)
{
    do {
        i = net->layers[i].reader;
    } while (i >= 0 && net->layers[i].class == &chl_dropout_class);
    return i >= 0 && net->layers[i].class == &chl_dense_class ? i : -1;
}

/* (x · scale + shift) · W + b = x · (scale · W) + (b + shift · W) */
static void absorb_norm(chl_packed *p, const chl_net *net, int norm, int dense)
{
    const chl_real *scale = p->params + chl_layer_tensor(net, norm, 0)->pack_at;
    const chl_real *shift = p->params + chl_layer_tensor(net, norm, 1)->pack_at;
    const chl_param *weight = chl_layer_tensor(net, dense, 0);
    chl_real *biases = p->params + chl_layer_tensor(net, dense, 1)->pack_at;
    int64_t rows = weight->rows, padded = chl_padded(weight->cols);
    for (int64_t j = 0; j < padded; j++) {
        int64_t panel = j / CHL_PANEL * CHL_PANEL;
        int64_t width = padded - panel < CHL_PANEL ? padded - panel : CHL_PANEL;
        chl_real *w = p->params + weight->pack_at + panel * rows + (j - panel);
        double bias = (double)biases[j];
        for (int64_t i = 0; i < rows; i++, w += width) {
            bias += (double)shift[i] * (double)*w;
            *w *= scale[i];
        }
        biases[j] = (chl_real)bias;
    }
}

void chl_packed_absorb_norms(chl_packed *p, const chl_net *net)
{
    p->absorbed = true;
    for (int i = 0; i < net->count; i++) {
        int reader = chl_net_norm_reader(net, i);
        if (net->layers[i].class == &chl_batch_norm_class && reader >= 0) {
            absorb_norm(p, net, i, reader);
        }
    }
}

void chl_packed_turn_single(chl_packed *p, const chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        if (layer->class == &chl_dense_class && layer->out.width == 1) {
            chl_real *w = p->params + chl_layer_tensor(net, i, 0)->pack_at;
            for (int64_t k = 1; k < layer->in.width; k++) {
                w[k] = w[k * CHL_LANES];
            }
        }
    }
    p->turned = true;
}

void chl_turn_block(const chl_real *w, int64_t in, int64_t out, int64_t rows,
                    int64_t first, chl_real *turned)
{
    int64_t in_padded = chl_padded(in), out_padded = chl_padded(out);
    int64_t last = rows - first < out_padded ? rows - first : out_padded;
    for (int64_t j0 = 0; j0 < in_padded; j0 += CHL_PANEL) {
        int64_t width = in_padded - j0 < CHL_PANEL ? in_padded - j0 : CHL_PANEL;
        int64_t used = in - j0 < width ? in - j0 : width;
        chl_real *to = turned + j0 * rows + first * width;
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
        memset(to, 0, (size_t)((last - out) * width) * sizeof *to);
    }
}
