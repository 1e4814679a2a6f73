/* SPDX-License-Identifier: MIT */
#include "core/sql/sql.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/sql/backend.h"
#include "core/sql/sql_private.h"

/* ---- connections ---- */

static const sql_backend *find_backend(const char *url)
{
    static const struct {
        const char *scheme;
        const sql_backend *backend;
    } schemes[] = {{"sqlite:", &sql_sqlite},
                   {"postgresql://", &sql_postgres},
                   {"postgres://", &sql_postgres}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0) {
            return schemes[i].backend;
        }
    }
    return NULL;
}

chl_status chl_sql_open(const char *url, bool read_only, const chl_control *control,
                        chl_sql **out, chl_error *err)
{
    *out = NULL;
    const sql_backend *backend = find_backend(url);
    if (!backend) { /* the text is not shown: it may hold a password */
        return chl_fail(err, CHL_EINVAL,
                        "sql: url: expected sqlite:<path> or "
                        "postgresql://user:password@host:port/database");
    }
    chl_sql *sql = chl_calloc(1, sizeof *sql);
    if (!sql) {
        return chl_fail_memory(err);
    }
    sql->backend = backend;
    chl_status status = backend->open(url, read_only, control, &sql->state, err);
    if (status != CHL_OK) {
        chl_free(sql);
        return status;
    }
    *out = sql;
    return CHL_OK;
}

void chl_sql_close(chl_sql *sql)
{
    if (sql) {
        chl_sql_finish(sql);
        sql->backend->close(sql->state);
        chl_free(sql);
    }
}

const char *chl_sql_engine(const chl_sql *sql)
{
    return sql->backend->engine;
}

/* ---- reading ---- */

typedef struct query_options {
    const json_t *params, *types;
} query_options;

chl_status sql_check_params(const json_t *params, chl_error *err)
{
    if (params && !json_is_array(params)) {
        return chl_fail(err, CHL_ETYPE, "params: expected a list of values, got %s",
                        chl_json_type_name(params));
    }
    for (size_t i = 0; i < json_array_size(params); i++) {
        const json_t *value = json_array_get(params, i);
        if (json_is_object(value) || json_is_array(value)) {
            return chl_fail(err, CHL_ETYPE,
                            "params: item %zu: expected a number, a string, a boolean or "
                            "NA, got %s",
                            i + 1, chl_json_type_name(value));
        }
    }
    return CHL_OK;
}

static chl_status read_query_options(const json_t *json, query_options *options,
                                     chl_error *err)
{
    static const chl_option table[] = {
        {"params", CHL_OPT_JSON, offsetof(query_options, params), 0, 0, NULL, 0},
        {"types", CHL_OPT_JSON, offsetof(query_options, types), 0, 0, NULL, 0},
        {NULL, CHL_OPT_IGNORE, 0, 0, 0, NULL, 0}};
    *options = (query_options){0};
    CHL_TRY(chl_options_read(json, "read_sql", table, options, err));
    const json_t *types = options->types;
    if (types && !json_is_object(types) &&
        json_array_size(types) + json_is_string(types)) {
        return chl_fail(err, CHL_ETYPE,
                        "read_sql: types: expected column = \"type\" pairs, got %s",
                        chl_json_type_name(types));
    }
    return CHL_OK;
}

chl_status sql_check_idle(const chl_sql *sql, const char *verb, chl_error *err)
{
    return sql->running ? chl_fail(err, CHL_EINVAL,
                                   "%s: the connection still reads another query", verb)
                        : CHL_OK;
}

chl_status chl_sql_query(chl_sql *sql, const char *query, const json_t *json,
                         const chl_control *control, chl_error *err)
{
    query_options options;
    CHL_TRY(sql_check_idle(sql, "read_sql", err));
    CHL_TRY(read_query_options(json, &options, err));
    sql->running = sql->fresh = true;
    chl_status status = sql_check_params(options.params, err);
    if (status == CHL_OK) {
        status = sql->backend->query(sql->state, query, options.params, control,
                                     &sql->columns, err);
    }
    if (status == CHL_OK) {
        status = sql_columns_want(&sql->columns, options.types, err);
    }
    if (status != CHL_OK) {
        chl_error_prefix(err, "read_sql");
        chl_sql_finish(sql);
    }
    return status;
}

chl_status chl_sql_fetch(chl_sql *sql, int64_t limit, const chl_control *control,
                         chl_frame **out, chl_error *err)
{
    bool more = true;
    *out = NULL;
    if (!sql->running) {
        return CHL_OK;
    }
    chl_status status =
        sql->backend->fetch(sql->state, limit, control, &sql->columns, &more, err);
    if (status == CHL_OK && (sql->fresh || sql->columns.rows > 0)) {
        status = sql_columns_finish(&sql->columns, out, err);
    }
    sql->fresh = false;
    if (status != CHL_OK) {
        chl_error_prefix(err, "read_sql");
    }
    if (status != CHL_OK || !more) {
        chl_sql_finish(sql);
    }
    return status;
}

void chl_sql_finish(chl_sql *sql)
{
    if (sql->running) {
        sql->backend->finish(sql->state);
        sql_columns_reset(&sql->columns);
        sql->running = false;
    }
}

/* ---- statements ---- */

chl_status chl_sql_execute(chl_sql *sql, const char *statement, const json_t *params,
                           const chl_control *control, int64_t *changed, chl_error *err)
{
    int64_t rows = 0;
    CHL_TRY(sql_check_idle(sql, "execute", err));
    chl_status status = sql_check_params(params, err);
    if (status == CHL_OK) {
        status =
            sql->backend->execute(sql->state, statement, params, control, &rows, err);
    }
    if (changed) {
        *changed = status == CHL_OK ? rows : 0;
    }
    return status == CHL_OK ? CHL_OK : chl_error_prefix(err, "execute");
}
