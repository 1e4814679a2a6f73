/* SPDX-License-Identifier: MIT */
#include "core/data/group.h"

#include "core/base/alloc.h"
#include "core/data/key.h"
#include "core/data/number.h"

chl_status chl_groups_split(chl_groups *groups, const int64_t *ids, int64_t rows,
                            int64_t values, chl_error *err)
{
    uint64_t *words = chl_alloc((size_t)rows, sizeof *words);
    if (!words) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++) { /* below 2^63: each is at most the rows */
        words[i] = (uint64_t)(groups->group[i] * values + ids[i]);
    }
    uint64_t last = (uint64_t)(groups->count * values);
    chl_status status =
        chl_number_words(words, rows, last, NULL, groups->group, &groups->count, err);
    chl_free(words);
    return status;
}

/* Without keys there is one group, also when there are no rows. */
static chl_status take_all(chl_groups *groups, int64_t rows, chl_error *err)
{
    groups->count = 1;
    groups->group = chl_calloc((size_t)rows, sizeof *groups->group);
    groups->first = chl_alloc(1, sizeof *groups->first);
    if (!groups->group || !groups->first) {
        return chl_fail_memory(err);
    }
    groups->first[0] = rows > 0 ? 0 : -1;
    return CHL_OK;
}

static chl_status number_keys(chl_groups *groups, const chl_keys *keys,
                              const chl_control *control, chl_error *err)
{
    groups->group = chl_alloc((size_t)keys->rows, sizeof *groups->group);
    if (!groups->group) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_number_words(keys->words, keys->rows, keys->last, control, groups->group,
                             &groups->count, err));
    groups->first = chl_alloc((size_t)groups->count, sizeof *groups->first);
    if (!groups->first) {
        return chl_fail_memory(err);
    }
    chl_first_rows(groups->group, keys->rows, groups->count, groups->first);
    return CHL_OK;
}

static chl_status group_by(chl_groups *groups, const chl_frame *frame,
                           const char *const *names, chl_key_part *parts, int n,
                           const chl_control *control, chl_error *err)
{
    for (int k = 0; k < n; k++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "group", names[k], &index, err));
        parts[k] = (chl_key_part){.left = frame->fields[index].column};
    }
    if (n == 0) {
        return take_all(groups, frame->rows, err);
    }
    chl_keys keys;
    CHL_TRY(chl_keys_equal(&keys, parts, n, frame->rows, control, err));
    chl_status status = number_keys(groups, &keys, control, err);
    chl_keys_reset(&keys);
    return status;
}

chl_status chl_groups_init(chl_groups *groups, const chl_frame *frame,
                           const char *const *keys, int n, const chl_control *control,
                           chl_error *err)
{
    *groups = (chl_groups){0};
    CHL_TRY(chl_control_check(control, "group", err));
    chl_key_part *parts = chl_calloc((size_t)n, sizeof *parts);
    chl_status status = parts ? group_by(groups, frame, keys, parts, n, control, err)
                              : chl_fail_memory(err);
    chl_free(parts);
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
