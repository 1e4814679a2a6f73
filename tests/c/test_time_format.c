/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/data/calendar.h"
#include "core/data/time_format.h"

static chl_time_format compile(const char *text)
{
    chl_time_format format;
    assert_ok(chl_time_format_init(&format, text, strlen(text), NULL, &err));
    assert_ok(chl_time_format_check(&format, &err));
    return format;
}

/* Reads `text` with `format`, which gives the ISO text, or nothing (NULL). */
static void assert_reads(const char *format, const char *text, const char *iso)
{
    chl_time_format f = compile(format);
    int64_t micros = 0;
    char out[CHL_TIME_TEXT] = "nothing";
    if (chl_time_format_read(&f, text, strlen(text), &micros)) {
        (void)chl_timestamp_format(micros, out);
    }
    if (strcmp(out, iso ? iso : "nothing") != 0) {
        fail_msg("\"%s\" as \"%s\" gives %s", text, format, out);
    }
}

static void test_reads(void **state)
{
    (void)state;
    assert_reads("%Y-%m-%d", "2026-11-22", "2026-11-22 00:00:00");
    assert_reads("%d/%m/%Y", "1/2/2026", "2026-02-01 00:00:00");
    assert_reads("%Y%m%d", "20261122", "2026-11-22 00:00:00");
    assert_reads("%Y%m%d", "2026112", NULL);
    assert_reads("%d %b %Y", "22 nov 2026", "2026-11-22 00:00:00");
    assert_reads("%d %b %Y", "22 November 2026", "2026-11-22 00:00:00");
    assert_reads("%B %d, %Y", "may 5, 2026", "2026-05-05 00:00:00");
    assert_reads("%B %d, %Y", "Novembre 5, 2026", NULL);
    assert_reads("%d.%m.%y", "01.01.68", "2068-01-01 00:00:00");
    assert_reads("%d.%m.%y", "01.01.69", "1969-01-01 00:00:00");
    assert_reads("%Y/%j", "2024/366", "2024-12-31 00:00:00");
    assert_reads("%Y/%j", "2023/366", NULL);
    assert_reads("%Y/%j", "2023/0", NULL);
    assert_reads("%Y%j%H", "202306007", "2023-03-01 07:00:00");
    assert_reads("%Y-%m-%d %I:%M %p", "2026-11-22 12:05 am", "2026-11-22 00:05:00");
    assert_reads("%Y-%m-%d %I:%M %p", "2026-11-22 12:05 PM", "2026-11-22 12:05:00");
    assert_reads("%Y-%m-%d %I:%M %p", "2026-11-22 1:05 pm", "2026-11-22 13:05:00");
    assert_reads("%Y-%m-%d %I %p", "2026-11-22 13 PM", NULL);
    assert_reads("%Y-%m-%d %I %p", "2026-11-22 0 AM", NULL);
    assert_reads("%Y-%m-%d %H:%M:%S.%f", "2026-11-22 10:00:00.5",
                 "2026-11-22 10:00:00.500");
    assert_reads("%Y-%m-%d %S.%f", "2026-11-22 00.1234567", NULL);
    assert_reads("%Y-%m-%dT%H%z", "2026-11-22T10+0130", "2026-11-22 08:30:00");
    assert_reads("%Y-%m-%dT%H%z", "2026-11-22T10-01:30", "2026-11-22 11:30:00");
    assert_reads("%Y-%m-%dT%H%z", "2026-11-22T10Z", "2026-11-22 10:00:00");
    assert_reads("%Y-%m-%dT%H%z", "2026-11-22T10+01:60", NULL);
    assert_reads("%Y-%m-%dT%H%z", "2026-11-22T10", NULL);
    assert_reads("100%% %Y-%m-%d", "100% 2026-11-22", "2026-11-22 00:00:00");
    assert_reads("%Y-%m-%d", "2023-02-29", NULL);
    assert_reads("%Y-%m-%d", "2026-11-22 ", NULL);
    assert_reads("%Y-%m-%d", "", NULL);
    assert_reads("%Y-%m-%d %H", "2026-11-22 24", NULL);
    assert_reads("%Y-%m-%d%z", "0000-01-01+01", NULL);
}

static chl_status check(const char *text, chl_error *err)
{
    chl_time_format format;
    chl_status status = chl_time_format_init(&format, text, strlen(text), NULL, err);
    return status == CHL_OK ? chl_time_format_check(&format, err) : status;
}

static void test_errors_name_the_position(void **state)
{
    (void)state;
    assert_error(check("%Y-%q", &err),
                 "format \"%Y-%q\": position 4: unknown directive '%q' (known: %Y %y %m");
    assert_error(check("%Y-%", &err), "position 4: expected a directive after '%'");
    assert_error(check("%m-%d", &err), "the format must tell year, month and day");
    assert_error(check("%Y-%m", &err), "the format must tell year, month and day");
    assert_error(check("%Y-%m-%d %y", &err), "two directives tell the same part (%y)");
    assert_error(check("%Y-%m-%d %b", &err), "two directives tell the same part (%b)");
    assert_error(check("%Y-%m-%d %j", &err), "two directives tell the same part (%j)");
    assert_error(check("%Y-%m-%d %I", &err), "%I and %p need each other");
    assert_error(check("%Y-%m-%d %H %p", &err), "%I and %p need each other");
    char wide[100];
    memset(wide, 'x', sizeof wide);
    chl_time_format format;
    size_t at;
    assert_error(chl_time_format_init(&format, wide, sizeof wide, &at, &err),
                 "a format has at most 64 parts");
    assert_int_equal(at, 64);
}

static void test_writes(void **state)
{
    (void)state;
    chl_time_format f;
    chl_strbuf out = {0};
    const char *text = "%Y %y %m %d %j %b %B %H %I %M %S %f %p %z %%";
    assert_ok(chl_time_format_init(&f, text, strlen(text), NULL, &err));
    int64_t micros;
    assert_true(chl_timestamp_parse("0987-03-01 00:05:09.000042", 26, &micros));
    chl_time_format_write(&f, micros, &out);
    assert_string_equal(out.data,
                        "0987 87 03 01 060 Mar March 00 12 05 09 000042 AM +0000 %");
    chl_strbuf_reset(&out);
}

/* What is written reads back, over the whole calendar. */
static void test_round_trips(void **state)
{
    (void)state;
    static const char *const formats[] = {
        "%Y-%m-%d %H:%M:%S.%f", "%d%b%Y:%H%M%S%f", "%B %d, %Y %I:%M:%S.%f %p",
        "%Y%j%H%M%S%f",         "%f%S%M%H%d%m%Y",  "%Y-%m-%dT%H:%M:%S.%f%z"};
    chl_strbuf out = {0};
    const int64_t step = (CHL_MICROS_MAX - CHL_MICROS_MIN) / 3001;
    for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++) {
        chl_time_format f = compile(formats[k]);
        for (int64_t t = CHL_MICROS_MIN, i = 0; i <= 3000; t += step, i++) {
            int64_t back = 0;
            out.length = 0;
            chl_time_format_write(&f, t, &out);
            if (!chl_time_format_read(&f, out.data, out.length, &back) || back != t) {
                fail_msg("%s: %s", formats[k], out.data);
            }
        }
    }
    chl_strbuf_reset(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_errors_name_the_position),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_round_trips),
    };
    return cmocka_run_group_tests_name("time_format", tests, NULL, NULL);
}
