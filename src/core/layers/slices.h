/* SPDX-License-Identifier: MIT
 *
 * Slices of padded rows: some neighbouring columns of each. Layer: core/layers, not for
 * other rooms.
 */
#ifndef CHL_LAYERS_SLICES_H
#define CHL_LAYERS_SLICES_H

#include <stdint.h>
#include <string.h>

#include "core/nn/real.h"

/* Copies `width` columns of n rows. */
static inline void chl_slice_copy(int64_t n, int64_t width, const chl_real *from,
                                  int64_t from_row, chl_real *to, int64_t to_row)
{
    for (int64_t i = 0; i < n; i++) {
        memcpy(to + i * to_row, from + i * from_row, (size_t)width * sizeof *to);
    }
}

/* Sets the columns from `width` on of n rows of `row` numbers to zero. */
static inline void chl_slice_pad(int64_t n, int64_t width, chl_real *x, int64_t row)
{
    for (int64_t i = 0; width < row && i < n; i++) {
        memset(x + i * row + width, 0, (size_t)(row - width) * sizeof *x);
    }
}

#endif
