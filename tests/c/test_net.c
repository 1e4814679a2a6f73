/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/net.h"

static const char PLAIN[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":64,\"activation\":\"relu\"},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dropout\",\"rate\":0.2},"
    "{\"type\":\"dense\",\"units\":33,\"activation\":\"gelu\",\"l2\":0.001},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";

static chl_net *make(const char *text, int inputs)
{
    json_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    chl_net *net;
    assert_ok(chl_net_new(spec, inputs, &net, &err));
    json_decref(spec);
    chl_net_init_weights(net, 42, 0);
    return net;
}

static void expect(const char *text, int inputs, const char *message)
{
    json_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    chl_net *net;
    assert_error(chl_net_new(spec, inputs, &net, &err), message);
    assert_null(net);
    json_decref(spec);
}

static void errors(void **state)
{
    (void)state;
    expect("[]", 3, "net: layers: expected a list of 1 to 1000, got none");
    expect("{\"layers\":[]}", 3, "expected a list of 1 to 1000, got none");
    expect("{\"layer\":[]}", 3, "net: unknown option 'layer' (did you mean 'layers'?)");
    expect("{\"layers\":[3]}", 3, "net: layer 1: expected a table with a type");
    expect("{\"layers\":[{\"type\":\"dens\",\"units\":1}]}", 3, "did you mean 'dense'?");
    expect("{\"layers\":[{\"type\":\"dense\"}]}", 3, "option 'units' is required");
    expect("{\"layers\":[{\"type\":\"dense\",\"units\":65537}]}", 3,
           "net: layer 1 (dense): option 'units': expected a number from 1 to 65536");
    expect("{\"layers\":[{\"type\":\"dense\",\"units\":2,\"activation\":\"softmax\"},"
           "{\"type\":\"dense\",\"units\":2}]}",
           3, "net: layer 1: softmax: expected in the last layer only");
    expect("{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":\"softmax\"}]}",
           3, "expected at least 2 units");
    expect("{\"layers\":[{\"type\":\"dropout\",\"rate\":0.5}]}", 3,
           "net: the last layer: expected dense or activation, got dropout");
    expect("{\"layers\":[{\"type\":\"gaussian_noise\",\"stddev\":1}]}", 3,
           "net: the last layer: expected dense or activation, got gaussian_noise");
    expect("{\"layers\":[{\"type\":\"dense\",\"units\":1}]}", 0,
           "net: inputs: expected 1 to 65536, got 0");
    expect("{\"inputs\":4,\"layers\":[{\"type\":\"dense\",\"units\":1}]}", 3,
           "net: inputs: the data has 3 columns, not 4");
    expect("{\"layers\":[{\"type\":\"dense\",\"units\":65536},{\"type\":\"dense\","
           "\"units\":65536}]}",
           3, "net: layer 2 (dense): the net has over 1000000000 parameters");
}

static void layers_alone(void **state)
{
    (void)state;
    json_t *good = json_pack("{s:s, s:f}", "type", "dropout", "rate", 0.5);
    assert_ok(chl_net_check_layer(good, &err));
    json_object_set_new(good, "rat", json_real(0.1));
    assert_error(chl_net_check_layer(good, &err),
                 "dropout: unknown option 'rat' (did you mean 'rate'?)");
    json_decref(good);
}

static void many_layers(void **state)
{
    (void)state;
    json_t *layers = json_array();
    for (int i = 0; i < 1001; i++) {
        json_array_append_new(layers,
                              json_pack("{s:s, s:i}", "type", "dense", "units", 1));
    }
    json_t *spec = json_pack("{s:o}", "layers", layers);
    chl_net *net;
    assert_error(chl_net_new(spec, 1, &net, &err), "got a longer one");
    json_array_remove(layers, 0);
    assert_ok(chl_net_new(spec, 1, &net, &err));
    assert_int_equal(chl_net_parameters(net), 2000);
    chl_net_free(net);
    json_decref(spec);
}

static void facts(void **state)
{
    (void)state;
    chl_net *net = make(PLAIN, 13);
    assert_int_equal(chl_net_inputs(net), 13);
    assert_int_equal(chl_net_outputs(net), 1);
    assert_int_equal(chl_net_parameters(net), 14 * 64 + 128 + 65 * 33 + 34);
    chl_strbuf text = {0};
    assert_ok(chl_net_describe(net, &text, &err));
    assert_non_null(
        strstr(text.data, " dense, gelu                    33         2145\n"));
    assert_non_null(strstr(text.data, " total                                     3203"));
    chl_strbuf_reset(&text);
    json_t *spec, *again;
    assert_ok(chl_net_spec(net, &spec, &err));
    chl_net *copy;
    assert_ok(chl_net_new(spec, 13, &copy, &err));
    assert_ok(chl_net_spec(copy, &again, &err));
    assert_true(json_equal(spec, again));
    json_decref(spec);
    json_decref(again);
    chl_net_free(copy);
    chl_net_free(net);
    chl_net_free(NULL);
}

static void tensors(void **state)
{
    (void)state;
    static const char *const names[] = {
        "0.weight",      "0.bias",   "1.gamma", "1.beta",   "1.running_mean",
        "1.running_var", "3.weight", "3.bias",  "4.weight", "4.bias"};
    chl_net *net = make(PLAIN, 13), *copy;
    assert_ok(chl_net_clone(net, &copy, &err));
    assert_int_equal(chl_net_tensor_count(net), 10);
    for (int i = 0; i < 10; i++) {
        chl_tensor t = chl_net_tensor(net, i), u = chl_net_tensor(copy, i);
        assert_string_equal(t.name, names[i]);
        size_t n = (size_t)(t.rank == 2 ? t.shape[0] * t.shape[1] : t.shape[0]);
        assert_memory_equal(t.data, u.data, n * sizeof *t.data);
        assert_ptr_not_equal(t.data, u.data);
    }
    chl_tensor first = chl_net_tensor(net, 0);
    assert_int_equal(first.rank, 2);
    assert_int_equal(first.shape[0], 13);
    assert_int_equal(first.shape[1], 64);
    assert_null(chl_net_tensor(net, 10).data);
    assert_null(chl_net_tensor(net, -1).data);
    chl_net_free(copy);
    chl_net_free(net);
}

static void initial_weights(void **state)
{
    (void)state;
    chl_net *net =
        make("{\"layers\":[{\"type\":\"dense\",\"units\":400},{\"type\":"
             "\"batch_norm\"},{\"type\":\"activation\",\"activation\":\"relu\"},"
             "{\"type\":\"dense\",\"units\":50,\"activation\":\"selu\"},"
             "{\"type\":\"dense\",\"units\":100,\"activation\":\"tanh\"}]}",
             100);
    /* He normal, LeCun normal, Glorot uniform */
    static const double variance[] = {2.0 / 100, 1.0 / 400, 2.0 / (50 + 100)};
    static const int at[] = {0, 6, 8};
    for (int k = 0; k < 3; k++) {
        chl_tensor t = chl_net_tensor(net, at[k]);
        int64_t n = t.shape[0] * t.shape[1];
        double sum = 0;
        for (int64_t i = 0; i < n; i++) {
            sum += (double)t.data[i] * (double)t.data[i];
        }
        assert_near(sum / (double)n / variance[k], 1, 0.06);
    }
    chl_real before = chl_net_tensor(net, 0).data[0];
    chl_net_init_weights(net, 42, 1);
    assert_true(chl_net_tensor(net, 0).data[0] != before);
    chl_net_init_weights(net, 42, 0);
    assert_true(chl_net_tensor(net, 0).data[0] == before);
    chl_net_free(net);
}

static double *random_rows(int64_t n, int cols)
{
    double *x = chl_alloc((size_t)(n * cols), sizeof *x);
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, 0);
    for (int64_t i = 0; i < n * cols; i++) {
        x[i] = chl_rng_normal(&rng);
    }
    return x;
}

/* Alone, in any batch, by way of the first layer: the same bits. */
static void rows_are_independent(void **state)
{
    (void)state;
    enum { N = 101, D = 13 };
    chl_net *net = make(PLAIN, D);
    double *x = random_rows(N, D), all[N], part[N];
    assert_ok(chl_net_predict(net, x, N, all, &err));
    for (int i = 0; i < N; i++) {
        assert_ok(chl_net_predict(net, x + i * D, 1, part, &err));
        assert_memory_equal(part, all + i, sizeof(double));
        assert_true(all[i] > 0 && all[i] < 1);
    }
    for (int size = 2; size < N; size += 13) {
        for (int i = 0; i + size <= N; i += size) {
            assert_ok(chl_net_predict(net, x + i * D, size, part + i, &err));
            assert_memory_equal(part + i, all + i, (size_t)size * sizeof(double));
        }
    }
    assert_ok(chl_net_predict(net, x, 0, part, &err));
    chl_free(x);
    chl_net_free(net);
}

static void softmax_sums_to_one(void **state)
{
    (void)state;
    chl_net *net =
        make("{\"layers\":[{\"type\":\"dropout\",\"rate\":0.3},{\"type\":\"dense\","
             "\"units\":5,\"activation\":\"softmax\"}]}",
             2);
    double x[] = {1, 2, -300, 400}, p[10];
    assert_ok(chl_net_predict(net, x, 2, p, &err));
    for (int i = 0; i < 10; i += 5) {
        assert_near(p[i] + p[i + 1] + p[i + 2] + p[i + 3] + p[i + 4], 1, 1e-15);
    }
    chl_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(layers_alone),
        cmocka_unit_test(many_layers),
        cmocka_unit_test(facts),
        cmocka_unit_test(tensors),
        cmocka_unit_test(initial_weights),
        cmocka_unit_test(rows_are_independent),
        cmocka_unit_test(softmax_sums_to_one),
    };
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
