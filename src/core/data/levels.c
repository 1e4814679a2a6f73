/* SPDX-License-Identifier: MIT
 *
 * The levels of a category: names in one byte arena, found through an open-addressing
 * hash table. Layer: core/data.
 */
#include "core/data/column.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"

enum { FIRST_SLOTS = 16 };

struct chl_levels {
    atomic_int refs;
    int32_t count;
    char *bytes; /* the names, each with a NUL */
    size_t used, room;
    size_t *starts; /* count + 1 offsets into bytes */
    size_t starts_room;
    int32_t *slots; /* code + 1, 0 = free; their number is a power of two */
    size_t slot_count;
    bool ordered;
};

chl_status chl_levels_new(chl_levels **out, chl_error *err)
{
    *out = NULL;
    chl_levels *levels = chl_calloc(1, sizeof *levels);
    if (!levels) {
        return chl_fail_memory(err);
    }
    atomic_init(&levels->refs, 1);
    levels->slot_count = FIRST_SLOTS;
    levels->slots = chl_calloc(FIRST_SLOTS, sizeof *levels->slots);
    levels->starts = chl_grow(NULL, &levels->starts_room, 1, sizeof *levels->starts);
    if (!levels->slots || !levels->starts) {
        chl_levels_release(levels);
        return chl_fail_memory(err);
    }
    levels->starts[0] = 0;
    *out = levels;
    return CHL_OK;
}

chl_levels *chl_levels_retain(chl_levels *levels)
{
    atomic_fetch_add(&levels->refs, 1);
    return levels;
}

void chl_levels_release(chl_levels *levels)
{
    if (levels && atomic_fetch_sub(&levels->refs, 1) == 1) {
        chl_free(levels->bytes);
        chl_free(levels->starts);
        chl_free(levels->slots);
        chl_free(levels);
    }
}

int32_t chl_levels_count(const chl_levels *levels)
{
    return levels->count;
}

void chl_levels_set_ordered(chl_levels *levels)
{
    levels->ordered = true;
}

bool chl_levels_ordered(const chl_levels *levels)
{
    return levels->ordered;
}

const char *chl_levels_name(const chl_levels *levels, int32_t code, size_t *length)
{
    size_t start = levels->starts[code];
    if (length) {
        *length = levels->starts[code + 1] - start - 1;
    }
    return levels->bytes + start;
}

/* The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const chl_levels *levels, const char *name, size_t length)
{
    size_t mask = levels->slot_count - 1;
    size_t slot = (size_t)chl_hash_bytes(name, length) & mask;
    for (; levels->slots[slot]; slot = (slot + 1) & mask) {
        size_t other_length;
        const char *other =
            chl_levels_name(levels, levels->slots[slot] - 1, &other_length);
        if (other_length == length && (!length || memcmp(other, name, length) == 0)) {
            break;
        }
    }
    return slot;
}

int32_t chl_levels_find(const chl_levels *levels, const char *name, size_t length)
{
    return levels->slots[find_slot(levels, name, length)] - 1;
}

static bool widen_slots(chl_levels *levels)
{
    int32_t *slots = chl_calloc(levels->slot_count, 2 * sizeof *slots);
    if (!slots) {
        return false;
    }
    chl_free(levels->slots);
    levels->slots = slots;
    levels->slot_count *= 2;
    for (int32_t code = 0; code < levels->count; code++) {
        size_t length;
        const char *name = chl_levels_name(levels, code, &length);
        slots[find_slot(levels, name, length)] = code + 1;
    }
    return true;
}

static bool append_name(chl_levels *levels, const char *name, size_t length)
{
    size_t count = (size_t)levels->count;
    size_t *starts =
        chl_grow(levels->starts, &levels->starts_room, count + 2, sizeof *starts);
    if (!starts) {
        return false;
    }
    levels->starts = starts;
    char *bytes = chl_grow(levels->bytes, &levels->room, levels->used + length + 1, 1);
    if (!bytes) {
        return false;
    }
    levels->bytes = bytes;
    if (length) {
        memcpy(bytes + levels->used, name, length);
    }
    levels->used += length + 1;
    bytes[levels->used - 1] = '\0';
    starts[count + 1] = levels->used;
    return true;
}

chl_status chl_levels_intern(chl_levels *levels, const char *name, size_t length,
                             int32_t *code, chl_error *err)
{
    size_t slot = find_slot(levels, name, length);
    *code = levels->slots[slot] - 1;
    if (*code >= 0) {
        return CHL_OK;
    }
    if (levels->count >= INT32_MAX - 1 || !append_name(levels, name, length)) {
        return chl_fail_memory(err);
    }
    *code = levels->count++;
    levels->slots[slot] = *code + 1;
    if ((size_t)levels->count * 2 > levels->slot_count && !widen_slots(levels)) {
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

/* ---- order ---- */

typedef struct named {
    const char *name;
    size_t length;
    int32_t code;
} named;

static int compare_named(const void *left, const void *right)
{
    const named *a = left, *b = right;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->name, b->name, common);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

chl_status chl_levels_ranks(const chl_levels *levels, int32_t *rank, chl_error *err)
{
    size_t n = (size_t)levels->count;
    named *list = chl_alloc(n, sizeof *list);
    if (!list) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        list[i].code = (int32_t)i;
        list[i].name = chl_levels_name(levels, (int32_t)i, &list[i].length);
    }
    qsort(list, n, sizeof *list, compare_named);
    for (size_t i = 0; i < n; i++) {
        rank[list[i].code] = (int32_t)i;
    }
    chl_free(list);
    return CHL_OK;
}

static chl_status intern_ranked(const chl_levels *levels, const int32_t *rank,
                                int32_t *by_rank, chl_levels *sorted, chl_error *err)
{
    for (int32_t code = 0; code < levels->count; code++) {
        by_rank[rank[code]] = code;
    }
    for (int32_t i = 0; i < levels->count; i++) {
        size_t length;
        int32_t code;
        const char *name = chl_levels_name(levels, by_rank[i], &length);
        CHL_TRY(chl_levels_intern(sorted, name, length, &code, err));
    }
    return CHL_OK;
}

chl_status chl_levels_sorted(const chl_levels *levels, const int32_t *rank,
                             chl_levels **out, chl_error *err)
{
    *out = NULL;
    chl_levels *sorted = NULL;
    CHL_TRY(chl_levels_new(&sorted, err));
    int32_t *by_rank = chl_alloc((size_t)levels->count, sizeof *by_rank);
    chl_status status = by_rank ? intern_ranked(levels, rank, by_rank, sorted, err)
                                : chl_fail_memory(err);
    chl_free(by_rank);
    if (status != CHL_OK) {
        chl_levels_release(sorted);
        return status;
    }
    *out = sorted;
    return CHL_OK;
}
