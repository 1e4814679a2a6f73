/* SPDX-License-Identifier: MIT */
#include "core/layers/transformer_work.h"

/* By the option `activation`. */
static const chl_activation activation_of[] = {CHL_RELU, CHL_GELU};

/* With base NULL it only measures. */
static chl_real *cut(chl_real *base, int64_t *used, int64_t n)
{
    chl_real *piece = base ? base + *used : NULL;
    *used += chl_padded(n);
    return piece;
}

static int64_t cut_kept(chl_transformer_work *w, int64_t batch, bool training,
                        chl_real *base)
{
    int64_t used = 0, steps = w->layer->in.steps, most = batch * steps;
    int64_t shares = most * chl_attention_share_row(&w->attention, steps);
    bool drop = training && w->dropout;
    w->list = cut(base, &used, chl_ragged_size(batch, steps));
    w->a_in = cut(base, &used, most * w->ld);
    w->f_in = cut(base, &used, most * w->ld);
    w->hidden = cut(base, &used, most * w->lu);
    w->sums = training && (drop || chl_activation_reads_input(w->f))
                  ? cut(base, &used, most * w->lu)
                  : w->hidden;
    w->attention.qkv = cut(base, &used, most * chl_attention_qkv_row(&w->attention));
    w->attention.shares = cut(base, &used, shares);
    w->attention.joined = cut(base, &used, most * w->ld);
    w->norm1.normal = cut(base, &used, most * w->ld);
    w->norm1.inverse = cut(base, &used, most);
    w->norm2.normal = training ? cut(base, &used, most * w->ld) : w->norm1.normal;
    w->norm2.inverse = training ? cut(base, &used, most) : w->norm1.inverse;
    w->share_mask = drop ? cut(base, &used, shares) : NULL;
    w->mask1 = drop ? cut(base, &used, most * w->ld) : NULL;
    w->mask2 = drop ? cut(base, &used, most * w->lu) : NULL;
    w->mask3 = drop ? cut(base, &used, most * w->ld) : NULL;
    return used;
}

static int64_t cut_scratch(chl_transformer_work *w, int64_t batch, bool training,
                           chl_real *base)
{
    int64_t used = 0, steps = w->layer->in.steps, most = batch * steps;
    chl_attention *a = &w->attention;
    bool drop = training && w->dropout;
    w->r = cut(base, &used, most * w->ld);
    w->part = cut(base, &used, most * w->ld);
    a->parts = cut(base, &used, most * a->heads * chl_attention_head(a));
    a->turned = cut(base, &used, chl_attention_turned(a, steps));
    a->dropped = drop ? cut(base, &used, most * chl_attention_share_row(a, steps)) : NULL;
    if (training) {
        a->dqkv = cut(base, &used, most * chl_attention_qkv_row(a));
        a->dshares = cut(base, &used, steps * chl_padded(steps));
        w->wide = cut(base, &used, most * w->lu);
        w->turned = cut(base, &used, w->layer->in.width * w->lu + w->ld * w->lu);
    }
    return used;
}

static chl_transformer_work begin(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    return (chl_transformer_work){
        .layer = layer,
        .ld = chl_padded(layer->in.width),
        .lu = chl_padded(layer->options.units),
        .f = activation_of[layer->options.hidden],
        .dropout = layer->options.rate > 0,
        .attention = {.heads = layer->options.heads, .width = layer->in.width}};
}

void chl_transformer_room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    chl_transformer_work w = begin(net, i);
    out->kept = cut_kept(&w, batch, true, NULL);
    out->scratch = cut_scratch(&w, batch, true, NULL);
    out->run = cut_kept(&w, batch, false, NULL) + cut_scratch(&w, batch, false, NULL);
}

static chl_row_norm norm_of(const chl_transformer_work *w, const chl_row_norm *memory,
                            int scale)
{
    chl_row_norm norm = *memory;
    norm.rows = w->ragged.total;
    norm.ld = w->ld;
    norm.width = w->layer->in.width;
    norm.eps = (chl_real)w->layer->options.eps;
    norm.gamma = w->params[scale];
    norm.beta = w->params[scale + 1];
    return norm;
}

/* After the memory is cut and the parameters are known. */
static void prepare(chl_transformer_work *w, int64_t rows, const int32_t *lengths)
{
    chl_ragged_by_row(&w->ragged, w->list, rows, w->layer->in.steps, lengths);
    chl_attention *a = &w->attention;
    a->kernels = w->kernels;
    a->ragged = &w->ragged;
    a->weight = w->params[CHL_TRANSFORMER_QKV_WEIGHT];
    a->bias = w->params[CHL_TRANSFORMER_QKV_BIAS];
    a->out_weight = w->params[CHL_TRANSFORMER_OUT_WEIGHT];
    a->out_bias = w->params[CHL_TRANSFORMER_OUT_BIAS];
    a->x = w->a_in;
    a->masks = w->share_mask;
    w->norm1 = norm_of(w, &w->norm1, CHL_TRANSFORMER_NORM1_SCALE);
    w->norm2 = norm_of(w, &w->norm2, CHL_TRANSFORMER_NORM2_SCALE);
}

void chl_transformer_begin_pass(chl_transformer_work *w, const chl_pass *pass, int i)
{
    *w = begin(pass->net, i);
    w->kernels = pass->kernels;
    for (int k = 0; k < CHL_TRANSFORMER_TENSORS; k++) {
        w->params[k] = chl_pass_params(pass, i, k);
    }
    cut_kept(w, pass->batch, true, pass->slots[i].kept);
    cut_scratch(w, pass->batch, true, pass->scratch);
    prepare(w, pass->rows, chl_pass_lengths(pass, chl_source_mask(pass->net, i)));
}

void chl_transformer_begin_run(chl_transformer_work *w, const chl_run *run, int i)
{
    *w = begin(run->net, i);
    w->kernels = run->kernels;
    for (int k = 0; k < CHL_TRANSFORMER_TENSORS; k++) {
        w->params[k] = chl_run_params(run, i, k);
    }
    int64_t kept = cut_kept(w, run->capacity, false, run->scratch);
    cut_scratch(w, run->capacity, false, run->scratch + kept);
    prepare(w, run->rows, chl_run_lengths(run, chl_source_mask(run->net, i)));
}
