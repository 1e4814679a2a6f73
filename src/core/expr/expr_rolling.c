/* SPDX-License-Identifier: MIT
 *
 * Moving windows over the rows of a group: the last n rows, or the rows of the last span
 * of time, (t - span, t]; of rows with the same time those up to the row itself. Layer:
 * core/expr.
 *
 * A sum that adds and takes away keeps the errors of rows long gone. Sums, means and
 * deviations here only ever add: the window is two stacks of partial results (as a queue
 * of two stacks), so a value depends on the rows of its window alone. Least and greatest
 * values keep a queue of candidates, medians a tree of counts over ranks (Fenwick 1994).
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/expr/expr_internal.h"

/* ---- bounds ---- */

static bool present(const expr_window_run *run, int64_t row)
{
    return !run->w->x || chl_column_valid(run->w->x, row);
}

/* The row's time in microseconds; false when it is missing. */
static bool time_at(const expr_window_run *run, int64_t row, int64_t *micros)
{
    const chl_column *time = run->w->over->columns[0];
    *micros = time->type == CHL_DATE ? time->values.days[row] * INT64_C(86400000000)
                                     : time->values.micros[row];
    return chl_column_valid(time, row);
}

/* The first position of the window that ends at i; `low` is that of position i - 1. Rows
 * without a time have no window: i + 1. */
static int64_t first_of(const expr_window_run *run, int64_t from, int64_t low, int64_t i)
{
    const expr_window *w = run->w;
    if (w->span == 0) {
        return w->n <= i - from ? i - w->n + 1 : from;
    }
    int64_t now, then;
    if (!time_at(run, w->over->order[i], &now)) {
        return i + 1;
    }
    while (time_at(run, w->over->order[low], &then) &&
           (uint64_t)now - (uint64_t)then >= (uint64_t)w->span) {
        low++; /* ends at i itself at the latest */
    }
    return low;
}

/* ---- least and greatest: the rows to take ---- */

/* Does a present row's value make the earlier one useless? */
static bool replaces(const expr_window_run *run, int64_t later, int64_t earlier)
{
    uint64_t a = run->keys[later], b = run->keys[earlier];
    return run->w->fn == FN_ROLLING_MAX ? a > b : a < b;
}

chl_status chl_expr_rolling_rows(const expr_window_run *run, int64_t group, int64_t from,
                                 int64_t to, chl_error *err)
{
    (void)group;
    const int64_t *order = run->w->over->order;
    int64_t *queue = chl_alloc((size_t)(to - from), sizeof *queue); /* positions */
    if (!queue) {
        return chl_fail_memory(err);
    }
    int64_t head = 0, tail = 0, low = from, old, count = 0;
    for (int64_t i = from; i < to; i++) {
        old = low;
        low = first_of(run, from, low, i);
        if (present(run, order[i])) {
            count++;
            while (tail > head && replaces(run, order[i], order[queue[tail - 1]])) {
                tail--;
            }
            queue[tail++] = i;
        }
        for (; old < low; old++) {
            count -= present(run, order[old]);
        }
        while (head < tail && queue[head] < low) {
            head++;
        }
        bool enough = head < tail && count >= run->w->min_count;
        run->rows[order[i]] = enough ? order[queue[head]] : -1;
    }
    chl_free(queue);
    return CHL_OK;
}

/* ---- counts and sums of integers: exact both ways ---- */

chl_status chl_expr_rolling_i64(const expr_window_run *run, int64_t group, int64_t from,
                                int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    const expr_window *w = run->w;
    bool sums = w->fn == FN_ROLLING_SUM;
    expr_wide sum = {0, 0};
    int64_t low = from, count = 0;
    for (int64_t i = from; i < to; i++) {
        int64_t row = w->over->order[i], old = low;
        low = first_of(run, from, low, i);
        if (present(run, row)) {
            expr_wide_add(&sum, sums ? w->x->values.i64[row] : 0, 1);
            count++;
        }
        for (; old < low; old++) {
            int64_t gone = w->over->order[old];
            if (present(run, gone)) {
                expr_wide_add(&sum, sums ? w->x->values.i64[gone] : 0, -1);
                count--;
            }
        }
        int64_t *out = &run->out->values.i64[row];
        bool fits = !sums || expr_wide_fits(&sum, out);
        *out = sums ? *out : count;
        run->valid[row] = fits && low <= i && count >= w->min_count;
    }
    return CHL_OK;
}

/* ---- sums, means, deviations ---- */

/* Of some rows: how many are present, their sum (with its low part), and what a variance
 * needs (Chan, Golub & LeVeque 1979). */
typedef struct moments {
    double n, sum, lost, mean, squares;
} moments;

static moments merge(moments a, moments b)
{
    if (a.n == 0 || b.n == 0) {
        return a.n == 0 ? b : a;
    }
    moments m = {.n = a.n + b.n, .sum = a.sum + b.sum};
    double back = m.sum - a.sum; /* Knuth's two-sum */
    m.lost = a.lost + b.lost + ((a.sum - (m.sum - back)) + (b.sum - back));
    double d = b.mean - a.mean;
    m.mean = a.mean + d * (b.n / m.n);
    m.squares = a.squares + b.squares + d * d * (a.n * b.n / m.n);
    return m;
}

static moments moments_of(const expr_window_run *run, int64_t row)
{
    if (!present(run, row)) {
        return (moments){0};
    }
    double x = run->w->x->values.f64[row];
    return (moments){.n = 1, .sum = x, .mean = x};
}

static double result_of(expr_fn fn, const moments *m)
{
    double sum = m->sum + m->lost;
    switch (fn) {
    case FN_ROLLING_SUM: return sum;
    case FN_ROLLING_MEAN: return sum / m->n;
    default: return m->n < 2 ? NAN : sqrt(m->squares / (m->n - 1));
    }
}

chl_status chl_expr_rolling_values(const expr_window_run *run, int64_t group,
                                   int64_t from, int64_t to, chl_error *err)
{
    (void)group;
    const expr_window *w = run->w;
    const int64_t *order = w->over->order;
    moments *front =
        chl_alloc((size_t)(to - from), sizeof *front); /* position … middle-1 */
    if (!front) {
        return chl_fail_memory(err);
    }
    moments back = {0}; /* middle … i */
    int64_t low = from, middle = from;
    for (int64_t i = from; i < to; i++) {
        low = first_of(run, from, low, i);
        back = merge(back, moments_of(run, order[i]));
        if (low >= middle) { /* the back becomes the front */
            moments sum = {0};
            for (int64_t k = i; k >= low; k--) {
                front[k - from] = sum = merge(moments_of(run, order[k]), sum);
            }
            middle = i + 1;
            back = (moments){0};
        }
        moments all = low <= i ? merge(front[low - from], back) : (moments){0};
        double value = result_of(w->fn, &all);
        run->out->values.f64[order[i]] = value;
        run->valid[order[i]] =
            low <= i && all.n >= (double)w->min_count && isfinite(value);
    }
    chl_free(front);
    return CHL_OK;
}

/* ---- medians ---- */

/* Counts over ranks 1 … n. */
static void tree_add(int64_t *tree, int64_t n, int64_t rank, int64_t change)
{
    for (; rank <= n; rank += rank & -rank) {
        tree[rank] += change;
    }
}

/* The rank of the k-th counted value, from 1. */
static int64_t tree_find(const int64_t *tree, int64_t n, int64_t k)
{
    int64_t at = 0, step = 1;
    while (step * 2 <= n) {
        step *= 2;
    }
    for (; step > 0; step /= 2) {
        if (at + step <= n && tree[at + step] < k) {
            at += step;
            k -= tree[at];
        }
    }
    return at + 1;
}

static double median_of(const expr_window_run *run, const int64_t *tree,
                        const int64_t *sorted, int64_t n, int64_t count)
{
    const double *x = run->w->x->values.f64;
    double high = x[sorted[tree_find(tree, n, count / 2 + 1) - 1]];
    if (count % 2 == 1) {
        return high;
    }
    double below = x[sorted[tree_find(tree, n, count / 2) - 1]];
    return high - (high - below) * 0.5; /* as chl_quantile */
}

/* `rank` of each position; `tree` has n + 1 counts of zero. */
static void roll_medians(const expr_window_run *run, const int64_t *sorted, int64_t n,
                         const int64_t *rank, int64_t *tree, int64_t from, int64_t to)
{
    const expr_window *w = run->w;
    int64_t low = from, count = 0;
    for (int64_t i = from; i < to; i++) {
        int64_t row = w->over->order[i], old = low;
        low = first_of(run, from, low, i);
        if (rank[i - from] > 0) {
            tree_add(tree, n, rank[i - from], 1);
            count++;
        }
        for (; old < low; old++) {
            if (rank[old - from] > 0) {
                tree_add(tree, n, rank[old - from], -1);
                count--;
            }
        }
        run->valid[row] = low <= i && count > 0 && count >= w->min_count;
        if (run->valid[row]) {
            double median = median_of(run, tree, sorted, n, count);
            run->out->values.f64[row] = median;
            run->valid[row] = isfinite(median);
        }
    }
}

chl_status chl_expr_rolling_median(const expr_window_run *run, int64_t group,
                                   int64_t from, int64_t to, chl_error *err)
{
    const chl_over *over = run->w->over;
    const int64_t *sorted = run->sorted + run->start[group];
    int64_t n = run->start[group + 1] - run->start[group];
    int64_t *rank = chl_calloc((size_t)(to - from), sizeof *rank);
    int64_t *tree = chl_calloc((size_t)n + 1, sizeof *tree);
    if (!rank || !tree) {
        chl_free(rank);
        chl_free(tree);
        return chl_fail_memory(err);
    }
    int64_t *places = (int64_t *)run->keys; /* no longer needed: position of each row */
    for (int64_t i = from; i < to; i++) {
        places[over->order[i]] = i;
    }
    for (int64_t k = 0; k < n; k++) {
        rank[places[sorted[k]] - from] = k + 1;
    }
    roll_medians(run, sorted, n, rank, tree, from, to);
    chl_free(rank);
    chl_free(tree);
    return CHL_OK;
}
