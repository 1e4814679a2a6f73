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

#include "core/layers/attention.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { HEADS_MAX = 64, SHARES_MAX = 1 << 20 };
static const char *const activations[] = {"relu", "gelu", NULL};
static const chl_activation activation_of[] = {CHL_RELU, CHL_GELU};

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

enum {
    NORM1_SCALE,
    NORM1_BIAS,
    QKV_WEIGHT,
    QKV_BIAS,
    OUT_WEIGHT,
    OUT_BIAS,
    NORM2_SCALE,
    NORM2_BIAS,
    UP_WEIGHT,
    UP_BIAS,
    DOWN_WEIGHT,
    DOWN_BIAS,
    TENSORS
};

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
    const chl_param tensors[TENSORS] = {
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
    for (int k = 0; k < TENSORS; k++) {
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
    chl_real *scale1 = chl_layer_numbers(net, i, NORM1_SCALE);
    chl_real *scale2 = chl_layer_numbers(net, i, NORM2_SCALE);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    init_uniform(&rng, net, i, QKV_WEIGHT, 2 * width);
    init_uniform(&rng, net, i, OUT_WEIGHT, 2 * width);
    init_uniform(&rng, net, i, UP_WEIGHT, width + units);
    init_uniform(&rng, net, i, DOWN_WEIGHT, width + units);
    for (int64_t j = 0; j < width; j++) {
        scale1[j] = scale2[j] = 1;
    }
}

/* ---- memory ---- */

/* One batch at work; P packed rows. */
typedef struct work {
    const chl_kernels *kernels;
    const chl_layer *layer;
    const chl_real *params[TENSORS];
    int64_t ld, lu; /* padded width and units */
    chl_activation f;
    bool dropout;
    chl_ragged ragged;
    chl_attention attention;
    chl_row_norm norm1, norm2;
    chl_mask_stream *masks;  /* NULL: no dropout here */
    chl_real *list;          /* the memory of `ragged` */
    chl_real *a_in, *f_in;   /* [P × ld] what A and F read */
    chl_real *sums, *hidden; /* [P × lu] what f's slope is taken of, what down reads */
    chl_real *share_mask, *mask1, *mask2, *mask3;
    chl_real *r, *part; /* scratch [P × ld] */
    chl_real *wide;     /* scratch of backward [P × lu] */
    chl_real *turned;   /* scratch of backward [width × lu] */
} work;

/* With base NULL it only measures. */
static chl_real *cut(chl_real *base, int64_t *used, int64_t n)
{
    chl_real *piece = base ? base + *used : NULL;
    *used += chl_padded(n);
    return piece;
}

static int64_t cut_kept(work *w, int64_t batch, bool training, chl_real *base)
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

static int64_t cut_scratch(work *w, int64_t batch, bool training, chl_real *base)
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

static work begin(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    return (work){.layer = layer,
                  .ld = chl_padded(layer->in.width),
                  .lu = chl_padded(layer->options.units),
                  .f = activation_of[layer->options.hidden],
                  .dropout = layer->options.rate > 0,
                  .attention = {.heads = layer->options.heads, .width = layer->in.width}};
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    work w = begin(net, i);
    out->kept = cut_kept(&w, batch, true, NULL);
    out->scratch = cut_scratch(&w, batch, true, NULL);
    out->run = cut_kept(&w, batch, false, NULL) + cut_scratch(&w, batch, false, NULL);
}

static chl_row_norm norm_of(const work *w, const chl_row_norm *memory, int scale)
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
static void prepare(work *w, int64_t rows, const int32_t *lengths)
{
    chl_ragged_by_row(&w->ragged, w->list, rows, w->layer->in.steps, lengths);
    chl_attention *a = &w->attention;
    a->kernels = w->kernels;
    a->ragged = &w->ragged;
    a->weight = w->params[QKV_WEIGHT];
    a->bias = w->params[QKV_BIAS];
    a->out_weight = w->params[OUT_WEIGHT];
    a->out_bias = w->params[OUT_BIAS];
    a->x = w->a_in;
    a->masks = w->share_mask;
    w->norm1 = norm_of(w, &w->norm1, NORM1_SCALE);
    w->norm2 = norm_of(w, &w->norm2, NORM2_SCALE);
}

/* The work holds a pointer into itself: it is filled in place. */
static void begin_pass(work *w, const chl_pass *pass, int i)
{
    *w = begin(pass->net, i);
    w->kernels = pass->kernels;
    for (int k = 0; k < TENSORS; k++) {
        w->params[k] = chl_pass_params(pass, i, k);
    }
    cut_kept(w, pass->batch, true, pass->slots[i].kept);
    cut_scratch(w, pass->batch, true, pass->scratch);
    prepare(w, pass->rows, chl_pass_lengths(pass, chl_source_mask(pass->net, i)));
}

/* ---- forward ---- */

/* Draws a mask and applies it to x, if there is dropout. */
static void drop(const work *w, int64_t n, chl_real *mask, chl_real *x)
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

static void product(const work *w, int64_t n, int64_t k, const chl_real *x, int weight,
                    chl_real *out)
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
static void attend(const work *w)
{
    int64_t shares = chl_attention_share_row(&w->attention, w->ragged.steps);
    drop(w, w->ragged.total * shares, w->share_mask, NULL);
    chl_attention_forward(&w->attention, w->part);
    drop(w, w->ragged.total * w->ld, w->mask1, w->part);
}

/* w->part = dropped F(f_in) */
static void feed_forward(const work *w)
{
    const chl_layer_options *o = &w->layer->options;
    int64_t n = w->ragged.total * w->lu;
    product(w, o->units, w->layer->in.width, w->f_in, UP_WEIGHT, w->sums);
    w->kernels->activate(w->f, n, w->sums, w->hidden);
    if (w->sums != w->hidden && !chl_activation_reads_input(w->f)) {
        memcpy(w->sums, w->hidden, (size_t)n * sizeof *w->sums); /* the slope is of y */
    }
    drop(w, n, w->mask2, w->hidden);
    product(w, w->layer->in.width, o->units, w->hidden, DOWN_WEIGHT, w->part);
    drop(w, w->ragged.total * w->ld, w->mask3, w->part);
}

static void add(const work *w, const chl_real *x, chl_real *to)
{
    w->kernels->add_scaled(w->ragged.total * w->ld, 1, x, to);
}

static void run_block(const work *w, const chl_real *x, chl_real *out)
{
    size_t size = (size_t)(w->ragged.total * w->ld) * sizeof *out;
    chl_ragged_pack(&w->ragged, w->ld, x, w->r);
    if (w->layer->options.norm_first) {
        w->kernels->row_norm(&w->norm1, w->r, w->a_in);
        attend(w);
        add(w, w->part, w->r);
        w->kernels->row_norm(&w->norm2, w->r, w->f_in);
        feed_forward(w);
        add(w, w->part, w->r);
    } else {
        memcpy(w->a_in, w->r, size);
        attend(w);
        add(w, w->part, w->r);
        w->kernels->row_norm(&w->norm1, w->r, w->f_in);
        feed_forward(w);
        add(w, w->f_in, w->part);
        w->kernels->row_norm(&w->norm2, w->part, w->r);
    }
    chl_ragged_unpack(&w->ragged, w->ld, w->r, out);
}

static void forward(chl_pass *pass, int i)
{
    work w;
    begin_pass(&w, pass, i);
    w.masks = &pass->masks;
    run_block(&w, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void infer(chl_run *run, int i)
{
    int64_t row;
    work w = begin(run->net, i);
    w.kernels = run->kernels;
    for (int k = 0; k < TENSORS; k++) {
        w.params[k] = chl_run_params(run, i, k);
    }
    int64_t kept = cut_kept(&w, run->capacity, false, run->scratch);
    cut_scratch(&w, run->capacity, false, run->scratch + kept);
    prepare(&w, run->rows, chl_run_lengths(run, chl_source_mask(run->net, i)));
    run_block(&w, chl_run_in(run, i, 0, &row), chl_run_out(run, i));
}

/* ---- backward ---- */

static void undrop(const work *w, int64_t n, const chl_real *mask, chl_real *g)
{
    if (mask) {
        w->kernels->multiply(n, g, mask, g);
    }
}

/* Gradients of a weight, its bias and of x from g[P × n]. */
static void product_back(const work *w, chl_pass *pass, int i, int weight, int64_t n,
                         int64_t k, const chl_real *x, const chl_real *g, chl_real *dx)
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
static void feed_forward_back(const work *w, chl_pass *pass, int i, const chl_real *g)
{
    const chl_layer_options *o = &w->layer->options;
    int64_t n = w->ragged.total * w->lu, width = w->layer->in.width;
    memcpy(w->part, g, (size_t)(w->ragged.total * w->ld) * sizeof *g);
    undrop(w, w->ragged.total * w->ld, w->mask3, w->part);
    product_back(w, pass, i, DOWN_WEIGHT, width, o->units, w->hidden, w->part, w->wide);
    undrop(w, n, w->mask2, w->wide);
    w->kernels->activate_back(w->f, n, w->sums, w->wide);
    product_back(w, pass, i, UP_WEIGHT, o->units, width, w->f_in, w->wide, w->part);
}

/* w->part = gradient of a_in through A. */
static void attend_back(const work *w, chl_pass *pass, int i, const chl_real *g)
{
    memcpy(w->part, g, (size_t)(w->ragged.total * w->ld) * sizeof *g);
    undrop(w, w->ragged.total * w->ld, w->mask1, w->part);
    chl_attention_backward(
        &w->attention, w->part, w->part, chl_pass_grads(pass, i, QKV_WEIGHT),
        chl_pass_grads(pass, i, QKV_BIAS), chl_pass_grads(pass, i, OUT_WEIGHT),
        chl_pass_grads(pass, i, OUT_BIAS));
}

static void norm_back(const work *w, chl_pass *pass, int i, const chl_row_norm *norm,
                      int scale, chl_real *g)
{
    chl_real *dgamma = chl_pass_grads(pass, i, scale);
    chl_real *dbeta = chl_pass_grads(pass, i, scale + 1);
    memset(dgamma, 0, (size_t)w->ld * sizeof *dgamma);
    memset(dbeta, 0, (size_t)w->ld * sizeof *dbeta);
    w->kernels->row_norm_back(norm, g, dgamma, dbeta);
}

static void backward(chl_pass *pass, int i)
{
    work w;
    begin_pass(&w, pass, i);
    chl_ragged_pack(&w.ragged, w.ld, pass->slots[i].gradient, w.r);
    if (w.layer->options.norm_first) {
        feed_forward_back(&w, pass, i, w.r);
        norm_back(&w, pass, i, &w.norm2, NORM2_SCALE, w.part);
        add(&w, w.part, w.r);
        attend_back(&w, pass, i, w.r);
        norm_back(&w, pass, i, &w.norm1, NORM1_SCALE, w.part);
    } else {
        norm_back(&w, pass, i, &w.norm2, NORM2_SCALE, w.r);
        feed_forward_back(&w, pass, i, w.r);
        add(&w, w.part, w.r);
        norm_back(&w, pass, i, &w.norm1, NORM1_SCALE, w.r);
        attend_back(&w, pass, i, w.r);
    }
    add(&w, w.part, w.r);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        chl_ragged_unpack(&w.ragged, w.ld, w.r, dx);
        chl_pass_source_done(pass, i, 0);
    }
}

const chl_layer_class chl_transformer_class = {
    .name = "transformer",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
