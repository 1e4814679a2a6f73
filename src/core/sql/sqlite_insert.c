/* SPDX-License-Identifier: MIT
 *
 * The rows of a frame into a SQLite table: one prepared INSERT. Layer: core/sql.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/sql/sqlite.h"

static int bind_formatted(sqlite_state *state, int at, const chl_column *column,
                          int64_t row, chl_strbuf *scratch)
{
    scratch->length = 0;
    chl_column_format(column, row, scratch);
    if (scratch->failed) {
        return SQLITE_NOMEM;
    }
    return state->api.bind_text64(state->stmt, at, scratch->data, scratch->length,
                                  SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_cell(sqlite_state *state, int at, const chl_column *column, int64_t row,
                     chl_strbuf *scratch)
{
    const sqlite_library *api = &state->api;
    if (!chl_column_valid(column, row)) {
        return api->bind_null(state->stmt, at);
    }
    switch (column->type) {
    case CHL_F64: return api->bind_double(state->stmt, at, column->values.f64[row]);
    case CHL_I64: return api->bind_int64(state->stmt, at, column->values.i64[row]);
    case CHL_BOOL: return api->bind_int64(state->stmt, at, column->values.boolean[row]);
    case CHL_CATEGORY:
    case CHL_STRING: {
        size_t length;
        const char *text = chl_column_text(column, row, &length);
        return api->bind_text64(state->stmt, at, text, length, SQLITE_STATIC,
                                SQLITE_UTF8);
    }
    case CHL_DATE:
    case CHL_TIMESTAMP: break;
    }
    return bind_formatted(state, at, column, row, scratch);
}

static chl_status insert_row(sqlite_state *state, const chl_frame *frame, int64_t row,
                             chl_strbuf *scratch, chl_error *err)
{
    int code = SQLITE_OK;
    for (int i = 0; code == SQLITE_OK && i < frame->columns; i++) {
        code = bind_cell(state, i + 1, frame->fields[i].column, row, scratch);
    }
    if (code == SQLITE_OK) {
        code = state->api.step(state->stmt);
    }
    if (code != SQLITE_DONE) {
        chl_status status = sqlite_fail(state, code, err);
        if (status == CHL_EINVAL) {
            chl_error_prefix(err, "row %lld", (long long)row + 1);
        }
        return status;
    }
    state->api.reset(state->stmt);
    return CHL_OK;
}

static chl_status prepare_insert(sqlite_state *state, const sql_insert *insert,
                                 chl_error *err)
{
    const chl_frame *frame = insert->frame;
    chl_strbuf text = {0};
    chl_strbuf_printf(&text, "INSERT INTO %s (", insert->target);
    sql_put_columns(&text, frame);
    for (int i = 0; i < frame->columns; i++) {
        chl_strbuf_puts(&text, i > 0 ? ", ?" : ") VALUES (?");
    }
    chl_strbuf_putc(&text, ')');
    if (insert->keys) {
        sql_put_conflict(&text, insert);
    }
    chl_status status =
        text.failed ? chl_fail_memory(err) : sqlite_prepare(state, text.data, err);
    chl_strbuf_reset(&text);
    return status;
}

chl_status sqlite_insert(void *ctx, const sql_insert *insert, const chl_control *control,
                         chl_error *err)
{
    sqlite_state *state = ctx;
    chl_strbuf scratch = {0};
    state->control = control;
    chl_status status = prepare_insert(state, insert, err);
    for (int64_t row = 0; status == CHL_OK && row < insert->frame->rows; row++) {
        status = insert_row(state, insert->frame, row, &scratch, err);
        if (status == CHL_OK && row % SQL_BATCH == 0) {
            status = sql_progress(control, "write_sql", row, insert->frame->rows, err);
        }
    }
    chl_strbuf_reset(&scratch);
    sqlite_finalize(state);
    return status;
}
