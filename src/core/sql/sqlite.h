/* SPDX-License-Identifier: MIT
 *
 * What the files of the SQLite backend share. Layer: core/sql, private.
 */
#ifndef CHL_SQL_SQLITE_H
#define CHL_SQL_SQLITE_H

#include "core/sql/backend.h"
#include "core/sql/sqlite_library.h"

typedef struct sqlite_state {
    sqlite_library api;
    sqlite3 *db;
    sqlite3_stmt *stmt;         /* the running query or insert, or NULL */
    const chl_control *control; /* of the call that runs, for the handlers */
} sqlite_state;

/* The database's message; an interrupted statement is CHL_ECANCELLED. */
chl_status sqlite_fail(sqlite_state *state, int code, chl_error *err);

/* Exactly one statement as state->stmt. */
CHL_MUST_CHECK chl_status sqlite_prepare(sqlite_state *state, const char *text,
                                         chl_error *err);
/* Ends the statement, if any, and the call that `control` belongs to. */
void sqlite_finalize(sqlite_state *state);
/* The values (a list or NULL) of the statement's parameters, neither more nor fewer. */
CHL_MUST_CHECK chl_status sqlite_bind(sqlite_state *state, const json_t *params,
                                      chl_error *err);

CHL_MUST_CHECK chl_status sqlite_insert(void *state, const sql_insert *insert,
                                        const chl_control *control, chl_error *err);

#endif
