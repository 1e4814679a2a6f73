/* SPDX-License-Identifier: MIT */
#include "core/model/explain.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/explain_private.h"

enum { ROWS_IN_TASK = 4, TASKS_IN_ROUND = 8 }; /* tasks of one thread */

/* ---- the explainer ---- */

static chl_status check_class(const chl_model *model, int class, chl_error *err)
{
    int classes = chl_model_classes(model)->count;
    if (class == CHL_EXPLAIN_POSITIVE && classes > 0 && !chl_model_positive(model)) {
        return chl_fail(err, CHL_EINVAL,
                        "explain: expected a class: the target '%s' has no positive "
                        "value",
                        chl_model_target(model));
    }
    if (class != CHL_EXPLAIN_POSITIVE && (class < 0 || class >= classes)) {
        return chl_fail(err, CHL_EINVAL, "explain: expected a class from 1 to %d, got %d",
                        classes, class + 1);
    }
    return CHL_OK;
}

static chl_status count_classes(chl_explainer *e, int class, chl_error *err)
{
    int classes = chl_model_classes(e->model)->count;
    e->counted = chl_calloc((size_t)classes, sizeof *e->counted);
    if (!e->counted) {
        return chl_fail_memory(err);
    }
    for (int c = 0; c < classes; c++) {
        e->counted[c] = class == CHL_EXPLAIN_POSITIVE
                            ? chl_model_class_positive(e->model, c)
                            : c == class;
    }
    return CHL_OK;
}

static chl_status score_background(chl_explainer *e, chl_error *err)
{
    int64_t n = e->background->rows;
    double *p = chl_alloc((size_t)n, (size_t)chl_model_outputs(e->model) * sizeof *p);
    if (!p) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_model_score(e->model, e->background, NULL, p, NULL, err);
    if (status == CHL_OK) {
        double sum = 0;
        model_pick(chl_model_outputs(e->model), e->counted, p, n, p);
        for (int64_t i = 0; i < n; i++) {
            sum += p[i];
        }
        e->base = sum / (double)n;
    }
    chl_free(p);
    return status;
}

static chl_status prepare_nets(explain_part *part, chl_error *err)
{
    part->nets = chl_calloc((size_t)part->own->members, sizeof *part->nets);
    if (!part->nets) {
        return chl_fail_memory(err);
    }
    part->shallow = true;
    for (int m = 0; m < part->own->members; m++) {
        CHL_TRY(chl_sum_net_new(part->own->nets[m], &part->nets[m], err));
        part->shallow = part->shallow && chl_sum_net_is_shallow(part->nets[m]);
    }
    return CHL_OK;
}

static chl_status prepare_part(chl_explainer *e, explain_part *part, chl_error *err)
{
    CHL_TRY(chl_prep_transform(part->own->prep, e->background, &part->matrix, NULL, err));
    CHL_TRY(explain_plan(e, part, err));
    e->direct = e->direct || part->direct;
    return part->direct ? CHL_OK : prepare_nets(part, err);
}

static chl_status prepare(chl_explainer *e, const chl_frame *background, int class,
                          chl_error *err)
{
    CHL_TRY(count_classes(e, class, err));
    CHL_TRY(chl_raw_columns(chl_model_schema(e->model), "explain: background", background,
                            &e->background, err));
    CHL_TRY(score_background(e, err));
    e->parts = chl_calloc((size_t)chl_model_parts(e->model), sizeof *e->parts);
    if (!e->parts) {
        return chl_fail_memory(err);
    }
    for (; e->part_count < chl_model_parts(e->model); e->part_count++) {
        explain_part *part = &e->parts[e->part_count];
        part->own = e->model->parts[e->part_count];
        part->encoded = chl_prep_encoded_count(part->own->prep);
        chl_status status = prepare_part(e, part, err);
        if (status != CHL_OK) {
            e->part_count++; /* what there is of it is freed */
            return status;
        }
    }
    return CHL_OK;
}

chl_status chl_explainer_new(const chl_model *model, const chl_frame *background,
                             int class, chl_explainer **out, chl_error *err)
{
    *out = NULL;
    int players = chl_model_raw_count(model);
    background = background ? background : chl_model_background(model);
    CHL_TRY(check_class(model, class, err));
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
    chl_status status = prepare(e, background, class, err);
    if (status != CHL_OK) {
        chl_explainer_free(e);
        return status;
    }
    *out = e;
    return CHL_OK;
}

static void free_part(explain_part *part)
{
    chl_matrix_reset(&part->matrix);
    chl_free(part->order);
    chl_free(part->groups);
    chl_free(part->terms);
    chl_free(part->at);
    for (int m = 0; part->nets && m < part->own->members; m++) {
        chl_sum_net_free(part->nets[m]);
    }
    chl_free(part->nets);
}

void chl_explainer_free(chl_explainer *e)
{
    if (!e) {
        return;
    }
    for (int i = 0; i < e->part_count; i++) {
        free_part(&e->parts[i]);
    }
    chl_free(e->parts);
    chl_free(e->counted);
    chl_frame_release(e->background);
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
    int threads = model_threads(e->model, control);
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
                             const chl_frame *background, int class,
                             const chl_shapley_options *options,
                             const chl_control *control, chl_shapley *out, chl_error *err)
{
    memset(out, 0, sizeof *out);
    chl_explainer *e = NULL;
    CHL_TRY(chl_explainer_new(model, background, class, &e, err));
    chl_status status = chl_explainer_row(e, frame, row, options, control, out, err);
    chl_explainer_free(e);
    return status;
}
