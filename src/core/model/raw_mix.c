/* SPDX-License-Identifier: MIT */
#include "core/model/raw_mix.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"

/* A frame under construction from columns that are released in the end. */
typedef struct assembly {
    const char **names;
    chl_column **columns;
    int n;
} assembly;

static chl_status assembly_init(assembly *a, int n, chl_error *err)
{
    *a = (assembly){.n = n};
    a->names = chl_calloc((size_t)n, sizeof *a->names);
    a->columns = chl_calloc((size_t)n, sizeof(chl_column *));
    return a->names && a->columns ? CHL_OK : chl_fail_memory(err);
}

/* Makes the frame unless `status` tells of a failure; resets the assembly. */
static chl_status assembly_finish(assembly *a, chl_status status, chl_frame **out,
                                  chl_error *err)
{
    if (status == CHL_OK) {
        status = chl_frame_new(a->names, a->columns, a->n, out, err);
    }
    for (int i = 0; a->columns && i < a->n; i++) {
        chl_column_release(a->columns[i]);
    }
    chl_free(a->columns);
    chl_free(a->names);
    *a = (assembly){0};
    return status;
}

/* ---- raw columns ---- */

static chl_status raw_column(const chl_field *wanted, const char *where,
                             const chl_frame *frame, chl_column **out, chl_error *err)
{
    int at;
    CHL_TRY(chl_frame_index(frame, where, wanted->name, &at, err));
    chl_column *column = frame->fields[at].column;
    if (column->type == wanted->column->type) {
        *out = chl_column_retain(column);
        return CHL_OK;
    }
    chl_status status = chl_column_cast(column, wanted->column->type, out, err);
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s: column '%s'", where, wanted->name);
    }
    return status;
}

chl_status chl_raw_columns(const chl_frame *schema, const char *where,
                           const chl_frame *frame, chl_frame **out, chl_error *err)
{
    *out = NULL;
    assembly a;
    chl_status status = assembly_init(&a, schema->columns, err);
    for (int i = 0; i < a.n && status == CHL_OK; i++) {
        a.names[i] = schema->fields[i].name;
        status = raw_column(&schema->fields[i], where, frame, &a.columns[i], err);
    }
    return assembly_finish(&a, status, out, err);
}

/* ---- the pool ---- */

static chl_status append_cell(chl_builder *builder, const chl_column *column, int64_t row,
                              chl_error *err)
{
    size_t length;
    const char *text;
    if (!chl_column_valid(column, row)) {
        return chl_builder_null(builder, err);
    }
    switch (column->type) {
    case CHL_F64: return chl_builder_f64(builder, column->values.f64[row], err);
    case CHL_I64: return chl_builder_i64(builder, column->values.i64[row], err);
    case CHL_BOOL:
        return chl_builder_bool(builder, column->values.boolean[row] != 0, err);
    case CHL_DATE: return chl_builder_days(builder, column->values.days[row], err);
    case CHL_TIMESTAMP:
        return chl_builder_micros(builder, column->values.micros[row], err);
    case CHL_CATEGORY:
        text = chl_levels_name(column->levels, column->values.codes[row], &length);
        return chl_builder_text(builder, text, length, err);
    case CHL_STRING:
        text = chl_column_string(column, row, &length);
        return chl_builder_text(builder, text, length, err);
    }
    return chl_fail(err, CHL_ETYPE, "explain: a column of an unknown type");
}

static chl_status pool_column(const chl_column *background, const chl_column *customer,
                              chl_column **out, chl_error *err)
{
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, background->type, NULL, err));
    chl_status status = CHL_OK;
    for (int64_t row = 0; row < background->length && status == CHL_OK; row++) {
        status = append_cell(&builder, background, row, err);
    }
    if (status == CHL_OK) {
        status = append_cell(&builder, customer, 0, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

chl_status chl_raw_mix_init(chl_raw_mix *mix, const chl_frame *background,
                            const chl_frame *customer, chl_error *err)
{
    *mix = (chl_raw_mix){0};
    assembly a;
    chl_status status = assembly_init(&a, background->columns, err);
    for (int i = 0; i < a.n && status == CHL_OK; i++) {
        a.names[i] = background->fields[i].name;
        status = pool_column(background->fields[i].column, customer->fields[i].column,
                             &a.columns[i], err);
    }
    return assembly_finish(&a, status, &mix->pool, err);
}

void chl_raw_mix_reset(chl_raw_mix *mix)
{
    chl_frame_release(mix->pool);
    *mix = (chl_raw_mix){0};
}

chl_status chl_raw_mix_rows(const chl_raw_mix *mix, const chl_mixed_row *rows, int64_t n,
                            chl_frame **out, chl_error *err)
{
    *out = NULL;
    int64_t customer = mix->pool->rows - 1;
    assembly a = {0};
    int64_t *indices = chl_alloc((size_t)n, sizeof *indices);
    chl_status status =
        indices ? assembly_init(&a, mix->pool->columns, err) : chl_fail_memory(err);
    for (int i = 0; i < a.n && status == CHL_OK; i++) {
        for (int64_t k = 0; k < n; k++) {
            indices[k] = rows[k].coalition >> i & 1 ? customer : rows[k].row;
        }
        a.names[i] = mix->pool->fields[i].name;
        status =
            chl_column_take(mix->pool->fields[i].column, indices, n, &a.columns[i], err);
    }
    chl_free(indices);
    return assembly_finish(&a, status, out, err);
}

bool chl_cells_equal(const chl_column *a, int64_t i, const chl_column *b, int64_t j)
{
    size_t m, n;
    const char *left, *right;
    if (!chl_column_valid(a, i) || !chl_column_valid(b, j)) {
        return chl_column_valid(a, i) == chl_column_valid(b, j);
    }
    switch (a->type) {
    case CHL_F64:
        return memcmp(&a->values.f64[i], &b->values.f64[j], sizeof(double)) == 0;
    case CHL_I64: return a->values.i64[i] == b->values.i64[j];
    case CHL_BOOL: return a->values.boolean[i] == b->values.boolean[j];
    case CHL_DATE: return a->values.days[i] == b->values.days[j];
    case CHL_TIMESTAMP: return a->values.micros[i] == b->values.micros[j];
    case CHL_CATEGORY:
        left = chl_levels_name(a->levels, a->values.codes[i], &m);
        right = chl_levels_name(b->levels, b->values.codes[j], &n);
        return m == n && memcmp(left, right, n) == 0;
    case CHL_STRING:
        left = chl_column_string(a, i, &m);
        right = chl_column_string(b, j, &n);
        return m == n && memcmp(left, right, n) == 0;
    }
    return false;
}
