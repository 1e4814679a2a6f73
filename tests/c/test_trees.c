/* SPDX-License-Identifier: MIT
 *
 * Forests: against margins that XGBoost made (tests/golden/trees.py), as tensors, and
 * from texts that nobody should trust. No library is needed.
 */
#include "core/base/strbuf.h"
#include "core/nn/pass.h"
#include "core/layers/trees.h"
#include "core/trees/forest.h"
#include "core/trees/xgboost_model.h"
#include "golden.h"

enum { ROWS = 20, INPUTS = 4 };

/* Rows one by one, together, and as many as fill no block: the same bits. */
static void check_margins(const chl_forest *f, const double *x, const double *expected)
{
    float rows[ROWS * INPUTS], one[8], all[ROWS * 8];
    for (int i = 0; i < ROWS * INPUTS; i++) {
        rows[i] = (float)x[i];
    }
    chl_forest_margins(f, ROWS, rows, INPUTS, all, 8);
    for (int i = 0; i < ROWS; i++) {
        chl_forest_margins(f, 1, rows + i * INPUTS, INPUTS, one, 8);
        assert_memory_equal(one, all + i * 8, (size_t)f->outputs * sizeof *one);
        for (int k = 0; k < f->outputs; k++) {
            assert_near((double)one[k], expected[i * f->outputs + k], 1e-6);
        }
    }
}

static void margins_equal_xgboost(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/trees.json"), *item;
    size_t index, n;
    json_array_foreach (root, index, item) {
        double *x = golden_numbers(item, "x", &n);
        double *margins = golden_numbers(item, "margins", &n);
        double *two = golden_numbers(item, "two_rounds", &n);
        const char *const versions[] = {"model", "old"};
        for (int v = 0; v < 2; v++) {
            const char *text = json_string_value(json_object_get(item, versions[v]));
            chl_forest f;
            assert_ok(chl_forest_from_xgboost(text, strlen(text), 1000, &f, &err));
            assert_int_equal(f.tree_count, index == 0 ? 5 : 12);
            check_margins(&f, x, margins);
            chl_forest_reset(&f);
            assert_ok(chl_forest_from_xgboost(text, strlen(text), 2, &f, &err));
            check_margins(&f, x, two);
            chl_forest_reset(&f);
        }
        free(x);
        free(margins);
        free(two);
    }
    assert_int_equal(index, 2);
    json_decref(root);
}

/* x[0] < 1 ? 10 : (x[1] < -0.5 ? 20 : 30), and a tree that is a leaf. */
static const float small_trees[] = {0, 0, 2, 5, 1, 0};
static const float small_nodes[] = {0,  1, 1, 0,  -1, 0, 0, 10, 1,  -0.5f, 3, 0,
                                    -1, 0, 0, 20, -1, 0, 0, 30, -1, 0,     0, 7};
static const float small_base[] = {0.25f, 0.5f};

static chl_forest small_forest(void)
{
    chl_forest f;
    assert_ok(chl_forest_init(&f, 2, 2, 2, 6, &err));
    assert_ok(chl_forest_load(&f, small_trees, small_nodes, small_base, &err));
    return f;
}

static void rows_below_the_threshold_go_left(void **state)
{
    (void)state;
    chl_forest f = small_forest();
    const float x[][2] = {{0.99f, 0}, {1, -0.5f}, {1, -0.51f}, {INFINITY, 9}};
    const float expected[] = {10.25f, 30.25f, 20.25f, 30.25f};
    for (int i = 0; i < 4; i++) {
        float margins[2];
        chl_forest_margins(&f, 1, x[i], 2, margins, 2);
        assert_true(margins[0] == expected[i] && margins[1] == 7.5f);
    }
    assert_int_equal(f.trees[0].depth, 2);
    chl_forest_reset(&f);
    chl_forest_reset(&f);
}

static void tensors_hold_the_forest(void **state)
{
    (void)state;
    chl_forest f = small_forest();
    float trees[6], nodes[24], base[2];
    chl_forest_store(&f, trees, nodes, base);
    assert_memory_equal(trees, small_trees, sizeof trees);
    assert_memory_equal(nodes, small_nodes, sizeof nodes);
    assert_memory_equal(base, small_base, sizeof base);
    chl_forest_reset(&f);
}

static void without_trees_it_is_the_base(void **state)
{
    (void)state;
    chl_forest f;
    float x[] = {1}, margin;
    assert_ok(chl_forest_init(&f, 1, 1, 0, 0, &err));
    assert_ok(chl_forest_load(&f, NULL, NULL, (float[]){-2}, &err));
    chl_forest_margins(&f, 1, x, 1, &margin, 1);
    assert_true(margin == -2);
    chl_forest_reset(&f);
}

/* The small forest's tensors with one number changed. */
static void refused(int tensor, int at, float value, const char *text)
{
    float trees[6], nodes[24], base[2];
    memcpy(trees, small_trees, sizeof trees);
    memcpy(nodes, small_nodes, sizeof nodes);
    memcpy(base, small_base, sizeof base);
    float *const tensors[] = {trees, nodes, base};
    tensors[tensor][at] = value;
    chl_forest f;
    assert_ok(chl_forest_init(&f, 2, 2, 2, 6, &err));
    assert_error(chl_forest_load(&f, trees, nodes, base, &err), text);
    chl_forest_reset(&f);
}

static void damaged_tensors_are_refused(void **state)
{
    (void)state;
    refused(0, 0, 1, "trees: tree 0: expected its first node at 0, got 1");
    refused(0, 3, 6, "trees: expected a first node from 0 to 5, got 6");
    refused(0, 3, 2.5f, "trees: expected a first node from 0 to 5, got 2.5");
    refused(0, 3, 0, "trees: tree 1: expected its first node at 1 or behind, got 0");
    refused(0, 4, 2, "trees: expected an output from 0 to 1, got 2");
    refused(0, 2, 3, "trees: tree 0: expected depth 2, got 3");
    refused(1, 0, 2, "trees: node 0: expected the number of a column, or -1, got 2");
    refused(1, 0, NAN, "trees: node 0: expected the number of a column, or -1, got nan");
    refused(1, 1, INFINITY, "trees: node 0: expected a finite threshold or value");
    refused(1, 7, NAN, "trees: node 1: expected a finite threshold or value, got nan");
    refused(1, 2, 0, "trees: node 0: expected two children behind it in its tree, got 0");
    refused(1, 10, 4,
            "trees: node 2: expected two children behind it in its tree, got 4");
    refused(2, 1, NAN, "trees: base 1: expected a finite number, got nan");
    chl_forest f;
    assert_error(chl_forest_init(&f, 0, 1, 0, 0, &err), "at least one input");
    assert_error(chl_forest_init(&f, 1, 1, 2, 1, &err), "one or more a tree, got 1 in 2");
    assert_error(chl_forest_init(&f, 1, 1, 1, 1 << 25, &err), "at most 16777216 nodes");
}

/* A model of one tree with these lists of nodes. */
static void model_refused(const char *version, const char *head, const char *tree,
                          const char *expected)
{
    chl_strbuf text = {0};
    chl_strbuf_printf(
        &text,
        "{\"version\":%s,\"learner\":{\"learner_model_param\":{\"num_feature\":\"2\",%s},"
        "\"objective\":{\"name\":\"binary:logistic\"},\"gradient_booster\":{\"name\":"
        "\"gbtree\",\"model\":{\"tree_info\":[0],\"trees\":[{%s}]}}}}",
        version, head, tree);
    chl_forest f;
    assert_error(chl_forest_from_xgboost(text.data, text.length, 9, &f, &err), expected);
    assert_null(f.nodes);
    chl_strbuf_reset(&text);
}

#define HEAD   "\"num_class\":\"0\",\"base_score\":\"[5E-1]\""
#define LEAVES "\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],"
#define NODES  "\"split_indices\":[0,0,0],\"split_conditions\":[0.5,1,2]"

static void unknown_models_are_refused(void **state)
{
    (void)state;
    model_refused("[4,0,0]", HEAD, LEAVES NODES,
                  "XGBoost's model: version: expected 1 to 3, got 4");
    model_refused("[2,1,0]", "\"num_class\":\"x\",\"base_score\":\"0.5\"", LEAVES NODES,
                  "num_class: expected a whole number as a text, got x");
    model_refused("[2,1,0]", "\"num_class\":\"7\",\"base_score\":\"0.5\"", LEAVES NODES,
                  "num_class: expected the number of classes of the objective");
    model_refused("[2,1,0]", "\"num_class\":\"0\",\"base_score\":\"2\"", LEAVES NODES,
                  "base_score: expected a probability between 0 and 1, got 2");
    model_refused("[2,1,0]", "\"num_class\":\"0\",\"base_score\":\"[.5]\"", LEAVES NODES,
                  "base_score: expected a number, or one a class, got [.5]");
    model_refused("[2,1,0]", "\"num_class\":\"0\",\"base_score\":\"[0.5,0.5]\"",
                  LEAVES NODES, "base_score: expected a number, or one a class");
    model_refused("[2,1,0]", HEAD, LEAVES "\"split_indices\":[0,0]",
                  "tree 0: expected lists of nodes of one length");
    model_refused("[2,1,0]", HEAD, LEAVES NODES ",\"split_type\":[1,0,0]",
                  "tree 0: expected splits on numbers, got one on categories");
    model_refused("[2,1,0]", HEAD,
                  LEAVES NODES ",\"tree_param\":{\"size_leaf_vector\":\"3\"}",
                  "size_leaf_vector: expected at most 1, got 3");
    model_refused("[2,1,0]", HEAD,
                  "\"left_children\":[1,0,-1],\"right_children\":[2,2,-1]," NODES,
                  "tree 0: expected two children of one parent each");
    model_refused("[2,1,0]", HEAD,
                  LEAVES "\"split_indices\":[2,0,0],\"split_conditions\":[1,1,1]",
                  "tree 0: expected splits on columns of the model");
    model_refused("[2,1,0]", HEAD,
                  LEAVES "\"split_indices\":[0,0,0],\"split_conditions\":[1,1,1e99]",
                  "tree 0: expected finite thresholds and leaves");
    chl_forest f;
    assert_error(chl_forest_from_xgboost("{]", 2, 9, &f, &err),
                 "XGBoost's model: line 1: ");
    assert_error(chl_forest_from_xgboost("{}", 2, 9, &f, &err),
                 "version: expected 1 to 3, got 0");
}

/* ---- as nets ---- */

static chl_forest golden_forest(int index, double **x)
{
    size_t n;
    chl_forest f;
    json_t *root = golden_load("tests/golden/trees.json");
    const json_t *item = json_array_get(root, (size_t)index);
    const char *text = json_string_value(json_object_get(item, "model"));
    *x = golden_numbers(item, "x", &n);
    assert_ok(chl_forest_from_xgboost(text, strlen(text), 99, &f, &err));
    json_decref(root);
    return f;
}

static void a_net_answers_the_probabilities(void **state)
{
    (void)state;
    double *x;
    chl_forest f = golden_forest(0, &x);
    chl_net *net, *copy;
    assert_ok(chl_net_from_forest(&f, &net, &err));
    assert_ok(chl_net_check_numbers(net, &err));
    assert_ok(chl_net_clone(net, &copy, &err));
    double p[ROWS], one;
    assert_ok(chl_net_predict(copy, x, ROWS, p, &err));
    for (int i = 0; i < ROWS; i++) {
        float row[INPUTS], margin;
        for (int j = 0; j < INPUTS; j++) {
            row[j] = (float)x[i * INPUTS + j];
        }
        chl_forest_margins(&f, 1, row, INPUTS, &margin, 1);
        assert_near(p[i], 1 / (1 + exp(-(double)margin)), 1e-15);
        assert_ok(chl_net_predict(net, x + i * INPUTS, 1, &one, &err));
        assert_true(one == p[i]);
    }
    chl_net_free(net);
    chl_net_free(copy);
    chl_forest_reset(&f);
    free(x);
}

static void classes_sum_to_one(void **state)
{
    (void)state;
    double *x, p[ROWS * 3];
    chl_forest f = golden_forest(1, &x);
    chl_net *net;
    assert_ok(chl_net_from_forest(&f, &net, &err));
    assert_int_equal(chl_net_outputs(net), 3);
    assert_ok(chl_net_predict(net, x, ROWS, p, &err));
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[3 * i] + p[3 * i + 1] + p[3 * i + 2], 1, 1e-12);
    }
    chl_net_free(net);
    chl_forest_reset(&f);
    free(x);
}

/* The same logits where a training pass comes through, and no gradient for it. */
static void a_training_pass_sees_the_margins(void **state)
{
    (void)state;
    double *x, p[ROWS];
    chl_forest f = golden_forest(0, &x);
    chl_net *net;
    chl_pass pass;
    assert_ok(chl_net_from_forest(&f, &net, &err));
    assert_ok(chl_net_predict(net, x, ROWS, p, &err));
    assert_ok(chl_pass_init(&pass, net, ROWS, 1, &err));
    for (int i = 0; i < ROWS * INPUTS; i++) {
        pass.input[i / INPUTS * CHL_LANES + i % INPUTS] = (chl_real)x[i];
    }
    pass.rows = ROWS;
    chl_pass_forward(&pass);
    const chl_real *logits = chl_pass_logits(&pass, 0);
    for (int i = 0; i < ROWS; i++) {
        assert_near(1 / (1 + exp(-(double)logits[i * CHL_LANES])), p[i], 1e-15);
    }
    chl_pass_reset(&pass);
    chl_net_free(net);
    chl_forest_reset(&f);
    free(x);
}

/* Numbers that nobody checked may be wrong, but rows stay inside. */
static void nonsense_is_refused_and_harmless(void **state)
{
    (void)state;
    double *x, p[ROWS];
    chl_forest f = golden_forest(0, &x);
    chl_net *net;
    assert_ok(chl_net_from_forest(&f, &net, &err));
    chl_tensor trees = chl_net_tensor(net, 0), nodes = chl_net_tensor(net, 1);
    trees.data[0] = 1e9f;
    nodes.data[2] = 1e9f;
    assert_ok(chl_net_predict(net, x, ROWS, p, &err));
    assert_error(chl_net_check_numbers(net, &err), "trees: expected a first node from 0");
    trees.data[0] = 0;
    assert_error(chl_net_check_numbers(net, &err),
                 "trees: node 0: expected two children behind it in its tree, got 1e+09");
    chl_net_init_weights(net, 1, 0); /* all zero */
    assert_ok(chl_net_predict(net, x, ROWS, p, &err));
    assert_true(p[0] == 0.5);
    chl_net_free(net);
    chl_forest_reset(&f);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(margins_equal_xgboost),
        cmocka_unit_test(rows_below_the_threshold_go_left),
        cmocka_unit_test(tensors_hold_the_forest),
        cmocka_unit_test(without_trees_it_is_the_base),
        cmocka_unit_test(damaged_tensors_are_refused),
        cmocka_unit_test(unknown_models_are_refused),
        cmocka_unit_test(a_net_answers_the_probabilities),
        cmocka_unit_test(classes_sum_to_one),
        cmocka_unit_test(a_training_pass_sees_the_margins),
        cmocka_unit_test(nonsense_is_refused_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
