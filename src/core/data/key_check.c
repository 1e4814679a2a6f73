/* SPDX-License-Identifier: MIT
 *
 * Whether keys with equal hashes are equal: every row is compared with the first one of
 * its number. Layer: core/data.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/key_private.h"
#include "core/data/number.h"

enum { BLOCK = 1 << 15 }; /* rows a task */

typedef struct check {
    const chl_key_part *parts;
    int n;
    int64_t rows;
    const int64_t *ids, *first;
} check;

static bool same_texts(const chl_column *column, int64_t i, int64_t j)
{
    size_t a, b;
    const char *left = chl_column_string(column, i, &a);
    const char *right = chl_column_string(column, j, &b);
    return a == b && (a == 0 || memcmp(left, right, a) == 0);
}

/* Of two rows that are both present or both missing. */
static bool same_values(const chl_column *column, int64_t i, int64_t j)
{
    switch (column->type) {
    case CHL_F64: return column->values.f64[i] == column->values.f64[j];
    case CHL_I64:
    case CHL_TIMESTAMP: return column->values.i64[i] == column->values.i64[j];
    case CHL_BOOL: return column->values.boolean[i] == column->values.boolean[j];
    case CHL_DATE: return column->values.days[i] == column->values.days[j];
    case CHL_CATEGORY: return column->values.codes[i] == column->values.codes[j];
    case CHL_STRING: return same_texts(column, i, j);
    }
    return false;
}

static bool same_rows(const check *c, int64_t i, int64_t j)
{
    for (int k = 0; k < c->n; k++) {
        const chl_column *column = c->parts[k].left;
        if (chl_column_valid(column, i) != chl_column_valid(column, j) ||
            !same_values(column, i, j)) {
            return false;
        }
    }
    return true;
}

/* A task: CHL_EINVAL when two different keys have one number. */
static chl_status check_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const check *c = ctx;
    int64_t start = (int64_t)block * BLOCK;
    int64_t end = c->rows - start < BLOCK ? c->rows : start + BLOCK;
    for (int64_t i = start; i < end; i++) {
        int64_t first = c->first[c->ids[i]];
        if (first != i && !same_rows(c, i, first)) {
            return CHL_EINVAL;
        }
    }
    return CHL_OK;
}

chl_status key_check_numbers(const chl_key_part *parts, int n, int64_t rows,
                             const int64_t *ids, int64_t count,
                             const chl_control *control, bool *same, chl_error *err)
{
    int64_t *first = chl_alloc((size_t)count, sizeof *first);
    if (!first) {
        return chl_fail_memory(err);
    }
    chl_first_rows(ids, rows, count, first);
    check c = {parts, n, rows, ids, first};
    size_t blocks = (size_t)((rows + BLOCK - 1) / BLOCK);
    chl_status status =
        chl_parallel_for(chl_control_threads(control), blocks, check_block, &c, err);
    chl_free(first);
    *same = status == CHL_OK;
    return status == CHL_EINVAL ? CHL_OK : status;
}
