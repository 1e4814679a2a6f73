/* SPDX-License-Identifier: MIT
 *
 * Layer `piecewise_linear`: each group of columns, such as the bins that a number was
 * encoded into, becomes `units` numbers f(x · W + b) with a W and b of its own (the
 * embeddings "Q-L", "T-L", "…-LR": Gorishniy, Rubachev, Babenko 2022). With `linear` the
 * first column of each group is the number itself: its weights and b begin as those of a
 * linear embedding, the bins' as zero, so that the layer begins straight and learns the
 * bends (version B of TabM's embeddings). A column may be in several groups. Layer:
 * core/layers.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/layers/copies.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"
#include "core/layers/slices.h"

enum { WEIGHT, BIAS };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    {"groups", CHL_OPT_IGNORE, 0, 0, 0, NULL, 1},
    CHL_LAYER_OPTION(linear, CHL_OPT_BOOL, 0, 0, 0),
    CHL_LAYER_ACTIVATION(0),
    CHL_LAYER_OPTION(l1, CHL_OPT_DOUBLE, 0, 1e6, 0),
    CHL_LAYER_OPTION(l2, CHL_OPT_DOUBLE, 0, 1e6, 0),
    {0}};

/* ---- groups: layer->index holds size, columns from 1 on, size, columns … ---- */

static chl_status bad_groups(const chl_layer *layer, const char *where, chl_error *err)
{
    return chl_fail(err, CHL_EINVAL,
                    "%s: option 'groups': expected lists of columns from 1 to %d", where,
                    layer->in.width);
}

/* Checks the lists; *n = the numbers that they take in the index. */
static chl_status check_groups(const chl_layer *layer, const json_t *groups,
                               const char *where, int64_t *n, chl_error *err)
{
    size_t g, k;
    const json_t *group, *item;
    *n = 0;
    if (json_array_size(groups) == 0) {
        return bad_groups(layer, where, err);
    }
    json_array_foreach (groups, g, group) {
        *n += 1 + (int64_t)json_array_size(group);
        if (json_array_size(group) == 0 || *n > 2 * CHL_UNITS_MAX) {
            return bad_groups(layer, where, err);
        }
        json_array_foreach (group, k, item) {
            json_int_t at = json_integer_value(item);
            if (!json_is_integer(item) || at < 1 || at > layer->in.width) {
                return bad_groups(layer, where, err);
            }
        }
    }
    return CHL_OK;
}

static chl_status read_groups(chl_layer *layer, const json_t *groups, const char *where,
                              chl_error *err)
{
    size_t g, k;
    const json_t *group, *item;
    int64_t n;
    CHL_TRY(check_groups(layer, groups, where, &n, err));
    layer->index = chl_alloc((size_t)n, sizeof *layer->index);
    if (!layer->index) {
        return chl_fail_memory(err);
    }
    json_array_foreach (groups, g, group) {
        layer->index[layer->indices++] = (int32_t)json_array_size(group);
        json_array_foreach (group, k, item) {
            layer->index[layer->indices++] = (int32_t)json_integer_value(item);
        }
    }
    return CHL_OK;
}

static chl_status spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    json_t *groups = json_array();
    bool done = json_object_set_new(spec, "groups", groups) == 0;
    for (int64_t at = 0; done && at < layer->indices; at += layer->index[at] + 1) {
        json_t *group = json_array();
        done = json_array_append_new(groups, group) == 0;
        for (int64_t k = 1; done && k <= layer->index[at]; k++) {
            done = json_array_append_new(group, json_integer(layer->index[at + k])) == 0;
        }
    }
    return done ? CHL_OK : chl_fail_memory(err);
}

/* One group as the loops over them see it. */
typedef struct group {
    int64_t next;           /* of the index: the group after it */
    const int32_t *columns; /* from 1 on */
    int64_t size;
    int64_t row;   /* its first row of W */
    int64_t k, ld; /* its number; padded units */
} group;

static group first_group(const chl_layer *layer)
{
    return (group){.next = layer->index[0] + 1,
                   .columns = layer->index + 1,
                   .size = layer->index[0],
                   .ld = chl_padded(layer->options.units)};
}

static bool is_group(const chl_layer *layer, const group *g)
{
    return g->columns < layer->index + layer->indices;
}

static group next_group(const chl_layer *layer, const group *g)
{
    bool more = g->next < layer->indices;
    group next = {.columns = layer->index + g->next + 1,
                  .size = more ? layer->index[g->next] : 0,
                  .row = g->row + g->size,
                  .k = g->k + 1,
                  .ld = g->ld};
    next.next = g->next + next.size + 1;
    return next;
}

static int64_t widest_group(const chl_layer *layer)
{
    int64_t most = 0;
    for (group g = first_group(layer); is_group(layer, &g); g = next_group(layer, &g)) {
        most = g.size > most ? g.size : most;
    }
    return most;
}

/* ---- plan and initial numbers ---- */

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    int64_t units = layer->options.units, groups = 0, rows = 0;
    if (layer->in.steps != 1 || layer->options.activation == CHL_SOFTMAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected a flat source, and no softmax",
                        where);
    }
    CHL_TRY(read_groups(layer, json_object_get(spec, "groups"), where, err));
    for (group g = first_group(layer); is_group(layer, &g); g = next_group(layer, &g)) {
        groups++;
        rows += g.size;
    }
    int64_t width = groups * units;
    layer->out.width = width > CHL_UNITS_MAX ? CHL_UNITS_MAX + 1 : (int)width;
    chl_param weight = {.name = "weight", .rows = rows, .cols = units};
    chl_param bias = {
        .name = "bias", .role = CHL_ROLE_BIAS, .rows = groups, .cols = units};
    CHL_TRY(chl_net_add_tensor(net, layer, weight, err));
    return chl_net_add_tensor(net, layer, bias, err);
}

/* Uniform within ±1/sqrt(size of the group), or with `linear` ±1/sqrt(units). */
static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    int64_t units = layer->options.units;
    bool linear = layer->options.linear;
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (group g = first_group(layer); is_group(layer, &g); g = next_group(layer, &g)) {
        int in = (int)(linear ? units : g.size);
        chl_uniform_init(chl_layer_numbers(net, i, WEIGHT) + g.row * units,
                         linear ? units : g.size * units, in, &rng);
        chl_uniform_init(chl_layer_numbers(net, i, BIAS) + g.k * units, units, in, &rng);
    }
}

/* ---- forward ---- */

/* Scratch: a group's columns, its sums, Wᵀ, its columns' gradient. */
typedef struct work {
    chl_real *x, *sums, *turned, *dx;
} work;

static work share(const chl_layer *layer, int64_t rows, chl_real *scratch)
{
    int64_t size = chl_padded(widest_group(layer)), units = layer->options.units;
    work w = {.x = scratch, .sums = scratch + rows * size};
    w.turned = w.sums + rows * chl_padded(units);
    w.dx = w.turned + size * units;
    return w;
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    int64_t size = chl_padded(widest_group(layer)), units = layer->options.units;
    bool sums = chl_activation_reads_input((chl_activation)layer->options.activation);
    out->kept = sums ? batch * chl_row_size(layer->out) : 0;
    out->run = batch * (size + chl_padded(units));
    out->scratch = out->run + size * units + batch * size;
}

static void gather(const chl_layer *layer, const group *g, int64_t rows,
                   const chl_real *x, chl_real *out)
{
    int64_t ld = chl_padded(layer->in.width);
    for (int64_t i = 0; i < rows; i++, x += ld, out += g->size) {
        for (int64_t k = 0; k < g->size; k++) {
            out[k] = x[g->columns[k] - 1];
        }
    }
}

/* The sums of all groups, side by side. */
static void combine(const chl_kernels *kernels, const chl_layer *layer, int64_t rows,
                    const chl_real *x, const chl_real *weight, const chl_real *bias,
                    const work *w, chl_real *out)
{
    int64_t row = chl_padded(layer->out.width), units = layer->options.units;
    for (group g = first_group(layer); is_group(layer, &g); g = next_group(layer, &g)) {
        gather(layer, &g, rows, x, w->x);
        kernels->product(&(chl_product){.m = rows,
                                        .n = g.ld,
                                        .k = g.size,
                                        .a = w->x,
                                        .a_row = g.size,
                                        .a_col = 1,
                                        .b = weight + g.row * g.ld,
                                        .b_row = g.ld,
                                        .bias = bias + g.k * g.ld,
                                        .c = w->sums,
                                        .c_row = g.ld});
        chl_slice_copy(rows, units, w->sums, g.ld, out + g.k * units, row);
    }
    chl_slice_pad(rows, layer->out.width, out, row);
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    chl_real *sums = slot->kept ? slot->kept : slot->out;
    work w = share(layer, pass->rows, pass->scratch);
    combine(pass->kernels, layer, pass->rows, chl_pass_in(pass, i, 0),
            chl_pass_params(pass, i, WEIGHT), chl_pass_params(pass, i, BIAS), &w, sums);
    pass->kernels->activate((chl_activation)layer->options.activation,
                            pass->rows * chl_row_size(layer->out), sums, slot->out);
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    int64_t row;
    chl_real *out = chl_run_out(run, i);
    work w = share(layer, run->rows, run->scratch);
    combine(run->kernels, layer, run->rows, chl_run_in(run, i, 0, &row),
            chl_run_params(run, i, WEIGHT), chl_run_params(run, i, BIAS), &w, out);
    run->kernels->activate((chl_activation)layer->options.activation,
                           run->rows * chl_row_size(layer->out), out, out);
}

/* ---- backward ---- */

/* turned [units × size] in panels = the transposed rows w [size × units]. */
static void turn_rows(const group *g, int64_t units, const chl_real *w, chl_real *turned)
{
    int64_t padded = chl_padded(g->size);
    for (int64_t j = 0; j < padded; j++) {
        int64_t panel = j / CHL_PANEL * CHL_PANEL;
        int64_t width = padded - panel < CHL_PANEL ? padded - panel : CHL_PANEL;
        for (int64_t k = 0; k < units; k++) {
            turned[panel * units + k * width + j - panel] =
                j < g->size ? w[j * g->ld + k] : 0;
        }
    }
}

/* w->sums holds the group's gradient. */
static void source_gradient(chl_pass *pass, int i, const group *g, const work *w,
                            chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t ld = chl_padded(layer->in.width), padded = chl_padded(g->size);
    turn_rows(g, layer->options.units, chl_pass_params(pass, i, WEIGHT) + g->row * g->ld,
              w->turned);
    pass->kernels->product(&(chl_product){.m = pass->rows,
                                          .n = padded,
                                          .k = layer->options.units,
                                          .a = w->sums,
                                          .a_row = g->ld,
                                          .a_col = 1,
                                          .b = w->turned,
                                          .c = w->dx,
                                          .c_row = padded});
    for (int64_t r = 0; r < pass->rows; r++) {
        for (int64_t k = 0; k < g->size; k++) {
            dx[r * ld + g->columns[k] - 1] += w->dx[r * padded + k];
        }
    }
}

static void group_back(chl_pass *pass, int i, const group *g, const work *w, chl_real *dx)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t row = chl_padded(layer->out.width), units = layer->options.units;
    chl_slice_copy(pass->rows, units, pass->slots[i].gradient + g->k * units, row,
                   w->sums, g->ld);
    chl_slice_pad(pass->rows, units, w->sums, g->ld);
    gather(layer, g, pass->rows, chl_pass_in(pass, i, 0), w->x);
    pass->kernels->product(
        &(chl_product){.m = g->size,
                       .n = g->ld,
                       .k = pass->rows,
                       .a = w->x,
                       .a_row = 1,
                       .a_col = g->size,
                       .b = w->sums,
                       .b_row = g->ld,
                       .c = chl_pass_grads(pass, i, WEIGHT) + g->row * g->ld,
                       .c_row = g->ld});
    pass->kernels->column_sums(pass->rows, g->ld, w->sums,
                               chl_pass_grads(pass, i, BIAS) + g->k * g->ld);
    if (dx) {
        source_gradient(pass, i, g, w, dx);
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_slot *slot = &pass->slots[i];
    work w = share(layer, pass->rows, pass->scratch);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    pass->kernels->activate_back((chl_activation)layer->options.activation,
                                 pass->rows * chl_row_size(layer->out),
                                 slot->kept ? slot->kept : slot->out, slot->gradient);
    if (dx) {
        memset(dx, 0, (size_t)(pass->rows * chl_row_size(layer->in)) * sizeof *dx);
    }
    for (group g = first_group(layer); is_group(layer, &g); g = next_group(layer, &g)) {
        group_back(pass, i, &g, &w, dx);
    }
    chl_pass_source_done(pass, i, 0);
    chl_pass_penalise(pass, i, WEIGHT);
}

const chl_layer_class chl_piecewise_linear_class = {
    .name = "piecewise_linear",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = spell,
};
