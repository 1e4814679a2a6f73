/* SPDX-License-Identifier: MIT */
#include "core/data/group.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/data/distinct.h"

/* Maps 64-bit keys to 0, 1, 2 … in order of first appearance; grows by doubling. */
typedef struct key_map {
    uint64_t *keys;
    int64_t *ids; /* -1 = free */
    size_t mask;  /* slots - 1, a power of two */
    int64_t count;
} key_map;

enum { FIRST_SLOTS = 1024 };

static void key_map_reset(key_map *map)
{
    chl_free(map->keys);
    chl_free(map->ids);
    *map = (key_map){0};
}

static chl_status key_map_init(key_map *map, size_t slots, chl_error *err)
{
    *map = (key_map){.mask = slots - 1};
    map->keys = chl_alloc(slots, sizeof *map->keys);
    map->ids = chl_alloc(slots, sizeof *map->ids);
    if (!map->keys || !map->ids) {
        key_map_reset(map);
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < slots; i++) {
        map->ids[i] = -1;
    }
    return CHL_OK;
}

static size_t slot_of(const key_map *map, uint64_t key)
{
    size_t at = (size_t)chl_hash_u64(key) & map->mask;
    while (map->ids[at] >= 0 && map->keys[at] != key) {
        at = (at + 1) & map->mask;
    }
    return at;
}

static chl_status key_map_double(key_map *map, chl_error *err)
{
    key_map grown;
    CHL_TRY(key_map_init(&grown, (map->mask + 1) * 2, err));
    for (size_t i = 0; i <= map->mask; i++) {
        if (map->ids[i] >= 0) {
            size_t at = slot_of(&grown, map->keys[i]);
            grown.keys[at] = map->keys[i];
            grown.ids[at] = map->ids[i];
        }
    }
    grown.count = map->count;
    key_map_reset(map);
    *map = grown;
    return CHL_OK;
}

static chl_status key_map_id(key_map *map, uint64_t key, int64_t *id, chl_error *err)
{
    size_t at = slot_of(map, key);
    if (map->ids[at] < 0) {
        if ((size_t)map->count * 2 > map->mask) {
            CHL_TRY(key_map_double(map, err));
            at = slot_of(map, key);
        }
        map->keys[at] = key;
        map->ids[at] = map->count++;
    }
    *id = map->ids[at];
    return CHL_OK;
}

/* ---- one column to small numbers ---- */

/* ids[i] in 0 … *count-1, equal for equal values. */
static chl_status number_values(const chl_column *c, int64_t *ids, int64_t *count,
                                chl_error *err)
{
    if (c->type == CHL_CATEGORY || c->type == CHL_BOOL) {
        bool codes = c->type == CHL_CATEGORY;
        for (int64_t i = 0; i < c->length; i++) {
            int64_t value = codes ? c->values.codes[i] : c->values.boolean[i];
            ids[i] = chl_column_valid(c, i) ? value + 1 : 0;
        }
        *count = codes ? (int64_t)chl_levels_count(c->levels) + 1 : 3;
        return CHL_OK;
    }
    chl_distinct distinct;
    CHL_TRY(chl_distinct_init(&distinct, c, err));
    memcpy(ids, distinct.codes, (size_t)c->length * sizeof *ids);
    *count = distinct.count + distinct.missing;
    chl_distinct_reset(&distinct);
    return CHL_OK;
}

/* ---- splitting groups ---- */

/* Few combinations: a table instead of hashing. */
static chl_status split_small(chl_groups *groups, const int64_t *ids, int64_t rows,
                              int64_t values, chl_error *err)
{
    int64_t cells = groups->count * values;
    int64_t *table = chl_alloc((size_t)cells, sizeof *table);
    if (!table) {
        return chl_fail_memory(err);
    }
    memset(table, 0xff, (size_t)cells * sizeof *table); /* -1 */
    int64_t count = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t *cell = &table[groups->group[i] * values + ids[i]];
        if (*cell < 0) {
            *cell = count++;
        }
        groups->group[i] = *cell;
    }
    groups->count = count;
    chl_free(table);
    return CHL_OK;
}

static chl_status split_large(chl_groups *groups, const int64_t *ids, int64_t rows,
                              int64_t values, chl_error *err)
{
    key_map map;
    CHL_TRY(key_map_init(&map, FIRST_SLOTS, err));
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < rows && status == CHL_OK; i++) {
        uint64_t key = (uint64_t)(groups->group[i] * values + ids[i]);
        status = key_map_id(&map, key, &groups->group[i], err);
    }
    groups->count = map.count;
    key_map_reset(&map);
    return status;
}

chl_status chl_groups_split(chl_groups *groups, const int64_t *ids, int64_t rows,
                            int64_t values, chl_error *err)
{
    enum { SMALL = 1 << 16 };
    if (groups->count <= SMALL && values <= SMALL && groups->count * values <= SMALL) {
        return split_small(groups, ids, rows, values, err);
    }
    return split_large(groups, ids, rows, values, err);
}

static chl_status add_key(chl_groups *groups, const chl_column *c, int64_t *ids,
                          chl_error *err)
{
    int64_t values;
    CHL_TRY(number_values(c, ids, &values, err));
    return chl_groups_split(groups, ids, c->length, values, err);
}

static chl_status find_first(chl_groups *groups, int64_t rows, chl_error *err)
{
    groups->first = chl_alloc((size_t)groups->count, sizeof *groups->first);
    if (!groups->first) {
        return chl_fail_memory(err);
    }
    for (int64_t g = 0; g < groups->count; g++) {
        groups->first[g] = -1;
    }
    for (int64_t i = rows - 1; i >= 0; i--) {
        groups->first[groups->group[i]] = i;
    }
    return CHL_OK;
}

static chl_status group_rows(chl_groups *groups, const chl_frame *frame,
                             const char *const *keys, int n, int64_t *ids, chl_error *err)
{
    groups->count = 1;
    for (int k = 0; k < n; k++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "group", keys[k], &index, err));
        CHL_TRY(add_key(groups, frame->fields[index].column, ids, err));
    }
    return find_first(groups, frame->rows, err);
}

chl_status chl_groups_init(chl_groups *groups, const chl_frame *frame,
                           const char *const *keys, int n, const chl_control *control,
                           chl_error *err)
{
    *groups = (chl_groups){0};
    CHL_TRY(chl_control_check(control, "group", err));
    groups->group = chl_calloc((size_t)frame->rows, sizeof *groups->group);
    int64_t *ids = chl_alloc((size_t)frame->rows, sizeof *ids);
    chl_status status = groups->group && ids
                            ? group_rows(groups, frame, keys, n, ids, err)
                            : chl_fail_memory(err);
    chl_free(ids);
    if (status != CHL_OK) {
        chl_groups_reset(groups);
    }
    return status;
}

void chl_groups_reset(chl_groups *groups)
{
    chl_free(groups->group);
    chl_free(groups->first);
    *groups = (chl_groups){0};
}
