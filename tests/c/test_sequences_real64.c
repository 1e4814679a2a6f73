/* SPDX-License-Identifier: MIT
 *
 * The layers of sequences on copied weights against PyTorch, outputs and gradients, in
 * the double build (tests/golden/sequences.py).
 */
#include "sequence_fixture.h"

#include "core/base/alloc.h"
#include "core/nn/pass.h"
#include "golden.h"

static const double TOLERANCE = 1e-11;

static void compare(const char *what, const chl_real *values, const json_t *expected,
                    size_t n)
{
    assert_int_equal(json_array_size(expected), n);
    for (size_t k = 0; k < n; k++) {
        double e = json_number_value(json_array_get(expected, k));
        if (!(fabs((double)values[k] - e) < TOLERANCE * fmax(1, fabs(e)))) {
            fail_msg("%s[%zu] = %.17g, expected %.17g", what, k, (double)values[k], e);
        }
    }
}

static chl_net *net_of(const json_t *item)
{
    chl_net *net;
    json_t *spec = sequence_spec("", false);
    json_t *layers = json_object_get(spec, "layers");
    json_array_extend(layers, json_object_get(item, "layers"));
    json_array_append_new(layers, json_pack("{s:s}", "type", "pool"));
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    json_decref(spec);
    const json_t *tensors = json_object_get(item, "tensors");
    assert_int_equal(json_object_size(tensors), chl_net_tensor_count(net));
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        chl_tensor t = chl_net_tensor(net, i);
        const json_t *list = json_object_get(tensors, t.name);
        size_t n = (size_t)(t.shape[0] * (t.rank == 2 ? t.shape[1] : 1));
        assert_int_equal(json_array_size(list), n);
        for (size_t k = 0; k < n; k++) {
            t.data[k] = json_number_value(json_array_get(list, k));
        }
    }
    return net;
}

/* The rows of one layer without their padding. */
static chl_real *dense_rows(const chl_real *x, int64_t rows, int width)
{
    chl_real *out = chl_alloc((size_t)(rows * width), sizeof *out);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(out + i * width, x + i * chl_padded(width), (size_t)width * sizeof *out);
    }
    return out;
}

/* The last layer but the pool, without which the net would have no head. */
static int last_of(const chl_pass *pass)
{
    return pass->net->count - 2;
}

static void compare_output(const chl_pass *pass, int64_t rows, const json_t *expected)
{
    const chl_layer *last = &pass->net->layers[last_of(pass)];
    int64_t n = rows * last->out.steps;
    chl_real *out = dense_rows(pass->slots[last_of(pass)].out, n, last->out.width);
    compare("out", out, expected, (size_t)(n * last->out.width));
    chl_free(out);
}

static void compare_gradients(const chl_pass *pass, const json_t *grads)
{
    chl_net *copy;
    assert_ok(chl_net_clone(pass->net, &copy, &err));
    chl_packed held = pass->packed;
    held.params = pass->grads;
    chl_packed_store(&held, copy);
    for (int i = 0; i < chl_net_tensor_count(copy); i++) {
        chl_tensor t = chl_net_tensor(copy, i);
        compare(t.name, t.data, json_object_get(grads, t.name),
                (size_t)(t.shape[0] * (t.rank == 2 ? t.shape[1] : 1)));
    }
    chl_net_free(copy);
}

static void check(const json_t *item, int64_t rows)
{
    chl_pass pass;
    chl_net *net = net_of(item);
    assert_ok(chl_pass_init(&pass, net, rows, 1, &err));
    size_t n;
    double *x = golden_numbers(item, "x", &n);
    assert_int_equal(n, rows * INPUTS);
    pass.rows = rows;
    pass.kernels->convert(x, rows, INPUTS, pass.input, chl_padded(INPUTS));
    chl_pass_forward(&pass);
    compare_output(&pass, rows, json_object_get(item, "out"));
    int last = last_of(&pass);
    memcpy(pass.slots[last].gradient, pass.slots[last].out,
           (size_t)(rows * chl_row_size(net->layers[last].out)) * sizeof(chl_real));
    for (int i = last; i > 0; i--) {
        net->layers[i].class->backward(&pass, i);
    }
    compare_gradients(&pass, json_object_get(item, "grads"));
    free(x);
    chl_pass_reset(&pass);
    chl_net_free(net);
}

static void golden(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/sequences.json");
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(root, "cases"), i, item) {
        check(item, json_integer_value(json_object_get(root, "rows")));
    }
    assert_int_equal(i, 7);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden)};
    return cmocka_run_group_tests_name("sequences_torch", tests, NULL, NULL);
}
