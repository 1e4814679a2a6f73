/* SPDX-License-Identifier: MIT
 *
 * Which levels of a category are counted: the given ones in their order, else those that
 * some event visible at the last cut-off has, in byte order. What happens later makes no
 * column. Layer: core/table.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/table/windows_events.h"

static chl_status add_name(window_levels *levels, const char *name, int32_t code,
                           chl_error *err)
{
    levels->names[levels->count] = chl_strdup(name);
    if (!levels->names[levels->count]) {
        return chl_fail_memory(err);
    }
    if (code >= 0) {
        levels->slot[code] = levels->count;
    }
    levels->count++;
    return CHL_OK;
}

static chl_status room_for(window_levels *levels, size_t n, const char *category,
                           chl_error *err)
{
    if (n > WINDOWS_LEVELS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: category '%s': expected at most %d levels, got %zu "
                        "(the option 'levels' picks some)",
                        category, (int)WINDOWS_LEVELS_MAX, n);
    }
    levels->names = chl_calloc(n, sizeof *levels->names);
    return levels->names ? CHL_OK : chl_fail_memory(err);
}

static chl_status take_given(window_levels *levels, const json_t *list,
                             const char *category, chl_error *err)
{
    CHL_TRY(room_for(levels, json_array_size(list), category, err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item)) {
            return chl_fail(err, CHL_ETYPE,
                            "windows: levels: '%s': item %zu: expected a string, got %s",
                            category, i + 1, chl_json_type_name(item));
        }
        int32_t code = chl_levels_find(levels->column->levels, json_string_value(item),
                                       json_string_length(item));
        CHL_TRY(add_name(levels, json_string_value(item), code, err));
    }
    return CHL_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Marks the codes of events before the last cut-off in slot[] (0 = seen). */
static size_t mark_seen(window_levels *levels, const windows_events *events,
                        const windows_plan *plan, const int64_t *rows)
{
    int64_t last = plan->cutoffs[plan->n_cutoffs - 1];
    size_t n = 0;
    for (int64_t i = 0; i < events->n; i++) {
        int32_t code = levels->column->values.codes[rows[i]];
        bool seen = events->time[i] < last && (!events->known || events->known[i] < last);
        if (seen && code >= 0 && levels->slot[code] < 0) {
            levels->slot[code] = 0;
            n++;
        }
    }
    return n;
}

static chl_status take_seen(window_levels *levels, const windows_events *events,
                            const windows_plan *plan, const char *category,
                            const int64_t *rows, chl_error *err)
{
    CHL_TRY(room_for(levels, mark_seen(levels, events, plan, rows), category, err));
    const chl_levels *all = levels->column->levels;
    for (int32_t code = 0; code < chl_levels_count(all); code++) {
        if (levels->slot[code] == 0) {
            CHL_TRY(add_name(levels, chl_levels_name(all, code, NULL), -1, err));
        }
    }
    qsort(levels->names, (size_t)levels->count, sizeof *levels->names, compare_names);
    for (int32_t code = 0; code < chl_levels_count(all); code++) {
        const char *name = chl_levels_name(all, code, NULL);
        char **found = levels->slot[code] < 0 || levels->count == 0
                           ? NULL
                           : bsearch(&name, levels->names, (size_t)levels->count,
                                     sizeof *levels->names, compare_names);
        levels->slot[code] = found ? (int32_t)(found - levels->names) : -1;
    }
    return CHL_OK;
}

chl_status windows_levels_init(windows_events *events, int k, const windows_plan *plan,
                               const chl_frame *frame, const int64_t *rows,
                               chl_error *err)
{
    window_levels *levels = &events->levels[k];
    const char *category = plan->categories[k];
    int index;
    CHL_TRY(chl_frame_index(frame, "windows: category", category, &index, err));
    CHL_TRY(
        chl_column_cast(frame->fields[index].column, CHL_CATEGORY, &levels->column, err));
    int32_t n = chl_levels_count(levels->column->levels);
    levels->slot = chl_alloc((size_t)n, sizeof *levels->slot);
    events->slots[k] = chl_alloc((size_t)events->n, sizeof *events->slots[k]);
    if (!levels->slot || !events->slots[k]) {
        return chl_fail_memory(err);
    }
    memset(levels->slot, 0xff, (size_t)n * sizeof *levels->slot); /* -1 */
    CHL_TRY(plan->levels[k] ? take_given(levels, plan->levels[k], category, err)
                            : take_seen(levels, events, plan, category, rows, err));
    for (int64_t i = 0; i < events->n; i++) {
        int32_t code = levels->column->values.codes[rows[i]];
        events->slots[k][i] = code < 0 ? -1 : levels->slot[code];
    }
    events->n_levels += levels->count;
    return CHL_OK;
}
