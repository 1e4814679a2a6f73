/* SPDX-License-Identifier: MIT
 *
 * Layer `periodic`: each column x of a flat source becomes `units` numbers, f(z · W + b)
 * with z = [cos v, sin v], v = 2 pi · frequency · x, and a W of its own or, `lite`, one
 * for all columns (PLR and PLR-lite: Gorishniy, Rubachev, Babenko 2022). With `phases` z
 * = cos(v + phase), and with `densenet` x itself stands before the units (both: PBLD of
 * RealMLP, Holzmüller, Grinsztajn, Steinwart 2024). Layer: core/layers.
 *
 * Nothing is kept for backward: waves are cheaper to make again than to read again.
 */
#include <math.h>
#include <string.h>

#include "core/layers/copies.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"
#include "core/layers/slices.h"

enum { FREQUENCY, WEIGHT, BIAS, PHASE, FREQUENCIES_MAX = 4096 };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    CHL_LAYER_OPTION(frequencies, CHL_OPT_INT, 1, FREQUENCIES_MAX, 0),
    CHL_LAYER_OPTION(sigma, CHL_OPT_DOUBLE, 1e-6, 1e3, 0),
    CHL_LAYER_OPTION(lite, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_OPTION(phases, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_OPTION(densenet, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_ACTIVATION(0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

/* Numbers of z. */
static int64_t waves_of(const chl_layer *layer)
{
    return layer->options.frequencies * (layer->options.phases ? 1 : 2);
}

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    const chl_layer_options *o = &layer->options;
    int64_t columns = layer->in.width, own = o->lite ? 1 : columns;
    if (layer->in.steps != 1 || o->activation == CHL_SOFTMAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected a flat source, and no softmax",
                        where);
    }
    int64_t width = columns * (o->units + o->densenet);
    layer->out.width = width > CHL_UNITS_MAX ? CHL_UNITS_MAX + 1 : (int)width;
    const chl_param tensors[] = {
        {.name = "frequency",
         .role = CHL_ROLE_SCALE,
         .rows = columns,
         .cols = o->frequencies},
        {.name = "weight",
         .form = CHL_FORM_PANELS,
         .blocks = own,
         .rows = waves_of(layer),
         .cols = o->units},
        {.name = "bias", .role = CHL_ROLE_BIAS, .rows = own, .cols = o->units},
        {.name = "phase",
         .role = CHL_ROLE_BIAS,
         .rows = columns,
         .cols = o->frequencies}};
    for (int k = FREQUENCY; k <= (o->phases ? PHASE : BIAS); k++) {
        CHL_TRY(chl_net_add_tensor(net, layer, tensors[k], err));
    }
    return CHL_OK;
}

/* Frequencies N(0, sigma²), within three sigma unless there are phases, which are uniform
 * within ±pi; W and b uniform within ±1/sqrt(numbers of z). */
static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    const chl_layer_options *o = &layer->options;
    chl_real *frequency = chl_layer_numbers(net, i, FREQUENCY);
    int64_t n = layer->in.width * o->frequencies;
    int waves = (int)waves_of(layer);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < n; k++) {
        double drawn = chl_rng_normal(&rng);
        while (!o->phases && fabs(drawn) > 3) {
            drawn = chl_rng_normal(&rng);
        }
        frequency[k] = (chl_real)(o->sigma * drawn);
    }
    for (int k = WEIGHT; k <= BIAS; k++) {
        chl_uniform_init(chl_layer_numbers(net, i, k),
                         chl_param_size(chl_layer_tensor(net, i, k)), waves, &rng);
    }
    for (int64_t k = 0; o->phases && k < n; k++) {
        chl_layer_numbers(net, i, PHASE)[k] =
            (chl_real)(3.14159265358979323846 * (2 * chl_rng_uniform(&rng) - 1));
    }
}

/* ---- one column ---- */

/* What one column reads; its places in the numbers. */
typedef struct column {
    chl_waves waves;
    const chl_real *x; /* its first number */
    const chl_real *weight, *bias;
    int64_t z;                    /* numbers of z */
    int64_t units, ld;            /* of its output; padded */
    int64_t frequency_at, own_at; /* in tensors a row a column; in weight: × z */
    int64_t out_at;               /* its units in the output's row */
    bool first;                   /* to add to a weight's gradient */
} column;

/* numbers: the layer's tensors. */
static column column_at(const chl_layer *layer, int64_t rows, int k, const chl_real *x,
                        const chl_real *const numbers[4])
{
    const chl_layer_options *o = &layer->options;
    int64_t ld = chl_padded(o->units), own = o->lite ? 0 : k;
    column c = {.x = x + k,
                .z = waves_of(layer),
                .units = o->units,
                .ld = ld,
                .frequency_at = k * chl_padded(o->frequencies),
                .own_at = own * ld,
                .out_at = k * (o->units + o->densenet) + o->densenet,
                .first = !o->lite || k == 0};
    c.weight = numbers[WEIGHT] + c.own_at * c.z;
    c.bias = numbers[BIAS] + c.own_at;
    c.waves = (chl_waves){.rows = rows,
                          .n = o->frequencies,
                          .x_row = chl_padded(layer->in.width),
                          .z_row = chl_padded(c.z) + CHL_LANES,
                          .sines = !o->phases,
                          .frequency = numbers[FREQUENCY] + c.frequency_at,
                          .phase = o->phases ? numbers[PHASE] + c.frequency_at : NULL};
    return c;
}

/* Pieces of the scratch: z and its gradient, sums and their gradient, Wᵀ, one row. */
typedef struct work {
    chl_real *z, *sums, *dz, *g, *turned, *row;
} work;

static int64_t wave_numbers(const chl_layer *layer, int64_t rows)
{
    return rows * (chl_padded(waves_of(layer)) + CHL_LANES);
}

static work share(const chl_layer *layer, int64_t rows, chl_real *scratch)
{
    int64_t z = wave_numbers(layer, rows), sums = rows * chl_padded(layer->options.units);
    work w = {.z = scratch, .sums = scratch + z};
    w.dz = w.sums + sums;
    w.g = w.dz + z;
    w.turned = w.g + sums;
    w.row = w.turned + chl_padded(waves_of(layer)) * layer->options.units;
    return w;
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    int64_t units = layer->options.units, ld = chl_padded(units);
    out->run = wave_numbers(layer, batch) + batch * ld;
    out->scratch = 2 * out->run + chl_padded(waves_of(layer)) * units + ld;
}

/* sums = z · W + b */
static void combine(const chl_kernels *kernels, const column *c, const work *w)
{
    kernels->waves(&c->waves, c->x, w->z);
    kernels->product(&(chl_product){.m = c->waves.rows,
                                    .n = c->ld,
                                    .k = c->z,
                                    .a = w->z,
                                    .a_row = c->waves.z_row,
                                    .a_col = 1,
                                    .b = c->weight,
                                    .bias = c->bias,
                                    .c = w->sums,
                                    .c_row = c->ld});
}

/* ---- forward ---- */

static void apply(const chl_kernels *kernels, const chl_layer *layer, int64_t rows,
                  const chl_real *x, const chl_real *const numbers[4], chl_real *scratch,
                  chl_real *out)
{
    chl_activation f = (chl_activation)layer->options.activation;
    int64_t row = chl_padded(layer->out.width);
    work w = share(layer, rows, scratch);
    for (int k = 0; k < layer->in.width; k++) {
        column c = column_at(layer, rows, k, x, numbers);
        combine(kernels, &c, &w);
        kernels->activate(f, rows * c.ld, w.sums, w.sums);
        chl_slice_copy(rows, c.units, w.sums, c.ld, out + c.out_at, row);
        if (layer->options.densenet) {
            chl_slice_copy(rows, 1, c.x, c.waves.x_row, out + c.out_at - 1, row);
        }
    }
    chl_slice_pad(rows, layer->out.width, out, row);
}

static void pass_numbers(const chl_pass *pass, int i, const chl_real *numbers[4])
{
    for (int k = 0; k < pass->net->layers[i].tensors; k++) {
        numbers[k] = chl_pass_params(pass, i, k);
    }
}

static void forward(chl_pass *pass, int i)
{
    const chl_real *numbers[4] = {NULL};
    pass_numbers(pass, i, numbers);
    apply(pass->kernels, &pass->net->layers[i], pass->rows, chl_pass_in(pass, i, 0),
          numbers, pass->scratch, pass->slots[i].out);
}

static void infer(chl_run *run, int i)
{
    const chl_real *numbers[4] = {NULL};
    int64_t row;
    for (int k = 0; k < run->net->layers[i].tensors; k++) {
        numbers[k] = chl_run_params(run, i, k);
    }
    const chl_real *x = chl_run_in(run, i, 0, &row);
    apply(run->kernels, &run->net->layers[i], run->rows, x, numbers, run->scratch,
          chl_run_out(run, i));
}

/* ---- backward ---- */

/* w->g = this column's gradient of its sums; w->z = its waves. */
static void gather(chl_pass *pass, int i, const column *c, const work *w)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    chl_activation f = (chl_activation)layer->options.activation;
    int64_t row = chl_padded(layer->out.width), rows = pass->rows;
    chl_slice_copy(rows, c->units, slot->gradient + c->out_at, row, w->g, c->ld);
    chl_slice_pad(rows, c->units, w->g, c->ld);
    combine(pass->kernels, c, w);
    if (!chl_activation_reads_input(f)) {
        pass->kernels->activate(f, rows * c->ld, w->sums, w->sums);
    }
    pass->kernels->activate_back(f, rows * c->ld, w->sums, w->g);
}

static void weight_gradients(chl_pass *pass, int i, const column *c, const work *w)
{
    chl_real *dbias = chl_pass_grads(pass, i, BIAS) + c->own_at;
    pass->kernels->product(
        &(chl_product){.m = c->z,
                       .n = c->ld,
                       .k = pass->rows,
                       .a = w->z,
                       .a_row = 1,
                       .a_col = c->waves.z_row,
                       .b = w->g,
                       .b_row = c->ld,
                       .add = !c->first,
                       .c = chl_pass_grads(pass, i, WEIGHT) + c->own_at * c->z});
    pass->kernels->column_sums(pass->rows, c->ld, w->g, c->first ? dbias : w->row);
    if (!c->first) {
        pass->kernels->add_scaled(c->ld, 1, w->row, dbias);
    }
}

static void wave_gradients(chl_pass *pass, int i, const column *c, const work *w,
                           chl_real *dx)
{
    bool phases = pass->net->layers[i].options.phases;
    pass->kernels->turn(c->weight, c->z, c->units, w->turned);
    pass->kernels->product(&(chl_product){.m = pass->rows,
                                          .n = chl_padded(c->z),
                                          .k = c->units,
                                          .a = w->g,
                                          .a_row = c->ld,
                                          .a_col = 1,
                                          .b = w->turned,
                                          .c = w->dz,
                                          .c_row = c->waves.z_row});
    pass->kernels->waves_back(
        &c->waves, c->x, w->dz, dx, chl_pass_grads(pass, i, FREQUENCY) + c->frequency_at,
        phases ? chl_pass_grads(pass, i, PHASE) + c->frequency_at : NULL);
}

/* dx += the gradient of the column that is passed on as it is. */
static void add_column(const chl_pass *pass, int i, const column *c, chl_real *dx)
{
    int64_t row = chl_padded(pass->net->layers[i].out.width);
    const chl_real *g = pass->slots[i].gradient + c->out_at - 1;
    for (int64_t r = 0; r < pass->rows; r++) {
        dx[r * c->waves.x_row] += g[r * row];
    }
}

static void clear_gradients(chl_pass *pass, int i, chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    for (int k = FREQUENCY; k < layer->tensors; k++) {
        int64_t n = chl_param_packed(chl_layer_tensor(pass->net, i, k));
        memset(chl_pass_grads(pass, i, k), 0, (size_t)n * sizeof(chl_real));
    }
    if (dx) {
        memset(dx, 0, (size_t)(pass->rows * chl_row_size(layer->in)) * sizeof *dx);
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_real *numbers[4] = {NULL};
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    work w = share(layer, pass->rows, pass->scratch);
    pass_numbers(pass, i, numbers);
    clear_gradients(pass, i, dx);
    for (int k = 0; k < layer->in.width; k++) {
        column c = column_at(layer, pass->rows, k, chl_pass_in(pass, i, 0), numbers);
        gather(pass, i, &c, &w);
        weight_gradients(pass, i, &c, &w);
        wave_gradients(pass, i, &c, &w, dx ? dx + k : NULL);
        if (dx && layer->options.densenet) {
            add_column(pass, i, &c, dx + k);
        }
    }
    chl_pass_source_done(pass, i, 0);
    chl_pass_penalise(pass, i, WEIGHT);
}

const chl_layer_class chl_periodic_class = {
    .name = "periodic",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
