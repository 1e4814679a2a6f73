/* SPDX-License-Identifier: MIT
 *
 * Layers, losses, optimizers and schedules against PyTorch (tests/golden/nn_torch.py).
 */
#include "golden_net.h"

#include "core/base/alloc.h"
#include "core/train/member.h"
#include "core/nn/pass.h"
#include "core/train/targets.h"

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden = json_load_file("tests/golden/nn_torch.json", 0, NULL);
    return golden ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static double number(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

typedef struct setup {
    chl_net *net;
    chl_pass pass;
    chl_losses losses;
    chl_targets targets;
    chl_optimizer optimizer;
    double *x, *y;
    int64_t rows;
} setup;

static void begin(setup *s, const json_t *item)
{
    int inputs = (int)json_integer_value(json_object_get(golden, "inputs"));
    s->rows = json_integer_value(json_object_get(golden, "rows"));
    assert_ok(chl_net_new(json_object_get(item, "spec"), inputs, &s->net, &err));
    golden_set_tensors(s->net, json_object_get(item, "before"));
    assert_ok(chl_losses_read(json_object_get(item, "loss"), NULL, &s->losses, &err));
    assert_ok(chl_losses_bind(&s->losses, s->net, &err));
    assert_ok(
        chl_optimizer_read(json_object_get(item, "optimizer"), &s->optimizer, &err));
    assert_ok(chl_pass_init(&s->pass, s->net, s->rows, 1, &err));
    s->pass.rows = s->rows;
    s->x = chl_alloc((size_t)(s->rows * inputs), sizeof *s->x);
    s->y = chl_alloc((size_t)s->rows, sizeof *s->y);
    for (int64_t i = 0; i < s->rows * inputs; i++) {
        s->x[i] = number(json_object_get(item, "x"), (size_t)i);
    }
    for (int64_t i = 0; i < s->rows; i++) {
        s->y[i] = number(json_object_get(item, "y"), (size_t)i);
    }
    s->pass.kernels->convert(s->x, s->rows, inputs, s->pass.input, chl_padded(inputs));
    chl_dataset set = {.y = s->y, .n = s->rows};
    assert_ok(chl_targets_init(&s->targets, &s->losses, &set, true, "train", &err));
}

static void end(setup *s)
{
    chl_targets_reset(&s->targets);
    chl_pass_reset(&s->pass);
    chl_net_free(s->net);
    chl_free(s->x);
    chl_free(s->y);
}

static void train(setup *s, const json_t *losses)
{
    const chl_head_loss *head = &s->losses.heads[0];
    chl_loss_batch batch = {.rows = s->rows,
                            .width = head->width,
                            .ld = chl_padded(head->width),
                            .y = s->targets.heads[0].y,
                            .w = s->targets.heads[0].w,
                            .scale = 1.0 / (double)s->rows};
    chl_optimizer_state optimizer;
    assert_ok(chl_optimizer_init(&optimizer, &s->optimizer, s->net, &err));
    for (size_t t = 0; t < json_array_size(losses); t++) {
        chl_pass_forward(&s->pass);
        batch.z = chl_pass_logits(&s->pass, 0);
        batch.g = chl_pass_logit_gradient(&s->pass, 0);
        double sum = chl_loss_batch_sum(&head->loss, &batch);
        assert_near(sum * batch.scale, number(losses, t), 2e-6);
        chl_pass_backward(&s->pass);
        chl_optimizer_step(&optimizer, s->optimizer.lr, s->pass.grads,
                           s->pass.packed.params);
    }
    chl_packed_store(&s->pass.packed, s->net);
    chl_optimizer_reset(&optimizer);
}

static void traces(void **state)
{
    (void)state;
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(golden, "train"), i, item) {
        setup s = {0};
        begin(&s, item);
        train(&s, json_object_get(item, "losses"));
        golden_check_tensors("train", s.net, json_object_get(item, "after"), 4e-6);
        const json_t *expected = json_object_get(item, "predictions");
        size_t n = json_array_size(expected);
        double *p = chl_alloc(n, sizeof *p);
        assert_ok(chl_net_predict(s.net, s.x, s.rows, p, &err));
        for (size_t k = 0; k < n; k++) {
            assert_near(p[k], number(expected, k), 2e-6);
        }
        chl_free(p);
        end(&s);
    }
    assert_int_equal(i, 7);
}

static void plateaus(void **state)
{
    (void)state;
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(golden, "plateau"), i, item) {
        json_t *options = json_deep_copy(json_object_get(item, "options"));
        json_object_set_new(options, "type", json_string("reduce_lr"));
        json_t *list = json_pack("[o]", options);
        chl_schedules s;
        assert_ok(chl_schedules_read(list, &s, &err));
        double lr = 0.1;
        const json_t *values = json_object_get(item, "values");
        for (size_t k = 0; k < json_array_size(values); k++) {
            double v = number(values, k);
            chl_epoch epoch = {.epoch = (int)k + 1, .val_loss = v, .val_auc = v};
            lr = chl_schedules_update(&s, &epoch, lr);
            assert_near(lr, number(json_object_get(item, "rates"), k), 1e-15);
        }
        json_decref(list);
    }
    assert_int_equal(i, 4);
}

static void timed_schedules(void **state)
{
    (void)state;
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(golden, "timed"), i, item) {
        json_t *list = json_pack("[O]", json_object_get(item, "schedule"));
        const json_t *factors = json_object_get(item, "factors");
        size_t n = json_array_size(factors);
        chl_schedules s;
        assert_ok(chl_schedules_read(list, &s, &err));
        for (size_t k = 0; k < n; k++) {
            assert_near(chl_schedules_factor(&s, (int64_t)k, (int64_t)n),
                        number(factors, k), 1e-12);
        }
        json_decref(list);
    }
    assert_int_equal(i, 7);
}

/* Every instruction set, on a grid. */
static void check_activation(const chl_kernels *k, const json_t *item)
{
    enum { N = 208 };
    const json_t *grid = json_object_get(golden, "grid");
    size_t n = json_array_size(grid);
    assert_true(n <= N);
    const char *name = json_string_value(json_object_get(item, "name"));
    int f = 0;
    while (strcmp(chl_activation_names[f], name) != 0) {
        f++;
    }
    chl_real z[N] = {0}, y[N], g[N];
    for (size_t i = 0; i < N; i++) {
        z[i] = i < n ? (chl_real)number(grid, i) : 0;
        g[i] = 1;
    }
    k->activate((chl_activation)f, N, z, y);
    k->activate_back((chl_activation)f, N,
                     chl_activation_reads_input((chl_activation)f) ? z : y, g);
    for (size_t i = 0; i < n; i++) {
        double expected = number(json_object_get(item, "y"), i);
        assert_near((double)y[i], expected, 4e-7 * fabs(expected) + 1e-9);
        double slope = number(json_object_get(item, "slope"), i);
        if (number(grid, i) != 0) {
            assert_near((double)g[i], slope, 6e-7 * fmax(fabs(slope), 1));
        }
    }
}

static void activations(void **state)
{
    (void)state;
    size_t i;
    const json_t *item;
    for (int k = 0; chl_kernels_at(k); k++) {
        json_array_foreach (json_object_get(golden, "activations"), i, item) {
            check_activation(chl_kernels_at(k), item);
        }
        assert_int_equal(i, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces),
        cmocka_unit_test(plateaus),
        cmocka_unit_test(timed_schedules),
        cmocka_unit_test(activations),
    };
    return cmocka_run_group_tests_name("nn_torch", tests, load, unload);
}
