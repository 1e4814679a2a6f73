/* SPDX-License-Identifier: MIT
 *
 * What the files of the PostgreSQL backend share. Layer: core/sql, private.
 */
#ifndef CHL_SQL_POSTGRES_H
#define CHL_SQL_POSTGRES_H

#include "core/sql/backend.h"
#include "core/sql/postgres_library.h"

typedef struct postgres_state {
    postgres_library api;
    PGconn *connection;
    char *secrets[2];           /* the password as the url has it, and decoded; or NULL */
    const chl_control *control; /* of the call that runs */
    PGresult *pending;          /* the running query: the next row */
    bool reading;               /* its transaction is open … */
    bool inside;                /* … inside one that the user opened */
} postgres_state;

/* postgres_connect.c: opens and closes. */
CHL_MUST_CHECK chl_status postgres_open(const char *url, bool read_only,
                                        const chl_control *control, void **out,
                                        chl_error *err);
void postgres_close(void *ctx);
/* chl_fail without the password: with a message of the server, or the connection's own.
 */
chl_status postgres_fail_text(postgres_state *state, chl_status code, const char *message,
                              chl_error *err);
chl_status postgres_fail(postgres_state *state, chl_error *err);
/* Waits until the socket can be read (or written), at most 100 ms. */
void postgres_wait(postgres_state *state, bool write);

/* postgres_result.c: the next result of the command that was sent, NULL after the last.
 * Looks at `control`; a cancelled command is ended on the server. */
CHL_MUST_CHECK chl_status postgres_next(postgres_state *state, PGresult **result,
                                        chl_error *err);
/* The failure that a result reports, or CHL_OK. */
CHL_MUST_CHECK chl_status postgres_check(postgres_state *state, const PGresult *result,
                                         chl_error *err);
/* Waits for the end of the command that was sent; *changed (may be NULL) counts its rows.
 */
CHL_MUST_CHECK chl_status postgres_finish(postgres_state *state, int64_t *changed,
                                          chl_error *err);
/* Sends statements without parameters and waits for their end. */
CHL_MUST_CHECK chl_status postgres_run(postgres_state *state, const char *statements,
                                       chl_error *err);
/* Asks the server to end the running command. */
void postgres_cancel(postgres_state *state);
/* Reads results until there are none, for a command that failed. */
void postgres_drain(postgres_state *state);

/* postgres_copy.c */
CHL_MUST_CHECK chl_status postgres_insert(void *ctx, const sql_insert *insert,
                                          const chl_control *control, chl_error *err);

#endif
