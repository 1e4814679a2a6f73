/* SPDX-License-Identifier: MIT
 *
 * Frames into tables, all or nothing. Layer: core/sql.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/sql/sql_private.h"

typedef enum write_mode { MODE_FAIL, MODE_REPLACE, MODE_APPEND, MODE_UPSERT } write_mode;

typedef struct write_options {
    int mode;
    const json_t *key;
    const char *schema;
} write_options;

typedef struct writer {
    chl_sql *sql;
    const chl_frame *frame;
    const char *table;
    const chl_control *control;
    write_options options;
    const char **keys; /* owned list of borrowed names */
    int key_count;
    chl_strbuf target; /* "schema"."table" */
} writer;

/* ---- options ---- */

static chl_status check_key(const writer *w, const char *name, chl_error *err)
{
    int index;
    CHL_TRY(chl_frame_index(w->frame, "write_sql: key", name, &index, err));
    const chl_column *column = w->frame->fields[index].column;
    for (int64_t i = 0; column->nulls > 0 && i < column->length; i++) {
        if (!chl_column_valid(column, i)) {
            return chl_fail(err, CHL_EINVAL,
                            "write_sql: key: column '%s': row %lld is missing", name,
                            (long long)i + 1);
        }
    }
    return CHL_OK;
}

static chl_status read_keys(writer *w, chl_error *err)
{
    const json_t *key = w->options.key;
    size_t n = json_is_string(key) ? 1 : json_array_size(key);
    w->keys = chl_alloc(n, sizeof *w->keys);
    if (!w->keys) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_string(key) ? key : json_array_get(key, i);
        const char *name = json_string_value(item);
        if (!name) {
            return chl_fail(err, CHL_ETYPE,
                            "write_sql: key: expected names of columns, got %s",
                            chl_json_type_name(item));
        }
        CHL_TRY(check_key(w, name, err));
        w->keys[w->key_count++] = name;
    }
    if (key && n == 0) {
        return chl_fail(err, CHL_ETYPE,
                        "write_sql: key: expected names of columns, got %s",
                        json_is_array(key) ? "none" : chl_json_type_name(key));
    }
    if (w->options.mode == MODE_UPSERT && n == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "write_sql: mode \"upsert\": expected key, the columns that tell "
                        "rows apart");
    }
    return CHL_OK;
}

static chl_status read_options(writer *w, const json_t *json, chl_error *err)
{
    static const char *const modes[] = {"fail", "replace", "append", "upsert", NULL};
    static const chl_option table[] = {
        {"mode", CHL_OPT_CHOICE, offsetof(write_options, mode), 0, 0, modes, 0},
        {"key", CHL_OPT_JSON, offsetof(write_options, key), 0, 0, NULL, 0},
        {"schema", CHL_OPT_STRING, offsetof(write_options, schema), 0, 0, NULL, 0},
        {NULL, CHL_OPT_IGNORE, 0, 0, 0, NULL, 0}};
    w->options.schema = "";
    CHL_TRY(chl_options_read(json, "write_sql", table, &w->options, err));
    CHL_TRY(read_keys(w, err));
    if (w->frame->columns == 0) {
        return chl_fail(err, CHL_EINVAL, "write_sql: the frame has no columns");
    }
    if (w->table[0] == '\0') {
        return chl_fail(err, CHL_EINVAL, "write_sql: table: expected a name, got \"\"");
    }
    if (w->options.schema[0]) {
        sql_put_name(&w->target, w->options.schema);
        chl_strbuf_putc(&w->target, '.');
    }
    sql_put_name(&w->target, w->table);
    return w->target.failed ? chl_fail_memory(err) : CHL_OK;
}

/* ---- the table ---- */

static chl_status run(const writer *w, const char *statement, const chl_control *control,
                      chl_error *err)
{
    int64_t changed;
    return w->sql->backend->execute(w->sql->state, statement, NULL, control, &changed,
                                    err);
}

static chl_status run_text(const writer *w, chl_strbuf *text, chl_error *err)
{
    chl_status status =
        text->failed ? chl_fail_memory(err) : run(w, text->data, w->control, err);
    chl_strbuf_reset(text);
    return status;
}

static chl_status create_table(const writer *w, chl_error *err)
{
    chl_strbuf text = {0};
    chl_strbuf_printf(&text, "CREATE TABLE %s (", w->target.data);
    for (int i = 0; i < w->frame->columns; i++) {
        const chl_field *field = &w->frame->fields[i];
        chl_strbuf_puts(&text, i > 0 ? ", " : "");
        sql_put_name(&text, field->name);
        chl_strbuf_putc(&text, ' ');
        chl_strbuf_puts(&text, w->sql->backend->type_name(field->column->type));
    }
    if (w->key_count > 0) {
        chl_strbuf_puts(&text, ", PRIMARY KEY (");
        sql_put_names(&text, w->keys, w->key_count);
        chl_strbuf_putc(&text, ')');
    }
    chl_strbuf_putc(&text, ')');
    return run_text(w, &text, err);
}

static chl_status drop_table(const writer *w, chl_error *err)
{
    chl_strbuf text = {0};
    chl_strbuf_printf(&text, "DROP TABLE %s", w->target.data);
    return run_text(w, &text, err);
}

/* May values of the type go into a column that reads as `there` and come back the same?
 * SQLite would store anything, PostgreSQL reads numbers and dates out of text. */
static bool accepts(int there, chl_type type)
{
    switch (there) {
    case SQL_UNDECIDED: return true;
    case CHL_STRING: return !chl_type_numeric(type);
    case CHL_F64: return type == CHL_F64 || type == CHL_I64;
    case CHL_I64: return type == CHL_I64 || type == CHL_BOOL;
    case CHL_TIMESTAMP: return type == CHL_TIMESTAMP || type == CHL_DATE;
    default: return there == (int)type;
    }
}

static chl_status check_column(const writer *w, const chl_field *field,
                               const sql_columns *there, chl_error *err)
{
    int i;
    CHL_TRY(sql_columns_find(there, w->table, field->name, &i, err));
    int type = there->list[i].type;
    if (!accepts(type, field->column->type)) {
        return chl_fail(err, CHL_ETYPE, "column '%s': the table holds %s, the frame %s",
                        field->name, chl_type_name((chl_type)type),
                        chl_type_name(field->column->type));
    }
    return CHL_OK;
}

/* Every column of the frame has its place in the table that is there. */
static chl_status check_table(const writer *w, chl_error *err)
{
    const sql_backend *backend = w->sql->backend;
    chl_strbuf text = {0};
    sql_columns there = {0};
    chl_strbuf_printf(&text, "SELECT * FROM %s LIMIT 0", w->target.data);
    chl_status status = text.failed ? chl_fail_memory(err)
                                    : backend->query(w->sql->state, text.data, NULL,
                                                     w->control, &there, err);
    backend->finish(w->sql->state);
    for (int i = 0; status == CHL_OK && i < w->frame->columns; i++) {
        status = check_column(w, &w->frame->fields[i], &there, err);
    }
    sql_columns_reset(&there);
    chl_strbuf_reset(&text);
    return status;
}

static chl_status prepare_table(const writer *w, chl_error *err)
{
    bool exists;
    CHL_TRY(w->sql->backend->exists(w->sql->state, w->options.schema, w->table,
                                    w->control, &exists, err));
    if (!exists) {
        return create_table(w, err);
    }
    switch ((write_mode)w->options.mode) {
    case MODE_FAIL:
        return chl_fail(err, CHL_EINVAL,
                        "table '%s' exists (mode = \"replace\", \"append\" or \"upsert\" "
                        "writes to it)",
                        w->table);
    case MODE_REPLACE: CHL_TRY(drop_table(w, err)); return create_table(w, err);
    default: return check_table(w, err);
    }
}

/* ---- rows ---- */

static chl_status write_rows(const writer *w, chl_error *err)
{
    bool upsert = w->options.mode == MODE_UPSERT;
    sql_insert insert = {.frame = w->frame,
                         .target = w->target.data,
                         .keys = upsert ? w->keys : NULL,
                         .key_count = upsert ? w->key_count : 0};
    CHL_TRY(prepare_table(w, err));
    return w->sql->backend->insert(w->sql->state, &insert, w->control, err);
}

/* In a transaction of its own, or as a part of the one that the user opened. */
static chl_status write_transaction(const writer *w, chl_error *err)
{
    const char *const own[] = {w->sql->backend->begin, "COMMIT", "ROLLBACK"},
                      *const part[] = {"SAVEPOINT churnlab", "RELEASE SAVEPOINT churnlab",
                                       "ROLLBACK TO SAVEPOINT churnlab"};
    const char *const *words =
        w->sql->backend->in_transaction(w->sql->state) ? part : own;
    CHL_TRY(run(w, words[0], w->control, err));
    chl_status status = write_rows(w, err);
    if (status == CHL_OK) {
        status = run(w, words[1], w->control, err);
    }
    if (status != CHL_OK) {
        chl_error ignored = {0};
        (void)!run(w, words[2], NULL, &ignored);
    }
    return status;
}

chl_status chl_sql_write(chl_sql *sql, const chl_frame *frame, const char *table,
                         const json_t *options, const chl_control *control,
                         chl_error *err)
{
    writer w = {.sql = sql, .frame = frame, .table = table, .control = control};
    CHL_TRY(sql_check_idle(sql, "write_sql", err));
    chl_status status = read_options(&w, options, err);
    if (status == CHL_OK) {
        status = write_transaction(&w, err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "write_sql");
        }
    }
    chl_strbuf_reset(&w.target);
    chl_free(w.keys);
    return status;
}
