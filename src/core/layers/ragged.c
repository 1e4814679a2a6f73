/* SPDX-License-Identifier: MIT */
#include "core/layers/ragged.h"

#include <string.h>

int64_t chl_ragged_size(int64_t rows, int64_t steps)
{
    int64_t groups = (rows > steps ? rows : steps) + 1;
    return rows * steps + 2 * groups + rows;
}

static int32_t *begin(chl_ragged *r, chl_real *memory, int64_t rows, int64_t steps)
{
    int64_t groups = (rows > steps ? rows : steps) + 1;
    *r = (chl_ragged){.rows = rows, .steps = steps, .at = (void *)memory};
    r->start = r->at + rows * steps;
    return r->start + groups; /* room for sorting */
}

static int64_t length_of(const chl_ragged *r, const int32_t *lengths, int64_t row)
{
    return lengths ? lengths[row] : r->steps;
}

/* order = the rows, the longest first; start[t] = how many are longer than t. */
static void sort_rows(const chl_ragged *r, const int32_t *lengths, int32_t *next,
                      int32_t *order)
{
    memset(r->start, 0, (size_t)(r->steps + 1) * sizeof *r->start);
    for (int64_t row = 0; row < r->rows; row++) {
        int64_t length = length_of(r, lengths, row);
        r->start[length > 0 ? length - 1 : r->steps] += length > 0;
    }
    for (int64_t t = r->steps - 1; t > 0; t--) {
        r->start[t - 1] += r->start[t];
    }
    memcpy(next, r->start, (size_t)(r->steps + 1) * sizeof *next);
    for (int64_t row = 0; row < r->rows; row++) {
        int64_t length = length_of(r, lengths, row);
        if (length > 0) {
            order[next[length]++] = (int32_t)row;
        }
    }
}

void chl_ragged_by_step(chl_ragged *r, chl_real *memory, int64_t rows, int64_t steps,
                        const int32_t *lengths)
{
    int32_t *next = begin(r, memory, rows, steps);
    int32_t *order = next + (rows > steps ? rows : steps) + 1;
    sort_rows(r, lengths, next, order);
    for (int64_t t = 0; t <= steps; t++) {
        int64_t active = t < steps ? r->start[t] : 0;
        r->start[t] = (int32_t)r->total;
        for (int64_t i = 0; i < active; i++) {
            r->at[r->total++] = (int32_t)(order[i] * steps + t);
        }
    }
}

void chl_ragged_by_row(chl_ragged *r, chl_real *memory, int64_t rows, int64_t steps,
                       const int32_t *lengths)
{
    begin(r, memory, rows, steps);
    for (int64_t row = 0; row < rows; row++) {
        int64_t length = length_of(r, lengths, row);
        r->start[row] = (int32_t)r->total;
        for (int64_t t = 0; t < length; t++) {
            r->at[r->total++] = (int32_t)(row * steps + t);
        }
    }
    r->start[rows] = (int32_t)r->total;
}

void chl_ragged_pack(const chl_ragged *r, int64_t ld, const chl_real *x, chl_real *packed)
{
    for (int64_t p = 0; p < r->total; p++) {
        memcpy(packed + p * ld, x + r->at[p] * ld, (size_t)ld * sizeof *x);
    }
}

void chl_ragged_unpack(const chl_ragged *r, int64_t ld, const chl_real *packed,
                       chl_real *x)
{
    if (r->total < r->rows * r->steps) {
        memset(x, 0, (size_t)(r->rows * r->steps * ld) * sizeof *x);
    }
    for (int64_t p = 0; p < r->total; p++) {
        memcpy(x + r->at[p] * ld, packed + p * ld, (size_t)ld * sizeof *x);
    }
}
