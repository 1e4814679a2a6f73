/* SPDX-License-Identifier: MIT
 *
 * The keys of a join as cells that both frames share. Layer: core/table.
 */
#include "core/table/join_private.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/number.h"

static chl_status find_part(const join_keys *keys, int k, chl_key_part *part,
                            chl_error *err)
{
    int left, right;
    CHL_TRY(chl_frame_index(keys->left, keys->where, keys->left_on[k], &left, err));
    if (chl_frame_index(keys->right, keys->where, keys->right_on[k], &right, err) !=
        CHL_OK) {
        return err ? chl_error_prefix(err, "right frame") : CHL_ENAME;
    }
    *part = (chl_key_part){.left = keys->left->fields[left].column,
                           .right = keys->right->fields[right].column};
    if (!chl_types_comparable(part->left->type, part->right->type)) {
        return chl_fail(err, CHL_ETYPE,
                        "%s: key '%s' is %s and key '%s' of the right frame is %s: "
                        "expected types that compare",
                        keys->where, keys->left_on[k], chl_type_name(part->left->type),
                        keys->right_on[k], chl_type_name(part->right->type));
    }
    return CHL_OK;
}

chl_status join_keys_init(join_keys *keys, chl_error *err)
{
    keys->parts = chl_calloc((size_t)keys->n, sizeof *keys->parts);
    if (!keys->parts) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int k = 0; k < keys->n && status == CHL_OK; k++) {
        status = find_part(keys, k, &keys->parts[k], err);
    }
    if (status != CHL_OK) {
        join_keys_reset(keys);
    }
    return status;
}

void join_keys_reset(join_keys *keys)
{
    chl_free(keys->parts);
    keys->parts = NULL;
}

/* ---- cells ---- */

/* Rows with a missing key get cell -1. */
static void mark_missing(const join_keys *keys, join_cells *cells)
{
    for (int k = 0; k < keys->n; k++) {
        const chl_column *left = keys->parts[k].left, *right = keys->parts[k].right;
        for (int64_t i = 0; left->validity && i < left->length; i++) {
            cells->left[i] = chl_column_valid(left, i) ? cells->left[i] : -1;
        }
        for (int64_t i = 0; right->validity && i < right->length; i++) {
            cells->right[i] = chl_column_valid(right, i) ? cells->right[i] : -1;
        }
    }
}

/* Words that are not spread out are cells as they are; others are numbered. */
static chl_status words_to_cells(join_cells *cells, chl_keys *words,
                                 const chl_control *control, chl_error *err)
{
    if (words->last <= (uint64_t)words->rows * 2) {
        cells->cells = (int64_t)words->last + 1;
        cells->left = (int64_t *)words->words;
        words->words = NULL;
        return CHL_OK;
    }
    cells->left = chl_alloc((size_t)words->rows, sizeof *cells->left);
    return cells->left ? chl_number_words(words->words, words->rows, words->last, control,
                                          cells->left, &cells->cells, err)
                       : chl_fail_memory(err);
}

chl_status join_cells_init(join_cells *cells, const join_keys *keys,
                           const chl_control *control, chl_error *err)
{
    *cells = (join_cells){0};
    chl_keys words;
    int64_t rows;
    if (__builtin_add_overflow(keys->left->rows, keys->right->rows, &rows)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_keys_equal(&words, keys->parts, keys->n, rows, control, err));
    chl_status status = words_to_cells(cells, &words, control, err);
    chl_keys_reset(&words);
    if (status != CHL_OK) {
        join_cells_reset(cells);
        return status;
    }
    cells->right = cells->left + keys->left->rows;
    mark_missing(keys, cells);
    return CHL_OK;
}

void join_cells_reset(join_cells *cells)
{
    chl_free(cells->left);
    *cells = (join_cells){0};
}

/* ---- lists of rows ---- */

/* Counts the rows of each cell and turns the counts into starts; returns all rows. */
static int64_t place_cells(int64_t *from, const int64_t *cell, int64_t n, int64_t cells)
{
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        if (cell[i] >= 0) {
            from[cell[i]]++;
        }
    }
    for (int64_t c = 0; c < cells; c++) {
        int64_t rows = from[c];
        from[c] = at;
        at += rows;
    }
    return at;
}

chl_status join_lists_init(join_lists *lists, const int64_t *cell, const int64_t *order,
                           int64_t n, int64_t cells, chl_error *err)
{
    int64_t *from = lists->from = chl_calloc((size_t)cells + 1, sizeof *lists->from);
    lists->rows = chl_alloc((size_t)n, sizeof *lists->rows);
    if (!lists->from || !lists->rows) {
        join_lists_reset(lists);
        return chl_fail_memory(err);
    }
    from[cells] = place_cells(from, cell, n, cells);
    for (int64_t k = 0; k < n; k++) {
        int64_t i = order ? order[k] : k;
        if (cell[i] >= 0) {
            lists->rows[from[cell[i]]++] = i;
        }
    }
    for (int64_t c = cells - 1; c > 0; c--) { /* filling moved each start to its end */
        from[c] = from[c - 1];
    }
    if (cells) {
        from[0] = 0;
    }
    return CHL_OK;
}

void join_lists_reset(join_lists *lists)
{
    chl_free(lists->from);
    chl_free(lists->rows);
    *lists = (join_lists){0};
}
