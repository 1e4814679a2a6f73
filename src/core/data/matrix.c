/* SPDX-License-Identifier: MIT */
#include "core/data/matrix.h"

#include <string.h>

#include "core/base/alloc.h"

chl_status chl_matrix_init(chl_matrix *m, int64_t rows, int64_t cols, chl_error *err)
{
    *m = (chl_matrix){0};
    size_t row_bytes = (size_t)cols * sizeof(double);
    double *data = chl_alloc_aligned((size_t)rows, row_bytes);
    if (!data) {
        return chl_fail_memory(err);
    }
    memset(data, 0, (size_t)rows * row_bytes);
    *m = (chl_matrix){.rows = rows, .cols = cols, .data = data};
    return CHL_OK;
}

void chl_matrix_reset(chl_matrix *m)
{
    chl_free(m->data);
    *m = (chl_matrix){0};
}
