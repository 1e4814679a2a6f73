/* SPDX-License-Identifier: MIT
 *
 * Three ways to number words. A table over the whole range where it is small; blocks of
 * rows with hash tables of their own, merged in order, where few values are seen;
 * otherwise the rows are first parted by hash, so that each part's table stays in the
 * cache. Layer: core/data.
 */
#include "core/data/number.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "core/data/text_rank.h"

enum {
    BLOCK = 1 << 16,      /* rows a task */
    PARTS = 256,          /* of the rows, by the top 8 bits of the hash */
    PART_SHIFT = 56,      /* 64 - log2(PARTS) */
    SAMPLE = 1024,        /* rows looked at to choose the way */
    FEW = SAMPLE * 3 / 4, /* at most so many different ones among them */
    FIRST_SLOTS = 256
};

static int64_t block_count(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static int64_t block_end(size_t block, int64_t n)
{
    int64_t end = ((int64_t)block + 1) * BLOCK;
    return end < n ? end : n;
}

/* ---- a table of words ---- */

typedef struct slot {
    uint64_t word;
    int64_t id; /* the word's number + 1; 0 = a free slot */
} slot;

typedef struct word_map {
    slot *slots;
    size_t mask; /* slots - 1, a power of two */
    int64_t count;
} word_map;

static chl_status word_map_init(word_map *map, size_t slots, chl_error *err)
{
    *map = (word_map){.mask = slots - 1};
    map->slots = chl_calloc(slots, sizeof *map->slots);
    return map->slots ? CHL_OK : chl_fail_memory(err);
}

/* The slot of the word, or the free one where it belongs. */
static inline slot *word_map_find(const word_map *map, uint64_t word)
{
    size_t at = (size_t)chl_hash_word(word) & map->mask;
    while (map->slots[at].id && map->slots[at].word != word) {
        at = (at + 1) & map->mask;
    }
    return &map->slots[at];
}

/* Fills a free slot; the table never gets more than half full. */
static chl_status word_map_add(word_map *map, slot *free_slot, uint64_t word, int64_t id,
                               chl_error *err)
{
    *free_slot = (slot){word, id + 1};
    if ((size_t)++map->count * 2 <= map->mask) {
        return CHL_OK;
    }
    word_map wide;
    CHL_TRY(word_map_init(&wide, (map->mask + 1) * 2, err));
    wide.count = map->count;
    for (size_t i = 0; i <= map->mask; i++) {
        if (map->slots[i].id) {
            *word_map_find(&wide, map->slots[i].word) = map->slots[i];
        }
    }
    chl_free(map->slots);
    *map = wide;
    return CHL_OK;
}

/* ---- a small range ---- */

static chl_status number_range(const uint64_t *words, int64_t n, uint64_t last,
                               int64_t *ids, int64_t *count, chl_error *err)
{
    int64_t *number = chl_calloc((size_t)last + 1, sizeof *number); /* + 1; 0 = none */
    if (!number) {
        return chl_fail_memory(err);
    }
    int64_t given = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t *cell = &number[words[i]];
        if (*cell == 0) {
            *cell = ++given;
        }
        ids[i] = *cell - 1;
    }
    chl_free(number);
    *count = given;
    return CHL_OK;
}

/* ---- few values: blocks of rows ---- */

/* The words of one block in order of appearance, and then their numbers. */
typedef struct block_words {
    uint64_t *words;
    int64_t *ids;
    size_t count, room;
} block_words;

typedef struct block_job {
    const uint64_t *words;
    int64_t n;
    int64_t *ids;
    block_words *blocks;
} block_job;

static chl_status add_block_word(block_words *block, uint64_t word, chl_error *err)
{
    uint64_t *words =
        chl_grow(block->words, &block->room, block->count + 1, sizeof *words);
    if (!words) {
        return chl_fail_memory(err);
    }
    block->words = words;
    words[block->count++] = word;
    return CHL_OK;
}

static chl_status scan_block(const block_job *job, size_t index, word_map *map,
                             chl_error *err)
{
    block_words *block = &job->blocks[index];
    int64_t end = block_end(index, job->n);
    for (int64_t i = (int64_t)index * BLOCK; i < end; i++) {
        slot *s = word_map_find(map, job->words[i]);
        if (s->id) {
            job->ids[i] = s->id - 1;
        } else {
            job->ids[i] = (int64_t)block->count;
            CHL_TRY(add_block_word(block, job->words[i], err));
            CHL_TRY(word_map_add(map, s, job->words[i], job->ids[i], err));
        }
    }
    return CHL_OK;
}

/* A task: numbers within a block. */
static chl_status number_block(void *ctx, size_t index, chl_error *err)
{
    word_map map;
    CHL_TRY(word_map_init(&map, FIRST_SLOTS, err));
    chl_status status = scan_block(ctx, index, &map, err);
    chl_free(map.slots);
    return status;
}

/* A task: the block's numbers become everybody's. */
static chl_status rename_block(void *ctx, size_t index, chl_error *err)
{
    (void)err;
    const block_job *job = ctx;
    const int64_t *ids = job->blocks[index].ids;
    int64_t end = block_end(index, job->n);
    for (int64_t i = (int64_t)index * BLOCK; i < end; i++) {
        job->ids[i] = ids[job->ids[i]];
    }
    return CHL_OK;
}

static chl_status merge_block(block_words *block, word_map *map, chl_error *err)
{
    block->ids = chl_alloc(block->count, sizeof *block->ids);
    if (!block->ids) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < block->count; i++) {
        slot *s = word_map_find(map, block->words[i]);
        block->ids[i] = s->id ? s->id - 1 : map->count;
        if (!s->id) {
            CHL_TRY(word_map_add(map, s, block->words[i], map->count, err));
        }
    }
    return CHL_OK;
}

static chl_status merge_blocks(const block_job *job, size_t blocks, int64_t *count,
                               chl_error *err)
{
    word_map map;
    CHL_TRY(word_map_init(&map, FIRST_SLOTS, err));
    chl_status status = CHL_OK;
    for (size_t b = 0; b < blocks && status == CHL_OK; b++) {
        status = merge_block(&job->blocks[b], &map, err);
    }
    *count = map.count;
    chl_free(map.slots);
    return status;
}

static chl_status number_few(const uint64_t *words, int64_t n, int threads, int64_t *ids,
                             int64_t *count, chl_error *err)
{
    size_t blocks = (size_t)block_count(n);
    block_job job = {words, n, ids, chl_calloc(blocks, sizeof *job.blocks)};
    chl_status status = job.blocks
                            ? chl_parallel_for(threads, blocks, number_block, &job, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = merge_blocks(&job, blocks, count, err);
    }
    if (status == CHL_OK) {
        status = chl_parallel_for(threads, blocks, rename_block, &job, err);
    }
    for (size_t b = 0; job.blocks && b < blocks; b++) {
        chl_free(job.blocks[b].words);
        chl_free(job.blocks[b].ids);
    }
    chl_free(job.blocks);
    return status;
}

/* ---- many values: parts by hash ---- */

typedef struct row_word {
    uint64_t word;
    int64_t row;
} row_word;

typedef struct part_job {
    const uint64_t *words;
    int64_t n;
    int64_t *ids;
    row_word *rows;         /* [n] part by part, in the order of the rows */
    int64_t (*next)[PARTS]; /* [blocks] where the block's rows of each part go */
    int64_t from[PARTS + 1];
} part_job;

static size_t part_of(uint64_t word)
{
    return (size_t)(chl_hash_word(word) >> PART_SHIFT);
}

/* A task: how many rows of the block belong to each part. */
static chl_status count_parts(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const part_job *job = ctx;
    int64_t end = block_end(block, job->n);
    for (int64_t i = (int64_t)block * BLOCK; i < end; i++) {
        job->next[block][part_of(job->words[i])]++;
    }
    return CHL_OK;
}

static void place_parts(part_job *job, size_t blocks)
{
    int64_t at = 0;
    for (size_t p = 0; p < PARTS; p++) {
        job->from[p] = at;
        for (size_t b = 0; b < blocks; b++) {
            int64_t rows = job->next[b][p];
            job->next[b][p] = at;
            at += rows;
        }
    }
    job->from[PARTS] = at;
}

/* A task: the block's rows go to their parts. */
static chl_status scatter_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const part_job *job = ctx;
    int64_t end = block_end(block, job->n), *next = job->next[block];
    for (int64_t i = (int64_t)block * BLOCK; i < end; i++) {
        job->rows[next[part_of(job->words[i])]++] = (row_word){job->words[i], i};
    }
    return CHL_OK;
}

static chl_status scan_part(const part_job *job, size_t part, word_map *map,
                            chl_error *err)
{
    for (int64_t i = job->from[part]; i < job->from[part + 1]; i++) {
        const row_word *r = &job->rows[i];
        slot *s = word_map_find(map, r->word);
        job->ids[r->row] = s->id ? s->id - 1 : r->row;
        if (!s->id) {
            CHL_TRY(word_map_add(map, s, r->word, r->row, err));
        }
    }
    return CHL_OK;
}

/* A task: ids[row] becomes the first row with the same word. */
static chl_status find_first_in_part(void *ctx, size_t part, chl_error *err)
{
    const part_job *job = ctx;
    size_t rows = (size_t)(job->from[part + 1] - job->from[part]), slots = FIRST_SLOTS;
    while (slots < rows * 2) {
        slots *= 2;
    }
    word_map map;
    CHL_TRY(word_map_init(&map, slots, err));
    chl_status status = scan_part(job, part, &map, err);
    chl_free(map.slots);
    return status;
}

/* From first rows to numbers: a first row stands before the others of its number. */
static int64_t number_first_rows(int64_t *ids, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        ids[i] = ids[i] == i ? count++ : ids[ids[i]];
    }
    return count;
}

static chl_status number_many(const uint64_t *words, int64_t n, int threads, int64_t *ids,
                              int64_t *count, chl_error *err)
{
    size_t blocks = (size_t)block_count(n);
    part_job job = {.words = words, .n = n, .ids = ids};
    job.rows = chl_alloc((size_t)n, sizeof *job.rows);
    job.next = chl_calloc(blocks, sizeof *job.next);
    chl_status status = job.rows && job.next
                            ? chl_parallel_for(threads, blocks, count_parts, &job, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        place_parts(&job, blocks);
        status = chl_parallel_for(threads, blocks, scatter_block, &job, err);
    }
    if (status == CHL_OK) {
        status = chl_parallel_for(threads, PARTS, find_first_in_part, &job, err);
    }
    chl_free(job.rows);
    chl_free(job.next);
    if (status == CHL_OK) {
        *count = number_first_rows(ids, n);
    }
    return status;
}

/* Whether few different words are among some rows spread over all. */
static bool seem_few(const uint64_t *words, int64_t n)
{
    uint64_t seen[SAMPLE * 4] = {0}; /* hashes; 0 = free */
    size_t found = 0;
    for (int64_t k = 0; k < SAMPLE; k++) {
        uint64_t hash = chl_hash_word(words[n / SAMPLE * k]) | 1;
        size_t at = (size_t)(hash >> 1) % (SAMPLE * 4);
        while (seen[at] && seen[at] != hash) {
            at = (at + 1) % (SAMPLE * 4);
        }
        found += seen[at] == 0;
        seen[at] = hash;
    }
    return found <= FEW;
}

chl_status chl_number_words(const uint64_t *words, int64_t n, uint64_t last,
                            const chl_control *control, int64_t *ids, int64_t *count,
                            chl_error *err)
{
    *count = 0;
    CHL_TRY(chl_control_check(control, "group", err));
    if (last < (uint64_t)n * 2 + FIRST_SLOTS) {
        return number_range(words, n, last, ids, count, err);
    }
    int threads = chl_control_threads(control);
    if (n <= BLOCK || seem_few(words, n)) {
        return number_few(words, n, threads, ids, count, err);
    }
    return number_many(words, n, threads, ids, count, err);
}

void chl_first_rows(const int64_t *ids, int64_t n, int64_t count, int64_t *first)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < n && seen < count; i++) {
        if (ids[i] == seen) {
            first[seen++] = i;
        }
    }
}

/* ---- texts ---- */

typedef struct text_job {
    const chl_column *left, *right;
    int64_t n; /* rows of both */
    uint64_t *hashes;
    const int64_t *ids, *first;
} text_job;

static const char *text_at(const text_job *job, int64_t i, size_t *length)
{
    int64_t rows = job->left->length;
    return i < rows ? chl_column_string(job->left, i, length)
                    : chl_column_string(job->right, i - rows, length);
}

/* A task. */
static chl_status hash_texts(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const text_job *job = ctx;
    int64_t end = block_end(block, job->n);
    for (int64_t i = (int64_t)block * BLOCK; i < end; i++) {
        size_t length;
        const char *text = text_at(job, i, &length);
        job->hashes[i] = chl_hash_bytes(text, length);
    }
    return CHL_OK;
}

/* A task: CHL_EINVAL when two texts share a hash. */
static chl_status compare_texts(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const text_job *job = ctx;
    int64_t end = block_end(block, job->n);
    for (int64_t i = (int64_t)block * BLOCK; i < end; i++) {
        size_t a, b;
        const char *text = text_at(job, i, &a);
        const char *first = text_at(job, job->first[job->ids[i]], &b);
        if (a != b || (a && memcmp(text, first, a) != 0)) {
            return CHL_EINVAL;
        }
    }
    return CHL_OK;
}

/* *same: no two different texts got one number. */
static chl_status check_texts(text_job *job, const int64_t *ids, int64_t count,
                              int threads, bool *same, chl_error *err)
{
    int64_t *first = chl_alloc((size_t)count, sizeof *first);
    if (!first) {
        return chl_fail_memory(err);
    }
    chl_first_rows(ids, job->n, count, first);
    job->ids = ids;
    job->first = first;
    size_t blocks = (size_t)block_count(job->n);
    chl_status status = chl_parallel_for(threads, blocks, compare_texts, job, err);
    *same = status == CHL_OK;
    chl_free(first);
    return status == CHL_EINVAL ? CHL_OK : status;
}

static chl_status number_hashes(text_job *job, const chl_control *control, int64_t *ids,
                                int64_t *count, chl_error *err)
{
    int threads = chl_control_threads(control);
    size_t blocks = (size_t)block_count(job->n);
    CHL_TRY(chl_parallel_for(threads, blocks, hash_texts, job, err));
    CHL_TRY(chl_number_words(job->hashes, job->n, UINT64_MAX, control, ids, count, err));
    bool same = true;
    CHL_TRY(check_texts(job, ids, *count, threads, &same, err));
    if (same) {
        return CHL_OK;
    }
    uint64_t last; /* somebody made texts that share a hash: order them instead */
    CHL_TRY(chl_text_ranks(job->left, job->right, control, job->hashes, &last, err));
    return chl_number_words(job->hashes, job->n, last, control, ids, count, err);
}

chl_status chl_number_texts(const chl_column *left, const chl_column *right,
                            const chl_control *control, int64_t *ids, int64_t *count,
                            chl_error *err)
{
    *count = 0;
    text_job job = {.left = left, .right = right};
    job.n = left->length + (right ? right->length : 0);
    job.hashes = chl_alloc((size_t)job.n, sizeof *job.hashes);
    if (!job.hashes) {
        return chl_fail_memory(err);
    }
    chl_status status = number_hashes(&job, control, ids, count, err);
    chl_free(job.hashes);
    return status;
}
