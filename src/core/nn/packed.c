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

static void copy_all(const chl_packed *p, const chl_net *net, copy_fn *copy)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        bool dense = layer->kind == CHL_LAYER_DENSE;
        if (!dense && layer->kind != CHL_LAYER_BATCH_NORM) {
            continue;
        }
        int64_t rows = dense ? layer->in : 1, out = layer->out;
        copy_weights(p->params + layer->pack_at, net->params + layer->at, rows, out,
                     copy);
        copy(p->params + layer->pack_bias, net->params + layer->at + rows * out, out);
        if (!dense) {
            chl_real *state = p->state + layer->pack_state;
            copy(state, net->state + layer->state_at, out);
            copy(state + chl_padded(out), net->state + layer->state_at + out, out);
        }
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

void chl_packed_fold_norms(chl_packed *p, const chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        if (layer->kind != CHL_LAYER_BATCH_NORM) {
            continue;
        }
        chl_real *gamma = p->params + layer->pack_at;
        chl_real *beta = p->params + layer->pack_bias;
        const chl_real *mean = p->state + layer->pack_state;
        const chl_real *var = mean + chl_padded(layer->out);
        for (int j = 0; j < layer->out; j++) {
            double scale = (double)gamma[j] / sqrt((double)var[j] + layer->eps);
            gamma[j] = (chl_real)scale;
            beta[j] = (chl_real)((double)beta[j] - (double)mean[j] * scale);
        }
    }
}

int chl_net_norm_reader(const chl_net *net, int i)
{
    for (i++; i < net->count && net->layers[i].kind == CHL_LAYER_DROPOUT;) {
        i++;
    }
    return i < net->count && net->layers[i].kind == CHL_LAYER_DENSE ? i : -1;
}

/* (x · scale + shift) · W + b = x · (scale · W) + (b + shift · W) */
static void absorb_norm(chl_packed *p, const chl_layer *norm, const chl_layer *dense)
{
    const chl_real *scale = p->params + norm->pack_at;
    const chl_real *shift = p->params + norm->pack_bias;
    int64_t rows = dense->in, padded = chl_padded(dense->out);
    for (int64_t j = 0; j < padded; j++) {
        int64_t panel = j / CHL_PANEL * CHL_PANEL;
        int64_t width = padded - panel < CHL_PANEL ? padded - panel : CHL_PANEL;
        chl_real *w = p->params + dense->pack_at + panel * rows + (j - panel);
        double bias = (double)p->params[dense->pack_bias + j];
        for (int64_t i = 0; i < rows; i++, w += width) {
            bias += (double)shift[i] * (double)*w;
            *w *= scale[i];
        }
        p->params[dense->pack_bias + j] = (chl_real)bias;
    }
}

void chl_packed_absorb_norms(chl_packed *p, const chl_net *net)
{
    p->absorbed = true;
    for (int i = 0; i < net->count; i++) {
        int reader = chl_net_norm_reader(net, i);
        if (net->layers[i].kind == CHL_LAYER_BATCH_NORM && reader >= 0) {
            absorb_norm(p, &net->layers[i], &net->layers[reader]);
        }
    }
}

void chl_packed_turn_single(chl_packed *p, const chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        if (layer->kind == CHL_LAYER_DENSE && layer->out == 1) {
            chl_real *w = p->params + layer->pack_at;
            for (int64_t k = 1; k < layer->in; k++) {
                w[k] = w[k * CHL_LANES];
            }
        }
    }
    p->turned = true;
}
