/* SPDX-License-Identifier: MIT
 *
 * The results of commands that were sent to PostgreSQL, and their failures. Layer:
 * core/sql.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sql/postgres.h"

enum { DRAIN_LOOKS = 50 }; /* of 100 ms, before a dead server is given up */

void postgres_cancel(postgres_state *state)
{
    char ignored[256];
    PGcancel *cancel = state->api.getCancel(state->connection);
    if (cancel) {
        (void)!state->api.cancel(cancel, ignored, sizeof ignored);
        state->api.freeCancel(cancel);
    }
}

chl_status postgres_next(postgres_state *state, PGresult **result, chl_error *err)
{
    *result = NULL;
    while (state->api.isBusy(state->connection)) {
        if (!state->api.consumeInput(state->connection)) {
            return postgres_fail(state, err);
        }
        if (state->api.isBusy(state->connection)) {
            postgres_wait(state, false);
        }
        if (chl_control_cancelled(state->control)) {
            postgres_cancel(state);
            postgres_drain(state);
            return chl_fail(err, CHL_ECANCELLED, "interrupted");
        }
    }
    *result = state->api.getResult(state->connection);
    return CHL_OK;
}

/* Ends a COPY that nobody serves. */
static void end_copy(postgres_state *state, ExecStatusType kind)
{
    char *data = NULL;
    if (kind == PGRES_COPY_IN || kind == PGRES_COPY_BOTH) {
        (void)!state->api.putCopyEnd(state->connection, "not supported");
    }
    if (kind == PGRES_COPY_OUT || kind == PGRES_COPY_BOTH) {
        postgres_cancel(state);
        while (state->api.getCopyData(state->connection, &data, 0) > 0) {
            state->api.freemem(data);
        }
    }
}

void postgres_drain(postgres_state *state)
{
    for (int looks = 0; looks < DRAIN_LOOKS;) {
        if (state->api.isBusy(state->connection)) {
            postgres_wait(state, false);
            looks++;
            if (!state->api.consumeInput(state->connection)) {
                return;
            }
            continue;
        }
        PGresult *result = state->api.getResult(state->connection);
        if (!result) {
            return;
        }
        end_copy(state, state->api.resultStatus(result));
        state->api.clear(result);
    }
}

/* "ERROR text (detail; hint; context)" */
static void describe_failure(postgres_state *state, const PGresult *result,
                             chl_strbuf *text)
{
    static const int fields[] = {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT,
                                 PG_DIAG_CONTEXT};
    const char *primary = state->api.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *before = " (";
    if (primary && strstr(primary, "multiple commands")) {
        primary = "expected one statement, got several";
    }
    chl_strbuf_puts(text, primary ? primary : state->api.errorMessage(state->connection));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *field = state->api.resultErrorField(result, fields[i]);
        if (field) {
            chl_strbuf_puts(text, before);
            chl_strbuf_puts(text, field);
            before = "; ";
        }
    }
    chl_strbuf_puts(text, before[0] == ';' ? ")" : "");
}

static chl_status code_of(postgres_state *state, const PGresult *result)
{
    const char *sql_state = state->api.resultErrorField(result, PG_DIAG_SQLSTATE);
    if (!sql_state) {
        return CHL_EIO; /* the connection broke */
    }
    /* connection, resources, operator intervention, system, serialization */
    static const char *const system[] = {"08", "53", "57", "58", "40"};
    for (size_t i = 0; i < sizeof system / sizeof system[0]; i++) {
        if (strncmp(sql_state, system[i], 2) == 0) {
            return CHL_EIO;
        }
    }
    return CHL_EINVAL;
}

chl_status postgres_check(postgres_state *state, const PGresult *result, chl_error *err)
{
    switch (state->api.resultStatus(result)) {
    case PGRES_EMPTY_QUERY:
        return chl_fail(err, CHL_EINVAL, "expected a statement, got none");
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        return chl_fail(err, CHL_EINVAL, "COPY from and to the client: use write_sql");
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR: break;
    default: return CHL_OK;
    }
    chl_strbuf text = {0};
    describe_failure(state, result, &text);
    chl_status status =
        text.failed ? chl_fail_memory(err)
                    : postgres_fail_text(state, code_of(state, result), text.data, err);
    chl_strbuf_reset(&text);
    return status;
}

chl_status postgres_finish(postgres_state *state, int64_t *changed, chl_error *err)
{
    PGresult *result;
    CHL_TRY(postgres_next(state, &result, err));
    while (result) {
        chl_status status = postgres_check(state, result, err);
        if (status == CHL_OK && changed) {
            *changed = atoll(state->api.cmdTuples(result));
        }
        state->api.clear(result);
        if (status != CHL_OK) {
            postgres_drain(state);
            return status;
        }
        CHL_TRY(postgres_next(state, &result, err));
    }
    return CHL_OK;
}

chl_status postgres_run(postgres_state *state, const char *statements, chl_error *err)
{
    if (!state->api.sendQuery(state->connection, statements)) {
        return postgres_fail(state, err);
    }
    return postgres_finish(state, NULL, err);
}
