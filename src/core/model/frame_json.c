/* SPDX-License-Identifier: MIT */
#include "core/model/frame_json.h"

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"

/* ---- to JSON ---- */

static chl_status text_cell(const chl_column *column, int64_t row, json_t **out,
                            chl_error *err)
{
    chl_strbuf text = {0};
    chl_column_format(column, row, &text);
    if (text.failed) {
        chl_strbuf_reset(&text);
        return chl_fail_memory(err);
    }
    *out = json_stringn(text.data ? text.data : "", text.length);
    chl_strbuf_reset(&text);
    return *out ? CHL_OK
                : chl_fail(err, CHL_EINVAL, "row %lld: its text is not UTF-8",
                           (long long)row + 1);
}

static chl_status cell_to_json(const chl_column *column, int64_t row, json_t **out,
                               chl_error *err)
{
    if (!chl_column_valid(column, row)) {
        *out = json_null();
        return CHL_OK;
    }
    switch (column->type) {
    case CHL_F64: *out = json_real(column->values.f64[row]); break;
    case CHL_I64: *out = json_integer(column->values.i64[row]); break;
    case CHL_BOOL: *out = json_boolean(column->values.boolean[row]); break;
    default: return text_cell(column, row, out, err);
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}

static chl_status fill_values(const chl_column *column, json_t *values, chl_error *err)
{
    for (int64_t row = 0; row < column->length; row++) {
        json_t *cell = NULL;
        CHL_TRY(cell_to_json(column, row, &cell, err));
        if (json_array_append_new(values, cell) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

static chl_status append_column(const chl_field *field, json_t *columns, chl_error *err)
{
    json_t *values = json_array();
    chl_status status =
        values ? fill_values(field->column, values, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        json_decref(values);
        chl_error_prefix(err, "column '%s'", field->name);
        return status;
    }
    json_t *column = json_pack("{s:s, s:s, s:o}", "name", field->name, "type",
                               chl_type_name(field->column->type), "values", values);
    if (!column) {
        return chl_fail(err, CHL_EINVAL, "column '%s': its name is not UTF-8",
                        field->name);
    }
    return json_array_append_new(columns, column) == 0 ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_frame_to_json(const chl_frame *frame, json_t **out, chl_error *err)
{
    *out = NULL;
    json_t *columns = json_array();
    chl_status status = columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < frame->columns && status == CHL_OK; i++) {
        status = append_column(&frame->fields[i], columns, err);
    }
    if (status != CHL_OK) {
        json_decref(columns);
        return status;
    }
    *out = json_pack("{s:I, s:o}", "rows", (json_int_t)frame->rows, "columns", columns);
    return *out ? CHL_OK : chl_fail_memory(err);
}

/* ---- from JSON ---- */

static chl_status append_text(chl_builder *builder, const json_t *cell, chl_error *err)
{
    const char *text = json_string_value(cell);
    size_t length = json_string_length(cell);
    bool fits;
    CHL_TRY(chl_builder_parse(builder, text, length, &fits, err));
    return fits ? CHL_OK
                : chl_fail(err, CHL_EFORMAT, "expected a %s",
                           chl_type_name(builder->type));
}

static chl_status append_cell(chl_builder *builder, const json_t *cell, chl_error *err)
{
    if (json_is_null(cell)) {
        return chl_builder_null(builder, err);
    }
    chl_type type = builder->type;
    bool is_text = !chl_type_numeric(type);
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
