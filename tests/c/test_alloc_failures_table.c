/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n for the verbs of tables: cleaning, reshaping, groups, joins, windows
 * (fail_at_each.h).
 */
#include "table_fixture.h"

#include "alloc_fixture.h"
#include "core/data/group.h"
#include "core/table/aggregate.h"
#include "core/table/asof.h"
#include "core/table/clean.h"
#include "core/table/corr.h"
#include "core/table/cut.h"
#include "core/table/duplicates.h"
#include "core/table/fold.h"
#include "core/table/join.h"
#include "core/table/poison.h"
#include "core/table/profile.h"
#include "core/table/reshape.h"
#include "core/table/stack.h"
#include "core/table/windows.h"

static const char text[] = "g,t,x,y\na, q ,1,0.5\nb,2,,1.5\n,3,3,\na,,2,9\n";

/* The frame of a text, made while every allocation succeeds. */
static chl_frame *example(const char *csv, const char *category)
{
    long saved = until_failure;
    until_failure = -1;
    chl_frame *frame = frame_of(csv, category);
    until_failure = saved;
    return frame;
}

/* Releases what a step made and goes on while all is well. */
#define STEP(made, release, call)                                                        \
    do {                                                                                 \
        if (status == CHL_OK) {                                                          \
            status = (call);                                                             \
        }                                                                                \
        release(made);                                                                   \
        (made) = NULL;                                                                   \
    } while (0)

static chl_status run_cleaning(chl_error *err)
{
    static const char *const keys[] = {"g"}, *const labels[] = {"low", "high"};
    static const double edges[] = {0, 2, 5};
    chl_frame *f = example(text, "g"), *map = example("from,to\na,z\nNA,b\n", "to");
    chl_column *g = column_of(f, "g"), *t = column_of(f, "t"), *x = column_of(f, "x");
    chl_column *from = column_of(map, "from"), *to = column_of(map, "to"), *out = NULL;
    chl_expr *mean = NULL;
    int64_t count;
    chl_status status = chl_expr_parse("mean(y)", &mean, err);
    STEP(out, chl_column_release, chl_column_replace(g, from, to, &out, err));
    STEP(out, chl_column_release, chl_column_replace(t, from, from, &out, err));
    STEP(out, chl_column_release, chl_column_replace(x, x, x, &out, err));
    STEP(out, chl_column_release, chl_column_carry(x, f, keys, 1, false, 0, &out, err));
    STEP(out, chl_column_release, chl_column_fill(x, f, keys, 1, mean, NULL, &out, err));
    STEP(out, chl_column_release, chl_column_trim(g, &out, err));
    STEP(out, chl_column_release, chl_column_trim(t, &out, err));
    STEP(out, chl_column_release, chl_column_infer(t, &out, err));
    STEP(out, chl_column_release, chl_column_cast_lossy(t, CHL_BOOL, &out, &count, err));
    STEP(out, chl_column_release,
         chl_column_cut(x, "cut", edges, 3, true, true, labels, &out, err));
    if (status == CHL_OK) {
        status = chl_column_differences(g, t, &count, err);
    }
    chl_expr_release(mean);
    chl_frame_release(f);
    chl_frame_release(map);
    return status;
}

static void cleaning(void **state)
{
    (void)state;
    fail_at_each("cleaning", run_cleaning);
}

static chl_status run_reshaping(chl_error *err)
{
    static const char *const g[] = {"g"}, *const t[] = {"t"}, *const xy[] = {"x", "y"};
    const chl_names by_g = {g, 1}, by_t = {t, 1}, values = {xy, 2};
    chl_frame *f = example(text, "g"), *other = example("y,g\n1,q\n", NULL), *out = NULL;
    const chl_frame *frames[] = {f, other};
    chl_profile profile;
    chl_status status = chl_frames_stack(frames, 2, NULL, &out, err);
    chl_frame_release(out);
    out = NULL;
    STEP(out, chl_frame_release, chl_frame_spread(f, by_g, by_t, values, &out, err));
    STEP(out, chl_frame_release, chl_frame_melt(f, by_g, values, "n", "v", &out, err));
    STEP(out, chl_frame_release,
         chl_frame_crosstab(f, "g", "t", CHL_OF_ROW, true, &out, err));
    STEP(out, chl_frame_release,
         chl_frame_crosstab(f, "g", "g", CHL_COUNTS, false, &out, err));
    STEP(out, chl_frame_release, chl_frame_corr(f, xy, 2, CHL_SPEARMAN, NULL, &out, err));
    if (status == CHL_OK) {
        status = chl_column_profile(column_of(f, "y"), &profile, err);
    }
    chl_frame_release(f);
    chl_frame_release(other);
    return status;
}

static void reshaping(void **state)
{
    (void)state;
    fail_at_each("reshaping", run_reshaping);
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

static const char windows_options[] =
    "{\"id\":\"customer\",\"time\":\"when\",\"known\":\"loaded\",\"value\":\"paid\","
    "\"category\":\"type\",\"cutoffs\":[\"2025-02-01\",\"2025-03-01\"],"
    "\"lookback\":[30,\"all\"],\"customers\":{\"start\":\"when\"},"
    "\"sequence\":{\"steps\":2,\"times\":[\"age\"]},"
    "\"outcome\":{\"kind\":\"event\",\"where\":\"type == 'y'\",\"within\":9}}";

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleaning),   cmocka_unit_test(reshaping),
        cmocka_unit_test(groups),     cmocka_unit_test(folds),
        cmocka_unit_test(windows),    cmocka_unit_test(poisons),
        cmocka_unit_test(joins),      cmocka_unit_test(asof_join),
        cmocka_unit_test(duplicates),
    };
    return cmocka_run_group_tests_name("alloc_failures_table", tests, NULL, NULL);
}
