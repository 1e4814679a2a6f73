/* SPDX-License-Identifier: MIT
 *
 * The groups' encoded values of one block of background rows for one customer
 * (explain_private.h). Layer: core/model.
 */
#include "core/base/alloc.h"
#include "core/model/explain_private.h"

enum { MIXED_ROWS = 8192 }; /* rows that the prep is asked for at a time */

/* The group's cells of `n` encoded rows (or of one row, repeated). */
static void copy_cells(const explain_group *group, const double *x, int64_t stride,
                       int64_t n, chl_real *out)
{
    for (int64_t row = 0; row < n; row++) {
        for (int k = 0; k < group->columns; k++) {
            *out++ = (chl_real)x[row * stride + group->index[k]];
        }
    }
}

/* Subsets first … first+n-1 of the group's parents, through the part's prep. */
static chl_status mix_subsets(explain_game *g, int part, int group, uint64_t first,
                              int64_t n, chl_error *err)
{
    const explain_part *own = &g->e->parts[part];
    uint64_t parents = own->groups[group].parents;
    chl_mixed_row *rows = chl_alloc((size_t)(n * g->rows), sizeof *rows);
    if (!rows) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n * g->rows; i++) {
        uint64_t subset = first + (uint64_t)(i / g->rows);
        rows[i] = (chl_mixed_row){explain_scatter_bits(subset, parents), i % g->rows};
    }
    chl_frame *mixed = NULL;
    chl_matrix x = {0};
    chl_status status = chl_raw_mix_rows(&g->mix, rows, n * g->rows, &mixed, err);
    chl_free(rows);
    CHL_TRY(status);
    status = chl_prep_transform(own->own->prep, mixed, &x, NULL, err);
    if (status == CHL_OK) {
        copy_cells(&own->groups[group], x.data, own->encoded, x.rows,
                   explain_variant(g, part, group, first));
    }
    chl_matrix_reset(&x);
    chl_frame_release(mixed);
    return status;
}

static chl_status fill_variants(explain_game *g, int part, int group, chl_error *err)
{
    const explain_part *own = &g->e->parts[part];
    const explain_group *cells = &own->groups[group];
    uint64_t all = (UINT64_C(1) << cells->bits) - 1;
    const double *background = chl_matrix_row(&own->matrix, g->block);
    copy_cells(cells, background, own->encoded, g->rows,
               explain_variant(g, part, group, 0));
    if (cells->bits > 0) {
        copy_cells(cells, g->values[part].x, 0, g->rows,
                   explain_variant(g, part, group, all));
    }
    int64_t step = MIXED_ROWS / g->rows;
    for (uint64_t subset = 1; subset < all; subset += (uint64_t)step) {
        int64_t left = (int64_t)(all - subset);
        CHL_TRY(mix_subsets(g, part, group, subset, left < step ? left : step, err));
    }
    return CHL_OK;
}

static chl_status fill_part(explain_game *g, int part, chl_error *err)
{
    const explain_part *own = &g->e->parts[part];
    for (int i = 0; !own->direct && i < own->group_count; i++) {
        CHL_TRY(fill_variants(g, part, i, err));
    }
    return CHL_OK;
}

static chl_status load_mix(explain_game *g, chl_error *err)
{
    chl_frame *rows = NULL;
    CHL_TRY(chl_frame_slice(g->e->background, g->block, g->rows, &rows, err));
    chl_raw_mix_reset(&g->mix);
    chl_status status = chl_raw_mix_init(&g->mix, rows, g->customer, err);
    chl_frame_release(rows);
    return status;
}

static bool needs_mix(const chl_explainer *e)
{
    bool needed = e->direct;
    for (int k = 0; k < e->part_count; k++) {
        for (int i = 0; i < e->parts[k].group_count; i++) {
            needed = needed || e->parts[k].groups[i].bits > 1;
        }
    }
    return needed;
}

/* For each background row of the block the columns in which it is not the customer. */
static void compare_rows(explain_game *g)
{
    for (int64_t row = 0; row < g->rows; row++) {
        g->differs[row] = 0;
        for (int j = 0; j < g->e->players; j++) {
            const chl_column *own = g->customer->fields[j].column;
            const chl_column *other = g->e->background->fields[j].column;
            bool equal = chl_cells_equal(own, 0, other, g->block + row);
            g->differs[row] |= (uint64_t)!equal << j;
        }
    }
}

chl_status explain_load_block(explain_game *g, int64_t first, chl_error *err)
{
    const chl_explainer *e = g->e;
    int64_t left = e->background->rows - first;
    g->block = first;
    g->rows = left < EXPLAIN_BLOCK ? left : EXPLAIN_BLOCK;
    compare_rows(g);
    if (needs_mix(e)) {
        CHL_TRY(load_mix(g, err));
    }
    for (int i = 0; i < e->part_count; i++) {
        CHL_TRY(fill_part(g, i, err));
    }
    return CHL_OK;
}
