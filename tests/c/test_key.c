/* SPDX-License-Identifier: MIT
 *
 * Keys, numbers and orders of rows: small random frames against plain comparisons, large
 * ones on one thread and on two, and keys made so that their hashes are equal.
 */
#include "random_frame.h"

#include "core/base/hash.h"
#include "core/data/distinct.h"
#include "core/data/group.h"
#include "core/data/key.h"
#include "core/data/number.h"
#include "core/data/sort.h"
#include "core/table/aggregate.h"
#include "core/table/duplicates.h"
#include "core/table/join.h"

enum { ROUNDS = 3000, MOST = 40, KEYS = 3, LARGE = 200000 };

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

static chl_frame *random_keys(chl_rng *rng)
{
    chl_column *columns[KEYS];
    int64_t rows = (int64_t)chl_rng_below(rng, MOST);
    for (int k = 0; k < KEYS; k++) {
        chl_type type = (chl_type)chl_rng_below(rng, CHL_TIMESTAMP + 1);
        columns[k] = random_column(rng, type, rows, chl_rng_below(rng, 2));
    }
    return frame_of(names, columns, KEYS);
}

/* ---- small frames ---- */

static bool same_key(const chl_frame *frame, int keys, int64_t i, int64_t j)
{
    for (int k = 0; k < keys; k++) {
        const chl_column *c = frame->fields[k].column;
        if (!equal_or_missing(c, i, c, j)) {
            return false;
        }
    }
    return true;
}

static void groups_like_comparisons(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 1, CHL_RNG_GENERAL, (uint64_t)round);
        chl_frame *frame = random_keys(&rng);
        int keys = 1 + (int)chl_rng_below(&rng, KEYS);
        chl_groups groups;
        assert_ok(chl_groups_init(&groups, frame, names, keys, NULL, &err));
        int64_t seen = 0;
        for (int64_t i = 0; i < frame->rows; i++) {
            int64_t first = 0;
            while (!same_key(frame, keys, i, first)) {
                first++;
            }
            assert_int_equal(groups.group[i], first == i ? seen : groups.group[first]);
            if (first == i) {
                assert_int_equal(groups.first[seen++], i);
            }
        }
        assert_int_equal(groups.count, seen);
        chl_groups_reset(&groups);
        chl_frame_release(frame);
    }
}

/* Missing last in either direction. */
static int compare_rows(const chl_frame *frame, int keys, const bool *descending,
                        int64_t i, int64_t j)
{
    for (int k = 0; k < keys; k++) {
        const chl_column *c = frame->fields[k].column;
        bool a = chl_column_valid(c, i), b = chl_column_valid(c, j);
        if (a != b) {
            return a ? -1 : 1;
        }
        int order = a ? compare_cells(c, i, c, j) : 0;
        if (order) {
            return descending[k] ? -order : order;
        }
    }
    return 0;
}

static void sorts_like_comparisons(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 2, CHL_RNG_GENERAL, (uint64_t)round);
        chl_frame *frame = random_keys(&rng);
        int keys = 1 + (int)chl_rng_below(&rng, KEYS);
        bool descending[KEYS];
        int64_t order[MOST];
        for (int k = 0; k < KEYS; k++) {
            descending[k] = chl_rng_below(&rng, 2);
        }
        assert_ok(chl_frame_order(frame, names, descending, keys, order, &err));
        for (int64_t i = 1; i < frame->rows; i++) {
            int way = compare_rows(frame, keys, descending, order[i - 1], order[i]);
            assert_true(way < 0 || (way == 0 && order[i - 1] < order[i]));
        }
        chl_frame_release(frame);
    }
}

static void distinct_numbers_missing_last(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 3; round++) {
        chl_rng rng;
        chl_rng_init(&rng, 3, CHL_RNG_GENERAL, (uint64_t)round);
        int64_t rows = (int64_t)chl_rng_below(&rng, MOST), counted = 0;
        chl_type type = (chl_type)chl_rng_below(&rng, CHL_TIMESTAMP + 1);
        chl_column *c = random_column(&rng, type, rows, true);
        chl_distinct d;
        assert_ok(chl_distinct_init(&d, c, &err));
        assert_int_equal(d.missing, c->nulls > 0);
        for (int64_t i = 0; i < rows; i++) {
            assert_int_equal(d.codes[i] == d.count, !chl_column_valid(c, i));
            int64_t first = d.first[d.codes[i]];
            assert_true(first <= i && equal_or_missing(c, i, c, first));
        }
        for (int64_t code = 0; code < d.count + d.missing; code++) {
            counted += d.counts[code];
            assert_true(code == 0 || code == d.count ||
                        d.first[code - 1] < d.first[code]);
        }
        assert_int_equal(counted, rows);
        chl_distinct_reset(&d);
        chl_column_release(c);
    }
}

/* ---- many words ---- */

static int compare_words(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* By first appearance, equal for equal words, different for different ones. */
static void expect_numbers(const uint64_t *words, const int64_t *ids, int64_t count)
{
    int64_t *first = malloc(LARGE * sizeof *first), seen = 0;
    uint64_t *found = malloc(LARGE * sizeof *found);
    for (int64_t i = 0; i < LARGE; i++) {
        if (ids[i] == seen) {
            found[seen] = words[i];
            first[seen++] = i;
        }
        assert_true(ids[i] >= 0 && ids[i] < seen);
        assert_true(words[first[ids[i]]] == words[i]);
    }
    assert_int_equal(seen, count);
    qsort(found, (size_t)seen, sizeof *found, compare_words);
    for (int64_t i = 1; i < seen; i++) {
        assert_true(found[i - 1] != found[i]);
    }
    free(first);
    free(found);
}

static void expect_order(const uint64_t *words, const int64_t *order)
{
    for (int64_t i = 1; i < LARGE; i++) {
        uint64_t a = words[order[i - 1]], b = words[order[i]];
        assert_true(a < b || (a == b && order[i - 1] < order[i]));
    }
}

static void numbers_and_sorts_many_words(void **state)
{
    (void)state;
    static const uint64_t below[] = {1, 3, 1000, 50000, 1000000, UINT64_MAX};
    static const uint64_t factors[] = {1, UINT64_C(0x100000000), UINT64_C(1) << 43};
    uint64_t *words = malloc(LARGE * sizeof *words);
    int64_t *ids = malloc(2 * LARGE * sizeof *ids), *again = ids + LARGE, count, other;
    chl_control two = {.threads = 2};
    for (size_t k = 0; k < 18; k++) {
        chl_rng rng;
        chl_rng_init(&rng, 4, CHL_RNG_GENERAL, k);
        uint64_t last = 0;
        for (int64_t i = 0; i < LARGE; i++) {
            words[i] = chl_rng_below(&rng, below[k / 3]) * factors[k % 3];
            last = words[i] > last ? words[i] : last;
        }
        assert_ok(chl_number_words(words, LARGE, last, NULL, ids, &count, &err));
        expect_numbers(words, ids, count);
        assert_ok(chl_number_words(words, LARGE, last, &two, again, &other, &err));
        assert_int_equal(count, other);
        assert_memory_equal(ids, again, LARGE * sizeof *ids);
        assert_ok(chl_sort_words(words, LARGE, last, NULL, ids, &err));
        expect_order(words, ids);
        assert_ok(chl_sort_words(words, LARGE, last, &two, again, &err));
        assert_memory_equal(ids, again, LARGE * sizeof *ids);
    }
    free(words);
    free(ids);
}

/* ---- equal hashes ---- */

/* A second text of 16 bytes with the hash of the first: the inner steps of
 * chl_hash_bytes repeated up to the last word, which takes the difference away. */
static void make_rival(const char first[16], char second[16])
{
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t start = step ^ 16 * UINT64_C(0xd6e8feb86659fd93), a[2], b[2];
    memcpy(a, first, sizeof a);
    b[0] = a[0] + 1;
    b[1] =
        (chl_hash_u64(start ^ a[0]) + step) ^ a[1] ^ (chl_hash_u64(start ^ b[0]) + step);
    memcpy(second, b, sizeof b);
}

static void tells_texts_with_equal_hashes(void **state)
{
    (void)state;
    const char first[] = "sixteen letters!";
    char second[16];
    make_rival(first, second);
    assert_true(chl_hash_bytes(first, 16) == chl_hash_bytes(second, 16));
    chl_builder b;
    chl_column *column;
    assert_ok(chl_builder_init(&b, CHL_STRING, NULL, &err));
    assert_ok(chl_builder_null(&b, &err));
    for (int i = 0; i < 4; i++) {
        assert_ok(chl_builder_text(&b, i % 2 ? second : first, 16, &err));
    }
    assert_ok(chl_builder_finish(&b, &column, &err));
    int64_t ids[5], count;
    assert_ok(chl_number_texts(column, NULL, NULL, ids, &count, &err));
    static const int64_t wanted[] = {0, 1, 2, 1, 2};
    assert_memory_equal(ids, wanted, sizeof ids);
    chl_column_release(column);
}

/* Two columns over the whole range are mixed into a hash; rows 2 and 3 share theirs. */
static void tells_keys_with_equal_hashes(void **state)
{
    (void)state;
    static const int64_t a[] = {INT64_MIN, INT64_MAX, 5, 6, 5};
    int64_t b[] = {INT64_MIN, INT64_MAX, 7, 0, 7};
    const uint64_t sign = UINT64_C(1) << 63; /* words of i64 */
    uint64_t x = chl_hash_word((uint64_t)a[2] ^ sign) ^ ((uint64_t)b[2] ^ sign);
    b[3] = (int64_t)((x ^ chl_hash_word((uint64_t)a[3] ^ sign)) ^ sign);
    chl_column *columns[] = {row_numbers(5), row_numbers(5)};
    memcpy(columns[0]->values.i64, a, sizeof a);
    memcpy(columns[1]->values.i64, b, sizeof b);
    chl_frame *frame = frame_of(names, columns, 2);
    chl_groups groups;
    assert_ok(chl_groups_init(&groups, frame, names, 2, NULL, &err));
    static const int64_t wanted[] = {0, 1, 2, 3, 2};
    assert_memory_equal(groups.group, wanted, sizeof wanted);
    chl_groups_reset(&groups);
    chl_frame_release(frame);
}

/* ---- threads ---- */

static chl_frame *large_frame(void)
{
    chl_rng rng;
    chl_rng_init(&rng, 6, CHL_RNG_GENERAL, 0);
    chl_column *columns[8];
    for (int k = 0; k < 7; k++) {
        columns[k] = random_column(&rng, (chl_type)k, LARGE, k % 2);
    }
    columns[7] = row_numbers(LARGE);
    for (int64_t i = 0; i < LARGE; i++) {
        columns[7]->values.i64[i] = (int64_t)chl_rng_below(&rng, LARGE / 2);
    }
    return frame_of(names, columns, 8);
}

/* Equal to the last bit; takes both. */
static void expect_same(chl_frame *a, chl_frame *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->columns, b->columns);
    for (int c = 0; c < a->columns; c++) {
        const chl_column *x = a->fields[c].column, *y = b->fields[c].column;
        size_t n = (size_t)a->rows;
        assert_int_equal(x->nulls, y->nulls);
        assert_memory_equal(x->values.any, y->values.any, n * chl_type_size(x->type));
        if (x->validity) {
            assert_memory_equal(x->validity, y->validity, n / 8);
        }
        if (x->type == CHL_STRING) {
            assert_memory_equal(x->bytes, y->bytes, (size_t)x->values.offsets[n]);
        }
    }
    chl_frame_release(a);
    chl_frame_release(b);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static const bool descending[8] = {true, false, true};
    static const char *const key[] = {"h"};
    chl_frame *frame = large_frame(), *other, *out[2];
    chl_column *stays[2];
    chl_join_options options = {.how = CHL_JOIN_FULL};
    assert_ok(chl_frame_slice(frame, 1000, 50000, &other, &err));
    for (int t = 0; t < 2; t++) {
        chl_control control = {.threads = t + 1};
        assert_ok(chl_frame_sort(frame, names, descending, 8, &control, &out[t], &err));
    }
    expect_same(out[0], out[1]);
    for (int t = 0; t < 2; t++) {
        chl_control control = {.threads = t + 1};
        assert_ok(
            chl_frame_join(frame, other, key, key, 1, &options, &control, &out[t], &err));
    }
    expect_same(out[0], out[1]);
    for (int t = 0; t < 2; t++) {
        chl_control control = {.threads = t + 1};
        assert_ok(chl_frame_unrepeated(frame, names, 8, CHL_KEEP_FIRST, NULL, &control,
                                       &stays[t], &err));
        assert_ok(chl_frame_filter(frame, stays[t], &control, &out[t], &err));
        chl_column_release(stays[t]);
    }
    expect_same(out[0], out[1]);
    chl_frame_release(other);
    chl_frame_release(frame);
}

static void threads_change_no_aggregate(void **state)
{
    (void)state;
    static const char *const texts[] = {"sum(a)", "mean(a)", "std(h)", "n_distinct(e)",
                                        "median(h)"};
    chl_frame *frame = large_frame(), *out[2];
    chl_expr *exprs[5];
    for (int e = 0; e < 5; e++) {
        assert_ok(chl_expr_parse(texts[e], &exprs[e], &err));
    }
    for (int keys = 0; keys < 3; keys++) {
        static const char *const by[] = {"d", "h"}, *const as[] = {"v", "w", "x", "y",
                                                                   "z"};
        for (int t = 0; t < 2; t++) {
            chl_control control = {.threads = t + 1};
            assert_ok(chl_frame_aggregate(frame, by, keys, as, exprs, 5, &control,
                                          &out[t], &err));
        }
        expect_same(out[0], out[1]);
    }
    for (int e = 0; e < 5; e++) {
        chl_expr_release(exprs[e]);
    }
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_like_comparisons),
        cmocka_unit_test(sorts_like_comparisons),
        cmocka_unit_test(distinct_numbers_missing_last),
        cmocka_unit_test(numbers_and_sorts_many_words),
        cmocka_unit_test(tells_texts_with_equal_hashes),
        cmocka_unit_test(tells_keys_with_equal_hashes),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(threads_change_no_aggregate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
