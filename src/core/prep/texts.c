/* SPDX-License-Identifier: MIT
 *
 * Text cells: how they read, their codes, their levels. Layer: core/prep.
 */
#include <string.h>

#include <jansson.h>

#include "core/base/alloc.h"
#include "core/prep/work.h"

const char *chl_cells_text(const chl_cells *cells, int64_t i, size_t *length)
{
    const chl_column *column = cells->column;
    if (!chl_column_valid(column, i)) {
        const char *text = cells->fill ? cells->fill : CHL_UNKNOWN_LEVEL;
        *length = strlen(text);
        return text;
    }
    return chl_column_text(column, i, length);
}

static void codes_by_text(const chl_cells *cells, int64_t rows, const chl_levels *known,
                          int32_t *codes)
{
    for (int64_t i = 0; i < rows; i++) {
        size_t length;
        const char *text = chl_cells_text(cells, i, &length);
        codes[i] = chl_levels_find(known, text, length);
    }
}

chl_status chl_cells_codes(const chl_cells *cells, int64_t rows, const chl_levels *known,
                           int32_t *codes, chl_error *err)
{
    const chl_column *column = cells->column;
    int32_t levels = column->type == CHL_CATEGORY ? chl_levels_count(column->levels) : 0;
    if (column->type != CHL_CATEGORY || levels > rows / 2) {
        codes_by_text(cells, rows, known, codes);
        return CHL_OK;
    }
    int32_t *map = chl_alloc((size_t)levels + 1, sizeof *map);
    if (!map) {
        return chl_fail_memory(err);
    }
    const char *missing = cells->fill ? cells->fill : CHL_UNKNOWN_LEVEL;
    map[0] = chl_levels_find(known, missing, strlen(missing)); /* code -1 */
    for (int32_t code = 0; code < levels; code++) {
        size_t length;
        const char *text = chl_levels_name(column->levels, code, &length);
        map[code + 1] = chl_levels_find(known, text, length);
    }
    for (int64_t i = 0; i < rows; i++) {
        codes[i] = map[column->values.codes[i] + 1];
    }
    chl_free(map);
    return CHL_OK;
}

/* ---- levels ---- */

bool chl_text_can_be_saved(const char *text, size_t length)
{
    json_t *json = memchr(text, '\0', length) ? NULL : json_stringn(text, length);
    json_decref(json);
    return json != NULL;
}

static chl_status intern_rows(const chl_cells *cells, int64_t rows, chl_levels *found,
                              int32_t *codes, chl_error *err)
{
    for (int64_t i = 0; i < rows; i++) {
        size_t length;
        const char *text = chl_cells_text(cells, i, &length);
        int32_t before = chl_levels_count(found);
        CHL_TRY(chl_levels_intern(found, text, length, &codes[i], err));
        if (codes[i] == before && !chl_text_can_be_saved(text, length)) {
            return chl_fail(err, CHL_EINVAL, "row %lld: the text is no UTF-8",
                            (long long)i + 1);
        }
    }
    return CHL_OK;
}

static chl_status sort_and_count(const chl_levels *found, const int32_t *codes,
                                 int64_t rows, chl_levels **levels, int64_t **counts,
                                 chl_error *err)
{
    size_t n = (size_t)chl_levels_count(found);
    int32_t *rank = chl_alloc(n, sizeof *rank);
    *counts = chl_calloc(n, sizeof **counts);
    chl_status status = rank && *counts ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_levels_ranks(found, rank, err);
    }
    if (status == CHL_OK) {
        status = chl_levels_sorted(found, rank, levels, err);
    }
    for (int64_t i = 0; status == CHL_OK && i < rows; i++) {
        (*counts)[rank[codes[i]]]++;
    }
    chl_free(rank);
    if (status != CHL_OK) {
        chl_free(*counts);
        *counts = NULL;
    }
    return status;
}

chl_status chl_cells_levels(const chl_cells *cells, int64_t rows, chl_levels **levels,
                            int64_t **counts, chl_error *err)
{
    *levels = NULL;
    *counts = NULL;
    chl_levels *found = NULL;
    CHL_TRY(chl_levels_new(&found, err));
    int32_t *codes = chl_alloc((size_t)rows, sizeof *codes);
    chl_status status =
        codes ? intern_rows(cells, rows, found, codes, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = sort_and_count(found, codes, rows, levels, counts, err);
    }
    chl_free(codes);
    chl_levels_release(found);
    return status;
}
