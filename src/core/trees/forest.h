/* SPDX-License-Identifier: MIT
 *
 * An ensemble of binary decision trees over columns of numbers: what gradient boosting
 * leaves behind. Layer: core/trees (on base).
 *
 *   margin[k] = base[k] + the sum of the leaves that the row reaches in the trees of k
 *
 * A row goes left where x < threshold, compared in float. The trees of an output are
 * added in their order, in float, beginning with the base: a row's margins are bitwise
 * the same alone and in any batch. Margins are logits: a sigmoid (one output) or softmax
 * makes probabilities of them.
 */
#ifndef CHL_TREES_FOREST_H
#define CHL_TREES_FOREST_H

#include <stdint.h>

#include "core/base/status.h"

/* Whole numbers up to 2^24 are exact in a tensor of floats. */
enum { CHL_FOREST_NODES_MAX = 1 << 24, CHL_FOREST_OUTPUTS_MAX = 1 << 16 };

typedef struct chl_forest_node {
    int32_t feature; /* column that is compared; 0 in a leaf */
    float threshold; /* NaN in a leaf: every row stays in it */
    int32_t left; /* position of the left child, the right one follows; a leaf: itself */
    float value;  /* what a leaf adds; 0 elsewhere */
} chl_forest_node;

typedef struct chl_forest_tree {
    int32_t root; /* position of its first node; its nodes lie together, parents first */
    int32_t output; /* the margin that its leaves add to */
    int32_t depth;  /* comparisons on the longest way */
} chl_forest_tree;

typedef struct chl_forest {
    int32_t inputs;     /* columns of a row */
    int32_t outputs;    /* margins of a row */
    int32_t tree_count; /* may be 0: then the base alone answers */
    int32_t node_count;
    chl_forest_tree *trees; /* [tree_count], owned */
    chl_forest_node *nodes; /* [node_count], owned */
    float *base;            /* [outputs], owned */
} chl_forest;

/* Room for such a forest: no tree, base 0. `f` is overwritten. */
CHL_MUST_CHECK chl_status chl_forest_init(chl_forest *f, int64_t inputs, int64_t outputs,
                                          int64_t trees, int64_t nodes, chl_error *err);
void chl_forest_reset(chl_forest *f); /* idempotent */

/* margins[i · m_row + k] for the rows x[i · x_row …] of `inputs` numbers, not NaN. */
void chl_forest_margins(const chl_forest *f, int64_t rows, const float *x, int64_t x_row,
                        float *margins, int64_t m_row);

/* ---- as plain tensors of floats, which need no code to be stored ---- */

enum { CHL_FOREST_TREE_WIDTH = 3, CHL_FOREST_NODE_WIDTH = 4 };

/* trees[tree_count × 3] = first node, output, depth; nodes[node_count × 4] = column (-1 =
 * leaf), threshold, left child, what the leaf adds (0 where that does not apply);
 * base[outputs]. */
void chl_forest_store(const chl_forest *f, float *trees, float *nodes, float *base);

/* The forest of such tensors into one that was made for their sizes. Everything is
 * checked: whatever the numbers are, rows stay inside. */
CHL_MUST_CHECK chl_status chl_forest_load(chl_forest *f, const float *trees,
                                          const float *nodes, const float *base,
                                          chl_error *err);

/* One row of those tensors, of which only the counts in f are read. With both checked in
 * this way, whatever the others hold, rows stay inside. */
CHL_MUST_CHECK chl_status chl_forest_read_tree(const chl_forest *f, const float *row,
                                               chl_forest_tree *tree, chl_error *err);
/* Node i of a tree that ends before node `end`. */
CHL_MUST_CHECK chl_status chl_forest_read_node(const chl_forest *f, int32_t i,
                                               int32_t end, const float *row,
                                               chl_forest_node *node, chl_error *err);

#endif
