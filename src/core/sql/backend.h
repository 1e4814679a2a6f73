/* SPDX-License-Identifier: MIT
 *
 * What a database gives to sql.c. Layer: core/sql, private. Each function may look at
 * `control` (NULL allowed). Messages start with the engine's words; sql.c puts the verb
 * before them.
 */
#ifndef CHL_SQL_BACKEND_H
#define CHL_SQL_BACKEND_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/base/strbuf.h"
#include "core/sql/columns.h"

enum { SQL_BATCH = 4096 }; /* rows between two looks at `control` */

/* The rows that a write inserts. */
typedef struct sql_insert {
    const chl_frame *frame;
    const char *target;      /* quoted, with its schema */
    const char *const *keys; /* of an upsert; NULL = plain insert */
    int key_count;
} sql_insert;

typedef struct sql_backend {
    const char *engine;
    const char *begin; /* the statement that starts a write */
    /* *state is the backend's own connection. */
    chl_status (*open)(const char *url, bool read_only, const chl_control *control,
                       void **state, chl_error *err);
    void (*close)(void *state);
    /* Starts a query that must not write, and declares its columns. `params` is a list or
     * NULL. */
    chl_status (*query)(void *state, const char *query, const json_t *params,
                        const chl_control *control, sql_columns *columns, chl_error *err);
    /* Appends at most `limit` rows (0 = all); *more is false when the last was read. */
    chl_status (*fetch)(void *state, int64_t limit, const chl_control *control,
                        sql_columns *columns, bool *more, chl_error *err);
    void (*finish)(void *state); /* ends the query; idempotent */
    chl_status (*execute)(void *state, const char *statement, const json_t *params,
                          const chl_control *control, int64_t *changed, chl_error *err);
    bool (*in_transaction)(void *state); /* the user opened one */
    /* *exists: a table or view of that name; an empty schema means the default. */
    chl_status (*exists)(void *state, const char *schema, const char *table,
                         const chl_control *control, bool *exists, chl_error *err);
    const char *(*type_name)(chl_type type); /* of a column that a write makes */
    chl_status (*insert)(void *state, const sql_insert *insert,
                         const chl_control *control, chl_error *err);
} sql_backend;

extern const sql_backend sql_sqlite, sql_postgres;

/* Appends the name in double quotes. */
void sql_put_name(chl_strbuf *out, const char *name);
/* Appends names in quotes between commas. */
void sql_put_names(chl_strbuf *out, const char *const *names, int n);
void sql_put_columns(chl_strbuf *out, const chl_frame *frame);
/* Appends " ON CONFLICT (keys) DO UPDATE SET …". */
void sql_put_conflict(chl_strbuf *out, const sql_insert *insert);
bool sql_is_key(const sql_insert *insert, const char *name);
/* chl_fail with the library's message, its line ends as spaces. */
chl_status sql_fail(chl_error *err, chl_status code, const char *engine,
                    const char *message);
/* Reports "write_sql: 40960 rows" (total < 0: unknown) and looks at `cancel`. */
CHL_MUST_CHECK chl_status sql_progress(const chl_control *control, const char *verb,
                                       int64_t rows, int64_t total, chl_error *err);

#endif
