/* SPDX-License-Identifier: MIT
 *
 * Flat columns to a sequence: `steps` steps of as many columns each, named step by step,
 * and one column that says how many of the steps count. Layer: core/layers.
 *
 * Padding stands at the end, as PyTorch packs by length: the first `length` steps count.
 * The others become zero here, whatever they held, and every layer after this one leaves
 * them out. Lengths are rounded and kept within 0 … steps; without a length column all
 * steps count. `reverse` turns the steps that count around, so that columns that begin
 * with the newest event are read from the oldest on.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { STEPS_MAX = 4096 };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(steps, CHL_OPT_INT, 1, STEPS_MAX, 1),
    CHL_LAYER_OPTION(reverse, CHL_OPT_BOOL, 0, 0, 0),
    {"columns", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"length", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {0}};

/* ---- columns ---- */

static chl_status read_column(const chl_layer *layer, const json_t *item,
                              const char *where, const char *option, int32_t *out,
                              chl_error *err)
{
    json_int_t at = json_integer_value(item);
    if (!json_is_integer(item) || at < 1 || at > layer->in.width) {
        return chl_fail(
            err, CHL_EINVAL, "%s: option '%s': expected columns from 1 to %d, got %s",
            where, option, layer->in.width,
            json_is_integer(item) ? "another number" : chl_json_type_name(item));
    }
    *out = (int32_t)at - 1;
    return CHL_OK;
}

/* index = the columns, step by step, and the length's column if there is one. */
static chl_status read_columns(chl_layer *layer, const json_t *spec, const char *where,
                               chl_error *err)
{
    const json_t *columns = json_object_get(spec, "columns");
    const json_t *length = json_object_get(spec, "length");
    int64_t n = (int64_t)json_array_size(columns), steps = layer->options.steps;
    if (n < steps || n % steps != 0 || layer->in.steps != 1) {
        return chl_fail(
            err, CHL_EINVAL,
            "%s: expected a flat source and a list of columns that %lld steps "
            "share, got %lld columns",
            where, (long long)steps, (long long)n);
    }
    layer->index = chl_calloc((size_t)n + 1, sizeof *layer->index);
    if (!layer->index) {
        return chl_fail_memory(err);
    }
    for (int64_t k = 0; k < n; k++) {
        CHL_TRY(read_column(layer, json_array_get(columns, (size_t)k), where, "columns",
                            &layer->index[k], err));
    }
    layer->indices = n;
    if (length && !json_is_null(length)) {
        layer->indices++;
        return read_column(layer, length, where, "length", &layer->index[n], err);
    }
    return CHL_OK;
}

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    CHL_TRY(read_columns(layer, spec, where, err));
    int steps = (int)layer->options.steps;
    layer->out = (chl_shape){steps, (int)(layer->indices / steps)};
    layer->mask = net->masks++;
    return CHL_OK;
}

static int64_t columns_of(const chl_layer *layer)
{
    return (int64_t)layer->out.steps * layer->out.width;
}

static chl_status spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    int64_t n = columns_of(layer);
    json_t *columns = json_array();
    bool done = json_object_set_new(spec, "columns", columns) == 0;
    for (int64_t k = 0; done && k < n; k++) {
        done = json_array_append_new(columns, json_integer(layer->index[k] + 1)) == 0;
    }
    if (done && layer->indices > n) {
        done =
            json_object_set_new(spec, "length", json_integer(layer->index[n] + 1)) == 0;
    }
    return done ? CHL_OK : chl_fail_memory(err);
}

/* ---- work ---- */

/* NaN counts as 0. */
static int length_of(const chl_layer *layer, const chl_real *x)
{
    if (layer->indices == columns_of(layer)) {
        return layer->out.steps;
    }
    chl_real length = x[layer->index[layer->indices - 1]] + (chl_real)0.5;
    return !(length >= 1)                         ? 0
           : length >= (chl_real)layer->out.steps ? layer->out.steps
                                                  : (int)length;
}

static void arrange(const chl_layer *layer, int64_t rows, const chl_real *x,
                    int64_t x_row, chl_real *out, int32_t *lengths)
{
    int width = layer->out.width;
    int64_t ld = chl_padded(width);
    memset(out, 0, (size_t)(rows * chl_row_size(layer->out)) * sizeof *out);
    for (int64_t r = 0; r < rows; r++, x += x_row, out += layer->out.steps * ld) {
        lengths[r] = length_of(layer, x);
        for (int t = 0; t < lengths[r]; t++) {
            int from = layer->options.reverse ? lengths[r] - 1 - t : t;
            const int32_t *columns = layer->index + (int64_t)from * width;
            for (int j = 0; j < width; j++) {
                out[t * ld + j] = x[columns[j]];
            }
        }
    }
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    arrange(layer, pass->rows, chl_pass_in(pass, i, 0), chl_padded(layer->in.width),
            pass->slots[i].out, chl_pass_lengths(pass, layer->mask));
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    int64_t x_row = chl_padded(layer->in.width), ld = chl_padded(layer->out.width);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (!dx) {
        return;
    }
    const int32_t *lengths = chl_pass_lengths(pass, layer->mask);
    const chl_real *g = pass->slots[i].gradient;
    memset(dx, 0, (size_t)(pass->rows * x_row) * sizeof *dx);
    for (int64_t r = 0; r < pass->rows; r++, g += layer->out.steps * ld) {
        for (int t = 0; t < lengths[r]; t++) {
            int from = layer->options.reverse ? lengths[r] - 1 - t : t;
            const int32_t *columns = layer->index + (int64_t)from * layer->out.width;
            for (int j = 0; j < layer->out.width; j++) {
                dx[r * x_row + columns[j]] += g[t * ld + j];
            }
        }
    }
    chl_pass_source_done(pass, i, 0);
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    int64_t x_row;
    const chl_real *x = chl_run_in(run, i, 0, &x_row);
    arrange(layer, run->rows, x, x_row, chl_run_out(run, i),
            chl_run_lengths(run, layer->mask));
}

const chl_layer_class chl_sequence_class = {
    .name = "sequence",
    .options = options,
    .most_sources = 1,
    .reads_unpadded = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = spell,
};
