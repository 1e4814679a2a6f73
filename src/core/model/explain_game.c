/* SPDX-License-Identifier: MIT
 *
 * The game of one explained row: v of coalitions from the tables (explain_private.h), in
 * batches of coalitions on threads. Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/explain_private.h"

/* ---- scratch ---- */

static int64_t block_rows(const chl_explainer *e)
{
    return e->background->rows < EXPLAIN_BLOCK ? e->background->rows : EXPLAIN_BLOCK;
}

static bool allocate_values(const explain_game *g, const explain_part *part,
                            explain_values *values)
{
    size_t rows = (size_t)block_rows(g->e);
    values->x = chl_alloc((size_t)part->encoded, sizeof *values->x);
    values->variants = chl_calloc((size_t)part->group_count, sizeof *values->variants);
    bool done = values->x && values->variants;
    for (int i = 0; !part->direct && i < part->group_count && done; i++) {
        size_t cells = rows * (size_t)part->groups[i].columns << part->groups[i].bits;
        values->variants[i] = chl_alloc(cells, sizeof(chl_real));
        done = values->variants[i] != NULL;
    }
    return done;
}

chl_status explain_game_init(explain_game *g, const chl_explainer *e,
                             const chl_control *control, chl_error *err)
{
    *g = (explain_game){.e = e, .control = control, .block = -1};
    g->differs = chl_alloc((size_t)block_rows(e), sizeof *g->differs);
    g->values = chl_calloc((size_t)e->part_count, sizeof *g->values);
    g->found.subsets = chl_calloc((size_t)e->part_count, sizeof *g->found.subsets);
    bool done = g->differs && g->values && g->found.subsets;
    for (int i = 0; i < e->part_count && done; i++) {
        done = allocate_values(g, &e->parts[i], &g->values[i]);
    }
    if (!done) {
        explain_game_reset(g);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

void explain_game_reset(explain_game *g)
{
    int parts = g->e ? g->e->part_count : 0;
    for (int k = 0; g->values && k < parts; k++) {
        chl_real **variants = g->values[k].variants;
        for (int i = 0; variants && i < g->e->parts[k].group_count; i++) {
            chl_free(variants[i]);
        }
        chl_free(variants);
        chl_free(g->values[k].x);
    }
    chl_free(g->values);
    chl_free(g->differs);
    explain_rows_reset(&g->found, parts);
    chl_frame_release(g->customer);
    chl_raw_mix_reset(&g->mix);
    *g = (explain_game){0};
}

static chl_status score_customer(explain_game *g, chl_error *err)
{
    const chl_model *model = g->e->model;
    double *p = chl_alloc((size_t)chl_model_outputs(model), sizeof *p);
    chl_status status = p ? chl_model_score(model, g->customer, NULL, p, NULL, err)
                          : chl_fail_memory(err);
    if (status == CHL_OK) {
        model_pick(chl_model_outputs(model), g->e->counted, p, 1, &g->total);
    }
    chl_free(p);
    return status;
}

static chl_status encode_customer(explain_game *g, chl_error *err)
{
    for (int i = 0; i < g->e->part_count; i++) {
        const explain_part *part = &g->e->parts[i];
        chl_matrix x = {0};
        CHL_TRY(chl_prep_transform(part->own->prep, g->customer, &x, NULL, err));
        memcpy(g->values[i].x, x.data, (size_t)part->encoded * sizeof *x.data);
        chl_matrix_reset(&x);
    }
    return score_customer(g, err);
}

chl_status explain_game_start(explain_game *g, const chl_frame *frame, int64_t row,
                              chl_error *err)
{
    chl_frame *one = NULL;
    g->block = -1;
    chl_frame_release(g->customer);
    g->customer = NULL;
    CHL_TRY(chl_frame_slice(frame, row, 1, &one, err));
    chl_status status =
        chl_raw_columns(chl_model_schema(g->e->model), "explain", one, &g->customer, err);
    chl_frame_release(one);
    CHL_TRY(status);
    return encode_customer(g, err);
}

/* ---- values ---- */

/* Without tables: the mixed rows through the part's prep and nets. */
static chl_status run_direct(const explain_game *g, const model_part *part, size_t start,
                             int64_t n, double *p, chl_error *err)
{
    chl_frame *frame = NULL;
    chl_matrix x = {0};
    CHL_TRY(chl_raw_mix_rows(&g->mix, g->found.mixed + start, n, &frame, err));
    chl_status status = chl_prep_transform(part->prep, frame, &x, NULL, err);
    if (status == CHL_OK) {
        status = model_part_sum(part, x.data, n, p, err);
    }
    chl_matrix_reset(&x);
    chl_frame_release(frame);
    return status;
}

/* The parts' answers for the mixed rows of background rows row … end-1, in
 * answers[parts][n × outputs], and in p[n] the probabilities that are made of them;
 * `all` is scratch of n × outputs. */
static chl_status run_parts(const explain_game *g, int64_t row, int64_t end,
                            double **answers, double *all, double *p, chl_error *err)
{
    const chl_explainer *e = g->e;
    size_t start = g->found.start[row];
    int64_t n = (int64_t)(g->found.start[end] - start);
    for (int i = 0; i < e->part_count; i++) {
        const model_part *own = e->parts[i].own;
        CHL_TRY(e->parts[i].direct ? run_direct(g, own, start, n, answers[i], err)
                                   : explain_sum_nets(g, i, row, end, answers[i], err));
        CHL_TRY(model_part_mean(own, answers[i], n, 0, err));
    }
    CHL_TRY(model_node_run(e->model->root, chl_model_outputs(e->model), answers, n, false,
                           all, err));
    model_pick(chl_model_outputs(e->model), e->counted, all, n, p);
    return CHL_OK;
}

/* The probabilities of the mixed rows of some background rows. */
static chl_status run_batch(void *ctx, size_t index, chl_error *err)
{
    explain_game *g = ctx;
    const chl_model *model = g->e->model;
    int64_t row = (int64_t)index * EXPLAIN_BATCH_ROWS;
    int64_t end = row + EXPLAIN_BATCH_ROWS < g->rows ? row + EXPLAIN_BATCH_ROWS : g->rows;
    size_t start = g->found.start[row], parts = (size_t)g->e->part_count;
    size_t numbers = (g->found.start[end] - start) * (size_t)chl_model_outputs(model);
    double *p = g->found.p + start;
    CHL_TRY(chl_control_check(g->control, "explain", err));
    if (model->root->part >= 0 && chl_model_outputs(model) == 1) {
        return run_parts(g, row, end, &p, p, p, err); /* all in place */
    }
    double **answers = chl_alloc(parts, sizeof(double *));
    double *block = chl_alloc(parts + 1, numbers * sizeof(double));
    chl_status status = answers && block ? CHL_OK : chl_fail_memory(err);
    for (size_t i = 0; i < parts && status == CHL_OK; i++) {
        answers[i] = block + i * numbers;
    }
    if (status == CHL_OK) {
        status = run_parts(g, row, end, answers, block + parts * numbers, p, err);
    }
    chl_free(answers);
    chl_free(block);
    return status;
}

/* Adds the probabilities of one block of background rows to the values. */
static chl_status run_block(explain_game *g, int64_t first, const uint64_t *coalitions,
                            int64_t n, double *values, chl_error *err)
{
    if (g->block != first) {
        CHL_TRY(explain_load_block(g, first, err));
    }
    CHL_TRY(explain_collect(g, coalitions, n, err));
    size_t tasks = (size_t)(g->rows + EXPLAIN_BATCH_ROWS - 1) / EXPLAIN_BATCH_ROWS;
    int threads = model_threads(g->e->model, g->control);
    CHL_TRY(chl_parallel_for(threads, tasks, run_batch, g, err));
    for (int64_t row = 0; row < g->rows; row++) {
        const int32_t *which = g->found.which + row * n;
        for (int64_t k = 0; k < n; k++) {
            values[k] += g->found.p[which[k]];
        }
    }
    return CHL_OK;
}

static chl_status run_coalitions(explain_game *g, const uint64_t *coalitions, int64_t n,
                                 double *values, chl_error *err)
{
    int64_t rows = g->e->background->rows;
    uint64_t all = (UINT64_C(1) << g->e->players) - 1;
    memset(values, 0, (size_t)n * sizeof *values);
    for (int64_t first = 0; first < rows; first += EXPLAIN_BLOCK) {
        CHL_TRY(run_block(g, first, coalitions, n, values, err));
    }
    for (int64_t k = 0; k < n; k++) {
        values[k] = coalitions[k] == 0     ? g->e->base
                    : coalitions[k] == all ? g->total
                                           : values[k] / (double)rows;
    }
    return CHL_OK;
}

chl_status explain_game_value(void *ctx, const uint64_t *coalitions, int64_t n,
                              double *values, chl_error *err)
{
    for (int64_t at = 0; at < n; at += EXPLAIN_COALITIONS) {
        int64_t left = n - at;
        CHL_TRY(run_coalitions(ctx, coalitions + at,
                               left < EXPLAIN_COALITIONS ? left : EXPLAIN_COALITIONS,
                               values + at, err));
    }
    return CHL_OK;
}
