/* SPDX-License-Identifier: MIT */
#include "core/layers/recurrent.h"

#include <math.h>
#include <string.h>

#include "core/layers/ragged.h"

const chl_option chl_recurrent_options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_RECURRENT_UNITS_MAX, 1),
    CHL_LAYER_OPTION(return_sequences, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

enum { WEIGHT, RECURRENT, BIAS, STATE_BIAS };

/* ---- tensors ---- */

static const chl_recurrent *kind_of(const chl_net *net, int i)
{
    return net->layers[i].class->kind;
}

chl_status chl_recurrent_plan(chl_net *net, chl_layer *layer, const json_t *spec,
                              const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    const chl_recurrent *kind = layer->class->kind;
    int64_t units = layer->options.units, gates = kind->gates;
    chl_param tensors[] = {
        {.name = "weight",
         .role = CHL_ROLE_WEIGHT,
         .form = CHL_FORM_PANELS,
         .blocks = gates,
         .rows = layer->in.width,
         .cols = units},
        {.name = "recurrent",
         .role = CHL_ROLE_WEIGHT,
         .form = CHL_FORM_PANELS,
         .blocks = gates,
         .rows = units,
         .cols = units},
        {.name = "bias", .role = CHL_ROLE_BIAS, .rows = gates, .cols = units},
        {.name = "recurrent_bias", .role = CHL_ROLE_BIAS, .vector = true, .cols = units}};
    layer->out =
        (chl_shape){layer->options.return_sequences ? layer->in.steps : 1, (int)units};
    for (int k = WEIGHT; k <= (kind->split ? STATE_BIAS : BIAS); k++) {
        CHL_TRY(chl_net_add_tensor(net, layer, tensors[k], err));
    }
    return CHL_OK;
}

static double dot(int64_t n, const chl_real *a, const chl_real *b)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
        sum += (double)a[j] * (double)b[j];
    }
    return sum;
}

/* Rows of a normal matrix made orthonormal: Gram–Schmidt, twice for the rounding. */
static void init_orthogonal(chl_rng *rng, int64_t n, chl_real *w)
{
    for (int64_t k = 0; k < n * n; k++) {
        w[k] = (chl_real)chl_rng_normal(rng);
    }
    for (int64_t i = 0; i < n; i++) {
        chl_real *row = w + i * n;
        for (int64_t p = 0; p < 2 * i; p++) {
            const chl_real *other = w + p % i * n;
            double along = dot(n, row, other);
            for (int64_t j = 0; j < n; j++) {
                row[j] = (chl_real)((double)row[j] - along * (double)other[j]);
            }
        }
        double length = sqrt(dot(n, row, row));
        for (int64_t j = 0; j < n; j++) {
            row[j] = (chl_real)((double)row[j] / length);
        }
    }
}

void chl_recurrent_init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_recurrent *kind = kind_of(net, i);
    const chl_layer *layer = &net->layers[i];
    int64_t in = layer->in.width, units = layer->out.width;
    double limit = sqrt(6.0 / (double)(in + units));
    chl_real *w = chl_layer_numbers(net, i, WEIGHT);
    chl_real *bias = chl_layer_numbers(net, i, BIAS);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < kind->gates * in * units; k++) {
        w[k] = (chl_real)(limit * (2 * chl_rng_uniform(&rng) - 1));
    }
    for (int g = 0; g < kind->gates; g++) {
        init_orthogonal(&rng, units,
                        chl_layer_numbers(net, i, RECURRENT) + g * units * units);
    }
    for (int64_t j = 0; kind->forget >= 0 && j < units; j++) {
        bias[kind->forget * units + j] = 1;
    }
}

/* ---- memory ---- */

/* One batch at work; P packed rows. */
typedef struct work {
    const chl_recurrent *kind;
    const chl_kernels *kernels;
    const chl_layer *layer;
    int64_t in, lx, ld; /* width of x; padded; padded units */
    chl_ragged ragged;
    chl_real *list;     /* the memory of `ragged` */
    chl_real *x;        /* [P × lx] */
    chl_real *gates;    /* [P × 4 ld] (kernels_recurrent.h) */
    chl_real *before;   /* [P × ld] state before each step */
    chl_real *cell;     /* [P × ld] second state after each step, or NULL */
    chl_real *sums;     /* [rows × 4 ld] of one step */
    chl_real *h;        /* [rows × ld] state after one step; backward: its gradient */
    chl_real *carry;    /* [rows × ld] backward: see chl_cell */
    chl_real *turned_x; /* [4 ld × lx] transposed weights */
    chl_real *turned_h; /* [4 ld × ld] */
    chl_real *columns;  /* [4 ld] */
    const chl_real *weight, *recurrent, *bias, *state_bias;
} work;

/* With base NULL it only measures. */
static chl_real *cut(chl_real *base, int64_t *used, int64_t n)
{
    chl_real *piece = base ? base + *used : NULL;
    *used += chl_padded(n);
    return piece;
}

static int64_t cut_kept(work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0, most = batch * w->layer->in.steps;
    w->list = cut(base, &used, chl_ragged_size(batch, w->layer->in.steps));
    w->x = cut(base, &used, most * w->lx);
    w->gates = cut(base, &used, most * CHL_GATE_BLOCKS * w->ld);
    w->before = cut(base, &used, most * w->ld);
    w->cell = w->kind->cell ? cut(base, &used, most * w->ld) : NULL;
    return used;
}

static int64_t cut_forward(work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0;
    w->sums = cut(base, &used, batch * CHL_GATE_BLOCKS * w->ld);
    w->h = cut(base, &used, batch * w->ld);
    return used;
}

static int64_t cut_backward(work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0;
    w->h = cut(base, &used, batch * w->ld);
    w->carry = cut(base, &used, batch * w->ld);
    w->turned_x = cut(base, &used, CHL_GATE_BLOCKS * w->ld * w->lx);
    w->turned_h = cut(base, &used, CHL_GATE_BLOCKS * w->ld * w->ld);
    w->columns = cut(base, &used, CHL_GATE_BLOCKS * w->ld);
    return used;
}

static work begin(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    return (work){.kind = kind_of(net, i),
                  .layer = layer,
                  .in = layer->in.width,
                  .lx = chl_padded(layer->in.width),
                  .ld = chl_padded(layer->out.width)};
}

void chl_recurrent_room(const chl_net *net, int i, int64_t batch, chl_room *room)
{
    work w = begin(net, i);
    int64_t forward = cut_forward(&w, batch, NULL);
    int64_t backward = cut_backward(&w, batch, NULL);
    room->kept = cut_kept(&w, batch, NULL);
    room->scratch = forward > backward ? forward : backward;
    room->run = room->kept + forward;
}

static work begin_pass(const chl_pass *pass, int i)
{
    work w = begin(pass->net, i);
    w.kernels = pass->kernels;
    w.weight = chl_pass_params(pass, i, WEIGHT);
    w.recurrent = chl_pass_params(pass, i, RECURRENT);
    w.bias = chl_pass_params(pass, i, BIAS);
    w.state_bias = w.kind->split ? chl_pass_params(pass, i, STATE_BIAS) : NULL;
    cut_kept(&w, pass->batch, pass->slots[i].kept);
    chl_ragged_by_step(&w.ragged, w.list, pass->rows, w.layer->in.steps,
                       chl_pass_lengths(pass, chl_source_mask(pass->net, i)));
    return w;
}

/* ---- forward ---- */

static void product_with_x(const work *w)
{
    for (int g = 0; g < w->kind->gates; g++) {
        w->kernels->product(&(chl_product){.m = w->ragged.total,
                                           .n = w->ld,
                                           .k = w->in,
                                           .a = w->x,
                                           .a_row = w->lx,
                                           .a_col = 1,
                                           .b = w->weight + g * w->in * w->ld,
                                           .bias = w->bias + g * w->ld,
                                           .c = w->gates + w->kind->x_at[g] * w->ld,
                                           .c_row = CHL_GATE_BLOCKS * w->ld});
    }
}

static void product_with_state(const work *w, int64_t first, int64_t rows)
{
    int64_t units = w->layer->out.width;
    for (int g = 0; g < w->kind->gates; g++) {
        bool last = g == w->kind->gates - 1;
        w->kernels->product(&(chl_product){.m = rows,
                                           .n = w->ld,
                                           .k = units,
                                           .a = w->before + first * w->ld,
                                           .a_row = w->ld,
                                           .a_col = 1,
                                           .b = w->recurrent + g * units * w->ld,
                                           .bias = last ? w->state_bias : NULL,
                                           .c = w->sums + w->kind->h_at[g] * w->ld,
                                           .c_row = CHL_GATE_BLOCKS * w->ld});
    }
}

/* Step t, forward or backward. */
static chl_cell cell_of(const work *w, int64_t t)
{
    int64_t first = w->ragged.start[t];
    const chl_real *before = w->before + first * w->ld;
    if (w->kind->cell) {
        before = t > 0 ? w->cell + w->ragged.start[t - 1] * w->ld : NULL;
    }
    return (chl_cell){.rows = w->ragged.start[t + 1] - first,
                      .ld = w->ld,
                      .gates = w->gates + first * CHL_GATE_BLOCKS * w->ld,
                      .sums = w->sums,
                      .before = before,
                      .after = w->kind->cell ? w->cell + first * w->ld : NULL,
                      .h = w->h,
                      .carry = w->carry};
}

/* Rows of step t + 1, 0 after the last one. */
static int64_t rows_after(const work *w, int64_t t)
{
    const int32_t *start = w->ragged.start;
    return t + 1 < w->ragged.steps ? start[t + 2] - start[t + 1] : 0;
}

/* Where the output shows packed row i of step t; -1 = it does not. */
static int64_t output_at(const work *w, int64_t t, int64_t i)
{
    int64_t at = w->ragged.at[w->ragged.start[t] + i];
    if (w->layer->options.return_sequences) {
        return at * w->ld;
    }
    return i < rows_after(w, t) ? -1 : at / w->ragged.steps * w->ld;
}

static void pass_state_on(const work *w, int64_t t, int64_t rows, chl_real *out)
{
    size_t size = (size_t)w->ld * sizeof *out;
    int64_t after = rows_after(w, t);
    if (after > 0) {
        memcpy(w->before + w->ragged.start[t + 1] * w->ld, w->h, (size_t)after * size);
    }
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = output_at(w, t, i);
        if (at >= 0) {
            memcpy(out + at, w->h + i * w->ld, size);
        }
    }
}

static void run_steps(work *w, const chl_real *x, chl_real *out)
{
    size_t size = sizeof *out;
    int64_t shown = w->ragged.rows * chl_row_size(w->layer->out);
    chl_ragged_pack(&w->ragged, w->lx, x, w->x);
    product_with_x(w);
    memset(out, 0, (size_t)shown * size);
    memset(w->before, 0, (size_t)(w->ragged.start[1] * w->ld) * size);
    for (int64_t t = 0; t < w->ragged.steps; t++) {
        chl_cell cell = cell_of(w, t);
        product_with_state(w, w->ragged.start[t], cell.rows);
        (w->kind->cell ? w->kernels->lstm : w->kernels->gru)(&cell);
        pass_state_on(w, t, cell.rows, out);
    }
}

void chl_recurrent_forward(chl_pass *pass, int i)
{
    work w = begin_pass(pass, i);
    cut_forward(&w, pass->batch, pass->scratch);
    run_steps(&w, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

void chl_recurrent_infer(chl_run *run, int i)
{
    int64_t row;
    work w = begin(run->net, i);
    w.kernels = run->kernels;
    w.weight = chl_run_params(run, i, WEIGHT);
    w.recurrent = chl_run_params(run, i, RECURRENT);
    w.bias = chl_run_params(run, i, BIAS);
    w.state_bias = w.kind->split ? chl_run_params(run, i, STATE_BIAS) : NULL;
    int64_t kept = cut_kept(&w, run->capacity, run->scratch);
    cut_forward(&w, run->capacity, run->scratch + kept);
    chl_ragged_by_step(&w.ragged, w.list, run->rows, w.layer->in.steps,
                       chl_run_lengths(run, chl_source_mask(run->net, i)));
    run_steps(&w, chl_run_in(run, i, 0, &row), chl_run_out(run, i));
}

/* ---- backward ---- */

static int lowest(const work *w, const int *at)
{
    int low = at[0];
    for (int g = 1; g < w->kind->gates; g++) {
        low = at[g] < low ? at[g] : low;
    }
    return low;
}

/* turned [gates · ld × padded in] in panels: the gates in the order of their blocks. */
static void turn_gates(const work *w, const int *at, const chl_real *weights, int64_t in,
                       chl_real *turned)
{
    int64_t rows = w->kind->gates * w->ld;
    for (int g = 0; g < w->kind->gates; g++) {
        chl_turn_block(weights + g * in * w->ld, in, w->layer->out.width, rows,
                       (at[g] - lowest(w, at)) * w->ld, turned);
    }
}

/* out[rows × padded in] = gradients of the gates · transposed weights. */
static void product_back(const work *w, const int *at, int64_t first, int64_t rows,
                         int64_t in, const chl_real *turned, chl_real *out)
{
    int64_t row = CHL_GATE_BLOCKS * w->ld;
    w->kernels->product(
        &(chl_product){.m = rows,
                       .n = chl_padded(in),
                       .k = w->kind->gates * w->ld,
                       .a = w->gates + first * row + lowest(w, at) * w->ld,
                       .a_row = row,
                       .a_col = 1,
                       .b = turned,
                       .c = out,
                       .c_row = chl_padded(in)});
}

static void add_output_gradient(const work *w, int64_t t, int64_t rows, const chl_real *g)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = output_at(w, t, i);
        if (at >= 0) {
            w->kernels->add_scaled(w->ld, 1, g + at, w->h + i * w->ld);
        }
    }
}

/* The gates become the gradients of the sums in them. */
static void steps_back(const work *w, const chl_real *g)
{
    int64_t units = w->layer->out.width;
    size_t most = (size_t)(w->ragged.start[1] * w->ld);
    memset(w->h, 0, most * sizeof *w->h);
    memset(w->carry, 0, most * sizeof *w->carry);
    for (int64_t t = w->ragged.steps - 1; t >= 0; t--) {
        chl_cell cell = cell_of(w, t);
        add_output_gradient(w, t, cell.rows, g);
        (w->kind->cell ? w->kernels->lstm_back : w->kernels->gru_back)(&cell);
        if (t > 0) {
            product_back(w, w->kind->h_at, w->ragged.start[t], cell.rows, units,
                         w->turned_h, w->h);
        }
        if (t > 0 && !w->kind->cell) {
            w->kernels->add_scaled(cell.rows * w->ld, 1, w->carry, w->h);
        }
    }
}

/* Of the weights of x or of the state, gate after gate. */
static void weight_gradients(const work *w, const int *at, int64_t in, const chl_real *x,
                             chl_real *out)
{
    for (int g = 0; g < w->kind->gates; g++) {
        w->kernels->product(&(chl_product){.m = in,
                                           .n = w->ld,
                                           .k = w->ragged.total,
                                           .a = x,
                                           .a_row = 1,
                                           .a_col = chl_padded(in),
                                           .b = w->gates + at[g] * w->ld,
                                           .b_row = CHL_GATE_BLOCKS * w->ld,
                                           .c = out + g * in * w->ld});
    }
}

static void bias_gradients(const work *w, chl_pass *pass, int i)
{
    const chl_recurrent *kind = w->kind;
    size_t size = (size_t)w->ld * sizeof *w->columns;
    pass->kernels->column_sums(w->ragged.total, CHL_GATE_BLOCKS * w->ld, w->gates,
                               w->columns);
    for (int g = 0; g < kind->gates; g++) {
        memcpy(chl_pass_grads(pass, i, BIAS) + g * w->ld,
               w->columns + kind->x_at[g] * w->ld, size);
    }
    if (kind->split) {
        memcpy(chl_pass_grads(pass, i, STATE_BIAS),
               w->columns + kind->h_at[kind->gates - 1] * w->ld, size);
    }
}

void chl_recurrent_backward(chl_pass *pass, int i)
{
    work w = begin_pass(pass, i);
    int64_t units = w.layer->out.width;
    cut_backward(&w, pass->batch, pass->scratch);
    turn_gates(&w, w.kind->h_at, w.recurrent, units, w.turned_h);
    steps_back(&w, pass->slots[i].gradient);
    weight_gradients(&w, w.kind->x_at, w.in, w.x, chl_pass_grads(pass, i, WEIGHT));
    weight_gradients(&w, w.kind->h_at, units, w.before,
                     chl_pass_grads(pass, i, RECURRENT));
    bias_gradients(&w, pass, i);
    chl_pass_penalise(pass, i, WEIGHT);
    chl_pass_penalise(pass, i, RECURRENT);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        turn_gates(&w, w.kind->x_at, w.weight, w.in, w.turned_x);
        product_back(&w, w.kind->x_at, 0, w.ragged.total, w.in, w.turned_x, w.x);
        chl_ragged_unpack(&w.ragged, w.lx, w.x, dx);
        chl_pass_source_done(pass, i, 0);
    }
}
