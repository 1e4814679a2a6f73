/* SPDX-License-Identifier: MIT
 *
 * Layer `embedding`: learnt vectors of `units` numbers for the levels of columns that
 * hold codes 0, 1, 2 …, as prep's ordinal step makes them; the vectors of a row's codes
 * stand side by side. A code between two is the nearest, so that noise on the inputs does
 * not matter. Row 0 of each table is for what training did not have: codes below 0, past
 * the last level, or no number at all; it begins as zeros, the mean of the others, which
 * begin as N(0, 1). Codes have no gradient. Layer: core/layers.
 */
#include <math.h>
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    {"levels", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {0}};

enum { TABLE, LEVELS_MAX = 10000000 };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    int64_t rows = 0;
    CHL_TRY(chl_layer_read_list(layer, spec, "levels", where, 1, LEVELS_MAX, err));
    if (layer->in.steps != 1 || layer->indices != layer->in.width) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'levels': expected a number for each of the %d "
                        "columns of a flat source, got %lld",
                        where, layer->in.width, (long long)layer->indices);
    }
    for (int64_t k = 0; k < layer->indices; k++) {
        rows += layer->index[k] + 1;
    }
    int64_t width = layer->options.units * layer->indices;
    layer->out.width = width > CHL_UNITS_MAX ? CHL_UNITS_MAX + 1 : (int)width;
    chl_param table = {.name = "table",
                       .role = CHL_ROLE_EMBEDDING,
                       .rows = rows,
                       .cols = layer->options.units};
    return chl_net_add_tensor(net, layer, table, err);
}

static chl_status spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    return chl_layer_spell_list(layer, "levels", spec, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    chl_real *row = chl_layer_numbers(net, i, TABLE);
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < layer->indices; k++) {
        row += layer->options.units; /* row 0 stays zero */
        for (int64_t j = 0; j < layer->index[k] * layer->options.units; j++) {
            *row++ = (chl_real)chl_rng_normal(&rng);
        }
    }
}

/* The row of a code in its column's table. */
static int64_t row_of(chl_real code, int64_t levels)
{
    double nearest = floor((double)code + 0.5);
    return nearest >= 0 && nearest < (double)levels ? (int64_t)nearest + 1 : 0;
}

static void look_up(const chl_layer *layer, int64_t n, const chl_real *x,
                    const chl_real *table, chl_real *out)
{
    int64_t in = chl_padded(layer->in.width), row = chl_padded(layer->out.width);
    int64_t units = layer->options.units, ld = chl_padded(units);
    for (int64_t i = 0; i < n; i++, x += in, out += row) {
        const chl_real *level = table;
        for (int64_t k = 0; k < layer->indices; k++) {
            memcpy(out + k * units, level + row_of(x[k], layer->index[k]) * ld,
                   (size_t)units * sizeof *out);
            level += (layer->index[k] + 1) * ld;
        }
        memset(out + layer->out.width, 0, (size_t)(row - layer->out.width) * sizeof *out);
    }
}

static void forward(chl_pass *pass, int i)
{
    look_up(&pass->net->layers[i], pass->rows, chl_pass_in(pass, i, 0),
            chl_pass_params(pass, i, TABLE), pass->slots[i].out);
}

static void add_gradients(const chl_layer *layer, int64_t n, const chl_real *x,
                          const chl_real *g, chl_real *table)
{
    int64_t in = chl_padded(layer->in.width), row = chl_padded(layer->out.width);
    int64_t units = layer->options.units, ld = chl_padded(units);
    for (int64_t i = 0; i < n; i++, x += in, g += row) {
        chl_real *level = table;
        for (int64_t k = 0; k < layer->indices; k++) {
            chl_real *to = level + row_of(x[k], layer->index[k]) * ld;
            for (int64_t j = 0; j < units; j++) {
                to[j] += g[k * units + j];
            }
            level += (layer->index[k] + 1) * ld;
        }
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_real *table = chl_pass_grads(pass, i, TABLE);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    size_t size = (size_t)chl_param_packed(chl_layer_tensor(pass->net, i, TABLE));
    memset(table, 0, size * sizeof *table);
    add_gradients(layer, pass->rows, chl_pass_in(pass, i, 0), pass->slots[i].gradient,
                  table);
    if (dx) {
        memset(dx, 0, (size_t)(pass->rows * chl_row_size(layer->in)) * sizeof *dx);
        chl_pass_source_done(pass, i, 0);
    }
}

static void infer(chl_run *run, int i)
{
    int64_t row;
    const chl_real *x = chl_run_in(run, i, 0, &row);
    look_up(&run->net->layers[i], run->rows, x, chl_run_params(run, i, TABLE),
            chl_run_out(run, i));
}

const chl_layer_class chl_embedding_class = {
    .name = "embedding",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = spell,
};
