/* SPDX-License-Identifier: MIT
 *
 * The gradients of a block of a Transformer encoder. Layer: core/layers.
 */
#include <string.h>

#include "core/layers/transformer_work.h"

static void undrop(const chl_transformer_work *w, int64_t n, const chl_real *mask,
                   chl_real *g)
{
    if (mask) {
        w->kernels->multiply(n, g, mask, g);
    }
}

/* Gradients of a weight, its bias and of x from g[P × n]. */
static void product_back(const chl_transformer_work *w, chl_pass *pass, int i, int weight,
                         int64_t n, int64_t k, const chl_real *x, const chl_real *g,
                         chl_real *dx)
{
    w->kernels->product(&(chl_product){.m = k,
                                       .n = chl_padded(n),
                                       .k = w->ragged.total,
                                       .a = x,
                                       .a_row = 1,
                                       .a_col = chl_padded(k),
                                       .b = g,
                                       .b_row = chl_padded(n),
                                       .c = chl_pass_grads(pass, i, weight)});
    w->kernels->column_sums(w->ragged.total, chl_padded(n), g,
                            chl_pass_grads(pass, i, weight + 1));
    w->kernels->turn(w->params[weight], k, n, w->turned);
    w->kernels->product(&(chl_product){.m = w->ragged.total,
                                       .n = chl_padded(k),
                                       .k = n,
                                       .a = g,
                                       .a_row = chl_padded(n),
                                       .a_col = 1,
                                       .b = w->turned,
                                       .c = dx,
                                       .c_row = chl_padded(k)});
}

/* w->part = gradient of f_in through F, from g, that of what F gave. */
static void feed_forward_back(const chl_transformer_work *w, chl_pass *pass, int i,
                              const chl_real *g)
{
    const chl_layer_options *o = &w->layer->options;
    int64_t n = w->ragged.total * w->lu, width = w->layer->in.width;
    memcpy(w->part, g, (size_t)(w->ragged.total * w->ld) * sizeof *g);
    undrop(w, w->ragged.total * w->ld, w->mask3, w->part);
    product_back(w, pass, i, CHL_TRANSFORMER_DOWN_WEIGHT, width, o->units, w->hidden,
                 w->part, w->wide);
    undrop(w, n, w->mask2, w->wide);
    w->kernels->activate_back(w->f, n, w->sums, w->wide);
    product_back(w, pass, i, CHL_TRANSFORMER_UP_WEIGHT, o->units, width, w->f_in, w->wide,
                 w->part);
}

/* w->part = gradient of a_in through A. */
static void attend_back(const chl_transformer_work *w, chl_pass *pass, int i,
                        const chl_real *g)
{
    memcpy(w->part, g, (size_t)(w->ragged.total * w->ld) * sizeof *g);
    undrop(w, w->ragged.total * w->ld, w->mask1, w->part);
    chl_attention_backward(&w->attention, w->part, w->part,
                           chl_pass_grads(pass, i, CHL_TRANSFORMER_QKV_WEIGHT),
                           chl_pass_grads(pass, i, CHL_TRANSFORMER_QKV_BIAS),
                           chl_pass_grads(pass, i, CHL_TRANSFORMER_OUT_WEIGHT),
                           chl_pass_grads(pass, i, CHL_TRANSFORMER_OUT_BIAS));
}

static void norm_back(const chl_transformer_work *w, chl_pass *pass, int i,
                      const chl_row_norm *norm, int scale, chl_real *g)
{
    chl_real *dgamma = chl_pass_grads(pass, i, scale);
    chl_real *dbeta = chl_pass_grads(pass, i, scale + 1);
    memset(dgamma, 0, (size_t)w->ld * sizeof *dgamma);
    memset(dbeta, 0, (size_t)w->ld * sizeof *dbeta);
    w->kernels->row_norm_back(norm, g, dgamma, dbeta);
}

void chl_transformer_backward(chl_pass *pass, int i)
{
    chl_transformer_work w;
    chl_transformer_begin_pass(&w, pass, i);
    chl_ragged_pack(&w.ragged, w.ld, pass->slots[i].gradient, w.r);
    if (w.layer->options.norm_first) {
        feed_forward_back(&w, pass, i, w.r);
        norm_back(&w, pass, i, &w.norm2, CHL_TRANSFORMER_NORM2_SCALE, w.part);
        chl_transformer_add(&w, w.part, w.r);
        attend_back(&w, pass, i, w.r);
        norm_back(&w, pass, i, &w.norm1, CHL_TRANSFORMER_NORM1_SCALE, w.part);
    } else {
        norm_back(&w, pass, i, &w.norm2, CHL_TRANSFORMER_NORM2_SCALE, w.r);
        feed_forward_back(&w, pass, i, w.r);
        chl_transformer_add(&w, w.part, w.r);
        norm_back(&w, pass, i, &w.norm1, CHL_TRANSFORMER_NORM1_SCALE, w.r);
        attend_back(&w, pass, i, w.r);
    }
    chl_transformer_add(&w, w.part, w.r);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        chl_ragged_unpack(&w.ragged, w.ld, w.r, dx);
        chl_pass_source_done(pass, i, 0);
    }
}
