/* SPDX-License-Identifier: MIT */
#include "core/trees/xgboost_model.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"

typedef struct reader {
    const json_t *root;            /* borrowed */
    const json_t *trees, *outputs; /* lists of equal length */
    const json_t *base;            /* the text of base_score */
    bool logistic;                 /* base is a probability */
    int64_t inputs, classes;       /* classes: 0 = one margin */
    size_t used;                   /* trees that are taken */
    int64_t nodes;                 /* in them, unused ones included */
} reader;

static chl_status bad(chl_error *err, const char *what, const char *expected,
                      const char *got)
{
    return chl_fail(err, CHL_EFORMAT, "XGBoost's model: %s: expected %s, got %s", what,
                    expected, got);
}

/* ---- the head ---- */

static const json_t *find(const json_t *object, const char *const *path)
{
    for (; object && *path; path++) {
        object = json_object_get(object, *path);
    }
    return object;
}

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A number that is written as a text, as XGBoost's parameters are. */
static chl_status read_count(const json_t *object, const char *name, int64_t most,
                             int64_t *out, chl_error *err)
{
    const char *text = json_string_value(json_object_get(object, name));
    int64_t value = 0;
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (digits == 0 || digits > 9 || text[digits]) {
        return bad(err, name, "a whole number as a text", text ? text : "none");
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (text[i] - '0');
    }
    if (value > most) {
        return chl_fail(err, CHL_EFORMAT,
                        "XGBoost's model: %s: expected at most %lld, got %lld", name,
                        (long long)most, (long long)value);
    }
    *out = value;
    return CHL_OK;
}

static chl_status read_objective(reader *r, chl_error *err)
{
    const char *booster =
        json_string_value(find(r->root, PATH("learner", "gradient_booster", "name")));
    const char *objective =
        json_string_value(find(r->root, PATH("learner", "objective", "name")));
    if (!booster || strcmp(booster, "gbtree") != 0) {
        return bad(err, "gradient_booster", "gbtree", booster ? booster : "none");
    }
    r->logistic = objective && strcmp(objective, "binary:logistic") == 0;
    if (!r->logistic && (!objective || strcmp(objective, "multi:softprob") != 0)) {
        return bad(err, "objective", "binary:logistic or multi:softprob",
                   objective ? objective : "none");
    }
    return CHL_OK;
}

static chl_status read_version(const reader *r, chl_error *err)
{
    const json_t *list = json_object_get(r->root, "version");
    json_int_t major = json_integer_value(json_array_get(list, 0));
    if (major < 1 || major > 3) {
        return chl_fail(err, CHL_EFORMAT,
                        "XGBoost's model: version: expected 1 to 3, got %lld",
                        (long long)major);
    }
    return CHL_OK;
}

static chl_status read_head(reader *r, chl_error *err)
{
    const json_t *head = find(r->root, PATH("learner", "learner_model_param"));
    const json_t *model = find(r->root, PATH("learner", "gradient_booster", "model"));
    CHL_TRY(read_version(r, err));
    CHL_TRY(read_objective(r, err));
    CHL_TRY(read_count(head, "num_feature", CHL_FOREST_NODES_MAX, &r->inputs, err));
    CHL_TRY(read_count(head, "num_class", CHL_FOREST_OUTPUTS_MAX, &r->classes, err));
    r->base = json_object_get(head, "base_score");
    r->trees = json_object_get(model, "trees");
    r->outputs = json_object_get(model, "tree_info");
    if (!json_is_array(r->trees) ||
        json_array_size(r->trees) != json_array_size(r->outputs)) {
        return bad(err, "trees", "a list with a tree_info for each", "none");
    }
    if (r->logistic != (r->classes < 2)) {
        return bad(err, "num_class", "the number of classes of the objective", "another");
    }
    return CHL_OK;
}

/* ---- the base: "5E-1", since 3.1 "[5E-1]" with one number a class ---- */

static chl_status set_base(const reader *r, const json_t *score, int32_t k, chl_forest *f,
                           chl_error *err)
{
    const json_t *item =
        json_array_get(score, json_array_size(score) > 1 ? (size_t)k : 0);
    item = item ? item : score;
    float base = (float)json_number_value(item);
    if (r->logistic) {
        base = -logf(1.0f / base - 1.0f);
    }
    if (!json_is_number(item) || !isfinite(base)) {
        return bad(err, "base_score",
                   r->logistic ? "a probability between 0 and 1" : "a finite number",
                   json_string_value(r->base));
    }
    f->base[k] = base;
    return CHL_OK;
}

static chl_status read_base(const reader *r, chl_forest *f, chl_error *err)
{
    const char *text = json_string_value(r->base);
    json_t *score =
        text ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL) : NULL;
    size_t many = json_array_size(score);
    chl_status status = CHL_OK;
    if (!score || (many > 1 && many != (size_t)f->outputs)) {
        status = bad(err, "base_score", "a number, or one a class", text ? text : "none");
    }
    for (int32_t k = 0; k < f->outputs && status == CHL_OK; k++) {
        status = set_base(r, score, k, f, err);
    }
    json_decref(score);
    return status;
}

/* ---- trees ---- */

typedef struct source {
    const json_t *left, *right, *feature, *threshold; /* lists of `count` items */
    int64_t count;
    size_t index; /* of the tree */
} source;

static chl_status bad_tree(const source *s, chl_error *err, const char *what)
{
    return chl_fail(err, CHL_EFORMAT, "XGBoost's model: tree %zu: expected %s", s->index,
                    what);
}

static chl_status open_source(const reader *r, size_t index, source *s, chl_error *err)
{
    const json_t *tree = json_array_get(r->trees, index);
    *s = (source){.left = json_object_get(tree, "left_children"),
                  .right = json_object_get(tree, "right_children"),
                  .feature = json_object_get(tree, "split_indices"),
                  .threshold = json_object_get(tree, "split_conditions"),
                  .index = index};
    size_t n = json_array_size(s->left);
    if (n == 0 || n > CHL_FOREST_NODES_MAX || json_array_size(s->right) != n ||
        json_array_size(s->feature) != n || json_array_size(s->threshold) != n) {
        return bad_tree(s, err, "lists of nodes of one length");
    }
    s->count = (int64_t)n;
    int64_t width = 0;
    const json_t *head = json_object_get(tree, "tree_param");
    if (json_object_get(head, "size_leaf_vector")) {
        CHL_TRY(read_count(head, "size_leaf_vector", 1, &width, err));
    }
    const json_t *types = json_object_get(tree, "split_type"), *item;
    size_t i;
    json_array_foreach (types, i, item) {
        if (json_integer_value(item) != 0) {
            return bad_tree(s, err, "splits on numbers, got one on categories");
        }
    }
    return CHL_OK;
}

/* The whole number `list[i]`, or -2. */
static int64_t integer_at(const json_t *list, int64_t i)
{
    const json_t *item = json_array_get(list, (size_t)i);
    return json_is_integer(item) ? (int64_t)json_integer_value(item) : -2;
}

/* `number` holds a finite float. */
static bool float_at(const json_t *list, int64_t i, float *number)
{
    const json_t *item = json_array_get(list, (size_t)i);
    *number = (float)json_number_value(item);
    return json_is_number(item) && isfinite(*number);
}

/* Lays the nodes that the root reaches level by level, children side by side. `from[p]`
 * is the source's node at position p of the tree, `seen` tells which are placed. */
static chl_status place_nodes(const source *s, chl_forest *f, int32_t root, int32_t *from,
                              bool *seen, int32_t *placed, chl_error *err)
{
    memset(seen, 0, (size_t)s->count * sizeof *seen);
    from[0] = 0;
    seen[0] = true;
    *placed = 1;
    for (int32_t p = 0; p < *placed; p++) {
        chl_forest_node *node = &f->nodes[root + p];
        int64_t left = integer_at(s->left, from[p]),
                right = integer_at(s->right, from[p]);
        int64_t feature = integer_at(s->feature, from[p]);
        float number;
        if (!float_at(s->threshold, from[p], &number)) {
            return bad_tree(s, err, "finite thresholds and leaves");
        }
        if (left == -1 && right == -1) {
            *node = (chl_forest_node){0, NAN, root + p, number};
            continue;
        }
        if (left < 0 || left >= s->count || right < 0 || right >= s->count ||
            left == right || seen[left] || seen[right]) {
            return bad_tree(s, err, "two children of one parent each");
        }
        if (feature < 0 || feature >= f->inputs) {
            return bad_tree(s, err, "splits on columns of the model");
        }
        *node = (chl_forest_node){(int32_t)feature, number, root + *placed, 0};
        seen[left] = seen[right] = true;
        from[(*placed)++] = (int32_t)left;
        from[(*placed)++] = (int32_t)right;
    }
    return CHL_OK;
}

static int32_t tree_depth(const chl_forest *f, int32_t root, int32_t count,
                          int32_t *level)
{
    int32_t deepest = 0;
    level[0] = 0;
    for (int32_t p = 0; p < count; p++) {
        int32_t first = f->nodes[root + p].left - root;
        if (first > p) {
            level[first] = level[first + 1] = level[p] + 1;
        }
        deepest = level[p] > deepest ? level[p] : deepest;
    }
    return deepest;
}

static chl_status read_tree(const reader *r, size_t index, chl_forest *f, int32_t *from,
                            bool *seen, chl_error *err)
{
    source s;
    CHL_TRY(open_source(r, index, &s, err));
    int64_t output = integer_at(r->outputs, (int64_t)index);
    if (output < 0 || output >= f->outputs) {
        return bad_tree(&s, err, "a tree_info of a class");
    }
    int32_t placed, root = f->node_count;
    CHL_TRY(place_nodes(&s, f, root, from, seen, &placed, err));
    f->trees[index] =
        (chl_forest_tree){root, (int32_t)output, tree_depth(f, root, placed, from)};
    f->node_count += placed;
    return CHL_OK;
}

/* How many trees `rounds` rounds have, and an upper bound of their nodes. */
static chl_status measure(reader *r, int64_t rounds, int64_t *widest, chl_error *err)
{
    size_t a_round = r->logistic ? 1 : (size_t)r->classes;
    r->used = json_array_size(r->trees);
    if (rounds >= 0 && (uint64_t)rounds < r->used / a_round) {
        r->used = (size_t)rounds * a_round;
    }
    for (size_t i = 0; i < r->used; i++) {
        source s;
        CHL_TRY(open_source(r, i, &s, err));
        r->nodes += s.count;
        *widest = s.count > *widest ? s.count : *widest;
    }
    return CHL_OK;
}

static chl_status read_trees(const reader *r, int64_t widest, chl_forest *f,
                             chl_error *err)
{
    f->node_count = 0;
    int32_t *from = chl_alloc((size_t)widest, sizeof *from);
    bool *seen = chl_alloc((size_t)widest, sizeof *seen);
    chl_status status = from && seen ? CHL_OK : chl_fail_memory(err);
    for (size_t i = 0; i < r->used && status == CHL_OK; i++) {
        status = read_tree(r, i, f, from, seen, err);
    }
    chl_free(from);
    chl_free(seen);
    return status;
}

static chl_status read_forest(reader *r, int64_t rounds, chl_forest *out, chl_error *err)
{
    int64_t widest = 0;
    CHL_TRY(read_head(r, err));
    CHL_TRY(measure(r, rounds, &widest, err));
    CHL_TRY(chl_forest_init(out, r->inputs, r->logistic ? 1 : r->classes,
                            (int64_t)r->used, r->nodes, err));
    CHL_TRY(read_base(r, out, err));
    return read_trees(r, widest, out, err);
}

chl_status chl_forest_from_xgboost(const char *text, size_t n, int64_t rounds,
                                   chl_forest *out, chl_error *err)
{
    *out = (chl_forest){0};
    json_error_t why;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
    if (!root && json_error_code(&why) == json_error_out_of_memory) {
        return chl_fail_memory(err);
    }
    if (!root) {
        return chl_fail(err, CHL_EFORMAT, "XGBoost's model: line %d: %s", why.line,
                        why.text);
    }
    reader r = {.root = root};
    chl_status status = read_forest(&r, rounds, out, err);
    json_decref(root);
    if (status != CHL_OK) {
        chl_forest_reset(out);
    }
    return status;
}
