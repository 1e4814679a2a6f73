/* SPDX-License-Identifier: MIT
 *
 * The gradients of a recurrent layer. Layer: core/layers.
 */
#include <string.h>

#include "core/layers/recurrent_work.h"

static int lowest(const chl_recurrent_work *w, const int *at)
{
    int low = at[0];
    for (int g = 1; g < w->kind->gates; g++) {
        low = at[g] < low ? at[g] : low;
    }
    return low;
}

/* turned [gates · ld × padded in] in panels: the gates in the order of their blocks. */
static void turn_gates(const chl_recurrent_work *w, const int *at,
                       const chl_real *weights, int64_t in, chl_real *turned)
{
    int64_t rows = w->kind->gates * w->ld;
    for (int g = 0; g < w->kind->gates; g++) {
        chl_turn_block(weights + g * in * w->ld, in, w->layer->out.width, rows,
                       (at[g] - lowest(w, at)) * w->ld, turned);
    }
}

/* out[rows × padded in] = gradients of the gates · transposed weights. */
static void product_back(const chl_recurrent_work *w, const int *at, int64_t first,
                         int64_t rows, int64_t in, const chl_real *turned, chl_real *out)
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

static void add_output_gradient(const chl_recurrent_work *w, int64_t t, int64_t rows,
                                const chl_real *g)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = chl_recurrent_output_at(w, t, i);
        if (at >= 0) {
            w->kernels->add_scaled(w->ld, 1, g + at, w->h + i * w->ld);
        }
    }
}

/* The gates become the gradients of the sums in them. */
static void steps_back(const chl_recurrent_work *w, const chl_real *g)
{
    int64_t units = w->layer->out.width;
    size_t most = (size_t)(w->ragged.start[1] * w->ld);
    memset(w->h, 0, most * sizeof *w->h);
    memset(w->carry, 0, most * sizeof *w->carry);
    for (int64_t t = w->ragged.steps - 1; t >= 0; t--) {
        chl_cell cell = chl_recurrent_cell(w, t);
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
static void weight_gradients(const chl_recurrent_work *w, const int *at, int64_t in,
                             const chl_real *x, chl_real *out)
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

static void bias_gradients(const chl_recurrent_work *w, chl_pass *pass, int i)
{
    const chl_recurrent *kind = w->kind;
    size_t size = (size_t)w->ld * sizeof *w->columns;
    pass->kernels->column_sums(w->ragged.total, CHL_GATE_BLOCKS * w->ld, w->gates,
                               w->columns);
    for (int g = 0; g < kind->gates; g++) {
        memcpy(chl_pass_grads(pass, i, CHL_RECURRENT_BIAS) + g * w->ld,
               w->columns + kind->x_at[g] * w->ld, size);
    }
    if (kind->split) {
        memcpy(chl_pass_grads(pass, i, CHL_RECURRENT_STATE_BIAS),
               w->columns + kind->h_at[kind->gates - 1] * w->ld, size);
    }
}

void chl_recurrent_backward(chl_pass *pass, int i)
{
    chl_recurrent_work w = chl_recurrent_begin_backward(pass, i);
    int64_t units = w.layer->out.width;
    turn_gates(&w, w.kind->h_at, w.recurrent, units, w.turned_h);
    steps_back(&w, pass->slots[i].gradient);
    weight_gradients(&w, w.kind->x_at, w.in, w.x,
                     chl_pass_grads(pass, i, CHL_RECURRENT_WEIGHT));
    weight_gradients(&w, w.kind->h_at, units, w.before,
                     chl_pass_grads(pass, i, CHL_RECURRENT_RECURRENT));
    bias_gradients(&w, pass, i);
    chl_pass_penalise(pass, i, CHL_RECURRENT_WEIGHT);
    chl_pass_penalise(pass, i, CHL_RECURRENT_RECURRENT);
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        turn_gates(&w, w.kind->x_at, w.weight, w.in, w.turned_x);
        product_back(&w, w.kind->x_at, 0, w.ragged.total, w.in, w.turned_x, w.x);
        chl_ragged_unpack(&w.ragged, w.lx, w.x, dx);
        chl_pass_source_done(pass, i, 0);
    }
}
