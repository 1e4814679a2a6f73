/* SPDX-License-Identifier: MIT
 *
 * Kinds of layers as specs: what is read, refused, spelled out and described; initial
 * numbers; and that inference gives the bits of a training pass, for a row alone as in
 * any batch. Their numbers: test_layers_torch, test_layer_gradients.
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { INPUTS = 13 };

static json_t *spec_of(const char *layers)
{
    json_t *list = json_loads(layers, 0, NULL);
    assert_non_null(list);
    return json_pack("{s:o}", "layers", list);
}

static chl_net *make(const char *layers)
{
    json_t *spec = spec_of(layers);
    chl_net *net;
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    json_decref(spec);
    chl_net_init_weights(net, 42, 0);
    return net;
}

static void expect(const char *layers, const char *message)
{
    json_t *spec = spec_of(layers);
    chl_net *net;
    assert_error(chl_net_new(spec, INPUTS, &net, &err), message);
    assert_null(net);
    json_decref(spec);
}

static void check_round_trip(const chl_net *net)
{
    json_t *spec, *again;
    chl_net *copy;
    assert_ok(chl_net_spec(net, &spec, &err));
    assert_ok(chl_net_new(spec, INPUTS, &copy, &err));
    assert_ok(chl_net_spec(copy, &again, &err));
    if (!json_equal(spec, again)) {
        fail_msg("%s, then %s", json_dumps(spec, 0), json_dumps(again, 0));
    }
    assert_int_equal(copy->param_count, net->param_count);
    json_decref(spec);
    json_decref(again);
    chl_net_free(copy);
}

static double *random_rows(int64_t n)
{
    double *x = chl_alloc((size_t)(n * INPUTS), sizeof *x);
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, 0);
    for (int64_t i = 0; i < n * INPUTS; i++) {
        x[i] = chl_rng_normal(&rng);
    }
    return x;
}

/* Logits of a training pass, and of inference with the rows in blocks of `size`. */
static void check_inference(const chl_net *net, const double *x, int64_t n, int64_t size)
{
    chl_pass pass;
    chl_run run;
    assert_ok(chl_pass_init(&pass, net, n, 1, &err));
    pass.rows = n;
    pass.kernels->convert(x, n, INPUTS, pass.input, chl_padded(INPUTS));
    chl_pass_forward(&pass);
    assert_ok(chl_run_init(&run, net, &pass.packed, size, &err));
    const chl_head *head = net->head;
    int64_t row = head->copies * chl_padded(head->width);
    for (int64_t from = 0; from + size <= n; from += size) {
        run.rows = size;
        pass.kernels->convert(x + from * INPUTS, size, INPUTS, chl_run_input(&run),
                              net->input_row);
        chl_run_layers(&run, 0);
        const chl_real *a = chl_pass_logits(&pass, 0) + from * row;
        const chl_real *b = chl_run_logits(&run, 0);
        for (int64_t k = 0; k < size * head->copies; k++) {
            assert_memory_equal(a + k * chl_padded(head->width),
                                b + k * chl_padded(head->width),
                                (size_t)head->width * sizeof *a);
        }
    }
    chl_run_reset(&run);
    chl_pass_reset(&pass);
}

/* All of it for one net that ends in a sigmoid or softmax. */
static void check(const char *layers)
{
    enum { N = 37 };
    chl_net *net = make(layers);
    double *x = random_rows(N);
    check_round_trip(net);
    for (int64_t size = 1; size <= N; size += 6) {
        check_inference(net, x, N, size);
    }
    double *p = chl_alloc((size_t)(N * net->outputs), sizeof *p);
    assert_ok(chl_net_predict(net, x, N, p, &err));
    for (int i = 0; i < N * net->outputs; i++) {
        assert_true(p[i] > 0 && p[i] < 1);
    }
    chl_free(p);
    chl_free(x);
    chl_net_free(net);
}

#define OUT     "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"
#define MEMBERS "{\"type\":\"member_dense\",\"units\":1,\"activation\":\"sigmoid\"}"

/* ---- TabM ---- */

#define TABM                                                                             \
    "[{\"type\":\"batch_ensemble\",\"copies\":5,\"units\":20,\"activation\":\"relu\","   \
    "\"groups\":[4,1,8]},{\"type\":\"dropout\",\"rate\":0},"                             \
    "{\"type\":\"batch_ensemble\",\"units\":33,\"activation\":\"gelu\"}," MEMBERS "]"

static void tabm(void **state)
{
    (void)state;
    check(TABM);
    check("[{\"type\":\"copies\",\"copies\":4},{\"type\":\"dense\",\"units\":6,"
          "\"activation\":\"mish\"}," MEMBERS "]");
    check("[{\"type\":\"copies\",\"copies\":300,\"init\":\"normal\",\"groups\":[13]},"
          "{\"type\":\"batch_ensemble\",\"units\":3},{\"type\":\"member_dense\","
          "\"units\":4,\"activation\":\"softmax\"}]");
    chl_net *net = make(TABM);
    chl_strbuf text = {0};
    assert_ok(chl_net_describe(net, &text, &err));
    assert_non_null(
        strstr(text.data, " batch_ensemble, relu       5 x 20          525\n"));
    assert_non_null(
        strstr(text.data, " member_dense, sigmoid       5 x 1          170\n"));
    chl_strbuf_reset(&text);
    chl_net_free(net);
}

/* One sign a group and copy; biases alike in all copies; scale_out 1. */
static void tabm_initial_numbers(void **state)
{
    (void)state;
    chl_net *net = make(TABM);
    chl_tensor bias = chl_net_tensor(net, 1), in = chl_net_tensor(net, 2),
               out = chl_net_tensor(net, 3), later = chl_net_tensor(net, 6);
    assert_string_equal(in.name, "0.scale_in");
    assert_string_equal(later.name, "2.scale_in");
    assert_int_equal(in.shape[0], 5);
    assert_int_equal(in.shape[1], INPUTS);
    int negative = 0;
    for (int i = 0; i < 5 * INPUTS; i++) {
        int j = i % INPUTS, first = j < 4 ? 0 : j < 5 ? 4 : 5;
        assert_true(in.data[i] == in.data[i - j + first]);
        assert_true(fabs((double)in.data[i]) == 1);
        negative += in.data[i] < 0;
    }
    assert_in_range(negative, 1, 5 * INPUTS - 1);
    for (int i = 0; i < 5 * 20; i++) {
        assert_true(out.data[i] == 1);
        assert_true(bias.data[i] == bias.data[i % 20]);
        assert_true(fabs((double)bias.data[i]) <= 1 / sqrt(INPUTS));
    }
    for (int i = 0; i < 5 * 20; i++) {
        assert_true(later.data[i] == 1);
    }
    chl_net_free(net);
}

static void tabm_errors(void **state)
{
    (void)state;
    expect("[{\"type\":\"copies\",\"copies\":1}," MEMBERS "]",
           "net: layer 1 (copies): option 'copies': expected a number from 2 to 1024");
    expect("[{\"type\":\"copies\"}," MEMBERS "]", "option 'copies' is required");
    expect("[{\"type\":\"batch_ensemble\",\"units\":2}," MEMBERS "]",
           "net: layer 1 (batch_ensemble): option 'copies' is required where its source "
           "has none");
    expect("[{\"type\":\"copies\",\"copies\":3},{\"type\":\"batch_ensemble\",\"units\":2,"
           "\"copies\":4}," MEMBERS "]",
           "option 'copies': its source has 3 copies, not 4");
    expect("[{\"type\":\"copies\",\"copies\":3,\"groups\":[12]}," MEMBERS "]",
           "option 'groups': expected sizes that add up to 13, got 12");
    expect("[{\"type\":\"copies\",\"copies\":3,\"groups\":[13,0]}," MEMBERS "]",
           "option 'groups': expected a list of whole numbers from 1 to 13");
    expect("[{\"type\":\"copies\",\"copies\":3,\"groups\":\"x\"}," MEMBERS "]",
           "expected a list of whole numbers");
    expect("[{\"type\":\"copies\",\"copies\":3,\"init\":\"sign\"}," MEMBERS "]",
           "unknown init 'sign' (did you mean 'signs'?)");
    expect("[" MEMBERS "]", "net: layer 1 (member_dense): expected a source with copies "
                            "(copies, batch_ensemble)");
    expect("[{\"type\":\"copies\",\"copies\":1024},{\"type\":\"dense\",\"units\":65536},"
           "" MEMBERS "]",
           "expected at most");
}

/* ---- blocks ---- */

static void blocks(void **state)
{
    (void)state;
    check("[{\"type\":\"dense\",\"units\":20,\"name\":\"a\"},"
          "{\"type\":\"dense\",\"units\":20,\"from\":\"a\",\"name\":\"b\"},"
          "{\"type\":\"add\",\"from\":[\"a\",\"b\"],\"name\":\"c\"},"
          "{\"type\":\"layer_norm\",\"name\":\"d\"},"
          "{\"type\":\"concat\",\"from\":[\"d\",\"c\",\"input\"]},"
          "{\"type\":\"columns\",\"columns\":[40,1,21,53]},{\"type\":\"scale\"},"
          "{\"type\":\"parametric\",\"activation\":\"gelu\",\"start\":0.75}," OUT "]");
    check("[{\"type\":\"layer_norm\"},{\"type\":\"scale\"}," OUT "]");
    check("[{\"type\":\"columns\",\"columns\":[3]},{\"type\":\"embedding\","
          "\"units\":5,\"levels\":[2]}," OUT "]");
    chl_net *net = make("[{\"type\":\"columns\",\"columns\":[3,9]},{\"type\":"
                        "\"embedding\",\"units\":5,\"levels\":[2,400]}," OUT "]");
    chl_tensor table = chl_net_tensor(net, 0);
    assert_int_equal(table.shape[0], 2 + 400 + 2);
    double squares = 0;
    for (int64_t k = 0; k < table.shape[0] * 5; k++) {
        bool unseen = k / 5 == 0 || k / 5 == 3;
        assert_true((table.data[k] == 0) == unseen);
        squares += (double)table.data[k] * (double)table.data[k];
    }
    assert_near(squares / (402 * 5), 1, 0.1); /* N(0, 1) */
    chl_net_free(net);
}

/* Codes out of range and not a number are the unseen level, broken ones the nearest. */
static void unseen_codes(void **state)
{
    (void)state;
    chl_net *net = make("[{\"type\":\"columns\",\"columns\":[1]},{\"type\":"
                        "\"embedding\",\"units\":1,\"levels\":[3]}," OUT "]");
    enum { UNSEEN = 12, ALL = 18 };
    static const double codes[ALL] = {-1,        3,     1e9,  -1e9,  NAN,    INFINITY,
                                      -INFINITY, 1e300, 2.5,  -0.51, 9.3e18, -9.3e18,
                                      0.0,       2.0,   -0.4, 2.499, 1,      1.49};
    double x[ALL * INPUTS] = {0}, p[ALL];
    for (int i = 0; i < ALL; i++) {
        x[i * INPUTS] = codes[i];
    }
    assert_ok(chl_net_predict(net, x, ALL, p, &err));
    for (int i = 0; i < UNSEEN; i++) {
        assert_true(p[i] == 0.5); /* zeros, and a bias of zero */
    }
    const double *seen = p + UNSEEN;
    assert_true(seen[0] != 0.5 && seen[1] != 0.5 && seen[0] != seen[1]);
    assert_true(seen[2] == seen[0] && seen[3] == seen[1] && seen[5] == seen[4]);
    chl_net_free(net);
}

static void block_errors(void **state)
{
    (void)state;
    expect("[{\"type\":\"add\"}," OUT "]",
           "net: layer 1 (add): option 'from': expected at least 2 sources");
    expect("[{\"type\":\"concat\",\"from\":\"input\"}," OUT "]",
           "option 'from': expected at least 2 sources");
    expect("[{\"type\":\"dense\",\"units\":3,\"name\":\"a\"},"
           "{\"type\":\"add\",\"from\":[\"a\",\"input\"]}," OUT "]",
           "net: layer 2 (add): expected sources of one shape, got 1 x 3 and 1 x 13");
    expect("[{\"type\":\"copies\",\"copies\":4,\"name\":\"a\"},"
           "{\"type\":\"concat\",\"from\":[\"a\",\"input\"]}," OUT "]",
           "expected sources of as many steps, got 4 and 1");
    expect("[{\"type\":\"columns\"}," OUT "]", "option 'columns' is required");
    expect("[{\"type\":\"columns\",\"columns\":[14]}," OUT "]",
           "option 'columns': expected a list of whole numbers from 1 to 13");
    expect("[{\"type\":\"columns\",\"columns\":[]}," OUT "]",
           "option 'columns': expected a list of whole numbers from 1 to 13");
    expect("[{\"type\":\"embedding\",\"units\":2,\"levels\":[3,4]}," OUT "]",
           "option 'levels': expected a number for each of the 13 columns of a flat "
           "source, got 2");
    expect("[{\"type\":\"columns\",\"columns\":[1]},{\"type\":\"embedding\","
           "\"units\":65536,\"levels\":[10000000]}," OUT "]",
           "the net has over 1000000000 parameters");
    expect("[{\"type\":\"parametric\",\"activation\":\"softmax\"}," OUT "]",
           "softmax has no parametric form");
    expect("[{\"type\":\"parametric\"}," OUT "]", "option 'activation' is required");
}

/* ---- numeric embeddings ---- */

#define PLE                                                                              \
    "[{\"type\":\"piecewise_linear\",\"units\":4,\"linear\":true,\"activation\":"        \
    "\"relu\",\"groups\":[[1,2,3],[13],[5,4]]}," OUT "]"

static void numeric_embeddings(void **state)
{
    (void)state;
    check("[{\"type\":\"periodic\",\"units\":24,\"activation\":\"relu\"}," OUT "]");
    check("[{\"type\":\"periodic\",\"units\":5,\"lite\":true,\"sigma\":2}," OUT "]");
    check("[{\"type\":\"dense\",\"units\":3},{\"type\":\"periodic\",\"units\":3,"
          "\"frequencies\":16,\"phases\":true,\"densenet\":true,\"activation\":\"gelu\"},"
          "{\"type\":\"copies\",\"copies\":4,\"groups\":[4,4,4]}," MEMBERS "]");
    check(PLE);
    check(
        "[{\"type\":\"dense\",\"units\":20},{\"type\":\"piecewise_linear\",\"units\":33,"
        "\"activation\":\"mish\",\"groups\":[[20],[1,20,7]]}," OUT "]");
}

static void numeric_initial_numbers(void **state)
{
    (void)state;
    chl_net *net = make("[{\"type\":\"periodic\",\"units\":24,\"frequencies\":200,"
                        "\"sigma\":0.5}," OUT "]");
    chl_tensor frequency = chl_net_tensor(net, 0);
    double squares = 0, most = 0;
    for (int i = 0; i < INPUTS * 200; i++) {
        squares += (double)frequency.data[i] * (double)frequency.data[i];
        most = fmax(most, fabs((double)frequency.data[i]));
    }
    assert_near(sqrt(squares / (INPUTS * 200)), 0.5, 0.02);
    assert_true(most <= 1.5);
    chl_net_free(net);
    net = make(PLE); /* rows 0, 3 and 4 of W are of the numbers themselves */
    chl_tensor weight = chl_net_tensor(net, 0), bias = chl_net_tensor(net, 1);
    for (int k = 0; k < 6 * 4; k++) {
        bool number = k / 4 == 0 || k / 4 == 3 || k / 4 == 4;
        assert_true((weight.data[k] != 0) == number);
        assert_true(fabs((double)weight.data[k]) <= 0.5);
    }
    assert_true(bias.data[0] != 0 && bias.data[11] != 0);
    chl_net_free(net);
}

static void numeric_errors(void **state)
{
    (void)state;
    expect("[{\"type\":\"copies\",\"copies\":2},{\"type\":\"periodic\",\"units\":2},"
           "" MEMBERS "]",
           "net: layer 2 (periodic): expected a flat source, and no softmax");
    expect("[{\"type\":\"periodic\",\"units\":2,\"sigma\":0}," OUT "]",
           "option 'sigma': expected a number");
    expect("[{\"type\":\"periodic\",\"units\":65536}," OUT "]", "expected at most");
    expect("[{\"type\":\"piecewise_linear\",\"units\":2}," OUT "]",
           "option 'groups' is required");
    static const char *const bad[] = {"[]",         "3",       "[3]",      "[[]]",
                                      "[[1],[14]]", "[[1.5]]", "[[1],[0]]"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        char text[160];
        snprintf(text, sizeof text,
                 "[{\"type\":\"piecewise_linear\",\"units\":2,\"groups\":%s}," OUT "]",
                 bad[k]);
        expect(text, "option 'groups': expected lists of columns from 1 to 13");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tabm),
        cmocka_unit_test(tabm_initial_numbers),
        cmocka_unit_test(tabm_errors),
        cmocka_unit_test(blocks),
        cmocka_unit_test(unseen_codes),
        cmocka_unit_test(block_errors),
        cmocka_unit_test(numeric_embeddings),
        cmocka_unit_test(numeric_initial_numbers),
        cmocka_unit_test(numeric_errors),
    };
    return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
