/* SPDX-License-Identifier: MIT */
#include "core/data/classes.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/data/distinct.h"

void chl_classes_reset(chl_classes *classes)
{
    for (int c = 0; c < classes->count; c++) {
        chl_free(classes->names[c]);
    }
    chl_free(classes->names);
    *classes = (chl_classes){0};
}

/* The first row with a fraction, or -1. */
static int64_t find_fraction(const chl_column *column)
{
    for (int64_t i = 0; column->type == CHL_F64 && i < column->length; i++) {
        double value = column->values.f64[i];
        if (chl_column_valid(column, i) && value != floor(value)) {
            return i;
        }
    }
    return -1;
}

chl_status chl_frame_has_classes(const chl_frame *frame, bool *out, chl_error *err)
{
    *out = false;
    const chl_column *column =
        frame->target ? chl_frame_column(frame, frame->target) : NULL;
    if (!column || frame->positive || column->type == CHL_BOOL ||
        column->type == CHL_DATE || column->type == CHL_TIMESTAMP) {
        return CHL_OK;
    }
    chl_distinct values;
    CHL_TRY(chl_distinct_init(&values, column, err));
    *out =
        values.count > 2 && values.count <= CHL_CLASSES_MAX && find_fraction(column) < 0;
    chl_distinct_reset(&values);
    return CHL_OK;
}

static chl_status check_values(const chl_column *column, const char *name, int64_t count,
                               chl_error *err)
{
    if (count < 2 || count > CHL_CLASSES_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "target '%s': expected 2 to %d classes, got %lld values", name,
                        CHL_CLASSES_MAX, (long long)count);
    }
    if (column->type == CHL_DATE || column->type == CHL_TIMESTAMP) {
        return chl_fail(
            err, CHL_ETYPE,
            "target '%s': expected whole numbers or texts as classes, got %ss", name,
            chl_type_name(column->type));
    }
    int64_t row = find_fraction(column);
    if (row >= 0) {
        return chl_fail(err, CHL_EINVAL,
                        "target '%s': row %lld: expected whole numbers as classes, "
                        "got %g",
                        name, (long long)row + 1, column->values.f64[row]);
    }
    return CHL_OK;
}

/* Whether row i of the column comes before row j. */
static bool before(const chl_column *column, int64_t i, int64_t j)
{
    if (chl_type_numeric(column->type)) {
        return chl_column_number(column, i) < chl_column_number(column, j);
    }
    if (column->type == CHL_CATEGORY) {
        return column->values.codes[i] < column->values.codes[j];
    }
    size_t m, n;
    const char *a = chl_column_text(column, i, &m), *b = chl_column_text(column, j, &n);
    int order = memcmp(a, b, m < n ? m : n);
    return order != 0 ? order < 0 : m < n;
}

/* The first rows of the values, in the classes' order. */
static void sort_rows(const chl_column *column, const chl_distinct *values, int64_t *rows)
{
    for (int64_t n = 0; n < values->count; n++) {
        int64_t row = values->first[n], at = n;
        for (; at > 0 && before(column, row, rows[at - 1]); at--) {
            rows[at] = rows[at - 1];
        }
        rows[at] = row;
    }
}

static chl_status name_classes(chl_classes *classes, const chl_column *column,
                               const int64_t *rows, int64_t n, chl_error *err)
{
    chl_strbuf text = {0};
    chl_status status = CHL_OK;
    for (int64_t c = 0; c < n && status == CHL_OK; c++) {
        text.length = 0;
        chl_strbuf_puts(&text, ""); /* a text even when the value is empty */
        chl_column_format(column, rows[c], &text);
        char *name = text.failed ? NULL : chl_strndup(text.data, text.length);
        if (name) {
            classes->names[classes->count++] = name;
        } else {
            status = chl_fail_memory(err);
        }
    }
    chl_strbuf_reset(&text);
    return status;
}

static chl_status read_values(chl_classes *classes, const chl_column *column,
                              const char *name, const chl_distinct *values,
                              chl_error *err)
{
    CHL_TRY(check_values(column, name, values->count, err));
    int64_t rows[CHL_CLASSES_MAX];
    sort_rows(column, values, rows);
    classes->type = column->type;
    classes->ordered = column->type == CHL_CATEGORY ? chl_levels_ordered(column->levels)
                                                    : chl_type_numeric(column->type);
    classes->names = chl_calloc((size_t)values->count, sizeof(char *));
    return classes->names ? name_classes(classes, column, rows, values->count, err)
                          : chl_fail_memory(err);
}

chl_status chl_classes_init(chl_classes *classes, const chl_column *column,
                            const char *name, chl_error *err)
{
    *classes = (chl_classes){0};
    chl_distinct values;
    CHL_TRY(chl_distinct_init(&values, column, err));
    chl_status status = read_values(classes, column, name, &values, err);
    chl_distinct_reset(&values);
    if (status != CHL_OK) {
        chl_classes_reset(classes);
    }
    return status;
}

chl_status chl_classes_copy(const chl_classes *classes, chl_classes *out, chl_error *err)
{
    *out = (chl_classes){.type = classes->type, .ordered = classes->ordered};
    if (classes->count == 0) {
        return CHL_OK;
    }
    out->names = chl_calloc((size_t)classes->count, sizeof(char *));
    for (int c = 0; out->names && c < classes->count; c++) {
        char *name = chl_strdup(classes->names[c]);
        if (!name) {
            break;
        }
        out->names[out->count++] = name;
    }
    if (out->count < classes->count) {
        chl_classes_reset(out);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

bool chl_classes_equal(const chl_classes *a, const chl_classes *b)
{
    bool equal = a->count == b->count && (a->count == 0 || a->type == b->type);
    for (int c = 0; equal && c < a->count; c++) {
        equal = strcmp(a->names[c], b->names[c]) == 0;
    }
    return equal;
}

int chl_classes_find(const chl_classes *classes, const char *text, size_t length)
{
    for (int c = 0; c < classes->count; c++) {
        if (strlen(classes->names[c]) == length &&
            memcmp(classes->names[c], text, length) == 0) {
            return c;
        }
    }
    return -1;
}

/* ---- rows ---- */

static chl_status fail_unknown_class(const char *name, int64_t row, const char *text,
                                     chl_error *err)
{
    return chl_fail(err, CHL_EINVAL,
                    "target '%s': row %lld: expected a class that training had, got '%s'",
                    name, (long long)row + 1, text);
}

chl_status chl_classes_index(const chl_classes *classes, const chl_column *column,
                             const char *name, double *y, chl_error *err)
{
    chl_distinct values;
    CHL_TRY(chl_distinct_init(&values, column, err));
    double *class_of = chl_alloc((size_t)values.count + 1, sizeof *class_of);
    chl_strbuf text = {0};
    chl_status status = class_of ? CHL_OK : chl_fail_memory(err);
    for (int64_t v = 0; v < values.count && status == CHL_OK; v++) {
        text.length = 0;
        chl_strbuf_puts(&text, "");
        chl_column_format(column, values.first[v], &text);
        int c = text.failed ? -1 : chl_classes_find(classes, text.data, text.length);
        class_of[v] = c;
        if (c < 0) {
            status = text.failed
                         ? chl_fail_memory(err)
                         : fail_unknown_class(name, values.first[v], text.data, err);
        }
    }
    for (int64_t i = 0; i < column->length && status == CHL_OK; i++) {
        y[i] = chl_column_valid(column, i) ? class_of[values.codes[i]] : NAN;
    }
    chl_strbuf_reset(&text);
    chl_free(class_of);
    chl_distinct_reset(&values);
    return status;
}

static chl_status build_column(const chl_classes *classes, const int *index, int64_t n,
                               chl_builder *builder, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        const char *name = classes->names[index[i]];
        bool fits;
        CHL_TRY(chl_builder_parse(builder, name, strlen(name), &fits, err));
        if (!fits) {
            return chl_fail(err, CHL_EINVAL, "class '%s': expected a %s", name,
                            chl_type_name(classes->type));
        }
    }
    return CHL_OK;
}

/* All classes as levels, in their order. */
static chl_status make_levels(const chl_classes *classes, chl_levels **out,
                              chl_error *err)
{
    CHL_TRY(chl_levels_new(out, err));
    chl_status status = CHL_OK;
    for (int c = 0; c < classes->count && status == CHL_OK; c++) {
        int32_t code;
        const char *name = classes->names[c];
        status = chl_levels_intern(*out, name, strlen(name), &code, err);
    }
    if (status != CHL_OK) {
        chl_levels_release(*out);
        *out = NULL;
    } else if (classes->ordered) {
        chl_levels_set_ordered(*out);
    }
    return status;
}

chl_status chl_classes_column(const chl_classes *classes, const int *index, int64_t n,
                              chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_levels *levels = NULL;
    if (classes->type == CHL_CATEGORY) {
        CHL_TRY(make_levels(classes, &levels, err));
    }
    chl_builder builder;
    chl_status status = chl_builder_init(&builder, classes->type, levels, err);
    if (status == CHL_OK) {
        status = build_column(classes, index, n, &builder, err);
        if (status == CHL_OK) {
            status = chl_builder_finish(&builder, out, err);
        }
        chl_builder_reset(&builder);
    }
    chl_levels_release(levels);
    return status;
}

chl_status chl_classes_check(const chl_classes *classes, chl_error *err)
{
    chl_column *column = NULL;
    int index[CHL_CLASSES_MAX];
    if (classes->type == CHL_DATE || classes->type == CHL_TIMESTAMP) {
        return chl_fail(err, CHL_EFORMAT, "classes: expected numbers or texts");
    }
    for (int c = 0; c < classes->count; c++) {
        index[c] = c;
    }
    CHL_TRY(chl_classes_column(classes, index, classes->count, &column, err));
    chl_column_release(column);
    return CHL_OK;
}
