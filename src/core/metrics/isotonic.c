/* SPDX-License-Identifier: MIT
 *
 * Isotonic regression by pool adjacent violators (Zadrozny & Elkan 2002). Labels are 0/1,
 * so block means are ratios of integers and are compared without rounding.
 */
#include <math.h>
#include <stdbool.h>

#include "core/base/alloc.h"
#include "core/metrics/calibrators.h"
#include "core/metrics/ranking.h"

typedef struct block {
    double first, last; /* p of its ends */
    int64_t rows, positives;
} block;

static double mean(const block *b)
{
    return (double)b->positives / (double)b->rows;
}

/* Rows and positives stay below 2^31, so the products fit. */
static bool violates(const block *before, const block *after)
{
    return before->positives * after->rows >= after->positives * before->rows;
}

/* Pools as long as the last two blocks do not rise. */
static int64_t pool(block *blocks, int64_t count)
{
    while (count > 1 && violates(&blocks[count - 2], &blocks[count - 1])) {
        block *kept = &blocks[count - 2], *gone = &blocks[count - 1];
        kept->last = gone->last;
        kept->rows += gone->rows;
        kept->positives += gone->positives;
        count--;
    }
    return count;
}

/* items fall by score, so they are read from the end; equal scores are one block. */
static int64_t make_blocks(const chl_ranked *items, const double *p, int64_t n,
                           block *blocks)
{
    int64_t count = 0;
    for (int64_t i = n - 1; i >= 0;) {
        double score = p[items[i].row];
        block b = {.first = score, .last = score};
        for (uint64_t key = items[i].key; i >= 0 && items[i].key == key; i--) {
            b.rows++;
            b.positives += items[i].y;
        }
        blocks[count++] = b;
        count = pool(blocks, count);
    }
    return count;
}

/* Knots at both ends of each block: inside a block the curve is flat. */
static chl_status make_knots(const block *blocks, int64_t count, chl_isotonic *out,
                             chl_error *err)
{
    out->x = chl_alloc((size_t)count, 2 * sizeof *out->x);
    out->y = chl_alloc((size_t)count, 2 * sizeof *out->y);
    if (!out->x || !out->y) {
        chl_isotonic_reset(out);
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < count; i++) {
        const block *b = &blocks[i];
        for (int end = 0; end < 1 + (b->first < b->last); end++) {
            out->x[out->n] = end ? b->last : b->first;
            out->y[out->n++] = mean(b);
        }
    }
    return CHL_OK;
}

chl_status chl_isotonic_fit(const double *y, const double *p, int64_t n,
                            chl_isotonic *out, chl_error *err)
{
    *out = (chl_isotonic){0};
    chl_ranked *items;
    CHL_TRY(chl_rank(y, p, n, &items, err));
    block *blocks = chl_alloc((size_t)n, sizeof *blocks);
    chl_status status = CHL_OK;
    if (blocks) {
        status = make_knots(blocks, make_blocks(items, p, n, blocks), out, err);
    } else {
        status = chl_fail_memory(err);
    }
    chl_free(blocks);
    chl_free(items);
    return status;
}

void chl_isotonic_reset(chl_isotonic *isotonic)
{
    chl_free(isotonic->x);
    chl_free(isotonic->y);
    *isotonic = (chl_isotonic){0};
}

double chl_isotonic_apply(const chl_isotonic *isotonic, double p)
{
    const double *x = isotonic->x, *y = isotonic->y;
    int64_t low = 0, high = isotonic->n - 1;
    if (!(p > x[low])) {
        return y[low];
    }
    if (p >= x[high]) {
        return y[high];
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (x[middle] <= p) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double slope = (y[high] - y[low]) / (x[high] - x[low]);
    double answer = y[low] + slope * (p - x[low]);
    return fmin(fmax(answer, y[low]), y[high]); /* rounding must not break the order */
}
