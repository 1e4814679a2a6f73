/* SPDX-License-Identifier: MIT */
#include "core/data/sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/frame.h"

enum { DIGITS = 8, BUCKETS = 256 };

/* ---- keys ---- */

static uint64_t key_of_signed(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

/* IEEE order: flip all bits of negative numbers, the sign bit of others. */
static uint64_t key_of_double(double value)
{
    uint64_t bits;
    value = value == 0 ? 0 : value; /* -0 equals 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

typedef struct text {
    const char *bytes;
    size_t length;
    int64_t row;
} text;

static int compare_texts(const void *left, const void *right)
{
    const text *a = left, *b = right;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common ? memcmp(a->bytes, b->bytes, common) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static chl_status string_keys(const chl_column *column, uint64_t *keys, chl_error *err)
{
    text *texts = chl_alloc((size_t)column->length, sizeof *texts);
    if (!texts) {
        return chl_fail_memory(err);
    }
    size_t n = 0;
    for (int64_t i = 0; i < column->length; i++) {
        keys[i] = 0;
        if (chl_column_valid(column, i)) {
            texts[n].row = i;
            texts[n].bytes = chl_column_string(column, i, &texts[n].length);
            n++;
        }
    }
    qsort(texts, n, sizeof *texts, compare_texts);
    uint64_t rank = 0;
    for (size_t i = 0; i < n; i++) {
        rank += i > 0 && compare_texts(&texts[i - 1], &texts[i]) != 0;
        keys[texts[i].row] = rank;
    }
    chl_free(texts);
    return CHL_OK;
}

static chl_status category_keys(const chl_column *column, uint64_t *keys, chl_error *err)
{
    int32_t count = chl_levels_count(column->levels);
    int32_t *rank = chl_alloc((size_t)count, sizeof *rank);
    chl_status status = rank ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK && !chl_levels_ordered(column->levels)) {
        status = chl_levels_ranks(column->levels, rank, err);
    } else if (status == CHL_OK) {
        for (int32_t code = 0; code < count; code++) {
            rank[code] = code;
        }
    }
    for (int64_t i = 0; status == CHL_OK && i < column->length; i++) {
        int32_t code = column->values.codes[i];
        keys[i] = code < 0 ? 0 : (uint64_t)rank[code];
    }
    chl_free(rank);
    return status;
}

chl_status chl_sort_keys(const chl_column *column, uint64_t *keys, chl_error *err)
{
    int64_t n = column->length;
    switch (column->type) {
    case CHL_STRING: return string_keys(column, keys, err);
    case CHL_CATEGORY: return category_keys(column, keys, err);
    case CHL_F64:
        for (int64_t i = 0; i < n; i++) {
            keys[i] = key_of_double(column->values.f64[i]);
        }
        break;
    case CHL_I64:
        for (int64_t i = 0; i < n; i++) {
            keys[i] = key_of_signed(column->values.i64[i]);
        }
        break;
    case CHL_BOOL:
        for (int64_t i = 0; i < n; i++) {
            keys[i] = column->values.boolean[i];
        }
        break;
    case CHL_DATE:
        for (int64_t i = 0; i < n; i++) {
            keys[i] = key_of_signed(column->values.days[i]);
        }
        break;
    case CHL_TIMESTAMP:
        for (int64_t i = 0; i < n; i++) {
            keys[i] = key_of_signed(column->values.micros[i]);
        }
        break;
    }
    for (int64_t i = 0; column->validity && i < n; i++) {
        if (!chl_column_valid(column, i)) {
            keys[i] = 0;
        }
    }
    return CHL_OK;
}

/* ---- radix sort ---- */

static bool one_bucket(const int64_t counts[BUCKETS], int64_t n)
{
    for (int b = 0; b < BUCKETS; b++) {
        if (counts[b] > 0) {
            return counts[b] == n;
        }
    }
    return true;
}

static void scatter(const uint64_t *keys, const int64_t *from, int64_t *to, int64_t n,
                    int shift, int64_t counts[BUCKETS])
{
    int64_t start = 0;
    for (int b = 0; b < BUCKETS; b++) {
        int64_t count = counts[b];
        counts[b] = start;
        start += count;
    }
    for (int64_t i = 0; i < n; i++) {
        to[counts[keys[from[i]] >> shift & 0xff]++] = from[i];
    }
}

static void radix_sort(const uint64_t *keys, int64_t *order, int64_t *spare, int64_t n,
                       int64_t counts[DIGITS][BUCKETS])
{
    for (int64_t i = 0; i < n; i++) {
        for (int digit = 0; digit < DIGITS; digit++) {
            counts[digit][keys[order[i]] >> (8 * digit) & 0xff]++;
        }
    }
    int64_t *from = order, *to = spare;
    for (int digit = 0; digit < DIGITS; digit++) {
        if (!one_bucket(counts[digit], n)) {
            scatter(keys, from, to, n, 8 * digit, counts[digit]);
            int64_t *swap = from;
            from = to;
            to = swap;
        }
    }
    if (from != order) {
        memcpy(order, from, (size_t)n * sizeof *order);
    }
}

chl_status chl_sort_order(const uint64_t *keys, int64_t *order, int64_t n, chl_error *err)
{
    int64_t *spare = chl_alloc((size_t)n, sizeof *spare);
    int64_t(*counts)[BUCKETS] = chl_calloc(DIGITS, sizeof *counts);
    chl_status status = CHL_OK;
    if (spare && counts) {
        radix_sort(keys, order, spare, n, counts);
    } else {
        status = chl_fail_memory(err);
    }
    chl_free(spare);
    chl_free(counts);
    return status;
}

/* ---- frames ---- */

/* Stable: present rows first, in their order, then the missing ones. */
static void missing_last(const chl_column *column, int64_t *order, int64_t *spare)
{
    int64_t n = column->length, kept = 0, missing = 0;
    for (int64_t i = 0; i < n; i++) {
        if (chl_column_valid(column, order[i])) {
            order[kept++] = order[i];
        } else {
            spare[missing++] = order[i];
        }
    }
    memcpy(order + kept, spare, (size_t)missing * sizeof *order);
}

/* Least significant key first: each stable sort keeps the order of those before. */
static chl_status sort_by(const chl_column *column, bool descending, int64_t *order,
                          uint64_t *keys, chl_error *err)
{
    CHL_TRY(chl_sort_keys(column, keys, err));
    for (int64_t i = 0; descending && i < column->length; i++) {
        keys[i] = ~keys[i];
    }
    CHL_TRY(chl_sort_order(keys, order, column->length, err));
    if (column->validity) {
        missing_last(column, order, (int64_t *)keys);
    }
    return CHL_OK;
}

static chl_status order_rows(const chl_frame *frame, const char *const *names,
                             const bool *descending, int n, int64_t *order,
                             uint64_t *keys, chl_error *err)
{
    for (int64_t i = 0; i < frame->rows; i++) {
        order[i] = i;
    }
    for (int k = n - 1; k >= 0; k--) {
        int index;
        CHL_TRY(chl_frame_index(frame, "sort", names[k], &index, err));
        CHL_TRY(sort_by(frame->fields[index].column, descending[k], order, keys, err));
    }
    return CHL_OK;
}

chl_status chl_frame_order(const chl_frame *frame, const char *const *names,
                           const bool *descending, int n, int64_t *order, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)frame->rows, sizeof *keys);
    chl_status status = keys ? order_rows(frame, names, descending, n, order, keys, err)
                             : chl_fail_memory(err);
    chl_free(keys);
    return status;
}

chl_status chl_frame_sort(const chl_frame *frame, const char *const *names,
                          const bool *descending, int n, const chl_control *control,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    int64_t *order = chl_alloc((size_t)frame->rows, sizeof *order);
    chl_status status = order ? chl_frame_order(frame, names, descending, n, order, err)
                              : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_frame_take(frame, order, frame->rows, control, out, err);
    }
    chl_free(order);
    return status;
}
