/* SPDX-License-Identifier: MIT
 *
 * Mixup, swap noise, noise on the inputs, max-norm.
 */
#include "train_fixture.h"

#include "core/base/alloc.h"
#include "core/train/trainer.h"

enum { N = 4000, INPUTS = 5 };

static const char ONE[] = "{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":"
                          "\"sigmoid\"}]}";

/* A trainer with what augment.c reads: row i has 10·i + column in each input. */
typedef struct bench {
    chl_net *net;
    chl_train_options options;
    chl_job job;
    chl_trainer t;
} bench;

static void bench_init(bench *b, const int32_t *group)
{
    *b = (bench){.options.seed = 3};
    json_t *json = json_loads(ONE, 0, NULL);
    assert_ok(chl_net_new(json, INPUTS, &b->net, &err));
    json_decref(json);
    size_t ld = (size_t)chl_padded(INPUTS);
    assert_ok(chl_input_groups_init(&b->job.groups, group, INPUTS, &err));
    b->job.train.n = N;
    b->job.train.x = chl_calloc(N * ld, sizeof(chl_real));
    b->t = (chl_trainer){.job = &b->job, .options = &b->options, .net = b->net};
    b->t.pass.rows = N;
    b->t.pass.input = chl_calloc(N * ld, sizeof(chl_real));
    b->t.spare = chl_calloc(N * ld, sizeof(chl_real));
    b->t.order = chl_alloc(N, sizeof *b->t.order);
    b->t.partner = chl_alloc(N, sizeof *b->t.partner);
    for (int i = 0; i < N; i++) {
        b->t.order[i] = i;
        for (int j = 0; j < INPUTS; j++) {
            b->job.train.x[(size_t)i * ld + (size_t)j] = (chl_real)(10 * i + j);
        }
    }
    memcpy(b->t.pass.input, b->job.train.x, N * ld * sizeof(chl_real));
    chl_trainer_begin_draws(&b->t, 1);
}

static void bench_reset(bench *b)
{
    chl_net_free(b->net);
    chl_input_groups_reset(&b->job.groups);
    chl_free(b->job.train.x);
    chl_free(b->t.pass.input);
    chl_free(b->t.spare);
    chl_free(b->t.order);
    chl_free(b->t.partner);
}

static double input_at(const bench *b, int i, int j)
{
    return (double)b->t.pass.input[i * chl_padded(INPUTS) + j];
}

static void swaps_whole_groups(void **state)
{
    (void)state;
    static const int32_t group[INPUTS] = {7, 4, 7, 9, 4};
    bench b;
    bench_init(&b, group);
    b.options.swap_noise = 0.3;
    chl_trainer_augment(&b.t, 0);
    int moved[INPUTS] = {0}, together = 0;
    for (int i = 0; i < N; i++) {
        int from[INPUTS];
        for (int j = 0; j < INPUTS; j++) {
            int value = (int)input_at(&b, i, j);
            assert_int_equal(value % 10, j); /* a value of its own column */
            from[j] = value / 10;
            moved[j] += from[j] != i;
        }
        assert_int_equal(from[0], from[2]);
        assert_int_equal(from[1], from[4]);
        together += from[0] != i && from[0] == from[1];
    }
    assert_true(together < N / 100);
    for (int j = 0; j < INPUTS; j++) {
        assert_near((double)moved[j] / N, 0.3, 0.03);
    }
    assert_true(b.t.share == 1);
    bench_reset(&b);
}

static void mixes_with_partners(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, NULL);
    b.options.mixup = 0.4;
    double sum = 0, square = 0;
    enum { BATCHES = 2000 };
    for (int k = 0; k < BATCHES; k++) {
        b.t.pass.rows = k == 0 ? N : 2;
        chl_trainer_augment(&b.t, 0);
        sum += b.t.share;
        square += b.t.share * b.t.share;
        for (int i = 0; k == 0 && i < N; i++) {
            int partner = (int)b.t.partner[i];
            double mean = b.t.share * i + (1 - b.t.share) * partner;
            assert_near(input_at(&b, i, 1), 10 * mean + 1, 0.02);
        }
    }
    /* Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)) */
    double mean = sum / BATCHES;
    assert_near(mean, 0.5, 0.03);
    assert_near(square / BATCHES - mean * mean, 1 / (4 * 1.8), 0.01);
    bench_reset(&b);
}

static void adds_noise(void **state)
{
    (void)state;
    bench b;
    bench_init(&b, NULL);
    b.options.noise = 0.25;
    chl_trainer_augment(&b.t, 0);
    double sum = 0, square = 0;
    int n = 0;
    for (int i = 0; i < 100; i++) { /* small numbers, so that floats keep the noise */
        for (int j = 0; j < INPUTS; j++, n++) {
            double noise = input_at(&b, i, j) - (10 * i + j);
            sum += noise;
            square += noise * noise;
        }
    }
    assert_near(sum / n, 0, 0.04);
    assert_near(sqrt(square / n), 0.25, 0.03);
    for (int j = INPUTS; j < chl_padded(INPUTS); j++) {
        assert_true(input_at(&b, 0, j) == 0);
    }
    bench_reset(&b);
}

/* ---- in training ---- */

static chl_status train(chl_net **nets, int members, const train_data *f,
                        const char *options, int threads, chl_history *history)
{
    json_t *json = json_loads(options, 0, NULL);
    assert_non_null(json);
    chl_control control = {.threads = threads};
    chl_status status = chl_train(nets, members, &f->train, &f->valid, json, &control,
                                  NULL, NULL, history, NULL);
    json_decref(json);
    return status;
}

/* Where all rows are alike, mixing changes neither inputs nor the batch's loss: partners
 * are a permutation. */
static void mixup_keeps_the_loss(void **state)
{
    (void)state;
    train_data f;
    train_data_fill(&f);
    for (int i = 0; i < TRAIN_ROWS * COLUMNS; i++) {
        f.x[i] = 1 + i % COLUMNS;
    }
    chl_net *plain, *mixed;
    chl_history a, b;
    nets_new(ONE, &plain, 1);
    nets_new(ONE, &mixed, 1);
    assert_int_equal(train(&plain, 1, &f, "{\"epochs\":3}", 1, &a), CHL_OK);
    assert_int_equal(train(&mixed, 1, &f, "{\"epochs\":3,\"mixup\":0.4}", 1, &b), CHL_OK);
    for (int i = 0; i < 3; i++) {
        assert_near(a.epochs[i].loss, b.epochs[i].loss, 1e-6);
        assert_near(a.epochs[i].val_loss, b.epochs[i].val_loss, 1e-6);
    }
    chl_history_reset(&a);
    chl_history_reset(&b);
    nets_free(&plain, 1);
    nets_free(&mixed, 1);
}

static void draws_depend_on_the_net_alone(void **state)
{
    (void)state;
    static const char options[] =
        "{\"epochs\":4,\"mixup\":0.2,\"swap_noise\":0.1,\"noise\":0.05}";
    train_data f;
    train_data_fill(&f);
    chl_net *one[3], *two[3];
    chl_history h;
    nets_new(ONE, one, 3);
    nets_new(ONE, two, 3);
    assert_int_equal(train(one, 3, &f, options, 1, &h), CHL_OK);
    chl_history_reset(&h);
    assert_int_equal(train(two, 3, &f, options, 2, &h), CHL_OK);
    chl_history_reset(&h);
    for (int i = 0; i < 3; i++) {
        assert_true(nets_equal(one[i], two[i]));
    }
    assert_false(nets_equal(one[0], one[1]));
    nets_free(one, 3);
    nets_free(two, 3);
}

static double norm_of_column(const chl_tensor *t, int64_t j)
{
    double square = 0;
    for (int64_t i = 0; i < t->shape[0]; i++) {
        square += pow((double)t->data[i * t->shape[1] + j], 2);
    }
    return sqrt(square);
}

/* Columns over the limit end on it, the others stay; 40 units are two panels. */
static void max_norm_limits_units(void **state)
{
    (void)state;
    static const char spec[] =
        "{\"layers\":[{\"type\":\"dense\",\"units\":40,\"max_norm\":0.9},"
        "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
    chl_net *before, *after;
    nets_new(spec, &before, 1);
    chl_net_init_weights(before, 1, 0);
    chl_tensor w = chl_net_tensor(before, 0);
    for (int64_t k = 0; k < w.shape[0] * w.shape[1]; k++) {
        w.data[k] *= (chl_real)(1 + k % 7);
    }
    assert_ok(chl_net_clone(before, &after, &err));
    chl_packed packed;
    assert_ok(chl_packed_init(&packed, before, &err));
    chl_packed_load(&packed, before);
    chl_max_norm(before, packed.params);
    chl_packed_store(&packed, after);
    chl_tensor v = chl_net_tensor(after, 0);
    int limited = 0;
    for (int64_t j = 0; j < 40; j++) {
        double norm = norm_of_column(&w, j), expected = norm > 0.9 ? 0.9 : norm;
        limited += norm > 0.9;
        assert_near(norm_of_column(&v, j), expected, 1e-6);
        assert_near((double)v.data[j] * norm, (double)w.data[j] * expected, 1e-5);
    }
    assert_true(limited > 5 && limited < 40);
    chl_tensor head = chl_net_tensor(before, 2), same = chl_net_tensor(after, 2);
    assert_memory_equal(head.data, same.data, 40 * sizeof(chl_real));
    chl_packed_reset(&packed);
    nets_free(&before, 1);
    nets_free(&after, 1);
}

static void max_norm_holds_in_training(void **state)
{
    (void)state;
    train_data f;
    train_data_fill(&f);
    chl_net *net;
    chl_history h;
    nets_new("{\"layers\":[{\"type\":\"dense\",\"units\":9,\"activation\":\"relu\","
             "\"max_norm\":0.5},{\"type\":\"dense\",\"units\":1,\"activation\":"
             "\"sigmoid\"}]}",
             &net, 1);
    static const char options[] =
        "{\"epochs\":9,\"optimizer\":{\"type\":\"sgd\",\"lr\":0.5}}";
    assert_int_equal(train(&net, 1, &f, options, 1, &h), CHL_OK);
    chl_history_reset(&h);
    chl_tensor w = chl_net_tensor(net, 0);
    for (int64_t j = 0; j < 9; j++) {
        assert_true(norm_of_column(&w, j) < 0.5001);
    }
    nets_free(&net, 1);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"mixup\":-1}", "train: option 'mixup'"},
        {"{\"swap_noise\":1}", "train: option 'swap_noise'"},
        {"{\"noise\":-0.1}", "train: option 'noise'"},
        {"{\"swapnoise\":0.1}", "(did you mean 'swap_noise'?)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = json_loads(cases[i][0], 0, NULL);
        assert_error(chl_train_check(json, &err), cases[i][1]);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swaps_whole_groups),
        cmocka_unit_test(mixes_with_partners),
        cmocka_unit_test(adds_noise),
        cmocka_unit_test(mixup_keeps_the_loss),
        cmocka_unit_test(draws_depend_on_the_net_alone),
        cmocka_unit_test(max_norm_limits_units),
        cmocka_unit_test(max_norm_holds_in_training),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests_name("regularise", tests, NULL, NULL);
}
