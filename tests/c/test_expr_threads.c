/* SPDX-License-Identifier: MIT
 *
 * Expressions over many rows: the same bytes on one thread and on several, rows in their
 * place, and a stop request that is heard.
 */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "expr_fixture.h"

enum { ROWS = 200003 }; /* several tasks, and a last block that is not full */

/* The fixture's rows in a fixed disorder. */
static chl_frame *many_rows(void)
{
    chl_frame *small = fixture_frame(), *many = NULL;
    int64_t *rows = chl_alloc(ROWS, sizeof *rows);
    assert_non_null(small);
    assert_non_null(rows);
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = (i * 31 + i / 77) % FIXTURE_ROWS;
    }
    const chl_control control = {.threads = 3};
    assert_ok(chl_frame_take(small, rows, ROWS, &control, &many, &err));
    for (int64_t i = 0; i < ROWS; i++) { /* every cell of a text and a number */
        size_t n, m;
        const chl_column *from = chl_frame_column(small, "Name");
        const chl_column *to = chl_frame_column(many, "Name");
        const char *a = chl_column_string(from, rows[i], &n);
        const char *b = chl_column_string(to, i, &m);
        assert_true(n == m && memcmp(a, b, n) == 0);
        assert_true(chl_column_valid(from, rows[i]) == chl_column_valid(to, i));
        assert_true(chl_frame_column(many, "Big")->values.i64[i] ==
                    chl_frame_column(small, "Big")->values.i64[rows[i]]);
    }
    chl_free(rows);
    chl_frame_release(small);
    return many;
}

static void assert_same_bytes(const chl_column *a, const chl_column *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->nulls, b->nulls);
    size_t n = (size_t)a->length + (a->type == CHL_STRING);
    assert_memory_equal(a->values.any, b->values.any, n * chl_type_size(a->type));
    if (a->type == CHL_STRING) {
        assert_memory_equal(a->bytes, b->bytes, (size_t)a->values.offsets[a->length]);
    }
    for (int64_t i = 0; a->validity && i < a->length; i++) {
        assert_true(chl_column_valid(a, i) == chl_column_valid(b, i));
    }
}

static const char *const texts[] = {
    "Age * 2 + Big",
    "Balance / (Age - 30) > 0.25 and not Active",
    "if_else(Active, Country, 'none')",
    "Name .. '-' .. Age .. Since",
    "Country == 'France' or is_na(Name)",
    "Name == 'Ann'",
    "Name < 'b'",
    "coalesce(Balance, Age, 0.5)",
    "log(Balance + 3) // 0.1",
    "Age - mean(Age)",
    "bin(Age, 0, 40)",
    "-Big - 1",
    "lower(Name)",
    "nil",
    "1 + 1",
    "'x'",
};

static void threads_change_nothing(void **state)
{
    (void)state;
    chl_frame *frame = many_rows();
    const chl_control one = {.threads = 1}, four = {.threads = 4};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        chl_expr *expr;
        chl_column *a, *b;
        assert_ok(chl_expr_parse(texts[i], &expr, &err));
        assert_ok(chl_expr_eval(expr, frame, &one, &a, &err));
        assert_ok(chl_expr_eval(expr, frame, &four, &b, &err));
        assert_same_bytes(a, b);
        chl_column_release(a);
        chl_column_release(b);
        chl_expr_release(expr);
    }
    chl_frame_release(frame);
}

/* Row i of the many rows is a row of the fixture: so is its result. */
static void rows_keep_their_place(void **state)
{
    (void)state;
    chl_frame *frame = many_rows(), *small = fixture_frame();
    const chl_control control = {.threads = 2};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        chl_expr *expr;
        chl_column *many, *few, *want;
        assert_ok(chl_expr_parse(texts[i], &expr, &err));
        if (!chl_expr_is_aggregate(expr)) {
            int64_t *rows = chl_alloc(ROWS, sizeof *rows);
            for (int64_t k = 0; k < ROWS; k++) {
                rows[k] = (k * 31 + k / 77) % FIXTURE_ROWS;
            }
            assert_ok(chl_expr_eval(expr, frame, &control, &many, &err));
            assert_ok(chl_expr_eval(expr, small, NULL, &few, &err));
            assert_ok(chl_column_take(few, rows, ROWS, &want, &err));
            assert_same_bytes(many, want);
            chl_column_release(many);
            chl_column_release(few);
            chl_column_release(want);
            chl_free(rows);
        }
        chl_expr_release(expr);
    }
    chl_frame_release(frame);
    chl_frame_release(small);
}

static void windows_on_threads(void **state)
{
    (void)state;
    static const char *const windows[] = {
        "lag(Name, 2, 'first')",
        "cumsum(Big)",
        "rank(Balance)",
        "rolling_median(Age, 7, 1)",
        "rolling_std(Balance, 9)",
        "rolling_max(Since, 5, 1)",
        "rolling_sum(Age, days(9))",
        "Age / sum(Age) + row_number()",
    };
    static const char *const keys[] = {"Country", "Active"}, *const by = "Since";
    const bool rising = false;
    chl_frame *frame = many_rows();
    const chl_control one = {.threads = 1}, four = {.threads = 4};
    chl_over over;
    assert_ok(chl_over_init(&over, frame, keys, 2, &by, &rising, 1, &four, &err));
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        chl_expr *expr;
        chl_column *a, *b;
        assert_ok(chl_expr_parse(windows[i], &expr, &err));
        assert_ok(chl_expr_eval_over(expr, frame, &over, &one, &a, &err));
        assert_ok(chl_expr_eval_over(expr, frame, &over, &four, &b, &err));
        assert_same_bytes(a, b);
        chl_column_release(a);
        chl_column_release(b);
        chl_expr_release(expr);
    }
    chl_over_reset(&over);
    chl_frame_release(frame);
}

/* The flag is set before the work: every entry hears it. */
static void stops(void **state)
{
    (void)state;
    const volatile sig_atomic_t flag = 1;
    const chl_control control = {.cancel = &flag, .threads = 2};
    chl_frame *frame = fixture_frame();
    chl_expr *expr;
    chl_column *out;
    assert_ok(chl_expr_parse("Age + 1", &expr, &err));
    assert_error(chl_expr_eval(expr, frame, &control, &out, &err),
                 "expression: interrupted");
    assert_null(out);
    chl_expr_release(expr);
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(rows_keep_their_place),
        cmocka_unit_test(windows_on_threads),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
