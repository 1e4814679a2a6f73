/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/data/distinct.h"
#include "core/data/sort.h"
#include "core/data/summary.h"

/* The moment of a text; fails the test when it is none. */
static int64_t at(const char *text)
{
    int64_t micros = 0;
    if (!chl_timestamp_parse(text, strlen(text), &micros)) {
        fail_msg("\"%s\" should be a timestamp", text);
    }
    return micros;
}

static void assert_text(int64_t micros, const char *text)
{
    char out[CHL_TIME_TEXT];
    assert_int_equal(chl_timestamp_format(micros, out), strlen(text));
    assert_string_equal(out, text);
}

static void test_parse_accepts_iso_8601(void **state)
{
    (void)state;
    assert_true(at("1970-01-01 00:00:00") == 0);
    assert_true(at("1970-01-01T00:00:01Z") == CHL_MICROS_PER_SECOND);
    assert_true(at("2026-11-22") == 20779 * CHL_MICROS_PER_DAY);
    assert_true(at("2026-11-22 10:00") == at("2026-11-22T10:00:00Z"));
    assert_true(at("2026-11-22 10:00:00+01:00") == at("2026-11-22 09:00:00"));
    assert_true(at("2026-11-22T10:00:00-0530") == at("2026-11-22 15:30:00"));
    assert_true(at("2026-11-22 00:30:00+01") == at("2026-11-21 23:30:00"));
    assert_true(at("1970-01-01 00:00:00.000001") == 1);
    assert_true(at("1970-01-01 00:00:00.25") == 250000);
    assert_true(at("1970-01-01 00:00:00.123456000") == 123456);
    assert_true(at("1969-12-31 23:59:59.999999") == -1);
    assert_true(at("0000-01-01 00:00:00") == CHL_MICROS_MIN);
    assert_true(at("9999-12-31 23:59:59.999999") == CHL_MICROS_MAX);
}

static void test_parse_refuses_the_rest(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-11-22 ",
                                      "2026-11-22 10",
                                      "2026-11-22 10:0",
                                      "2026-11-22 1:00:00",
                                      "2026-11-22 10:00:",
                                      "2026-11-22 10:00:0",
                                      "2026-11-22 10:00:00.",
                                      "2026-11-22 10:00:00,5",
                                      "2026-11-22 10:00:00.1234567",
                                      "2026-11-22 10:00:00.0000000000",
                                      "2026-11-22 24:00:00",
                                      "2026-11-22 10:60:00",
                                      "2026-11-22 10:00:60",
                                      "2026-11-22 10:00:00 Z",
                                      "2026-11-22 10:00:00+",
                                      "2026-11-22 10:00:00+1",
                                      "2026-11-22 10:00:00+01:0",
                                      "2026-11-22 10:00:00+01:60",
                                      "2026-11-22 10:00:00+16:00",
                                      "2026-11-22 10:00:00Zz",
                                      "2026-11-22x10:00:00",
                                      "2023-02-29 10:00:00",
                                      "1900-02-29 10:00:00",
                                      "2026-04-31",
                                      "2026-00-10",
                                      "10000-01-01 00:00:00",
                                      "0000-01-01 00:00:00+01:00",
                                      "9999-12-31 23:00:00-02:00",
                                      "20261122T100000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t micros;
        if (chl_timestamp_parse(bad[i], strlen(bad[i]), &micros)) {
            fail_msg("\"%s\" should not be a timestamp", bad[i]);
        }
    }
}

static void test_format_is_the_shortest_of_three(void **state)
{
    (void)state;
    assert_text(0, "1970-01-01 00:00:00");
    assert_text(250000, "1970-01-01 00:00:00.250");
    assert_text(1, "1970-01-01 00:00:00.000001");
    assert_text(-1, "1969-12-31 23:59:59.999999");
    assert_text(CHL_MICROS_MIN, "0000-01-01 00:00:00");
    assert_text(CHL_MICROS_MAX, "9999-12-31 23:59:59.999999");
}

static void test_text_and_moment_agree(void **state)
{
    (void)state;
    const int64_t step = (CHL_MICROS_MAX - CHL_MICROS_MIN) / 20011;
    char out[CHL_TIME_TEXT];
    for (int64_t t = CHL_MICROS_MIN, i = 0; i < 20011; t += step, i++) {
        int64_t micros = t - (i % 3 == 0 ? t % CHL_MICROS_PER_SECOND : 0), back;
        micros -= i % 3 == 1 ? micros % 1000 : 0;
        size_t n = chl_timestamp_format(micros, out);
        assert_true(chl_timestamp_parse(out, n, &back));
        assert_true(back == micros);
        chl_moment m;
        chl_moment_of_micros(micros, &m);
        assert_true(chl_moment_to_micros(&m, &back) && back == micros);
    }
    int64_t none;
    assert_false(chl_moment_to_micros(&(chl_moment){2023, 2, 29, 0, 0, 0, 0}, &none));
    assert_false(chl_moment_to_micros(&(chl_moment){2023, 1, 1, 24, 0, 0, 0}, &none));
    assert_false(chl_moment_to_micros(&(chl_moment){10000, 1, 1, 0, 0, 0, 0}, &none));
    assert_int_equal(chl_days_in_month(2000, 2), 29);
    assert_int_equal(chl_days_in_month(1900, 2), 28);
    assert_int_equal(chl_days_in_month(2026, 12), 31);
}

/* ---- columns ---- */

static chl_column *moments(const char *const *texts, int n)
{
    chl_builder b;
    chl_column *column = NULL;
    assert_ok(chl_builder_init(&b, CHL_TIMESTAMP, NULL, &err));
    for (int i = 0; i < n; i++) {
        if (texts[i]) {
            assert_ok(chl_builder_micros(&b, at(texts[i]), &err));
        } else {
            assert_ok(chl_builder_null(&b, &err));
        }
    }
    assert_ok(chl_builder_finish(&b, &column, &err));
    return column;
}

static const char *const three[] = {"2026-11-22 10:00:00", NULL, "1969-12-31 00:00:00"};

static void test_casts(void **state)
{
    (void)state;
    chl_column *times = moments(three, 3), *to = NULL, *back = NULL;
    static const chl_type through[] = {CHL_I64, CHL_STRING, CHL_CATEGORY};
    for (int i = 0; i < 3; i++) {
        assert_ok(chl_column_cast(times, through[i], &to, &err));
        assert_int_equal(to->nulls, 1);
        assert_ok(chl_column_cast(to, CHL_TIMESTAMP, &back, &err));
        assert_memory_equal(back->values.micros, times->values.micros, 24);
        chl_column_release(to);
        chl_column_release(back);
    }
    assert_error(chl_column_cast(times, CHL_DATE, &to, &err),
                 "row 1: expected a date (2026-11-22), got \"2026-11-22 10:00:00\"");
    assert_error(chl_column_cast(times, CHL_F64, &to, &err), "expected a number");
    chl_column_release(times);
}

static void test_casts_of_dates(void **state)
{
    (void)state;
    static const char *const midnight[] = {"2026-11-22"};
    chl_column *times = moments(midnight, 1), *days = NULL, *to = NULL;
    assert_ok(chl_column_cast(times, CHL_DATE, &days, &err));
    assert_int_equal(days->values.days[0], 20779);
    assert_ok(chl_column_cast(days, CHL_TIMESTAMP, &to, &err));
    assert_true(to->values.micros[0] == times->values.micros[0]);
    chl_column_release(to);
    assert_ok(chl_column_cast(days, CHL_I64, &to, &err));
    assert_true(to->values.i64[0] == 20779);
    to->values.i64[0] = INT64_C(20261122); /* a date written as a number */
    chl_column *wrong = NULL;
    assert_error(chl_column_cast(to, CHL_DATE, &wrong, &err), "row 1: expected a date");
    to->values.i64[0] = INT64_MAX;
    assert_error(chl_column_cast(to, CHL_TIMESTAMP, &wrong, &err),
                 "row 1: expected a timestamp");
    chl_column_release(to);
    chl_column_release(days);
    chl_column_release(times);
}

static void test_order_and_summary(void **state)
{
    (void)state;
    chl_column *times = moments(three, 3);
    uint64_t keys[3];
    int64_t min, max, distinct;
    assert_ok(chl_sort_keys(times, keys, &err));
    assert_true(keys[2] < keys[0]);
    assert_true(chl_column_range_i64(times, &min, &max));
    assert_true(min == at(three[2]) && max == at(three[0]));
    assert_ok(chl_column_n_distinct(times, &distinct, &err));
    assert_int_equal(distinct, 2);
    assert_true(chl_column_number(times, 0) == (double)at(three[0]));
    chl_column *taken = NULL;
    assert_ok(chl_column_take(times, (int64_t[]){2, -1, 0}, 3, &taken, &err));
    assert_true(taken->values.micros[0] == min && taken->values.micros[1] == 0);
    assert_int_equal(taken->nulls, 1);
    chl_column_release(taken);
    chl_column_release(times);
}

/* ---- the calendar ---- */

static int32_t day(int y, int m, int d)
{
    return chl_date_from_civil(y, m, d);
}

static void test_calendar(void **state)
{
    (void)state;
    int32_t out;
    int64_t moment, months;
    assert_int_equal(chl_days_weekday(day(2026, 11, 22)), 7);
    assert_int_equal(chl_days_weekday(day(1969, 12, 29)), 1);
    assert_int_equal(chl_days_week(day(2021, 1, 3)), 53);
    assert_int_equal(chl_days_week(day(2018, 12, 31)), 1);
    assert_int_equal(chl_days_of_year(day(2024, 12, 31)), 366);
    assert_true(chl_days_add_months(day(2024, 1, 31), 1, &out));
    assert_int_equal(out, day(2024, 2, 29));
    assert_true(chl_days_add_months(day(2024, 2, 29), -12, &out));
    assert_int_equal(out, day(2023, 2, 28));
    assert_false(chl_days_add_months(day(9999, 12, 1), 1, &out));
    assert_false(chl_days_add_months(day(0, 1, 1), -1, &out));
    assert_false(chl_days_add_months(day(2024, 1, 1), INT64_MAX, &out));
    assert_false(chl_days_truncate(day(0, 1, 1), CHL_UNIT_WEEK, &out));
    assert_true(chl_micros_truncate(-1, CHL_UNIT_HOUR, &moment));
    assert_true(moment == at("1969-12-31 23:00:00"));
    assert_true(chl_months_between(at("2024-01-31"), at("2024-02-29"), &months));
    assert_int_equal(months, 1);
    assert_true(chl_months_between(at("2024-03-31"), at("2024-02-29"), &months));
    assert_int_equal(months, -1);
    assert_false(chl_months_between(CHL_MICROS_MAX + 1, 0, &months));
}

/* ---- cells by their text ---- */

static void test_read_tells_what_does_not_fit(void **state)
{
    (void)state;
    static const char *const words[] = {"5", " 6.0 ", "x", " ", "7.5"};
    chl_builder b;
    chl_column *text = NULL, *out = NULL, *bad = NULL;
    assert_ok(chl_builder_init(&b, CHL_STRING, NULL, &err));
    for (int i = 0; i < 5; i++) {
        assert_ok(chl_builder_text(&b, words[i], strlen(words[i]), &err));
    }
    assert_ok(chl_builder_null(&b, &err));
    assert_ok(chl_builder_finish(&b, &text, &err));
    assert_ok(chl_column_read(text, CHL_I64, NULL, &out, &bad, &err));
    assert_int_equal(out->nulls, 4);
    assert_true(out->values.i64[0] == 5 && out->values.i64[1] == 6);
    assert_memory_equal(bad->values.boolean, "\0\0\1\0\1\0", 6);
    chl_column_release(out);
    chl_column_release(bad);
    assert_ok(chl_column_read(text, CHL_CATEGORY, NULL, &out, &bad, &err));
    assert_int_equal(out->nulls, 1);
    chl_column_release(out);
    chl_column_release(bad);
    chl_column_release(text);
}

static void test_type(void **state)
{
    (void)state;
    chl_type type;
    assert_ok(chl_type_parse("timestamp", &type, &err));
    assert_int_equal(type, CHL_TIMESTAMP);
    assert_string_equal(chl_type_name(type), "timestamp");
    assert_int_equal(chl_type_size(type), 8);
    assert_error(chl_type_parse("timestmp", &type, &err), "did you mean 'timestamp'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_accepts_iso_8601),
        cmocka_unit_test(test_parse_refuses_the_rest),
        cmocka_unit_test(test_format_is_the_shortest_of_three),
        cmocka_unit_test(test_text_and_moment_agree),
        cmocka_unit_test(test_casts),
        cmocka_unit_test(test_casts_of_dates),
        cmocka_unit_test(test_order_and_summary),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_read_tells_what_does_not_fit),
        cmocka_unit_test(test_type),
    };
    return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
