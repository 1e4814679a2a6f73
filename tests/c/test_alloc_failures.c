/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n: each scenario runs with the first, the second, the third … allocation
 * failing, until it succeeds (fail_at_each.h). Here: files, expressions, frames,
 * databases.
 */
#include "alloc_fixture.h"

#include <stdio.h>

#include "core/data/row_hash.h"
#include "core/data/split.h"
#include "core/expr/expr.h"
#include "core/io/column_file.h"
#include "core/sql/sql.h"

static chl_status read_and_write_csv(chl_error *err)
{
    chl_frame *frame = NULL;
    chl_strbuf out = {0};
    CHL_TRY(chl_csv_read_bytes(csv_text, sizeof csv_text - 1, "test", NULL, &frame, err));
    chl_status status = chl_csv_format(frame, ',', &out, err);
    chl_strbuf_reset(&out);
    chl_frame_release(frame);
    return status;
}

static void csv(void **state)
{
    (void)state;
    fail_at_each("csv", read_and_write_csv);
}

static chl_status write_and_read_columns(chl_error *err)
{
    static const char path[] = "/tmp/churnlab_alloc_failures.columns";
    chl_frame *frame = example_frame(), *back = NULL, *chunk = NULL;
    chl_column_file *file = NULL;
    chl_status status = chl_column_file_write(frame, path, NULL, err);
    chl_frame_release(frame);
    if (status == CHL_OK) {
        status = chl_column_file_read(path, NULL, &back, err);
    }
    if (status == CHL_OK) {
        status = chl_column_file_open(path, &file, err);
    }
    if (status == CHL_OK) {
        status = chl_column_file_next(file, 100, &chunk, err);
    }
    remove(path);
    chl_column_file_close(file);
    chl_frame_release(back);
    chl_frame_release(chunk);
    return status;
}

static chl_status write_csv_in_portions(chl_error *err)
{
    static const char path[] = "/tmp/churnlab_alloc_failures.csv";
    chl_frame *frame = example_frame();
    chl_csv_writer *writer = NULL;
    chl_status status = chl_csv_writer_open(path, ',', &writer, err);
    for (int i = 0; i < 2 && status == CHL_OK; i++) {
        status = chl_csv_writer_put(writer, frame, err);
    }
    if (status == CHL_OK) {
        status = chl_csv_writer_commit(writer, err);
    }
    chl_csv_writer_close(writer);
    remove(path);
    chl_frame_release(frame);
    return status;
}

static void csv_writer(void **state)
{
    (void)state;
    fail_at_each("csv writer", write_csv_in_portions);
}

static void column_files(void **state)
{
    (void)state;
    fail_at_each("column files", write_and_read_columns);
}

static chl_status evaluate(const char *text, const chl_frame *frame, chl_error *err)
{
    chl_expr *expr = NULL;
    chl_column *column = NULL;
    CHL_TRY(chl_expr_parse(text, &expr, err));
    chl_status status = chl_expr_eval(expr, frame, NULL, &column, err);
    chl_column_release(column);
    chl_expr_release(expr);
    return status;
}

static chl_status evaluate_over(const char *text, const chl_frame *frame,
                                const chl_over *over, chl_error *err)
{
    chl_expr *expr = NULL;
    chl_column *column = NULL;
    CHL_TRY(chl_expr_parse(text, &expr, err));
    chl_status status = chl_expr_eval_over(expr, frame, over, NULL, &column, err);
    chl_column_release(column);
    chl_expr_release(expr);
    return status;
}

static chl_status run_ordered(chl_error *err)
{
    static const char *const texts[] = {
        "lag(plan, 1, 'none') .. lead(id)",
        "rank() + dense_rank(age, 'desc')",
        "cumsum(id) / cumcount(age)",
        "ffill(plan)",
        "cummax(when)",
        "rolling_min(age, 2, 1)",
        "rolling_std(age, days(900))",
        "rolling_median(age, 3, 1)",
        "rolling_sum(id, 2) + rolling_sum(age, 2, 0)",
        "first(plan) .. mode(plan)",
        "id / sum(id) + wmean(age, id)",
        "pct_change(age) + diff(when)",
    };
    static const char *const key = "active", *const by[] = {"when", "id"};
    static const bool rising[] = {false, false};
    chl_frame *frame = example_frame();
    chl_over over = {0};
    chl_status status = chl_over_init(&over, frame, &key, 1, by, rising, 2, NULL, err);
    for (size_t i = 0; status == CHL_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = evaluate_over(texts[i], frame, &over, err);
    }
    chl_over_reset(&over);
    chl_frame_release(frame);
    return status;
}

static void ordered(void **state)
{
    (void)state;
    fail_at_each("ordered", run_ordered);
}

static chl_status run_expressions(chl_error *err)
{
    static const char *const texts[] = {
        "log(age + 1) / coalesce(age, 3) > 0.5 and not (plan == 'basic')",
        "upper(plan) .. '!'",
        "bin(age, 20, 40)",
        "if_else(is_na(when), 0, year(when)) - median(age)",
        "one_of(id, 1, 3) or between(age, 1, 2) or n_distinct(plan) == 2",
        "if_else(age > 20, 'old', lower(first(plan))) .. id",
        "coalesce(if_else(active, 'yes', 'no'), '?') == 'yes'",
        "max(when, '2020-01-01') .. '.'",
        "std(age) + sum(id) + mean(age - mean(age))",
        "parse_date(format_time(when, '%d/%m/%Y'), '%d/%m/%Y') == when",
        "date_trunc(add_months(when, id), 'month') .. timestamp(when)",
        "matches(plan, '%a+') or months_between(when, '2026-11-22') > 3",
    };
    chl_frame *frame = example_frame();
    chl_status status = CHL_OK;
    for (size_t i = 0; status == CHL_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = evaluate(texts[i], frame, err);
    }
    chl_frame_release(frame);
    return status;
}

static void expressions(void **state)
{
    (void)state;
    fail_at_each("expressions", run_expressions);
}

static chl_status read_with_roles(chl_error *err)
{
    static const char *const personal[] = {"plan"};
    const chl_roles roles = {
        .target = "active", .time = "when", .personal = personal, .personal_count = 1};
    chl_frame *frame = example_frame(), *with = NULL;
    chl_column *out = NULL, *bad = NULL;
    chl_status status = chl_frame_set_roles(frame, &roles, &with, err);
    if (status == CHL_OK) {
        status = chl_column_read(chl_frame_column(with, "plan"), CHL_TIMESTAMP, NULL,
                                 &out, &bad, err);
    }
    chl_column_release(out);
    chl_column_release(bad);
    chl_frame_release(with);
    chl_frame_release(frame);
    return status;
}

static void roles_and_reading(void **state)
{
    (void)state;
    fail_at_each("roles and reading", read_with_roles);
}
static chl_status run_splits(chl_error *err)
{
    static const double shares[] = {0.5, 0.5};
    chl_frame *log = event_log();
    int32_t part[3];
    int64_t starts[2];
    chl_status status = chl_split_groups(log, shares, 2, "customer", 1, part, err);
    if (status == CHL_OK) {
        status = chl_fold_groups(log, 2, "customer", NULL, 1, part, err);
    }
    if (status == CHL_OK) {
        status = chl_time_starts(log, "when", shares, 2, starts, err);
    }
    chl_frame_release(log);
    return status;
}

static void splits(void **state)
{
    (void)state;
    fail_at_each("splits", run_splits);
}

static chl_status run_sort(chl_error *err)
{
    static const char *const names[] = {"plan", "age", "id"};
    static const bool descending[] = {true, false, true};
    chl_frame *frame = example_frame(), *out = NULL;
    chl_status status = chl_frame_sort(frame, names, descending, 3, NULL, &out, err);
    chl_frame_release(out);
    chl_frame_release(frame);
    return status;
}

static void sort(void **state)
{
    (void)state;
    fail_at_each("sort", run_sort);
}

static chl_status run_row_uniform(chl_error *err)
{
    static const char *const names[] = {"id", "plan", "when"};
    chl_column *column = NULL;
    chl_frame *frame = example_frame();
    chl_status status = chl_frame_row_uniform(frame, names, 3, "salt", &column, err);
    chl_column_release(column);
    chl_frame_release(frame);
    return status;
}

static void row_uniform(void **state)
{
    (void)state;
    fail_at_each("row_uniform", run_row_uniform);
}

/* SQLite's own allocations succeed: its library is loaded beside the wrapped functions.
 */
static chl_status write_and_query(chl_sql *sql, const chl_frame *frame,
                                  const json_t *write_options, const json_t *read_options,
                                  chl_error *err)
{
    chl_frame *part = NULL;
    CHL_TRY(chl_sql_write(sql, frame, "t", write_options, NULL, err));
    CHL_TRY(chl_sql_write(sql, frame, "t", write_options, NULL, err));
    CHL_TRY(chl_sql_query(sql, "SELECT *, id + 1, age IS NULL AS a FROM t WHERE id < $1",
                          read_options, NULL, err));
    do {
        chl_frame_release(part);
        CHL_TRY(chl_sql_fetch(sql, 1, NULL, &part, err));
    } while (part);
    return chl_sql_execute(sql, "DELETE FROM t", NULL, NULL, NULL, err);
}

static chl_status run_sqlite(chl_error *err)
{
    chl_sql *sql = NULL;
    chl_frame *frame = example_frame();
    json_t *write_options = json_pack("{s:s, s:s}", "mode", "upsert", "key", "id");
    json_t *read_options =
        json_pack("{s:[i], s:{s:s}}", "params", 3, "types", "plan", "category");
    chl_status status = chl_sql_open("sqlite::memory:", false, NULL, &sql, err);
    if (status == CHL_OK) {
        status = write_and_query(sql, frame, write_options, read_options, err);
    }
    chl_sql_close(sql);
    json_decref(write_options);
    json_decref(read_options);
    chl_frame_release(frame);
    return status;
}

static void sqlite(void **state)
{
    (void)state;
    fail_at_each("sqlite", run_sqlite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),          cmocka_unit_test(csv_writer),
        cmocka_unit_test(column_files), cmocka_unit_test(expressions),
        cmocka_unit_test(ordered),      cmocka_unit_test(roles_and_reading),
        cmocka_unit_test(splits),       cmocka_unit_test(sort),
        cmocka_unit_test(row_uniform),  cmocka_unit_test(sqlite),
    };
    return cmocka_run_group_tests_name("alloc_failures", tests, NULL, NULL);
}
