/* SPDX-License-Identifier: MIT */
#include "core/prep/bins.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/alloc.h"

void chl_bins_reset(chl_bins *bins)
{
    chl_free(bins->edges);
    *bins = (chl_bins){0};
}

/* ---- quantiles ---- */

chl_status chl_bins_quantile(chl_bins *bins, const chl_sample *sample, int most,
                             chl_error *err)
{
    *bins = (chl_bins){.edges = chl_alloc((size_t)most + 1, sizeof(double))};
    if (!bins->edges) {
        return chl_fail_memory(err);
    }
    int n = 0;
    for (int i = 0; i <= most; i++) {
        double edge = chl_sample_quantile(sample, (double)i / most);
        if (n == 0 || edge > bins->edges[n - 1]) {
            bins->edges[n++] = edge;
        }
    }
    if (n == 1) { /* a constant column */
        bins->edges[n++] = bins->edges[0];
    }
    bins->count = n - 1;
    return CHL_OK;
}

/* ---- a tree on one column ---- */

typedef struct pair {
    double x, y;
} pair;

/* Rows from … to-1 of the sorted pairs, and the best way to cut them in two. */
typedef struct leaf {
    int64_t from, to, cut; /* cut == 0: no split is allowed */
    double gain;
} leaf;

typedef struct tree {
    const chl_tree_options *options;
    pair *rows;   /* [n] by rising x */
    double *ones; /* [n + 1]: sum of y before row i */
    int64_t n;
    leaf *leaves; /* [options->most] */
    int count;
} tree;

static int by_x(const void *a, const void *b)
{
    double x = ((const pair *)a)->x, y = ((const pair *)b)->x;
    return (x > y) - (x < y);
}

/* Rows times Gini impurity 2 p (1 - p) of from … to-1. */
static double impurity(const tree *t, int64_t from, int64_t to)
{
    double n = (double)(to - from), ones = t->ones[to] - t->ones[from];
    return 2 * ones * (n - ones) / n;
}

static leaf make_leaf(const tree *t, int64_t from, int64_t to)
{
    leaf made = {.from = from, .to = to};
    double whole = impurity(t, from, to), best = INFINITY;
    int64_t least = t->options->min_rows;
    for (int64_t i = from + least; i <= to - least; i++) {
        if (t->rows[i].x > t->rows[i - 1].x) {
            double parts = impurity(t, from, i) + impurity(t, i, to);
            if (parts < best) {
                best = parts;
                made.cut = i;
            }
        }
    }
    made.gain = (whole - best) / (double)t->n;
    if (made.cut && (whole <= 0 || made.gain + 1e-15 < t->options->min_gain)) {
        made.cut = 0;
    }
    return made;
}

static void grow(tree *t)
{
    t->leaves[0] = make_leaf(t, 0, t->n);
    t->count = 1;
    while (t->count < t->options->most) {
        int best = -1;
        for (int i = 0; i < t->count; i++) {
            if (t->leaves[i].cut &&
                (best < 0 || t->leaves[i].gain > t->leaves[best].gain)) {
                best = i;
            }
        }
        if (best < 0) {
            break;
        }
        leaf old = t->leaves[best];
        t->leaves[best] = make_leaf(t, old.from, old.cut);
        t->leaves[t->count++] = make_leaf(t, old.cut, old.to);
    }
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static chl_status collect_edges(const tree *t, chl_bins *bins, chl_error *err)
{
    bins->edges = chl_alloc((size_t)t->count + 1, sizeof(double));
    if (!bins->edges) {
        return chl_fail_memory(err);
    }
    bins->count = t->count;
    for (int i = 0; i < t->count; i++) {
        int64_t from = t->leaves[i].from;
        double x = t->rows[from].x;
        bins->edges[i] = from == 0 ? x : x / 2 + t->rows[from - 1].x / 2;
    }
    qsort(bins->edges, (size_t)t->count, sizeof(double), by_number);
    bins->edges[t->count] = t->rows[t->n - 1].x;
    return CHL_OK;
}

static void fill_tree(tree *t, const double *x, const double *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            t->rows[t->n++] = (pair){x[i], y[i]};
        }
    }
    qsort(t->rows, (size_t)t->n, sizeof *t->rows, by_x);
    t->ones[0] = 0;
    for (int64_t i = 0; i < t->n; i++) {
        t->ones[i + 1] = t->ones[i] + t->rows[i].y;
    }
}

chl_status chl_bins_tree(chl_bins *bins, const double *x, const double *y, int64_t n,
                         const chl_tree_options *options, chl_error *err)
{
    *bins = (chl_bins){0};
    tree t = {.options = options,
              .rows = chl_alloc((size_t)n, sizeof *t.rows),
              .ones = chl_alloc((size_t)n + 1, sizeof *t.ones),
              .leaves = chl_alloc((size_t)options->most, sizeof *t.leaves)};
    chl_status status = CHL_OK;
    if (t.rows && t.ones && t.leaves) {
        fill_tree(&t, x, y, n);
        grow(&t);
        status = collect_edges(&t, bins, err);
    } else {
        status = chl_fail_memory(err);
    }
    chl_free(t.rows);
    chl_free(t.ones);
    chl_free(t.leaves);
    return status;
}
