/* SPDX-License-Identifier: MIT
 *
 * Inference of one block of rows: logits in chl_real, the final sigmoid or softmax in
 * double. Layer: core/nn.
 */
#include "core/nn/run.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

enum { ROWS_MOST = 32, NUMBERS_MOST = 1 << 16 };

int64_t chl_run_capacity(const chl_net *net)
{
    int64_t rows = NUMBERS_MOST / chl_net_widest(net);
    return rows < 1 ? 1 : rows > ROWS_MOST ? ROWS_MOST : rows;
}

static int64_t scratch_of(const chl_net *net, int64_t capacity)
{
    int64_t most = 0;
    for (int i = 0; i < net->count; i++) {
        chl_room room = {0};
        if (net->layers[i].class->room) {
            net->layers[i].class->room(net, i, capacity, &room);
        }
        most = room.run > most ? room.run : most;
    }
    return chl_padded(most);
}

static int64_t place_size(const chl_net *net, int64_t capacity)
{
    return chl_padded(capacity * chl_net_widest(net));
}

/* Room for the predictions of one row's copies, as doubles, in chl_reals. */
static int64_t copies_size(const chl_net *net)
{
    int64_t most = 0;
    for (int h = 0; h < net->heads; h++) {
        int64_t n = (int64_t)net->head[h].copies * net->head[h].width;
        most = n > most ? n : most;
    }
    return chl_padded(most * (int64_t)(sizeof(double) / sizeof(chl_real)));
}

size_t chl_run_size(const chl_net *net, int64_t capacity)
{
    return (size_t)(net->places * place_size(net, capacity) + scratch_of(net, capacity) +
                    copies_size(net) + chl_padded(net->masks * capacity));
}

static chl_real *place(const chl_run *run, int at)
{
    return run->buffers + at * place_size(run->net, run->capacity);
}

void chl_run_start(chl_run *run, const chl_net *net, const chl_packed *packed,
                   int64_t capacity, chl_real *buffers)
{
    *run = (chl_run){.net = net,
                     .kernels = chl_kernels_best(),
                     .packed = packed,
                     .capacity = capacity,
                     .buffers = buffers};
    run->scratch = run->buffers + net->places * place_size(net, capacity);
    run->copies = (void *)(run->scratch + scratch_of(net, capacity));
    run->lengths = (void *)(run->scratch + scratch_of(net, capacity) + copies_size(net));
    memset(chl_run_input(run), 0, /* its padding stays zero */
           (size_t)(capacity * net->input_row) * sizeof *run->buffers);
}

chl_status chl_run_init(chl_run *run, const chl_net *net, const chl_packed *packed,
                        int64_t capacity, chl_error *err)
{
    chl_real *buffers =
        chl_alloc_aligned(chl_run_size(net, capacity), sizeof *run->buffers);
    if (!buffers) {
        *run = (chl_run){0};
        return chl_fail_memory(err);
    }
    chl_run_start(run, net, packed, capacity, buffers);
    run->owned = buffers;
    return CHL_OK;
}

void chl_run_reset(chl_run *run)
{
    chl_free(run->owned);
    *run = (chl_run){0};
}

chl_real *chl_run_input(const chl_run *run)
{
    return place(run, run->net->input_place);
}

const chl_real *chl_run_in(const chl_run *run, int i, int k, int64_t *row)
{
    int from = run->net->layers[i].from[k];
    *row = from == CHL_INPUT ? run->net->input_row
                             : chl_row_size(run->net->layers[from].out);
    return from == CHL_INPUT ? chl_run_input(run)
                             : place(run, run->net->layers[from].place);
}

chl_real *chl_run_out(const chl_run *run, int i)
{
    return place(run, run->net->layers[i].place);
}

chl_real *chl_run_in_place(const chl_run *run, int i)
{
    int64_t row;
    const chl_real *x = chl_run_in(run, i, 0, &row);
    chl_real *out = chl_run_out(run, i);
    if (x != out) {
        memcpy(out, x, (size_t)(run->rows * row) * sizeof *out);
    }
    return out;
}

void chl_run_layers(chl_run *run, int from)
{
    run->failed = CHL_OK;
    for (int i = from; i < run->net->count && run->failed == CHL_OK; i++) {
        run->net->layers[i].class->infer(run, i);
    }
}

const chl_real *chl_run_logits(const chl_run *run, int head)
{
    return chl_run_out(run, run->net->head[head].layer);
}

/* ---- from logits to doubles ---- */

void chl_run_softmax(double *p, int n)
{
    double highest = p[0], sum = 0;
    for (int j = 1; j < n; j++) {
        highest = fmax(highest, p[j]);
    }
    for (int j = 0; j < n; j++) {
        p[j] = exp(p[j] - highest);
        sum += p[j];
    }
    for (int j = 0; j < n; j++) {
        p[j] /= sum;
    }
}

/* out[n × width] = one prediction a row of logits. */
static void finish_rows(const chl_run *run, int activation, int width,
                        const chl_real *logits, int64_t n, double *out)
{
    int64_t ld = chl_padded(width);
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < width; j++) {
            out[i * width + j] = (double)logits[i * ld + j];
        }
        if (activation == CHL_SOFTMAX) {
            chl_run_softmax(out + i * width, width);
        }
    }
    if (activation == CHL_SIGMOID) {
        run->kernels->sigmoid(n * width, out);
    }
}

/* Puts the mean of a row's copies into its columns of the outputs. */
static void average_copies(const chl_head *head, const double *copies, double *out)
{
    for (int j = 0; j < head->width; j++) {
        double sum = 0;
        for (int c = 0; c < head->copies; c++) {
            sum += copies[c * head->width + j];
        }
        out[head->at + j] = sum / head->copies;
    }
}

static void finish_head(const chl_run *run, int h, double *out)
{
    const chl_head *head = &run->net->head[h];
    int activation = chl_head_activation(run->net, h);
    const chl_real *logits = chl_run_logits(run, h);
    if (run->net->heads == 1 && head->copies == 1) {
        finish_rows(run, activation, head->width, logits, run->rows, out);
        return;
    }
    int64_t row = head->copies * chl_padded(head->width);
    for (int64_t i = 0; i < run->rows; i++) {
        finish_rows(run, activation, head->width, logits + i * row, head->copies,
                    run->copies);
        average_copies(head, run->copies, out + i * run->net->outputs);
    }
}

void chl_run_finish(const chl_run *run, double *out)
{
    for (int h = 0; h < run->net->heads; h++) {
        finish_head(run, h, out);
    }
}
