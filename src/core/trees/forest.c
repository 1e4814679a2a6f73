/* SPDX-License-Identifier: MIT */
#include "core/trees/forest.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"

chl_status chl_forest_init(chl_forest *f, int64_t inputs, int64_t outputs, int64_t trees,
                           int64_t nodes, chl_error *err)
{
    *f = (chl_forest){0};
    if (inputs < 1 || inputs > CHL_FOREST_NODES_MAX || outputs < 1 ||
        outputs > CHL_FOREST_OUTPUTS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "trees: expected at least one input and 1 to %d outputs, got "
                        "%lld and %lld",
                        (int)CHL_FOREST_OUTPUTS_MAX, (long long)inputs,
                        (long long)outputs);
    }
    if (trees < 0 || nodes < trees || nodes > CHL_FOREST_NODES_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "trees: expected at most %d nodes, one or more a tree, got %lld "
                        "in %lld trees",
                        (int)CHL_FOREST_NODES_MAX, (long long)nodes, (long long)trees);
    }
    f->trees = chl_calloc((size_t)trees, sizeof *f->trees);
    f->nodes = chl_calloc((size_t)nodes, sizeof *f->nodes);
    f->base = chl_calloc((size_t)outputs, sizeof *f->base);
    if (!f->trees || !f->nodes || !f->base) {
        chl_forest_reset(f);
        return chl_fail_memory(err);
    }
    f->inputs = (int32_t)inputs;
    f->outputs = (int32_t)outputs;
    f->tree_count = (int32_t)trees;
    f->node_count = (int32_t)nodes;
    return CHL_OK;
}

void chl_forest_reset(chl_forest *f)
{
    chl_free(f->trees);
    chl_free(f->nodes);
    chl_free(f->base);
    *f = (chl_forest){0};
}

/* ---- margins ---- */

enum {
    LANES = 8
}; /* rows that walk side by side: one's comparison hides another's load */

/* One step of every lane: right where x ≥ threshold, so that NaN keeps a row in its leaf.
 */
static inline void step(const chl_forest_node *nodes, const float *x, int64_t x_row,
                        int32_t at[LANES])
{
    for (int i = 0; i < LANES; i++) {
        const chl_forest_node *node = &nodes[at[i]];
        at[i] = node->left + (x[i * x_row + node->feature] >= node->threshold);
    }
}

static void walk_lanes(const chl_forest *f, const float *x, int64_t x_row, float *margins,
                       int64_t m_row)
{
    for (int32_t t = 0; t < f->tree_count; t++) {
        const chl_forest_tree *tree = &f->trees[t];
        int32_t at[LANES];
        for (int i = 0; i < LANES; i++) {
            at[i] = tree->root;
        }
        for (int32_t d = 0; d < tree->depth; d++) {
            step(f->nodes, x, x_row, at);
        }
        for (int i = 0; i < LANES; i++) {
            margins[i * m_row + tree->output] += f->nodes[at[i]].value;
        }
    }
}

static void walk_one(const chl_forest *f, const float *x, float *margins)
{
    for (int32_t t = 0; t < f->tree_count; t++) {
        const chl_forest_tree *tree = &f->trees[t];
        const chl_forest_node *node = &f->nodes[tree->root];
        while (!isnan(node->threshold)) {
            node = &f->nodes[node->left + (x[node->feature] >= node->threshold)];
        }
        margins[tree->output] += node->value;
    }
}

void chl_forest_margins(const chl_forest *f, int64_t rows, const float *x, int64_t x_row,
                        float *margins, int64_t m_row)
{
    size_t bytes = (size_t)f->outputs * sizeof *f->base;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(margins + i * m_row, f->base, bytes);
    }
    int64_t i = 0;
    for (; i + LANES <= rows; i += LANES) {
        walk_lanes(f, x + i * x_row, x_row, margins + i * m_row, m_row);
    }
    for (; i < rows; i++) {
        walk_one(f, x + i * x_row, margins + i * m_row);
    }
}

/* ---- tensors ---- */

static bool is_leaf(const chl_forest_node *node)
{
    return isnan(node->threshold);
}

void chl_forest_store(const chl_forest *f, float *trees, float *nodes, float *base)
{
    for (int32_t t = 0; t < f->tree_count; t++) {
        const chl_forest_tree *tree = &f->trees[t];
        float *row = trees + (int64_t)t * CHL_FOREST_TREE_WIDTH;
        row[0] = (float)tree->root;
        row[1] = (float)tree->output;
        row[2] = (float)tree->depth;
    }
    for (int32_t i = 0; i < f->node_count; i++) {
        const chl_forest_node *node = &f->nodes[i];
        float *row = nodes + (int64_t)i * CHL_FOREST_NODE_WIDTH;
        bool leaf = is_leaf(node);
        row[0] = leaf ? -1 : (float)node->feature;
        row[1] = leaf ? 0 : node->threshold;
        row[2] = leaf ? 0 : (float)node->left;
        row[3] = node->value;
    }
    memcpy(base, f->base, (size_t)f->outputs * sizeof *base);
}

/* A whole number in [low, high], both within ±2^24. */
static bool whole(float x, int32_t low, int32_t high, int32_t *out)
{
    if (!(x >= (float)low && x <= (float)high) || x != floorf(x)) {
        return false;
    }
    *out = (int32_t)x;
    return true;
}

chl_status chl_forest_read_tree(const chl_forest *f, const float *row,
                                chl_forest_tree *tree, chl_error *err)
{
    const int32_t high[] = {f->node_count - 1, f->outputs - 1, f->node_count};
    int32_t *const fields[] = {&tree->root, &tree->output, &tree->depth};
    static const char *const names[] = {"a first node", "an output", "a depth"};
    for (int k = 0; k < CHL_FOREST_TREE_WIDTH; k++) {
        if (!whole(row[k], 0, high[k], fields[k])) {
            return chl_fail(err, CHL_EFORMAT, "trees: expected %s from 0 to %d, got %g",
                            names[k], (int)high[k], (double)row[k]);
        }
    }
    return CHL_OK;
}

static chl_status bad_node(int32_t i, const char *expected, float got, chl_error *err)
{
    return chl_fail(err, CHL_EFORMAT, "trees: node %d: expected %s, got %g", (int)i,
                    expected, (double)got);
}

chl_status chl_forest_read_node(const chl_forest *f, int32_t i, int32_t end,
                                const float *row, chl_forest_node *node, chl_error *err)
{
    int32_t feature, left;
    if (!whole(row[0], -1, f->inputs - 1, &feature)) {
        return bad_node(i, "the number of a column, or -1", row[0], err);
    }
    float number = feature < 0 ? row[3] : row[1];
    if (!isfinite(number)) {
        return bad_node(i, "a finite threshold or value", number, err);
    }
    if (feature < 0) {
        *node = (chl_forest_node){0, NAN, i, number};
        return CHL_OK;
    }
    if (!whole(row[2], i + 1, end - 2, &left)) {
        return bad_node(i, "two children behind it in its tree", row[2], err);
    }
    *node = (chl_forest_node){feature, number, left, 0};
    return CHL_OK;
}

/* Comparisons on the longest way from the root, once children are known to lie behind
 * their parents. */
static int32_t depth_of(const chl_forest *f, int32_t root, int32_t end, int32_t *depth)
{
    for (int32_t i = end - 1; i >= root; i--) {
        const chl_forest_node *node = &f->nodes[i];
        int32_t *below = depth + (i - root);
        *below = 0;
        if (!is_leaf(node)) {
            const int32_t *children = depth + (node->left - root);
            *below = 1 + (children[0] > children[1] ? children[0] : children[1]);
        }
    }
    return depth[0];
}

static chl_status load_tree(chl_forest *f, int32_t t, const float *nodes, int32_t *depth,
                            chl_error *err)
{
    int32_t root = f->trees[t].root;
    int32_t end = t + 1 < f->tree_count ? f->trees[t + 1].root : f->node_count;
    for (int32_t i = root; i < end; i++) {
        CHL_TRY(chl_forest_read_node(
            f, i, end, nodes + (int64_t)i * CHL_FOREST_NODE_WIDTH, &f->nodes[i], err));
    }
    int32_t found = depth_of(f, root, end, depth);
    if (found != f->trees[t].depth) {
        return chl_fail(err, CHL_EFORMAT, "trees: tree %d: expected depth %d, got %d",
                        (int)t, (int)found, (int)f->trees[t].depth);
    }
    return CHL_OK;
}

/* First nodes ascend from 0: every node belongs to one tree. */
static chl_status load_roots(chl_forest *f, const float *trees, chl_error *err)
{
    for (int32_t t = 0; t < f->tree_count; t++) {
        const float *row = trees + (int64_t)t * CHL_FOREST_TREE_WIDTH;
        CHL_TRY(chl_forest_read_tree(f, row, &f->trees[t], err));
        int32_t low = t > 0 ? f->trees[t - 1].root + 1 : 0, root = f->trees[t].root;
        if (root < low || (t == 0 && root > 0)) {
            return chl_fail(err, CHL_EFORMAT,
                            "trees: tree %d: expected its first node at %d%s, got %d",
                            (int)t, (int)low, t > 0 ? " or behind" : "", (int)root);
        }
    }
    return CHL_OK;
}

chl_status chl_forest_load(chl_forest *f, const float *trees, const float *nodes,
                           const float *base, chl_error *err)
{
    for (int32_t k = 0; k < f->outputs; k++) {
        if (!isfinite(base[k])) {
            return chl_fail(err, CHL_EFORMAT,
                            "trees: base %d: expected a finite number, got %g", (int)k,
                            (double)base[k]);
        }
    }
    memcpy(f->base, base, (size_t)f->outputs * sizeof *base);
    CHL_TRY(load_roots(f, trees, err));
    int32_t *depth = chl_alloc((size_t)f->node_count, sizeof *depth);
    if (!depth) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int32_t t = 0; t < f->tree_count && status == CHL_OK; t++) {
        status = load_tree(f, t, nodes, depth, err);
    }
    chl_free(depth);
    return status;
}
