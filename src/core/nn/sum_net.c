/* SPDX-License-Identifier: MIT */
#include "core/nn/sum_net.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/run.h"
#include "core/nn/shallow.h"

struct chl_sum_net {
    const chl_net *net; /* borrowed */
    const chl_kernels *kernels;
    chl_packed packed;     /* batch norm in the dense layers that read it */
    chl_first_layer first; /* .rows NULL: the sums are the net's inputs */
    chl_shallow shallow;   /* .weights NULL: other layers follow */
    int64_t width;         /* of a slice */
    int64_t block;         /* rows that are run together */
};

static chl_status load(chl_sum_net *s, chl_error *err)
{
    const chl_net *net = s->net;
    bool shallow = chl_net_is_shallow(net);
    CHL_TRY(chl_packed_init(&s->packed, net, err));
    chl_packed_load(&s->packed, net);
    chl_packed_fold(&s->packed, net);
    chl_packed_absorb_norms(&s->packed, net);
    s->width = chl_padded(net->inputs);
    if (chl_first_layer_sums(net)) {
        CHL_TRY(chl_first_layer_load(net, shallow, &s->first, err));
        s->width = s->first.width;
    }
    if (shallow) {
        CHL_TRY(chl_shallow_load(net, &s->packed, &s->first, &s->shallow, err));
    }
    chl_packed_turn_single(&s->packed, net);
    return CHL_OK;
}

chl_status chl_sum_net_new(const chl_net *net, chl_sum_net **out, chl_error *err)
{
    *out = NULL;
    chl_sum_net *s = chl_calloc(1, sizeof *s);
    if (!s) {
        return chl_fail_memory(err);
    }
    *s = (chl_sum_net){
        .net = net, .kernels = chl_kernels_best(), .block = chl_run_capacity(net)};
    chl_status status = load(s, err);
    if (status != CHL_OK) {
        chl_sum_net_free(s);
        return status;
    }
    *out = s;
    return CHL_OK;
}

void chl_sum_net_free(chl_sum_net *s)
{
    if (!s) {
        return;
    }
    chl_packed_reset(&s->packed);
    chl_first_layer_reset(&s->first);
    chl_shallow_reset(&s->shallow);
    chl_free(s);
}

/* ---- rows of sums ---- */

int chl_sum_net_slices(const chl_sum_net *s)
{
    return s->first.rows ? s->first.slices : 1;
}

int chl_sum_net_width(const chl_sum_net *s)
{
    return (int)s->width;
}

/* What an input adds; past the last, the bias. */
static const chl_real *first_row(const chl_sum_net *s, int slice, int64_t input)
{
    return s->first.rows + (slice * (s->net->inputs + INT64_C(1)) + input) * s->width;
}

void chl_sum_net_start(const chl_sum_net *s, int slice, chl_real *row)
{
    if (s->first.rows) {
        memcpy(row, first_row(s, slice, s->net->inputs), (size_t)s->width * sizeof *row);
    } else {
        memset(row, 0, (size_t)s->width * sizeof *row);
    }
}

void chl_sum_net_add(const chl_sum_net *s, int slice, const int *inputs, int count,
                     const chl_real *x, chl_real *row)
{
    if (s->first.rows) {
        chl_weighted_rows rows = {count, inputs, x, first_row(s, slice, 0)};
        s->kernels->add_rows(&rows, s->width, row);
        return;
    }
    for (int k = 0; k < count; k++) {
        row[inputs[k]] += x[k];
    }
}

void chl_sum_net_add_row(const chl_sum_net *s, const chl_real *other, chl_real *row)
{
    s->kernels->add_scaled(s->width, 1, other, row);
}

void chl_sum_net_gather(const chl_sum_net *s, const chl_row_sums *sums, chl_real *out)
{
    s->kernels->row_sums(sums, s->width, out);
}

/* ---- nets of any layers: block by block ---- */

/* Where a row of sums goes: the first layer's output, or the input. */
static void place_sums(const chl_sum_net *s, const chl_row_sums *block, chl_run *run)
{
    if (s->first.rows) {
        chl_real *out = chl_run_out(run, 0);
        s->kernels->row_sums(block, s->width, out);
        s->kernels->activate(chl_layer_activation(s->net, 0), block->rows * s->width, out,
                             out);
        return;
    }
    int64_t row = s->net->input_row;
    chl_real *out = chl_run_input(run);
    s->kernels->row_sums(block, s->width, out);
    for (int64_t i = 1; row < s->width && i < block->rows; i++) {
        memmove(out + i * row, out + i * s->width, (size_t)row * sizeof *out);
    }
}

static chl_status run_rows(const chl_sum_batch *b, const chl_row_sums *sums,
                           chl_error *err)
{
    const chl_sum_net *s = b->net;
    chl_run run;
    chl_row_sums block = *sums;
    chl_run_start(&run, s->net, &s->packed, s->block, b->scratch);
    for (int64_t i = 0; i < sums->rows; i += s->block) {
        block.rows = sums->rows - i < s->block ? sums->rows - i : s->block;
        block.at = sums->at + i * sums->parts;
        run.rows = block.rows;
        place_sums(s, &block, &run);
        chl_run_layers(&run, s->first.rows ? 1 : 0);
        CHL_TRY(chl_run_status(&run, err));
        chl_run_finish(&run, b->out + i * s->net->outputs);
    }
    return CHL_OK;
}

/* ---- shallow nets: slice by slice ---- */

/* A batch's logits: [copies × outputs][rows, padded]. */
static chl_real *logits(const chl_sum_batch *b, int copy, int output)
{
    int64_t at = (int64_t)copy * b->net->shallow.outputs + output;
    return b->scratch + at * chl_padded(b->rows);
}

/* The weights from a slice's units to an output of their copy. */
static const chl_real *weights(const chl_sum_net *s, int slice, int output)
{
    return s->shallow.weights + ((int64_t)slice * s->shallow.outputs + output) * s->width;
}

static bool begins_copy(const chl_sum_net *s, int slice)
{
    return slice % s->first.slices_per_copy == 0;
}

static void add_slice(const chl_sum_batch *b, int slice, const chl_row_sums *sums)
{
    const chl_sum_net *s = b->net;
    int copy = slice / s->first.slices_per_copy;
    for (int k = 0; k < s->shallow.outputs; k++) {
        chl_real *out = logits(b, copy, k);
        for (int64_t i = 0; begins_copy(s, slice) && i < chl_padded(b->rows); i++) {
            out[i] = s->shallow.bias[copy * s->shallow.outputs + k];
        }
        s->kernels->relu_sums(&(chl_relu_sums){
            .sums = *sums, .ld = s->width, .w = weights(s, slice, k), .out = out});
    }
}

bool chl_sum_net_is_shallow(const chl_sum_net *s)
{
    return s->shallow.weights != NULL;
}

void chl_sum_net_cube(const chl_sum_batch *b, int slice, const chl_relu_cube *cube)
{
    const chl_sum_net *s = b->net;
    chl_relu_cube own = *cube;
    own.units = chl_first_layer_units(&s->first, slice);
    own.add = !begins_copy(s, slice);
    for (int k = 0; k < s->shallow.outputs; k++) {
        int copy = slice / s->first.slices_per_copy;
        own.w = weights(s, slice, k);
        own.bias = s->shallow.bias[copy * s->shallow.outputs + k];
        own.out = logits(b, copy, k);
        s->kernels->relu_cube(&own);
    }
}

/* In the nets' own precision: what is explained is a mean over many rows. */
static void finish_sigmoids(const chl_sum_batch *b, const int32_t *at, int64_t n)
{
    int copies = b->net->shallow.copies;
    int64_t padded = chl_padded(b->rows);
    chl_real *sums = logits(b, copies, 0);
    const chl_kernels *kernels = b->net->kernels;
    kernels->activate(CHL_SIGMOID, copies * padded, b->scratch, b->scratch);
    kernels->column_sums(copies, padded, b->scratch, sums);
    for (int64_t i = 0; i < n; i++) {
        b->out[i] = (double)sums[at ? at[i] : i] / copies;
    }
}

static void finish_softmax(const chl_sum_batch *b, const int32_t *at, int64_t n)
{
    int copies = b->net->shallow.copies, outputs = b->net->shallow.outputs;
    double *out = b->out;
    memset(out, 0, (size_t)(n * outputs) * sizeof *out);
    for (int64_t i = 0; i < n; i++, out += outputs) {
        for (int c = 0; c < copies; c++) {
            double p[CHL_SHALLOW_OUTPUTS_MAX];
            for (int k = 0; k < outputs; k++) {
                p[k] = (double)logits(b, c, k)[at ? at[i] : i];
            }
            chl_run_softmax(p, outputs);
            for (int k = 0; k < outputs; k++) {
                out[k] += p[k] / copies;
            }
        }
    }
}

/* ---- batches ---- */

size_t chl_sum_net_scratch(const chl_sum_net *s, int64_t rows)
{
    if (!s->shallow.weights) {
        return chl_run_size(s->net, s->block);
    }
    size_t of_row = (size_t)s->shallow.copies * (size_t)s->shallow.outputs;
    return (of_row + 1) * (size_t)chl_padded(rows); /* and the sums of the copies */
}

chl_status chl_sum_net_rows(const chl_sum_batch *b, int slice, const chl_row_sums *sums,
                            chl_error *err)
{
    if (!b->net->shallow.weights) {
        return run_rows(b, sums, err);
    }
    add_slice(b, slice, sums);
    return CHL_OK;
}

void chl_sum_net_pick(const chl_sum_batch *b, const int32_t *at, int64_t n)
{
    if (b->net->shallow.weights && b->net->shallow.activation == CHL_SIGMOID) {
        finish_sigmoids(b, at, n);
    } else if (b->net->shallow.weights) {
        finish_softmax(b, at, n);
    }
}

void chl_sum_net_finish(const chl_sum_batch *b)
{
    chl_sum_net_pick(b, NULL, b->rows);
}
