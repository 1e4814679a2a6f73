/* SPDX-License-Identifier: MIT
 *
 * Layer of trees: the margins of a forest (core/trees/forest.h) over columns of the
 * input. It is not trained; its tensors hold the forest as plain numbers, and become
 * nodes in place before inference. Layer: core/layers (on trees).
 */
#include "core/layers/trees.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    CHL_LAYER_OPTION(units, CHL_OPT_INT, 1, CHL_UNITS_MAX, 1),
    CHL_LAYER_OPTION(trees, CHL_OPT_INT, 1, CHL_FOREST_NODES_MAX, 1),
    CHL_LAYER_OPTION(nodes, CHL_OPT_INT, 1, CHL_FOREST_NODES_MAX, 1),
    {0}};

enum { TREES, NODES, BASE };

_Static_assert(sizeof(chl_forest_tree) <= CHL_FOREST_TREE_WIDTH * sizeof(chl_real) &&
                   sizeof(chl_forest_node) <= CHL_FOREST_NODE_WIDTH * sizeof(chl_real),
               "trees and nodes fit into their tensors' rows");

static chl_status add_list(chl_net *net, chl_layer *layer, const char *name, int64_t n,
                           chl_error *err)
{
    return chl_net_add_tensor(
        net, layer,
        (chl_param){.name = name, .role = CHL_ROLE_STATE, .vector = true, .cols = n},
        err);
}

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    const chl_layer_options *o = &layer->options;
    if (layer->in.steps != 1 || o->nodes < o->trees) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: expected flat rows and at least one node a tree, got %d "
                        "steps, %lld nodes in %lld trees",
                        where, layer->in.steps, (long long)o->nodes, (long long)o->trees);
    }
    layer->out.width = (int)o->units;
    CHL_TRY(add_list(net, layer, "trees", o->trees * CHL_FOREST_TREE_WIDTH, err));
    CHL_TRY(add_list(net, layer, "nodes", o->nodes * CHL_FOREST_NODE_WIDTH, err));
    return add_list(net, layer, "base", o->units, err);
}

/* ---- from numbers to nodes ---- */

/* The layer's counts; its arrays are elsewhere. */
static chl_forest counts_of(const chl_layer *layer)
{
    return (chl_forest){.inputs = layer->in.width,
                        .outputs = layer->out.width,
                        .tree_count = (int32_t)layer->options.trees,
                        .node_count = (int32_t)layer->options.nodes};
}

static void take_row(const chl_real *numbers, int64_t i, int width, float *row)
{
    for (int k = 0; k < width; k++) {
        row[k] = (float)numbers[i * width + k];
    }
}

/* Turns the two lists into what chl_forest_margins reads; `to` may be `from`. What makes
 * no sense (numbers that were never set) becomes a leaf of 0. */
static void decode(const chl_layer *layer, const chl_real *from_trees,
                   const chl_real *from_nodes, void *to_trees, void *to_nodes)
{
    chl_forest f = counts_of(layer);
    float row[CHL_FOREST_NODE_WIDTH];
    for (int32_t t = 0; t < f.tree_count; t++) {
        chl_forest_tree tree;
        take_row(from_trees, t, CHL_FOREST_TREE_WIDTH, row);
        if (chl_forest_read_tree(&f, row, &tree, NULL) != CHL_OK) {
            tree = (chl_forest_tree){0};
        }
        memcpy((char *)to_trees + (size_t)t * sizeof tree, &tree, sizeof tree);
    }
    for (int32_t i = 0; i < f.node_count; i++) {
        chl_forest_node node;
        take_row(from_nodes, i, CHL_FOREST_NODE_WIDTH, row);
        if (chl_forest_read_node(&f, i, f.node_count, row, &node, NULL) != CHL_OK) {
            (void)!chl_forest_read_node(&f, i, 0, (float[]){-1, 0, 0, 0}, &node, NULL);
        }
        memcpy((char *)to_nodes + (size_t)i * sizeof node, &node, sizeof node);
    }
}

static void fold(const chl_net *net, int i, chl_real *params, chl_real *state)
{
    (void)params;
    chl_real *trees = state + chl_layer_tensor(net, i, TREES)->pack_at;
    chl_real *nodes = state + chl_layer_tensor(net, i, NODES)->pack_at;
    decode(&net->layers[i], trees, nodes, trees, nodes);
}

/* ---- margins ---- */

/* out [rows × padded units] from rows of x; `floats` is scratch for one of each. */
static void margins(const chl_forest *f, int64_t rows, const chl_real *x, int64_t x_row,
                    chl_real *out, float *floats)
{
    int64_t ld = chl_padded(f->outputs);
    memset(out, 0, (size_t)(rows * ld) * sizeof *out);
#ifdef CHL_REAL_DOUBLE
    for (int64_t i = 0; i < rows; i++) {
        float *row = floats + f->outputs;
        take_row(x + i * x_row, 0, f->inputs, row);
        chl_forest_margins(f, 1, row, f->inputs, floats, f->outputs);
        for (int32_t k = 0; k < f->outputs; k++) {
            out[i * ld + k] = (chl_real)floats[k];
        }
    }
#else
    (void)floats;
    chl_forest_margins(f, rows, x, x_row, out, ld);
#endif
}

/* Numbers that hold the floats of one row, its margins and the base. */
static int64_t floats_of(const chl_layer *layer)
{
    return layer->in.width + 2 * (int64_t)layer->out.width;
}

/* A forest whose arrays are borrowed: decoded trees and nodes, the base as stored. */
static chl_forest view(const chl_layer *layer, const chl_real *trees,
                       const chl_real *nodes, const chl_real *base, float *base_floats)
{
    chl_forest f = counts_of(layer);
    f.trees = (chl_forest_tree *)(uintptr_t)trees;
    f.nodes = (chl_forest_node *)(uintptr_t)nodes;
    take_row(base, 0, f.outputs, base_floats);
    f.base = base_floats;
    return f;
}

static void infer(chl_run *run, int i)
{
    const chl_layer *layer = &run->net->layers[i];
    const chl_real *lists[3];
    for (int k = 0; k < 3; k++) {
        lists[k] = run->packed->state + chl_layer_tensor(run->net, i, k)->pack_at;
    }
    int64_t x_row;
    const chl_real *x = chl_run_in(run, i, 0, &x_row);
    float *floats = (void *)run->scratch;
    chl_forest f = view(layer, lists[TREES], lists[NODES], lists[BASE], floats);
    margins(&f, run->rows, x, x_row, chl_run_out(run, i), floats + f.outputs);
}

/* Within a training pass nothing is folded: the nodes are made for each batch. */
static void room(const chl_net *net, int i, int64_t batch, chl_room *room)
{
    (void)batch;
    const chl_layer *layer = &net->layers[i];
    room->run = chl_padded(floats_of(layer));
    room->scratch = room->run + chl_padded(layer->options.trees * CHL_FOREST_TREE_WIDTH) +
                    chl_padded(layer->options.nodes * CHL_FOREST_NODE_WIDTH);
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_real *lists[3];
    for (int k = 0; k < 3; k++) {
        lists[k] = pass->packed.state + chl_layer_tensor(pass->net, i, k)->pack_at;
    }
    float *floats = (void *)pass->scratch;
    chl_real *trees = pass->scratch + chl_padded(floats_of(layer));
    chl_real *nodes = trees + chl_padded(layer->options.trees * CHL_FOREST_TREE_WIDTH);
    decode(layer, lists[TREES], lists[NODES], trees, nodes);
    chl_forest f = view(layer, trees, nodes, lists[BASE], floats);
    margins(&f, pass->rows, chl_pass_in(pass, i, 0), chl_padded(layer->in.width),
            pass->slots[i].out, floats + f.outputs);
}

/* A step function has no slope: layers below learn nothing from it. */
static void backward(chl_pass *pass, int i)
{
    chl_real *g = chl_pass_source_gradient(pass, i, 0);
    if (g) {
        int64_t n = pass->rows * chl_row_size(pass->net->layers[i].in);
        memset(g, 0, (size_t)n * sizeof *g);
        chl_pass_source_done(pass, i, 0);
    }
}

/* ---- stored numbers ---- */

static chl_status to_floats(const chl_real *x, int64_t n, float **out, chl_error *err)
{
    *out = chl_alloc((size_t)n, sizeof **out);
    if (!*out) {
        return chl_fail_memory(err);
    }
    take_row(x, 0, (int)n, *out);
    return CHL_OK;
}

static chl_status check(const chl_net *net, int i, chl_error *err)
{
    chl_forest f, counts = counts_of(&net->layers[i]);
    float *lists[3] = {NULL};
    chl_status status = chl_forest_init(&f, counts.inputs, counts.outputs,
                                        counts.tree_count, counts.node_count, err);
    for (int k = 0; k < 3 && status == CHL_OK; k++) {
        const chl_param *p = chl_layer_tensor(net, i, k);
        status = to_floats(net->state + p->at, chl_param_size(p), &lists[k], err);
    }
    if (status == CHL_OK) {
        status = chl_forest_load(&f, lists[TREES], lists[NODES], lists[BASE], err);
    }
    for (int k = 0; k < 3; k++) {
        chl_free(lists[k]);
    }
    chl_forest_reset(&f);
    return status;
}

const chl_layer_class chl_trees_class = {
    .name = "trees",
    .options = options,
    .most_sources = 1,
    .reads_unpadded = true,
    .plan = plan,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .fold = fold,
    .check = check,
};

/* ---- from a forest ---- */

static void from_floats(const float *floats, const chl_tensor *tensor)
{
    for (int64_t i = 0; i < tensor->shape[0]; i++) {
        tensor->data[i] = (chl_real)floats[i];
    }
}

static chl_status fill(const chl_forest *f, chl_net *net, chl_error *err)
{
    chl_tensor tensors[3];
    int64_t n = 0;
    for (int k = 0; k < 3; k++) {
        tensors[k] = chl_net_tensor(net, k);
        n += tensors[k].shape[0];
    }
    float *trees = chl_alloc((size_t)n, sizeof *trees);
    if (!trees) {
        return chl_fail_memory(err);
    }
    float *nodes = trees + tensors[TREES].shape[0];
    float *base = nodes + tensors[NODES].shape[0];
    chl_forest_store(f, trees, nodes, base);
    from_floats(trees, &tensors[TREES]);
    from_floats(nodes, &tensors[NODES]);
    from_floats(base, &tensors[BASE]);
    chl_free(trees);
    return CHL_OK;
}

chl_status chl_net_from_forest(const chl_forest *f, chl_net **out, chl_error *err)
{
    *out = NULL;
    json_t *spec = json_pack(
        "{s:[{s:s,s:i,s:i,s:i},{s:s,s:s}]}", "layers", "type", "trees", "units",
        (int)f->outputs, "trees", (int)f->tree_count, "nodes", (int)f->node_count, "type",
        "activation", "activation", f->outputs > 1 ? "softmax" : "sigmoid");
    if (!spec) {
        return chl_fail_memory(err);
    }
    chl_net *net;
    chl_status status = chl_net_new(spec, f->inputs, &net, err);
    json_decref(spec);
    if (status == CHL_OK) {
        status = fill(f, net, err);
    }
    if (status != CHL_OK) {
        chl_net_free(net);
        return status;
    }
    *out = net;
    return CHL_OK;
}
