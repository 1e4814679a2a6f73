/* SPDX-License-Identifier: MIT
 *
 * SQLite's statements, their parameters and failures. Layer: core/sql.
 */
#include <string.h>

#include "core/sql/sqlite.h"

chl_status sqlite_fail(sqlite_state *state, int code, chl_error *err)
{
    const char *message = state->db ? state->api.errmsg(state->db) : "out of memory";
    if (chl_control_cancelled(state->control)) {
        return chl_fail(err, CHL_ECANCELLED, "interrupted");
    }
    switch (code & 0xff) {
    case SQLITE_NOMEM: return chl_fail_memory(err);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return sql_fail(err, CHL_EFORMAT, "SQLite", message);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_PERM: return sql_fail(err, CHL_EIO, "SQLite", message);
    default: return sql_fail(err, CHL_EINVAL, "SQLite", message);
    }
}

void sqlite_finalize(sqlite_state *state)
{
    state->control = NULL; /* the caller's: gone before the handlers run next */
    if (state->stmt) {
        state->api.finalize(state->stmt);
        state->stmt = NULL;
    }
}

/* Nothing but spaces and comments may follow the first statement. */
static chl_status check_tail(sqlite_state *state, const char *tail, chl_error *err)
{
    sqlite3_stmt *second = NULL;
    int code = state->api.prepare_v2(state->db, tail, -1, &second, NULL);
    bool more = code != SQLITE_OK || second;
    state->api.finalize(second);
    return more ? chl_fail(err, CHL_EINVAL, "expected one statement, got several")
                : CHL_OK;
}

chl_status sqlite_prepare(sqlite_state *state, const char *text, chl_error *err)
{
    const char *tail = NULL;
    int code = state->api.prepare_v2(state->db, text, -1, &state->stmt, &tail);
    if (code != SQLITE_OK) {
        return sqlite_fail(state, code, err);
    }
    if (!state->stmt) {
        return chl_fail(err, CHL_EINVAL, "expected a statement, got none");
    }
    return check_tail(state, tail, err);
}

static int bind_value(sqlite_state *state, int i, const json_t *value)
{
    const sqlite_library *api = &state->api;
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_TRUE:
    case JSON_FALSE: return api->bind_int64(state->stmt, i, json_is_true(value));
    case JSON_INTEGER: return api->bind_int64(state->stmt, i, json_integer_value(value));
    case JSON_REAL: return api->bind_double(state->stmt, i, json_real_value(value));
    case JSON_STRING:
        return api->bind_text64(state->stmt, i, json_string_value(value),
                                json_string_length(value), SQLITE_TRANSIENT, SQLITE_UTF8);
    default: return api->bind_null(state->stmt, i);
    }
}

/* Which parameter SQLite's i-th stands for: $2 is the second wherever it occurs. */
static chl_status parameter_number(sqlite_state *state, int i, int *number,
                                   chl_error *err)
{
    const char *name = state->api.bind_parameter_name(state->stmt, i);
    *number = i;
    if (!name || name[0] == '?') {
        return CHL_OK;
    }
    *number = 0;
    for (const char *c = name + 1; name[0] == '$' && *c >= '0' && *c <= '9'; c++) {
        *number = *number < 100000 ? *number * 10 + (*c - '0') : *number;
    }
    return *number > 0 ? CHL_OK
                       : chl_fail(err, CHL_EINVAL,
                                  "params: expected $1, $2 … or ?, got %s", name);
}

chl_status sqlite_bind(sqlite_state *state, const json_t *params, chl_error *err)
{
    int slots = state->api.bind_parameter_count(state->stmt), wanted = 0;
    for (int i = 1; i <= slots; i++) {
        int number;
        CHL_TRY(parameter_number(state, i, &number, err));
        wanted = number > wanted ? number : wanted;
        int code = bind_value(state, i, json_array_get(params, (size_t)number - 1));
        if (code != SQLITE_OK) {
            return sqlite_fail(state, code, err);
        }
    }
    size_t given = json_array_size(params);
    return (size_t)wanted == given
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL, "params: the statement has %d, got %zu",
                          wanted, given);
}
