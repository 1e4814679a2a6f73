/* SPDX-License-Identifier: MIT
 *
 * Gathered values to columns and a frame. Layer: core/io.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/builder.h"
#include "core/io/csv_table.h"

enum { LARGE = 1000 }; /* rows; see chl_category_limit */

int64_t chl_category_limit(int64_t rows)
{
    int64_t limit = rows >= LARGE ? rows / 10 : rows / 2;
    return limit < CSV_LEVELS_MAX ? limit : CSV_LEVELS_MAX;
}

/* ---- text ---- */

chl_status csv_gather_strings(csv_gather *gather, int64_t rows, int64_t room,
                              chl_error *err)
{
    const int32_t *codes = gather->values;
    int64_t *offsets = chl_alloc_aligned((size_t)room + 1, sizeof *offsets);
    if (!offsets) {
        return chl_fail_memory(err);
    }
    offsets[0] = 0;
    for (int64_t i = 0; i < rows; i++) {
        size_t length = 0;
        if (codes[i] >= 0) {
            (void)chl_levels_name(gather->levels, codes[i], &length);
        }
        offsets[i + 1] = offsets[i] + (int64_t)length;
    }
    char *bytes = chl_alloc((size_t)offsets[rows], 1);
    if (!bytes) {
        chl_free(offsets);
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++) {
        if (offsets[i + 1] > offsets[i]) {
            memcpy(bytes + offsets[i], chl_levels_name(gather->levels, codes[i], NULL),
                   (size_t)(offsets[i + 1] - offsets[i]));
        }
    }
    chl_free(gather->values);
    chl_levels_release(gather->levels);
    gather->values = offsets;
    gather->bytes = bytes;
    gather->used = gather->bytes_room = (size_t)offsets[rows];
    gather->levels = NULL;
    gather->kind = CHL_STRING;
    return CHL_OK;
}

/* Levels end in byte order, so that codes do not depend on the order of the rows. */
static chl_status sort_levels(csv_gather *g, int64_t rows, chl_error *err)
{
    int32_t *rank = chl_alloc((size_t)chl_levels_count(g->levels), sizeof *rank);
    if (!rank) {
        return chl_fail_memory(err);
    }
    chl_levels *sorted = NULL;
    chl_status status = chl_levels_ranks(g->levels, rank, err);
    if (status == CHL_OK) {
        status = chl_levels_sorted(g->levels, rank, &sorted, err);
    }
    if (status == CHL_OK) {
        int32_t *codes = g->values;
        for (int64_t i = 0; i < rows; i++) {
            codes[i] = codes[i] < 0 ? -1 : rank[codes[i]];
        }
        chl_levels_release(g->levels);
        g->levels = sorted;
    }
    chl_free(rank);
    return status;
}

static chl_status settle_text(csv_gather *g, bool inferred, int64_t rows, chl_error *err)
{
    if (g->kind != CHL_CATEGORY) {
        return CHL_OK;
    }
    if (inferred && chl_levels_count(g->levels) > chl_category_limit(rows)) {
        return csv_gather_strings(g, rows, rows, err);
    }
    return sort_levels(g, rows, err);
}

/* ---- one column ---- */

/* A column without present cells is i64, a declared one without rows what it should be.
 */
static chl_status settle_nothing(csv_gather *g, const csv_field *f, int64_t rows,
                                 chl_error *err)
{
    if (g->kind != CSV_NOTHING) {
        return CHL_OK;
    }
    g->kind = f->type >= 0 ? f->type : (int)CHL_I64;
    size_t n = (size_t)rows + 1;
    g->values = chl_alloc_aligned(n, 8);
    if (!g->values || (g->kind == CHL_CATEGORY && !g->levels)) {
        if (g->values && chl_levels_new(&g->levels, err) == CHL_OK) {
            memset(g->values, 0xff, n * 8);
            return CHL_OK;
        }
        return chl_fail_memory(err);
    }
    memset(g->values, 0, n * 8);
    return CHL_OK;
}

static void widen_integers(csv_gather *g)
{
    const int64_t *from = g->values;
    double *to = g->values;
    for (int64_t i = 0; g->kind == CHL_F64 && i < g->integers; i++) {
        to[i] = (double)from[i];
    }
}

/* *bitmap stays NULL when nothing is missing. */
static chl_status make_validity(const csv_gather *g, int64_t rows, uint8_t **bitmap,
                                int64_t *nulls, chl_error *err)
{
    *bitmap = NULL;
    *nulls = 0;
    for (int64_t i = 0; g->missing && i < rows; i++) {
        *nulls += g->missing[i];
    }
    if (*nulls == 0) {
        return CHL_OK;
    }
    size_t bytes = ((size_t)rows + 7) / 8;
    uint8_t *bits = chl_alloc(bytes, 1);
    if (!bits) {
        return chl_fail_memory(err);
    }
    memset(bits, 0xff, bytes);
    for (int64_t i = 0; i < rows; i++) {
        bits[i >> 3] &= (uint8_t) ~((unsigned)g->missing[i] << (i & 7));
    }
    *bitmap = bits;
    return CHL_OK;
}

/* Takes the values out of the gather. */
static chl_status make_column(csv_gather *g, const csv_field *f, int64_t rows,
                              chl_column **out, chl_error *err)
{
    uint8_t *validity = NULL;
    int64_t nulls;
    CHL_TRY(settle_nothing(g, f, rows, err));
    CHL_TRY(settle_text(g, f->type < 0, rows, err));
    widen_integers(g);
    if (g->kind == CHL_STRING && !g->bytes) {
        g->bytes = chl_alloc(0, 1);
        if (!g->bytes) {
            return chl_fail_memory(err);
        }
    }
    CHL_TRY(make_validity(g, rows, &validity, &nulls, err));
    chl_column parts = {.type = (chl_type)g->kind,
                        .length = rows,
                        .nulls = nulls,
                        .validity = validity,
                        .values.any = g->values,
                        .bytes = g->bytes,
                        .levels = g->kind == CHL_CATEGORY ? g->levels : NULL};
    chl_status status = chl_column_adopt(&parts, out, err);
    if (status != CHL_OK) {
        chl_free(validity);
        return status;
    }
    chl_free(g->missing);
    if (g->kind != CHL_CATEGORY) {
        chl_levels_release(g->levels);
    }
    *g = (csv_gather){.kind = CSV_NOTHING};
    return CHL_OK;
}

/* ---- the frame ---- */

typedef struct finishing {
    csv_table *table;
    chl_column **columns; /* one a field; NULL for dropped ones */
} finishing;

static chl_status finish_field(void *ctx, size_t index, chl_error *err)
{
    finishing *f = ctx;
    const csv_field *field = &f->table->fields[index];
    return field->drop ? CHL_OK
                       : make_column(&f->table->gathers[index], field, f->table->rows,
                                     &f->columns[index], err);
}

/* The paths as a category. */
static chl_status make_file_column(const csv_table *t, chl_column **out, chl_error *err)
{
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, CHL_CATEGORY, NULL, err));
    chl_status status = CHL_OK;
    for (size_t i = 0; i < t->file_count && status == CHL_OK; i++) {
        const char *path = t->paths[t->files[i].file];
        int64_t end = i + 1 < t->file_count ? t->files[i + 1].row : t->rows;
        for (int64_t row = t->files[i].row; row < end && status == CHL_OK; row++) {
            status = chl_builder_text(&builder, path, strlen(path), err);
        }
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

static chl_status fill_frame(const csv_table *t, chl_column **columns, const char **names,
                             chl_frame **out, chl_error *err)
{
    int n = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (columns[i]) {
            names[n] = t->fields[i].name;
            chl_column *column = columns[i];
            columns[i] = NULL;
            columns[n++] = column;
        }
    }
    if (columns[t->count]) {
        names[n] = t->options->file_column;
        chl_column *column = columns[t->count];
        columns[t->count] = NULL;
        columns[n++] = column;
    }
    if (chl_frame_new(names, columns, n, out, err) != CHL_OK) {
        return chl_error_prefix(err, "%s:1", csv_path_name(t->paths[0]));
    }
    (*out)->rows = t->rows;
    return CHL_OK;
}

/* Later rows must have the same types. */
static void fix_types(csv_table *t, chl_column *const *columns)
{
    for (int64_t i = 0; i < t->count; i++) {
        if (columns[i] && t->fields[i].type < 0) {
            t->fields[i].type = (int)columns[i]->type;
            t->fields[i].fixed = true;
        }
    }
}

chl_status csv_table_frame(csv_table *table, int threads, chl_frame **out, chl_error *err)
{
    *out = NULL;
    size_t n = (size_t)table->count + 1;
    const char **names = chl_alloc(n, sizeof *names);
    chl_column **columns = chl_calloc(n, sizeof *columns);
    finishing work = {.table = table, .columns = columns};
    chl_status status = names && columns ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_parallel_for(threads, n - 1, finish_field, &work, err);
    }
    if (status == CHL_OK && table->options->file_column) {
        status = make_file_column(table, &columns[n - 1], err);
    }
    if (status == CHL_OK) {
        fix_types(table, columns);
        status = fill_frame(table, columns, names, out, err);
    }
    for (size_t i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(columns);
    chl_free(names);
    return status;
}
