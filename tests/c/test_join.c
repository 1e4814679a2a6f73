/* SPDX-License-Identifier: MIT
 *
 * Joins, as-of joins and repeated rows of small random frames against nested loops.
 */
#include "random_frame.h"

#include "core/table/asof.h"
#include "core/table/duplicates.h"
#include "core/table/join.h"

enum { ROUNDS = 3000, MOST = 14 };

/* ---- joins ---- */

typedef struct pair {
    int64_t left, right;
} pair;

static const char *const left_names[] = {"a", "b", "row"};
static const char *const right_names[] = {"c", "d", "row"};

static bool matches(const chl_frame *left, int64_t i, const chl_frame *right, int64_t j,
                    int keys)
{
    for (int k = 0; k < keys; k++) {
        const chl_column *a = left->fields[k].column, *b = right->fields[k].column;
        if (!chl_column_valid(a, i) || !chl_column_valid(b, j) ||
            compare_cells(a, i, b, j) != 0) {
            return false;
        }
    }
    return true;
}

/* The rows of the result as join.h defines them. */
static int64_t expected_pairs(const chl_frame *left, const chl_frame *right, int keys,
                              chl_join_how how, pair *pairs)
{
    int64_t n = 0;
    bool taken[MOST] = {false};
    for (int64_t i = 0; i < left->rows; i++) {
        int64_t before = n;
        bool any = false;
        for (int64_t j = 0; j < right->rows; j++) {
            if (matches(left, i, right, j, keys)) {
                any = taken[j] = true;
                pairs[n++] = (pair){i, j};
            }
        }
        if (how == CHL_JOIN_SEMI || how == CHL_JOIN_ANTI) {
            n = before;
            if (any == (how == CHL_JOIN_SEMI)) {
                pairs[n++] = (pair){i, -1};
            }
        } else if (!any && how != CHL_JOIN_INNER) {
            pairs[n++] = (pair){i, -1};
        }
    }
    for (int64_t j = 0; j < right->rows && how == CHL_JOIN_FULL; j++) {
        if (!taken[j]) {
            pairs[n++] = (pair){-1, j};
        }
    }
    return n;
}

static void expect_row(const chl_frame *out, const char *name, int64_t i, int64_t row)
{
    const chl_column *column = chl_frame_column(out, name);
    if (row < 0) {
        assert_false(chl_column_valid(column, i));
    } else {
        assert_true(chl_column_valid(column, i));
        assert_int_equal(column->values.i64[i], row);
    }
}

static void expect_pairs(const chl_frame *left, const chl_frame *right, int keys,
                         chl_join_how how, const chl_frame *out)
{
    static pair pairs[MOST * (MOST + 1)];
    int64_t n = expected_pairs(left, right, keys, how, pairs);
    bool choice = how == CHL_JOIN_SEMI || how == CHL_JOIN_ANTI;
    assert_int_equal(out->rows, n);
    for (int64_t i = 0; i < n; i++) {
        expect_row(out, "row", i, pairs[i].left);
        if (!choice) {
            expect_row(out, "row_right", i, pairs[i].right);
        }
        for (int k = 0; how == CHL_JOIN_FULL && k < keys; k++) {
            const chl_column *key = chl_frame_column(out, left_names[k]);
            bool alone = pairs[i].left < 0;
            const chl_frame *from = alone ? right : left;
            assert_true(equal_or_missing(key, i, from->fields[k].column,
                                         alone ? pairs[i].right : pairs[i].left));
        }
    }
}

/* The second type of a key that can be compared with the first. */
static chl_type partner_type(chl_rng *rng, chl_type type)
{
    bool other = chl_rng_below(rng, 2);
    switch (type) {
    case CHL_I64: return other ? CHL_F64 : type;
    case CHL_F64: return other ? CHL_I64 : type;
    case CHL_STRING: return other ? CHL_CATEGORY : type;
    case CHL_CATEGORY: return other ? CHL_STRING : type;
    default: return type;
    }
}

static void make_sides(chl_rng *rng, chl_frame **left, chl_frame **right)
{
    int64_t m = (int64_t)chl_rng_below(rng, MOST), n = (int64_t)chl_rng_below(rng, MOST);
    chl_column *a[3], *b[3];
    for (int k = 0; k < 2; k++) {
        chl_type type = (chl_type)chl_rng_below(rng, CHL_TIMESTAMP + 1);
        a[k] = random_column(rng, type, m, chl_rng_below(rng, 2));
        b[k] = random_column(rng, partner_type(rng, type), n, chl_rng_below(rng, 2));
    }
    a[2] = row_numbers(m);
    b[2] = row_numbers(n);
    *left = frame_of(left_names, a, 3);
    *right = frame_of(right_names, b, 3);
}

/* A full join of i64 and f64 may be refused: not every i64 is a double. */
static bool may_fail(const chl_frame *left, const chl_frame *right, int keys,
                     chl_join_how how)
{
    for (int k = 0; k < keys; k++) {
        if (left->fields[k].column->type != right->fields[k].column->type &&
            chl_type_numeric(left->fields[k].column->type)) {
            return how == CHL_JOIN_FULL;
        }
    }
    return false;
}

static void joins_like_nested_loops(void **state)
{
    (void)state;
    chl_control two = {.threads = 2};
    for (int round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 1, CHL_RNG_GENERAL, (uint64_t)round);
        chl_frame *left, *right, *out;
        make_sides(&rng, &left, &right);
        int keys = 1 + (int)chl_rng_below(&rng, 2);
        chl_join_options options = {.how = (chl_join_how)chl_rng_below(&rng, 5)};
        chl_error err = {0};
        chl_status status = chl_frame_join(left, right, left_names, right_names, keys,
                                           &options, &two, &out, &err);
        if (status == CHL_OK) {
            expect_pairs(left, right, keys, options.how, out);
        } else if (!may_fail(left, right, keys, options.how)) {
            fail_msg("round %d: %s", round, err.message);
        }
        chl_frame_release(left);
        chl_frame_release(right);
        chl_frame_release(out);
    }
}

static int64_t repeats(const chl_frame *frame, int keys)
{
    for (int64_t i = 0; i < frame->rows; i++) {
        for (int64_t j = 0; j < i; j++) {
            if (matches(frame, i, frame, j, keys)) {
                return i;
            }
        }
    }
    return -1;
}

static void validates_like_nested_loops(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 3; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 2, CHL_RNG_GENERAL, (uint64_t)round);
        chl_frame *left, *right, *out;
        make_sides(&rng, &left, &right);
        chl_join_options options = {.validate = (chl_join_validate)(round % 4)};
        bool once_left = options.validate >= CHL_JOIN_ONE_TO_MANY;
        bool once_right = options.validate == CHL_JOIN_ONE_TO_ONE ||
                          options.validate == CHL_JOIN_MANY_TO_ONE;
        bool bad = (once_left && repeats(left, 2) >= 0) ||
                   (once_right && repeats(right, 2) >= 0);
        chl_error err = {0};
        chl_status status = chl_frame_join(left, right, left_names, right_names, 2,
                                           &options, NULL, &out, &err);
        assert_int_equal(status, bad ? CHL_EINVAL : CHL_OK);
        if (bad) {
            assert_non_null(strstr(err.message, "expected each key once in the "));
        }
        chl_frame_release(left);
        chl_frame_release(right);
        chl_frame_release(out);
    }
}

static void names_incompatible_types(void **state)
{
    (void)state;
    chl_rng rng;
    chl_rng_init(&rng, 3, CHL_RNG_GENERAL, 0);
    chl_column *a[] = {random_column(&rng, CHL_DATE, 3, false)};
    chl_column *b[] = {random_column(&rng, CHL_TIMESTAMP, 3, false)};
    chl_frame *left = frame_of(left_names, a, 1), *right = frame_of(right_names, b, 1);
    chl_frame *out;
    chl_join_options options = {0};
    assert_error(chl_frame_join(left, right, left_names, right_names, 1, &options, NULL,
                                &out, &err),
                 "join: key 'a' is date and key 'c' of the right frame is timestamp");
    assert_error(chl_frame_join(left, right, left_names, left_names, 1, &options, NULL,
                                &out, &err),
                 "right frame: join: unknown column 'a'");
    assert_null(out);
    chl_frame_release(left);
    chl_frame_release(right);
}

/* ---- as-of joins ---- */

static double gap_between(const chl_column *a, int64_t i, const chl_column *b, int64_t j)
{
    double gap = a->type == CHL_I64
                     ? fabs((double)(a->values.i64[i] - b->values.i64[j]))
                     : fabs(chl_column_number(a, i) - chl_column_number(b, j));
    return a->type == CHL_TIMESTAMP ? gap / 1e6 : gap;
}

/* The best event on one side of the row, whatever its distance. */
static int64_t event_on_side(const chl_frame *left, int64_t i, const chl_frame *right,
                             int keys, bool before, bool strict)
{
    const chl_column *a = left->fields[1].column, *b = right->fields[1].column;
    int64_t best = -1;
    for (int64_t j = 0; j < right->rows && chl_column_valid(a, i); j++) {
        if (!chl_column_valid(b, j) || !matches(left, i, right, j, keys)) {
            continue;
        }
        int order = compare_cells(b, j, a, i);
        int beyond = best < 0 ? 0 : compare_cells(b, j, b, best);
        bool wrong = (before ? order > 0 : order < 0) || (strict && order == 0);
        if (!wrong && (before ? beyond >= 0 : beyond <= 0)) {
            best = j; /* at the same time the later row */
        }
    }
    return best;
}

static int64_t expected_event(const chl_frame *left, int64_t i, const chl_frame *right,
                              int keys, const chl_asof_options *options)
{
    const chl_column *a = left->fields[1].column, *b = right->fields[1].column;
    int64_t before = -1, after = -1;
    if (options->direction != CHL_ASOF_FORWARD) {
        before = event_on_side(left, i, right, keys, true, options->strict);
    }
    if (options->direction != CHL_ASOF_BACKWARD) {
        after = event_on_side(left, i, right, keys, false, options->strict);
    }
    bool later = before < 0 || (after >= 0 && gap_between(a, i, b, after) <
                                                  gap_between(a, i, b, before));
    int64_t best = later ? after : before;
    bool far =
        best >= 0 && options->limited && gap_between(a, i, b, best) > options->tolerance;
    return far ? -1 : best;
}

/* i64 times near zero, so that a double holds every gap. */
static chl_column *random_times(chl_rng *rng, chl_type type, int64_t rows)
{
    chl_column *times = random_column(rng, type, rows, true);
    for (int64_t i = 0; type == CHL_I64 && i < rows; i++) {
        times->values.i64[i] %= 7;
    }
    return times;
}

static void finds_events_like_nested_loops(void **state)
{
    (void)state;
    static const chl_type types[] = {CHL_F64, CHL_I64, CHL_DATE, CHL_TIMESTAMP};
    for (int round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 4, CHL_RNG_GENERAL, (uint64_t)round);
        int64_t m = (int64_t)chl_rng_below(&rng, MOST);
        int64_t n = (int64_t)chl_rng_below(&rng, MOST);
        chl_type type = types[chl_rng_below(&rng, 4)];
        chl_column *a[] = {random_column(&rng, CHL_BOOL, m, true),
                           random_times(&rng, type, m), row_numbers(m)};
        chl_column *b[] = {random_column(&rng, CHL_BOOL, n, true),
                           random_times(&rng, type, n), row_numbers(n)};
        chl_frame *left = frame_of(left_names, a, 3), *out;
        chl_frame *right = frame_of(right_names, b, 3);
        int keys = (int)chl_rng_below(&rng, 2);
        chl_asof_options options = {.left_time = "b",
                                    .right_time = "d",
                                    .direction =
                                        (chl_asof_direction)chl_rng_below(&rng, 3),
                                    .strict = chl_rng_below(&rng, 2),
                                    .limited = chl_rng_below(&rng, 2),
                                    .tolerance = (double)chl_rng_below(&rng, 3)};
        assert_ok(chl_frame_asof_join(left, right, left_names, right_names, keys,
                                      &options, NULL, &out, &err));
        assert_int_equal(out->rows, m);
        for (int64_t i = 0; i < m; i++) {
            expect_row(out, "row", i, i);
            expect_row(out, "row_right", i,
                       expected_event(left, i, right, keys, &options));
        }
        chl_frame_release(left);
        chl_frame_release(right);
        chl_frame_release(out);
    }
}

/* ---- repeated rows ---- */

/* Whether row j of the same key takes the place of row i. */
static bool beats(const chl_column *order, chl_keep keep, int64_t i, int64_t j)
{
    bool last = keep == CHL_KEEP_LAST;
    if (!order) {
        return last ? j > i : j < i;
    }
    bool has_i = chl_column_valid(order, i), has_j = chl_column_valid(order, j);
    if (has_i != has_j) {
        return has_j;
    }
    int sign = has_i ? compare_cells(order, j, order, i) : 0;
    return sign == 0 ? (last ? j > i : j < i) : (last ? sign > 0 : sign < 0);
}

static bool expected_to_stay(const chl_frame *frame, int keys, const chl_column *order,
                             chl_keep keep, int64_t i)
{
    for (int64_t j = 0; j < frame->rows; j++) {
        bool same = j != i;
        for (int k = 0; k < keys; k++) {
            const chl_column *key = frame->fields[k].column;
            same = same && equal_or_missing(key, i, key, j);
        }
        if (same && (keep == CHL_KEEP_NONE || beats(order, keep, i, j))) {
            return false;
        }
    }
    return true;
}

static void keeps_rows_like_nested_loops(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 5, CHL_RNG_GENERAL, (uint64_t)round);
        int64_t n = (int64_t)chl_rng_below(&rng, MOST), count, stay = 0;
        chl_column *columns[3], *stays;
        for (int k = 0; k < 3; k++) {
            chl_type type = (chl_type)chl_rng_below(&rng, CHL_TIMESTAMP + 1);
            columns[k] = random_column(&rng, type, n, chl_rng_below(&rng, 2));
        }
        chl_frame *frame = frame_of(left_names, columns, 3);
        int keys = 1 + (int)chl_rng_below(&rng, 3);
        chl_keep keep = (chl_keep)chl_rng_below(&rng, 3);
        bool ordered = chl_rng_below(&rng, 2);
        assert_ok(chl_frame_unrepeated(frame, left_names, keys, keep,
                                       ordered ? "row" : NULL, NULL, &stays, &err));
        for (int64_t i = 0; i < n; i++) {
            const chl_column *order = ordered ? frame->fields[2].column : NULL;
            assert_int_equal(stays->values.boolean[i],
                             expected_to_stay(frame, keys, order, keep, i));
            stay += expected_to_stay(frame, keys, NULL, CHL_KEEP_FIRST, i);
        }
        assert_ok(chl_frame_n_distinct(frame, left_names, keys, NULL, &count, &err));
        assert_int_equal(count, stay);
        chl_column_release(stays);
        chl_frame_release(frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_like_nested_loops),
        cmocka_unit_test(validates_like_nested_loops),
        cmocka_unit_test(names_incompatible_types),
        cmocka_unit_test(finds_events_like_nested_loops),
        cmocka_unit_test(keeps_rows_like_nested_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
