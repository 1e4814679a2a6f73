/* SPDX-License-Identifier: MIT
 *
 * The scratch of one task that runs mixed rows through a part's nets. Layer: core/model,
 * private to explain_tables.c and explain_cube.c.
 */
#ifndef CHL_MODEL_EXPLAIN_TABLES_H
#define CHL_MODEL_EXPLAIN_TABLES_H

#include "core/model/explain_private.h"

enum { EXPLAIN_CUBE_ROWS = (1 << EXPLAIN_CUBE_BITS) / CHL_CUBE_LANES };

typedef struct explain_tables {
    const explain_game *g;
    int part;
    const explain_part *own;
    int64_t first, end; /* background rows of the block */
    bool tabled;        /* not all of them are explain_is_cube */
    const chl_real *
        *rows;          /* owned: [groups] [variants][width], [terms] [2^bits][width] */
    chl_real *block;    /* owned: what all below but the last two point to */
    chl_real *customer; /* [slices][groups][width] what the customer's own values add */
    chl_real *steps;    /* [EXPLAIN_CUBE_BITS][width] a cube's steps */
    chl_real *cube;     /* [EXPLAIN_CUBE_ROWS][width] a cube's rows */
    chl_real *cells; /* [2][encoded] a background row's values, group by group, and what
                        the customer's columns change in them */
    chl_real *net;   /* scratch of a net */
    int32_t *at;     /* owned: [rows] the variants that the terms' subsets take */
    double *p;       /* owned: one net's probabilities of one background row */
} explain_tables;

static inline int64_t explain_mixed(const explain_tables *t, int64_t row)
{
    const size_t *start = t->g->found.start;
    return (int64_t)(start[row + 1] - start[row]);
}

/* For a background row that explain_is_cube (explain_cube.c): its cells, then a slice. */
void explain_cube_cells(explain_tables *t, int64_t row);
void explain_cube_slice(explain_tables *t, const chl_sum_batch *batch, int slice,
                        int64_t row);
/* Its rows in a batch. */
int64_t explain_cube_size(const explain_game *g, int64_t row);

#endif
