/* SPDX-License-Identifier: MIT */
#include "core/table/duplicates.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/group.h"
#include "core/data/sort.h"

/* Keys of all columns when none are named; *owned wants chl_free. */
static chl_status name_keys(const chl_frame *frame, const char *const **names, int *n,
                            const char ***owned, chl_error *err)
{
    *owned = NULL;
    if (*n > 0) {
        return CHL_OK;
    }
    const char **all = *owned = chl_alloc((size_t)frame->columns, sizeof *all);
    if (!all) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < frame->columns; i++) {
        all[i] = frame->fields[i].name;
    }
    *names = all;
    *n = frame->columns;
    return CHL_OK;
}

static chl_status group_rows(chl_groups *groups, const chl_frame *frame,
                             const char *const *names, int n, const chl_control *control,
                             chl_error *err)
{
    const char **owned;
    CHL_TRY(name_keys(frame, &names, &n, &owned, err));
    chl_status status = chl_groups_init(groups, frame, names, n, control, err);
    chl_free(owned);
    return status;
}

/* ---- who stays ---- */

/* Groups are numbered by first appearance. */
static void keep_first(const chl_groups *groups, int64_t rows, uint8_t *stays)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < rows; i++) {
        stays[i] = groups->group[i] == seen;
        seen += stays[i];
    }
}

static chl_status keep_last(const chl_groups *groups, int64_t rows, uint8_t *stays,
                            chl_error *err)
{
    uint8_t *seen = chl_calloc((size_t)groups->count, 1);
    if (!seen) {
        return chl_fail_memory(err);
    }
    for (int64_t i = rows - 1; i >= 0; i--) {
        stays[i] = !seen[groups->group[i]];
        seen[groups->group[i]] = 1;
    }
    chl_free(seen);
    return CHL_OK;
}

static chl_status keep_single(const chl_groups *groups, int64_t rows, uint8_t *stays,
                              chl_error *err)
{
    int64_t *count = chl_calloc((size_t)groups->count, sizeof *count);
    if (!count) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++) {
        count[groups->group[i]]++;
    }
    for (int64_t i = 0; i < rows; i++) {
        stays[i] = count[groups->group[i]] == 1;
    }
    chl_free(count);
    return CHL_OK;
}

/* Whether row b takes the place of row a, which stands before it. */
static bool wins(const chl_column *order, const uint64_t *keys, bool last, int64_t a,
                 int64_t b)
{
    bool has_a = chl_column_valid(order, a), has_b = chl_column_valid(order, b);
    if (has_a != has_b) {
        return has_b;
    }
    return last ? keys[b] >= keys[a] : keys[b] < keys[a];
}

static void keep_winners(const chl_groups *groups, const chl_column *order,
                         const uint64_t *keys, bool last, int64_t *winner, uint8_t *stays)
{
    for (int64_t g = 0; g < groups->count; g++) {
        winner[g] = groups->first[g];
    }
    for (int64_t i = 0; i < order->length; i++) {
        int64_t g = groups->group[i];
        if (i != winner[g] && wins(order, keys, last, winner[g], i)) {
            winner[g] = i;
        }
    }
    for (int64_t g = 0; g < groups->count; g++) {
        if (winner[g] >= 0) { /* a group without rows: no keys, no rows */
            stays[winner[g]] = 1;
        }
    }
}

static chl_status keep_by_order(const chl_groups *groups, const chl_column *order,
                                bool last, uint8_t *stays, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)order->length, sizeof *keys);
    int64_t *winner = chl_alloc((size_t)groups->count, sizeof *winner);
    chl_status status =
        keys && winner ? chl_sort_keys(order, keys, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        keep_winners(groups, order, keys, last, winner, stays);
    }
    chl_free(keys);
    chl_free(winner);
    return status;
}

static chl_status choose(const chl_groups *groups, const chl_column *order, chl_keep keep,
                         chl_column *stays, chl_error *err)
{
    uint8_t *flags = stays->values.boolean;
    if (keep == CHL_KEEP_NONE) {
        return keep_single(groups, stays->length, flags, err);
    }
    if (order) {
        return keep_by_order(groups, order, keep == CHL_KEEP_LAST, flags, err);
    }
    if (keep == CHL_KEEP_LAST) {
        return keep_last(groups, stays->length, flags, err);
    }
    keep_first(groups, stays->length, flags);
    return CHL_OK;
}

chl_status chl_frame_unrepeated(const chl_frame *frame, const char *const *names, int n,
                                chl_keep keep, const char *order,
                                const chl_control *control, chl_column **out,
                                chl_error *err)
{
    *out = NULL;
    int index = -1;
    if (order) {
        CHL_TRY(chl_frame_index(frame, "order", order, &index, err));
    }
    chl_groups groups;
    chl_column *stays = NULL;
    CHL_TRY(group_rows(&groups, frame, names, n, control, err));
    chl_status status = chl_column_new(CHL_BOOL, frame->rows, false, &stays, err);
    if (status == CHL_OK) {
        const chl_column *by = index >= 0 ? frame->fields[index].column : NULL;
        status = choose(&groups, by, keep, stays, err);
    }
    chl_groups_reset(&groups);
    if (status != CHL_OK) {
        chl_column_release(stays);
        return status;
    }
    chl_column_seal(stays);
    *out = stays;
    return CHL_OK;
}

chl_status chl_frame_n_distinct(const chl_frame *frame, const char *const *names, int n,
                                const chl_control *control, int64_t *count,
                                chl_error *err)
{
    chl_groups groups;
    *count = 0;
    CHL_TRY(group_rows(&groups, frame, names, n, control, err));
    *count = frame->rows > 0 ? groups.count : 0;
    chl_groups_reset(&groups);
    return CHL_OK;
}
