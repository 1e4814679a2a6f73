/* SPDX-License-Identifier: MIT
 *
 * All subsets of the columns in which a background row is not the customer, where each
 * column adds to a shallow net's first pre-activations on its own: from what the
 * background row gives, a step for each column that becomes the customer's
 * (explain_private.h). Layer: core/model.
 */
#include <string.h>

#include "core/model/explain_tables.h"

enum { WASTE = 4 }; /* a subset takes less than a quarter of a mixed row's time */

bool explain_is_cube(const explain_game *g, int part, int64_t row)
{
    const explain_part *own = &g->e->parts[part];
    uint64_t differs = g->differs[row];
    int bits = explain_count_bits(differs);
    size_t mixed = g->found.start[row + 1] - g->found.start[row];
    bool cube = own->shallow && bits <= EXPLAIN_CUBE_BITS &&
                (bits <= CHL_CUBE_BITS || (size_t)1 << bits <= WASTE * mixed);
    for (int i = 0; cube && i < own->group_count; i++) {
        cube = explain_count_bits(own->groups[i].parents & differs) <= 1;
    }
    return cube;
}

int64_t explain_cube_size(const explain_game *g, int64_t row)
{
    int64_t subsets = INT64_C(1) << explain_count_bits(g->differs[row]);
    return subsets < CHL_CUBE_LANES ? CHL_CUBE_LANES : subsets;
}

void explain_cube_cells(explain_tables *t, int64_t row)
{
    chl_real *cells = t->cells, *steps = t->cells + t->own->encoded;
    for (int i = 0; i < t->own->group_count; i++) {
        const explain_group *group = &t->own->groups[i];
        int64_t at = row * group->columns, place = group->index - t->own->order;
        uint64_t subset = explain_gather_bits(t->g->differs[row], group->parents);
        const chl_real *before = explain_variant(t->g, t->part, i, 0) + at;
        const chl_real *after = explain_variant(t->g, t->part, i, subset) + at;
        for (int k = 0; k < group->columns; k++) {
            cells[place + k] = before[k];
            steps[place + k] = after[k] - before[k];
        }
    }
}

/* The sums of the background row, and the steps of the columns that differ; the rest of
 * the first CHL_CUBE_BITS steps is zero. */
static void fill_steps(explain_tables *t, const chl_sum_net *net, int slice, int64_t row)
{
    const explain_part *own = t->own;
    uint64_t differs = t->g->differs[row];
    int64_t width = chl_sum_net_width(net);
    memset(t->steps, 0, (size_t)(EXPLAIN_CUBE_BITS * width) * sizeof *t->steps);
    chl_sum_net_start(net, slice, t->cube);
    chl_sum_net_add(net, slice, own->order, own->encoded, t->cells, t->cube);
    for (int i = 0; i < own->group_count; i++) {
        const explain_group *group = &own->groups[i];
        uint64_t column = group->parents & differs;
        if (column) {
            int bit = explain_count_bits(differs & (column - 1));
            chl_sum_net_add(net, slice, group->index, group->columns,
                            t->cells + own->encoded + (group->index - own->order),
                            t->steps + bit * width);
        }
    }
}

/* The rows of the subsets of the high bits. */
static void fill_rows(explain_tables *t, const chl_sum_net *net, int bits)
{
    static const int32_t pairs[] = {0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0};
    int64_t width = chl_sum_net_width(net), rows = 1;
    enum { PAIRS = sizeof pairs / sizeof *pairs / 2 };
    for (int b = CHL_CUBE_BITS; b < bits; b++, rows *= 2) {
        for (int64_t i = 0; i < rows; i += PAIRS) {
            const chl_real *const tables[] = {t->cube + i * width, t->steps + b * width};
            chl_row_sums sums = {.rows = rows < PAIRS ? rows : PAIRS,
                                 .parts = 2,
                                 .tables = tables,
                                 .at = pairs};
            chl_sum_net_gather(net, &sums, t->cube + (rows + i) * width);
        }
    }
}

void explain_cube_slice(explain_tables *t, const chl_sum_batch *batch, int slice,
                        int64_t row)
{
    int64_t width = chl_sum_net_width(batch->net);
    const chl_real *steps[CHL_CUBE_BITS];
    fill_steps(t, batch->net, slice, row);
    fill_rows(t, batch->net, explain_count_bits(t->g->differs[row]));
    for (int b = 0; b < CHL_CUBE_BITS; b++) {
        steps[b] = t->steps + b * width;
    }
    chl_relu_cube cube = {.steps = steps,
                          .count = batch->rows / CHL_CUBE_LANES,
                          .ld = width,
                          .rows = t->cube};
    chl_sum_net_cube(batch, slice, &cube);
}
