/* SPDX-License-Identifier: MIT */
#include "core/layers/recurrent.h"

#include <math.h>
#include <string.h>

#include "core/layers/recurrent_work.h"

const chl_option chl_recurrent_options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_RECURRENT_UNITS_MAX, 1),
    CHL_LAYER_OPTION(return_sequences, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

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
    for (int k = CHL_RECURRENT_WEIGHT;
         k <= (kind->split ? CHL_RECURRENT_STATE_BIAS : CHL_RECURRENT_BIAS); k++) {
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
    chl_real *w = chl_layer_numbers(net, i, CHL_RECURRENT_WEIGHT);
    chl_real *bias = chl_layer_numbers(net, i, CHL_RECURRENT_BIAS);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < kind->gates * in * units; k++) {
        w[k] = (chl_real)(limit * (2 * chl_rng_uniform(&rng) - 1));
    }
    for (int g = 0; g < kind->gates; g++) {
        init_orthogonal(&rng, units,
                        chl_layer_numbers(net, i, CHL_RECURRENT_RECURRENT) +
                            g * units * units);
    }
    for (int64_t j = 0; kind->forget >= 0 && j < units; j++) {
        bias[kind->forget * units + j] = 1;
    }
}

/* ---- forward ---- */

static void product_with_x(const chl_recurrent_work *w)
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

static void product_with_state(const chl_recurrent_work *w, int64_t first, int64_t rows)
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

static void pass_state_on(const chl_recurrent_work *w, int64_t t, int64_t rows,
                          chl_real *out)
{
    size_t size = (size_t)w->ld * sizeof *out;
    int64_t after = chl_recurrent_rows_after(w, t);
    if (after > 0) {
        memcpy(w->before + w->ragged.start[t + 1] * w->ld, w->h, (size_t)after * size);
    }
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = chl_recurrent_output_at(w, t, i);
        if (at >= 0) {
            memcpy(out + at, w->h + i * w->ld, size);
        }
    }
}

static void run_steps(chl_recurrent_work *w, const chl_real *x, chl_real *out)
{
    size_t size = sizeof *out;
    int64_t shown = w->ragged.rows * chl_row_size(w->layer->out);
    chl_ragged_pack(&w->ragged, w->lx, x, w->x);
    product_with_x(w);
    memset(out, 0, (size_t)shown * size);
    memset(w->before, 0, (size_t)(w->ragged.start[1] * w->ld) * size);
    for (int64_t t = 0; t < w->ragged.steps; t++) {
        chl_cell cell = chl_recurrent_cell(w, t);
        product_with_state(w, w->ragged.start[t], cell.rows);
        (w->kind->cell ? w->kernels->lstm : w->kernels->gru)(&cell);
        pass_state_on(w, t, cell.rows, out);
    }
}

void chl_recurrent_forward(chl_pass *pass, int i)
{
    chl_recurrent_work w = chl_recurrent_begin_forward(pass, i);
    run_steps(&w, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

void chl_recurrent_infer(chl_run *run, int i)
{
    int64_t row;
    chl_recurrent_work w = chl_recurrent_begin_run(run, i);
    run_steps(&w, chl_run_in(run, i, 0, &row), chl_run_out(run, i));
}
