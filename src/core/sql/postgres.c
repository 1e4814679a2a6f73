/* SPDX-License-Identifier: MIT
 *
 * PostgreSQL behind sql.h. Layer: core/sql.
 *
 * Values arrive as text (numbers in their shortest exact form), one row at a time, inside
 * a transaction that is read only. Sessions have the time zone UTC and ISO dates. A
 * numeric becomes the nearest f64; NaN and infinite numbers are missing; what we have no
 * type for (uuid, json, arrays …) is its text.
 */
#include "core/sql/postgres.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

/* Object ids of types, from PostgreSQL's catalog. */
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_DATE = 1082,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_NUMERIC = 1700
};

/* ---- parameters ---- */

typedef struct parameters {
    Oid *types;
    const char **values;
    char (*numbers)[32]; /* texts of numbers */
} parameters;

static void free_parameters(parameters *p)
{
    chl_free(p->types);
    chl_free(p->values);
    chl_free(p->numbers);
}

static chl_status set_parameter(parameters *p, size_t i, const json_t *value,
                                chl_error *err)
{
    p->values[i] = p->numbers[i];
    p->types[i] = 0; /* the server infers it */
    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE:
        p->types[i] = OID_BOOL;
        p->values[i] = json_is_true(value) ? "t" : "f";
        break;
    case JSON_INTEGER:
        p->types[i] = OID_INT8;
        snprintf(p->numbers[i], sizeof p->numbers[i], "%lld",
                 (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        p->types[i] = OID_FLOAT8;
        chl_format_double(json_real_value(value), p->numbers[i]);
        break;
    case JSON_STRING:
        p->values[i] = json_string_value(value);
        if (strlen(p->values[i]) != json_string_length(value)) {
            return chl_fail(err, CHL_EINVAL,
                            "params: item %zu: PostgreSQL's text cannot hold a NUL byte",
                            i + 1);
        }
        break;
    default: p->values[i] = NULL;
    }
    return CHL_OK;
}

static chl_status send_statement(postgres_state *state, const char *text,
                                 const json_t *params, chl_error *err)
{
    size_t n = json_array_size(params);
    parameters p = {.types = chl_alloc(n, sizeof *p.types),
                    .values = chl_alloc(n, sizeof *p.values),
                    .numbers = chl_alloc(n, sizeof *p.numbers)};
    chl_status status = p.types && p.values && p.numbers ? CHL_OK : chl_fail_memory(err);
    if (n > 65535) {
        status = chl_fail(err, CHL_EINVAL, "params: expected at most 65535, got %zu", n);
    }
    for (size_t i = 0; status == CHL_OK && i < n; i++) {
        status = set_parameter(&p, i, json_array_get(params, i), err);
    }
    if (status == CHL_OK &&
        !state->api.sendQueryParams(state->connection, text, (int)n, p.types, p.values,
                                    NULL, NULL, 0)) {
        status = postgres_fail(state, err);
    }
    free_parameters(&p);
    return status;
}

/* ---- reading ---- */

static int type_of(Oid oid)
{
    switch (oid) {
    case OID_BOOL: return CHL_BOOL;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID: return CHL_I64;
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC: return CHL_F64;
    case OID_DATE: return CHL_DATE;
    case OID_TIMESTAMP:
    case OID_TIMESTAMPTZ: return CHL_TIMESTAMP;
    default: return CHL_STRING;
    }
}

static bool in_transaction(void *ctx)
{
    postgres_state *state = ctx;
    return state->api.transactionStatus(state->connection) != PQTRANS_IDLE;
}

static chl_status declare_columns(postgres_state *state, sql_columns *columns,
                                  chl_error *err)
{
    int n = state->api.nfields(state->pending);
    if (n == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "expected a query, got a statement without rows");
    }
    CHL_TRY(sql_columns_init(columns, n, err));
    for (int i = 0; i < n; i++) {
        CHL_TRY(sql_columns_declare(columns, i, state->api.fname(state->pending, i),
                                    type_of(state->api.ftype(state->pending, i)), err));
    }
    return CHL_OK;
}

/* The next result becomes `pending`; a failed command has none. */
static chl_status advance(postgres_state *state, chl_error *err)
{
    state->api.clear(state->pending);
    state->pending = NULL;
    CHL_TRY(postgres_next(state, &state->pending, err));
    return state->pending ? postgres_check(state, state->pending, err) : CHL_OK;
}

/* A transaction of its own, or a part of the one that is open; `finish` ends either. */
static chl_status begin_reading(postgres_state *state, chl_error *err)
{
    bool inside = in_transaction(state);
    CHL_TRY(postgres_run(
        state,
        inside ? "SAVEPOINT churnlab_read; SET LOCAL transaction_read_only = on"
               : "BEGIN READ ONLY",
        err));
    state->reading = true;
    state->inside = inside;
    return CHL_OK;
}

static chl_status query(void *ctx, const char *text, const json_t *params,
                        const chl_control *control, sql_columns *columns, chl_error *err)
{
    postgres_state *state = ctx;
    state->control = control;
    CHL_TRY(begin_reading(state, err));
    CHL_TRY(send_statement(state, text, params, err));
    if (!state->api.setSingleRowMode(state->connection)) {
        return postgres_fail(state, err);
    }
    CHL_TRY(advance(state, err));
    return state->pending ? declare_columns(state, columns, err)
                          : postgres_fail(state, err);
}

static chl_status append_cell(postgres_state *state, sql_columns *columns, int row, int i,
                              chl_error *err)
{
    const PGresult *result = state->pending;
    if (state->api.getisnull(result, row, i)) {
        return sql_columns_null(columns, i, err);
    }
    const char *text = state->api.getvalue(result, row, i);
    size_t length = (size_t)state->api.getlength(result, row, i);
    if (state->api.ftype(result, i) == OID_BOOL) {
        return sql_columns_i64(columns, i, text[0] == 't', err);
    }
    if (columns->list[i].type == CHL_F64 &&
        (strcmp(text, "NaN") == 0 || strstr(text, "Infinity"))) {
        return sql_columns_null(columns, i, err);
    }
    return sql_columns_parse(columns, i, text, length, err);
}

/* The rows of one result: one, or none at the end. */
static chl_status append_rows(postgres_state *state, sql_columns *columns, chl_error *err)
{
    for (int row = 0; row < state->api.ntuples(state->pending); row++) {
        for (int i = 0; i < columns->count; i++) {
            CHL_TRY(append_cell(state, columns, row, i, err));
        }
        columns->rows++;
    }
    return CHL_OK;
}

static chl_status fetch(void *ctx, int64_t limit, const chl_control *control,
                        sql_columns *columns, bool *more, chl_error *err)
{
    postgres_state *state = ctx;
    state->control = control;
    while (state->pending && (limit == 0 || columns->rows < limit)) {
        CHL_TRY(append_rows(state, columns, err));
        if (columns->rows % SQL_BATCH == 0) {
            CHL_TRY(sql_progress(control, "read_sql", columns->before + columns->rows, -1,
                                 err));
        }
        CHL_TRY(advance(state, err));
    }
    *more = state->pending != NULL;
    return CHL_OK;
}

static void finish(void *ctx)
{
    postgres_state *state = ctx;
    chl_error ignored = {0};
    if (!state->reading) {
        return;
    }
    state->api.clear(state->pending);
    state->pending = NULL;
    state->control = NULL;
    if (state->api.transactionStatus(state->connection) == PQTRANS_ACTIVE) {
        postgres_cancel(state);
        postgres_drain(state);
    }
    const char *end = state->inside ? "ROLLBACK TO SAVEPOINT churnlab_read; "
                                      "RELEASE SAVEPOINT churnlab_read"
                                    : "ROLLBACK";
    (void)!postgres_run(state, end, &ignored);
    state->reading = false;
}

/* ---- statements that write ---- */

static chl_status execute(void *ctx, const char *text, const json_t *params,
                          const chl_control *control, int64_t *changed, chl_error *err)
{
    postgres_state *state = ctx;
    state->control = control;
    CHL_TRY(send_statement(state, text, params, err));
    return postgres_finish(state, changed, err);
}

static chl_status ask_regclass(postgres_state *state, const char *name, bool *found,
                               chl_error *err)
{
    json_t *params = json_pack("[s]", name);
    if (!params) {
        return chl_fail(err, CHL_EINVAL, "table: expected UTF-8");
    }
    PGresult *result = NULL;
    chl_status status =
        send_statement(state, "SELECT to_regclass($1) IS NOT NULL", params, err);
    json_decref(params);
    if (status == CHL_OK) {
        status = postgres_next(state, &result, err);
    }
    if (status == CHL_OK && result) {
        status = postgres_check(state, result, err);
    }
    *found = status == CHL_OK && result && state->api.getvalue(result, 0, 0)[0] == 't';
    state->api.clear(result);
    postgres_drain(state);
    return status;
}

static chl_status exists(void *ctx, const char *schema, const char *table,
                         const chl_control *control, bool *found, chl_error *err)
{
    postgres_state *state = ctx;
    chl_strbuf name = {0};
    state->control = control;
    if (schema[0]) {
        sql_put_name(&name, schema);
        chl_strbuf_putc(&name, '.');
    }
    sql_put_name(&name, table);
    chl_status status =
        name.failed ? chl_fail_memory(err) : ask_regclass(state, name.data, found, err);
    chl_strbuf_reset(&name);
    return status;
}

static const char *type_name(chl_type type)
{
    switch (type) {
    case CHL_F64: return "double precision";
    case CHL_I64: return "bigint";
    case CHL_BOOL: return "boolean";
    case CHL_DATE: return "date";
    case CHL_TIMESTAMP: return "timestamp with time zone";
    case CHL_CATEGORY:
    case CHL_STRING: break;
    }
    return "text";
}

const sql_backend sql_postgres = {
    .engine = "postgresql",
    .begin = "BEGIN",
    .open = postgres_open,
    .close = postgres_close,
    .query = query,
    .fetch = fetch,
    .finish = finish,
    .execute = execute,
    .in_transaction = in_transaction,
    .exists = exists,
    .type_name = type_name,
    .insert = postgres_insert,
};
