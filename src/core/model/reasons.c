/* SPDX-License-Identifier: MIT */
#include "core/model/reasons.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"

enum { NAME_LENGTH = 32, TEXT = 0, EFFECT = 1, NAME = 2, KINDS = 3 };

typedef struct writer {
    const chl_model *model;
    const chl_column *raw[CHL_SHAPLEY_PLAYERS_MAX]; /* the frame's columns, or NULL */
    int players, k;
    chl_builder *builders;      /* [k × KINDS] */
    char (*names)[NAME_LENGTH]; /* [k × 2]: reason_i, reason_i_effect */
    chl_strbuf text;
} writer;

/* The k largest effects above CHL_REASON_LEAST; order[i] = raw column. Returns how many.
 */
static int rank(const double *phi, int players, int k, int *order)
{
    int n = 0;
    for (int j = 0; j < players; j++) {
        if (!(phi[j] > CHL_REASON_LEAST)) {
            continue;
        }
        int at = n;
        while (at > 0 && phi[order[at - 1]] < phi[j]) {
            at--;
        }
        for (int i = n < k ? n : k - 1; i > at; i--) {
            order[i] = order[i - 1];
        }
        if (at < k) {
            order[at] = j;
            n = n < k ? n + 1 : k;
        }
    }
    return n;
}

static chl_status put_reason(writer *w, int i, int column, int64_t row, double effect,
                             chl_error *err)
{
    const char *name = chl_model_raw_name(w->model, column);
    const chl_column *cells = w->raw[column];
    w->text.length = 0;
    chl_strbuf_printf(&w->text, "%s = ", name);
    if (cells && chl_column_valid(cells, row)) {
        chl_column_format(cells, row, &w->text);
    } else {
        chl_strbuf_puts(&w->text, "NA");
    }
    if (w->text.failed) {
        return chl_fail_memory(err);
    }
    chl_builder *b = &w->builders[i * KINDS];
    CHL_TRY(chl_builder_text(&b[TEXT], w->text.data, w->text.length, err));
    CHL_TRY(chl_builder_f64(&b[EFFECT], effect, err));
    w->text.length = 0;
    chl_strbuf_puts(&w->text, name);
    return chl_builder_text(&b[NAME], w->text.data, w->text.length, err);
}

static chl_status put_row(writer *w, const double *phi, int64_t row, chl_error *err)
{
    int order[CHL_SHAPLEY_PLAYERS_MAX];
    int n = rank(phi, w->players, w->k, order);
    for (int i = 0; i < n; i++) {
        CHL_TRY(put_reason(w, i, order[i], row, phi[order[i]], err));
    }
    for (int i = n * KINDS; i < w->k * KINDS; i++) {
        CHL_TRY(chl_builder_null(&w->builders[i], err));
    }
    return CHL_OK;
}

static chl_status writer_init(writer *w, const chl_model *model, const chl_frame *frame,
                              int k, chl_error *err)
{
    *w = (writer){.model = model, .k = k};
    w->players = chl_model_raw_count(model);
    w->builders = chl_calloc((size_t)k * KINDS, sizeof *w->builders);
    w->names = chl_calloc((size_t)k * 2, sizeof *w->names);
    if (!w->builders || !w->names) {
        return chl_fail_memory(err);
    }
    for (int j = 0; j < w->players; j++) {
        w->raw[j] = chl_frame_column(frame, chl_model_raw_name(w->model, j));
    }
    for (int i = 0; i < k; i++) {
        snprintf(w->names[2 * i], NAME_LENGTH, "reason_%d", i + 1);
        snprintf(w->names[2 * i + 1], NAME_LENGTH, "reason_%d_effect", i + 1);
        chl_builder *b = &w->builders[i * KINDS];
        CHL_TRY(chl_builder_init(&b[TEXT], CHL_STRING, NULL, err));
        CHL_TRY(chl_builder_init(&b[EFFECT], CHL_F64, NULL, err));
        CHL_TRY(chl_builder_init(&b[NAME], CHL_STRING, NULL, err));
    }
    return CHL_OK;
}

static void writer_reset(writer *w)
{
    for (int i = 0; w->builders && i < w->k * KINDS; i++) {
        chl_builder_reset(&w->builders[i]);
    }
    chl_free(w->builders);
    chl_free(w->names);
    chl_strbuf_reset(&w->text);
}

static chl_status finish(writer *w, chl_column **columns, chl_frame **texts,
                         chl_frame **names, chl_error *err)
{
    const char *text_names[2 * CHL_REASONS_MAX], *name_names[CHL_REASONS_MAX];
    chl_column **column_names = columns + (ptrdiff_t)2 * w->k;
    for (int i = 0; i < w->k; i++) {
        chl_builder *b = &w->builders[i * KINDS];
        text_names[2 * i] = name_names[i] = w->names[2 * i];
        text_names[2 * i + 1] = w->names[2 * i + 1];
        CHL_TRY(chl_builder_finish(&b[TEXT], &columns[2 * i], err));
        CHL_TRY(chl_builder_finish(&b[EFFECT], &columns[2 * i + 1], err));
        CHL_TRY(chl_builder_finish(&b[NAME], &column_names[i], err));
    }
    CHL_TRY(chl_frame_new(text_names, columns, 2 * w->k, texts, err));
    chl_status status = chl_frame_new(name_names, column_names, w->k, names, err);
    if (status != CHL_OK) {
        chl_frame_release(*texts);
        *texts = NULL;
    }
    return status;
}

chl_status chl_reasons_make(const chl_model *model, const chl_frame *frame,
                            const double *phi, int k, chl_frame **texts,
                            chl_frame **names, chl_error *err)
{
    *texts = *names = NULL;
    if (k < 1 || k > CHL_REASONS_MAX) {
        return chl_fail(err, CHL_EINVAL, "reasons: expected 1 to %d, got %d",
                        CHL_REASONS_MAX, k);
    }
    writer w;
    chl_column *columns[KINDS * CHL_REASONS_MAX] = {0};
    chl_status status = writer_init(&w, model, frame, k, err);
    for (int64_t row = 0; row < frame->rows && status == CHL_OK; row++) {
        status = put_row(&w, phi + row * w.players, row, err);
    }
    if (status == CHL_OK) {
        status = finish(&w, columns, texts, names, err);
    }
    for (int i = 0; i < KINDS * k; i++) {
        chl_column_release(columns[i]);
    }
    writer_reset(&w);
    return status;
}
