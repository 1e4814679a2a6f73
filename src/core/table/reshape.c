/* SPDX-License-Identifier: MIT */
#include "core/table/reshape.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/table/keyed.h"
#include "core/table/made.h"
#include "core/table/stack.h"

/* ---- spread ---- */

static chl_status fail_twice(const keyed *index, const keyed *columns, int64_t row,
                             chl_error *err)
{
    chl_strbuf text = {0};
    keyed_name(index, index->group[row], &text);
    chl_strbuf_puts(&text, text.length ? " and " : "");
    keyed_name(columns, columns->group[row], &text);
    chl_status status =
        text.failed ? chl_fail_memory(err)
                    : chl_fail(err, CHL_EINVAL,
                               "pivot: row %lld: expected one row for %s, got another "
                               "(an aggregate makes one of them)",
                               (long long)row + 1, text.data ? text.data : "");
    chl_strbuf_reset(&text);
    return status;
}

/* rows[c * index->count + i] = the row that fills the cell, or -1. */
static chl_status find_cells(const keyed *index, const keyed *columns, int64_t n,
                             int64_t *rows, chl_error *err)
{
    for (int64_t cell = 0; cell < index->count * columns->count; cell++) {
        rows[cell] = -1;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t *cell = &rows[columns->group[i] * index->count + index->group[i]];
        if (*cell >= 0) {
            return fail_twice(index, columns, i, err);
        }
        *cell = i;
    }
    return CHL_OK;
}

static chl_status add_keys(made *m, const keyed *index, chl_error *err)
{
    for (int i = 0; i < index->keys->columns; i++) {
        const chl_field *field = &index->keys->fields[i];
        CHL_TRY(made_add(m, field->name, strlen(field->name),
                         chl_column_retain(field->column), err));
    }
    return CHL_OK;
}

static chl_status add_cells(made *m, const chl_field *value, bool prefix,
                            const keyed *index, const keyed *columns, const int64_t *rows,
                            chl_error *err)
{
    chl_status status = CHL_OK;
    chl_strbuf name = {0};
    for (int64_t c = 0; c < columns->count && status == CHL_OK; c++) {
        chl_column *cells = NULL;
        name.length = 0;
        if (prefix) {
            chl_strbuf_printf(&name, "%s_", value->name);
        }
        keyed_name(columns, c, &name);
        status = name.failed ? chl_fail_memory(err)
                             : chl_column_take(value->column, rows + c * index->count,
                                               index->count, &cells, err);
        if (status == CHL_OK) {
            status = made_add(m, name.data ? name.data : "", name.length, cells, err);
        }
    }
    chl_strbuf_reset(&name);
    return status;
}

static chl_status spread_values(const chl_frame *frame, const keyed *index,
                                const keyed *columns, chl_names values,
                                const int64_t *rows, chl_frame **out, chl_error *err)
{
    made m;
    chl_status status =
        made_init(&m, index->keys->columns + columns->count * values.n, err);
    if (status == CHL_OK) {
        status = add_keys(&m, index, err);
    }
    for (int v = 0; v < values.n && status == CHL_OK; v++) {
        int at;
        status = chl_frame_index(frame, "pivot", values.items[v], &at, err);
        if (status == CHL_OK) {
            status = add_cells(&m, &frame->fields[at], values.n > 1, index, columns, rows,
                               err);
        }
    }
    if (status == CHL_OK) {
        status = made_finish(&m, "pivot", out, err);
    }
    made_reset(&m);
    return status;
}

static chl_status spread(const chl_frame *frame, const keyed *index, const keyed *columns,
                         chl_names values, chl_frame **out, chl_error *err)
{
    if (columns->count * values.n > CHL_WIDE_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "pivot: expected at most %d new columns, got %lld", CHL_WIDE_MAX,
                        (long long)(columns->count * values.n));
    }
    int64_t *rows =
        chl_alloc((size_t)index->count,
                  (size_t)(columns->count ? columns->count : 1) * sizeof *rows);
    if (!rows) {
        return chl_fail_memory(err);
    }
    chl_status status = find_cells(index, columns, frame->rows, rows, err);
    if (status == CHL_OK) {
        status = spread_values(frame, index, columns, values, rows, out, err);
    }
    chl_free(rows);
    return status;
}

chl_status chl_frame_spread(const chl_frame *frame, chl_names index, chl_names columns,
                            chl_names values, chl_frame **out, chl_error *err)
{
    *out = NULL;
    keyed i, c;
    CHL_TRY(keyed_init(&i, frame, index.items, index.n, err));
    chl_status status = keyed_init(&c, frame, columns.items, columns.n, err);
    if (status == CHL_OK) {
        status = spread(frame, &i, &c, values, out, err);
        keyed_reset(&c);
    }
    keyed_reset(&i);
    return status;
}

/* ---- melt ---- */

static chl_status add_ids(made *m, const chl_frame *frame, chl_names id, int times,
                          chl_error *err)
{
    int64_t n = frame->rows * times;
    int64_t *indices = chl_alloc((size_t)n, sizeof *indices);
    if (!indices) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        indices[i] = i % frame->rows;
    }
    chl_status status = CHL_OK;
    for (int k = 0; k < id.n && status == CHL_OK; k++) {
        int at;
        chl_column *repeated = NULL;
        status = chl_frame_index(frame, "melt", id.items[k], &at, err);
        if (status == CHL_OK) {
            status =
                chl_column_take(frame->fields[at].column, indices, n, &repeated, err);
        }
        if (status == CHL_OK) {
            status = made_add(m, id.items[k], strlen(id.items[k]), repeated, err);
        }
    }
    chl_free(indices);
    return status;
}

static chl_status fill_names(chl_column *column, chl_names values, int64_t rows,
                             chl_error *err)
{
    CHL_TRY(chl_levels_new(&column->levels, err));
    chl_levels_set_ordered(column->levels);
    for (int v = 0; v < values.n; v++) {
        int32_t code;
        const char *name = values.items[v];
        CHL_TRY(chl_levels_intern(column->levels, name, strlen(name), &code, err));
        for (int64_t i = 0; i < rows; i++) {
            column->values.codes[v * rows + i] = code;
        }
    }
    return CHL_OK;
}

static chl_status add_names(made *m, chl_names values, int64_t rows, const char *name,
                            chl_error *err)
{
    chl_column *column = NULL;
    CHL_TRY(chl_column_new(CHL_CATEGORY, rows * values.n, false, &column, err));
    chl_status status = fill_names(column, values, rows, err);
    if (status != CHL_OK) {
        chl_column_release(column);
        return status;
    }
    chl_column_seal(column);
    return made_add(m, name, strlen(name), column, err);
}

static chl_status add_values(made *m, const chl_frame *frame, chl_names values,
                             const char *name, chl_error *err)
{
    chl_column *stacked = NULL;
    const chl_column **parts = chl_alloc((size_t)values.n, sizeof *parts);
    int64_t *rows = chl_alloc((size_t)values.n, sizeof *rows);
    chl_status status = parts && rows ? CHL_OK : chl_fail_memory(err);
    for (int v = 0; v < values.n && status == CHL_OK; v++) {
        int at;
        status = chl_frame_index(frame, "melt", values.items[v], &at, err);
        if (status == CHL_OK) {
            parts[v] = frame->fields[at].column;
            rows[v] = frame->rows;
        }
    }
    if (status == CHL_OK) {
        status = chl_columns_stack(parts, rows, values.n, &stacked, err);
        if (status != CHL_OK && err) {
            chl_error_prefix(err, "melt: values");
        }
    }
    chl_free((void *)parts);
    chl_free(rows);
    return status == CHL_OK ? made_add(m, name, strlen(name), stacked, err) : status;
}

chl_status chl_frame_melt(const chl_frame *frame, chl_names id, chl_names values,
                          const char *names_name, const char *value_name, chl_frame **out,
                          chl_error *err)
{
    *out = NULL;
    if (values.n < 1) {
        return chl_fail(err, CHL_EINVAL, "melt: expected at least one column of values");
    }
    made m;
    chl_status status = made_init(&m, id.n + 2, err);
    if (status == CHL_OK) {
        status = add_ids(&m, frame, id, values.n, err);
    }
    if (status == CHL_OK) {
        status = add_names(&m, values, frame->rows, names_name, err);
    }
    if (status == CHL_OK) {
        status = add_values(&m, frame, values, value_name, err);
    }
    if (status == CHL_OK) {
        status = made_finish(&m, "melt", out, err);
    }
    if (status == CHL_OK) {
        status = chl_frame_copy_roles(frame, *out, err);
    }
    if (status != CHL_OK) {
        chl_frame_release(*out);
        *out = NULL;
    }
    made_reset(&m);
    return status;
}
