/* SPDX-License-Identifier: MIT
 *
 * Kinds of layers against PyTorch (tests/golden/layers_torch.py): losses, tensors after
 * steps of gradient descent, predictions.
 */
#include "golden_net.h"

#include "core/base/alloc.h"
#include "core/nn/pass.h"

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden = json_load_file("tests/golden/layers_torch.json", 0, NULL);
    return golden ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static double *numbers(const json_t *list, size_t repeats)
{
    size_t n = json_array_size(list);
    double *out = chl_alloc(n * repeats, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < n * repeats; i++) {
        out[i] = json_number_value(json_array_get(list, i / repeats));
    }
    return out;
}

/* Mean cross-entropy (of two classes by one logit: sigmoid) and its gradient. */
static double loss_of(const chl_net *net, int64_t n, const double *y, const chl_real *z,
                      chl_real *g)
{
    int width = net->outputs;
    int64_t ld = chl_padded(width);
    double sum = 0;
    for (int64_t i = 0; i < n; i++, z += ld, g += ld) {
        double total = width == 1 ? 1 : 0; /* one logit: the other class has logit 0 */
        for (int j = 0; j < width; j++) {
            total += exp((double)z[j]);
        }
        sum += log(total) - (width == 1 ? y[i] * (double)z[0] : (double)z[(int)y[i]]);
        for (int j = 0; j < width; j++) {
            double target = width == 1 ? y[i] : (int)y[i] == j;
            g[j] = (chl_real)((exp((double)z[j]) / total - target) / (double)n);
        }
    }
    return sum / (double)n;
}

static void train(chl_net *net, const json_t *item, int64_t rows, const double *x)
{
    int copies = net->head[0].copies;
    double *y = numbers(json_object_get(item, "y"), (size_t)copies);
    double lr = json_number_value(json_object_get(golden, "lr"));
    const json_t *losses = json_object_get(item, "losses");
    chl_pass pass;
    assert_ok(chl_pass_init(&pass, net, rows, 1, &err));
    pass.rows = rows;
    pass.kernels->convert(x, rows, net->inputs, pass.input, chl_padded(net->inputs));
    for (size_t t = 0; t < json_array_size(losses); t++) {
        chl_pass_forward(&pass);
        double loss = loss_of(net, rows * copies, y, chl_pass_logits(&pass, 0),
                              chl_pass_logit_gradient(&pass, 0));
        assert_near(loss, json_number_value(json_array_get(losses, t)), 2e-6);
        chl_pass_backward(&pass);
        pass.kernels->add_scaled(net->pack_params, (chl_real)-lr, pass.grads,
                                 pass.packed.params);
    }
    chl_packed_store(&pass.packed, net);
    chl_pass_reset(&pass);
    chl_free(y);
}

static void check(const json_t *item)
{
    chl_net *net;
    const char *name = json_string_value(json_object_get(item, "name"));
    int inputs = (int)json_integer_value(json_object_get(item, "inputs"));
    int64_t rows = json_integer_value(json_object_get(golden, "rows"));
    double *x = numbers(json_object_get(item, "x"), 1);
    assert_ok(chl_net_new(json_object_get(item, "spec"), inputs, &net, &err));
    golden_set_tensors(net, json_object_get(item, "before"));
    train(net, item, rows, x);
    golden_check_tensors(name, net, json_object_get(item, "after"), 4e-6);
    double *expected = numbers(json_object_get(item, "predictions"), 1);
    double *p = chl_alloc((size_t)(rows * net->outputs), sizeof *p);
    assert_ok(chl_net_predict(net, x, rows, p, &err));
    for (int64_t k = 0; k < rows * net->outputs; k++) {
        assert_near(p[k], expected[k], 2e-6);
    }
    chl_free(p);
    chl_free(expected);
    chl_free(x);
    chl_net_free(net);
}

static void traces(void **state)
{
    (void)state;
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(golden, "cases"), i, item) {
        check(item);
    }
    assert_int_equal(i, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(traces)};
    return cmocka_run_group_tests_name("layers_torch", tests, load, unload);
}
