/* SPDX-License-Identifier: MIT */
#include "golden.h"
#include "prep_fixture.h"

#include "core/prep/target_values.h"

static const char path[] = "tests/golden/prep.json";

static void compare(const char *name, const chl_matrix *x, const json_t *rows)
{
    assert_int_equal(x->rows, json_array_size(rows));
    for (int64_t i = 0; i < x->rows; i++) {
        const json_t *row = json_array_get(rows, (size_t)i);
        assert_int_equal(x->cols, json_array_size(row));
        for (int64_t j = 0; j < x->cols; j++) {
            double expected = json_number_value(json_array_get(row, (size_t)j));
            double got = chl_matrix_row(x, i)[j];
            if (!(fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected)))) {
                fail_msg("%s: row %d, column %d: %.17g, expected %.17g", name, (int)i,
                         (int)j, got, expected);
            }
        }
    }
}

static void run_case(const char *name, const json_t *one, const chl_frame *train,
                     const chl_frame *new)
{
    chl_prep *prep = NULL;
    chl_matrix x, later;
    assert_ok(chl_prep_new(&prep, &err));
    assert_ok(add_steps(prep, json_object_get(one, "steps"), &err));
    assert_ok(chl_prep_fit_transform(prep, train, &x, &err));
    assert_ok(chl_prep_transform(prep, new, &later, NULL, &err));
    const json_t *names = json_object_get(one, "names");
    assert_int_equal(chl_prep_encoded_count(prep), json_array_size(names));
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        assert_string_equal(chl_prep_encoded_name(prep, j),
                            json_string_value(json_array_get(names, (size_t)j)));
    }
    if (json_object_get(one, "train")) {
        compare(name, &x, json_object_get(one, "train"));
    }
    compare(name, &later, json_object_get(one, "new"));
    chl_matrix_reset(&x);
    chl_matrix_reset(&later);
    chl_prep_free(prep);
}

/* All cases of a member of the golden file, fitted on the CSV of another. */
static void run_cases(const char *cases, const char *csv, size_t least)
{
    json_t *root = golden_load(path);
    chl_frame *train =
        frame_of(json_string_value(json_object_get(root, csv)), "plan city");
    chl_frame *new =
        frame_of(json_string_value(json_object_get(root, "new_csv")), "plan city");
    const char *name;
    json_t *one;
    assert_true(json_object_size(json_object_get(root, cases)) >= least);
    json_object_foreach (json_object_get(root, cases), name, one) {
        run_case(name, one, train, new);
    }
    chl_frame_release(train);
    chl_frame_release(new);
    json_decref(root);
}

static void steps_equal_scikit_learn(void **state)
{
    (void)state;
    run_cases("cases", "train_csv", 18);
}

static void steps_that_see_classes_equal_scikit_learn(void **state)
{
    (void)state;
    run_cases("classes", "classes_csv", 3);
}

static void compare_fold(const json_t *one, int32_t k, const int32_t *codes,
                         const int32_t *fold, const double *y, size_t n)
{
    const json_t *values = json_array_get(json_object_get(one, "values"), (size_t)k);
    double mean =
        json_number_value(json_array_get(json_object_get(one, "means"), (size_t)k));
    int32_t levels = (int32_t)json_array_size(values);
    const json_t *option = json_object_get(one, "smooth");
    double smooth = json_is_number(option) ? json_number_value(option) : CHL_SMOOTH_AUTO;
    double got[64], got_mean;
    assert_true(levels <= 64);
    assert_ok(chl_target_values(codes, y, fold, k, (int64_t)n, levels, smooth, got,
                                &got_mean, &err));
    assert_near(got_mean, mean, 1e-12);
    for (int32_t c = 0; c < levels; c++) {
        assert_near(got[c], json_number_value(json_array_get(values, (size_t)c)), 1e-12);
    }
}

static void target_means_by_fold_equal_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load(path);
    const json_t *list = json_object_get(root, "target");
    assert_int_equal(json_array_size(list), 2);
    for (size_t t = 0; t < json_array_size(list); t++) {
        const json_t *one = json_array_get(list, t);
        size_t n;
        double *y = golden_numbers(one, "y", &n);
        double *code = golden_numbers(one, "codes", &n);
        double *fold = golden_numbers(one, "fold", &n);
        int32_t codes[256], folds[256];
        assert_true(n <= 256);
        for (size_t i = 0; i < n; i++) {
            codes[i] = (int32_t)code[i];
            folds[i] = (int32_t)fold[i];
        }
        for (int32_t k = 0; k < 3; k++) {
            compare_fold(one, k, codes, folds, y, n);
        }
        free(y);
        free(code);
        free(fold);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_equal_scikit_learn),
        cmocka_unit_test(steps_that_see_classes_equal_scikit_learn),
        cmocka_unit_test(target_means_by_fold_equal_scikit_learn),
    };
    return cmocka_run_group_tests_name("prep_golden", tests, NULL, NULL);
}
