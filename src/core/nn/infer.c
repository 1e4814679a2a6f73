/* SPDX-License-Identifier: MIT
 *
 * Inference: blocks of rows through all layers while they are in the cache, logits in
 * chl_real, the final sigmoid or softmax in double. Layer: core/nn.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/layer.h"

enum { BLOCK = 32 };

/* One dense layer; false = the activation is still to be applied. */
static bool run_dense(const chl_packed *folded, const chl_layer *layer, chl_activation f,
                      const chl_kernels *kernels, int64_t rows, const chl_real *x,
                      int64_t x_row, chl_real *out)
{
    const chl_real *weight = folded->params + layer->pack_at;
    const chl_real *bias = folded->params + layer->pack_bias;
    if (folded->turned && layer->out == 1) {
        kernels->dot(&(chl_dot){rows, layer->in, x, x_row, weight, bias[0], out});
        return false;
    }
    int64_t ld = chl_padded(layer->out);
    kernels->product(&(chl_product){.m = rows,
                                    .n = ld,
                                    .k = layer->in,
                                    .a = x,
                                    .a_row = x_row,
                                    .a_col = 1,
                                    .b = weight,
                                    .bias = bias,
                                    .relu = f == CHL_RELU,
                                    .c = out,
                                    .c_row = ld});
    return f == CHL_RELU;
}

const chl_real *chl_packed_forward(const chl_packed *folded, const chl_net *net,
                                   const chl_kernels *kernels, int from, int64_t rows,
                                   const chl_real *x, int64_t x_row, chl_real *even,
                                   chl_real *odd)
{
    chl_real *here = even, *there = odd;
    for (int i = from; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        int64_t ld = chl_padded(layer->out);
        chl_activation f = chl_layer_activation(net, i);
        if (layer->kind == CHL_LAYER_DENSE) {
            bool done = run_dense(folded, layer, f, kernels, rows, x, x_row, there);
            chl_real *free_now = here;
            here = there;
            there = free_now;
            x = here;
            x_row = ld;
            if (done) {
                continue;
            }
        } else if (layer->kind == CHL_LAYER_BATCH_NORM &&
                   !(folded->absorbed && chl_net_norm_reader(net, i) >= 0)) {
            kernels->affine(rows, ld, folded->params + layer->pack_at,
                            folded->params + layer->pack_bias, here);
        }
        kernels->activate(f, rows * ld, here, here);
    }
    return here;
}

/* ---- from logits to doubles ---- */

static void finish_softmax(const chl_real *logits, int64_t n, double *out)
{
    double highest = (double)logits[0], sum = 0;
    for (int64_t j = 1; j < n; j++) {
        highest = fmax(highest, (double)logits[j]);
    }
    for (int64_t j = 0; j < n; j++) {
        out[j] = exp((double)logits[j] - highest);
        sum += out[j];
    }
    for (int64_t j = 0; j < n; j++) {
        out[j] /= sum;
    }
}

void chl_net_finish(const chl_net *net, const chl_kernels *kernels,
                    const chl_real *logits, int64_t rows, double *out)
{
    int64_t n = net->outputs, ld = chl_padded(n);
    int final = chl_net_final_activation(net);
    if (final == CHL_SOFTMAX) {
        for (int64_t i = 0; i < rows; i++) {
            finish_softmax(logits + i * ld, n, out + i * n);
        }
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < n; j++) {
            out[i * n + j] = (double)logits[i * ld + j];
        }
    }
    if (final == CHL_SIGMOID) {
        kernels->sigmoid(rows * n, out);
    }
}

/* ---- one call: its packed copy and scratch ---- */

typedef struct call {
    const chl_net *net;
    const chl_kernels *kernels;
    chl_packed packed;
    chl_real *even, *odd; /* BLOCK × widest each, in one block */
} call;

static void end_call(call *c)
{
    chl_packed_reset(&c->packed);
    chl_free(c->even);
}

static chl_status begin_call(call *c, const chl_net *net, int64_t n, chl_error *err)
{
    *c = (call){.net = net, .kernels = chl_kernels_best()};
    size_t size = (size_t)(n < BLOCK ? n : BLOCK) * (size_t)chl_net_widest(net);
    CHL_TRY(chl_packed_init(&c->packed, net, err));
    c->even = chl_alloc_aligned(2 * size, sizeof *c->even);
    if (!c->even) {
        end_call(c);
        return chl_fail_memory(err);
    }
    c->odd = c->even + size;
    memset(c->even, 0, size * sizeof *c->even); /* padding of converted rows */
    chl_packed_load(&c->packed, net);
    chl_packed_fold_norms(&c->packed, net);
    chl_packed_turn_single(&c->packed, net);
    return CHL_OK;
}

chl_status chl_net_predict(const chl_net *net, const double *x, int64_t n, double *out,
                           chl_error *err)
{
    call c;
    CHL_TRY(begin_call(&c, net, n, err));
    int64_t inputs = net->inputs;
    bool dense = net->count > 0 && net->layers[0].kind == CHL_LAYER_DENSE;
    int64_t ld = dense ? inputs : chl_padded(inputs);
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t rows = n - i < BLOCK ? n - i : BLOCK;
        if (dense) { /* reads no padding: the block is one long row */
            c.kernels->convert(x + i * inputs, 1, rows * inputs, c.even, rows * inputs);
        } else {
            c.kernels->convert(x + i * inputs, rows, inputs, c.even, ld);
        }
        const chl_real *logits = chl_packed_forward(&c.packed, net, c.kernels, 0, rows,
                                                    c.even, ld, c.even, c.odd);
        chl_net_finish(net, c.kernels, logits, rows, out + i * net->outputs);
    }
    end_call(&c);
    return CHL_OK;
}
