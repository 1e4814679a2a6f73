/* SPDX-License-Identifier: MIT
 *
 * The game of one explained row: v of coalitions from the tables (explain_private.h), in
 * batches of coalitions on threads. Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/explain_private.h"
#include "core/model/model_private.h"

/* ---- scratch ---- */

static int64_t block_rows(const chl_explainer *e)
{
    return e->background->rows < EXPLAIN_BLOCK ? e->background->rows : EXPLAIN_BLOCK;
}

static bool allocate_variants(explain_game *g)
{
    const chl_explainer *e = g->e;
    size_t rows = (size_t)block_rows(e);
    g->variants = chl_calloc((size_t)e->group_count, sizeof *g->variants);
    bool done = g->variants != NULL;
    for (int i = 0; i < e->group_count && done; i++) {
        size_t cells = rows * (size_t)e->groups[i].columns << e->groups[i].bits;
        g->variants[i] = chl_alloc(cells, sizeof(chl_real));
        done = g->variants[i] != NULL;
    }
    return done;
}

chl_status explain_game_init(explain_game *g, const chl_explainer *e,
                             const chl_control *control, chl_error *err)
{
    *g = (explain_game){.e = e, .control = control, .block = -1};
    g->x = chl_alloc((size_t)e->encoded, sizeof *g->x);
    g->differs = chl_alloc((size_t)block_rows(e), sizeof *g->differs);
    if (!g->x || !g->differs || (!e->direct && !allocate_variants(g))) {
        explain_game_reset(g);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

void explain_game_reset(explain_game *g)
{
    for (int i = 0; g->variants && i < g->e->group_count; i++) {
        chl_free(g->variants[i]);
    }
    chl_free(g->variants);
    chl_free(g->x);
    chl_free(g->differs);
    explain_rows_reset(&g->found);
    chl_frame_release(g->customer);
    chl_raw_mix_reset(&g->mix);
    *g = (explain_game){0};
}

static chl_status encode_customer(explain_game *g, chl_error *err)
{
    const chl_model *model = g->e->model;
    if (!g->e->direct) {
        chl_matrix x = {0};
        CHL_TRY(chl_prep_transform(chl_model_prep(model, 0), g->customer, &x, NULL, err));
        memcpy(g->x, x.data, (size_t)g->e->encoded * sizeof *g->x);
        chl_matrix_reset(&x);
    }
    return chl_model_score(model, g->customer, NULL, &g->total, NULL, err);
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

/* Without tables: the mixed rows through prep and nets. */
static chl_status run_direct(const explain_game *g, const chl_mixed_row *rows, int64_t n,
                             double *p, chl_error *err)
{
    chl_frame *frame = NULL;
    CHL_TRY(chl_raw_mix_rows(&g->mix, rows, n, &frame, err));
    chl_status status = chl_model_score(g->e->model, frame, NULL, p, NULL, err);
    chl_frame_release(frame);
    return status;
}

/* The probabilities of the mixed rows of some background rows. */
static chl_status run_batch(void *ctx, size_t index, chl_error *err)
{
    explain_game *g = ctx;
    int64_t row = (int64_t)index * EXPLAIN_BATCH_ROWS;
    int64_t end = row + EXPLAIN_BATCH_ROWS < g->rows ? row + EXPLAIN_BATCH_ROWS : g->rows;
    size_t start = g->found.start[row];
    int64_t n = (int64_t)(g->found.start[end] - start);
    double *p = g->found.p + start;
    CHL_TRY(chl_control_check(g->control, "explain", err));
    if (g->e->direct) {
        return run_direct(g, g->found.mixed + start, n, p, err);
    }
    CHL_TRY(explain_sum_nets(g, row, end, err));
    CHL_TRY(model_part_mean(g->e->model->parts[0], p, n, 0, err));
    return model_node_run(g->e->model->root, 1, &p, n, false, p, err);
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
    CHL_TRY(chl_parallel_for(chl_control_threads(g->control), tasks, run_batch, g, err));
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
