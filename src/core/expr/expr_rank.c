/* SPDX-License-Identifier: MIT
 *
 * Ranks within groups: rows sorted by group and value, with a mark where a value equals
 * the one before. Layer: core/expr. Medians of moving windows use the same order.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/sort.h"
#include "core/expr/expr_internal.h"

/* ---- rows by value ---- */

void chl_expr_ranking_reset(expr_ranking *r)
{
    chl_free(r->keys);
    chl_free(r->sorted);
    chl_free(r->start);
    chl_free(r->ties);
}

/* Moves rows in the order of their values into groups; start as in chl_over. */
static void collect_groups(const chl_over *over, const int64_t *sorted, int64_t n,
                           expr_ranking *r)
{
    for (int64_t i = 0; i < n; i++) {
        r->start[(over->group ? over->group[sorted[i]] : 0) + 1]++;
    }
    for (int64_t g = 0; g < over->groups; g++) {
        r->start[g + 1] += r->start[g];
    }
    for (int64_t i = 0; i < n; i++) {
        r->sorted[r->start[over->group ? over->group[sorted[i]] : 0]++] = sorted[i];
    }
    for (int64_t g = over->groups; g > 0; g--) {
        r->start[g] = r->start[g - 1];
    }
    r->start[0] = 0;
}

static chl_status rank_values(const expr_window *w, expr_ranking *r, chl_error *err)
{
    int64_t n = 0, *rows = chl_alloc((size_t)w->over->rows, sizeof *rows);
    chl_status status = rows ? chl_sort_keys(w->x, r->keys, err) : chl_fail_memory(err);
    for (int64_t i = 0; status == CHL_OK && i < w->over->rows; i++) {
        r->keys[i] = w->descending ? ~r->keys[i] : r->keys[i];
        if (chl_column_valid(w->x, i)) {
            rows[n++] = i;
        }
    }
    if (status == CHL_OK) {
        status = chl_sort_order(r->keys, rows, n, err);
    }
    if (status == CHL_OK) {
        collect_groups(w->over, rows, n, r);
        for (int64_t i = 1; i < n; i++) {
            r->ties[i] = r->keys[r->sorted[i]] == r->keys[r->sorted[i - 1]];
        }
    }
    chl_free(rows);
    return status;
}

/* Ranks by the order itself: rows tie when all order columns agree. */
static chl_status rank_order(const chl_over *over, expr_ranking *r, chl_error *err)
{
    memcpy(r->sorted, over->order, (size_t)over->rows * sizeof *r->sorted);
    memcpy(r->start, over->start, ((size_t)over->groups + 1) * sizeof *r->start);
    memset(r->ties, 1, (size_t)over->rows);
    for (int c = 0; c < over->n_columns; c++) {
        const chl_column *column = over->columns[c];
        CHL_TRY(chl_sort_keys(column, r->keys, err));
        for (int64_t i = 1; i < over->rows; i++) {
            int64_t a = over->order[i - 1], b = over->order[i];
            r->ties[i] &= r->keys[a] == r->keys[b] &&
                          chl_column_valid(column, a) == chl_column_valid(column, b);
        }
    }
    return CHL_OK;
}

chl_status chl_expr_ranking_init(const expr_window *w, expr_ranking *r, chl_error *err)
{
    size_t n = (size_t)w->over->rows;
    r->sorted = chl_alloc(n, sizeof *r->sorted);
    r->start = chl_calloc((size_t)w->over->groups + 1, sizeof *r->start);
    r->ties = chl_calloc(n + 1, 1);
    if (!r->sorted || !r->start || !r->ties) {
        return chl_fail_memory(err);
    }
    return w->x ? rank_values(w, r, err) : rank_order(w->over, r, err);
}

/* ---- rank, dense_rank, percent_rank ---- */

chl_status chl_expr_rank(const expr_window_run *run, int64_t group, int64_t from,
                         int64_t to, chl_error *err)
{
    (void)from;
    (void)to;
    (void)err;
    int64_t start = run->start[group], end = run->start[group + 1];
    int64_t rank = 0, dense = 0;
    for (int64_t i = start; i < end; i++) {
        if (i == start || !run->ties[i]) {
            rank = i - start;
            dense++;
        }
        int64_t row = run->sorted[i];
        if (run->w->fn == FN_PERCENT_RANK) {
            double others = (double)(end - start - 1);
            run->out->values.f64[row] = others > 0 ? (double)rank / others : 0;
        } else {
            run->out->values.i64[row] = run->w->fn == FN_RANK ? rank + 1 : dense;
        }
        run->valid[row] = 1;
    }
    return CHL_OK;
}
