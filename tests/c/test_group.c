/* SPDX-License-Identifier: MIT
 *
 * Groups and aggregates: small frames by hand, 5,000 rows against pandas
 * (tests/golden/group.py, whose generator is repeated here).
 */
#include "golden.h"

#include <stdio.h>

#include "core/base/strbuf.h"
#include "core/data/group.h"
#include "core/table/aggregate.h"
#include "expr_fixture.h"

static chl_frame *small; /* the fixture of five rows */

/* ---- small frames ---- */

static chl_expr *parse(const char *text)
{
    chl_expr *expr;
    assert_ok(chl_expr_parse(text, &expr, &err));
    return expr;
}

/* The cells of a frame, rows by ';', columns by '|'. */
static void expect_frame(const chl_frame *frame, const char *wanted)
{
    chl_strbuf out = {0};
    for (int64_t i = 0; i < frame->rows; i++) {
        for (int c = 0; c < frame->columns; c++) {
            const chl_column *column = frame->fields[c].column;
            chl_strbuf_puts(&out, c ? "|" : i ? ";" : "");
            if (chl_column_valid(column, i)) {
                chl_column_format(column, i, &out);
            } else {
                chl_strbuf_puts(&out, "NA");
            }
        }
    }
    assert_string_equal(out.data ? out.data : "", wanted);
    chl_strbuf_reset(&out);
}

static void numbers_by_first_appearance(void **state)
{
    (void)state;
    static const char *const country[] = {"Country"};
    static const char *const both[] = {"Active", "Country"};
    static const int64_t by_country[] = {0, 1, 2, 0, 3}, first[] = {0, 1, 2, 4};
    chl_groups groups;
    assert_ok(chl_groups_init(&groups, small, country, 1, NULL, &err));
    assert_int_equal(groups.count, 4);
    assert_memory_equal(groups.group, by_country, sizeof by_country);
    assert_memory_equal(groups.first, first, sizeof first);
    chl_groups_reset(&groups);
    chl_groups_reset(&groups);
    assert_ok(chl_groups_init(&groups, small, both, 2, NULL, &err));
    assert_int_equal(groups.count, 4);
    chl_groups_reset(&groups);
    assert_ok(chl_groups_init(&groups, small, NULL, 0, NULL, &err));
    assert_int_equal(groups.count, 1);
    chl_groups_reset(&groups);
}

static void sorted_with_missing_last(void **state)
{
    (void)state;
    static const char *const keys[] = {"Country"};
    static const char *const names[] = {"n", "age", "rest"};
    chl_expr *exprs[] = {parse("count()"), parse("mean(Age)"),
                         parse("sum((Age - mean(Age)) ^ 2) / count(Age)")};
    chl_frame *out;
    assert_ok(chl_frame_aggregate(small, keys, 1, names, exprs, 3, NULL, &out, &err));
    assert_string_equal(out->fields[0].name, "Country");
    assert_string_equal(out->fields[3].name, "rest");
    expect_frame(out, "France|2|17.5|600.25;Germany|1|60|0;Spain|1|NA|NA;NA|1|30|0");
    chl_frame_release(out);
    assert_ok(chl_frame_aggregate(small, NULL, 0, names, exprs, 2, NULL, &out, &err));
    expect_frame(out, "5|31.25");
    chl_frame_release(out);
    for (int i = 0; i < 3; i++) {
        chl_expr_release(exprs[i]);
    }
}

static void empty_groups(void **state)
{
    (void)state;
    static const char *const names[] = {"n", "sum", "mean", "any", "all", "first", "d"};
    static const char *const texts[] = {"count()",        "sum(Age)",    "mean(Age)",
                                        "any(Active)",    "all(Active)", "first(Name)",
                                        "n_distinct(Age)"};
    static const char *const keys[] = {"Country"};
    chl_expr *exprs[7];
    chl_frame *none, *out;
    assert_ok(chl_frame_slice(small, 0, 0, &none, &err));
    for (int i = 0; i < 7; i++) {
        exprs[i] = parse(texts[i]);
    }
    assert_ok(chl_frame_aggregate(none, NULL, 0, names, exprs, 7, NULL, &out, &err));
    expect_frame(out, "0|0|NA|false|true|NA|0");
    chl_frame_release(out);
    assert_ok(chl_frame_aggregate(none, keys, 1, names, exprs, 7, NULL, &out, &err));
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 8);
    chl_frame_release(out);
    for (int i = 0; i < 7; i++) {
        chl_expr_release(exprs[i]);
    }
    chl_frame_release(none);
}

static void errors(void **state)
{
    (void)state;
    static const char *const keys[] = {"Country"}, *const wrong[] = {"Contry"};
    static const char *const names[] = {"x"};
    chl_expr *bare = parse("Age + mean(Age)"), *good = parse("count()");
    chl_frame *out = (chl_frame *)&out;
    assert_error(chl_frame_aggregate(small, keys, 1, names, &bare, 1, NULL, &out, &err),
                 "aggregate 'x': expression \"Age + mean(Age)\": position 1: column "
                 "'Age' has many "
                 "values a group: expected an aggregate such as mean(Age) or first(Age)");
    assert_null(out);
    assert_error(chl_frame_aggregate(small, wrong, 1, names, &good, 1, NULL, &out, &err),
                 "group: unknown column 'Contry' (did you mean 'Country'?)");
    assert_error(chl_frame_aggregate(small, keys, 1, keys, &good, 1, NULL, &out, &err),
                 "group: the name 'Country' is used twice");
    chl_expr_release(bare);
    chl_expr_release(good);
}

/* ---- against pandas ---- */

static uint32_t draw(uint32_t *state)
{
    *state = (uint32_t)((*state * UINT64_C(1103515245) + 12345) % (UINT64_C(1) << 31));
    return *state >> 8;
}

enum { GOLDEN_COLUMNS = 7 };

static chl_status add_text(chl_builder *b, bool missing, const char *letter, uint32_t n)
{
    char text[16];
    int used = snprintf(text, sizeof text, "%s%u", letter, n);
    return missing ? chl_builder_null(b, NULL)
                   : chl_builder_text(b, text, (size_t)used, NULL);
}

static void add_row(chl_builder *b, uint32_t *state)
{
    uint32_t r[GOLDEN_COLUMNS];
    for (int i = 0; i < GOLDEN_COLUMNS; i++) {
        r[i] = draw(state);
    }
    assert_ok(add_text(&b[0], r[0] % 7 == 0, "R", r[0] % 5));
    assert_ok(chl_builder_i64(&b[1], r[1] % 3, NULL));
    assert_ok(r[2] % 11 == 0 ? chl_builder_null(&b[2], NULL)
                             : chl_builder_f64(&b[2], r[2] % 100000 / 7.0 - 5000, NULL));
    assert_ok(r[3] % 13 == 0 ? chl_builder_null(&b[3], NULL)
                             : chl_builder_i64(&b[3], r[3] % 50, NULL));
    assert_ok(add_text(&b[4], r[4] % 17 == 0, "n", r[4] % 200));
    assert_ok(chl_builder_bool(&b[5], r[5] % 4 == 0, NULL));
    assert_ok(chl_builder_days(&b[6], (int32_t)(10000 + r[6] % 5000), NULL));
}

static chl_frame *golden_frame(int64_t rows)
{
    static const char *const names[] = {"Region", "Plan",  "Spend", "Visits",
                                        "Name",   "Churn", "Since"};
    static const chl_type types[] = {CHL_CATEGORY, CHL_I64,  CHL_F64, CHL_I64,
                                     CHL_STRING,   CHL_BOOL, CHL_DATE};
    chl_builder builders[GOLDEN_COLUMNS];
    chl_column *columns[GOLDEN_COLUMNS];
    chl_frame *frame;
    uint32_t state = 12345;
    for (int i = 0; i < GOLDEN_COLUMNS; i++) {
        assert_ok(chl_builder_init(&builders[i], types[i], NULL, &err));
    }
    for (int64_t i = 0; i < rows; i++) {
        add_row(builders, &state);
    }
    for (int i = 0; i < GOLDEN_COLUMNS; i++) {
        assert_ok(chl_builder_finish(&builders[i], &columns[i], &err));
    }
    assert_ok(chl_frame_new(names, columns, GOLDEN_COLUMNS, &frame, &err));
    for (int i = 0; i < GOLDEN_COLUMNS; i++) {
        chl_column_release(columns[i]);
    }
    return frame;
}

static void expect_keys(const chl_frame *out, const json_t *group, int64_t row)
{
    const char *region = json_string_value(json_object_get(group, "Region"));
    assert_int_equal(chl_column_valid(out->fields[0].column, row), region != NULL);
    if (region) {
        const chl_column *keys = out->fields[0].column;
        assert_string_equal(chl_levels_name(keys->levels, keys->values.codes[row], NULL),
                            region);
    }
    assert_int_equal(out->fields[1].column->values.i64[row],
                     json_integer_value(json_object_get(group, "Plan")));
}

static void same_as_pandas(void **state)
{
    (void)state;
    static const char *const keys[] = {"Region", "Plan"};
    json_t *golden = golden_load("tests/golden/group.json");
    const json_t *texts = json_object_get(golden, "expressions");
    const json_t *groups = json_object_get(golden, "groups");
    chl_frame *frame = golden_frame((int64_t)golden_number(golden, "rows"));
    assert_int_equal(json_array_size(groups), 18);
    for (size_t e = 0; e < json_array_size(texts); e++) {
        const char *text = json_string_value(json_array_get(texts, e));
        static const char *const names[] = {"value"};
        chl_expr *expr = parse(text);
        chl_frame *out;
        assert_ok(chl_frame_aggregate(frame, keys, 2, names, &expr, 1, NULL, &out, &err));
        assert_int_equal(out->rows, json_array_size(groups));
        for (int64_t i = 0; i < out->rows; i++) {
            const json_t *group = json_array_get(groups, (size_t)i);
            double wanted =
                json_number_value(json_array_get(json_object_get(group, "values"), e));
            expect_keys(out, group, i);
            double got = chl_column_number(out->fields[2].column, i);
            if (!(fabs(got - wanted) <= 1e-12 * fmax(1, fabs(wanted)))) {
                fail_msg("%s of group %d: got %.17g, expected %.17g", text, (int)i, got,
                         wanted);
            }
        }
        chl_frame_release(out);
        chl_expr_release(expr);
    }
    chl_frame_release(frame);
    json_decref(golden);
}

/* Row results do not depend on the block a row falls into. */
static void blocks_agree_with_single_rows(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "if_else(Spend > 0 and Visits < 25, lower(Region) .. Name, 'none')",
        "coalesce(Spend, Visits, 0) * 2 + log(Spend)", "bin(Spend, -1000, 0, 2500)",
        "not Churn or one_of(Region, 'R1', 'R2')",
        "days_between(Since, '2010-01-01') // Plan"};
    chl_frame *frame = golden_frame(2500);
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        chl_expr *expr = parse(texts[t]);
        chl_column *all;
        assert_ok(chl_expr_eval(expr, frame, NULL, &all, &err));
        for (int64_t i = 0; i < frame->rows; i += 37) {
            chl_frame *row;
            chl_column *one;
            chl_strbuf a = {0}, b = {0};
            assert_ok(chl_frame_slice(frame, i, 1, &row, &err));
            assert_ok(chl_expr_eval(expr, row, NULL, &one, &err));
            assert_int_equal(chl_column_valid(one, 0), chl_column_valid(all, i));
            chl_column_format(one, 0, &a);
            chl_column_format(all, i, &b);
            assert_string_equal(a.data ? a.data : "", b.data ? b.data : "");
            chl_strbuf_reset(&a);
            chl_strbuf_reset(&b);
            chl_column_release(one);
            chl_frame_release(row);
        }
        chl_column_release(all);
        chl_expr_release(expr);
    }
    chl_frame_release(frame);
}

/* Many groups: every row its own, by a number and by a text. */
static void as_many_groups_as_rows(void **state)
{
    (void)state;
    enum { N = 70000 };
    static const char *const names[] = {"id", "text"};
    chl_column *columns[2];
    chl_builder b;
    assert_ok(chl_column_new(CHL_I64, N, false, &columns[0], &err));
    assert_ok(chl_builder_init(&b, CHL_STRING, NULL, &err));
    for (int64_t i = 0; i < N; i++) {
        columns[0]->values.i64[i] = i * INT64_C(1000003);
        assert_ok(add_text(&b, i == 5, "t", (uint32_t)i));
    }
    chl_column_seal(columns[0]);
    assert_ok(chl_builder_finish(&b, &columns[1], &err));
    chl_frame *frame;
    assert_ok(chl_frame_new(names, columns, 2, &frame, &err));
    for (int n = 1; n <= 2; n++) {
        chl_groups groups;
        assert_ok(chl_groups_init(&groups, frame, names + (n == 1), n, NULL, &err));
        assert_int_equal(groups.count, N);
        for (int64_t i = 0; i < N; i++) {
            assert_int_equal(groups.group[i], i);
            assert_int_equal(groups.first[i], i);
        }
        chl_groups_reset(&groups);
    }
    chl_column_release(columns[0]);
    chl_column_release(columns[1]);
    chl_frame_release(frame);
}

static int set_up(void **state)
{
    (void)state;
    small = fixture_frame();
    return small ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chl_frame_release(small);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_first_appearance),
        cmocka_unit_test(sorted_with_missing_last),
        cmocka_unit_test(empty_groups),
        cmocka_unit_test(errors),
        cmocka_unit_test(same_as_pandas),
        cmocka_unit_test(blocks_agree_with_single_rows),
        cmocka_unit_test(as_many_groups_as_rows),
    };
    return cmocka_run_group_tests_name("group", tests, set_up, tear_down);
}
