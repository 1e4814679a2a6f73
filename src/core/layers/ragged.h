/* SPDX-License-Identifier: MIT
 *
 * Rows of unequal length without their padding: the steps that count, one after another,
 * so that products and sums see nothing else. Layer: core/layers, not for other rooms.
 *
 * A batch holds `rows` rows of `steps` steps; lengths[row] of them count, from the first
 * on. In the order of steps the packed rows of step t are those of all rows that are
 * longer than t, the longest first (equal ones in the batch's order): the rows of step t
 * are the first ones of step t - 1.
 */
#ifndef CHL_LAYERS_RAGGED_H
#define CHL_LAYERS_RAGGED_H

#include <stdint.h>

#include "core/nn/real.h"

typedef struct chl_ragged {
    int64_t rows, steps;
    int64_t total;  /* packed rows: the sum of all lengths */
    int32_t *at;    /* [total] row · steps + step of each packed row */
    int32_t *start; /* first packed row of each step, or of each row, and the end */
} chl_ragged;

/* Numbers of memory that a batch takes. */
int64_t chl_ragged_size(int64_t rows, int64_t steps);
/* In the order of steps: start[steps + 1]. lengths NULL = all of them `steps`. Works in
 * `memory`, which it borrows. */
void chl_ragged_by_step(chl_ragged *r, chl_real *memory, int64_t rows, int64_t steps,
                        const int32_t *lengths);
/* In the order of rows: start[rows + 1]. */
void chl_ragged_by_row(chl_ragged *r, chl_real *memory, int64_t rows, int64_t steps,
                       const int32_t *lengths);
/* packed[total × ld] = the steps that count of x[rows × steps × ld]. */
void chl_ragged_pack(const chl_ragged *r, int64_t ld, const chl_real *x,
                     chl_real *packed);
/* The other way; the other steps become zero. */
void chl_ragged_unpack(const chl_ragged *r, int64_t ld, const chl_real *packed,
                       chl_real *x);

#endif
