/* SPDX-License-Identifier: MIT
 *
 * SQLite behind sql.h. Layer: core/sql.
 *
 * SQLite types values, not columns: a column is read as what it was declared ("BOOL…",
 * "DATE", "…TIMESTAMP…" and "DATETIME", else SQLite's own rules of affinity), an
 * expression as what its first value is. Dates and times are ISO text.
 */
#include "core/sql/sqlite.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/alloc.h"

enum { OPS_PER_LOOK = 20000, BUSY_LOOKS = 100, BUSY_MS = 20 };

/* ---- connection ---- */

/* SQLite's handlers: not zero stops the statement. */
static int look_for_cancel(void *ctx)
{
    return chl_control_cancelled(((sqlite_state *)ctx)->control);
}

/* Another process writes: wait up to two seconds; zero gives up. */
static int wait_for_lock(void *ctx, int looks)
{
    struct timespec pause = {.tv_nsec = BUSY_MS * 1000000L};
    nanosleep(&pause, NULL);
    return looks < BUSY_LOOKS && !look_for_cancel(ctx);
}

static void close_database(void *ctx)
{
    sqlite_state *state = ctx;
    sqlite_finalize(state);
    if (state->db) {
        state->api.close_v2(state->db);
    }
    chl_free(state);
}

static chl_status open_file(sqlite_state *state, const char *path, bool read_only,
                            chl_error *err)
{
    bool memory = strcmp(path, ":memory:") == 0;
    int flags = read_only && !memory ? SQLITE_OPEN_READONLY
                                     : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = state->api.open_v2(path, &state->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        int system = state->db ? state->api.system_errno(state->db) : 0;
        sqlite_fail(state, code, err);
        return system && err ? chl_fail(err, CHL_EIO, "SQLite: %s: cannot open: %s", path,
                                        strerror(system))
                             : chl_error_prefix(err, "%s", path);
    }
    state->api.progress_handler(state->db, OPS_PER_LOOK, look_for_cancel, state);
    state->api.busy_handler(state->db, wait_for_lock, state);
    return CHL_OK;
}

static chl_status open_database(const char *url, bool read_only,
                                const chl_control *control, void **out, chl_error *err)
{
    const char *path = strchr(url, ':') + 1;
    (void)control; /* opening a file does not wait */
    *out = NULL;
    if (path[0] == '\0') {
        return chl_fail(err, CHL_EINVAL, "expected sqlite:<path> or sqlite::memory:");
    }
    sqlite_state *state = chl_calloc(1, sizeof *state);
    if (!state) {
        return chl_fail_memory(err);
    }
    chl_status status = sqlite_library_load(&state->api, err);
    if (status == CHL_OK) {
        status = open_file(state, path, read_only, err);
    }
    if (status != CHL_OK) {
        close_database(state);
        return status;
    }
    *out = state;
    return CHL_OK;
}

/* ---- reading ---- */

static bool holds(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; *text; text++) {
        if (strncasecmp(text, word, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The type of a column that was declared so; NULL is an expression. */
static int declared_type(const char *declared)
{
    static const struct {
        const char *word;
        int type;
    } words[] = {{"BOOL", CHL_BOOL},          {"TIMESTAMP", CHL_TIMESTAMP},
                 {"DATETIME", CHL_TIMESTAMP}, {"INT", CHL_I64},
                 {"CHAR", CHL_STRING},        {"CLOB", CHL_STRING},
                 {"TEXT", CHL_STRING},        {"REAL", CHL_F64},
                 {"FLOA", CHL_F64},           {"DOUB", CHL_F64},
                 {"NUMERIC", CHL_F64},        {"DECIMAL", CHL_F64}};
    if (!declared) {
        return SQL_UNDECIDED;
    }
    if (strcasecmp(declared, "DATE") == 0) {
        return CHL_DATE;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (holds(declared, words[i].word)) {
            return words[i].type;
        }
    }
    return SQL_UNDECIDED;
}

static chl_status declare_columns(sqlite_state *state, sql_columns *columns,
                                  chl_error *err)
{
    int n = state->api.column_count(state->stmt);
    if (!state->api.stmt_readonly(state->stmt)) {
        return chl_fail(err, CHL_EINVAL,
                        "the statement would change the database: use sql.execute");
    }
    if (n == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "expected a query, got a statement without rows");
    }
    CHL_TRY(sql_columns_init(columns, n, err));
    for (int i = 0; i < n; i++) {
        const char *name = state->api.column_name(state->stmt, i);
        if (!name) {
            return chl_fail_memory(err);
        }
        int type = declared_type(state->api.column_decltype(state->stmt, i));
        CHL_TRY(sql_columns_declare(columns, i, name, type, err));
    }
    return CHL_OK;
}

static chl_status query(void *ctx, const char *text, const json_t *params,
                        const chl_control *control, sql_columns *columns, chl_error *err)
{
    sqlite_state *state = ctx;
    state->control = control;
    CHL_TRY(sqlite_prepare(state, text, err));
    CHL_TRY(sqlite_bind(state, params, err));
    return declare_columns(state, columns, err);
}

static chl_status append_cell(sqlite_state *state, sql_columns *columns, int i,
                              chl_error *err)
{
    const sqlite_library *api = &state->api;
    int type = api->column_type(state->stmt, i);
    switch (type) {
    case SQLITE_NULL: return sql_columns_null(columns, i, err);
    case SQLITE_INTEGER:
        return sql_columns_i64(columns, i, api->column_int64(state->stmt, i), err);
    case SQLITE_FLOAT:
        return sql_columns_f64(columns, i, api->column_double(state->stmt, i), err);
    default: break;
    }
    const void *text = type == SQLITE_TEXT
                           ? (const void *)api->column_text(state->stmt, i)
                           : api->column_blob(state->stmt, i);
    int length = api->column_bytes(state->stmt, i);
    if (!text && (length > 0 || type == SQLITE_TEXT)) {
        return chl_fail_memory(err);
    }
    return sql_columns_text(columns, i, text ? text : "", (size_t)length, err);
}

static chl_status append_row(sqlite_state *state, sql_columns *columns, chl_error *err)
{
    for (int i = 0; i < columns->count; i++) {
        CHL_TRY(append_cell(state, columns, i, err));
    }
    columns->rows++;
    return CHL_OK;
}

static chl_status fetch(void *ctx, int64_t limit, const chl_control *control,
                        sql_columns *columns, bool *more, chl_error *err)
{
    sqlite_state *state = ctx;
    state->control = control;
    *more = true;
    while (*more && (limit == 0 || columns->rows < limit)) {
        int code = state->api.step(state->stmt);
        if (code == SQLITE_ROW) {
            CHL_TRY(append_row(state, columns, err));
        } else if (code == SQLITE_DONE) {
            *more = false;
        } else {
            return sqlite_fail(state, code, err);
        }
        if (columns->rows % SQL_BATCH == 0) {
            CHL_TRY(sql_progress(control, "read_sql", columns->before + columns->rows, -1,
                                 err));
        }
    }
    return CHL_OK;
}

static void finish(void *ctx)
{
    sqlite_finalize(ctx);
}

/* ---- statements that write ---- */

static chl_status run_to_end(sqlite_state *state, chl_error *err)
{
    int code;
    while ((code = state->api.step(state->stmt)) == SQLITE_ROW) {
        CHL_TRY(sql_progress(state->control, "execute", 0, -1, err));
    }
    return code == SQLITE_DONE ? CHL_OK : sqlite_fail(state, code, err);
}

static chl_status execute(void *ctx, const char *text, const json_t *params,
                          const chl_control *control, int64_t *changed, chl_error *err)
{
    sqlite_state *state = ctx;
    int before = state->api.total_changes(state->db);
    state->control = control;
    chl_status status = sqlite_prepare(state, text, err);
    if (status == CHL_OK) {
        status = sqlite_bind(state, params, err);
    }
    if (status == CHL_OK) {
        status = run_to_end(state, err);
    }
    sqlite_finalize(state);
    int after = state->api.total_changes(state->db);
    *changed = after == before ? 0 : state->api.changes(state->db);
    return status;
}

static bool in_transaction(void *ctx)
{
    sqlite_state *state = ctx;
    return !state->api.get_autocommit(state->db);
}

static chl_status exists(void *ctx, const char *schema, const char *table,
                         const chl_control *control, bool *found, chl_error *err)
{
    sqlite_state *state = ctx;
    chl_strbuf text = {0};
    state->control = control;
    chl_strbuf_puts(&text, "SELECT 1 FROM ");
    if (schema[0]) {
        sql_put_name(&text, schema);
        chl_strbuf_putc(&text, '.');
    }
    chl_strbuf_puts(&text, "sqlite_master WHERE type IN ('table', 'view') "
                           "AND name = ? COLLATE NOCASE");
    chl_status status = text.failed ? chl_fail_memory(err) : CHL_OK;
    if (status == CHL_OK) {
        status = sqlite_prepare(state, text.data, err);
    }
    chl_strbuf_reset(&text);
    if (status == CHL_OK) {
        state->api.bind_text64(state->stmt, 1, table, strlen(table), SQLITE_STATIC,
                               SQLITE_UTF8);
        int code = state->api.step(state->stmt);
        *found = code == SQLITE_ROW;
        status = code == SQLITE_ROW || code == SQLITE_DONE
                     ? CHL_OK
                     : sqlite_fail(state, code, err);
    }
    sqlite_finalize(state);
    if (status != CHL_OK && schema[0]) {
        chl_error_prefix(err, "schema '%s'", schema);
    }
    return status;
}

static const char *type_name(chl_type type)
{
    switch (type) {
    case CHL_F64: return "REAL";
    case CHL_I64: return "INTEGER";
    case CHL_BOOL: return "BOOLEAN";
    case CHL_DATE: return "DATE";
    case CHL_TIMESTAMP: return "TIMESTAMP";
    case CHL_CATEGORY:
    case CHL_STRING: break;
    }
    return "TEXT";
}

const sql_backend sql_sqlite = {
    .engine = "sqlite",
    .begin = "BEGIN IMMEDIATE", /* waits for a lock now, not at the first row */
    .open = open_database,
    .close = close_database,
    .query = query,
    .fetch = fetch,
    .finish = finish,
    .execute = execute,
    .in_transaction = in_transaction,
    .exists = exists,
    .type_name = type_name,
    .insert = sqlite_insert,
};
