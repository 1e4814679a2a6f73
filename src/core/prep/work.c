/* SPDX-License-Identifier: MIT */
#include "core/prep/work.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"

static const int64_t EXACT_MAX = INT64_C(1) << 53;

chl_status chl_work_init(chl_work *work, int64_t rows, const char *where, chl_error *err)
{
    *work = (chl_work){.rows = rows, .where = where};
    work->codes = chl_alloc((size_t)rows, sizeof *work->codes);
    return work->codes ? CHL_OK : chl_fail_memory(err);
}

void chl_work_reset(chl_work *work)
{
    for (int i = 0; i < work->n_columns; i++) {
        chl_column_release(work->columns[i]);
    }
    for (int i = 0; i < work->n_blocks; i++) {
        chl_free(work->blocks[i]);
    }
    chl_free(work->columns);
    chl_free(work->blocks);
    chl_free(work->cells);
    chl_free(work->codes);
    *work = (chl_work){0};
}

static double *new_block(chl_work *work, size_t columns)
{
    void **grown = chl_grow(work->blocks, &work->block_capacity,
                            (size_t)work->n_blocks + 1, sizeof *grown);
    if (!grown) {
        return NULL;
    }
    work->blocks = grown;
    double *block = chl_alloc(columns, (size_t)work->rows * sizeof *block);
    if (block) {
        work->blocks[work->n_blocks++] = block;
    }
    return block;
}

chl_status chl_work_extend(chl_work *work, const chl_layout *layout, chl_error *err)
{
    size_t numbers = 0;
    for (int i = work->n; i < layout->n; i++) {
        numbers += chl_layout_kind(layout->slots[i].type) == CHL_TAKES_NUMBERS;
    }
    chl_cells *grown =
        chl_grow(work->cells, &work->capacity, (size_t)layout->n, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    work->cells = grown;
    double *block = new_block(work, numbers);
    if (!block) {
        return chl_fail_memory(err);
    }
    for (; work->n < layout->n; work->n++) {
        chl_cells cells = {0};
        if (chl_layout_kind(layout->slots[work->n].type) == CHL_TAKES_NUMBERS) {
            cells.numbers = block;
            block += work->rows;
        }
        work->cells[work->n] = cells;
    }
    return CHL_OK;
}

static chl_status keep_column(chl_work *work, chl_column *column, chl_error *err)
{
    chl_column **grown = chl_grow(work->columns, &work->column_capacity,
                                  (size_t)work->n_columns + 1, sizeof *grown);
    if (!grown) {
        chl_column_release(column);
        return chl_fail_memory(err);
    }
    work->columns = grown;
    work->columns[work->n_columns++] = column;
    return CHL_OK;
}

static chl_status copy_i64(const chl_work *work, const chl_column *column,
                           const char *name, double *out, chl_error *err)
{
    for (int64_t i = 0; i < work->rows; i++) {
        int64_t value = column->values.i64[i];
        if (value > EXACT_MAX || value < -EXACT_MAX) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: column '%s': row %" PRId64 ": the integer %" PRId64
                            " is beyond 2^53 and no feature: drop the column or make it "
                            "the id",
                            work->where, name, i + 1, value);
        }
        out[i] = (double)value;
    }
    return CHL_OK;
}

static chl_status copy_numbers(const chl_work *work, const chl_column *column,
                               const char *name, double *out, chl_error *err)
{
    switch (column->type) {
    case CHL_F64:
        memcpy(out, column->values.f64, (size_t)work->rows * sizeof *out);
        break;
    case CHL_I64: CHL_TRY(copy_i64(work, column, name, out, err)); break;
    case CHL_BOOL:
        for (int64_t i = 0; i < work->rows; i++) {
            out[i] = column->values.boolean[i];
        }
        break;
    case CHL_CATEGORY:
    case CHL_STRING:
    case CHL_DATE:
    case CHL_TIMESTAMP: break; /* not numbers */
    }
    for (int64_t i = 0; column->validity && i < work->rows; i++) {
        if (!chl_column_valid(column, i)) {
            out[i] = NAN;
        }
    }
    return CHL_OK;
}

chl_status chl_work_put(chl_work *work, const chl_layout *layout, int slot,
                        chl_column *column, chl_error *err)
{
    CHL_TRY(keep_column(work, column, err));
    chl_cells *cells = &work->cells[slot];
    cells->column = column;
    int kind = chl_layout_kind(layout->slots[slot].type);
    if (column->length != work->rows || chl_layout_kind(column->type) != kind) {
        return chl_fail(err, CHL_ETYPE, "%s: column '%s': expected %s, got %s",
                        work->where, layout->slots[slot].name,
                        chl_type_name(layout->slots[slot].type),
                        chl_type_name(column->type));
    }
    if (!cells->numbers) {
        return CHL_OK;
    }
    return copy_numbers(work, column, layout->slots[slot].name, cells->numbers, err);
}

static chl_status column_of_numbers(const chl_work *work, const double *numbers,
                                    chl_column **out, chl_error *err)
{
    CHL_TRY(chl_column_new(CHL_F64, work->rows, true, out, err));
    memcpy((*out)->values.f64, numbers, (size_t)work->rows * sizeof *numbers);
    chl_column_seal(*out); /* NaN becomes missing */
    return CHL_OK;
}

static chl_status column_of_texts(const chl_work *work, const chl_cells *cells,
                                  chl_column **out, chl_error *err)
{
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, CHL_STRING, NULL, err));
    for (int64_t i = 0; i < work->rows; i++) {
        size_t length;
        const char *text = chl_cells_text(cells, i, &length);
        chl_status status = chl_builder_text(&builder, text, length, err);
        if (status != CHL_OK) {
            chl_builder_reset(&builder);
            return status;
        }
    }
    return chl_builder_finish(&builder, out, err);
}

chl_status chl_work_column(const chl_work *work, int slot, chl_column **out,
                           chl_error *err)
{
    *out = NULL;
    const chl_cells *cells = &work->cells[slot];
    if (cells->numbers && !cells->column) {
        return column_of_numbers(work, cells->numbers, out, err);
    }
    if (cells->fill) {
        return column_of_texts(work, cells, out, err);
    }
    *out = chl_column_retain(cells->column);
    return CHL_OK;
}
