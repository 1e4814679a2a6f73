/* SPDX-License-Identifier: MIT */
#include "core/nn/shallow.h"

#include <string.h>

#include "core/base/alloc.h"

enum { FIRST_NUMBERS_MAX = 1 << 26 };       /* of a first layer's copies, written out */
enum { WEIGHT, BIAS, SCALE_IN, SCALE_OUT }; /* tensors of dense and batch_ensemble */

bool chl_first_layer_sums(const chl_net *net)
{
    const chl_layer *first = &net->layers[0];
    int64_t numbers = (net->inputs + INT64_C(1)) * chl_row_size(first->out);
    bool sums =
        first->class == &chl_dense_class ||
        (first->class == &chl_batch_ensemble_class && numbers <= FIRST_NUMBERS_MAX);
    for (int i = 1; sums && i < net->count; i++) {
        for (int k = 0; k < net->layers[i].sources; k++) {
            sums = sums && net->layers[i].from[k] != CHL_INPUT;
        }
    }
    return sums;
}

/* ---- what is shallow ---- */

/* Does the first layer alone give the output? */
static bool is_single(const chl_net *net)
{
    return net->count == 1;
}

/* The layer after hidden layer 0 that does something in inference; -1 = none or several.
 */
static int after_hidden(const chl_net *net)
{
    int i = 0;
    do {
        i = net->layers[i].readers == 1 ? net->layers[i].reader : -1;
    } while (i >= 0 && (net->layers[i].class == &chl_dropout_class ||
                        (net->layers[i].class == &chl_batch_norm_class &&
                         chl_net_norm_reader(net, i) >= 0)));
    return i;
}

static bool is_output(const chl_net *net, int i)
{
    bool kind = i >= 0 && (net->layers[i].class == &chl_dense_class ||
                           net->layers[i].class == &chl_member_dense_class);
    int f = net->heads == 1 ? chl_head_activation(net, 0) : CHL_LINEAR;
    return kind && net->heads == 1 && net->head[0].layer == i &&
           net->head[0].width <= CHL_SHALLOW_OUTPUTS_MAX &&
           (f == CHL_SOFTMAX || (f == CHL_SIGMOID && net->head[0].width == 1));
}

bool chl_net_is_shallow(const chl_net *net)
{
    if (!chl_first_layer_sums(net)) {
        return false;
    }
    return is_single(net) ? is_output(net, 0)
                          : net->layers[0].options.activation == CHL_RELU &&
                                is_output(net, after_hidden(net));
}

/* ---- the first layer ---- */

/* What input i (or, past the last, the bias) adds to unit h of copy c. */
static chl_real first_weight(const chl_net *net, int64_t i, int c, int h)
{
    const chl_layer *layer = &net->layers[0];
    int64_t in = layer->in.width, out = layer->out.width;
    const chl_real *numbers = net->params + chl_layer_tensor(net, 0, WEIGHT)->at;
    const chl_real *bias = net->params + chl_layer_tensor(net, 0, BIAS)->at;
    if (i == in) {
        return bias[c * out + h];
    }
    double weight = (double)numbers[i * out + h];
    if (layer->class == &chl_batch_ensemble_class) {
        weight *=
            (double)net->params[chl_layer_tensor(net, 0, SCALE_IN)->at + c * in + i];
        weight *=
            (double)net->params[chl_layer_tensor(net, 0, SCALE_OUT)->at + c * out + h];
    }
    return (chl_real)weight;
}

static void divide(const chl_net *net, bool shallow, chl_first_layer *out)
{
    const chl_layer *layer = &net->layers[0];
    out->copies = layer->out.steps;
    out->units = layer->out.width * (shallow && is_single(net) ? 2 : 1);
    out->width = chl_padded(out->units);
    out->slices_per_copy = 1;
    out->slices = 1;
    if (shallow) {
        out->width = out->width < CHL_SLICE_MAX ? out->width : CHL_SLICE_MAX;
        out->slices_per_copy = (int)((out->units + out->width - 1) / out->width);
        out->slices = out->slices_per_copy * out->copies;
    } else {
        out->width *= out->copies;
    }
}

/* Where the weights of unit h of copy c begin. */
static chl_real *unit_rows(const chl_first_layer *first, bool shallow, int64_t inputs,
                           int c, int h)
{
    if (!shallow) {
        return first->rows + c * chl_padded(first->units) + h;
    }
    int64_t slice = c * first->slices_per_copy + h / first->width;
    return first->rows + slice * (inputs + 1) * first->width + h % first->width;
}

chl_status chl_first_layer_load(const chl_net *net, bool shallow, chl_first_layer *out,
                                chl_error *err)
{
    *out = (chl_first_layer){0};
    divide(net, shallow, out);
    size_t rows = (size_t)out->slices * ((size_t)net->inputs + 1);
    size_t bytes = (size_t)out->width * sizeof *out->rows;
    out->rows = chl_alloc_aligned(rows, bytes);
    if (!out->rows) {
        return chl_fail_memory(err);
    }
    memset(out->rows, 0, rows * bytes);
    int own = net->layers[0].out.width;
    for (int c = 0; c < out->copies; c++) {
        for (int h = 0; h < out->units; h++) {
            chl_real *to = unit_rows(out, shallow, net->inputs, c, h);
            for (int64_t i = 0; i <= net->inputs; i++, to += out->width) {
                chl_real weight = first_weight(net, i, c, h % own);
                *to = h < own ? weight : -weight;
            }
        }
    }
    return CHL_OK;
}

void chl_first_layer_reset(chl_first_layer *first)
{
    chl_free(first->rows);
    *first = (chl_first_layer){0};
}

/* ---- the output ---- */

/* The weight from unit h of copy c to its output k. */
static chl_real last_weight(const chl_net *net, const chl_packed *packed, int c, int h,
                            int k)
{
    int own = net->layers[0].out.width;
    if (is_single(net)) {
        return (chl_real)((h == k) - (h == k + own));
    }
    const chl_param *t = chl_layer_tensor(net, net->head[0].layer, WEIGHT);
    int64_t padded = chl_padded(t->cols), panel = k / CHL_PANEL * CHL_PANEL;
    int64_t width = padded - panel < CHL_PANEL ? padded - panel : CHL_PANEL;
    const chl_real *own_block = packed->params + t->pack_at;
    if (t->blocks > 1) {
        own_block += c * t->rows * padded;
    }
    if (t->form == CHL_FORM_ROWS) { /* member_dense of one unit */
        return own_block[h];
    }
    return own_block[panel * t->rows + h * width + (k - panel)];
}

static chl_real last_bias(const chl_net *net, const chl_packed *packed, int c, int k)
{
    if (is_single(net)) {
        return 0;
    }
    const chl_param *t = chl_layer_tensor(net, net->head[0].layer, BIAS);
    int64_t row = t->rows > 1 ? c : 0;
    return packed->params[t->pack_at + row * chl_padded(t->cols) + k];
}

chl_status chl_shallow_load(const chl_net *net, const chl_packed *packed,
                            const chl_first_layer *first, chl_shallow *out,
                            chl_error *err)
{
    *out = (chl_shallow){.copies = first->copies,
                         .outputs = net->head[0].width,
                         .activation = chl_head_activation(net, 0)};
    size_t outputs = (size_t)out->outputs, slices = (size_t)first->slices;
    size_t width = (size_t)first->width;
    out->weights = chl_alloc_aligned(slices * outputs, width * sizeof *out->weights);
    out->bias = chl_alloc((size_t)out->copies * outputs, sizeof *out->bias);
    if (!out->weights || !out->bias) {
        chl_shallow_reset(out);
        return chl_fail_memory(err);
    }
    memset(out->weights, 0, slices * outputs * width * sizeof *out->weights);
    for (int c = 0; c < out->copies; c++) {
        for (int k = 0; k < out->outputs; k++) {
            out->bias[c * out->outputs + k] = last_bias(net, packed, c, k);
            for (int h = 0; h < first->units; h++) {
                int64_t slice = c * first->slices_per_copy + h / first->width;
                out->weights[(slice * out->outputs + k) * first->width +
                             h % first->width] = last_weight(net, packed, c, h, k);
            }
        }
    }
    return CHL_OK;
}

void chl_shallow_reset(chl_shallow *shallow)
{
    chl_free(shallow->weights);
    chl_free(shallow->bias);
    *shallow = (chl_shallow){0};
}
