/* SPDX-License-Identifier: MIT
 *
 * Boosting by libxgboost, where it is installed; otherwise these tests are skipped.
 */
#include "core/trees/xgboost.h"

#include "core/base/rng.h"
#include "golden.h"

enum { N = 400, D = 3 };

typedef struct sample {
    double x[N * D], y[N], weights[N];
} sample;

static void draw(sample *s, int classes, uint64_t seed)
{
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            s->x[i * D + j] = chl_rng_normal(&rng);
        }
        double z = s->x[i * D] + s->x[i * D + 1] * s->x[i * D + 2] + chl_rng_normal(&rng);
        s->y[i] = fmin(fmax(floor(z + classes / 2.0), 0), classes - 1);
        s->weights[i] = 0.5 + chl_rng_uniform(&rng);
    }
}

static void need_library(void)
{
    chl_error err = {0};
    if (chl_xgboost_available(&err) != CHL_OK) {
        print_message("skipped: %s\n", err.message);
        skip();
    }
}

static chl_boost_set set_of(const sample *s, int64_t n)
{
    return (chl_boost_set){.x = s->x, .y = s->y, .n = n};
}

/* The mean log loss of two classes. */
static double loss_of(const chl_forest *f, const sample *s, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float row[D], margin;
        for (int j = 0; j < D; j++) {
            row[j] = (float)s->x[i * D + j];
        }
        chl_forest_margins(f, 1, row, D, &margin, 1);
        sum += log1p(exp(s->y[i] != 0 ? -(double)margin : (double)margin));
    }
    return sum / (double)n;
}

static void stops_at_the_best_round(void **state)
{
    (void)state;
    need_library();
    sample a, b;
    draw(&a, 2, 1);
    draw(&b, 2, 2);
    chl_boost_set train = set_of(&a, N), valid = set_of(&b, N);
    train.weights = a.weights;
    json_t *options = json_pack("{s:i,s:i}", "rounds", 200, "early_stop", 10);
    chl_forest f, g;
    chl_boost_history h, again;
    assert_ok(chl_xgboost_fit(&train, &valid, D, 2, options, NULL, &f, &h, &err));
    assert_true(h.best > 1 && h.rounds == h.best + 10 && f.tree_count == h.best);
    assert_near(loss_of(&f, &b, N), h.val_loss[h.best - 1], 1e-6);
    assert_true(h.val_loss[h.best - 1] < h.val_loss[0] - 0.05);
    assert_ok(chl_xgboost_fit(&train, &valid, D, 2, options, NULL, &g, &again, &err));
    assert_int_equal(f.node_count, g.node_count);
    for (int32_t i = 0; i < f.node_count; i++) {
        assert_true(f.nodes[i].value == g.nodes[i].value);
    }
    chl_forest_reset(&f);
    chl_forest_reset(&g);
    chl_boost_history_reset(&h);
    chl_boost_history_reset(&again);
    json_decref(options);
}

static void classes_have_a_margin_each(void **state)
{
    (void)state;
    need_library();
    sample a;
    draw(&a, 4, 3);
    chl_boost_set train = set_of(&a, N);
    json_t *options =
        json_pack("{s:i,s:i,s:f}", "rounds", 30, "max_depth", 3, "eta", 0.3);
    chl_forest f;
    chl_boost_history h;
    assert_ok(chl_xgboost_fit(&train, NULL, D, 4, options, NULL, &f, &h, &err));
    assert_true(h.val_loss == NULL && h.best == 30);
    assert_int_equal(f.tree_count, 120);
    int right = 0;
    for (int i = 0; i < N; i++) {
        float row[D], margins[4];
        for (int j = 0; j < D; j++) {
            row[j] = (float)a.x[i * D + j];
        }
        chl_forest_margins(&f, 1, row, D, margins, 4);
        int best = 0;
        for (int k = 1; k < 4; k++) {
            best = margins[k] > margins[best] ? k : best;
        }
        right += best == (int)a.y[i];
    }
    assert_true(right > N * 3 / 4);
    chl_forest_reset(&f);
    chl_boost_history_reset(&h);
    json_decref(options);
}

static void bad_data_is_named(void **state)
{
    (void)state;
    need_library();
    sample a;
    draw(&a, 2, 4);
    chl_boost_set train = set_of(&a, 50);
    chl_forest f;
    chl_boost_history h;
    assert_error(chl_xgboost_fit(&train, NULL, D, 3, NULL, NULL, &f, &h, &err),
                 "trees: y: expected every class to occur, got no row of class 2");
    a.y[7] = 2;
    assert_error(chl_xgboost_fit(&train, NULL, D, 2, NULL, NULL, &f, &h, &err),
                 "trees: y: row 8: expected a class from 0 to 1, got 2");
    a.y[7] = 1;
    a.x[5] = 1e300;
    assert_error(chl_xgboost_fit(&train, NULL, D, 2, NULL, NULL, &f, &h, &err),
                 "trees: x: row 2, column 3: expected a finite number, got 1e+300");
    a.x[5] = 0;
    a.weights[3] = 0;
    train.weights = a.weights;
    assert_error(chl_xgboost_fit(&train, NULL, D, 2, NULL, NULL, &f, &h, &err),
                 "trees: weights: row 4: expected a number above 0, got 0");
    assert_null(f.nodes);
}

static void it_stops(void **state)
{
    (void)state;
    need_library();
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel};
    sample a;
    draw(&a, 2, 5);
    chl_boost_set train = set_of(&a, N);
    chl_forest f;
    chl_boost_history h;
    assert_error(chl_xgboost_fit(&train, NULL, D, 2, NULL, &control, &f, &h, &err),
                 "trees: interrupted");
}

static void options_are_checked(void **state)
{
    (void)state;
    json_t *options = json_pack("{s:f}", "eta", 2.0);
    assert_error(chl_xgboost_check(options, &err), "trees: ");
    json_decref(options);
    options = json_pack("{s:i}", "round", 2);
    assert_error(chl_xgboost_check(options, &err), "did you mean 'rounds'?");
    json_decref(options);
    sample a;
    draw(&a, 2, 6);
    chl_boost_set train = set_of(&a, 0);
    chl_forest f;
    chl_boost_history h;
    assert_error(chl_xgboost_fit(&train, NULL, D, 2, NULL, NULL, &f, &h, &err),
                 "trees: expected rows, a column and two or more classes, got 0 rows");
}

static void a_missing_library_says_how_to_get_it(void **state)
{
    (void)state;
    const char *set = getenv("CHURNLAB_XGBOOST");
    char *before = set ? strdup(set) : NULL;
    assert_int_equal(0, setenv("CHURNLAB_XGBOOST", "/nowhere/libxgboost.so", 1));
    assert_error(chl_xgboost_available(&err),
                 "XGBoost: CHURNLAB_XGBOOST: expected a shared library, got /nowhere/");
    if (before) {
        setenv("CHURNLAB_XGBOOST", before, 1);
    } else {
        unsetenv("CHURNLAB_XGBOOST");
    }
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_at_the_best_round),
        cmocka_unit_test(classes_have_a_margin_each),
        cmocka_unit_test(bad_data_is_named),
        cmocka_unit_test(it_stops),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_missing_library_says_how_to_get_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
