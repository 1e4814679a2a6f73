/* SPDX-License-Identifier: MIT */
#include "core/metrics/class_scores.h"

#include "golden.h"

static void scores_equal_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/classes.json");
    size_t index;
    json_t *item;
    json_array_foreach (json_object_get(root, "cases"), index, item) {
        size_t n, cells;
        int classes = (int)golden_number(item, "classes");
        double *y = golden_numbers(item, "y", &n), *p = golden_numbers(item, "p", &n);
        double *wanted = golden_numbers(item, "confusion", &cells);
        int64_t confusion[36];
        chl_class_scores s;
        assert_ok(
            chl_class_scores_compute(y, p, (int64_t)n, classes, &s, confusion, &err));
        for (size_t i = 0; i < cells; i++) {
            assert_int_equal(confusion[i], (int64_t)wanted[i]);
        }
        assert_near(s.accuracy, golden_number(item, "accuracy"), 1e-12);
        assert_near(s.macro_f1, golden_number(item, "macro_f1"), 1e-12);
        assert_near(s.log_loss, golden_number(item, "log_loss"), 1e-12);
        assert_near(s.roc_auc, golden_number(item, "roc_auc"), 1e-12);
        assert_near(s.kappa, golden_number(item, "kappa"), 1e-12);
        free(y);
        free(p);
        free(wanted);
    }
    assert_int_equal(index, 5);
    json_decref(root);
}

static void scores_that_do_not_exist(void **state)
{
    (void)state;
    static const double y[] = {1, 1}, p[] = {0.1, 0.8, 0.1, 0, 1, 0};
    chl_class_scores s;
    assert_ok(chl_class_scores_compute(y, p, 2, 3, &s, NULL, &err));
    assert_near(s.accuracy, 1, 0);
    assert_near(s.macro_f1, 1, 0); /* classes that never occur have no part */
    assert_true(isnan(s.roc_auc) && isnan(s.kappa));
    assert_near(s.log_loss, -log(0.8) / 2, 1e-12);
}

static void errors_name_the_row(void **state)
{
    (void)state;
    static const double y[] = {0, 3}, p[] = {0.5, 0.5, 0, 0.2, 0.2, 0.6};
    static const double sick[] = {0.5, 0.5, 0, 0.2, NAN, 0.6}, fine[] = {0, 2};
    chl_class_scores s, high;
    assert_error(chl_class_scores_compute(y, p, 2, 3, &s, NULL, &err),
                 "class_scores: row 2: expected a class from 0 to 2, got 3");
    assert_error(chl_class_scores_compute(fine, sick, 2, 3, &s, NULL, &err),
                 "row 2: expected a probability, got nan");
    assert_error(chl_class_scores_compute(fine, p, 0, 3, &s, NULL, &err), "got 0");
    assert_error(chl_class_scores_compute(fine, p, 2, 1, &s, NULL, &err),
                 "expected 2 to 256 classes, got 1");
    assert_error(
        chl_class_scores_bootstrap(fine, p, NULL, 2, 3, 1, 0, NULL, &s, &high, &err),
        "replicates: expected 2 to 1000000, got 1");
    assert_error(
        chl_class_scores_bootstrap(fine, p, sick, 2, 3, 9, 0, NULL, &s, &high, &err),
        "bootstrap: second p: row 2");
}

static void intervals(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/classes.json");
    const json_t *item = json_array_get(json_object_get(root, "cases"), 1);
    size_t n;
    double *y = golden_numbers(item, "y", &n), *p = golden_numbers(item, "p", &n);
    chl_control one = {.threads = 1}, two = {.threads = 2};
    chl_class_scores low, high, again, top, s;
    int64_t rows = (int64_t)n;
    assert_ok(
        chl_class_scores_bootstrap(y, p, NULL, rows, 5, 200, 3, &one, &low, &high, &err));
    assert_ok(chl_class_scores_bootstrap(y, p, NULL, rows, 5, 200, 3, &two, &again, &top,
                                         &err));
    assert_memory_equal(&low, &again, sizeof low);
    assert_memory_equal(&high, &top, sizeof high);
    assert_ok(chl_class_scores_compute(y, p, rows, 5, &s, NULL, &err));
    assert_true(low.accuracy < s.accuracy && s.accuracy < high.accuracy);
    assert_true(low.roc_auc < s.roc_auc && s.roc_auc < high.roc_auc);
    assert_true(low.kappa < s.kappa && s.kappa < high.kappa);
    /* the standard error of a share: sqrt(a (1 - a) / n) */
    double width = 2 * 1.96 * sqrt(s.accuracy * (1 - s.accuracy) / (double)n);
    assert_near(high.accuracy - low.accuracy, width, 0.25 * width);
    assert_ok(
        chl_class_scores_bootstrap(y, p, p, rows, 5, 50, 3, &two, &low, &high, &err));
    assert_true(low.log_loss == 0 && high.macro_f1 == 0); /* of a model and itself */
    free(y);
    free(p);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_scikit_learn),
        cmocka_unit_test(scores_that_do_not_exist),
        cmocka_unit_test(errors_name_the_row),
        cmocka_unit_test(intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
