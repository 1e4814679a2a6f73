/* SPDX-License-Identifier: MIT */
#include "core/layers/attention.h"

#include <math.h>
#include <string.h>

#include "core/nn/layer.h"

int64_t chl_attention_qkv_row(const chl_attention *a)
{
    return 3 * a->heads * chl_attention_head(a);
}

int64_t chl_attention_share_row(const chl_attention *a, int64_t steps)
{
    return a->heads * chl_padded(steps);
}

int64_t chl_attention_turned(const chl_attention *a, int64_t steps)
{
    int64_t row = chl_attention_qkv_row(a), head = a->width / a->heads;
    int64_t weights = row * chl_padded(a->width), keys = head * chl_padded(steps);
    return weights > keys ? weights : keys;
}

/* One row of the batch and one head. */
typedef struct part {
    int64_t length, padded; /* steps that count */
    int64_t head, lh;       /* width of a head, padded */
    int64_t row, parts_row; /* numbers of a row of qkv and of parts */
    int64_t shares_row;
    chl_real *q, *k, *v;     /* first of this row and head in qkv */
    chl_real *dq, *dk, *dv;  /* … in dqkv, or NULL */
    chl_real *shares, *used; /* with dropout: used = shares · masks */
    chl_real *parts;
    const chl_real *masks;
    chl_real scale;
} part;

static part part_of(const chl_attention *a, int64_t r, int64_t h)
{
    int64_t first = a->ragged->start[r], lh = chl_attention_head(a);
    int64_t row = chl_attention_qkv_row(a), ahead = a->heads * lh;
    int64_t shares_row = chl_attention_share_row(a, a->ragged->steps);
    int64_t at = first * row + h * lh;
    int64_t share = first * shares_row + h * chl_padded(a->ragged->steps);
    part p = {.length = a->ragged->start[r + 1] - first,
              .head = a->width / a->heads,
              .lh = lh,
              .row = row,
              .parts_row = ahead,
              .shares_row = shares_row,
              .q = a->qkv + at,
              .k = a->qkv + at + ahead,
              .v = a->qkv + at + 2 * ahead,
              .shares = a->shares + share,
              .used = (a->masks ? a->dropped : a->shares) + share,
              .parts = a->parts + first * ahead + h * lh,
              .masks = a->masks ? a->masks + share : NULL};
    p.padded = chl_padded(p.length);
    p.scale = (chl_real)(1 / sqrt((double)p.head));
    if (a->dqkv) {
        p.dq = a->dqkv + at;
        p.dk = p.dq + ahead;
        p.dv = p.dk + ahead;
    }
    return p;
}

/* turned[head × padded length] = the transposed rows of k or v. */
static void turn_rows(const part *p, const chl_real *rows, chl_real *turned)
{
    memset(turned, 0, (size_t)(p->head * p->padded) * sizeof *turned);
    for (int64_t t = 0; t < p->length; t++) {
        for (int64_t j = 0; j < p->head; j++) {
            turned[j * p->padded + t] = rows[t * p->row + j];
        }
    }
}

/* used = shares · masks, step by step. */
static void drop_shares(const chl_attention *a, const part *p)
{
    for (int64_t t = 0; p->masks && t < p->length; t++) {
        int64_t at = t * p->shares_row;
        a->kernels->multiply(p->padded, p->shares + at, p->masks + at, p->used + at);
    }
}

/* c[length × padded] = x · y', where y are rows of k or v. */
static void step_products(const chl_attention *a, const part *p, const chl_real *x,
                          int64_t x_row, const chl_real *y, chl_real *c, int64_t c_row)
{
    turn_rows(p, y, a->turned);
    a->kernels->product(&(chl_product){.m = p->length,
                                       .n = p->padded,
                                       .k = p->head,
                                       .a = x,
                                       .a_row = x_row,
                                       .a_col = 1,
                                       .b = a->turned,
                                       .b_row = p->padded,
                                       .c = c,
                                       .c_row = c_row});
}

/* ---- forward ---- */

static void attend(const chl_attention *a, const part *p)
{
    step_products(a, p, p->q, p->row, p->k, p->shares, p->shares_row);
    a->kernels->row_softmax(p->length, p->shares_row, p->length, p->scale, p->shares);
    drop_shares(a, p);
    a->kernels->product(&(chl_product){.m = p->length,
                                       .n = p->lh,
                                       .k = p->length,
                                       .a = p->used,
                                       .a_row = p->shares_row,
                                       .a_col = 1,
                                       .b = p->v,
                                       .b_row = p->row,
                                       .c = p->parts,
                                       .c_row = p->parts_row});
}

/* joined = the heads' numbers without the padding between them, or back. */
static void join_heads(const chl_attention *a, bool back)
{
    int64_t head = a->width / a->heads, lh = chl_attention_head(a);
    int64_t ld = chl_padded(a->width);
    size_t size = (size_t)head * sizeof *a->joined;
    for (int64_t p = 0; p < a->ragged->total; p++) {
        for (int64_t h = 0; h < a->heads; h++) {
            chl_real *apart = a->parts + (p * a->heads + h) * lh;
            chl_real *joined = a->joined + p * ld + h * head;
            memcpy(back ? apart : joined, back ? joined : apart, size);
        }
    }
}

void chl_attention_forward(const chl_attention *a, chl_real *out)
{
    int64_t ld = chl_padded(a->width);
    int64_t lh = chl_attention_head(a), row = chl_attention_qkv_row(a);
    for (int64_t b = 0; b < 3 * a->heads; b++) {
        a->kernels->product(&(chl_product){.m = a->ragged->total,
                                           .n = lh,
                                           .k = a->width,
                                           .a = a->x,
                                           .a_row = ld,
                                           .a_col = 1,
                                           .b = a->weight + b * a->width * lh,
                                           .bias = a->bias + b * lh,
                                           .c = a->qkv + b * lh,
                                           .c_row = row});
    }
    for (int64_t r = 0; r < a->ragged->rows; r++) {
        for (int64_t h = 0; h < a->heads; h++) {
            part p = part_of(a, r, h);
            if (p.length > 0) {
                attend(a, &p);
            }
        }
    }
    join_heads(a, false);
    a->kernels->product(&(chl_product){.m = a->ragged->total,
                                       .n = ld,
                                       .k = a->width,
                                       .a = a->joined,
                                       .a_row = ld,
                                       .a_col = 1,
                                       .b = a->out_weight,
                                       .bias = a->out_bias,
                                       .c = out,
                                       .c_row = ld});
}

/* ---- backward ---- */

/* c = a' · b of two matrices with a row a step: [length × lh] rows of dk or dv. */
static void turned_product(const chl_attention *a, const part *p, const chl_real *shares,
                           int64_t shares_row, const chl_real *b, int64_t b_row,
                           chl_real *c)
{
    a->kernels->product(&(chl_product){.m = p->length,
                                       .n = p->lh,
                                       .k = p->length,
                                       .a = shares,
                                       .a_row = 1,
                                       .a_col = shares_row,
                                       .b = b,
                                       .b_row = b_row,
                                       .c = c,
                                       .c_row = p->row});
}

/* p->parts holds the gradient of what attend made. */
static void attend_back(const chl_attention *a, const part *p)
{
    drop_shares(a, p);
    turned_product(a, p, p->used, p->shares_row, p->parts, p->parts_row, p->dv);
    step_products(a, p, p->parts, p->parts_row, p->v, a->dshares, p->padded);
    for (int64_t t = 0; t < p->length; t++) {
        chl_real *g = a->dshares + t * p->padded;
        if (p->masks) {
            a->kernels->multiply(p->padded, g, p->masks + t * p->shares_row, g);
        }
        a->kernels->row_softmax_back(1, 0, p->length, p->scale,
                                     p->shares + t * p->shares_row, g);
    }
    a->kernels->product(&(chl_product){.m = p->length,
                                       .n = p->lh,
                                       .k = p->length,
                                       .a = a->dshares,
                                       .a_row = p->padded,
                                       .a_col = 1,
                                       .b = p->k,
                                       .b_row = p->row,
                                       .c = p->dq,
                                       .c_row = p->row});
    turned_product(a, p, a->dshares, p->padded, p->q, p->row, p->dk);
}

/* Gradients of the last product; a->parts = that of the heads' numbers. */
static void output_back(const chl_attention *a, const chl_real *g, chl_real *dweight,
                        chl_real *dbias)
{
    int64_t ld = chl_padded(a->width);
    a->kernels->product(&(chl_product){.m = a->width,
                                       .n = ld,
                                       .k = a->ragged->total,
                                       .a = a->joined,
                                       .a_row = 1,
                                       .a_col = ld,
                                       .b = g,
                                       .b_row = ld,
                                       .c = dweight});
    a->kernels->column_sums(a->ragged->total, ld, g, dbias);
    a->kernels->turn(a->out_weight, a->width, a->width, a->turned);
    a->kernels->product(&(chl_product){.m = a->ragged->total,
                                       .n = ld,
                                       .k = a->width,
                                       .a = g,
                                       .a_row = ld,
                                       .a_col = 1,
                                       .b = a->turned,
                                       .c = a->joined,
                                       .c_row = ld});
    memset(a->parts, 0,
           (size_t)(a->ragged->total * a->heads * chl_attention_head(a)) *
               sizeof *a->parts);
    join_heads(a, true);
}

/* Gradients of the first products. */
static void input_back(const chl_attention *a, chl_real *dx, chl_real *dweight,
                       chl_real *dbias)
{
    int64_t ld = chl_padded(a->width), head = a->width / a->heads;
    int64_t lh = chl_attention_head(a), row = chl_attention_qkv_row(a);
    for (int64_t b = 0; b < 3 * a->heads; b++) {
        a->kernels->product(&(chl_product){.m = a->width,
                                           .n = lh,
                                           .k = a->ragged->total,
                                           .a = a->x,
                                           .a_row = 1,
                                           .a_col = ld,
                                           .b = a->dqkv + b * lh,
                                           .b_row = row,
                                           .c = dweight + b * a->width * lh});
        chl_turn_block(a->weight + b * a->width * lh, a->width, head, row, b * lh,
                       a->turned);
    }
    a->kernels->column_sums(a->ragged->total, row, a->dqkv, dbias);
    a->kernels->product(&(chl_product){.m = a->ragged->total,
                                       .n = ld,
                                       .k = row,
                                       .a = a->dqkv,
                                       .a_row = row,
                                       .a_col = 1,
                                       .b = a->turned,
                                       .c = dx,
                                       .c_row = ld});
}

void chl_attention_backward(const chl_attention *a, const chl_real *g, chl_real *dx,
                            chl_real *dweight, chl_real *dbias, chl_real *dout_weight,
                            chl_real *dout_bias)
{
    output_back(a, g, dout_weight, dout_bias);
    for (int64_t r = 0; r < a->ragged->rows; r++) {
        for (int64_t h = 0; h < a->heads; h++) {
            part p = part_of(a, r, h);
            if (p.length > 0) {
                attend_back(a, &p);
            }
        }
    }
    input_back(a, dx, dweight, dbias);
}
