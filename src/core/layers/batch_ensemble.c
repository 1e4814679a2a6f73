/* SPDX-License-Identifier: MIT
 *
 * Layer `batch_ensemble`: copy c gives f(scale_out[c] · ((scale_in[c] · x[c]) · W) +
 * bias[c]) with one W [in × out] for all copies (Wen, Tran, Ba 2020; as in TabM,
 * Gorishniy et al. 2025). Where its source has no copies yet, all of them read its one
 * row. Layer: core/layers.
 *
 * Rows are worked on in chunks that stay in the second-level cache. Backward, with u =
 * (scale_in · x) · W and g = dy · f': dscale_out = sum of g · u, dbias = sum of g, h = g
 * · scale_out, dW = (scale_in · x)ᵀ · h, d = h · Wᵀ, dscale_in = sum of d · x, dx = d ·
 * scale_in.
 */
#include <string.h>

#include "core/layers/copies.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { CHUNK = 128 }; /* rows of a product */
enum { WEIGHT, BIAS, SCALE_IN, SCALE_OUT };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    CHL_LAYER_ACTIVATION(0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_COPIES_OPTIONS(0),
    {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    CHL_TRY(chl_copies_plan(layer, spec, where, err));
    layer->out.width = (int)layer->options.units;
    int64_t in = layer->in.width, out = layer->out.width, copies = layer->out.steps;
    const chl_param tensors[] = {
        {.name = "weight", .form = CHL_FORM_PANELS, .rows = in, .cols = out},
        {.name = "bias", .role = CHL_ROLE_BIAS, .rows = copies, .cols = out},
        {.name = "scale_in", .role = CHL_ROLE_SCALE, .rows = copies, .cols = in},
        {.name = "scale_out", .role = CHL_ROLE_SCALE, .rows = copies, .cols = out}};
    for (int k = WEIGHT; k <= SCALE_OUT; k++) {
        CHL_TRY(chl_net_add_tensor(net, layer, tensors[k], err));
    }
    return CHL_OK;
}

/* W and one bias for all copies uniform within ±1/sqrt(in), scale_out 1 (TabM). */
static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    int in = layer->in.width, out = layer->out.width, copies = layer->out.steps;
    chl_real *bias = chl_layer_numbers(net, i, BIAS);
    chl_real *scale_out = chl_layer_numbers(net, i, SCALE_OUT);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    chl_uniform_init(chl_layer_numbers(net, i, WEIGHT), (int64_t)in * out, in, &rng);
    chl_uniform_init(bias, out, in, &rng);
    for (int64_t k = 0; k < (int64_t)copies * out; k++) {
        bias[k] = bias[k % out];
        scale_out[k] = 1;
    }
    chl_copies_init_scales(net, i, SCALE_IN, &rng);
}

/* ---- chunks ---- */

static int64_t chunk_rows(const chl_layer *layer)
{
    return layer->out.steps < CHUNK ? CHUNK / layer->out.steps : 1;
}

/* Some rows of the data, and where they begin. */
typedef struct chunk {
    int64_t rows, products; /* of the data; of the products: rows · copies */
    int64_t in_at, out_at;  /* first number in the source, in the output */
    int64_t in, out;        /* padded widths */
} chunk;

static chunk chunk_at(const chl_layer *layer, int64_t from, int64_t rows)
{
    int64_t most = chunk_rows(layer), in = chl_padded(layer->in.width);
    chunk c = {.rows = rows - from < most ? rows - from : most,
               .in_at = from * layer->in.steps * in,
               .out_at = from * chl_row_size(layer->out),
               .in = in,
               .out = chl_padded(layer->out.width)};
    c.products = c.rows * layer->out.steps;
    return c;
}

static chl_copies scale_in(const chl_layer *layer, const chunk *c, const chl_real *scale)
{
    return (chl_copies){.rows = c->rows,
                        .copies = layer->out.steps,
                        .ld = c->in,
                        .spread = chl_copies_begin(layer),
                        .scale = scale};
}

static chl_copies scale_out(const chl_layer *layer, const chunk *c, const chl_real *scale,
                            const chl_real *bias)
{
    return (chl_copies){.rows = c->rows,
                        .copies = layer->out.steps,
                        .ld = c->out,
                        .scale = scale,
                        .shift = bias};
}

/* Numbers of a chunk's rows of products, of the wider side. */
static int64_t chunk_size(const chl_layer *layer)
{
    int64_t in = chl_padded(layer->in.width), out = chl_padded(layer->out.width);
    return chunk_rows(layer) * layer->out.steps * (in > out ? in : out);
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    out->kept = batch * chl_row_size(layer->out); /* u */
    out->run = chunk_size(layer);
    out->scratch = 3 * chunk_size(layer) + chl_padded(layer->in.width) * layer->out.width;
}

/* ---- forward ---- */

typedef struct numbers {
    const chl_real *weight, *bias, *in, *out;
} numbers;

/* u = (scale_in · x) · W; y = scale_out · u + bias; y may be u. */
static void apply(const chl_kernels *kernels, const chl_layer *layer, const chunk *c,
                  const numbers *n, const chl_real *x, chl_real *scaled, chl_real *u,
                  chl_real *y)
{
    chl_copies first = scale_in(layer, c, n->in);
    chl_copies last = scale_out(layer, c, n->out, n->bias);
    kernels->scale_copies(&first, x + c->in_at, scaled);
    kernels->product(&(chl_product){.m = c->products,
                                    .n = c->out,
                                    .k = layer->in.width,
                                    .a = scaled,
                                    .a_row = c->in,
                                    .a_col = 1,
                                    .b = n->weight,
                                    .c = u + c->out_at,
                                    .c_row = c->out});
    kernels->scale_copies(&last, u + c->out_at, y + c->out_at);
}

static numbers pass_numbers(const chl_pass *pass, int i)
{
    return (numbers){chl_pass_params(pass, i, WEIGHT), chl_pass_params(pass, i, BIAS),
                     chl_pass_params(pass, i, SCALE_IN),
                     chl_pass_params(pass, i, SCALE_OUT)};
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    chl_activation f = chl_layer_activation(pass->net, i);
    numbers n = pass_numbers(pass, i);
    for (int64_t from = 0; from < pass->rows; from += chunk_rows(layer)) {
        chunk c = chunk_at(layer, from, pass->rows);
        chl_real *y = slot->out + c.out_at;
        apply(pass->kernels, layer, &c, &n, chl_pass_in(pass, i, 0), pass->scratch,
              slot->kept, slot->out);
        pass->kernels->activate(f, c.products * c.out, y, y);
    }
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    chl_activation f = chl_layer_activation(run->net, i);
    numbers n = {chl_run_params(run, i, WEIGHT), chl_run_params(run, i, BIAS),
                 chl_run_params(run, i, SCALE_IN), chl_run_params(run, i, SCALE_OUT)};
    int64_t row;
    const chl_real *x = chl_run_in(run, i, 0, &row);
    chl_real *out = chl_run_out(run, i);
    for (int64_t from = 0; from < run->rows; from += chunk_rows(layer)) {
        chunk c = chunk_at(layer, from, run->rows);
        apply(run->kernels, layer, &c, &n, x, run->scratch, out, out);
        run->kernels->activate(f, c.products * c.out, out + c.out_at, out + c.out_at);
    }
}

/* ---- backward ---- */

/* Its pieces of the scratch. */
typedef struct work {
    chl_real *turned; /* Wᵀ in panels */
    chl_real *scaled; /* scale_in · x, then d */
    chl_real *h;      /* g · scale_out */
    chl_real *sums;   /* u · scale_out + bias, for activations that read it */
} work;

/* From dy to g in place. */
static void slope(chl_pass *pass, int i, const chunk *c, const numbers *n, chl_real *sums)
{
    chl_activation f = chl_layer_activation(pass->net, i);
    const chl_slot *slot = &pass->slots[i];
    const chl_real *y = slot->out + c->out_at;
    if (chl_activation_reads_input(f)) {
        chl_copies last = scale_out(&pass->net->layers[i], c, n->out, n->bias);
        pass->kernels->scale_copies(&last, slot->kept + c->out_at, sums);
        y = sums;
    }
    pass->kernels->activate_back(f, c->products * c->out, y, slot->gradient + c->out_at);
}

static void weight_gradient(chl_pass *pass, int i, const chunk *c, const numbers *n,
                            const work *w)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_copies first = scale_in(layer, c, n->in);
    pass->kernels->scale_copies(&first, chl_pass_in(pass, i, 0) + c->in_at, w->scaled);
    chl_product p = {.m = layer->in.width,
                     .n = c->out,
                     .k = c->products,
                     .a = w->scaled,
                     .a_row = 1,
                     .a_col = c->in,
                     .b = w->h,
                     .b_row = c->out,
                     .add = c->out_at > 0,
                     .c = chl_pass_grads(pass, i, WEIGHT)};
    pass->kernels->product(&p);
}

static void source_gradient(chl_pass *pass, int i, const chunk *c, const numbers *n,
                            const work *w, chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_product p = {.m = c->products,
                     .n = c->in,
                     .k = layer->out.width,
                     .a = w->h,
                     .a_row = c->out,
                     .a_col = 1,
                     .b = w->turned,
                     .c = w->scaled,
                     .c_row = c->in};
    pass->kernels->product(&p);
    chl_copies first = scale_in(layer, c, n->in);
    pass->kernels->scale_copies_back(&first, chl_pass_in(pass, i, 0) + c->in_at,
                                     w->scaled, dx ? dx + c->in_at : NULL,
                                     chl_pass_grads(pass, i, SCALE_IN), NULL);
}

static void clear_gradient(chl_pass *pass, int i, int k)
{
    chl_real *g = chl_pass_grads(pass, i, k);
    memset(g, 0, (size_t)chl_param_packed(chl_layer_tensor(pass->net, i, k)) * sizeof *g);
}

static work share_scratch(const chl_pass *pass, const chl_layer *layer)
{
    int64_t size = chunk_size(layer);
    return (work){.scaled = pass->scratch,
                  .h = pass->scratch + size,
                  .sums = pass->scratch + 2 * size,
                  .turned = pass->scratch + 3 * size};
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    numbers n = pass_numbers(pass, i);
    work w = share_scratch(pass, layer);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    pass->kernels->turn(n.weight, layer->in.width, layer->out.width, w.turned);
    for (int k = BIAS; k <= SCALE_OUT; k++) {
        clear_gradient(pass, i, k);
    }
    for (int64_t from = 0; from < pass->rows; from += chunk_rows(layer)) {
        chunk c = chunk_at(layer, from, pass->rows);
        chl_copies last = scale_out(layer, &c, n.out, NULL);
        slope(pass, i, &c, &n, w.sums);
        pass->kernels->scale_copies_back(
            &last, slot->kept + c.out_at, slot->gradient + c.out_at, w.h,
            chl_pass_grads(pass, i, SCALE_OUT), chl_pass_grads(pass, i, BIAS));
        weight_gradient(pass, i, &c, &n, &w);
        source_gradient(pass, i, &c, &n, &w, dx);
    }
    chl_pass_source_done(pass, i, 0);
    chl_pass_penalise(pass, i, WEIGHT);
}

const chl_layer_class chl_batch_ensemble_class = {
    .name = "batch_ensemble",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = chl_copies_spell,
};
