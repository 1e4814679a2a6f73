/* SPDX-License-Identifier: MIT
 *
 * Windows over event logs: a log by hand, many customers on many threads. The rest is in
 * tests/lua/windows_spec.lua, against pandas.
 */
#include "chl_test.h"

#include "core/io/csv.h"
#include "core/table/windows.h"

static chl_frame *read_log(const char *text)
{
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "log", NULL, &frame, &err));
    return frame;
}

static chl_frame *make(const chl_frame *log, const char *options, int threads)
{
    chl_frame *out = NULL;
    int64_t skipped = -1;
    json_error_t where;
    chl_control control = {.threads = threads};
    json_t *json = json_loads(options, 0, &where);
    assert_non_null(json);
    assert_ok(chl_windows(log, NULL, json, &control, &out, &skipped, &err));
    assert_int_equal(skipped, 0);
    json_decref(json);
    return out;
}

static double cell(const chl_frame *frame, const char *name, int64_t row)
{
    const chl_column *column = chl_frame_column(frame, name);
    assert_non_null(column);
    return chl_column_valid(column, row) ? chl_column_number(column, row) : (double)NAN;
}

static void by_hand(void **state)
{
    (void)state;
    chl_frame *log = read_log("id,when,paid\n7,2025-01-31,5\n7,2025-01-01,1\n"
                              "7,2025-01-21,4\n7,2025-01-11,2\n3,2025-01-30,9\n");
    chl_frame *out = make(log,
                          "{\"id\":\"id\",\"time\":\"when\",\"value\":\"paid\","
                          "\"cutoffs\":[\"2025-01-31\"],"
                          "\"lookback\":[10,\"all\"],\"buckets\":3,"
                          "\"outcome\":{\"kind\":\"inactive\",\"within\":1}}",
                          1);
    assert_int_equal(out->rows, 2);
    assert_int_equal(chl_frame_column(out, "id")->values.i64[0], 3);
    assert_near(cell(out, "recency", 0), 1, 0);
    assert_near(cell(out, "recency", 1), 10, 0);
    assert_near(cell(out, "tenure", 1), 30, 0);
    assert_near(cell(out, "count_10d", 1), 1, 0); /* 21 January: t - 10 is inside */
    assert_near(cell(out, "count_all", 1), 3, 0);
    assert_near(cell(out, "paid_sum_all", 1), 7, 0);
    assert_near(cell(out, "gap_mean_all", 1), 10, 1e-15);
    assert_near(cell(out, "gap_std_all", 1), 0, 1e-15);
    assert_near(cell(out, "paid_trend_all", 1), 1.5, 1e-15);  /* totals 1, 2, 4 */
    assert_near(cell(out, "paid_change_10d", 1), 100, 1e-12); /* 4 after 2 */
    assert_near(cell(out, "active_all", 1), 0.1, 1e-15);
    assert_near(cell(out, "rate_10d", 0), 30, 1e-12); /* a customer since yesterday */
    assert_true(chl_frame_column(out, "churned")->values.boolean[0]);
    assert_false(chl_frame_column(out, "churned")->values.boolean[1]);
    assert_string_equal(out->time, "cutoff");
    chl_frame_release(out);
    chl_frame_release(log);
}

/* More customers than a task takes. */
static chl_frame *many_customers(int64_t customers, int64_t each)
{
    static const char *const names[] = {"id", "when", "paid"};
    static const chl_type types[] = {CHL_I64, CHL_DATE, CHL_F64};
    chl_column *columns[3];
    chl_frame *log;
    int64_t n = customers * each;
    for (int i = 0; i < 3; i++) {
        assert_ok(chl_column_new(types[i], n, false, &columns[i], &err));
    }
    for (int64_t i = 0; i < n; i++) {
        columns[0]->values.i64[i] = i % customers;
        columns[1]->values.days[i] = (int32_t)(20000 + i * 7919 % 365);
        columns[2]->values.f64[i] = (double)(i * 31 % 1000) / 7;
    }
    assert_ok(chl_frame_new(names, columns, 3, &log, &err));
    for (int i = 0; i < 3; i++) {
        chl_column_release(columns[i]);
    }
    return log;
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static const char options[] =
        "{\"id\":\"id\",\"time\":\"when\",\"value\":\"paid\","
        "\"cutoffs\":{\"from\":\"2024-11-01\",\"to\":\"2025-05-01\",\"every\":\"month\"},"
        "\"outcome\":{\"kind\":\"inactive\",\"within\":30}}";
    chl_frame *log = many_customers(3000, 9);
    chl_frame *one = make(log, options, 1), *four = make(log, options, 4);
    assert_int_equal(one->rows, four->rows);
    assert_true(one->rows > 10000);
    for (int c = 0; c < one->columns; c++) {
        const chl_column *a = one->fields[c].column, *b = four->fields[c].column;
        assert_int_equal(a->nulls, b->nulls);
        assert_memory_equal(a->values.any, b->values.any,
                            (size_t)a->length * chl_type_size(a->type));
    }
    chl_frame_release(one);
    chl_frame_release(four);
    chl_frame_release(log);
}

static void fails(void **state)
{
    (void)state;
    chl_frame *log = read_log("id,when\n1,2025-01-31\n");
    chl_frame *out = (chl_frame *)&out;
    int64_t skipped;
    json_t *options =
        json_pack("{s:s,s:s,s:s}", "id", "id", "time", "when", "cutoffs", "2025-02-01");
    assert_error(chl_windows(log, NULL, options, NULL, &out, &skipped, &err),
                 "windows: option 'cutoffs': expected a list of dates or { from =, to =, "
                 "every = }, got a string");
    assert_null(out);
    json_decref(options);
    chl_frame_release(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(fails),
    };
    return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
