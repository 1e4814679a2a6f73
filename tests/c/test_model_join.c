/* SPDX-License-Identifier: MIT
 *
 * Several models as one: blends, stacks, models of classes; prior shifts; their
 * explanations and bundles.
 */
#include <math.h>

#include "chl_test.h"

#include "core/model/bundle.h"
#include "core/model/explain.h"
#include "core/model/explain_private.h"
#include "core/model/model_private.h"
#include "model_fixture.h"

enum { ROWS = 3000 };

static chl_frame *customers;
static chl_model *dense, *norm, *plain; /* other preps, other nets */

static int set_up(void **state)
{
    (void)state;
    customers = make_customers(ROWS, 3);
    dense = make_model_of(customers, FIXTURE_DENSE, 3, true);
    norm = make_model_of(customers, FIXTURE_NORM, 1, true);
    plain = make_model_of(customers, FIXTURE_DENSE, 2, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chl_model_release(dense);
    chl_model_release(norm);
    chl_model_release(plain);
    chl_frame_release(customers);
    return 0;
}

static chl_model *join(chl_model *const *models, int n, chl_mix mix,
                       const double *weights, double intercept)
{
    chl_mix_options options = {.mix = mix, .weights = weights, .intercept = intercept};
    chl_model *out;
    assert_ok(chl_model_join(models, n, &options, &out, &err));
    return out;
}

static double *score(const chl_model *m, const chl_frame *frame, int threads)
{
    chl_control control = {.threads = threads};
    size_t n = (size_t)(frame->rows * chl_model_outputs(m));
    double *p = malloc(n * sizeof *p + 1);
    assert_ok(chl_model_score(m, frame, &control, p, NULL, &err));
    return p;
}

static double logit(double p)
{
    return log(p / (1 - p));
}

/* The same bits from the whole frame on two threads, from a part of it, alone, and after
 * a reload; and the same hash. */
static void check_same_bits(const chl_model *m)
{
    size_t outputs = (size_t)chl_model_outputs(m);
    double *all = score(m, customers, 1), *two = score(m, customers, 2);
    assert_memory_equal(all, two, ROWS * outputs * sizeof *all);
    for (int64_t row = 0; row < ROWS; row += 211) {
        chl_frame *part;
        assert_ok(chl_frame_slice(customers, row, row % 2 ? 1 : 7, &part, &err));
        double *some = score(m, part, 1);
        assert_memory_equal(some, all + (size_t)row * outputs,
                            (size_t)part->rows * outputs * sizeof *all);
        free(some);
        chl_frame_release(part);
    }
    chl_strbuf bytes = {0};
    chl_model *back;
    char hash[CHL_SHA256_HEX], again[CHL_SHA256_HEX];
    assert_ok(chl_bundle_format(m, &bytes, &err));
    assert_ok(chl_bundle_parse((const unsigned char *)bytes.data, bytes.length, "joined",
                               &back, &err));
    double *reloaded = score(back, customers, 2);
    assert_memory_equal(all, reloaded, ROWS * outputs * sizeof *all);
    assert_ok(chl_bundle_hash(m, hash, &err));
    assert_ok(chl_bundle_hash(back, again, &err));
    assert_string_equal(hash, again);
    chl_model_release(back);
    chl_strbuf_reset(&bytes);
    free(all);
    free(two);
    free(reloaded);
}

static void check_explained(const chl_model *m, int class)
{
    enum { N = 32 };
    uint64_t coalitions[N];
    double values[N];
    chl_explainer *e;
    for (uint64_t s = 0; s < N; s++) {
        coalitions[s] = s * 13 % N;
    }
    assert_ok(chl_explainer_new(m, NULL, class, &e, &err));
    assert_ok(chl_explainer_values(e, customers, 17, coalitions, N, values, &err));
    for (int k = 0; k < N; k++) {
        assert_near(
            values[k],
            slow_value(m, customers, chl_model_background(m), 17, coalitions[k], class),
            4e-6);
    }
    chl_explainer_free(e);
    chl_shapley s;
    assert_ok(chl_model_explain(m, customers, 17, NULL, class, NULL, NULL, &s, &err));
    double sum = s.base;
    for (int j = 0; j < s.players; j++) {
        sum += s.phi[j];
    }
    assert_near(sum, s.total, 1e-12);
}

/* ---- means ---- */

static void a_mean_is_weighted(void **state)
{
    (void)state;
    chl_model *models[] = {dense, norm, plain};
    double weights[] = {3, 1, 4};
    chl_model *m = join(models, 3, CHL_MIX_MEAN, weights, 0);
    assert_int_equal(chl_model_parts(m), 3);
    assert_int_equal(chl_model_members(m, 0), 3);
    assert_near(chl_model_weight(m, 2), 0.5, 0);
    assert_false(chl_model_stacked(m));
    assert_string_equal(chl_model_target(m), "Exited");
    assert_string_equal(chl_model_id(m), "Id");
    assert_null(chl_model_calibration(m));
    assert_int_equal(chl_model_background(m)->rows, 100);
    double *p = score(m, customers, 1), *a = score(dense, customers, 1);
    double *b = score(norm, customers, 1), *c = score(plain, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[i], (3 * a[i] + b[i] + 4 * c[i]) / 8, 1e-15);
    }
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    free(p);
    free(a);
    free(b);
    free(c);
    chl_model_release(m);
}

static void weights_are_equal_unless_given(void **state)
{
    (void)state;
    chl_model *models[] = {dense, norm};
    double given[] = {2, 2};
    chl_model *m = join(models, 2, CHL_MIX_MEAN, NULL, 0);
    chl_model *same = join(models, 2, CHL_MIX_MEAN, given, 0);
    char hash[CHL_SHA256_HEX], again[CHL_SHA256_HEX];
    assert_ok(chl_bundle_hash(m, hash, &err));
    assert_ok(chl_bundle_hash(same, again, &err));
    assert_string_equal(hash, again);
    chl_model_release(m);
    chl_model_release(same);
}

static void a_weight_of_zero_leaves_a_model_out(void **state)
{
    (void)state;
    chl_model *models[] = {dense, norm};
    double weights[] = {0, 5};
    chl_model *m = join(models, 2, CHL_MIX_MEAN, weights, 0);
    assert_int_equal(chl_model_parts(m), 1);
    double *p = score(m, customers, 1), *own = score(norm, customers, 1);
    assert_memory_equal(p, own, ROWS * sizeof *p);
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    free(p);
    free(own);
    chl_model_release(m);
}

/* A part that several joined models share is there once, and parts with equal preps
 * encode rows once. */
static void parts_are_shared(void **state)
{
    (void)state;
    chl_model *two[] = {dense, norm};
    chl_model *inner = join(two, 2, CHL_MIX_MEAN, NULL, 0);
    chl_model *nested[] = {inner, dense, plain};
    chl_model *m = join(nested, 3, CHL_MIX_MEAN, NULL, 0);
    assert_int_equal(chl_model_parts(m), 3);
    assert_memory_equal(m->encoder, ((const int[]){0, 0, 2}), 3 * sizeof(int));
    assert_near(chl_model_weight(m, 0), 0.5, 1e-15);
    assert_near(chl_model_weight(m, 1), 1.0 / 6, 1e-15);
    double *p = score(m, customers, 1), *a = score(dense, customers, 1);
    double *b = score(norm, customers, 1), *c = score(plain, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[i], ((a[i] + b[i]) / 2 + a[i] + c[i]) / 3, 1e-15);
    }
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    chl_model_release(inner);
    free(p);
    free(a);
    free(b);
    free(c);
    chl_model_release(m);
}

/* ---- stacks ---- */

static void a_stack_adds_log_odds(void **state)
{
    (void)state;
    chl_model *models[] = {dense, plain};
    double weights[] = {1.5, -0.25};
    chl_model *m = join(models, 2, CHL_MIX_STACK, weights, 0.125);
    assert_true(chl_model_stacked(m));
    double *p = score(m, customers, 1), *a = score(dense, customers, 1);
    double *b = score(plain, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        double z = 0.125 + 1.5 * logit(a[i]) - 0.25 * logit(b[i]);
        assert_near(p[i], 1 / (1 + exp(-z)), 1e-14);
    }
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    free(p);
    free(a);
    free(b);
    chl_model_release(m);
}

/* ---- corrections ---- */

static void calibrations_of_the_models_count(void **state)
{
    (void)state;
    chl_model *own = make_model_of(customers, FIXTURE_DENSE, 1, false);
    chl_model *models[] = {own, dense};
    assert_ok(chl_model_calibrate(own, customers, "isotonic", NULL, &err));
    chl_model *m = join(models, 2, CHL_MIX_MEAN, NULL, 0);
    double *p = score(m, customers, 1), *a = score(own, customers, 1);
    double *b = score(dense, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[i], (a[i] + b[i]) / 2, 1e-15);
    }
    /* what happens to a model later does not change the joined one */
    assert_ok(chl_model_set_calibration(own, NULL, &err));
    double *again = score(m, customers, 1);
    assert_memory_equal(p, again, ROWS * sizeof *p);
    check_same_bits(m);
    assert_ok(chl_model_calibrate(m, customers, "platt", NULL, &err));
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    free(p);
    free(a);
    free(b);
    free(again);
    chl_model_release(own);
    chl_model_release(m);
}

static void a_prior_shift_moves_the_log_odds(void **state)
{
    (void)state;
    chl_model *m = make_model_of(customers, FIXTURE_DENSE, 1, true);
    double half = 0.5, fifth = 0.2, none = 0;
    double *before = score(m, customers, 1);
    const double *from, *to;
    assert_false(chl_model_priors(m, &from, &to));
    assert_ok(chl_model_prior_shift(m, &fifth, &half, &err));
    assert_ok(chl_model_prior_shift(m, &half, &fifth, &err)); /* replaces it */
    assert_true(chl_model_priors(m, &from, &to));
    assert_near(*to, 0.2, 0);
    double *after = score(m, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(logit(after[i]), logit(before[i]) + logit(0.2) - logit(0.5), 1e-9);
    }
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    assert_error(chl_model_prior_shift(m, &none, &half, &err),
                 "rates in training: expected a rate between 0 and 1, got 0");
    assert_ok(chl_model_calibrate(m, customers, "platt", NULL, &err));
    assert_error(chl_model_prior_shift(m, &half, &fifth, &err), "calibrated already");
    free(before);
    free(after);
    chl_model_release(m);
}

/* ---- classes ---- */

static void classes_have_a_probability_each(void **state)
{
    (void)state;
    chl_model *m = make_class_model(customers, 2, NULL);
    const chl_classes *classes = chl_model_classes(m);
    assert_int_equal(classes->count, 3);
    assert_string_equal(classes->names[1], "Germany");
    assert_int_equal(chl_model_outputs(m), 3);
    assert_null(chl_model_positive(m));
    double *p = score(m, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[3 * i] + p[3 * i + 1] + p[3 * i + 2], 1, 1e-12);
    }
    check_same_bits(m);
    check_explained(m, 1);
    chl_explainer *e;
    assert_error(chl_explainer_new(m, NULL, CHL_EXPLAIN_POSITIVE, &e, &err),
                 "the target 'Country' has no positive value");
    assert_error(chl_explainer_new(m, NULL, 3, &e, &err),
                 "expected a class from 1 to 3, got 4");
    free(p);
    chl_model_release(m);
}

/* p ~ before^a in each row. */
static void check_softened(const chl_model *m, const double *before)
{
    json_t *json = NULL;
    double *p = score(m, customers, 1);
    assert_ok(chl_model_calibration_json(m, &json, &err));
    double a = json_number_value(json_object_get(json, "a"));
    assert_true(a > 0 && a != 1);
    for (int i = 0; i < 3 * ROWS; i += 3) {
        double sum = pow(before[i], a) + pow(before[i + 1], a) + pow(before[i + 2], a);
        for (int c = 0; c < 3; c++) {
            assert_near(p[i + c], pow(before[i + c], a) / sum, 1e-12);
        }
    }
    json_decref(json);
    free(p);
}

static void classes_are_blended_shifted_and_calibrated(void **state)
{
    (void)state;
    static const double from[] = {0.2, 0.3, 0.5}, to[] = {0.6, 0.3, 0.1};
    chl_model *models[] = {make_class_model(customers, 2, "[\"Spain\",\"France\"]"),
                           make_class_model(customers, 1, "[\"Spain\",\"France\"]")};
    double weights[] = {3, 1};
    chl_model *m = join(models, 2, CHL_MIX_MEAN, weights, 0);
    assert_true(chl_model_class_positive(m, 0) && chl_model_class_positive(m, 2));
    assert_false(chl_model_class_positive(m, 1));
    double *p = score(m, customers, 1), *a = score(models[0], customers, 1);
    double *b = score(models[1], customers, 1);
    for (int i = 0; i < 3 * ROWS; i++) {
        assert_near(p[i], (3 * a[i] + b[i]) / 4, 1e-15);
    }
    assert_ok(chl_model_prior_shift(m, from, to, &err));
    double *shifted = score(m, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        double sum = p[3 * i] * 3 + p[3 * i + 1] + p[3 * i + 2] / 5;
        assert_near(shifted[3 * i], p[3 * i] * 3 / sum, 1e-14);
        assert_near(shifted[3 * i + 2], p[3 * i + 2] / 5 / sum, 1e-14);
    }
    check_same_bits(m);
    assert_ok(chl_model_calibrate(m, customers, "isotonic", NULL, &err));
    double *calibrated = score(m, customers, 1), mean = 0, rate = 0;
    double *y = malloc(ROWS * sizeof *y);
    assert_ok(chl_model_labels(m, customers, "test", y, &err));
    for (int i = 0; i < ROWS; i++) {
        assert_near(calibrated[3 * i] + calibrated[3 * i + 1] + calibrated[3 * i + 2], 1,
                    1e-12);
        mean += calibrated[3 * i] / ROWS;
        rate += (y[i] == 0) / (double)ROWS;
    }
    assert_near(mean, rate, 0.01);
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    assert_ok(chl_model_calibrate(m, customers, "temperature", NULL, &err));
    check_softened(m, shifted);
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    free(p);
    free(a);
    free(b);
    free(shifted);
    free(calibrated);
    free(y);
    chl_model_release(m);
    chl_model_release(models[0]);
    chl_model_release(models[1]);
}

/* ---- errors ---- */

static chl_status try_join(chl_model *a, chl_model *b, chl_mix mix, const double *weights,
                           chl_error *err)
{
    chl_model *models[] = {a, b}, *out;
    chl_mix_options options = {.mix = mix, .weights = weights};
    chl_status status = chl_model_join(models, 2, &options, &out, err);
    assert_true((status == CHL_OK) == (out != NULL));
    chl_model_release(out);
    return status;
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const double negative[] = {1, -1}, none[] = {0, 0}, sick[] = {1, NAN};
    assert_error(try_join(dense, norm, CHL_MIX_MEAN, negative, &err),
                 "join: weight 2: expected a number that is not negative, got -1");
    assert_error(try_join(dense, norm, CHL_MIX_MEAN, none, &err),
                 "expected a positive sum");
    assert_error(try_join(dense, norm, CHL_MIX_STACK, sick, &err), "weight 2");
    assert_error(try_join(dense, norm, CHL_MIX_STACK, NULL, &err), "expected weights");
    assert_error(try_join(dense, norm, CHL_MIX_STACK, none, &err), "that is not 0");
    chl_model *classes = make_class_model(customers, 1, NULL);
    assert_error(try_join(dense, classes, CHL_MIX_MEAN, NULL, &err),
                 "join: model 2: expected the target of the first model");
    static const double ones[] = {1, 1};
    assert_error(try_join(classes, classes, CHL_MIX_STACK, ones, &err),
                 "a stack: expected models of one probability, got 3 classes");
    static const double outcomes[] = {0, 1, 1}, p[] = {0.2, 0.4, 0.7};
    chl_calibration *platt = NULL;
    assert_ok(chl_calibration_fit("platt", outcomes, p, 3, &platt, &err));
    assert_error(chl_model_set_calibration(classes, platt, &err),
                 "expected a calibration of 3 classes, got one of 0");
    chl_calibration_free(platt);
    static const double off[] = {0.5, 0.4, 0.3};
    assert_error(chl_model_prior_shift(classes, off, off, &err), "add up to 1, got 1.2");
    chl_model_release(classes);
    chl_mix_options options = {0};
    chl_model *out;
    assert_error(chl_model_join(NULL, 0, &options, &out, &err),
                 "join: expected 1 to 1000 models, got 0");
}

static void mixes_are_not_endless(void **state)
{
    (void)state;
    chl_model *m = chl_model_retain(dense);
    for (int depth = 1; depth < CHL_MODEL_DEPTH_MAX; depth++) {
        chl_model *two[] = {m, norm};
        chl_model *next = join(two, 2, CHL_MIX_MEAN, NULL, 0);
        chl_model_release(m);
        m = next;
    }
    check_same_bits(m);
    assert_error(try_join(m, norm, CHL_MIX_MEAN, NULL, &err),
                 "at most 7 levels of mixes");
    chl_model_release(m);
}

/* Models of other columns need rows with all of them. */
static void other_columns_need_a_background(void **state)
{
    (void)state;
    chl_frame *narrow;
    assert_ok(
        chl_frame_drop(customers, (const char *[]){"Country", "Age"}, 2, &narrow, &err));
    chl_model *less = make_model_of(narrow, FIXTURE_DENSE, 1, false);
    assert_error(try_join(less, plain, CHL_MIX_MEAN, NULL, &err), "different columns");
    chl_model *models[] = {less, plain}, *m;
    chl_mix_options options = {.rows = customers, .seed = 4};
    assert_ok(chl_model_join(models, 2, &options, &m, &err));
    assert_int_equal(chl_model_raw_count(m), 5);
    assert_string_equal(chl_model_raw_name(m, 0),
                        "Balance"); /* the first model's first */
    assert_int_equal(chl_model_background(m)->columns, 5);
    double *p = score(m, customers, 1), *a = score(less, customers, 1);
    double *b = score(plain, customers, 1);
    for (int i = 0; i < ROWS; i++) {
        assert_near(p[i], (a[i] + b[i]) / 2, 1e-15);
    }
    check_same_bits(m);
    check_explained(m, CHL_EXPLAIN_POSITIVE);
    double none;
    assert_error(chl_model_score(m, narrow, NULL, &none, NULL, &err), "Age");
    free(p);
    free(a);
    free(b);
    chl_model_release(m);
    chl_model_release(less);
    chl_frame_release(narrow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_is_weighted),
        cmocka_unit_test(weights_are_equal_unless_given),
        cmocka_unit_test(a_weight_of_zero_leaves_a_model_out),
        cmocka_unit_test(parts_are_shared),
        cmocka_unit_test(a_stack_adds_log_odds),
        cmocka_unit_test(calibrations_of_the_models_count),
        cmocka_unit_test(a_prior_shift_moves_the_log_odds),
        cmocka_unit_test(classes_have_a_probability_each),
        cmocka_unit_test(classes_are_blended_shifted_and_calibrated),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(mixes_are_not_endless),
        cmocka_unit_test(other_columns_need_a_background),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
