/* SPDX-License-Identifier: MIT
 *
 * Which mixed rows some coalitions ask for (explain_private.h). Layer: core/model.
 *
 * For exact values each background row has 2^d different mixed rows, d = the columns in
 * which it is not the customer, rather than 2^players.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/model/explain_private.h"

/* Grows *array to `need` items; false when memory is out. */
static bool room(void **array, size_t *capacity, size_t need, size_t size)
{
    void *grown = chl_grow(*array, capacity, need, size);
    if (grown) {
        *array = grown;
    }
    return grown != NULL;
}

/* The place of a coalition among this background row's mixed rows, new or known. */
static int32_t place_of(explain_rows *rows, size_t mask, uint64_t coalition, int64_t row)
{
    /* those of few columns are places themselves */
    size_t slot =
        (size_t)(coalition <= mask ? coalition : chl_hash_u64(coalition)) & mask;
    while (rows->slots[slot] >= 0) {
        if (rows->mixed[rows->slots[slot]].coalition == coalition) {
            return rows->slots[slot];
        }
        slot = (slot + 1) & mask;
    }
    rows->slots[slot] = (int32_t)rows->count;
    rows->mixed[rows->count] = (chl_mixed_row){coalition, row};
    return (int32_t)rows->count++;
}

/* A power of two above twice the coalitions. */
static size_t slots_for(int64_t n)
{
    size_t slots = 16;
    while (slots < 2 * (size_t)n) {
        slots *= 2;
    }
    return slots;
}

static bool has_layout(const chl_explainer *e, int part)
{
    return !e->parts[part].direct && e->parts[part].layout == part;
}

/* Does a part with that layout read the subsets of a background row's mixed rows? */
static bool needs_subsets(const explain_game *g, int layout, int64_t row)
{
    bool needed = false;
    for (int i = layout; i < g->e->part_count && !needed; i++) {
        const explain_part *part = &g->e->parts[i];
        needed = !part->direct && part->layout == layout && !explain_is_cube(g, i, row);
    }
    return needed;
}

static void place_subsets(const explain_game *g, int layout, int64_t row)
{
    const explain_part *part = &g->e->parts[layout];
    size_t terms = (size_t)part->term_count;
    for (size_t i = g->found.start[row]; i < g->found.start[row + 1]; i++) {
        int32_t *at = g->found.subsets[layout].at + i * terms;
        for (size_t t = 0; t < terms; t++) {
            uint64_t differs = part->terms[t].mask & g->differs[row];
            at[t] = (int32_t)explain_gather_bits(g->found.mixed[i].coalition, differs);
        }
    }
}

/* The cells and subsets of a background row's mixed rows. */
static void place_row(const explain_game *g, int64_t row)
{
    uint64_t differs = g->differs[row];
    bool few = explain_count_bits(differs) <= EXPLAIN_CUBE_BITS;
    for (size_t i = g->found.start[row]; few && i < g->found.start[row + 1]; i++) {
        uint64_t coalition = g->found.mixed[i].coalition;
        g->found.cells[i] = (int32_t)explain_gather_bits(coalition, differs);
    }
    for (int i = 0; i < g->e->part_count; i++) {
        if (has_layout(g->e, i) && needs_subsets(g, i, row)) {
            place_subsets(g, i, row);
        }
    }
}

/* The mixed rows of one background row; there is room for them. */
static void collect_row(explain_game *g, int64_t row, const uint64_t *coalitions,
                        int64_t n, size_t slots)
{
    explain_rows *rows = &g->found;
    memset(rows->slots, 0xff, slots * sizeof *rows->slots); /* -1 */
    for (int64_t k = 0; k < n; k++) {
        uint64_t coalition = coalitions[k] & g->differs[row];
        rows->which[row * n + k] = place_of(rows, slots - 1, coalition, row);
    }
    rows->start[row + 1] = rows->count;
    place_row(g, row);
}

/* Room for `need` mixed rows. */
static bool rows_room(explain_game *g, size_t need)
{
    explain_rows *rows = &g->found;
    bool ready =
        room((void **)&rows->mixed, &rows->mixed_capacity, need, sizeof *rows->mixed) &&
        room((void **)&rows->cells, &rows->cells_capacity, need, sizeof *rows->cells);
    for (int i = 0; i < g->e->part_count && ready; i++) {
        struct explain_subsets *own = &rows->subsets[i];
        size_t terms = (size_t)g->e->parts[i].term_count;
        ready = !has_layout(g->e, i) || room((void **)&own->at, &own->at_capacity,
                                             need * (terms + 1), sizeof *own->at);
    }
    return ready;
}

chl_status explain_collect(explain_game *g, const uint64_t *coalitions, int64_t n,
                           chl_error *err)
{
    explain_rows *rows = &g->found;
    size_t slots = slots_for(n), most = (size_t)n;
    bool ready =
        room((void **)&rows->which, &rows->which_capacity, most * (size_t)g->rows,
             sizeof *rows->which) &&
        room((void **)&rows->slots, &rows->slots_capacity, slots, sizeof *rows->slots);
    rows->start[0] = rows->count = 0;
    for (int64_t row = 0; row < g->rows && ready; row++) {
        ready = rows_room(g, rows->count + most);
        if (ready) {
            collect_row(g, row, coalitions, n, slots);
        }
    }
    ready = ready &&
            room((void **)&rows->p, &rows->p_capacity, rows->count + 1, sizeof *rows->p);
    return ready ? CHL_OK : chl_fail_memory(err);
}

void explain_rows_reset(explain_rows *rows, int parts)
{
    for (int i = 0; rows->subsets && i < parts; i++) {
        chl_free(rows->subsets[i].at);
    }
    chl_free(rows->subsets);
    chl_free(rows->mixed);
    chl_free(rows->cells);
    chl_free(rows->p);
    chl_free(rows->which);
    chl_free(rows->slots);
    *rows = (explain_rows){0};
}
