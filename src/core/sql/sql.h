/* SPDX-License-Identifier: MIT
 *
 * Databases: frames from queries, frames into tables. Layer: core/sql, on core/data.
 *
 * One interface for SQLite and PostgreSQL (backend.h). Their libraries are loaded at run
 * time, when a connection is first opened, so that a process that opens none starts as
 * fast as without them. Parameters are bound by the database, never spliced into text. No
 * message holds a password. One connection serves one thread and one running query.
 */
#ifndef CHL_SQL_SQL_H
#define CHL_SQL_SQL_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/frame.h"

typedef struct chl_sql chl_sql; /* an open connection */

/* Opens "sqlite:<path>", "sqlite::memory:" or "postgresql://user:password@host:port/db".
 * `read_only`: a SQLite file must exist and is opened for reading; without it, it is
 * made. */
CHL_MUST_CHECK chl_status chl_sql_open(const char *url, bool read_only,
                                       const chl_control *control, chl_sql **out,
                                       chl_error *err);
void chl_sql_close(chl_sql *sql); /* NULL allowed; ends a running query */

/* "sqlite" or "postgresql". */
const char *chl_sql_engine(const chl_sql *sql);

/* Starts a query that cannot change the database. `options` is a JSON object or NULL:
 *   "params": list of null, boolean, number, string for $1, $2 …
 *   "types": {column: type} instead of the database's own
 * Types: what the column is declared as, else (SQLite's expressions) what the first rows
 * hold; integers become f64 when a number with a fraction follows, other mixtures are
 * errors that name row and column. NULL is missing. */
CHL_MUST_CHECK chl_status chl_sql_query(chl_sql *sql, const char *query,
                                        const json_t *options, const chl_control *control,
                                        chl_error *err);
/* The next `limit` rows at most (0 = all that are left) as a frame. The first call always
 * gives a frame, also of no rows; later ones give NULL when no row is left, and the query
 * has ended then, as after a failure. */
CHL_MUST_CHECK chl_status chl_sql_fetch(chl_sql *sql, int64_t limit,
                                        const chl_control *control, chl_frame **out,
                                        chl_error *err);
/* Ends the running query, if any. */
void chl_sql_finish(chl_sql *sql);

/* Runs one statement; *changed (may be NULL) is the number of rows that it wrote. */
CHL_MUST_CHECK chl_status chl_sql_execute(chl_sql *sql, const char *statement,
                                          const json_t *params,
                                          const chl_control *control, int64_t *changed,
                                          chl_error *err);

/* Writes a frame in one transaction, all or nothing. `options` is a JSON object or NULL:
 *   "mode": "fail" (the table must not exist; default), "replace", "append", "upsert"
 *   "key": column or list of columns that tell rows apart ("upsert"; primary key of a
 *   table that is made)
 *   "schema": the schema (PostgreSQL) or attached database (SQLite) of the table
 * Append and upsert make the table when there is none; of rows with one key the last
 * wins. */
CHL_MUST_CHECK chl_status chl_sql_write(chl_sql *sql, const chl_frame *frame,
                                        const char *table, const json_t *options,
                                        const chl_control *control, chl_error *err);

#endif
