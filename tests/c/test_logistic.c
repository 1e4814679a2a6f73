/* SPDX-License-Identifier: MIT */
#include "core/metrics/logistic.h"

#include "core/base/rng.h"
#include "golden.h"

#define L2(value) (&(chl_logistic_options){.l2 = (value)})

static void weights_equal_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/metrics.json"), *item;
    size_t index;
    json_array_foreach (json_object_get(root, "logistic"), index, item) {
        size_t n, d, shown;
        double *x = golden_numbers(item, "x", &n), *y = golden_numbers(item, "y", &n);
        double *w = golden_numbers(item, "weights", &d);
        double *p = golden_numbers(item, "p", &shown), got[20];
        chl_logistic m;
        assert_ok(chl_logistic_fit(x, y, (int64_t)n, (int64_t)d,
                                   L2(golden_number(item, "l2")), NULL, &m, &err));
        for (size_t j = 0; j < d; j++) {
            assert_near(m.weights[j], w[j], 1e-8);
        }
        assert_near(m.intercepts[0], golden_number(item, "intercept"), 1e-8);
        assert_true(m.iterations > 2 && m.iterations < 20);
        chl_logistic_predict(&m, x, (int64_t)shown, got);
        for (size_t i = 0; i < shown; i++) {
            assert_near(got[i], p[i], 1e-9);
        }
        chl_logistic_reset(&m);
        free(x);
        free(y);
        free(w);
        free(p);
    }
    assert_int_equal(index, 4);
    json_decref(root);
}

/* One case of tests/golden/logistic.json; saga stops at 1e-13 of the largest weight. */
static void check_golden(const json_t *item)
{
    size_t n, k, shown;
    double *x = golden_numbers(item, "x", &n), *y = golden_numbers(item, "y", &n);
    double *w = golden_numbers(item, "weights", &k),
           *p = golden_numbers(item, "p", &shown);
    double *b = golden_numbers(item, "intercepts", &k), got[50];
    int64_t d = (int64_t)json_array_size(json_array_get(json_object_get(item, "x"), 0));
    chl_logistic_options options = {.l1 = golden_number(item, "l1"),
                                    .l2 = golden_number(item, "l2"),
                                    .classes = (int64_t)golden_number(item, "classes")};
    chl_logistic m;
    assert_ok(chl_logistic_fit(x, y, (int64_t)n, d, &options, NULL, &m, &err));
    assert_int_equal(m.outputs, k);
    for (int64_t j = 0; j < m.outputs * d; j++) {
        assert_near(m.weights[j], w[j], 1e-6);
        assert_true((m.weights[j] == 0) == (w[j] == 0));
    }
    for (size_t a = 0; a < k; a++) {
        assert_near(m.intercepts[a], b[a], 1e-6);
    }
    chl_logistic_predict(&m, x, (int64_t)shown, got);
    for (size_t i = 0; i < shown * k; i++) {
        assert_near(got[i], p[i], 1e-6);
    }
    chl_logistic_reset(&m);
    free(x);
    free(y);
    free(w);
    free(p);
    free(b);
}

static void penalties_and_classes_equal_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/logistic.json"), *item;
    size_t index;
    json_array_foreach (root, index, item) {
        check_golden(item);
    }
    assert_int_equal(index, 6);
    json_decref(root);
}

/* At the optimum the slope of a weight is -l1 · sign(w), or within ±l1 where w is 0. */
static void a_large_l1_leaves_the_rates(void **state)
{
    (void)state;
    const double x[] = {1, 2, 2, 0, 3, 5, 4, 4, 5, 1, 6, 3};
    chl_logistic_options options = {.l1 = 100};
    chl_logistic m;
    assert_ok(chl_logistic_fit(x, (double[]){0, 0, 1, 0, 1, 1}, 6, 2, &options, NULL, &m,
                               &err));
    assert_true(m.weights[0] == 0 && m.weights[1] == 0);
    assert_near(m.intercepts[0], 0, 1e-12);
    chl_logistic_reset(&m);
    options.classes = 3;
    assert_ok(chl_logistic_fit(x, (double[]){0, 0, 0, 1, 1, 2}, 6, 2, &options, NULL, &m,
                               &err));
    double p[3];
    chl_logistic_predict(&m, x, 1, p);
    assert_near(p[0], 0.5, 1e-9);
    assert_near(p[2], 1.0 / 6, 1e-9);
    chl_logistic_reset(&m);
}

static void dependent_columns_change_nothing(void **state)
{
    (void)state;
    enum { N = 60 };
    double one[N], three[3 * N], y[N], p[N], q[N];
    chl_rng rng;
    chl_rng_init(&rng, 3, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N; i++) {
        one[i] = chl_rng_normal(&rng);
        y[i] = chl_rng_uniform(&rng) < 0.5;
        three[3 * i] = one[i];
        three[3 * i + 1] = 2 - 3 * one[i]; /* the first again */
        three[3 * i + 2] = 7;              /* constant */
    }
    chl_logistic a, b;
    assert_ok(chl_logistic_fit(one, y, N, 1, L2(0), NULL, &a, &err));
    assert_ok(chl_logistic_fit(three, y, N, 3, L2(0), NULL, &b, &err));
    assert_true(b.weights[1] == 0 && b.weights[2] == 0);
    chl_logistic_predict(&a, one, N, p);
    chl_logistic_predict(&b, three, N, q);
    for (int i = 0; i < N; i++) {
        assert_near(q[i], p[i], 1e-10);
    }
    chl_logistic_reset(&a);
    chl_logistic_reset(&b);
}

static void without_columns_it_is_the_rate(void **state)
{
    (void)state;
    double y[] = {0, 1, 0, 0}, none[] = {0}, p;
    chl_logistic m;
    assert_ok(chl_logistic_fit(none, y, 4, 0, L2(1), NULL, &m, &err));
    chl_logistic_predict(&m, none, 1, &p);
    assert_near(p, 0.25, 1e-12);
    chl_logistic_reset(&m);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { N = 3000, D = 3 };
    double *x = malloc(N * D * sizeof *x), *y = malloc(N * sizeof *y);
    assert_true(x && y);
    chl_rng rng;
    chl_rng_init(&rng, 8, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            x[i * D + j] = chl_rng_normal(&rng);
        }
        y[i] = chl_rng_uniform(&rng) < 1 / (1 + exp(-x[i * D]));
    }
    chl_logistic a, b;
    chl_control four = {.threads = 4};
    assert_ok(chl_logistic_fit(x, y, N, D, L2(1), NULL, &a, &err));
    assert_ok(chl_logistic_fit(x, y, N, D, L2(1), &four, &b, &err));
    assert_memory_equal(a.weights, b.weights, D * sizeof *a.weights);
    assert_true(a.intercepts[0] == b.intercepts[0]);
    chl_logistic_reset(&a);
    chl_logistic_reset(&b);
    free(x);
    free(y);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    chl_logistic m;
    double x[] = {1, 2, 3, 4}, y[] = {0, 1};
    assert_error(
        chl_logistic_fit((double[]){1, 2, 3, NAN}, y, 2, 2, L2(1), NULL, &m, &err),
        "logistic: x: row 2, column 2: expected a finite number, got nan");
    assert_error(chl_logistic_fit(x, (double[]){0, .5}, 2, 2, L2(1), NULL, &m, &err),
                 "logistic: y: row 2: expected 0 or 1, got 0.5");
    assert_error(chl_logistic_fit(x, (double[]){0, 0}, 2, 2, L2(1), NULL, &m, &err),
                 "logistic: y: expected both classes, got 2 rows of class 0");
    assert_error(chl_logistic_fit(x, y, 2, 2, L2(-1), NULL, &m, &err),
                 "logistic: l2: expected a finite number of at least 0, got -1");
    chl_logistic_options three = {.classes = 3}, many = {.classes = 2000};
    assert_error(chl_logistic_fit(x, y, 2, 2, &three, NULL, &m, &err),
                 "logistic: y: expected every class, got no row of class 2");
    assert_error(chl_logistic_fit(x, (double[]){0, 3}, 2, 2, &three, NULL, &m, &err),
                 "logistic: y: row 2: expected a class from 0 to 2, got 3");
    assert_error(
        chl_logistic_fit(x, y, 2, 2, &many, NULL, &m, &err),
        "logistic: expected at most 4096 columns times classes, got 2 times 2000");
    assert_error(chl_logistic_fit(x, y, 2, 2, &(chl_logistic_options){.l1 = INFINITY},
                                  NULL, &m, &err),
                 "logistic: l1: expected a finite number of at least 0, got inf");
    assert_error(chl_logistic_fit(x, y, 2, 5000, L2(1), NULL, &m, &err),
                 "logistic: x: expected 0 to 2048 columns, got 5000");
    assert_null(m.weights);
}

static void separable_classes_need_a_penalty(void **state)
{
    (void)state;
    chl_logistic m;
    double x[] = {1, 2, 3, 4}, y[] = {0, 0, 1, 1};
    assert_error(chl_logistic_fit(x, y, 4, 1, L2(0), NULL, &m, &err),
                 "logistic: no optimum after 100 steps: the classes may be separable: "
                 "expected l2 > 0, got 0");
    assert_null(m.weights);
    assert_ok(chl_logistic_fit(x, y, 4, 1, L2(1e-3), NULL, &m, &err));
    assert_true(m.weights[0] > 1);
    chl_logistic_reset(&m);
}

static void it_stops(void **state)
{
    (void)state;
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel};
    chl_logistic m;
    double x[] = {1, 2}, y[] = {0, 1};
    assert_error(chl_logistic_fit(x, y, 2, 1, L2(1), &control, &m, &err),
                 "logistic: interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_equal_scikit_learn),
        cmocka_unit_test(penalties_and_classes_equal_scikit_learn),
        cmocka_unit_test(a_large_l1_leaves_the_rates),
        cmocka_unit_test(dependent_columns_change_nothing),
        cmocka_unit_test(without_columns_it_is_the_rate),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(separable_classes_need_a_penalty),
        cmocka_unit_test(it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
