/* SPDX-License-Identifier: MIT */
#include "core/metrics/blend.h"

#include "chl_test.h"

enum { N = 6 };

static const double y[N] = {0, 0, 0, 1, 1, 1};

static double loss_of(const double *p, const double *weights, int models)
{
    double total = 0;
    for (int i = 0; i < N; i++) {
        double q = 0;
        for (int m = 0; m < models; m++) {
            q += weights[m] * p[m * N + i];
        }
        total -= log(y[i] != 0 ? q : 1 - q);
    }
    return total / N;
}

/* Two models that err on different rows are better together; a third one is of no use. */
static void weights_are_a_greedy_optimum(void **state)
{
    (void)state;
    static const double p[3 * N] = {.1, .2, .7, .8, .9, .6, .5, .5, .5,
                                    .5, .5, .5, .3, .1, .2, .4, .7, .9};
    double weights[3], loss;
    assert_ok(chl_blend_greedy(y, p, 3, N, 100, NULL, weights, &loss, &err));
    assert_near(weights[0] + weights[1] + weights[2], 1, 1e-12);
    assert_true(weights[0] > 0 && weights[2] > 0 && weights[1] == 0);
    assert_near(loss, loss_of(p, weights, 3), 1e-12);
    /* no step of a hundredth in any direction does better */
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            double moved[3] = {weights[0], weights[1], weights[2]};
            moved[a] += 0.02;
            moved[b] -= 0.02;
            assert_true(moved[b] < 0 || loss_of(p, moved, 3) >= loss - 1e-4);
        }
    }
    double best =
        fmin(loss_of(p, (double[]){1, 0, 0}, 3), loss_of(p, (double[]){0, 0, 1}, 3));
    assert_true(loss < best);
}

static void first_of_equals_and_one_round(void **state)
{
    (void)state;
    static const double p[2 * N] = {.1, .2, .7, .8, .9, .6, .1, .2, .7, .8, .9, .6};
    double weights[2];
    assert_ok(chl_blend_greedy(y, p, 2, N, 10, NULL, weights, NULL, &err));
    assert_true(weights[0] == 1 && weights[1] == 0);
    static const double worse[2 * N] = {.5, .5, .5, .5, .5, .5, .1, .2, .7, .8, .9, .6};
    assert_ok(chl_blend_greedy(y, worse, 2, N, 1, NULL, weights, NULL, &err));
    assert_true(weights[0] == 0 && weights[1] == 1);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    double p[2 * N] = {.1, .2, .7, .8, .9, .6, .5, .5, .5, .5, .5, .5}, weights[2];
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel};
    assert_error(chl_blend_greedy(y, p, 0, N, 5, NULL, weights, NULL, &err),
                 "blend: expected 1 to 1000 models, got 0");
    assert_error(chl_blend_greedy(y, p, 2, N, 0, NULL, weights, NULL, &err),
                 "blend: rounds: expected 1 to 10000, got 0");
    assert_error(chl_blend_greedy(y, p, 2, N, 5, &control, weights, NULL, &err),
                 "blend: interrupted");
    p[N + 2] = 1.5;
    assert_error(chl_blend_greedy(y, p, 2, N, 5, NULL, weights, NULL, &err), "model 2: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_a_greedy_optimum),
        cmocka_unit_test(first_of_equals_and_one_round),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests_name("blend", tests, NULL, NULL);
}
