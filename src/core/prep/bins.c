/* SPDX-License-Identifier: MIT */
#include "core/prep/bins.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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
    double x;
    int y;
} pair;

/* Rows on one side of a cut. */
typedef struct side {
    double *count;        /* [classes] */
    double rows, squares; /* sums of count and of count² */
} side;

/* Rows from … to-1 of the sorted pairs, and the best way to cut them in two. */
typedef struct leaf {
    int64_t from, to, cut; /* cut == 0: no split is allowed */
    double gain;
} leaf;

typedef struct tree {
    const chl_tree_options *options;
    int classes;
    pair *rows; /* [n] by rising x */
    int64_t n;
    side left, right; /* while a leaf is cut */
    leaf *leaves;     /* [options->most] */
    int count;
} tree;

static int by_x(const void *a, const void *b)
{
    double x = ((const pair *)a)->x, y = ((const pair *)b)->x;
    return (x > y) - (x < y);
}

/* Adds a row of the class, or takes it away. Whole numbers: nothing is rounded. */
static void count_row(side *s, int class, double by)
{
    s->squares += by * (2 * s->count[class] + by);
    s->count[class] += by;
    s->rows += by;
}

/* Rows times Gini impurity, 1 less the sum of the classes' squared shares; of two classes
 * 2 p (1 - p). */
static double impurity(const tree *t, const side *s)
{
    if (t->classes == 2) {
        return 2 * s->count[1] * (s->rows - s->count[1]) / s->rows;
    }
    return s->rows - s->squares / s->rows;
}

static void clear(side *s, int classes)
{
    s->rows = s->squares = 0;
    memset(s->count, 0, (size_t)classes * sizeof *s->count);
}

static leaf make_leaf(tree *t, int64_t from, int64_t to)
{
    leaf made = {.from = from, .to = to};
    clear(&t->left, t->classes);
    clear(&t->right, t->classes);
    for (int64_t i = from; i < to; i++) {
        count_row(&t->right, t->rows[i].y, 1);
    }
    double whole = impurity(t, &t->right), best = INFINITY;
    int64_t least = t->options->min_rows;
    for (int64_t i = from + 1; i <= to - least; i++) {
        count_row(&t->left, t->rows[i - 1].y, 1);
        count_row(&t->right, t->rows[i - 1].y, -1);
        if (i >= from + least && t->rows[i].x > t->rows[i - 1].x) {
            double parts = impurity(t, &t->left) + impurity(t, &t->right);
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
            t->rows[t->n++] = (pair){x[i], (int)y[i]};
        }
    }
    qsort(t->rows, (size_t)t->n, sizeof *t->rows, by_x);
}

chl_status chl_bins_tree(chl_bins *bins, const double *x, const double *y, int64_t n,
                         int classes, const chl_tree_options *options, chl_error *err)
{
    *bins = (chl_bins){0};
    tree t = {.options = options,
              .classes = classes,
              .rows = chl_alloc((size_t)n, sizeof *t.rows),
              .left = {.count = chl_alloc((size_t)classes, sizeof(double))},
              .right = {.count = chl_alloc((size_t)classes, sizeof(double))},
              .leaves = chl_alloc((size_t)options->most, sizeof *t.leaves)};
    chl_status status = CHL_OK;
    if (t.rows && t.left.count && t.right.count && t.leaves) {
        fill_tree(&t, x, y, n);
        grow(&t);
        status = collect_edges(&t, bins, err);
    } else {
        status = chl_fail_memory(err);
    }
    chl_free(t.rows);
    chl_free(t.left.count);
    chl_free(t.right.count);
    chl_free(t.leaves);
    return status;
}
