/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n: each scenario runs with the first, the second, the third … allocation
 * failing, until it succeeds (fail_at_each.h).
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/io/column_file.h"
#include "core/io/csv.h"
#include "core/data/group.h"
#include "core/data/split.h"
#include "core/table/aggregate.h"
#include "core/table/asof.h"
#include "core/table/duplicates.h"
#include "core/table/join.h"
#include "core/table/fold.h"
#include "core/table/poison.h"
#include "core/table/windows.h"
#include "core/data/row_hash.h"
#include "core/train/train.h"
#include "core/layers/trees.h"
#include "core/prep/prep.h"
#include "core/prep/resample.h"
#include "core/explain/shapley.h"
#include "core/metrics/calibration.h"
#include "core/metrics/logistic.h"
#include "core/metrics/scores.h"
#include "core/model/bundle.h"
#include "core/model/explain.h"
#include "core/model/reasons.h"
#include "core/sql/sql.h"
#include "fail_at_each.h"
#include "model_fixture.h"

static const char csv_text[] = "id,age,plan,when,active\r\n"
                               "1,42,\"a, b\",2026-01-31,true\r\n"
                               "2,,basic,,false\r\n"
                               "3,17.5,\"say \"\"hi\"\"\",2024-02-29,\r\n";

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

/* The frame of csv_text, made while every allocation succeeds. */
static chl_frame *example_frame(void)
{
    chl_frame *frame = NULL;
    long saved = until_failure;
    until_failure = -1;
    assert_ok(
        chl_csv_read_bytes(csv_text, sizeof csv_text - 1, "test", NULL, &frame, &err));
    until_failure = saved;
    return frame;
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

static chl_status run_groups(chl_error *err)
{
    static const char *const keys[] = {"plan", "active"}, *const names[] = {"n", "mean"};
    chl_frame *frame = example_frame(), *result = NULL;
    chl_expr *exprs[2] = {NULL, NULL};
    chl_status status = chl_expr_parse("count()", &exprs[0], err);
    if (status == CHL_OK) {
        status = chl_expr_parse("sum(age) / count()", &exprs[1], err);
    }
    if (status == CHL_OK) {
        status = chl_frame_aggregate(frame, keys, 2, names, exprs, 2, NULL, &result, err);
    }
    chl_frame_release(result);
    chl_expr_release(exprs[0]);
    chl_expr_release(exprs[1]);
    chl_frame_release(frame);
    return status;
}

static void groups(void **state)
{
    (void)state;
    fail_at_each("groups", run_groups);
}

static const char windows_log[] = "customer,when,loaded,type,paid\n"
                                  "a,2025-01-01,2025-01-01,x,1\n"
                                  "b,2025-01-05,2025-03-01,y,2\n"
                                  "a,2025-02-01,2025-02-01,y,3\n";
static const char windows_options[] =
    "{\"id\":\"customer\",\"time\":\"when\",\"known\":\"loaded\",\"value\":\"paid\","
    "\"category\":\"type\",\"cutoffs\":[\"2025-02-01\",\"2025-03-01\"],"
    "\"lookback\":[30,\"all\"],\"customers\":{\"start\":\"when\"},"
    "\"sequence\":{\"steps\":2,\"times\":[\"age\"]},"
    "\"outcome\":{\"kind\":\"event\",\"where\":\"type == 'y'\",\"within\":9}}";

static chl_frame *event_log(void)
{
    chl_frame *log = NULL;
    long saved = until_failure;
    until_failure = -1;
    assert_ok(
        chl_csv_read_bytes(windows_log, sizeof windows_log - 1, "log", NULL, &log, &err));
    until_failure = saved;
    return log;
}

static chl_status run_windows(chl_error *err)
{
    chl_frame *log = event_log(), *out = NULL;
    json_t *options = json_loads(windows_options, 0, NULL);
    int64_t skipped;
    chl_status status = chl_windows(log, log, options, NULL, &out, &skipped, err);
    if (status == CHL_OK) {
        chl_frame_release(out);
        status = chl_windows(log, NULL, options, NULL, &out, &skipped, err);
    }
    chl_frame_release(out);
    chl_frame_release(log);
    json_decref(options);
    return status;
}

static void windows(void **state)
{
    (void)state;
    fail_at_each("windows", run_windows);
}

static chl_status run_poison(chl_error *err)
{
    chl_frame *log = event_log(), *out = NULL;
    chl_poison poison = {.id = "customer",
                         .time = "when",
                         .known = "loaded",
                         .cutoff = "2025-02-01",
                         .mode = CHL_POISON_ALTER};
    chl_status status = chl_poison_events(log, &poison, NULL, &out, err);
    int64_t differing, first;
    if (status == CHL_OK) {
        const chl_column *ids = chl_frame_column(log, "customer");
        status = chl_column_compare(ids, ids, 0, &differing, &first, err);
    }
    chl_frame_release(out);
    chl_frame_release(log);
    return status;
}

static void poisons(void **state)
{
    (void)state;
    fail_at_each("poison", run_poison);
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

static chl_status fold_twice(const chl_frame *frame, chl_expr *const *exprs,
                             chl_error *err)
{
    static const char *const keys[] = {"plan"}, *const names[] = {"a", "b", "c"};
    chl_fold *fold = NULL;
    chl_frame *result = NULL;
    CHL_TRY(chl_fold_new(frame, keys, 1, names, exprs, 3, &fold, err));
    chl_status status = chl_fold_add(fold, frame, NULL, err);
    if (status == CHL_OK) {
        status = chl_fold_add(fold, frame, NULL, err);
    }
    if (status == CHL_OK) {
        status = chl_fold_result(fold, NULL, &result, err);
    }
    chl_frame_release(result);
    chl_fold_free(fold);
    return status;
}

static chl_status run_folds(chl_error *err)
{
    static const char *const texts[] = {"sum(age) / count()", "last(plan)",
                                        "std(age) + n_distinct(active)"};
    chl_frame *frame = example_frame();
    chl_expr *exprs[3] = {NULL, NULL, NULL};
    chl_status status = CHL_OK;
    for (int i = 0; i < 3 && status == CHL_OK; i++) {
        status = chl_expr_parse(texts[i], &exprs[i], err);
    }
    if (status == CHL_OK) {
        status = fold_twice(frame, exprs, err);
    }
    for (int i = 0; i < 3; i++) {
        chl_expr_release(exprs[i]);
    }
    chl_frame_release(frame);
    return status;
}

static void folds(void **state)
{
    (void)state;
    fail_at_each("folds", run_folds);
}

/* ---- joins ---- */

static chl_status run_join(chl_join_how how, chl_error *err)
{
    static const char *const left_on[] = {"plan", "id"}, *const right_on[] = {"plan",
                                                                              "age"};
    chl_join_options options = {.how = how, .left_suffix = "_x", .right_suffix = "_y"};
    chl_frame *frame = example_frame(), *other = example_frame(), *out = NULL;
    chl_status status =
        chl_frame_join(frame, other, left_on, right_on, 2, &options, NULL, &out, err);
    chl_frame_release(out);
    if (status == CHL_OK) {
        status =
            chl_frame_join(frame, other, left_on, left_on, 1, &options, NULL, &out, err);
        chl_frame_release(out);
    }
    chl_frame_release(frame);
    chl_frame_release(other);
    return status;
}

static chl_status run_joins(chl_error *err)
{
    CHL_TRY(run_join(CHL_JOIN_LEFT, err));
    CHL_TRY(run_join(CHL_JOIN_FULL, err));
    return run_join(CHL_JOIN_ANTI, err);
}

static void joins(void **state)
{
    (void)state;
    fail_at_each("joins", run_joins);
}

static chl_status run_asof_join(chl_error *err)
{
    static const char *const on[] = {"plan"};
    chl_asof_options options = {.left_time = "when", .right_time = "when"};
    chl_frame *frame = example_frame(), *out = NULL;
    chl_status status =
        chl_frame_asof_join(frame, frame, on, on, 1, &options, NULL, &out, err);
    chl_frame_release(out);
    chl_frame_release(frame);
    return status;
}

static void asof_join(void **state)
{
    (void)state;
    fail_at_each("asof_join", run_asof_join);
}

static chl_status run_duplicates(chl_error *err)
{
    static const char *const names[] = {"plan", "active"};
    chl_frame *frame = example_frame();
    chl_status status = CHL_OK;
    for (int round = 0; round < 6 && status == CHL_OK; round++) {
        chl_column *stays = NULL;
        status =
            chl_frame_unrepeated(frame, names, round < 3 ? 2 : 0, (chl_keep)(round % 3),
                                 round % 2 ? "when" : NULL, NULL, &stays, err);
        chl_column_release(stays);
    }
    chl_frame_release(frame);
    return status;
}

static void duplicates(void **state)
{
    (void)state;
    fail_at_each("duplicates", run_duplicates);
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

/* ---- metrics and explanations ---- */

static const double labels[] = {0, 1, 0, 1, 1, 0};
static const double guesses[] = {.1, .7, .4, .3, .9, .2};

static chl_status run_metrics(chl_error *err)
{
    chl_scores low, high;
    double auc;
    chl_logistic model;
    CHL_TRY(chl_roc_auc(labels, guesses, 6, &auc, err));
    CHL_TRY(chl_scores_compute(labels, guesses, 6, 0.5, &low, err));
    CHL_TRY(chl_scores_bootstrap_difference(labels, guesses, guesses, 6, 0.5, 3, 1, NULL,
                                            &low, &high, err));
    CHL_TRY(chl_scores_bootstrap(labels, guesses, 6, 0.5, 3, 1, NULL, &low, &high, err));
    static const double kinds[] = {0, 1, 2, 0, 1, 2};
    chl_logistic_options two = {.l1 = 0.1, .l2 = 1}, three = {.l2 = 1, .classes = 3};
    CHL_TRY(chl_logistic_fit(guesses, labels, 6, 1, &two, NULL, &model, err));
    chl_logistic_reset(&model);
    CHL_TRY(chl_logistic_fit(guesses, kinds, 6, 1, &three, NULL, &model, err));
    chl_logistic_reset(&model);
    return CHL_OK;
}

/* Two trees: as nodes, as a net, as nodes again. */
static chl_status run_trees(chl_error *err)
{
    static const float trees[] = {0, 0, 1, 3, 0, 0}, base[] = {0.5f};
    static const float nodes[] = {0, 1, 1, 0, -1, 0, 0, 2, -1, 0, 0, 3, -1, 0, 0, 4};
    chl_forest f;
    chl_net *net = NULL;
    double p;
    CHL_TRY(chl_forest_init(&f, 1, 1, 2, 4, err));
    chl_status status = chl_forest_load(&f, trees, nodes, base, err);
    if (status == CHL_OK) {
        status = chl_net_from_forest(&f, &net, err);
    }
    if (status == CHL_OK) {
        status = chl_net_check_numbers(net, err);
    }
    if (status == CHL_OK) {
        status = chl_net_predict(net, guesses, 1, &p, err);
    }
    chl_net_free(net);
    chl_forest_reset(&f);
    return status;
}

static void trees(void **state)
{
    (void)state;
    fail_at_each("trees", run_trees);
}

static void metrics(void **state)
{
    (void)state;
    fail_at_each("metrics", run_metrics);
}

static chl_status run_calibrations(chl_error *err)
{
    static const char *const methods[] = {"platt", "isotonic"};
    for (int i = 0; i < 2; i++) {
        chl_calibration *made = NULL, *read = NULL;
        json_t *json = NULL;
        CHL_TRY(chl_calibration_fit(methods[i], labels, guesses, 6, &made, err));
        chl_status status = chl_calibration_to_json(made, &json, err);
        if (status == CHL_OK) {
            status = chl_calibration_from_json(json, &read, err);
        }
        json_decref(json);
        chl_calibration_free(made);
        chl_calibration_free(read);
        CHL_TRY(status);
    }
    return CHL_OK;
}

static void calibrations(void **state)
{
    (void)state;
    fail_at_each("calibrations", run_calibrations);
}

static chl_status count_players(void *ctx, const uint64_t *sets, int64_t n,
                                double *values, chl_error *err)
{
    (void)ctx, (void)err;
    for (int64_t k = 0; k < n; k++) {
        values[k] = (double)(sets[k] % 5);
    }
    return CHL_OK;
}

static chl_status run_shapley(chl_error *err)
{
    chl_game game = {14, count_players, NULL};
    chl_shapley_options few = {.samples = 60}, all = {.exact_limit = 14};
    chl_shapley out;
    CHL_TRY(chl_shapley_compute(&game, &few, NULL, &out, err));
    return chl_shapley_compute(&game, &all, NULL, &out, err);
}

static void shapley(void **state)
{
    (void)state;
    fail_at_each("shapley", run_shapley);
}

static const char *const prep_steps[] = {
    "[{\"step\":\"derive\",\"columns\":[[\"old\",\"age > 30 or plan == 'basic'\"]]},"
    "{\"step\":\"impute\",\"flag\":true},{\"step\":\"clip\",\"quantile\":[0.1,0.9]},"
    "{\"step\":\"ordinal\",\"columns\":[\"plan\"]},{\"step\":\"drop\",\"columns\":["
    "\"when\"]},"
    "{\"step\":\"scale\"}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\"]},{\"step\":\"impute\"},"
    "{\"step\":\"target_encode\",\"folds\":2,\"columns\":[\"plan\"]},"
    "{\"step\":\"scale\",\"method\":\"robust\",\"columns\":[\"age\"]}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\"]},{\"step\":\"impute\"},"
    "{\"step\":\"onehot\",\"min_count\":2,\"unseen\":\"other\"},"
    "{\"step\":\"scale\",\"method\":\"minmax\"}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\",\"plan\"]},"
    "{\"step\":\"impute\"},{\"step\":\"quantile\"},"
    "{\"step\":\"piecewise\",\"columns\":[\"age\"],\"min_rows\":1},"
    "{\"step\":\"piecewise\",\"bins\":\"quantile\",\"max_bins\":3}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\",\"plan\"]},{\"step\":"
    "\"impute\"},"
    "{\"step\":\"derive\",\"columns\":[[\"seq_1_x\",\"age\"],[\"seq_length\",\"age * 0 + "
    "1\"]]},"
    "{\"step\":\"sequence\",\"log\":[\"x\"]}]",
};

static chl_status fit_and_transform(chl_prep *prep, const json_t *steps,
                                    const chl_frame *frame, chl_error *err)
{
    chl_matrix x;
    chl_strbuf text = {0};
    for (size_t i = 0; i < json_array_size(steps); i++) {
        CHL_TRY(chl_prep_add(prep, json_array_get(steps, i), err));
    }
    CHL_TRY(chl_prep_fit_transform(prep, frame, &x, err));
    chl_matrix_reset(&x);
    CHL_TRY(chl_prep_transform(prep, frame, &x, NULL, err));
    chl_matrix_reset(&x);
    chl_status status = chl_prep_describe(prep, &text, err);
    chl_strbuf_reset(&text);
    return status;
}

static chl_status save_and_load(const chl_prep *prep, chl_error *err)
{
    json_t *json = NULL;
    chl_prep *back = NULL;
    chl_frame *schema = NULL;
    CHL_TRY(chl_prep_to_json(prep, &json, err));
    chl_status status = chl_prep_from_json(json, &back, err);
    if (status == CHL_OK) {
        status = chl_prep_schema(back, &schema, err);
    }
    chl_frame_release(schema);
    chl_prep_free(back);
    json_decref(json);
    return status;
}

/* With the target that target_encode wants. */
static chl_frame *target_frame(void)
{
    chl_frame *frame = example_frame(), *asked = NULL;
    long saved = until_failure;
    until_failure = -1;
    assert_ok(chl_frame_with_roles(frame, "id", "3", NULL, &asked, &err));
    until_failure = saved;
    chl_frame_release(frame);
    return asked;
}

static chl_status run_steps(const char *text, chl_error *err)
{
    chl_prep *prep = NULL;
    chl_frame *frame = target_frame();
    json_t *steps = json_loads(text, 0, NULL);
    chl_status status = chl_prep_new(&prep, err);
    if (status == CHL_OK) {
        status = fit_and_transform(prep, steps, frame, err);
    }
    if (status == CHL_OK) {
        status = save_and_load(prep, err);
    }
    chl_prep_free(prep);
    chl_frame_release(frame);
    json_decref(steps);
    return status;
}

static chl_status run_prep(chl_error *err)
{
    for (size_t i = 0; i < sizeof prep_steps / sizeof prep_steps[0]; i++) {
        CHL_TRY(run_steps(prep_steps[i], err));
    }
    return CHL_OK;
}

static void preps(void **state)
{
    (void)state;
    fail_at_each("prep", run_prep);
}

/* ---- nets ---- */

static const char net_spec[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":3,\"activation\":\"gelu\",\"l2\":0.01},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dropout\",\"rate\":0.2},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
static const char sequence_spec[] =
    "{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,1]},"
    "{\"type\":\"dense\",\"units\":2},{\"type\":\"position\"},"
    "{\"type\":\"transformer\",\"heads\":1,\"units\":2,\"dropout\":0.1},"
    "{\"type\":\"lstm\",\"units\":2,\"return_sequences\":true},"
    "{\"type\":\"gru\",\"units\":2},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
static const char train_options[] =
    "{\"epochs\":2,\"batch\":3,\"clip_norm\":1,\"loss\":{\"type\":\"bce\","
    "\"class_weight\":\"balanced\"},\"early_stop\":{\"patience\":1},"
    "\"schedules\":[{\"type\":\"reduce_lr\"},{\"type\":\"step\",\"every\":1}]}";

static chl_status train_and_predict(chl_net *net, const json_t *options, chl_error *err)
{
    chl_dataset data = {.x = guesses, .y = labels, .n = 6};
    chl_history history = {0};
    chl_net *copy = NULL;
    json_t *spec = NULL;
    double p[6];
    CHL_TRY(chl_train(&net, 1, &data, &data, options, NULL, NULL, NULL, &history, err));
    chl_history_reset(&history);
    CHL_TRY(chl_net_spec(net, &spec, err));
    json_decref(spec);
    CHL_TRY(chl_net_clone(net, &copy, err));
    chl_status status = chl_net_predict(copy, guesses, 6, p, err);
    chl_net_free(copy);
    return status;
}

/* All that a member may hold, a checkpoint that is written and one that is read. */
static const char life_options[] =
    "{\"epochs\":2,\"batch\":3,\"mixup\":0.2,\"swap_noise\":0.1,\"ema\":0.5,"
    "\"early_stop\":{\"patience\":1},\"optimizer\":{\"type\":\"muon\"},"
    "\"memory_limit\":1e9,\"checkpoint\":{\"path\":\"/tmp/churnlab-alloc.ckpt\","
    "\"every\":1}}";

static chl_status run_training_life(chl_error *err)
{
    chl_net *net = NULL;
    chl_history history = {0};
    chl_dataset data = {.x = guesses, .y = labels, .n = 6};
    json_t *spec = json_loads(net_spec, 0, NULL);
    json_t *options = json_loads(life_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    for (int i = 0; status == CHL_OK && i < 2; i++) {
        status =
            chl_train(&net, 1, &data, &data, options, NULL, NULL, NULL, &history, err);
        chl_history_reset(&history);
        json_object_set_new(options, "resume", json_string("/tmp/churnlab-alloc.ckpt"));
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static chl_status run_net(const char *text, chl_error *err)
{
    chl_net *net = NULL;
    json_t *spec = json_loads(text, 0, NULL);
    json_t *options = json_loads(train_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    if (status == CHL_OK) {
        status = train_and_predict(net, options, err);
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static chl_status run_nets(chl_error *err)
{
    return run_net(net_spec, err);
}

static chl_status run_sequences(chl_error *err)
{
    return run_net(sequence_spec, err);
}

static const char heads_spec[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":2,\"name\":\"trunk\"},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"name\":\"a\"},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"name\":\"b\","
    "\"from\":\"trunk\"}],\"heads\":[\"a\",\"b\"]}";
static const char heads_options[] =
    "{\"epochs\":1,\"losses\":{\"a\":{\"class_weight\":\"balanced\"},"
    "\"b\":{\"type\":\"lua\",\"check\":true}}}";

static chl_status half_of_z(void *ctx, chl_custom_batch *b, chl_error *err)
{
    (void)ctx;
    (void)err;
    b->sum = 0;
    for (int64_t i = 0; i < b->rows; i++) {
        b->sum += b->w[i] * b->z[i] / 2;
        b->g[i] = b->w[i] / 2;
    }
    return CHL_OK;
}

static chl_status train_and_prune(chl_net *net, const json_t *options, chl_error *err)
{
    double both[12];
    for (int i = 0; i < 12; i++) {
        both[i] = labels[i / 2];
    }
    chl_dataset data = {.x = guesses, .y = both, .n = 6, .labels = 2};
    chl_train_task task = {.nets = &net,
                           .members = 1,
                           .train = data,
                           .valid = &data,
                           .options = options,
                           .custom = half_of_z};
    chl_history history = {0};
    chl_net *pruned = NULL;
    CHL_TRY(chl_train_all(&task, 1, NULL, NULL, NULL, &history, err));
    chl_history_reset(&history);
    chl_status status = chl_net_prune(net, "b", &pruned, err);
    chl_net_free(pruned);
    return status;
}

static chl_status run_heads(chl_error *err)
{
    chl_net *net = NULL;
    json_t *spec = json_loads(heads_spec, 0, NULL);
    json_t *options = json_loads(heads_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    if (status == CHL_OK) {
        status = train_and_prune(net, options, err);
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static void heads(void **state)
{
    (void)state;
    fail_at_each("heads", run_heads);
}

static void nets(void **state)
{
    (void)state;
    fail_at_each("nets", run_nets);
    fail_at_each("sequences", run_sequences);
    fail_at_each("training's life", run_training_life);
    remove("/tmp/churnlab-alloc.ckpt");
}

/* ---- models ---- */

static chl_frame *few;  /* customers */
static chl_model *tiny; /* fitted on them while every allocation succeeds */

static chl_status score_and_explain(const chl_model *model, chl_error *err)
{
    double p[8], phi[8];
    chl_explainer *explainer = NULL;
    chl_frame *one = NULL, *texts = NULL, *names = NULL;
    CHL_TRY(chl_model_score(model, few, NULL, p, NULL, err));
    CHL_TRY(chl_frame_slice(few, 3, 1, &one, err));
    chl_status status =
        chl_explainer_new(model, one, CHL_EXPLAIN_POSITIVE, &explainer, err);
    if (status == CHL_OK) {
        status = chl_explainer_rows(explainer, one, NULL, NULL, phi, err);
    }
    if (status == CHL_OK) {
        status = chl_reasons_make(model, one, phi, 2, &texts, &names, err);
    }
    chl_frame_release(one);
    chl_frame_release(texts);
    chl_frame_release(names);
    chl_explainer_free(explainer);
    return status;
}

static chl_status run_model(chl_error *err)
{
    chl_strbuf bytes = {0};
    chl_model *model = NULL;
    chl_status status = chl_bundle_format(tiny, &bytes, err);
    if (status == CHL_OK) {
        status = chl_bundle_parse((const unsigned char *)bytes.data, bytes.length, "m",
                                  &model, err);
    }
    if (status == CHL_OK) {
        status = chl_model_calibrate(model, few, "platt", NULL, err);
    }
    if (status == CHL_OK) {
        status = score_and_explain(model, err);
    }
    chl_model_release(model);
    chl_strbuf_reset(&bytes);
    return status;
}

static void models(void **state)
{
    (void)state;
    few = make_customers(8, 1);
    tiny = make_model_of(few, FIXTURE_NORM, 1, true);
    fail_at_each("model", run_model);
    chl_model_release(tiny);
    chl_frame_release(few);
}

static chl_status run_resampling(chl_error *err)
{
    double data[] = {0, 1, 2, 0, 3, 1, 4, 0, 5, 1, 6, 0, 7, 1},
           y[] = {0, 0, 0, 0, 1, 1, 1};
    chl_matrix x = {.rows = 7, .cols = 2, .data = data};
    static const char text[] = "[{\"type\":\"smote_nc\",\"k\":2},{\"type\":\"under\"}]";
    long saved = until_failure;
    until_failure = -1;
    json_t *steps = json_loads(text, 0, NULL);
    until_failure = saved;
    chl_resampled made;
    chl_status status = chl_resample(&x, y, NULL, steps, 1, NULL, &made, err);
    chl_resampled_reset(&made);
    json_decref(steps);
    return status;
}

static void resampling(void **state)
{
    (void)state;
    fail_at_each("resampling", run_resampling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),
        cmocka_unit_test(preps),
        cmocka_unit_test(column_files),
        cmocka_unit_test(folds),
        cmocka_unit_test(ordered),
        cmocka_unit_test(csv_writer),
        cmocka_unit_test(expressions),
        cmocka_unit_test(groups),
        cmocka_unit_test(metrics),
        cmocka_unit_test(trees),
        cmocka_unit_test(calibrations),
        cmocka_unit_test(shapley),
        cmocka_unit_test(row_uniform),
        cmocka_unit_test(nets),
        cmocka_unit_test(heads),
        cmocka_unit_test(windows),
        cmocka_unit_test(splits),
        cmocka_unit_test(poisons),
        cmocka_unit_test(models),
        cmocka_unit_test(sqlite),
        cmocka_unit_test(joins),
        cmocka_unit_test(asof_join),
        cmocka_unit_test(roles_and_reading),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(sort),
        cmocka_unit_test(resampling),
    };
    return cmocka_run_group_tests_name("alloc_failures", tests, NULL, NULL);
}
