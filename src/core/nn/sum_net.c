/* SPDX-License-Identifier: MIT */
#include "core/nn/sum_net.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/run.h"

struct chl_sum_net {
    const chl_net *net; /* borrowed */
    const chl_kernels *kernels;
    chl_packed packed; /* batch norm in the dense layers that read it */
    chl_real *first;   /* [inputs + 1][width] weights and bias; NULL = no dense layer */
    int64_t width;
    int64_t block; /* rows that are run together */
};

/* The first layer is dense and the only one that reads the input. */
static bool starts_dense(const chl_net *net)
{
    bool dense = net->layers[0].class == &chl_dense_class;
    for (int i = 1; dense && i < net->count; i++) {
        for (int k = 0; k < net->layers[i].sources; k++) {
            dense = dense && net->layers[i].from[k] != CHL_INPUT;
        }
    }
    return dense;
}

static chl_status load_first(chl_sum_net *s, chl_error *err)
{
    const chl_layer *layer = &s->net->layers[0];
    if (!starts_dense(s->net)) {
        s->width = chl_padded(s->net->inputs);
        return CHL_OK;
    }
    s->width = chl_padded(layer->out.width);
    size_t rows = (size_t)layer->in.width + 1, width = (size_t)s->width;
    size_t out = (size_t)layer->out.width;
    s->first = chl_alloc_aligned(rows, width * sizeof *s->first);
    if (!s->first) {
        return chl_fail_memory(err);
    }
    memset(s->first, 0, rows * width * sizeof *s->first);
    const chl_real *numbers = s->net->params + chl_layer_tensor(s->net, 0, 0)->at;
    for (size_t i = 0; i < rows; i++) { /* the bias follows the weights */
        memcpy(s->first + i * width, numbers + i * out, out * sizeof *s->first);
    }
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
    chl_status status = chl_packed_init(&s->packed, net, err);
    if (status == CHL_OK) {
        chl_packed_load(&s->packed, net);
        chl_packed_fold(&s->packed, net);
        chl_packed_absorb_norms(&s->packed, net);
        chl_packed_turn_single(&s->packed, net);
        status = load_first(s, err);
    }
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
    chl_free(s->first);
    chl_free(s);
}

int chl_sum_net_width(const chl_sum_net *s)
{
    return (int)s->width;
}

size_t chl_sum_net_scratch(const chl_sum_net *s)
{
    return chl_run_size(s->net, s->block);
}

void chl_sum_net_start(const chl_sum_net *s, chl_real *row)
{
    if (s->first) {
        memcpy(row, s->first + s->net->inputs * s->width, (size_t)s->width * sizeof *row);
    } else {
        memset(row, 0, (size_t)s->width * sizeof *row);
    }
}

void chl_sum_net_add(const chl_sum_net *s, int input, chl_real x, chl_real *row)
{
    if (s->first) {
        s->kernels->add_scaled(s->width, x, s->first + input * s->width, row);
    } else {
        row[input] += x;
    }
}

void chl_sum_net_gather(const chl_sum_net *s, const chl_row_sums *sums, chl_real *out)
{
    s->kernels->row_sums(sums, s->width, out);
}

/* Where a row of sums goes: the first layer's output, or the input. */
static void place_sums(const chl_sum_net *s, const chl_row_sums *block, chl_run *run)
{
    if (s->first) {
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

chl_status chl_sum_net_predict(const chl_sum_net *s, const chl_row_sums *sums,
                               chl_real *scratch, double *out, chl_error *err)
{
    chl_run run;
    chl_row_sums block = *sums;
    chl_run_start(&run, s->net, &s->packed, s->block, scratch);
    for (int64_t i = 0; i < sums->rows; i += s->block) {
        block.rows = sums->rows - i < s->block ? sums->rows - i : s->block;
        block.at = sums->at + i * sums->parts;
        run.rows = block.rows;
        place_sums(s, &block, &run);
        chl_run_layers(&run, s->first ? 1 : 0);
        CHL_TRY(chl_run_status(&run, err));
        chl_run_finish(&run, out + i * s->net->outputs);
    }
    return CHL_OK;
}
