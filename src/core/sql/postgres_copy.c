/* SPDX-License-Identifier: MIT
 *
 * The rows of a frame into a PostgreSQL table by COPY. Layer: core/sql.
 *
 * An upsert copies into a temporary table with the rows' numbers and merges that, the
 * last of the rows with one key first.
 */
#include <string.h>

#include "core/sql/postgres.h"

enum { BUFFER = 1 << 16 };

/* ---- COPY's text format ---- */

static void put_escaped(chl_strbuf *out, const char *text, size_t length)
{
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        const char *code = text[i] == '\\'   ? "\\\\"
                           : text[i] == '\n' ? "\\n"
                           : text[i] == '\r' ? "\\r"
                           : text[i] == '\t' ? "\\t"
                                             : NULL;
        if (code) {
            chl_strbuf_append(out, text + start, i - start);
            chl_strbuf_puts(out, code);
            start = i + 1;
        }
    }
    chl_strbuf_append(out, text + start, length - start);
}

static chl_status put_cell(chl_strbuf *out, const chl_field *field, int64_t row,
                           chl_error *err)
{
    const chl_column *column = field->column;
    if (!chl_column_valid(column, row)) {
        chl_strbuf_puts(out, "\\N");
    } else if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        size_t length;
        const char *text = chl_column_text(column, row, &length);
        if (length > 0 && memchr(text, 0, length)) {
            return chl_fail(err, CHL_EINVAL,
                            "row %lld: column '%s': PostgreSQL's text cannot hold a NUL "
                            "byte",
                            (long long)row + 1, field->name);
        }
        put_escaped(out, text, length);
    } else {
        chl_column_format(column, row, out);
    }
    return CHL_OK;
}

static chl_status put_row(chl_strbuf *out, const chl_frame *frame, int64_t row,
                          bool numbered, chl_error *err)
{
    for (int i = 0; i < frame->columns; i++) {
        chl_strbuf_puts(out, i > 0 ? "\t" : "");
        CHL_TRY(put_cell(out, &frame->fields[i], row, err));
    }
    if (numbered) {
        chl_strbuf_printf(out, "\t%lld", (long long)row);
    }
    chl_strbuf_putc(out, '\n');
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

/* ---- COPY ---- */

static chl_status send_buffer(postgres_state *state, chl_strbuf *buffer, chl_error *err)
{
    if (buffer->length > 0 && state->api.putCopyData(state->connection, buffer->data,
                                                     (int)buffer->length) != 1) {
        return postgres_fail(state, err);
    }
    buffer->length = 0;
    return CHL_OK;
}

static chl_status send_rows(postgres_state *state, const chl_frame *frame, bool numbered,
                            chl_error *err)
{
    chl_strbuf buffer = {0};
    chl_status status = CHL_OK;
    for (int64_t row = 0; status == CHL_OK && row < frame->rows; row++) {
        status = put_row(&buffer, frame, row, numbered, err);
        if (status == CHL_OK && buffer.length >= BUFFER) {
            status = send_buffer(state, &buffer, err);
        }
        if (status == CHL_OK && row % SQL_BATCH == 0) {
            status = sql_progress(state->control, "write_sql", row, frame->rows, err);
        }
    }
    if (status == CHL_OK) {
        status = send_buffer(state, &buffer, err);
    }
    chl_strbuf_reset(&buffer);
    return status;
}

/* Sends the rows to the COPY that was started; a failure ends it on the server too. */
static chl_status copy_rows(postgres_state *state, const chl_frame *frame, bool numbered,
                            chl_error *err)
{
    PGresult *result = NULL;
    chl_status status = send_rows(state, frame, numbered, err);
    if (state->api.putCopyEnd(state->connection,
                              status == CHL_OK ? NULL : "the client stopped") != 1 &&
        status == CHL_OK) {
        status = postgres_fail(state, err);
    }
    if (status == CHL_OK) {
        status = postgres_next(state, &result, err);
    }
    if (result) {
        status = postgres_check(state, result, err);
        state->api.clear(result);
    }
    postgres_drain(state);
    return status;
}

static chl_status copy(postgres_state *state, const chl_frame *frame, const char *command,
                       bool numbered, chl_error *err)
{
    PGresult *result;
    if (!state->api.sendQuery(state->connection, command)) {
        return postgres_fail(state, err);
    }
    CHL_TRY(postgres_next(state, &result, err));
    bool ready = state->api.resultStatus(result) == PGRES_COPY_IN;
    chl_status status = ready ? CHL_OK : postgres_check(state, result, err);
    state->api.clear(result);
    if (!ready) {
        postgres_drain(state);
        return status;
    }
    return copy_rows(state, frame, numbered, err);
}

static chl_status copy_into(postgres_state *state, const sql_insert *insert,
                            const char *target, const char *number, chl_error *err)
{
    chl_strbuf text = {0};
    chl_strbuf_printf(&text, "COPY %s (", target);
    sql_put_columns(&text, insert->frame);
    if (number) {
        chl_strbuf_puts(&text, ", ");
        sql_put_name(&text, number);
    }
    chl_strbuf_puts(&text, ") FROM STDIN");
    chl_status status = text.failed
                            ? chl_fail_memory(err)
                            : copy(state, insert->frame, text.data, number != NULL, err);
    chl_strbuf_reset(&text);
    return status;
}

/* ---- upsert ---- */

#define TEMPORARY "pg_temp.churnlab_rows"

static chl_status run_text(postgres_state *state, chl_strbuf *text, chl_error *err)
{
    chl_status status =
        text->failed ? chl_fail_memory(err) : postgres_run(state, text->data, err);
    chl_strbuf_reset(text);
    return status;
}

static chl_status create_temporary(postgres_state *state, const sql_insert *insert,
                                   const char *number, chl_error *err)
{
    chl_strbuf text = {0};
    chl_strbuf_puts(&text, "CREATE TEMPORARY TABLE churnlab_rows AS SELECT ");
    sql_put_columns(&text, insert->frame);
    chl_strbuf_puts(&text, ", 0::bigint AS ");
    sql_put_name(&text, number);
    chl_strbuf_printf(&text, " FROM %s WITH NO DATA", insert->target);
    return run_text(state, &text, err);
}

static chl_status merge(postgres_state *state, const sql_insert *insert,
                        const char *number, chl_error *err)
{
    chl_strbuf text = {0};
    chl_strbuf_printf(&text, "INSERT INTO %s (", insert->target);
    sql_put_columns(&text, insert->frame);
    chl_strbuf_puts(&text, ") SELECT DISTINCT ON (");
    sql_put_names(&text, insert->keys, insert->key_count);
    chl_strbuf_puts(&text, ") ");
    sql_put_columns(&text, insert->frame);
    chl_strbuf_puts(&text, " FROM " TEMPORARY " ORDER BY ");
    sql_put_names(&text, insert->keys, insert->key_count);
    chl_strbuf_puts(&text, ", ");
    sql_put_name(&text, number);
    chl_strbuf_puts(&text, " DESC");
    sql_put_conflict(&text, insert);
    return run_text(state, &text, err);
}

/* A column name that the frame does not have. */
static void name_number(const chl_frame *frame, chl_strbuf *name)
{
    chl_strbuf_puts(name, "churnlab_row");
    while (!name->failed && chl_frame_find(frame, name->data) >= 0) {
        chl_strbuf_putc(name, '_');
    }
}

static chl_status upsert(postgres_state *state, const sql_insert *insert, chl_error *err)
{
    chl_strbuf number = {0};
    name_number(insert->frame, &number);
    chl_status status = number.failed ? chl_fail_memory(err)
                                      : create_temporary(state, insert, number.data, err);
    if (status == CHL_OK) {
        status = copy_into(state, insert, TEMPORARY, number.data, err);
    }
    if (status == CHL_OK) {
        status = merge(state, insert, number.data, err);
    }
    if (status == CHL_OK) {
        status = postgres_run(state, "DROP TABLE " TEMPORARY, err);
    }
    chl_strbuf_reset(&number);
    return status;
}

chl_status postgres_insert(void *ctx, const sql_insert *insert,
                           const chl_control *control, chl_error *err)
{
    postgres_state *state = ctx;
    state->control = control;
    return insert->keys ? upsert(state, insert, err)
                        : copy_into(state, insert, insert->target, NULL, err);
}
