/* SPDX-License-Identifier: MIT */
#include "core/model/explain.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/explain_private.h"
#include "core/model/model_private.h"

enum { ROWS_IN_TASK = 4, TASKS_IN_ROUND = 8 }; /* tasks of one thread */

/* ---- the explainer ---- */

static chl_status score_background(chl_explainer *e, chl_error *err)
{
    int64_t n = e->background->rows;
    double *p = chl_alloc((size_t)n, sizeof *p);
    if (!p) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_model_score(e->model, e->background, NULL, p, NULL, err);
    double sum = 0;
    for (int64_t i = 0; i < n && status == CHL_OK; i++) {
        sum += p[i];
    }
    e->base = sum / (double)n;
    chl_free(p);
    return status;
}

static chl_status encode_background(chl_explainer *e, chl_error *err)
{
    return e->direct ? CHL_OK
                     : chl_prep_transform(chl_model_prep(e->model, 0), e->background,
                                          &e->matrix, NULL, err);
}

static chl_status prepare_nets(chl_explainer *e, chl_error *err)
{
    int members = chl_model_members(e->model, 0);
    e->nets = chl_calloc((size_t)members, sizeof *e->nets);
    if (!e->nets) {
        return chl_fail_memory(err);
    }
    for (int m = 0; m < members; m++) {
        CHL_TRY(chl_sum_net_new(chl_model_net(e->model, 0, m), &e->nets[m], err));
    }
    return CHL_OK;
}

static chl_status prepare(chl_explainer *e, const chl_frame *background, chl_error *err)
{
    CHL_TRY(chl_raw_columns(chl_model_schema(e->model), "explain: background", background,
                            &e->background, err));
    CHL_TRY(score_background(e, err));
    CHL_TRY(explain_plan(e, err));
    CHL_TRY(encode_background(e, err));
    return prepare_nets(e, err);
}

chl_status chl_explainer_new(const chl_model *model, const chl_frame *background,
                             chl_explainer **out, chl_error *err)
{
    *out = NULL;
    int players = chl_model_raw_count(model);
    background = background ? background : chl_model_background(model);
    if (players > CHL_SHAPLEY_PLAYERS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "explain: expected at most %d raw columns, got %d",
                        CHL_SHAPLEY_PLAYERS_MAX, players);
    }
    if (background->rows < 1) {
        return chl_fail(err, CHL_EINVAL,
                        "explain: background: expected at least one row");
    }
    chl_explainer *e = chl_calloc(1, sizeof *e);
    if (!e) {
        return chl_fail_memory(err);
    }
    e->model = model;
    e->players = players;
    e->encoded = chl_prep_encoded_count(chl_model_prep(model, 0));
    chl_status status = prepare(e, background, err);
    if (status != CHL_OK) {
        chl_explainer_free(e);
        return status;
    }
    *out = e;
    return CHL_OK;
}

void chl_explainer_free(chl_explainer *e)
{
    if (!e) {
        return;
    }
    chl_frame_release(e->background);
    chl_matrix_reset(&e->matrix);
    chl_free(e->order);
    chl_free(e->groups);
    chl_free(e->terms);
    chl_free(e->at);
    for (int m = 0; e->nets && m < chl_model_members(e->model, 0); m++) {
        chl_sum_net_free(e->nets[m]);
    }
    chl_free(e->nets);
    chl_free(e);
}

/* ---- rows ---- */

static chl_status explain_one(explain_game *g, const chl_frame *frame, int64_t row,
                              const chl_shapley_options *options, chl_shapley *out,
                              chl_error *err)
{
    chl_status status = explain_game_start(g, frame, row, err);
    if (status == CHL_OK) {
        chl_game game = {g->e->players, explain_game_value, g};
        status = chl_shapley_compute(&game, options, g->control, out, err);
    }
    if (status != CHL_OK && status != CHL_ECANCELLED) {
        chl_error_prefix(err, "row %lld", (long long)row + 1);
    }
    return status;
}

static chl_status check_row(const chl_frame *frame, int64_t row, chl_error *err)
{
    if (row < 0 || row >= frame->rows) {
        return chl_fail(err, CHL_EINVAL,
                        "explain: expected a row from 1 to %lld, got %lld",
                        (long long)frame->rows, (long long)row + 1);
    }
    return CHL_OK;
}

chl_status chl_explainer_row(const chl_explainer *e, const chl_frame *frame, int64_t row,
                             const chl_shapley_options *options,
                             const chl_control *control, chl_shapley *out, chl_error *err)
{
    explain_game g;
    memset(out, 0, sizeof *out);
    CHL_TRY(check_row(frame, row, err));
    CHL_TRY(explain_game_init(&g, e, control, err));
    chl_status status = explain_one(&g, frame, row, options, out, err);
    explain_game_reset(&g);
    return status;
}

chl_status chl_explainer_values(const chl_explainer *e, const chl_frame *frame,
                                int64_t row, const uint64_t *coalitions, int64_t n,
                                double *values, chl_error *err)
{
    explain_game g;
    CHL_TRY(check_row(frame, row, err));
    CHL_TRY(explain_game_init(&g, e, NULL, err));
    chl_status status = explain_game_start(&g, frame, row, err);
    if (status == CHL_OK) {
        status = explain_game_value(&g, coalitions, n, values, err);
    }
    explain_game_reset(&g);
    return status;
}

typedef struct many {
    const chl_explainer *e;
    const chl_frame *frame;
    const chl_shapley_options *options;
    const chl_control *control;
    int64_t first; /* row of task 0 in the present round */
    int64_t end;   /* the round's last row + 1 */
    double *phi;
} many;

static chl_status explain_task(void *ctx, size_t index, chl_error *err)
{
    const many *m = ctx;
    chl_control quiet = {.cancel = m->control ? m->control->cancel : NULL, .threads = 1};
    explain_game g;
    CHL_TRY(explain_game_init(&g, m->e, &quiet, err));
    int64_t row = m->first + (int64_t)index * ROWS_IN_TASK;
    int64_t end = row + ROWS_IN_TASK < m->end ? row + ROWS_IN_TASK : m->end;
    chl_status status = CHL_OK;
    for (; row < end && status == CHL_OK; row++) {
        chl_shapley shapley;
        status = explain_one(&g, m->frame, row, m->options, &shapley, err);
        if (status == CHL_OK) {
            memcpy(m->phi + row * m->e->players, shapley.phi,
                   (size_t)m->e->players * sizeof *m->phi);
        }
    }
    explain_game_reset(&g);
    return status;
}

chl_status chl_explainer_rows(const chl_explainer *e, const chl_frame *frame,
                              const chl_shapley_options *options,
                              const chl_control *control, double *phi, chl_error *err)
{
    int threads = chl_control_threads(control);
    int64_t round = (int64_t)threads * TASKS_IN_ROUND * ROWS_IN_TASK;
    many m = {e, frame, options, control, 0, 0, phi};
    for (m.first = 0; m.first < frame->rows; m.first += round) {
        int64_t left = frame->rows - m.first;
        m.end = m.first + (left < round ? left : round);
        size_t tasks = (size_t)((m.end - m.first + ROWS_IN_TASK - 1) / ROWS_IN_TASK);
        CHL_TRY(chl_parallel_for(threads, tasks, explain_task, &m, err));
        chl_control_report(control, (double)m.end / (double)frame->rows, "explaining");
        CHL_TRY(chl_control_check(control, "explain", err));
    }
    return CHL_OK;
}

chl_status chl_model_explain(const chl_model *model, const chl_frame *frame, int64_t row,
                             const chl_frame *background,
                             const chl_shapley_options *options,
                             const chl_control *control, chl_shapley *out, chl_error *err)
{
    memset(out, 0, sizeof *out);
    chl_explainer *e = NULL;
    CHL_TRY(chl_explainer_new(model, background, &e, err));
    chl_status status = chl_explainer_row(e, frame, row, options, control, out, err);
    chl_explainer_free(e);
    return status;
}
