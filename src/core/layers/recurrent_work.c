/* SPDX-License-Identifier: MIT */
#include "core/layers/recurrent_work.h"

/* With base NULL it only measures. */
static chl_real *cut(chl_real *base, int64_t *used, int64_t n)
{
    chl_real *piece = base ? base + *used : NULL;
    *used += chl_padded(n);
    return piece;
}

static int64_t cut_kept(chl_recurrent_work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0, most = batch * w->layer->in.steps;
    w->list = cut(base, &used, chl_ragged_size(batch, w->layer->in.steps));
    w->x = cut(base, &used, most * w->lx);
    w->gates = cut(base, &used, most * CHL_GATE_BLOCKS * w->ld);
    w->before = cut(base, &used, most * w->ld);
    w->cell = w->kind->cell ? cut(base, &used, most * w->ld) : NULL;
    return used;
}

static int64_t cut_forward(chl_recurrent_work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0;
    w->sums = cut(base, &used, batch * CHL_GATE_BLOCKS * w->ld);
    w->h = cut(base, &used, batch * w->ld);
    return used;
}

static int64_t cut_backward(chl_recurrent_work *w, int64_t batch, chl_real *base)
{
    int64_t used = 0;
    w->h = cut(base, &used, batch * w->ld);
    w->carry = cut(base, &used, batch * w->ld);
    w->turned_x = cut(base, &used, CHL_GATE_BLOCKS * w->ld * w->lx);
    w->turned_h = cut(base, &used, CHL_GATE_BLOCKS * w->ld * w->ld);
    w->columns = cut(base, &used, CHL_GATE_BLOCKS * w->ld);
    return used;
}

static chl_recurrent_work begin(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    return (chl_recurrent_work){.kind = net->layers[i].class->kind,
                                .layer = layer,
                                .in = layer->in.width,
                                .lx = chl_padded(layer->in.width),
                                .ld = chl_padded(layer->out.width)};
}

void chl_recurrent_room(const chl_net *net, int i, int64_t batch, chl_room *room)
{
    chl_recurrent_work w = begin(net, i);
    int64_t forward = cut_forward(&w, batch, NULL);
    int64_t backward = cut_backward(&w, batch, NULL);
    room->kept = cut_kept(&w, batch, NULL);
    room->scratch = forward > backward ? forward : backward;
    room->run = room->kept + forward;
}

static chl_recurrent_work begin_pass(const chl_pass *pass, int i)
{
    chl_recurrent_work w = begin(pass->net, i);
    w.kernels = pass->kernels;
    w.weight = chl_pass_params(pass, i, CHL_RECURRENT_WEIGHT);
    w.recurrent = chl_pass_params(pass, i, CHL_RECURRENT_RECURRENT);
    w.bias = chl_pass_params(pass, i, CHL_RECURRENT_BIAS);
    w.state_bias =
        w.kind->split ? chl_pass_params(pass, i, CHL_RECURRENT_STATE_BIAS) : NULL;
    cut_kept(&w, pass->batch, pass->slots[i].kept);
    chl_ragged_by_step(&w.ragged, w.list, pass->rows, w.layer->in.steps,
                       chl_pass_lengths(pass, chl_source_mask(pass->net, i)));
    return w;
}

chl_recurrent_work chl_recurrent_begin_forward(const chl_pass *pass, int i)
{
    chl_recurrent_work w = begin_pass(pass, i);
    cut_forward(&w, pass->batch, pass->scratch);
    return w;
}

chl_recurrent_work chl_recurrent_begin_backward(const chl_pass *pass, int i)
{
    chl_recurrent_work w = begin_pass(pass, i);
    cut_backward(&w, pass->batch, pass->scratch);
    return w;
}

chl_recurrent_work chl_recurrent_begin_run(const chl_run *run, int i)
{
    chl_recurrent_work w = begin(run->net, i);
    w.kernels = run->kernels;
    w.weight = chl_run_params(run, i, CHL_RECURRENT_WEIGHT);
    w.recurrent = chl_run_params(run, i, CHL_RECURRENT_RECURRENT);
    w.bias = chl_run_params(run, i, CHL_RECURRENT_BIAS);
    w.state_bias =
        w.kind->split ? chl_run_params(run, i, CHL_RECURRENT_STATE_BIAS) : NULL;
    int64_t kept = cut_kept(&w, run->capacity, run->scratch);
    cut_forward(&w, run->capacity, run->scratch + kept);
    chl_ragged_by_step(&w.ragged, w.list, run->rows, w.layer->in.steps,
                       chl_run_lengths(run, chl_source_mask(run->net, i)));
    return w;
}

/* ---- steps ---- */

chl_cell chl_recurrent_cell(const chl_recurrent_work *w, int64_t t)
{
    int64_t first = w->ragged.start[t];
    const chl_real *before = w->before + first * w->ld;
    if (w->kind->cell) {
        before = t > 0 ? w->cell + w->ragged.start[t - 1] * w->ld : NULL;
    }
    return (chl_cell){.rows = w->ragged.start[t + 1] - first,
                      .ld = w->ld,
                      .gates = w->gates + first * CHL_GATE_BLOCKS * w->ld,
                      .sums = w->sums,
                      .before = before,
                      .after = w->kind->cell ? w->cell + first * w->ld : NULL,
                      .h = w->h,
                      .carry = w->carry};
}

int64_t chl_recurrent_rows_after(const chl_recurrent_work *w, int64_t t)
{
    const int32_t *start = w->ragged.start;
    return t + 1 < w->ragged.steps ? start[t + 2] - start[t + 1] : 0;
}

int64_t chl_recurrent_output_at(const chl_recurrent_work *w, int64_t t, int64_t i)
{
    int64_t at = w->ragged.at[w->ragged.start[t] + i];
    if (w->layer->options.return_sequences) {
        return at * w->ld;
    }
    return i < chl_recurrent_rows_after(w, t) ? -1 : at / w->ragged.steps * w->ld;
}
