/* SPDX-License-Identifier: MIT */
#include "core/sql/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/strbuf.h"
#include "core/data/text.h"

chl_status sql_columns_init(sql_columns *columns, int count, chl_error *err)
{
    *columns = (sql_columns){0};
    columns->list = chl_calloc((size_t)count, sizeof *columns->list);
    if (!columns->list) {
        return chl_fail_memory(err);
    }
    columns->count = count;
    return CHL_OK;
}

void sql_columns_reset(sql_columns *columns)
{
    for (int i = 0; i < columns->count; i++) {
        chl_free(columns->list[i].name);
        if (columns->list[i].open) {
            chl_builder_reset(&columns->list[i].builder);
        }
    }
    chl_free(columns->list);
    *columns = (sql_columns){0};
}

chl_status sql_columns_declare(sql_columns *columns, int i, const char *name, int type,
                               chl_error *err)
{
    sql_column *column = &columns->list[i];
    for (int c = 0; c < i; c++) {
        if (strcmp(columns->list[c].name, name) == 0) {
            return chl_fail(err, CHL_ENAME,
                            "columns %d and %d are both named '%s': name one with AS",
                            c + 1, i + 1, name);
        }
    }
    column->name = chl_strdup(name);
    column->type = type;
    column->widens = type == SQL_UNDECIDED || type == CHL_I64;
    return column->name ? CHL_OK : chl_fail_memory(err);
}

chl_status sql_columns_find(const sql_columns *columns, const char *where,
                            const char *name, int *index, chl_error *err)
{
    for (*index = 0; *index < columns->count; (*index)++) {
        if (strcmp(columns->list[*index].name, name) == 0) {
            return CHL_OK;
        }
    }
    const char **names = chl_alloc((size_t)columns->count, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < columns->count; i++) {
        names[i] = columns->list[i].name;
    }
    chl_fail_unknown(err, where, "column", name, names, (size_t)columns->count);
    chl_free(names);
    return CHL_ENAME;
}

chl_status sql_columns_want(sql_columns *columns, const json_t *types, chl_error *err)
{
    const char *name;
    json_t *word;
    json_object_foreach ((json_t *)(uintptr_t)types, name, word) {
        int i;
        chl_type type;
        CHL_TRY(sql_columns_find(columns, "types", name, &i, err));
        const char *text = json_string_value(word);
        if (chl_type_parse(text ? text : "", &type, err) != CHL_OK) {
            return chl_error_prefix(err, "types: column '%s'", name);
        }
        columns->list[i].type = (int)type;
        columns->list[i].wanted = true;
        columns->list[i].widens = false;
    }
    return CHL_OK;
}

/* ---- values ---- */

static chl_status fail_value(const sql_columns *columns, int i, const char *got,
                             chl_error *err)
{
    const sql_column *column = &columns->list[i];
    return chl_fail(err, CHL_ETYPE,
                    "row %lld: column '%s': expected %s, got %s (types = { ['%s'] = "
                    "\"string\" } reads the column as text)",
                    (long long)(columns->before + columns->rows + 1), column->name,
                    chl_type_expected((chl_type)column->type), got, column->name);
}

/* Opens the builder of a column whose type is known. */
static chl_status start(sql_column *column, chl_error *err)
{
    if (column->open) {
        return CHL_OK;
    }
    CHL_TRY(chl_builder_init(&column->builder, (chl_type)column->type, NULL, err));
    column->open = true;
    for (; column->gap > 0; column->gap--) {
        CHL_TRY(chl_builder_null(&column->builder, err));
    }
    return CHL_OK;
}

static chl_status decide(sql_column *column, chl_type type, chl_error *err)
{
    if (column->type == SQL_UNDECIDED) {
        column->type = (int)type;
    }
    return start(column, err);
}

/* True when the double keeps the integer. */
static bool is_exact(int64_t value)
{
    double number = (double)value;
    return number < 0x1p63 && (int64_t)number == value;
}

/* The integers so far as doubles; false when one of them would change. */
static bool widen(sql_column *column)
{
    int64_t *integers = column->builder.values;
    double *numbers = column->builder.values;
    for (int64_t i = 0; i < column->builder.length; i++) {
        if (!is_exact(integers[i])) {
            return false;
        }
    }
    for (int64_t i = 0; i < column->builder.length; i++) {
        int64_t value = integers[i];
        double number = (double)value;
        memcpy(&numbers[i], &number, sizeof number);
    }
    column->builder.type = CHL_F64;
    column->type = CHL_F64;
    return true;
}

chl_status sql_columns_null(sql_columns *columns, int i, chl_error *err)
{
    sql_column *column = &columns->list[i];
    if (column->type == SQL_UNDECIDED) {
        column->gap++;
        return CHL_OK;
    }
    CHL_TRY(start(column, err));
    return chl_builder_null(&column->builder, err);
}

chl_status sql_columns_parse(sql_columns *columns, int i, const char *text, size_t length,
                             chl_error *err)
{
    sql_column *column = &columns->list[i];
    bool fits;
    CHL_TRY(decide(column, CHL_STRING, err));
    CHL_TRY(chl_builder_parse(&column->builder, text, length, &fits, err));
    if (!fits) {
        char excerpt[CHL_EXCERPT], got[CHL_EXCERPT + 2];
        snprintf(got, sizeof got, "\"%s\"", chl_excerpt(text, length, excerpt));
        return fail_value(columns, i, got, err);
    }
    return CHL_OK;
}

/* A number that is not of the column's type: its text is, or the value is refused. */
static chl_status convert(sql_columns *columns, int i, const char *text, chl_error *err)
{
    return columns->list[i].wanted
               ? sql_columns_parse(columns, i, text, strlen(text), err)
               : fail_value(columns, i, text, err);
}

chl_status sql_columns_i64(sql_columns *columns, int i, int64_t value, chl_error *err)
{
    sql_column *column = &columns->list[i];
    char text[48];
    CHL_TRY(decide(column, CHL_I64, err));
    if (column->type == CHL_I64) {
        return chl_builder_i64(&column->builder, value, err);
    }
    if (column->type == CHL_F64 && is_exact(value)) {
        return chl_builder_f64(&column->builder, (double)value, err);
    }
    if (column->type == CHL_BOOL && (value == 0 || value == 1)) {
        return chl_builder_bool(&column->builder, value == 1, err);
    }
    snprintf(text, sizeof text, "%lld%s", (long long)value,
             column->type == CHL_F64 && !column->wanted ? " (not exact as f64)" : "");
    return convert(columns, i, text, err);
}

chl_status sql_columns_f64(sql_columns *columns, int i, double value, chl_error *err)
{
    sql_column *column = &columns->list[i];
    char text[32];
    CHL_TRY(decide(column, CHL_F64, err));
    if (column->type == CHL_F64 ||
        (column->type == CHL_I64 && column->widens && widen(column))) {
        return chl_builder_f64(&column->builder, value, err);
    }
    chl_format_double(value, text);
    return convert(columns, i, text, err);
}

chl_status sql_columns_text(sql_columns *columns, int i, const char *text, size_t length,
                            chl_error *err)
{
    sql_column *column = &columns->list[i];
    CHL_TRY(decide(column, CHL_STRING, err));
    if (chl_type_numeric((chl_type)column->type) && !column->wanted) {
        char excerpt[CHL_EXCERPT], got[CHL_EXCERPT + 16];
        snprintf(got, sizeof got, "the text \"%s\"", chl_excerpt(text, length, excerpt));
        return fail_value(columns, i, got, err);
    }
    return sql_columns_parse(columns, i, text, length, err);
}

/* ---- frames ---- */

static chl_status finish_column(sql_column *column, chl_column **out, chl_error *err)
{
    CHL_TRY(decide(column, CHL_F64, err)); /* nothing but NULL */
    CHL_TRY(chl_builder_finish(&column->builder, out, err));
    column->open = false;
    column->widens = false;
    return CHL_OK;
}

chl_status sql_columns_finish(sql_columns *columns, chl_frame **out, chl_error *err)
{
    size_t n = (size_t)columns->count;
    chl_column **made = chl_calloc(n, sizeof *made);
    const char **names = chl_calloc(n, sizeof *names);
    chl_status status = made && names ? CHL_OK : chl_fail_memory(err);
    *out = NULL;
    for (int i = 0; status == CHL_OK && i < columns->count; i++) {
        names[i] = columns->list[i].name;
        status = finish_column(&columns->list[i], &made[i], err);
    }
    if (status == CHL_OK) {
        status = chl_frame_new(names, made, columns->count, out, err);
    }
    for (size_t i = 0; made && i < n; i++) {
        chl_column_release(made[i]);
    }
    chl_free(made);
    chl_free(names);
    columns->before += columns->rows;
    columns->rows = 0;
    return status;
}
