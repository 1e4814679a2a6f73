/* SPDX-License-Identifier: MIT
 *
 * The one scorer: rows → prep → nets → mean → calibration, in blocks of rows on threads.
 * Layer: core/model.
 *
 * Every step treats each row on its own and adds in a fixed order, so neither the block
 * nor the thread that a row falls on can change its bits.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/model_private.h"

enum { BLOCK_ROWS = 1024, BLOCKS_BETWEEN_REPORTS = 16 };

static chl_status check_probabilities(const double *p, int64_t n, int64_t first,
                                      chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1)) {
            return chl_fail(err, CHL_ENUMERIC,
                            "score: row %lld: expected a probability, got %g (does the "
                            "net end in a sigmoid?)",
                            (long long)(first + i + 1), p[i]);
        }
    }
    return CHL_OK;
}

chl_status chl_model_finish(const chl_model *model, double *p, int64_t n, int64_t first,
                            bool raw, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        p[i] /= model->members;
    }
    CHL_TRY(check_probabilities(p, n, first, err));
    if (!raw) {
        chl_calibration_apply(model->calibration, p, n);
    }
    return CHL_OK;
}

chl_status chl_model_predict(const chl_model *model, const double *x, int64_t n,
                             int64_t first, bool raw, double *p, chl_error *err)
{
    double *member = chl_alloc((size_t)n, sizeof *member);
    chl_status status = member ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < model->members && status == CHL_OK; i++) {
        status = chl_net_predict(model->nets[i], x, n, i == 0 ? p : member, err);
        for (int64_t row = 0; i > 0 && status == CHL_OK && row < n; row++) {
            p[row] += member[row];
        }
    }
    chl_free(member);
    return status == CHL_OK ? chl_model_finish(model, p, n, first, raw, err) : status;
}

typedef struct scoring {
    const chl_model *model;
    const chl_frame *frame;
    const chl_control *control;
    bool raw;        /* without calibration */
    int64_t first;   /* block of task 0 in the present round */
    double *p;       /* [rows] */
    int64_t *unseen; /* [blocks] */
} scoring;

static chl_status score_rows(const scoring *s, const chl_frame *rows, int64_t start,
                             int64_t *unseen, chl_error *err)
{
    chl_matrix x = {0};
    chl_prep_unseen seen = {0};
    chl_status status = chl_prep_transform(s->model->prep, rows, &x, &seen, err);
    if (status == CHL_OK) {
        status =
            chl_model_predict(s->model, x.data, x.rows, start, s->raw, s->p + start, err);
    }
    chl_matrix_reset(&x);
    *unseen = seen.cells;
    return status;
}

static chl_status score_block(void *ctx, size_t index, chl_error *err)
{
    const scoring *s = ctx;
    CHL_TRY(chl_control_check(s->control, "score", err));
    int64_t block = s->first + (int64_t)index;
    int64_t start = block * BLOCK_ROWS;
    if (s->frame->rows <= BLOCK_ROWS) {
        return score_rows(s, s->frame, 0, &s->unseen[0], err);
    }
    chl_frame *rows = NULL;
    CHL_TRY(chl_frame_slice(s->frame, start, BLOCK_ROWS, &rows, err));
    chl_status status = score_rows(s, rows, start, &s->unseen[block], err);
    chl_frame_release(rows);
    return status;
}

static chl_status score_blocks(scoring *s, int64_t blocks, chl_error *err)
{
    int threads = chl_control_threads(s->control);
    int64_t round = (int64_t)threads * BLOCKS_BETWEEN_REPORTS;
    for (s->first = 0; s->first < blocks; s->first += round) {
        int64_t n = blocks - s->first < round ? blocks - s->first : round;
        CHL_TRY(chl_parallel_for(threads, (size_t)n, score_block, s, err));
        chl_control_report(s->control, (double)(s->first + n) / (double)blocks,
                           "scoring");
    }
    return CHL_OK;
}

/* A block's message counts rows from the block's start; the prep on all rows tells the
 * row's own number. */
static chl_status explain_failure(const scoring *s, chl_status status, chl_error *err)
{
    bool about_rows = status != CHL_ENOMEM && status != CHL_ECANCELLED;
    if (about_rows && s->frame->rows > BLOCK_ROWS) {
        chl_matrix x = {0};
        chl_error whole = {0};
        chl_status again = chl_prep_transform(s->model->prep, s->frame, &x, NULL, &whole);
        chl_matrix_reset(&x);
        if (again == status && err) {
            *err = whole;
        }
    }
    return status;
}

/* The columns that the prep reads, so that blocks don't copy others. When one is missing
 * the frame itself, and the prep will say so. */
static chl_status narrow(const chl_model *model, const chl_frame *frame, chl_frame **out,
                         chl_error *err)
{
    int n = chl_prep_raw_count(model->prep);
    const char **names = chl_alloc((size_t)n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    bool whole = n == 0;
    for (int i = 0; i < n; i++) {
        names[i] = chl_prep_raw_name(model->prep, i);
        whole = whole || chl_frame_find(frame, names[i]) < 0;
    }
    chl_status status = CHL_OK;
    if (whole) {
        *out = chl_frame_retain((chl_frame *)(uintptr_t)frame);
    } else {
        status = chl_frame_select(frame, names, n, out, err);
    }
    chl_free(names);
    return status;
}

chl_status chl_model_score_frame(const chl_model *model, const chl_frame *frame, bool raw,
                                 const chl_control *control, double *p,
                                 chl_prep_unseen *unseen, chl_error *err)
{
    int64_t blocks = frame->rows > 0 ? (frame->rows + BLOCK_ROWS - 1) / BLOCK_ROWS : 1;
    chl_frame *columns = NULL;
    CHL_TRY(narrow(model, frame, &columns, err));
    scoring s = {
        .model = model, .frame = columns, .control = control, .raw = raw, .p = p};
    s.unseen = chl_calloc((size_t)blocks, sizeof *s.unseen);
    chl_status status = s.unseen ? score_blocks(&s, blocks, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        status = explain_failure(&s, status, err);
    }
    int64_t cells = 0;
    for (int64_t i = 0; status == CHL_OK && i < blocks; i++) {
        cells += s.unseen[i];
    }
    if (unseen) {
        unseen->cells = cells;
    }
    chl_free(s.unseen);
    chl_frame_release(columns);
    return status;
}

chl_status chl_model_score(const chl_model *model, const chl_frame *frame,
                           const chl_control *control, double *p, chl_prep_unseen *unseen,
                           chl_error *err)
{
    return chl_model_score_frame(model, frame, false, control, p, unseen, err);
}
