/* SPDX-License-Identifier: MIT */
#include "core/model/frame_json.h"

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"

/* ---- to JSON ---- */

static json_t *text_cell(const chl_column *column, int64_t row)
{
    chl_strbuf text = {0};
    chl_column_format(column, row, &text);
    json_t *cell =
        text.failed ? NULL : json_stringn(text.data ? text.data : "", text.length);
    chl_strbuf_reset(&text);
    return cell;
}

static json_t *cell_to_json(const chl_column *column, int64_t row)
{
    if (!chl_column_valid(column, row)) {
        return json_null();
    }
    switch (column->type) {
    case CHL_F64: return json_real(column->values.f64[row]);
    case CHL_I64: return json_integer(column->values.i64[row]);
    case CHL_BOOL: return json_boolean(column->values.boolean[row]);
    default: return text_cell(column, row);
    }
}

static json_t *column_to_json(const chl_field *field)
{
    const chl_column *column = field->column;
    json_t *values = json_array();
    for (int64_t row = 0; values && row < column->length; row++) {
        if (json_array_append_new(values, cell_to_json(column, row)) != 0) {
            json_decref(values);
            values = NULL;
        }
    }
    if (!values) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:o}", "name", field->name, "type",
                     chl_type_name(column->type), "values", values);
}

chl_status chl_frame_to_json(const chl_frame *frame, json_t **out, chl_error *err)
{
    *out = NULL;
    json_t *columns = json_array();
    for (int i = 0; columns && i < frame->columns; i++) {
        if (json_array_append_new(columns, column_to_json(&frame->fields[i])) != 0) {
            json_decref(columns);
            return chl_fail(err, CHL_EINVAL,
                            "column '%s': its text cannot be stored (not UTF-8)",
                            frame->fields[i].name);
        }
    }
    *out = columns ? json_pack("{s:I, s:o}", "rows", (json_int_t)frame->rows, "columns",
                               columns)
                   : NULL;
    return *out ? CHL_OK : chl_fail_memory(err);
}

/* ---- from JSON ---- */

static chl_status append_text(chl_builder *builder, const json_t *cell, chl_error *err)
{
    const char *text = json_string_value(cell);
    size_t length = json_string_length(cell);
    int32_t days;
    if (builder->type != CHL_DATE) {
        return chl_builder_text(builder, text, length, err);
    }
    if (!chl_date_parse(text, length, &days)) {
        return chl_fail(err, CHL_EFORMAT, "expected a date");
    }
    return chl_builder_days(builder, days, err);
}

static chl_status append_cell(chl_builder *builder, const json_t *cell, chl_error *err)
{
    if (json_is_null(cell)) {
        return chl_builder_null(builder, err);
    }
    chl_type type = builder->type;
    bool is_text = type == CHL_STRING || type == CHL_CATEGORY || type == CHL_DATE;
    if (type == CHL_F64 && json_is_number(cell)) {
        return chl_builder_f64(builder, json_number_value(cell), err);
    }
    if (type == CHL_I64 && json_is_integer(cell)) {
        return chl_builder_i64(builder, json_integer_value(cell), err);
    }
    if (type == CHL_BOOL && json_is_boolean(cell)) {
        return chl_builder_bool(builder, json_is_true(cell), err);
    }
    if (is_text && json_is_string(cell)) {
        return append_text(builder, cell, err);
    }
    return chl_fail(err, CHL_EFORMAT, "expected a value of type %s, got %s",
                    chl_type_name(type), chl_json_type_name(cell));
}

static chl_status append_cells(chl_builder *builder, const char *name,
                               const json_t *values, chl_error *err)
{
    for (size_t row = 0; row < json_array_size(values); row++) {
        chl_status status = append_cell(builder, json_array_get(values, row), err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "column '%s': row %zu", name, row + 1);
            return status;
        }
    }
    return CHL_OK;
}

static chl_status column_from_json(const json_t *json, size_t rows, const char **name,
                                   chl_column **out, chl_error *err)
{
    *name = json_string_value(json_object_get(json, "name"));
    const char *type_name = json_string_value(json_object_get(json, "type"));
    const json_t *values = json_object_get(json, "values");
    if (!*name || !type_name || json_array_size(values) != rows ||
        !json_is_array(values)) {
        return chl_fail(err, CHL_EFORMAT,
                        "column '%s': expected a name, a type and %zu values",
                        *name ? *name : "", rows);
    }
    chl_type type;
    CHL_TRY(chl_type_parse(type_name, &type, err));
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, type, NULL, err));
    chl_status status = append_cells(&builder, *name, values, err);
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

static chl_status read_columns(const json_t *list, size_t rows, const char **names,
                               chl_column **columns, chl_frame **out, chl_error *err)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        CHL_TRY(
            column_from_json(json_array_get(list, i), rows, &names[i], &columns[i], err));
    }
    return chl_frame_new(names, columns, (int)n, out, err);
}

chl_status chl_frame_from_json(const json_t *json, chl_frame **out, chl_error *err)
{
    *out = NULL;
    const json_t *rows = json_object_get(json, "rows");
    const json_t *list = json_object_get(json, "columns");
    size_t n = json_array_size(list);
    if (!json_is_integer(rows) || json_integer_value(rows) < 0 || !json_is_array(list) ||
        n > INT32_MAX) {
        return chl_fail(err, CHL_EFORMAT, "expected rows and columns");
    }
    const char **names = chl_calloc(n, sizeof *names);
    chl_column **columns = chl_calloc(n, sizeof(chl_column *));
    chl_status status = CHL_ENOMEM;
    if (names && columns) {
        status = read_columns(list, (size_t)json_integer_value(rows), names, columns, out,
                              err);
    } else {
        chl_fail_memory(err);
    }
    for (size_t i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(names);
    chl_free(columns);
    return status;
}
