/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/data/column.h"
#include "core/data/distinct.h"
#include "core/data/sort.h"
#include "core/data/summary.h"
#include "core/data/text.h"

static chl_column *texts(const char *const *words, int n, chl_type type)
{
    chl_builder b;
    chl_column *column = NULL;
    assert_ok(chl_builder_init(&b, type, NULL, &err));
    for (int i = 0; i < n; i++) {
        if (words[i]) {
            assert_ok(chl_builder_text(&b, words[i], strlen(words[i]), &err));
        } else {
            assert_ok(chl_builder_null(&b, &err));
        }
    }
    assert_ok(chl_builder_finish(&b, &column, &err));
    return column;
}

static chl_column *doubles(const double *x, int n)
{
    chl_column *column = NULL;
    assert_ok(chl_column_new(CHL_F64, n, false, &column, &err));
    if (n) {
        memcpy(column->values.f64, x, (size_t)n * sizeof *x);
    }
    chl_column_seal(column);
    return column;
}

static void test_types(void **state)
{
    (void)state;
    chl_type type;
    assert_ok(chl_type_parse("date", &type, &err));
    assert_int_equal(type, CHL_DATE);
    assert_string_equal(chl_type_name(CHL_CATEGORY), "category");
    assert_error(chl_type_parse("categry", &type, &err),
                 "unknown type 'categry' (did you mean 'category'?)");
}

static void test_seal_drops_non_finite(void **state)
{
    (void)state;
    chl_column *column = doubles((double[]){1, NAN, INFINITY, -2}, 4);
    assert_int_equal(column->nulls, 2);
    assert_true(chl_column_valid(column, 0));
    assert_false(chl_column_valid(column, 1));
    assert_false(chl_column_valid(column, 2));
    assert_true(column->values.f64[2] == 0);
    chl_column_release(column);

    column = doubles((double[]){1, 2}, 2);
    assert_null(column->validity);
    chl_column_release(column);
    column = doubles(NULL, 0);
    assert_int_equal(column->length, 0);
    chl_column_release(column);
}

static void test_take_and_slice(void **state)
{
    (void)state;
    const char *words[] = {"b", NULL, "", "a", "b"};
    for (int k = 0; k < 2; k++) {
        chl_column *column = texts(words, 5, k ? CHL_CATEGORY : CHL_STRING);
        chl_column *taken = NULL, *slice = NULL;
        size_t n;
        assert_ok(chl_column_take(column, (int64_t[]){3, -1, 2, 1, 0}, 5, &taken, &err));
        assert_int_equal(taken->nulls, 2);
        assert_string_equal(k ? chl_column_text(taken, 0, &n) : "a", "a");
        assert_memory_equal(chl_column_text(taken, 4, &n), "b", 1);
        chl_column_text(taken, 2, &n);
        assert_int_equal(n, 0);
        assert_ok(chl_column_slice(column, 1, 3, &slice, &err));
        assert_int_equal(slice->length, 3);
        assert_int_equal(slice->nulls, 1);
        assert_memory_equal(chl_column_text(slice, 2, &n), "a", 1);
        chl_column_release(slice);
        assert_ok(chl_column_slice(column, 5, 0, &slice, &err));
        assert_int_equal(slice->length, 0);
        chl_column_release(slice);
        chl_column_release(taken);
        chl_column_release(column);
    }
}

static void test_levels(void **state)
{
    (void)state;
    chl_levels *levels = NULL;
    assert_ok(chl_levels_new(&levels, &err));
    for (int i = 0; i < 1000; i++) {
        char name[16];
        int32_t code;
        int n = snprintf(name, sizeof name, "level %d", i % 500);
        assert_ok(chl_levels_intern(levels, name, (size_t)n, &code, &err));
        assert_int_equal(code, i % 500);
    }
    assert_int_equal(chl_levels_count(levels), 500);
    assert_int_equal(chl_levels_find(levels, "level 77", 8), 77);
    assert_int_equal(chl_levels_find(levels, "level 7", 7), 7);
    assert_int_equal(chl_levels_find(levels, "level", 5), -1);
    chl_levels_release(levels);

    const char *words[] = {"z", "a", "m", "a"};
    chl_column *column = texts(words, 4, CHL_CATEGORY); /* own levels end in byte order */
    assert_string_equal(chl_levels_name(column->levels, 0, NULL), "a");
    assert_string_equal(chl_levels_name(column->levels, 2, NULL), "z");
    assert_int_equal(column->values.codes[0], 2);
    assert_int_equal(column->values.codes[3], 0);
    chl_column_release(column);
}

static chl_column *cast(const chl_column *from, chl_type type)
{
    chl_column *to = NULL;
    assert_ok(chl_column_cast(from, type, &to, &err));
    return to;
}

static void test_cast_keeps_values(void **state)
{
    (void)state;
    chl_column *numbers = doubles((double[]){1, 0, NAN}, 3);
    chl_column *integers = cast(numbers, CHL_I64);
    chl_column *truths = cast(integers, CHL_BOOL);
    chl_column *text = cast(truths, CHL_STRING);
    chl_column *levels = cast(text, CHL_CATEGORY);
    chl_column *back = cast(levels, CHL_BOOL);
    assert_int_equal(integers->values.i64[0], 1);
    assert_int_equal(back->values.boolean[0], 1);
    assert_int_equal(back->nulls, 1);
    assert_string_equal(chl_levels_name(levels->levels, 0, NULL), "false");
    chl_column *all[] = {numbers, integers, truths, text, levels, back};
    for (int i = 0; i < 6; i++) {
        chl_column_release(all[i]);
    }
}

static void test_cast_refuses_loss(void **state)
{
    (void)state;
    chl_column *to = NULL;
    chl_column *numbers = doubles((double[]){1, 2.5}, 2);
    assert_error(chl_column_cast(numbers, CHL_I64, &to, &err),
                 "row 2: expected an integer, got \"2.5\"");
    assert_error(chl_column_cast(numbers, CHL_DATE, &to, &err), "expected a date");
    assert_null(to);
    chl_column_release(numbers);

    const char *words[] = {"9007199254740993"};
    chl_column *text = texts(words, 1, CHL_STRING);
    chl_column *integers = cast(text, CHL_I64);
    assert_true(integers->values.i64[0] == INT64_C(9007199254740993));
    assert_error(chl_column_cast(integers, CHL_F64, &to, &err), "row 1");
    chl_column_release(integers);
    chl_column_release(text);
}

static void test_dates(void **state)
{
    (void)state;
    int32_t days;
    assert_int_equal(chl_date_from_civil(1970, 1, 1), 0);
    assert_int_equal(chl_date_from_civil(2000, 2, 29), 11016);
    assert_int_equal(chl_date_from_civil(0, 3, 1), -719468);
    for (int32_t d = -800000; d < 800000; d += 37) {
        int y, m, dd;
        chl_date_to_civil(d, &y, &m, &dd);
        assert_int_equal(chl_date_from_civil(y, m, dd), d);
    }
    assert_true(chl_date_parse("2026-11-22", 10, &days));
    assert_int_equal(days, 20779);
    assert_false(chl_date_parse("2026-02-29", 10, &days));
    assert_true(chl_date_parse("2024-02-29", 10, &days));
    assert_false(chl_date_parse("2026-13-01", 10, &days));
    assert_false(chl_date_parse("2026-1-01", 9, &days));
}

static void assert_number(const char *text)
{
    double value;
    assert_true(chl_parse_f64(text, strlen(text), &value));
    assert_true(value == strtod(text, NULL));
}

static void test_numbers_are_exact(void **state)
{
    (void)state;
    static const char *const hard[] = {"0.1",
                                       "-83807.86",
                                       "9007199254740993",
                                       "9007199254740992.5",
                                       "179769313486231570000e288",
                                       "4.9e-324",
                                       "2.2250738585072011e-308",
                                       "1e22",
                                       "1e23",
                                       "123456789012345678901234567890",
                                       "0.000000000000000000000000012345",
                                       "+.5",
                                       "5.",
                                       "1e-400",
                                       "00012e1"};
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        assert_number(hard[i]);
    }
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        char text[40];
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        snprintf(text, sizeof text, "%.*g", 1 + (int)(seed >> 60),
                 ((double)(int64_t)seed) * pow(10, (int)(seed >> 33 & 63) - 40));
        assert_number(text);
    }
}

static void test_no_numbers(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      ".",   "-",    "1e",  "1e+",
                                        "inf",   "nan", "0x1",  "1 2", "1,5",
                                        "1e999", "--1", "1.2.3"};
    double value;
    int64_t integer;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(chl_parse_f64(wrong[i], strlen(wrong[i]), &value));
        assert_false(chl_parse_i64(wrong[i], strlen(wrong[i]), &integer));
    }
    assert_true(chl_parse_i64("-9223372036854775808", 20, &integer));
    assert_true(integer == INT64_MIN);
    assert_true(chl_parse_i64("9223372036854775807", 19, &integer));
    assert_false(chl_parse_i64("9223372036854775808", 19, &integer));
    assert_false(chl_parse_i64("-9223372036854775809", 20, &integer));
}

static void test_excerpt(void **state)
{
    (void)state;
    char out[CHL_EXCERPT];
    assert_string_equal(chl_excerpt("a\nb", 3, out), "a b");
    char text[60];
    memset(text, 'x', sizeof text);
    memcpy(text + 39, "é", 2); /* the cut would split it */
    chl_excerpt(text, sizeof text, out);
    assert_int_equal(strlen(out), 39 + strlen("…"));
}

static void test_summary(void **state)
{
    (void)state;
    double x[] = {3, 1, NAN, 2, 10};
    chl_column *column = doubles(x, 5);
    chl_summary s;
    assert_ok(chl_column_summary(column, &s, &err));
    assert_int_equal(s.count, 4);
    assert_near(s.mean, 4, 0);
    assert_near(s.std, 4.08248290463863, 1e-14); /* numpy.std(ddof=1) */
    assert_near(s.q25, 1.75, 0);
    assert_near(s.median, 2.5, 0);
    assert_near(s.q75, 4.75, 0);
    assert_near(s.max, 10, 0);
    chl_column_release(column);

    column = doubles((double[]){7}, 1);
    assert_ok(chl_column_summary(column, &s, &err));
    assert_true(isnan(s.std));
    assert_near(s.median, 7, 0);
    chl_column_release(column);
    column = doubles(NULL, 0);
    assert_ok(chl_column_summary(column, &s, &err));
    assert_true(isnan(s.mean) && isnan(s.median) && s.sum == 0);
    chl_column_release(column);

    const char *words[] = {"a"};
    column = texts(words, 1, CHL_STRING);
    assert_error(chl_column_summary(column, &s, &err),
                 "summary: expected a column of numbers, got string");
    chl_column_release(column);
}

static void test_sums_are_compensated(void **state)
{
    (void)state;
    assert_near(chl_sum((double[]){1, 1e100, 1, -1e100}, 4), 2, 0);
    double big[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    assert_near(chl_std(big, 4), sqrt(30), 1e-12);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_quantile_equals_sorted(void **state)
{
    (void)state;
    double x[200], sorted[200];
    for (int n = 1; n <= 200; n += 7) {
        for (int k = 0; k <= 20; k++) {
            for (int i = 0; i < n; i++) {
                x[i] = sorted[i] = (i * 7919 % 31) - 0.5 * (i % 3);
            }
            qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
            assert_near(chl_quantile(x, n, k / 20.0),
                        chl_quantile_sorted(sorted, n, k / 20.0), 0);
        }
    }
}

static void test_sum_and_range_of_integers(void **state)
{
    (void)state;
    chl_column *column = NULL;
    int64_t sum, min, max;
    assert_ok(chl_column_new(CHL_I64, 3, true, &column, &err));
    column->values.i64[0] = INT64_MAX;
    column->values.i64[1] = -5;
    chl_column_set_null(column, 2);
    chl_column_seal(column);
    assert_true(chl_column_sum_i64(column, &sum));
    assert_true(sum == INT64_MAX - 5);
    assert_true(chl_column_range_i64(column, &min, &max));
    assert_true(min == -5 && max == INT64_MAX);
    column->values.i64[1] = 5;
    assert_false(chl_column_sum_i64(column, &sum));
    chl_column_release(column);
}

static void test_distinct(void **state)
{
    (void)state;
    chl_column *column = doubles((double[]){2, -0.0, 0.0, NAN, 2, 5}, 6);
    chl_distinct d;
    int64_t n;
    assert_ok(chl_distinct_init(&d, column, &err));
    assert_int_equal(d.count, 3);
    assert_true(d.missing);
    assert_int_equal(d.codes[4], 0);
    assert_int_equal(d.codes[2], 1);
    assert_int_equal(d.codes[3], 3);
    assert_int_equal(d.counts[1], 2);
    assert_int_equal(d.first[3], 3);
    chl_distinct_reset(&d);
    chl_column_release(column);

    column = doubles(NULL, 0);
    assert_ok(chl_column_n_distinct(column, &n, &err));
    assert_int_equal(n, 0);
    chl_column_release(column);
}

static void test_value_counts(void **state)
{
    (void)state;
    const char *words[] = {"b", "a", NULL, "b", "c", "a", NULL, NULL};
    chl_column *column = texts(words, 8, CHL_STRING);
    chl_frame *counts = NULL;
    size_t n;
    assert_ok(chl_value_counts(column, &counts, &err));
    assert_int_equal(counts->rows, 4);
    assert_false(chl_column_valid(counts->fields[0].column, 0));
    assert_memory_equal(chl_column_text(counts->fields[0].column, 1, &n), "a", 1);
    assert_int_equal(counts->fields[1].column->values.i64[1], 2);
    assert_near(counts->fields[2].column->values.f64[0], 3 / 8.0, 0);
    chl_frame_release(counts);
    chl_column_release(column);
}

static void test_sort_order(void **state)
{
    (void)state;
    uint64_t keys[] = {5, 1, UINT64_MAX, 0, 5, UINT64_C(1) << 40};
    int64_t order[] = {0, 1, 2, 3, 4, 5}, expected[] = {3, 1, 0, 4, 5, 2};
    assert_ok(chl_sort_order(keys, order, 6, &err));
    assert_memory_equal(order, expected, sizeof order);
    chl_column *column = doubles((double[]){-1, 0.0, -0.0, 1e-300, -1e300, 7}, 6);
    assert_ok(chl_sort_keys(column, keys, &err));
    assert_true(keys[4] < keys[0] && keys[0] < keys[1] && keys[1] == keys[2]);
    assert_true(keys[2] < keys[3] && keys[3] < keys[5]);
    chl_column_release(column);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_seal_drops_non_finite),
        cmocka_unit_test(test_take_and_slice),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_cast_keeps_values),
        cmocka_unit_test(test_cast_refuses_loss),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_numbers_are_exact),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_excerpt),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_sums_are_compensated),
        cmocka_unit_test(test_quantile_equals_sorted),
        cmocka_unit_test(test_sum_and_range_of_integers),
        cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_value_counts),
        cmocka_unit_test(test_sort_order),
    };
    return cmocka_run_group_tests_name("column", tests, NULL, NULL);
}
