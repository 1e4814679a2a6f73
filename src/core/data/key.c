/* SPDX-License-Identifier: MIT
 *
 * Words of keys: each part is filled into a scratch array as order-preserving numbers,
 * shifted to 0 … span (missing: span), and packed below the parts before it as one digit
 * of a number in a mixed base. Texts become numbers in key_text.c. Layer: core/data.
 */
#include "core/data/key.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "core/data/key_private.h"
#include "core/data/number.h"
#include "core/data/sort.h"

enum { BLOCK = 1 << 16 }; /* rows a task */

bool chl_types_comparable(chl_type a, chl_type b)
{
    bool numbers = (a == CHL_I64 || a == CHL_F64) && (b == CHL_I64 || b == CHL_F64);
    bool texts =
        (a == CHL_STRING || a == CHL_CATEGORY) && (b == CHL_STRING || b == CHL_CATEGORY);
    return a == b || numbers || texts;
}

void chl_keys_reset(chl_keys *keys)
{
    chl_free(keys->words);
    *keys = (chl_keys){0};
}

/* ---- values as words ---- */

static uint64_t word_of_i64(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

/* IEEE order: flip all bits of negative numbers, the sign bit of others. */
static uint64_t word_of_f64(double value)
{
    uint64_t bits;
    value = value == 0 ? 0 : value; /* -0 equals 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static bool is_i64(double value)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    return value >= -limit && value < limit && (double)(int64_t)value == value;
}

#define FILL(member, word)                                                               \
    for (int64_t i = 0; i < n; i++) {                                                    \
        const int64_t row = from + i;                                                    \
        words[i] = (word);                                                               \
    }                                                                                    \
    break

/* Words of n rows of a side, from row `from` on. */
static void fill_side(const key_side *side, int64_t from, int64_t n, uint64_t *words)
{
    const chl_column *c = side->column;
    switch (c->type) {
    case CHL_F64:
        if (side->with_i64) {
            FILL(f64, is_i64(c->values.f64[row])
                          ? word_of_i64((int64_t)c->values.f64[row])
                          : word_of_f64(c->values.f64[row]));
        }
        FILL(f64, word_of_f64(c->values.f64[row]));
    case CHL_I64:
    case CHL_TIMESTAMP: FILL(i64, word_of_i64(c->values.i64[row]));
    case CHL_BOOL: FILL(boolean, c->values.boolean[row]);
    case CHL_DATE: FILL(days, word_of_i64(c->values.days[row]));
    case CHL_STRING:
        if (!side->words) {
            key_fill_tails(side, from, n, words);
            break;
        }
        FILL(offsets, side->words[row]);
    case CHL_CATEGORY:
        if (side->recode) {
            FILL(codes,
                 c->values.codes[row] < 0 ? 0 : side->recode[c->values.codes[row]]);
        }
        FILL(codes, (uint64_t)(int64_t)c->values.codes[row]);
    }
}

/* 1 where an f64 value is no i64: the second word of a part that compares the two. */
static void fill_kind(const key_side *side, int64_t from, int64_t n, uint64_t *words)
{
    const chl_column *c = side->column;
    for (int64_t i = 0; i < n; i++) {
        words[i] = c->type == CHL_F64 && !is_i64(c->values.f64[from + i]);
    }
}

/* ---- one part ---- */

typedef struct range {
    uint64_t min, max; /* of the present rows; min > max: there are none */
    bool missing;      /* some row is missing */
} range;

typedef void fill_fn(const key_side *side, int64_t from, int64_t n, uint64_t *words);

typedef struct part_job {
    chl_keys *keys;
    const key_side *sides; /* two; the second may have no column */
    fill_fn *fill;
    uint64_t *words; /* [rows] of this part */
    range *ranges;   /* [blocks] */
    range all;
    bool ordered; /* words rise with the values */
    bool may_mix; /* what is too large for a word may become a hash */
    bool mixed;   /* it did: equal words are equal keys most likely */
    bool descending;
    bool first; /* nothing is packed yet */
} part_job;

static range widen_range(range a, range b)
{
    return (range){a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max,
                   a.missing || b.missing};
}

static range range_of(const chl_column *column, int64_t from, int64_t n,
                      const uint64_t *words)
{
    range r = {UINT64_MAX, 0, false};
    if (!column->validity) {
        for (int64_t i = 0; i < n; i++) {
            r.min = words[i] < r.min ? words[i] : r.min;
            r.max = words[i] > r.max ? words[i] : r.max;
        }
        return r;
    }
    for (int64_t i = 0; i < n; i++) {
        if (chl_column_valid(column, from + i)) {
            r.min = words[i] < r.min ? words[i] : r.min;
            r.max = words[i] > r.max ? words[i] : r.max;
        } else {
            r.missing = true;
        }
    }
    return r;
}

/* The rows of a block that are in a side: from (in the side) and n; *at in the block. */
static int64_t side_rows(const part_job *job, size_t block, int which, int64_t *from,
                         int64_t *at)
{
    int64_t start = (int64_t)block * BLOCK, end = start + BLOCK;
    int64_t low = which ? job->sides[0].column->length : 0;
    int64_t high = which ? job->keys->rows : job->sides[0].column->length;
    start = start > low ? start : low;
    end = end < high ? end : high;
    *from = start - low;
    *at = start;
    return end > start ? end - start : 0;
}

/* A task: the block's words and their range. */
static chl_status fill_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const part_job *job = ctx;
    range r = {UINT64_MAX, 0, false};
    for (int which = 0; which < 2; which++) {
        int64_t from, at, n = side_rows(job, block, which, &from, &at);
        if (n > 0) {
            const key_side *side = &job->sides[which];
            job->fill(side, from, n, job->words + at);
            r = widen_range(r, range_of(side->column, from, n, job->words + at));
        }
    }
    job->ranges[block] = r;
    return CHL_OK;
}

/* Packs n words of a column as digits in base span + 1. */
static void pack_rows(const part_job *job, const chl_column *column, int64_t from,
                      int64_t at, int64_t n)
{
    const range *r = &job->all;
    uint64_t *words = job->words + at, *packed = job->keys->words + at;
    uint64_t missing = r->max - r->min + 1, base = missing + r->missing;
    if (job->descending) {
        for (int64_t i = 0; i < n; i++) {
            words[i] = r->max - words[i];
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            words[i] -= r->min;
        }
    }
    for (int64_t i = 0; column->validity && i < n; i++) {
        words[i] = chl_column_valid(column, from + i) ? words[i] : missing;
    }
    if (job->first) {
        memcpy(packed, words, (size_t)n * sizeof *packed);
        return;
    }
    if (job->mixed) {
        for (int64_t i = 0; i < n; i++) {
            packed[i] = chl_hash_word(packed[i]) ^ words[i];
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        packed[i] = packed[i] * base + words[i];
    }
}

/* A task. */
static chl_status pack_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const part_job *job = ctx;
    for (int which = 0; which < 2; which++) {
        int64_t from, at, n = side_rows(job, block, which, &from, &at);
        if (n > 0) {
            pack_rows(job, job->sides[which].column, from, at, n);
        }
    }
    return CHL_OK;
}

/* ---- packing ---- */

/* Ranks of the words: below their number, in the same order. */
static chl_status rank_words(const uint64_t *words, int64_t n, const chl_control *control,
                             int64_t *ranks, int64_t *count, chl_error *err)
{
    int64_t *order = chl_alloc((size_t)n, sizeof *order);
    if (!order) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_sort_words(words, n, UINT64_MAX, control, order, err);
    int64_t rank = 0;
    for (int64_t i = 0; i < n && status == CHL_OK; i++) {
        rank += i > 0 && words[order[i]] != words[order[i - 1]];
        ranks[order[i]] = rank;
    }
    *count = rank + 1;
    chl_free(order);
    return status;
}

/* Makes the words small: ranks where order counts, numbers where it does not. */
static chl_status shrink_words(const part_job *job, uint64_t *words,
                               const chl_control *control, uint64_t *last, chl_error *err)
{
    int64_t n = job->keys->rows, count = 1;
    int64_t *small = chl_alloc((size_t)n, sizeof *small);
    if (!small) {
        return chl_fail_memory(err);
    }
    chl_status status = job->ordered ? rank_words(words, n, control, small, &count, err)
                                     : chl_number_words(words, n, UINT64_MAX, control,
                                                        small, &count, err);
    if (status == CHL_OK) {
        memcpy(words, small, (size_t)n * sizeof *words);
        *last = (uint64_t)(count > 0 ? count - 1 : 0);
    }
    chl_free(small);
    return status;
}

/* The largest digit, or false when it needs more than 64 bits. */
static bool largest_digit(const range *r, uint64_t *largest)
{
    *largest = r->max - r->min;
    return !r->missing || !__builtin_add_overflow(*largest, 1, largest);
}

static bool largest_word(const chl_keys *keys, const range *r, uint64_t *last)
{
    uint64_t digit, high;
    return largest_digit(r, &digit) && digit < UINT64_MAX &&
           !__builtin_mul_overflow(keys->last, digit + 1, &high) &&
           !__builtin_add_overflow(high, digit, last);
}

/* The largest word once the part is packed, or false when it needs more than 64 bits. */
static bool part_fits(const part_job *job, uint64_t *last)
{
    return job->first ? largest_digit(&job->all, last)
                      : largest_word(job->keys, &job->all, last);
}

/* Makes room: from here on the words are hashes; or the packed words, and if need be the
 * part's, become less than the rows. */
static chl_status make_room(part_job *job, const chl_control *control, uint64_t *last,
                            chl_error *err)
{
    chl_keys *keys = job->keys;
    uint64_t digit;
    if (job->may_mix && !job->first && largest_digit(&job->all, &digit)) {
        job->mixed = true;
        *last = UINT64_MAX;
        return CHL_OK;
    }
    if (!job->first) {
        CHL_TRY(shrink_words(job, keys->words, control, &keys->last, err));
    }
    if (!part_fits(job, last)) {
        job->all.min = 0;
        CHL_TRY(shrink_words(job, job->words, control, &job->all.max, err));
        (void)part_fits(job, last);
    }
    return CHL_OK;
}

static void join_ranges(part_job *job, size_t blocks)
{
    job->all = (range){UINT64_MAX, 0, false};
    for (size_t b = 0; b < blocks; b++) {
        job->all = widen_range(job->all, job->ranges[b]);
    }
    if (job->all.min > job->all.max) { /* nothing is present: missing is digit 1 */
        job->all.min = job->all.max = 0;
    }
}

/* Fills the part's words and packs them below the words that are there. */
static chl_status pack_words(part_job *job, fill_fn *fill, const chl_control *control,
                             chl_error *err)
{
    int threads = chl_control_threads(control);
    size_t blocks = (size_t)((job->keys->rows + BLOCK - 1) / BLOCK);
    job->fill = fill;
    CHL_TRY(chl_control_check(control, "keys", err));
    CHL_TRY(chl_parallel_for(threads, blocks, fill_block, job, err));
    join_ranges(job, blocks);
    uint64_t last = 0;
    if (job->mixed || !part_fits(job, &last)) {
        CHL_TRY(make_room(job, control, &last, err));
    }
    if (job->first && job->all.min == 0 && !job->all.missing && !job->descending) {
        uint64_t *words = job->keys->words; /* they are digits already */
        job->keys->words = job->words;
        job->words = words;
    } else {
        CHL_TRY(chl_parallel_for(threads, blocks, pack_block, job, err));
    }
    job->keys->last = last;
    job->first = false;
    return CHL_OK;
}

static chl_status pack_part(part_job *job, const chl_key_part *part,
                            const chl_control *control, chl_error *err)
{
    key_side sides[2] = {{.column = part->left}, {.column = part->right}};
    chl_status status = key_texts(sides, job->ordered, control, err);
    job->sides = sides;
    job->descending = part->descending;
    bool mixed = part->right && part->left->type != part->right->type &&
                 chl_type_numeric(part->left->type);
    sides[0].with_i64 = sides[1].with_i64 = mixed;
    if (status == CHL_OK) {
        status = pack_words(job, fill_side, control, err);
    }
    if (status == CHL_OK && mixed) {
        status = pack_words(job, fill_kind, control, err);
    }
    key_side_reset(&sides[0]);
    key_side_reset(&sides[1]);
    return status;
}

static chl_status pack_parts(part_job *job, const chl_key_part *parts, int n,
                             const chl_control *control, chl_error *err)
{
    job->first = true;
    job->mixed = false;
    job->keys->last = 0;
    for (int k = 0; k < n; k++) {
        CHL_TRY(pack_part(job, &parts[k], control, err));
    }
    return CHL_OK;
}

/* Hashes become numbers, if no two different keys share one; else everything is packed
 * once more without hashes. */
static chl_status settle_hashes(part_job *job, const chl_key_part *parts, int n,
                                const chl_control *control, chl_error *err)
{
    chl_keys *keys = job->keys;
    int64_t *ids = (int64_t *)job->words, count;
    bool same;
    CHL_TRY(
        chl_number_words(keys->words, keys->rows, UINT64_MAX, control, ids, &count, err));
    CHL_TRY(key_check_numbers(parts, n, keys->rows, ids, count, control, &same, err));
    if (!same) {
        job->may_mix = false;
        return pack_parts(job, parts, n, control, err);
    }
    uint64_t *words = keys->words;
    keys->words = job->words;
    job->words = words;
    keys->last = (uint64_t)(count > 0 ? count - 1 : 0);
    return CHL_OK;
}

static chl_status make_keys(chl_keys *keys, const chl_key_part *parts, int n,
                            int64_t rows, bool ordered, const chl_control *control,
                            chl_error *err)
{
    *keys = (chl_keys){.rows = rows};
    keys->words = n > 0 ? chl_alloc((size_t)rows, sizeof *keys->words)
                        : chl_calloc((size_t)rows, sizeof *keys->words);
    part_job job = {.keys = keys, .ordered = ordered};
    job.words = chl_alloc((size_t)rows, sizeof *job.words);
    job.ranges = chl_alloc((size_t)rows / BLOCK + 1, sizeof *job.ranges);
    job.may_mix = !ordered && n > 0 && !parts[0].right;
    chl_status status = keys->words && job.words && job.ranges
                            ? pack_parts(&job, parts, n, control, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK && job.mixed) {
        status = settle_hashes(&job, parts, n, control, err);
    }
    chl_free(job.words);
    chl_free(job.ranges);
    if (status != CHL_OK) {
        chl_keys_reset(keys);
    }
    return status;
}

chl_status chl_sort_keys(const chl_column *column, uint64_t *keys, chl_error *err)
{
    key_side sides[2] = {{.column = column}};
    chl_status status = key_texts(sides, true, NULL, err);
    if (status == CHL_OK) {
        fill_side(&sides[0], 0, column->length, keys);
    }
    for (int64_t i = 0; column->validity && i < column->length; i++) {
        keys[i] = chl_column_valid(column, i) ? keys[i] : 0;
    }
    key_side_reset(&sides[0]);
    return status;
}

chl_status chl_keys_equal(chl_keys *keys, const chl_key_part *parts, int n, int64_t rows,
                          const chl_control *control, chl_error *err)
{
    return make_keys(keys, parts, n, rows, false, control, err);
}

chl_status chl_keys_order(chl_keys *keys, const chl_key_part *parts, int n, int64_t rows,
                          const chl_control *control, chl_error *err)
{
    return make_keys(keys, parts, n, rows, true, control, err);
}
