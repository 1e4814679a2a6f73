/* SPDX-License-Identifier: MIT
 *
 * The one scorer: rows → each part's prep and nets → mix → prior shift → calibration, in
 * blocks of rows on threads. Layer: core/model.
 *
 * Every step treats each row on its own and adds in a fixed order, so neither the block
 * nor the thread that a row falls on can change its bits.
 */
#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/model/model_private.h"

enum { BLOCK_ROWS = 1024, BLOCKS_BETWEEN_REPORTS = 16 };

typedef struct scoring {
    const chl_model *model;
    const chl_frame *frame;
    const chl_control *control;
    bool raw;        /* without calibration */
    int64_t first;   /* block of task 0 in the present round */
    double *p;       /* [rows × outputs] */
    int64_t *unseen; /* [blocks × parts] */
} scoring;

/* Some rows of the frame, as the parts' preps encode them. */
typedef struct encoded {
    const chl_frame *rows;
    int64_t start;   /* the first one's number in the frame */
    chl_matrix *x;   /* [parts]; only those of encoders are filled */
    int64_t *unseen; /* [parts] */
} encoded;

static chl_status encode(const scoring *s, int part, const encoded *e, chl_error *err)
{
    int encoder = s->model->encoder[part];
    if (encoder != part) {
        e->unseen[part] = e->unseen[encoder];
        return CHL_OK;
    }
    chl_prep_unseen seen = {0};
    chl_status status =
        chl_prep_transform(s->model->parts[part]->prep, e->rows, &e->x[part], &seen, err);
    e->unseen[part] = seen.cells;
    return status;
}

static chl_status score_part(const scoring *s, int part, const encoded *e, double *p,
                             chl_error *err)
{
    const model_part *own = s->model->parts[part];
    CHL_TRY(encode(s, part, e, err));
    const chl_matrix *x = &e->x[s->model->encoder[part]];
    CHL_TRY(model_part_sum(own, x->data, x->rows, p, err));
    return model_part_mean(own, p, x->rows, e->start, err);
}

/* The parts' answers in `answers`, [parts][rows × outputs], and what is made of them. */
static chl_status score_parts(const scoring *s, const chl_frame *rows, int64_t start,
                              double **answers, int64_t *unseen, chl_error *err)
{
    const chl_model *model = s->model;
    encoded e = {rows, start, NULL, unseen};
    e.x = chl_calloc((size_t)model->part_count, sizeof *e.x);
    chl_status status = e.x ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < model->part_count && status == CHL_OK; i++) {
        status = score_part(s, i, &e, answers[i], err);
    }
    for (int i = 0; e.x && i < model->part_count; i++) {
        chl_matrix_reset(&e.x[i]);
    }
    chl_free(e.x);
    return status != CHL_OK
               ? status
               : model_node_run(model->root, model->outputs, answers, rows->rows, s->raw,
                                s->p + start * model->outputs, err);
}

static chl_status score_rows(const scoring *s, const chl_frame *rows, int64_t start,
                             int64_t *unseen, chl_error *err)
{
    const chl_model *model = s->model;
    size_t parts = (size_t)model->part_count;
    size_t numbers = (size_t)(rows->rows * model->outputs);
    double *only = s->p + start * model->outputs;
    if (model->root->part >= 0) { /* the only part's answer, corrected in place */
        return score_parts(s, rows, start, &only, unseen, err);
    }
    double **answers = chl_alloc(parts, sizeof(double *));
    double *numbers_of_all = chl_alloc(parts, numbers * sizeof(double));
    chl_status status = answers && numbers_of_all ? CHL_OK : chl_fail_memory(err);
    for (size_t i = 0; i < parts && status == CHL_OK; i++) {
        answers[i] = numbers_of_all + i * numbers;
    }
    if (status == CHL_OK) {
        status = score_parts(s, rows, start, answers, unseen, err);
    }
    chl_free(answers);
    chl_free(numbers_of_all);
    return status;
}

static chl_status score_block(void *ctx, size_t index, chl_error *err)
{
    const scoring *s = ctx;
    CHL_TRY(chl_control_check(s->control, "score", err));
    int64_t block = s->first + (int64_t)index;
    int64_t start = block * BLOCK_ROWS;
    if (s->frame->rows <= BLOCK_ROWS) {
        return score_rows(s, s->frame, 0, s->unseen, err);
    }
    chl_frame *rows = NULL;
    CHL_TRY(chl_frame_slice(s->frame, start, BLOCK_ROWS, &rows, err));
    int64_t *unseen = s->unseen + block * s->model->part_count;
    chl_status status = score_rows(s, rows, start, unseen, err);
    chl_frame_release(rows);
    return status;
}

static chl_status score_blocks(scoring *s, int64_t blocks, chl_error *err)
{
    int threads = model_threads(s->model, s->control);
    int64_t round = (int64_t)threads * BLOCKS_BETWEEN_REPORTS;
    for (s->first = 0; s->first < blocks; s->first += round) {
        int64_t n = blocks - s->first < round ? blocks - s->first : round;
        CHL_TRY(chl_parallel_for(threads, (size_t)n, score_block, s, err));
        chl_control_report(s->control, (double)(s->first + n) / (double)blocks,
                           "scoring");
    }
    return CHL_OK;
}

/* A block's message counts rows from the block's start; the preps on all rows tell the
 * row's own number. */
static chl_status explain_failure(const scoring *s, chl_status status, chl_error *err)
{
    bool about_rows = status != CHL_ENOMEM && status != CHL_ECANCELLED;
    if (!about_rows || s->frame->rows <= BLOCK_ROWS) {
        return status;
    }
    chl_status again = CHL_OK;
    for (int i = 0; i < s->model->part_count && again == CHL_OK; i++) {
        chl_matrix x = {0};
        chl_error whole = {0};
        again = chl_prep_transform(s->model->parts[i]->prep, s->frame, &x, NULL, &whole);
        chl_matrix_reset(&x);
        if (again == status && err) {
            *err = whole;
        }
    }
    return status;
}

/* The columns that the preps read, so that blocks don't copy others. When one is missing
 * the frame itself, and the prep will say so. */
static chl_status narrow(const chl_model *model, const chl_frame *frame, chl_frame **out,
                         chl_error *err)
{
    int n = chl_model_raw_count(model);
    const char **names = chl_alloc((size_t)n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    bool whole = n == 0;
    for (int i = 0; i < n; i++) {
        names[i] = chl_model_raw_name(model, i);
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

/* Of the part that met most: parts of one model see the same cells. */
static int64_t count_unseen(const scoring *s, int64_t blocks)
{
    int64_t most = 0;
    for (int i = 0; i < s->model->part_count; i++) {
        int64_t cells = 0;
        for (int64_t block = 0; block < blocks; block++) {
            cells += s->unseen[block * s->model->part_count + i];
        }
        most = cells > most ? cells : most;
    }
    return most;
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
    s.unseen = chl_calloc((size_t)blocks, (size_t)model->part_count * sizeof *s.unseen);
    chl_status status = s.unseen ? score_blocks(&s, blocks, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        status = explain_failure(&s, status, err);
    }
    if (unseen) {
        unseen->cells = status == CHL_OK ? count_unseen(&s, blocks) : 0;
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
