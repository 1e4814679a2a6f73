/* SPDX-License-Identifier: MIT
 *
 * The connection, for the files behind sql.h. Layer: core/sql, private.
 */
#ifndef CHL_SQL_SQL_PRIVATE_H
#define CHL_SQL_SQL_PRIVATE_H

#include "core/sql/backend.h"
#include "core/sql/sql.h"

struct chl_sql {
    const sql_backend *backend;
    void *state;         /* the backend's connection */
    bool running;        /* a query is being read */
    bool fresh;          /* … and nothing of it was fetched yet */
    sql_columns columns; /* of the running query */
};

/* Fails while a query is running. */
CHL_MUST_CHECK chl_status sql_check_idle(const chl_sql *sql, const char *verb,
                                         chl_error *err);
/* A list of null, boolean, number, string; or NULL. */
CHL_MUST_CHECK chl_status sql_check_params(const json_t *params, chl_error *err);

#endif
