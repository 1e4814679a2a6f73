/* SPDX-License-Identifier: MIT */
#include "core/metrics/calibration.h"

#include "golden.h"

typedef struct example {
    double *y, *p, *at;
    size_t n, points;
} example;

static example load(const json_t *item)
{
    example e;
    e.y = golden_numbers(item, "y", &e.n);
    e.p = golden_numbers(item, "p", &e.n);
    e.at = golden_numbers(item, "at", &e.points);
    return e;
}

static void unload(example *e)
{
    free(e->y);
    free(e->p);
    free(e->at);
}

static void platt_equals_scipy(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/metrics.json"), *item;
    size_t index;
    json_array_foreach (json_object_get(root, "calibration"), index, item) {
        example e = load(item);
        chl_calibration *c;
        json_t *json;
        assert_ok(chl_calibration_fit("platt", e.y, e.p, (int64_t)e.n, &c, &err));
        assert_ok(chl_calibration_to_json(c, &json, &err));
        const json_t *golden = json_object_get(item, "platt");
        double a = golden_number(golden, "a"), b = golden_number(golden, "b");
        assert_near(golden_number(json, "a"), a, 1e-10);
        assert_near(golden_number(json, "b"), b, 1e-10);
        double p = 0.3;
        chl_calibration_apply(c, &p, 1);
        assert_near(p, 1 / (1 + exp(-(a * log(0.3 / 0.7) + b))), 1e-10);
        json_decref(json);
        chl_calibration_free(c);
        unload(&e);
    }
    assert_int_equal(index, 4);
    json_decref(root);
}

/* The slope is where the derivative of the smoothed log loss is 0; ranking and the
 * decisions at 1/2 stay. */
static void temperature_is_the_optimum(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/metrics.json"), *item;
    size_t index;
    json_array_foreach (json_object_get(root, "calibration"), index, item) {
        example e = load(item);
        chl_calibration *c;
        json_t *json;
        assert_ok(chl_calibration_fit("temperature", e.y, e.p, (int64_t)e.n, &c, &err));
        assert_string_equal(chl_calibration_method(c), "temperature");
        assert_ok(chl_calibration_to_json(c, &json, &err));
        double a = golden_number(json, "a"), positives = 0, slope = 0;
        assert_true(a > 0 && golden_number(json, "b") == 0);
        for (size_t i = 0; i < e.n; i++) {
            positives += e.y[i];
        }
        double negatives = (double)e.n - positives;
        for (size_t i = 0; i < e.n; i++) {
            double p = fmin(fmax(e.p[i], 0x1p-52), 1 - 0x1p-52), l = log(p / (1 - p));
            double target =
                e.y[i] != 0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
            slope += l * (1 / (1 + exp(-a * l)) - target);
        }
        assert_true(a == 1e-6 || fabs(slope) < 1e-6 * (double)e.n);
        double p[] = {0.1, 0.4999, 0.5, 0.5001, 0.9};
        chl_calibration_apply(c, p, 5);
        assert_true(p[0] <= p[1] && p[1] <= 0.5 && p[2] == 0.5 && p[3] >= 0.5);
        chl_calibration *again;
        assert_ok(chl_calibration_from_json(json, &again, &err));
        double q = 0.1;
        chl_calibration_apply(again, &q, 1);
        assert_true(q == p[0]);
        json_decref(json);
        chl_calibration_free(c);
        chl_calibration_free(again);
        unload(&e);
    }
    json_decref(root);
}

static void assert_list(const json_t *got, const json_t *item, const char *key)
{
    size_t n;
    double *want = golden_numbers(item, key, &n);
    assert_int_equal(json_array_size(got), n);
    for (size_t i = 0; i < n; i++) {
        assert_near(json_number_value(json_array_get(got, i)), want[i], 1e-12);
    }
    free(want);
}

static void isotonic_equals_scikit_learn(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/metrics.json"), *item;
    size_t index;
    json_array_foreach (json_object_get(root, "calibration"), index, item) {
        example e = load(item);
        size_t points;
        double *want = golden_numbers(item, "isotonic", &points);
        chl_calibration *c;
        json_t *json;
        assert_ok(chl_calibration_fit("isotonic", e.y, e.p, (int64_t)e.n, &c, &err));
        assert_string_equal(chl_calibration_method(c), "isotonic");
        assert_ok(chl_calibration_to_json(c, &json, &err));
        assert_list(json_object_get(json, "x"), item, "x_thresholds");
        assert_list(json_object_get(json, "y"), item, "y_thresholds");
        chl_calibration_apply(c, e.at, (int64_t)points);
        double least = 0.5 / (double)e.n;
        for (size_t i = 0; i < points; i++) {
            assert_near(e.at[i], fmin(fmax(want[i], least), 1 - least), 1e-12);
        }
        free(want);
        json_decref(json);
        chl_calibration_free(c);
        unload(&e);
    }
    json_decref(root);
}

static void isotonic_never_falls_nor_says_never(void **state)
{
    (void)state;
    double y[] = {0, 0, 1, 0, 1, 1}, p[] = {.1, .2, .3, .4, .5, .6};
    chl_calibration *c;
    assert_ok(chl_calibration_fit("isotonic", y, p, 6, &c, &err));
    double before = 0;
    for (int i = 0; i <= 1000; i++) {
        double v = i / 1000.0;
        chl_calibration_apply(c, &v, 1);
        assert_true(v >= before && v >= 1 / 12.0 && v <= 11 / 12.0);
        before = v;
    }
    double middle = 0.35; /* rows 3 and 4 are one block */
    chl_calibration_apply(c, &middle, 1);
    assert_near(middle, 0.5, 1e-15);
    chl_calibration_free(c);
}

static void platt_stays_open_and_bears_certainty(void **state)
{
    (void)state;
    double y[] = {0, 1, 0, 1}, p[] = {0, 1, 0, 1};
    chl_calibration *c;
    assert_ok(chl_calibration_fit("platt", y, p, 4, &c, &err));
    double v[] = {0, 1, 0.5};
    chl_calibration_apply(c, v, 3);
    assert_near(v[0], 0.25, 1e-9); /* the smoothed targets 1/(2 + 2) and 3/(2 + 2) */
    assert_near(v[1], 0.75, 1e-9);
    chl_calibration_free(c);
    double same[] = {.3, .3, .3, .3};
    assert_ok(chl_calibration_fit("platt", y, same, 4, &c, &err));
    chl_calibration_apply(c, same, 4);
    assert_near(same[0], 0.5, 1e-9);
    chl_calibration_free(c);
}

static void nothing_is_the_identity(void **state)
{
    (void)state;
    double v = 0.123;
    chl_calibration_apply(NULL, &v, 1);
    assert_true(v == 0.123);
    chl_calibration_free(NULL);
}

static void json_round_trip_is_exact(void **state)
{
    (void)state;
    double y[] = {0, 1, 0, 1, 1}, p[] = {.1, .2, .3, 1 / 3.0, .9};
    const char *methods[] = {"platt", "isotonic"};
    for (int m = 0; m < 2; m++) {
        chl_calibration *c, *d;
        json_t *json;
        assert_ok(chl_calibration_fit(methods[m], y, p, 5, &c, &err));
        assert_ok(chl_calibration_to_json(c, &json, &err));
        char *text = json_dumps(json, JSON_REAL_PRECISION(17));
        json_t *again = json_loads(text, 0, NULL);
        assert_ok(chl_calibration_from_json(again, &d, &err));
        for (int i = 0; i <= 64; i++) {
            double u = i / 64.0, v = u;
            chl_calibration_apply(c, &u, 1);
            chl_calibration_apply(d, &v, 1);
            assert_true(u == v);
        }
        free(text);
        json_decref(json);
        json_decref(again);
        chl_calibration_free(c);
        chl_calibration_free(d);
    }
}

static void refuse(const char *text, const char *message)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    chl_calibration *c = NULL;
    assert_error(chl_calibration_from_json(json, &c, &err), message);
    assert_null(c);
    json_decref(json);
}

static void damaged_json_is_refused(void **state)
{
    (void)state;
    refuse("3", "calibration: options: expected a table, got an integer");
    refuse("[]", "option 'method' is required");
    refuse("{\"method\":\"plat\",\"rows\":9,\"a\":1,\"b\":0}", "did you mean 'platt'?");
    refuse("{\"method\":\"platt\",\"rows\":0,\"a\":1,\"b\":0}", "option 'rows'");
    refuse("{\"method\":\"platt\",\"rows\":9,\"a\":1,\"b\":null}",
           "platt: expected rows, numbers a and b");
    refuse("{\"method\":\"platt\",\"rows\":9,\"a\":1,\"b\":0,\"x\":[]}",
           "platt: expected");
    refuse("{\"method\":\"platt\",\"rows\":9,\"a\":\"1\",\"b\":0}",
           "option 'a': expected a number, got a string");
#define ISO(x, y) "{\"method\":\"isotonic\",\"rows\":9,\"x\":" x ",\"y\":" y "}"
    refuse(ISO("[0.1]", "{}"), "isotonic: expected rows, lists x and y");
    refuse(ISO("[]", "[]"), "x, y: expected two lists of one length");
    refuse(ISO("[0.1,0.2]", "[0.1]"), "x, y: expected two lists of one length");
    refuse(ISO("[0.1,0.1]", "[0.1,0.2]"), "x: expected numbers that rise");
    refuse(ISO("[0.1,0.2]", "[0.3,0.2]"), "y: expected numbers from 0 to 1");
    refuse(ISO("[0.1,1.2]", "[0.1,0.2]"), "x: expected numbers from 0 to 1");
    refuse(ISO("[0.1,\"a\"]", "[0.1,0.2]"), "x: expected numbers from 0 to 1");
    refuse(ISO("[0.1]", "[-0.1]"), "y: expected numbers from 0 to 1");
}

static void bad_samples_are_named(void **state)
{
    (void)state;
    chl_calibration *c;
    double y[] = {0, 1}, p[] = {.2, .8};
    assert_error(chl_calibration_fit("isotone", y, p, 2, &c, &err),
                 "calibration: unknown method 'isotone' (did you mean 'isotonic'?)");
    assert_error(chl_calibration_fit("platt", (double[]){1, 1}, p, 2, &c, &err),
                 "calibration: y: expected both classes, got 2 rows of class 1");
    assert_error(chl_calibration_fit("platt", y, (double[]){.2, NAN}, 2, &c, &err),
                 "calibration: p: row 2: expected a probability from 0 to 1, got nan");
    assert_error(chl_calibration_fit("isotonic", y, p, 0, &c, &err),
                 "calibration: y: expected 1 to 2147483647 rows, got 0");
    assert_null(c);
}

/* ---- several classes ---- */

static void classes_share_a_temperature(void **state)
{
    (void)state;
    json_t *root = golden_load("tests/golden/classes.json");
    size_t index;
    json_t *item;
    json_array_foreach (json_object_get(root, "cases"), index, item) {
        size_t n, classes;
        double *y = golden_numbers(item, "y", &n), *p = golden_numbers(item, "p", &n);
        double *soft = golden_numbers(item, "soft", &classes);
        chl_calibration *c, *again;
        json_t *json;
        assert_ok(chl_calibration_fit_classes(y, p, (int64_t)n, (int)classes, &c, &err));
        assert_int_equal(chl_calibration_classes(c), classes);
        assert_string_equal(chl_calibration_method(c), "temperature");
        assert_ok(chl_calibration_to_json(c, &json, &err));
        assert_near(json_number_value(json_object_get(json, "a")),
                    golden_number(item, "a"), 1e-11);
        assert_ok(chl_calibration_from_json(json, &again, &err));
        chl_calibration_apply(again, p, 1);
        for (size_t k = 0; k < classes; k++) {
            assert_near(p[k], soft[k], 1e-12);
        }
        json_decref(json);
        chl_calibration_free(c);
        chl_calibration_free(again);
        free(y);
        free(p);
        free(soft);
    }
    assert_int_equal(index, 5);
    json_decref(root);
}

/* Rows that are all right have no finite optimum, and none that are all wrong either. */
static void temperatures_have_bounds(void **state)
{
    (void)state;
    static const double p[] = {0.5, 0.3, 0.2, 0.2, 0.5, 0.3}, right[] = {0, 1},
                        wrong[] = {2, 0};
    double sure[] = {0.5, 0.3, 0.2}, unsure[] = {0, 1, 0};
    chl_calibration *c;
    assert_ok(chl_calibration_fit_classes(right, p, 2, 3, &c, &err));
    chl_calibration_apply(c, sure, 1);
    assert_true(sure[0] > 1 - 1e-12 && sure[2] > 0);
    chl_calibration_free(c);
    assert_ok(chl_calibration_fit_classes(wrong, p, 2, 3, &c, &err));
    chl_calibration_apply(c, unsure, 1);
    assert_true(unsure[1] > unsure[0] && unsure[0] == unsure[2] && unsure[1] < 0.5);
    chl_calibration_free(c);
}

static chl_status read_text(const char *text, chl_error *err)
{
    json_t *json = json_loads(text, 0, NULL);
    chl_calibration *c = NULL;
    chl_status status = chl_calibration_from_json(json, &c, err);
    chl_calibration_free(c);
    json_decref(json);
    return status;
}

static void wrong_classes_are_refused(void **state)
{
    (void)state;
    static const double p[] = {0.5, 0.3, 0.2}, y[] = {3};
    chl_calibration *c;
    assert_error(chl_calibration_fit_classes(y, p, 1, 3, &c, &err),
                 "calibration: row 1: expected a class from 0 to 2, got 3");
    assert_null(c);
#define STORED(method, a, classes)                                                       \
    "{\"method\":\"" method "\",\"rows\":9,\"a\":" a ",\"b\":0,\"classes\":" classes "}"
    assert_ok(read_text(STORED("temperature", "0.5", "3"), &err));
    assert_error(read_text(STORED("temperature", "-0.5", "3"), &err),
                 "calibration: a: expected a number above 0");
    assert_error(read_text(STORED("temperature", "0.5", "1"), &err), "classes");
    assert_error(read_text(STORED("platt", "0.5", "3"), &err),
                 "platt: expected rows, numbers a and b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platt_equals_scipy),
        cmocka_unit_test(temperature_is_the_optimum),
        cmocka_unit_test(isotonic_equals_scikit_learn),
        cmocka_unit_test(isotonic_never_falls_nor_says_never),
        cmocka_unit_test(platt_stays_open_and_bears_certainty),
        cmocka_unit_test(nothing_is_the_identity),
        cmocka_unit_test(json_round_trip_is_exact),
        cmocka_unit_test(damaged_json_is_refused),
        cmocka_unit_test(bad_samples_are_named),
        cmocka_unit_test(classes_share_a_temperature),
        cmocka_unit_test(temperatures_have_bounds),
        cmocka_unit_test(wrong_classes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
