/* SPDX-License-Identifier: MIT
 *
 * A dense row-major matrix of doubles: what prep makes and what nets, metrics and
 * explanations read. Layer: core/data.
 */
#ifndef CHL_DATA_MATRIX_H
#define CHL_DATA_MATRIX_H

#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_matrix {
    int64_t rows;
    int64_t cols;
    double *data; /* rows × cols, row-major, 64-byte aligned, owned */
} chl_matrix;

/* Zero-filled. `m` is overwritten. */
CHL_MUST_CHECK chl_status chl_matrix_init(chl_matrix *m, int64_t rows, int64_t cols,
                                          chl_error *err);
void chl_matrix_reset(chl_matrix *m);

static inline double *chl_matrix_row(const chl_matrix *m, int64_t i)
{
    return m->data + i * m->cols;
}

#endif
