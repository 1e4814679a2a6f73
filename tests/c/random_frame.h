/* SPDX-License-Identifier: MIT
 *
 * Small random columns whose values collide often, with missing ones and hard cases, and
 * the plainest way to compare their cells: for property tests against nested loops.
 */
#ifndef RANDOM_FRAME_H
#define RANDOM_FRAME_H

#include "chl_test.h"

#include "core/base/rng.h"
#include "core/data/builder.h"
#include "core/data/frame.h"

static inline int64_t random_i64(chl_rng *rng)
{
    static const int64_t hard[] = {INT64_MIN, INT64_MAX, 9007199254740993,
                                   9007199254740992};
    uint64_t draw = chl_rng_below(rng, 10);
    return draw < 4 ? hard[draw] : (int64_t)draw - 6;
}

static inline double random_f64(chl_rng *rng)
{
    static const double hard[] = {-0.0, 0.5, 1e300, 9007199254740992.0,
                                  -9223372036854775808.0};
    uint64_t draw = chl_rng_below(rng, 10);
    return draw < 5 ? hard[draw] : (double)draw - 7;
}

/* `kind` 0: short texts; 1: texts that need more than one word. */
static inline chl_status add_random_text(chl_builder *b, chl_rng *rng, int kind)
{
    static const char *const texts[2][6] = {
        {"", "a", "b", "ab", "\xc3\xa9", "aa"},
        {"", "a long common beginning", "a long common beginning 1",
         "a long common beginning 2", "\xc3\xa9", "a"}};
    uint64_t draw = chl_rng_below(rng, 7);
    return draw == 6
               ? chl_builder_text(b, "a\0", 2, NULL)
               : chl_builder_text(b, texts[kind][draw], strlen(texts[kind][draw]), NULL);
}

static inline chl_status add_random(chl_builder *b, chl_rng *rng, int kind)
{
    switch (b->type) {
    case CHL_F64: return chl_builder_f64(b, random_f64(rng), NULL);
    case CHL_I64: return chl_builder_i64(b, random_i64(rng), NULL);
    case CHL_BOOL: return chl_builder_bool(b, chl_rng_below(rng, 2), NULL);
    case CHL_CATEGORY:
    case CHL_STRING: return add_random_text(b, rng, kind);
    case CHL_DATE: return chl_builder_days(b, (int32_t)chl_rng_below(rng, 5) - 2, NULL);
    case CHL_TIMESTAMP:
        return chl_builder_micros(b, (int64_t)chl_rng_below(rng, 5) * 1000000, NULL);
    }
    return CHL_EINVAL;
}

static inline chl_column *random_column(chl_rng *rng, chl_type type, int64_t rows,
                                        bool nullable)
{
    chl_builder b;
    chl_column *column;
    int kind = (int)chl_rng_below(rng, 2);
    assert_ok(chl_builder_init(&b, type, NULL, &err));
    for (int64_t i = 0; i < rows; i++) {
        bool missing = nullable && chl_rng_below(rng, 5) == 0;
        assert_ok(missing ? chl_builder_null(&b, &err) : add_random(&b, rng, kind));
    }
    assert_ok(chl_builder_finish(&b, &column, &err));
    return column;
}

/* 0, 1, 2 …: tells the rows of a result. */
static inline chl_column *row_numbers(int64_t rows)
{
    chl_column *column;
    assert_ok(chl_column_new(CHL_I64, rows, false, &column, &err));
    for (int64_t i = 0; i < rows; i++) {
        column->values.i64[i] = i;
    }
    chl_column_seal(column);
    return column;
}

/* Takes the columns. */
static inline chl_frame *frame_of(const char *const *names, chl_column **columns, int n)
{
    chl_frame *frame;
    assert_ok(chl_frame_new(names, columns, n, &frame, &err));
    for (int i = 0; i < n; i++) {
        chl_column_release(columns[i]);
    }
    return frame;
}

static inline int compare_i64_f64(int64_t a, double b)
{
    if (b >= 9223372036854775808.0 || b < -9223372036854775808.0) {
        return b > 0 ? -1 : 1;
    }
    int64_t whole = (int64_t)b; /* towards zero */
    if (a != whole) {
        return a < whole ? -1 : 1;
    }
    double rest = b - (double)whole;
    return (rest < 0) - (rest > 0);
}

static inline int compare_text(const chl_column *a, int64_t i, const chl_column *b,
                               int64_t j)
{
    size_t m, n;
    const char *left = chl_column_text(a, i, &m), *right = chl_column_text(b, j, &n);
    int order = memcmp(left, right, m < n ? m : n);
    return order ? order : (m > n) - (m < n);
}

/* Of two present cells: < 0, 0, > 0. */
static inline int compare_cells(const chl_column *a, int64_t i, const chl_column *b,
                                int64_t j)
{
    if (a->type == CHL_I64 && b->type == CHL_F64) {
        return compare_i64_f64(a->values.i64[i], b->values.f64[j]);
    }
    if (a->type == CHL_F64 && b->type == CHL_I64) {
        return -compare_i64_f64(b->values.i64[j], a->values.f64[i]);
    }
    if (a->type == CHL_STRING || a->type == CHL_CATEGORY) {
        return compare_text(a, i, b, j);
    }
    if (a->type == CHL_I64 || a->type == CHL_TIMESTAMP) {
        int64_t x = a->values.i64[i], y = b->values.i64[j];
        return (x > y) - (x < y);
    }
    double x = chl_column_number(a, i), y = chl_column_number(b, j);
    return (x > y) - (x < y);
}

/* Missing equals missing and nothing else. */
static inline bool equal_or_missing(const chl_column *a, int64_t i, const chl_column *b,
                                    int64_t j)
{
    bool left = chl_column_valid(a, i), right = chl_column_valid(b, j);
    return left && right ? compare_cells(a, i, b, j) == 0 : left == right;
}

#endif
