/* SPDX-License-Identifier: MIT
 *
 * Two keys against each other: counts or shares. Layer: core/table.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/table/keyed.h"
#include "core/table/made.h"
#include "core/table/reshape.h"

/* counts[c * stride + r]; row `rows` and column `columns` hold the totals. */
typedef struct crossing {
    int64_t rows, columns, stride;
    int64_t *counts;
    chl_share share;
    bool totals;
} crossing;

static chl_status count_cells(crossing *x, const keyed *row, const keyed *column,
                              int64_t n, chl_error *err)
{
    if (column->count > CHL_WIDE_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "crosstab: expected at most %d values that become columns, got "
                        "%lld",
                        CHL_WIDE_MAX, (long long)column->count);
    }
    x->rows = row->count;
    x->columns = column->count;
    x->stride = x->rows + 1;
    x->counts =
        chl_calloc((size_t)x->stride, (size_t)(x->columns + 1) * sizeof *x->counts);
    if (!x->counts) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t r = row->group[i], c = column->group[i] * x->stride;
        int64_t last = x->columns * x->stride;
        x->counts[c + r]++;
        x->counts[c + x->rows]++;
        x->counts[last + r]++;
        x->counts[last + x->rows]++;
    }
    return CHL_OK;
}

static double share_of(const crossing *x, int64_t r, int64_t c)
{
    int64_t last = x->columns * x->stride;
    int64_t whole = x->share == CHL_OF_ROW      ? x->counts[last + r]
                    : x->share == CHL_OF_COLUMN ? x->counts[c * x->stride + x->rows]
                                                : x->counts[last + x->rows];
    return whole ? (double)x->counts[c * x->stride + r] / (double)whole : 0;
}

static chl_status make_cells(const crossing *x, int64_t c, chl_column **out,
                             chl_error *err)
{
    bool shares = x->share != CHL_COUNTS;
    int64_t n = x->rows + x->totals;
    CHL_TRY(chl_column_new(shares ? CHL_F64 : CHL_I64, n, false, out, err));
    for (int64_t r = 0; r < n; r++) {
        if (shares) {
            (*out)->values.f64[r] = share_of(x, r, c);
        } else {
            (*out)->values.i64[r] = x->counts[c * x->stride + r];
        }
    }
    chl_column_seal(*out);
    return CHL_OK;
}

/* The keys as text, and "total" under them. */
static chl_status append_keys(const keyed *row, chl_builder *to, chl_error *err)
{
    chl_strbuf text = {0};
    chl_status status = CHL_OK;
    for (int64_t g = 0; g < row->count && status == CHL_OK; g++) {
        text.length = 0;
        keyed_name(row, g, &text);
        status = text.failed
                     ? chl_fail_memory(err)
                     : chl_builder_text(to, text.data ? text.data : "", text.length, err);
    }
    chl_strbuf_reset(&text);
    return status == CHL_OK ? chl_builder_text(to, "total", 5, err) : status;
}

static chl_status make_keys(const crossing *x, const keyed *row, chl_column **out,
                            chl_error *err)
{
    if (!x->totals) {
        *out = chl_column_retain(row->keys->fields[0].column);
        return CHL_OK;
    }
    chl_builder to;
    chl_status status = chl_builder_init(&to, CHL_STRING, NULL, err);
    if (status == CHL_OK) {
        status = append_keys(row, &to, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&to, out, err);
    }
    chl_builder_reset(&to);
    return status;
}

static chl_status add_columns(made *m, const crossing *x, const keyed *row,
                              const keyed *column, chl_error *err)
{
    chl_column *made_column = NULL;
    const char *name = row->keys->fields[0].name;
    CHL_TRY(make_keys(x, row, &made_column, err));
    CHL_TRY(made_add(m, name, strlen(name), made_column, err));
    chl_strbuf text = {0};
    chl_status status = CHL_OK;
    for (int64_t c = 0; c < x->columns + x->totals && status == CHL_OK; c++) {
        text.length = 0;
        if (c < x->columns) {
            keyed_name(column, c, &text);
        } else {
            chl_strbuf_puts(&text, "total");
        }
        made_column = NULL;
        status = text.failed ? chl_fail_memory(err) : make_cells(x, c, &made_column, err);
        if (status == CHL_OK) {
            status =
                made_add(m, text.data ? text.data : "", text.length, made_column, err);
        }
    }
    chl_strbuf_reset(&text);
    return status;
}

static chl_status cross(crossing *x, const keyed *row, const keyed *column, int64_t n,
                        chl_frame **out, chl_error *err)
{
    CHL_TRY(count_cells(x, row, column, n, err));
    made m;
    chl_status status = made_init(&m, x->columns + 2, err);
    if (status == CHL_OK) {
        status = add_columns(&m, x, row, column, err);
    }
    if (status == CHL_OK) {
        status = made_finish(&m, "crosstab", out, err);
    }
    made_reset(&m);
    return status;
}

chl_status chl_frame_crosstab(const chl_frame *frame, const char *row, const char *column,
                              chl_share share, bool totals, chl_frame **out,
                              chl_error *err)
{
    *out = NULL;
    keyed r, c;
    crossing x = {.share = share, .totals = totals};
    CHL_TRY(keyed_init(&r, frame, &row, 1, err));
    chl_status status = keyed_init(&c, frame, &column, 1, err);
    if (status == CHL_OK) {
        status = cross(&x, &r, &c, frame->rows, out, err);
        keyed_reset(&c);
    }
    keyed_reset(&r);
    chl_free(x.counts);
    return status;
}
