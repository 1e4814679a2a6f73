/* SPDX-License-Identifier: MIT */
#include "core/nn/sum_net.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/layer.h"

enum { BLOCK = 32 };

struct chl_sum_net {
    const chl_net *net; /* borrowed */
    const chl_kernels *kernels;
    chl_packed packed; /* batch norm in the dense layers that read it */
    chl_real *first;   /* [inputs + 1][width] weights and bias; NULL = no dense layer */
    int64_t width;
};

static chl_status load_first(chl_sum_net *s, chl_error *err)
{
    const chl_layer *layer = &s->net->layers[0];
    if (layer->kind != CHL_LAYER_DENSE) {
        s->width = chl_padded(s->net->inputs);
        return CHL_OK;
    }
    s->width = chl_padded(layer->out);
    size_t rows = (size_t)layer->in + 1, width = (size_t)s->width;
    s->first = chl_alloc_aligned(rows, width * sizeof *s->first);
    if (!s->first) {
        return chl_fail_memory(err);
    }
    memset(s->first, 0, rows * width * sizeof *s->first);
    for (size_t i = 0; i < rows; i++) { /* the bias follows the weights */
        memcpy(s->first + i * width, s->net->params + layer->at + i * (size_t)layer->out,
               (size_t)layer->out * sizeof *s->first);
    }
    return CHL_OK;
}

chl_status chl_sum_net_new(const chl_net *net, chl_sum_net **out, chl_error *err)
{
    *out = NULL;
    chl_sum_net *s = chl_calloc(1, sizeof *s);
    if (!s) {
        return chl_fail_memory(err);
    }
    *s = (chl_sum_net){.net = net, .kernels = chl_kernels_best()};
    chl_status status = chl_packed_init(&s->packed, net, err);
    if (status == CHL_OK) {
        chl_packed_load(&s->packed, net);
        chl_packed_fold_norms(&s->packed, net);
        chl_packed_absorb_norms(&s->packed, net);
        chl_packed_turn_single(&s->packed, net);
        status = load_first(s, err);
    }
    if (status != CHL_OK) {
        chl_sum_net_free(s);
        return status;
    }
    *out = s;
    return CHL_OK;
}

void chl_sum_net_free(chl_sum_net *s)
{
    if (!s) {
        return;
    }
    chl_packed_reset(&s->packed);
    chl_free(s->first);
    chl_free(s);
}

int chl_sum_net_width(const chl_sum_net *s)
{
    return (int)s->width;
}

size_t chl_sum_net_scratch(const chl_sum_net *s)
{
    return 2 * BLOCK * (size_t)chl_net_widest(s->net);
}

void chl_sum_net_start(const chl_sum_net *s, chl_real *row)
{
    if (s->first) {
        memcpy(row, s->first + s->net->inputs * s->width, (size_t)s->width * sizeof *row);
    } else {
        memset(row, 0, (size_t)s->width * sizeof *row);
    }
}

void chl_sum_net_add(const chl_sum_net *s, int input, chl_real x, chl_real *row)
{
    if (s->first) {
        s->kernels->add_scaled(s->width, x, s->first + input * s->width, row);
    } else {
        row[input] += x;
    }
}

void chl_sum_net_gather(const chl_sum_net *s, const chl_row_sums *sums, chl_real *out)
{
    s->kernels->row_sums(sums, s->width, out);
}

void chl_sum_net_predict(const chl_sum_net *s, const chl_row_sums *sums,
                         chl_real *scratch, double *out)
{
    chl_real *even = scratch, *odd = scratch + BLOCK * chl_net_widest(s->net);
    chl_row_sums block = *sums;
    for (int64_t i = 0; i < sums->rows; i += BLOCK) {
        block.rows = sums->rows - i < BLOCK ? sums->rows - i : BLOCK;
        block.at = sums->at + i * sums->parts;
        s->kernels->row_sums(&block, s->width, even);
        if (s->first) {
            s->kernels->activate(chl_layer_activation(s->net, 0), block.rows * s->width,
                                 even, even);
        }
        const chl_real *logits =
            chl_packed_forward(&s->packed, s->net, s->kernels, s->first ? 1 : 0,
                               block.rows, even, s->width, even, odd);
        chl_net_finish(s->net, s->kernels, logits, block.rows, out + i * s->net->outputs);
    }
}
