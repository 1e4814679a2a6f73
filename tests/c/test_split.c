/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/data/split.h"

enum { ROWS = 103 };

/* `group` has 60 a's, 40 b's and 3 missing rows; `x` is another column or none. */
static chl_frame *make(bool extra)
{
    chl_column *group = NULL;
    chl_frame *frame = NULL;
    assert_ok(chl_column_new(CHL_I64, ROWS, true, &group, &err));
    for (int i = 0; i < ROWS; i++) {
        group->values.i64[i] = i % 5 < 3;
        if (i >= 100) {
            chl_column_set_null(group, i);
        }
    }
    chl_column_seal(group);
    const char *names[] = {"group", "x"};
    chl_column *columns[] = {group, group};
    assert_ok(chl_frame_new(names, columns, extra ? 2 : 1, &frame, &err));
    chl_column_release(group);
    return frame;
}

static void test_shares(void **state)
{
    (void)state;
    chl_frame *f = make(false), *g = make(true);
    int32_t part[ROWS], again[ROWS], other[ROWS];
    int counts[3] = {0};
    double shares[] = {0.7, 0.15, 0.15};
    assert_ok(chl_split(f, shares, 3, NULL, 42, part, &err));
    assert_ok(chl_split(g, shares, 3, NULL, 42, again, &err));
    assert_memory_equal(part, again, sizeof part); /* columns do not matter */
    assert_ok(chl_split(f, shares, 3, NULL, 43, other, &err));
    assert_memory_not_equal(part, other, sizeof part);
    for (int i = 0; i < ROWS; i++) {
        counts[part[i]]++;
    }
    assert_int_equal(counts[0],
                     72); /* 72.1, 15.45, 15.45: the rest goes to the earlier */
    assert_int_equal(counts[1], 16);
    assert_int_equal(counts[2], 15);
    chl_frame_release(f);
    chl_frame_release(g);
}

static void test_stratified(void **state)
{
    (void)state;
    chl_frame *f = make(false);
    int32_t part[ROWS];
    int counts[3][2] = {{0}};
    assert_ok(chl_split(f, (double[]){0.85, 0.15}, 2, "group", 7, part, &err));
    for (int i = 0; i < ROWS; i++) {
        counts[i >= 100 ? 2 : f->fields[0].column->values.i64[i]][part[i]]++;
    }
    assert_int_equal(counts[1][1], 9); /* 15 % of 60, exactly */
    assert_int_equal(counts[0][1], 6);
    assert_int_equal(counts[2][0] + counts[2][1], 3);
    chl_frame_release(f);
}

static void test_folds(void **state)
{
    (void)state;
    chl_frame *f = make(false);
    int32_t fold[ROWS];
    int counts[5][2] = {{0}}, all[5] = {0};
    assert_ok(chl_folds(f, 5, "group", 1, fold, &err));
    for (int i = 0; i < ROWS; i++) {
        all[fold[i]]++;
        if (i < 100) {
            counts[fold[i]][f->fields[0].column->values.i64[i]]++;
        }
    }
    for (int k = 0; k < 5; k++) {
        assert_int_equal(counts[k][0], 8);
        assert_int_equal(counts[k][1], 12);
        assert_in_range(all[k], 20, 21);
    }
    chl_frame_release(f);
}

static void test_sample(void **state)
{
    (void)state;
    int64_t rows[50], all[50];
    assert_ok(chl_sample(1000, 50, 3, rows, &err));
    for (int i = 0; i < 50; i++) {
        assert_in_range(rows[i], i ? rows[i - 1] + 1 : 0, 999);
    }
    assert_ok(chl_sample(50, 50, 3, all, &err));
    assert_int_equal(all[49], 49);
    assert_ok(chl_sample(10, 0, 3, all, &err));
}

/* Five dates with 1, 2, 3, 4 and 5 rows. */
static chl_frame *make_dates(void)
{
    static const char *const names[] = {"when"};
    chl_column *when;
    chl_frame *frame;
    assert_ok(chl_column_new(CHL_DATE, 15, false, &when, &err));
    for (int32_t day = 1, row = 0; day <= 5; day++) {
        for (int32_t i = 0; i < day; i++) {
            when->values.days[row++] = 100 + day;
        }
    }
    assert_ok(chl_frame_new(names, &when, 1, &frame, &err));
    chl_column_release(when);
    return frame;
}

static void test_times(void **state)
{
    (void)state;
    chl_frame *f = make_dates();
    int64_t starts[3];
    int32_t part[15];
    assert_ok(chl_time_starts(f, "when", (double[]){0.5, 0.3, 0.2}, 3, starts, &err));
    assert_int_equal(starts[1], 104); /* 6 rows lie before it, 10 before the next */
    assert_int_equal(starts[2], 105); /* 10 rows, wanted 12: nothing is nearer */
    assert_ok(chl_time_parts(f, "when", starts, 3, INT64_MAX, 0, part, &err));
    assert_int_equal(part[5], 0);
    assert_int_equal(part[6], 1);
    assert_int_equal(part[14], 2);
    assert_ok(chl_time_parts(f, "when", starts, 3, 105, 1.5, part, &err));
    assert_int_equal(part[0], 0);   /* day 101 + 2 is before 104 */
    assert_int_equal(part[3], -1);  /* 103 + 2 is not */
    assert_int_equal(part[6], -1);  /* 104 + 2 is behind 105 */
    assert_int_equal(part[14], -1); /* at the end */
    chl_frame_release(f);
}

static void test_groups(void **state)
{
    (void)state;
    chl_frame *f = make_dates();
    int32_t part[15], fold[15];
    assert_ok(chl_split_groups(f, (double[]){0.6, 0.4}, 2, "when", 7, part, &err));
    assert_ok(chl_fold_groups(f, 5, "when", NULL, 7, fold, &err));
    int seen = 0;
    for (int day = 1, row = 0; day <= 5; day++) {
        seen |= 1 << fold[row];
        for (int i = 0; i < day; i++, row++) {
            assert_int_equal(part[row], part[row - i]);
            assert_int_equal(fold[row], fold[row - i]);
        }
    }
    assert_int_equal(seen, 31); /* five groups, five folds */
    chl_frame_release(f);
}

/* Days of 1 to 5 rows; a day's rows have one value: 6 rows of "even" days, 9 of odd. */
static void test_groups_by_values(void **state)
{
    (void)state;
    chl_frame *f = make_dates(), *with = NULL;
    chl_column *odd = NULL;
    int32_t fold[15];
    assert_ok(chl_column_new(CHL_I64, 15, false, &odd, &err));
    for (int day = 1, row = 0; day <= 5; day++) {
        for (int i = 0; i < day; i++) {
            odd->values.i64[row++] = day % 2;
        }
    }
    chl_column_seal(odd);
    assert_ok(chl_frame_with(f, "odd", odd, &with, &err));
    assert_ok(chl_fold_groups(with, 2, "when", "odd", 7, fold, &err));
    /* day 5 against 3 + 1 and day 4 against 2: by size alone day 3 would go with 4 */
    assert_int_not_equal(fold[14], fold[3]);
    assert_int_not_equal(fold[14], fold[0]);
    assert_int_not_equal(fold[6], fold[1]);
    assert_error(chl_fold_groups(with, 2, "when", "ood", 7, fold, &err),
                 "stratify: unknown column 'ood' (did you mean 'odd'?)");
    assert_error(chl_fold_groups(with, 6, "when", "odd", 7, fold, &err),
                 "expected 2 to 5 folds (the number of groups in 'when'), got 6");
    chl_column_release(odd);
    chl_frame_release(with);
    chl_frame_release(f);
}

static void test_errors(void **state)
{
    (void)state;
    chl_frame *f = make(false);
    int32_t part[ROWS];
    int64_t rows[1];
    assert_error(chl_split(f, (double[]){0.5, 0.4}, 2, NULL, 0, part, &err),
                 "split: shares: expected a sum of 1, got 0.9");
    assert_error(chl_split(f, (double[]){1.5, -0.5}, 2, NULL, 0, part, &err),
                 "split: share 2: expected a positive number, got -0.5");
    assert_error(chl_split(f, (double[]){1}, 1, "grup", 0, part, &err),
                 "stratify: unknown column 'grup' (did you mean 'group'?)");
    assert_error(chl_folds(f, 1, NULL, 0, part, &err), "folds: expected 2 to 103 folds");
    assert_error(chl_sample(5, 6, 0, rows, &err), "sample: expected 0 to 5 rows, got 6");
    chl_frame_release(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_stratified),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_groups_by_values),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
