/* SPDX-License-Identifier: MIT
 *
 * Radix sort from the lowest digit up. What moves is one 64-bit item a row: the upper
 * bits of the word, as many as there is room for, above the row's number. So rows that
 * are equal so far keep their order, and words are never looked up; the few runs that
 * the lower bits have to part are sorted again. Layer: core/data.
 */
#include "core/data/sort.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/frame.h"
#include "core/data/key.h"

enum {
    DIGIT = 11, /* bits sorted at once, at most */
    BUCKETS = 1 << DIGIT,
    BLOCK = 1 << 17, /* rows a task, at least */
    MAX_BLOCKS = 64,
    SHORT_RUN = 24 /* sorted by insertion */
};

typedef struct radix {
    const uint64_t *words;
    int64_t n;
    int row_bits; /* lower bits of an item: the row */
    int drop;     /* lower bits of the words that found no room */
    uint64_t *items, *spare;
    int64_t block;              /* rows a task */
    size_t blocks;              /* tasks */
    int64_t (*counts)[BUCKETS]; /* [blocks] rows of each digit, then where they go */
    int shift;                  /* of the digit at work */
    uint64_t mask;
} radix;

static int bit_count(uint64_t value)
{
    return value ? 64 - __builtin_clzll(value) : 0;
}

static int64_t block_end(const radix *r, size_t block)
{
    int64_t end = ((int64_t)block + 1) * r->block;
    return end < r->n ? end : r->n;
}

/* ---- tasks ---- */

static chl_status make_items(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const radix *r = ctx;
    int64_t end = block_end(r, block);
    for (int64_t i = (int64_t)block * r->block; i < end; i++) {
        r->items[i] = r->words[i] >> r->drop << r->row_bits | (uint64_t)i;
    }
    return CHL_OK;
}

static chl_status count_digits(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const radix *r = ctx;
    int64_t *counts = r->counts[block], end = block_end(r, block);
    memset(counts, 0, sizeof *r->counts);
    for (int64_t i = (int64_t)block * r->block; i < end; i++) {
        counts[r->items[i] >> r->shift & r->mask]++;
    }
    return CHL_OK;
}

static chl_status scatter(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const radix *r = ctx;
    int64_t *next = r->counts[block], end = block_end(r, block);
    for (int64_t i = (int64_t)block * r->block; i < end; i++) {
        r->spare[next[r->items[i] >> r->shift & r->mask]++] = r->items[i];
    }
    return CHL_OK;
}

/* ---- passes ---- */

/* From counts to places; false when all rows have the same digit. */
static bool place_digits(const radix *r)
{
    int64_t at = 0;
    for (size_t d = 0; d <= r->mask; d++) {
        int64_t before = at;
        for (size_t b = 0; b < r->blocks; b++) {
            int64_t rows = r->counts[b][d];
            r->counts[b][d] = at;
            at += rows;
        }
        if (at - before == r->n) {
            return false;
        }
    }
    return true;
}

static chl_status sort_items(radix *r, int bits, int threads, chl_error *err)
{
    int passes = (bits + DIGIT - 1) / DIGIT;
    int digit = passes ? (bits + passes - 1) / passes : 0;
    r->mask = (UINT64_C(1) << digit) - 1;
    for (int pass = 0; pass < passes; pass++) {
        r->shift = r->row_bits + pass * digit;
        CHL_TRY(chl_parallel_for(threads, r->blocks, count_digits, r, err));
        if (place_digits(r)) {
            CHL_TRY(chl_parallel_for(threads, r->blocks, scatter, r, err));
            uint64_t *swap = r->items;
            r->items = r->spare;
            r->spare = swap;
        }
    }
    return CHL_OK;
}

/* ---- runs that differ in the dropped bits ---- */

static void insert_sorted(const uint64_t *words, int64_t *order, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        int64_t row = order[i], at = i;
        for (; at > 0 && words[order[at - 1]] > words[row]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = row;
    }
}

static bool is_sorted(const uint64_t *words, const int64_t *order, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        if (words[order[i]] < words[order[i - 1]]) {
            return false;
        }
    }
    return true;
}

static chl_status sort_run(const radix *r, int64_t *order, int64_t n, chl_error *err)
{
    if (is_sorted(r->words, order, n)) {
        return CHL_OK;
    }
    if (n <= SHORT_RUN) {
        insert_sorted(r->words, order, n);
        return CHL_OK;
    }
    return chl_sort_order(r->words, order, n, err);
}

static chl_status finish_runs(const radix *r, int64_t *order, chl_error *err)
{
    for (int64_t start = 0, i = 1; i <= r->n; i++) {
        bool ends =
            i == r->n || r->items[i] >> r->row_bits != r->items[start] >> r->row_bits;
        if (ends && i - start > 1) {
            CHL_TRY(sort_run(r, order + start, i - start, err));
        }
        start = ends ? i : start;
    }
    return CHL_OK;
}

/* ---- all ---- */

static chl_status sort_radix(radix *r, int bits, int threads, int64_t *order,
                             chl_error *err)
{
    CHL_TRY(chl_parallel_for(threads, r->blocks, make_items, r, err));
    CHL_TRY(sort_items(r, bits - r->drop, threads, err));
    uint64_t mask = r->row_bits ? UINT64_MAX >> (64 - r->row_bits) : 0;
    for (int64_t i = 0; i < r->n; i++) {
        order[i] = (int64_t)(r->items[i] & mask);
    }
    return r->drop ? finish_runs(r, order, err) : CHL_OK;
}

chl_status chl_sort_words(const uint64_t *words, int64_t n, uint64_t last,
                          const chl_control *control, int64_t *order, chl_error *err)
{
    CHL_TRY(chl_control_check(control, "sort", err));
    radix r = {.words = words, .n = n};
    int bits = bit_count(last), threads = chl_control_threads(control);
    r.row_bits = bit_count(n > 0 ? (uint64_t)n - 1 : 0);
    r.drop = bits + r.row_bits > 64 ? bits + r.row_bits - 64 : 0;
    r.block = (n + MAX_BLOCKS - 1) / MAX_BLOCKS;
    r.block = r.block < BLOCK ? BLOCK : r.block;
    r.blocks = (size_t)((n + r.block - 1) / r.block);
    uint64_t *items = r.items = chl_alloc((size_t)n, sizeof *r.items);
    uint64_t *spare = r.spare = chl_alloc((size_t)n, sizeof *r.spare);
    r.counts = chl_alloc(r.blocks, sizeof *r.counts);
    chl_status status = items && spare && r.counts
                            ? sort_radix(&r, bits, threads, order, err)
                            : chl_fail_memory(err);
    chl_free(items);
    chl_free(spare);
    chl_free(r.counts);
    return status;
}

/* The words of the rows in their order, without the bits that all of them share. */
static uint64_t compact_words(const uint64_t *keys, const int64_t *order, int64_t n,
                              uint64_t *words)
{
    uint64_t min = UINT64_MAX, max = 0;
    for (int64_t i = 0; i < n; i++) {
        words[i] = keys[order[i]];
        min = words[i] < min ? words[i] : min;
        max = words[i] > max ? words[i] : max;
    }
    for (int64_t i = 0; i < n; i++) {
        words[i] -= min;
    }
    return n > 0 ? max - min : 0;
}

chl_status chl_sort_order(const uint64_t *keys, int64_t *order, int64_t n, chl_error *err)
{
    uint64_t *words = chl_alloc((size_t)n, sizeof *words);
    int64_t *place = chl_alloc((size_t)n, sizeof *place);
    chl_status status = words && place ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        uint64_t last = compact_words(keys, order, n, words);
        status = chl_sort_words(words, n, last, NULL, place, err);
    }
    if (status == CHL_OK) {
        for (int64_t i = 0; i < n; i++) {
            words[i] = (uint64_t)order[place[i]];
        }
        memcpy(order, words, (size_t)n * sizeof *order);
    }
    chl_free(words);
    chl_free(place);
    return status;
}

/* ---- frames ---- */

static chl_status find_parts(const chl_frame *frame, const char *const *names,
                             const bool *descending, int n, chl_key_part *parts,
                             chl_error *err)
{
    for (int k = 0; k < n; k++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "sort", names[k], &index, err));
        parts[k] = (chl_key_part){.left = frame->fields[index].column,
                                  .descending = descending[k]};
    }
    return CHL_OK;
}

static chl_status order_parts(const chl_frame *frame, const chl_key_part *parts, int n,
                              const chl_control *control, int64_t *order, chl_error *err)
{
    chl_keys keys;
    CHL_TRY(chl_keys_order(&keys, parts, n, frame->rows, control, err));
    chl_status status =
        chl_sort_words(keys.words, frame->rows, keys.last, control, order, err);
    chl_keys_reset(&keys);
    return status;
}

static chl_status order_rows(const chl_frame *frame, const char *const *names,
                             const bool *descending, int n, const chl_control *control,
                             int64_t *order, chl_error *err)
{
    chl_key_part *parts = chl_alloc((size_t)n, sizeof *parts);
    chl_status status = parts ? find_parts(frame, names, descending, n, parts, err)
                              : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = order_parts(frame, parts, n, control, order, err);
    }
    chl_free(parts);
    return status;
}

chl_status chl_frame_order(const chl_frame *frame, const char *const *names,
                           const bool *descending, int n, int64_t *order, chl_error *err)
{
    return order_rows(frame, names, descending, n, NULL, order, err);
}

chl_status chl_frame_sort(const chl_frame *frame, const char *const *names,
                          const bool *descending, int n, const chl_control *control,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    int64_t *order = chl_alloc((size_t)frame->rows, sizeof *order);
    chl_status status = order
                            ? order_rows(frame, names, descending, n, control, order, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_frame_take(frame, order, frame->rows, control, out, err);
    }
    chl_free(order);
    return status;
}
