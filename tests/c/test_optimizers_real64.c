/* SPDX-License-Identifier: MIT
 *
 * Traces of optimizers against PyTorch (tests/golden/nn_optimizers.py), in double.
 */
#include "golden_net.h"

#include "core/base/alloc.h"
#include "core/train/lbfgs.h"
#include "core/train/loss.h"
#include "core/nn/pass.h"

typedef struct setup {
    chl_net *net;
    chl_pass pass;
    chl_loss loss;
    chl_optimizer options;
    chl_optimizer_state optimizer;
    double *x, *y;
    int64_t rows;
} setup;

static void begin(setup *s, const json_t *golden, const json_t *item)
{
    int inputs = (int)golden_number(golden, "inputs");
    s->rows = (int64_t)golden_number(golden, "rows");
    assert_ok(chl_net_new(json_object_get(golden, "spec"), inputs, &s->net, &err));
    golden_set_tensors(s->net, json_object_get(item, "before"));
    assert_ok(chl_loss_read(NULL, &s->loss, &err));
    assert_ok(chl_optimizer_read(json_object_get(item, "optimizer"), &s->options, &err));
    assert_ok(chl_optimizer_init(&s->optimizer, &s->options, s->net, &err));
    assert_ok(chl_pass_init(&s->pass, s->net, s->rows, 1, &err));
    s->pass.rows = s->rows;
    size_t n;
    s->x = golden_numbers(item, "x", &n);
    s->y = golden_numbers(item, "y", &n);
    s->pass.kernels->convert(s->x, s->rows, inputs, s->pass.input, chl_padded(inputs));
}

static void end(setup *s)
{
    chl_optimizer_reset(&s->optimizer);
    chl_pass_reset(&s->pass);
    chl_net_free(s->net);
    free(s->x);
    free(s->y);
}

/* Mean loss with penalties at the pass's numbers; its gradient is in pass.grads. */
static double loss_of(setup *s)
{
    double scale = 1.0 / (double)s->rows;
    chl_pass_forward(&s->pass);
    chl_loss_batch batch = {.rows = s->rows,
                            .width = 1,
                            .ld = chl_padded(1),
                            .z = chl_pass_logits(&s->pass, 0),
                            .y = s->y,
                            .scale = scale,
                            .g = chl_pass_logit_gradient(&s->pass, 0)};
    double sum = chl_loss_batch_sum(&s->loss, &batch);
    chl_pass_backward(&s->pass);
    return sum * scale + s->pass.penalty;
}

static chl_status objective(void *ctx, const chl_real *params, double *loss,
                            chl_real *grads, chl_error *error)
{
    (void)error;
    setup *s = ctx;
    size_t bytes = (size_t)s->net->pack_params * sizeof *params;
    memcpy(s->pass.packed.params, params, bytes);
    *loss = loss_of(s);
    memcpy(grads, s->pass.grads, bytes);
    return CHL_OK;
}

static void step(setup *s, double expected)
{
    chl_real *params = s->pass.packed.params;
    assert_near(loss_of(s), expected, 1e-9);
    if (s->options.type == CHL_OPTIMIZER_LBFGS) {
        chl_objective f = {objective, s};
        double loss;
        bool converged;
        assert_ok(chl_lbfgs_step(&s->optimizer, s->options.lr, &f, params, &loss,
                                 &converged, &err));
        assert_false(converged);
        assert_true(loss < expected);
    } else {
        chl_optimizer_step(&s->optimizer, s->options.lr, s->pass.grads, params);
    }
}

static void traces(void **state)
{
    (void)state;
    json_t *golden = golden_load("tests/golden/nn_optimizers.json");
    size_t i, k;
    const json_t *item, *loss;
    json_array_foreach (json_object_get(golden, "cases"), i, item) {
        setup s = {0};
        begin(&s, golden, item);
        json_array_foreach (json_object_get(item, "losses"), k, loss) {
            step(&s, json_number_value(loss));
        }
        chl_packed_store(&s.pass.packed, s.net);
        golden_check_tensors("optimizers", s.net, json_object_get(item, "after"), 1e-7);
        end(&s);
    }
    assert_int_equal(i, 11);
    json_decref(golden);
}

/* f(x) = sum of c_i (x_i - i)²: the optimum is known. */
static chl_status bowl(void *ctx, const chl_real *x, double *loss, chl_real *grads,
                       chl_error *error)
{
    (void)error;
    int64_t n = *(const int64_t *)ctx;
    *loss = 0;
    for (int64_t i = 0; i < n; i++) {
        double c = 1 + (double)(i % 7) * 3, d = x[i] - (double)i;
        *loss += c * d * d;
        grads[i] = 2 * c * d;
    }
    return CHL_OK;
}

static void lbfgs_finds_an_optimum(void **state)
{
    (void)state;
    json_t *spec = json_loads("{\"layers\":[{\"type\":\"dense\",\"units\":1}]}", 0, NULL);
    chl_net *net;
    assert_ok(chl_net_new(spec, 3, &net, &err));
    json_decref(spec);
    chl_optimizer options;
    json_t *json = json_pack("{s:s}", "type", "lbfgs");
    assert_ok(chl_optimizer_read(json, &options, &err));
    json_decref(json);
    chl_optimizer_state s;
    assert_ok(chl_optimizer_init(&s, &options, net, &err));
    int64_t n = net->pack_params;
    chl_real *x = chl_calloc((size_t)n, sizeof *x);
    chl_objective f = {bowl, &n};
    double loss;
    bool converged = false;
    for (int epoch = 0; epoch < 20 && !converged; epoch++) {
        assert_ok(chl_lbfgs_step(&s, 1, &f, x, &loss, &converged, &err));
    }
    assert_true(converged);
    assert_near(loss, 0, 1e-9);
    for (int64_t i = 0; i < n; i++) {
        assert_near(x[i], (double)i, 1e-4);
    }
    chl_free(x);
    chl_optimizer_reset(&s);
    chl_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces),
        cmocka_unit_test(lbfgs_finds_an_optimum),
    };
    return cmocka_run_group_tests_name("optimizers", tests, NULL, NULL);
}
