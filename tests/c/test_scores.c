/* SPDX-License-Identifier: MIT */
#include "core/metrics/scores.h"

#include "core/base/rng.h"
#include "golden.h"

static void scores_equal_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/metrics.json");
    size_t index;
    json_t *item;
    json_array_foreach (json_object_get(root, "scores"), index, item) {
        size_t n;
        double *y = golden_numbers(item, "y", &n), *p = golden_numbers(item, "p", &n);
        const json_t *g = json_object_get(item, "scores");
        chl_scores s;
        double auc;
        assert_ok(chl_scores_compute(y, p, (int64_t)n, golden_number(item, "threshold"),
                                     &s, &err));
        assert_ok(chl_roc_auc(y, p, (int64_t)n, &auc, &err));
        assert_true(auc == s.roc_auc);
        assert_int_equal(s.rows, n);
        assert_int_equal(s.positives, s.tp + s.fn);
        assert_int_equal(s.tp, golden_number(g, "tp"));
        assert_int_equal(s.fp, golden_number(g, "fp"));
        assert_int_equal(s.fn, golden_number(g, "fn"));
        assert_int_equal(s.tn, golden_number(g, "tn"));
        assert_near(s.accuracy, golden_number(g, "accuracy"), 1e-12);
        assert_near(s.precision, golden_number(g, "precision"), 1e-12);
        assert_near(s.recall, golden_number(g, "recall"), 1e-12);
        assert_near(s.f1, golden_number(g, "f1"), 1e-12);
        assert_near(s.roc_auc, golden_number(g, "roc_auc"), 1e-12);
        assert_near(s.pr_auc, golden_number(g, "pr_auc"), 1e-12);
        assert_near(s.log_loss, golden_number(g, "log_loss"), 1e-12);
        assert_near(s.brier, golden_number(g, "brier"), 1e-12);
        assert_near(s.lift_10, golden_number(g, "lift_10"), 1e-12);
        assert_near(s.ece, golden_number(g, "ece"), 1e-12);
        free(y);
        free(p);
    }
    assert_true(index >= 6);
    json_decref(root);
}

static void ranking_takes_any_real_score(void **state)
{
    (void)state;
    double auc;
    assert_ok(chl_roc_auc((double[]){0, 1, 0, 1}, (double[]){-5, 3e300, -0.0, 0.0}, 4,
                          &auc, &err));
    assert_near(auc, 0.875, 0); /* -0 and 0 are a tie */
    assert_ok(
        chl_roc_auc((double[]){1, 0, 0}, (double[]){-7, -8, -1e-300}, 3, &auc, &err));
    assert_near(auc, 0.5, 0);
}

static void one_class_has_no_ranking(void **state)
{
    (void)state;
    chl_scores s;
    assert_ok(chl_scores_compute((double[]){0, 0}, (double[]){.1, .6}, 2, .5, &s, &err));
    assert_true(isnan(s.roc_auc) && isnan(s.pr_auc) && isnan(s.lift_10));
    assert_near(s.accuracy, 0.5, 0);
    assert_true(s.precision == 0 && s.recall == 0 && s.f1 == 0);
    assert_ok(chl_scores_compute((double[]){1}, (double[]){1}, 1, .5, &s, &err));
    assert_true(isnan(s.roc_auc) && s.pr_auc == 1 && s.lift_10 == 1 && s.f1 == 1);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    chl_scores s, t;
    double auc, y[] = {0, 1, 1}, p[] = {.1, .2, .3};
    assert_error(chl_scores_compute(y, (double[]){.1, NAN, .3}, 3, .5, &s, &err),
                 "scores: p: row 2: expected a probability from 0 to 1, got nan");
    assert_error(chl_scores_compute(y, (double[]){.1, .2, 1.5}, 3, .5, &s, &err),
                 "scores: p: row 3: expected a probability from 0 to 1, got 1.5");
    assert_error(chl_scores_compute((double[]){0, 1, 2}, p, 3, .5, &s, &err),
                 "scores: y: row 3: expected 0 or 1, got 2");
    assert_error(chl_scores_compute((double[]){INFINITY, 1, 2}, p, 3, .5, &s, &err),
                 "scores: y: row 1: expected 0 or 1, got inf");
    assert_error(chl_scores_compute(y, p, 0, .5, &s, &err), "got 0");
    assert_error(chl_scores_compute(y, p, 3, 1.5, &s, &err),
                 "threshold: expected a number from 0 to 1, got 1.5");
    assert_error(chl_roc_auc(y, (double[]){1, -INFINITY, 0}, 3, &auc, &err),
                 "roc_auc: p: row 2: expected a finite number, got -inf");
    assert_true(isnan(auc));
    assert_error(chl_scores_bootstrap(y, p, 3, .5, 1, 0, NULL, &s, &t, &err),
                 "bootstrap: replicates: expected 2 to 1000000, got 1");
    assert_error(chl_scores_bootstrap_difference(y, p, (double[]){0, 0, 7}, 3, .5, 9, 0,
                                                 NULL, &s, &t, &err),
                 "bootstrap: second p: p: row 3");
}

/* ---- bootstrap ---- */

enum { ROWS = 400 };

static void make_sample(double *y, double *p, double *q)
{
    chl_rng rng;
    chl_rng_init(&rng, 5, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < ROWS; i++) {
        double z = chl_rng_normal(&rng);
        y[i] = chl_rng_uniform(&rng) < 1 / (1 + exp(-z));
        p[i] = round(100 / (1 + exp(-z - 0.3 * chl_rng_normal(&rng)))) / 100;
        q[i] = chl_rng_uniform(&rng);
    }
}

/* The same resamples, each scored from scratch. */
static void bootstrap_equals_naive_resampling(void **state)
{
    (void)state;
    enum { REPLICATES = 41 }; /* 2.5 % of 40 gaps: the quantiles are order statistics */
    double y[ROWS], p[ROWS], q[ROWS], ry[ROWS], rp[ROWS];
    make_sample(y, p, q);
    chl_scores low, high, s;
    assert_ok(
        chl_scores_bootstrap(y, p, ROWS, .4, REPLICATES, 9, NULL, &low, &high, &err));
    int below[3] = {0}, equal[3] = {0};
    for (int r = 0; r < REPLICATES; r++) {
        chl_rng rng;
        chl_rng_init(&rng, 9, CHL_RNG_BOOTSTRAP, (uint64_t)r);
        for (int i = 0; i < ROWS; i++) {
            uint64_t from = chl_rng_below(&rng, ROWS);
            ry[i] = y[from];
            rp[i] = p[from];
        }
        assert_ok(chl_scores_compute(ry, rp, ROWS, .4, &s, &err));
        const double got[] = {s.roc_auc, s.lift_10, s.recall};
        const double at[] = {low.roc_auc, low.lift_10, low.recall};
        for (int f = 0; f < 3; f++) {
            equal[f] += fabs(got[f] - at[f]) < 1e-12;
            below[f] += got[f] < at[f] - 1e-12;
        }
    }
    for (int f = 0; f < 3; f++) { /* the second smallest of 41 */
        assert_true(below[f] <= 1 && below[f] + equal[f] >= 2);
    }
    assert_int_equal(low.rows, ROWS);
    assert_true(low.tp < high.tp && low.threshold == .4 && high.threshold == .4);
}

static void bootstrap_ignores_threads(void **state)
{
    (void)state;
    double y[ROWS], p[ROWS], q[ROWS];
    make_sample(y, p, q);
    chl_scores a[2], b[2];
    chl_control three = {.threads = 3};
    assert_ok(chl_scores_bootstrap(y, p, ROWS, .5, 200, 1, NULL, &a[0], &a[1], &err));
    assert_ok(chl_scores_bootstrap(y, p, ROWS, .5, 200, 1, &three, &b[0], &b[1], &err));
    assert_memory_equal(a, b, sizeof a);
    assert_ok(chl_scores_bootstrap(y, p, ROWS, .5, 200, 2, NULL, &b[0], &b[1], &err));
    assert_true(a[0].roc_auc != b[0].roc_auc);
    assert_true(a[0].roc_auc < a[1].roc_auc && a[0].ece < a[1].ece);
}

static void difference_is_paired(void **state)
{
    (void)state;
    double y[ROWS], p[ROWS], q[ROWS];
    make_sample(y, p, q);
    chl_scores low, high;
    assert_ok(chl_scores_bootstrap_difference(y, p, p, ROWS, .5, 50, 1, NULL, &low, &high,
                                              &err));
    assert_true(low.roc_auc == 0 && high.log_loss == 0 && high.tp == 0);
    assert_ok(chl_scores_bootstrap_difference(y, p, q, ROWS, .5, 200, 1, NULL, &low,
                                              &high, &err));
    assert_true(low.roc_auc > 0.1 && high.roc_auc < 0.4 && high.log_loss < 0);
    assert_true(low.rows == 0 && high.threshold == 0);
}

static void bootstrap_survives_rare_positives(void **state)
{
    (void)state;
    double y[20] = {1}, p[20] = {0.9};
    chl_scores low, high;
    assert_ok(chl_scores_bootstrap(y, p, 20, .5, 100, 3, NULL, &low, &high, &err));
    assert_near(low.roc_auc, 1, 0); /* of the resamples that hold the one positive */
    y[0] = 0;
    assert_ok(chl_scores_bootstrap(y, p, 20, .5, 100, 3, NULL, &low, &high, &err));
    assert_true(isnan(low.roc_auc) && isnan(high.roc_auc) && isfinite(low.brier));
}

static void bootstrap_stops(void **state)
{
    (void)state;
    double y[ROWS], p[ROWS], q[ROWS];
    make_sample(y, p, q);
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel, .threads = 2};
    chl_scores low, high;
    assert_error(
        chl_scores_bootstrap(y, p, ROWS, .5, 100, 3, &control, &low, &high, &err),
        "bootstrap: interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_scikit_learn),
        cmocka_unit_test(ranking_takes_any_real_score),
        cmocka_unit_test(one_class_has_no_ranking),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(bootstrap_equals_naive_resampling),
        cmocka_unit_test(bootstrap_ignores_threads),
        cmocka_unit_test(difference_is_paired),
        cmocka_unit_test(bootstrap_survives_rare_positives),
        cmocka_unit_test(bootstrap_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
