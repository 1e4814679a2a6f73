/* SPDX-License-Identifier: MIT
 *
 * One block of a Transformer encoder (Vaswani et al. 2017), as PyTorch's
 * TransformerEncoderLayer with batch_first and a padding mask:
 *
 *   norm_first (Xiong et al. 2020)     otherwise
 *   r = x + A(norm1(x))                r = norm1(x + A(x))
 *   y = r + F(norm2(r))                y = norm2(r + F(r))
 *
 * A is self-attention with dropout of its shares, F = down(f(up(x))) with `units` hidden
 * numbers; dropout after A, f and F. Steps that do not count are left out of all of it
 * and give zeros. Initial numbers: Glorot & Bengio 2010, norms 1, biases 0. Layer:
 * core/layers.
 */
#include <math.h>
#include <string.h>

#include "core/layers/transformer_work.h"

enum { HEADS_MAX = 64, SHARES_MAX = 1 << 20 };
static const char *const activations[] = {"relu", "gelu", NULL};

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(heads, CHL_OPT_INT, 1, HEADS_MAX, 1),
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    {"activation", CHL_OPT_CHOICE, offsetof(chl_layer_options, hidden), 0, 0, activations,
     0},
    {"dropout", CHL_OPT_DOUBLE, offsetof(chl_layer_options, rate), 0, 0.99, NULL, 0},
    CHL_LAYER_OPTION(norm_first, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_OPTION(eps, CHL_OPT_DOUBLE, 1e-12, 1, 0),
    {0}};

/* ---- tensors ---- */

static chl_param vector(const char *name, chl_role role, int64_t n)
{
    return (chl_param){.name = name, .role = role, .vector = true, .cols = n};
}

static chl_param matrix(const char *name, int64_t blocks, int64_t rows, int64_t cols)
{
    return (chl_param){.name = name,
                       .role = CHL_ROLE_WEIGHT,
                       .form = CHL_FORM_PANELS,
                       .blocks = blocks,
                       .rows = rows,
                       .cols = cols};
}

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    int64_t width = layer->in.width, heads = layer->options.heads;
    int64_t units = layer->options.units, steps = layer->in.steps;
    if (width % heads != 0) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'heads': expected a divisor of the width %lld, got "
                        "%lld",
                        where, (long long)width, (long long)heads);
    }
    if (heads * steps * chl_padded(steps) > SHARES_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: %lld steps are too many for attention",
                        where, (long long)steps);
    }
    const chl_param tensors[CHL_TRANSFORMER_TENSORS] = {
        vector("norm1_scale", CHL_ROLE_SCALE, width),
        vector("norm1_bias", CHL_ROLE_BIAS, width),
        matrix("qkv_weight", 3 * heads, width, width / heads),
        {.name = "qkv_bias",
         .role = CHL_ROLE_BIAS,
         .rows = 3 * heads,
         .cols = width / heads},
        matrix("out_weight", 1, width, width),
        vector("out_bias", CHL_ROLE_BIAS, width),
        vector("norm2_scale", CHL_ROLE_SCALE, width),
        vector("norm2_bias", CHL_ROLE_BIAS, width),
        matrix("up_weight", 1, width, units),
        vector("up_bias", CHL_ROLE_BIAS, units),
        matrix("down_weight", 1, units, width),
        vector("down_bias", CHL_ROLE_BIAS, width)};
    for (int k = 0; k < CHL_TRANSFORMER_TENSORS; k++) {
        CHL_TRY(chl_net_add_tensor(net, layer, tensors[k], err));
    }
    return CHL_OK;
}

static void init_uniform(chl_rng *rng, chl_net *net, int i, int k, int64_t fans)
{
    const chl_param *p = chl_layer_tensor(net, i, k);
    chl_real *w = chl_layer_numbers(net, i, k);
    double limit = sqrt(6.0 / (double)fans);
    for (int64_t j = 0; j < chl_param_size(p); j++) {
        w[j] = (chl_real)(limit * (2 * chl_rng_uniform(rng) - 1));
    }
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    int64_t width = layer->in.width, units = layer->options.units;
    chl_real *scale1 = chl_layer_numbers(net, i, CHL_TRANSFORMER_NORM1_SCALE);
    chl_real *scale2 = chl_layer_numbers(net, i, CHL_TRANSFORMER_NORM2_SCALE);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    init_uniform(&rng, net, i, CHL_TRANSFORMER_QKV_WEIGHT, 2 * width);
    init_uniform(&rng, net, i, CHL_TRANSFORMER_OUT_WEIGHT, 2 * width);
    init_uniform(&rng, net, i, CHL_TRANSFORMER_UP_WEIGHT, width + units);
    init_uniform(&rng, net, i, CHL_TRANSFORMER_DOWN_WEIGHT, width + units);
    for (int64_t j = 0; j < width; j++) {
        scale1[j] = scale2[j] = 1;
    }
}

/* ---- forward ---- */

/* Draws a mask and applies it to x, if there is dropout. */
static void drop(const chl_transformer_work *w, int64_t n, chl_real *mask, chl_real *x)
{
    uint32_t threshold = (uint32_t)lround((1 - w->layer->options.rate) * 65536);
    if (!w->masks || !mask) {
        return;
    }
    w->kernels->mask(w->masks, n, threshold, (chl_real)(65536.0 / threshold), mask);
    if (x) {
        w->kernels->multiply(n, x, mask, x);
    }
}

static void product(const chl_transformer_work *w, int64_t n, int64_t k,
                    const chl_real *x, int weight, chl_real *out)
{
    w->kernels->product(&(chl_product){.m = w->ragged.total,
                                       .n = chl_padded(n),
                                       .k = k,
                                       .a = x,
                                       .a_row = chl_padded(k),
                                       .a_col = 1,
                                       .b = w->params[weight],
                                       .bias = w->params[weight + 1],
                                       .c = out,
                                       .c_row = chl_padded(n)});
}

/* w->part = dropped A(a_in) */
static void attend(const chl_transformer_work *w)
{
    int64_t shares = chl_attention_share_row(&w->attention, w->ragged.steps);
    drop(w, w->ragged.total * shares, w->share_mask, NULL);
    chl_attention_forward(&w->attention, w->part);
    drop(w, w->ragged.total * w->ld, w->mask1, w->part);
}

/* w->part = dropped F(f_in) */
static void feed_forward(const chl_transformer_work *w)
{
    const chl_layer_options *o = &w->layer->options;
    int64_t n = w->ragged.total * w->lu;
    product(w, o->units, w->layer->in.width, w->f_in, CHL_TRANSFORMER_UP_WEIGHT, w->sums);
    w->kernels->activate(w->f, n, w->sums, w->hidden);
    if (w->sums != w->hidden && !chl_activation_reads_input(w->f)) {
        memcpy(w->sums, w->hidden, (size_t)n * sizeof *w->sums); /* the slope is of y */
    }
    drop(w, n, w->mask2, w->hidden);
    product(w, w->layer->in.width, o->units, w->hidden, CHL_TRANSFORMER_DOWN_WEIGHT,
            w->part);
    drop(w, w->ragged.total * w->ld, w->mask3, w->part);
}

static void run_block(const chl_transformer_work *w, const chl_real *x, chl_real *out)
{
    size_t size = (size_t)(w->ragged.total * w->ld) * sizeof *out;
    chl_ragged_pack(&w->ragged, w->ld, x, w->r);
    if (w->layer->options.norm_first) {
        w->kernels->row_norm(&w->norm1, w->r, w->a_in);
        attend(w);
        chl_transformer_add(w, w->part, w->r);
        w->kernels->row_norm(&w->norm2, w->r, w->f_in);
        feed_forward(w);
        chl_transformer_add(w, w->part, w->r);
    } else {
        memcpy(w->a_in, w->r, size);
        attend(w);
        chl_transformer_add(w, w->part, w->r);
        w->kernels->row_norm(&w->norm1, w->r, w->f_in);
        feed_forward(w);
        chl_transformer_add(w, w->f_in, w->part);
        w->kernels->row_norm(&w->norm2, w->part, w->r);
    }
    chl_ragged_unpack(&w->ragged, w->ld, w->r, out);
}

static void forward(chl_pass *pass, int i)
{
    chl_transformer_work w;
    chl_transformer_begin_pass(&w, pass, i);
    w.masks = &pass->masks;
    run_block(&w, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void infer(chl_run *run, int i)
{
    int64_t row;
    chl_transformer_work w;
    chl_transformer_begin_run(&w, run, i);
    run_block(&w, chl_run_in(run, i, 0, &row), chl_run_out(run, i));
}

const chl_layer_class chl_transformer_class = {
    .name = "transformer",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = chl_transformer_room,
    .forward = forward,
    .backward = chl_transformer_backward,
    .infer = infer,
};
