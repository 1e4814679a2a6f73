/* SPDX-License-Identifier: MIT */
#include "core/expr/over.h"

#include "core/base/alloc.h"
#include "core/data/group.h"

/* Sorts rows stably by group; start[g+1] counts group g before, bounds it after. */
static void collect_groups(chl_over *over, const int64_t *sorted)
{
    for (int64_t i = 0; i < over->rows; i++) {
        over->start[over->group[i] + 1]++;
    }
    for (int64_t g = 0; g < over->groups; g++) {
        over->start[g + 1] += over->start[g];
    }
    for (int64_t i = 0; i < over->rows; i++) {
        over->order[over->start[over->group[sorted[i]]]++] = sorted[i];
    }
    for (int64_t g = over->groups; g > 0; g--) {
        over->start[g] = over->start[g - 1]; /* filling moved each start to its end */
    }
    over->start[0] = 0;
}

static chl_status retain_columns(chl_over *over, const chl_frame *frame,
                                 const char *const *names, int n, chl_error *err)
{
    over->columns = chl_calloc((size_t)n, sizeof(chl_column *));
    if (!over->columns) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "order", names[i], &index, err));
        over->columns[over->n_columns++] = chl_column_retain(frame->fields[index].column);
    }
    return CHL_OK;
}

/* sorted[] = the rows in the order of the columns, regardless of groups. */
static chl_status sort_all(const chl_frame *frame, const char *const *names,
                           const bool *descending, int n, int64_t *sorted, chl_error *err)
{
    if (n > 0) {
        return chl_frame_order(frame, names, descending, n, sorted, err);
    }
    for (int64_t i = 0; i < frame->rows; i++) {
        sorted[i] = i;
    }
    return CHL_OK;
}

static chl_status find_groups(chl_over *over, const chl_frame *frame,
                              const char *const *keys, int n, const chl_control *control,
                              chl_error *err)
{
    over->groups = 1;
    if (n > 0) {
        chl_groups groups;
        CHL_TRY(chl_groups_init(&groups, frame, keys, n, control, err));
        over->groups = groups.count;
        over->group = groups.group;
        groups.group = NULL;
        chl_groups_reset(&groups);
    }
    over->start = chl_calloc((size_t)over->groups + 1, sizeof *over->start);
    return over->start ? CHL_OK : chl_fail_memory(err);
}

static chl_status order_rows(chl_over *over, const chl_frame *frame,
                             const char *const *order, const bool *descending, int n,
                             chl_error *err)
{
    over->order = chl_alloc((size_t)over->rows, sizeof *over->order);
    if (!over->order) {
        return chl_fail_memory(err);
    }
    if (!over->group) {
        over->start[1] = over->rows;
        return sort_all(frame, order, descending, n, over->order, err);
    }
    int64_t *sorted = chl_alloc((size_t)over->rows, sizeof *sorted);
    chl_status status = sorted ? sort_all(frame, order, descending, n, sorted, err)
                               : chl_fail_memory(err);
    if (status == CHL_OK) {
        collect_groups(over, sorted);
    }
    chl_free(sorted);
    return status;
}

chl_status chl_over_init(chl_over *over, const chl_frame *frame, const char *const *keys,
                         int n_keys, const char *const *order, const bool *descending,
                         int n_order, const chl_control *control, chl_error *err)
{
    *over = (chl_over){.rows = frame->rows, .rising = n_order > 0 && !descending[0]};
    chl_status status = retain_columns(over, frame, order, n_order, err);
    if (status == CHL_OK) {
        status = find_groups(over, frame, keys, n_keys, control, err);
    }
    if (status == CHL_OK) {
        status = order_rows(over, frame, order, descending, n_order, err);
    }
    if (status != CHL_OK) {
        chl_over_reset(over);
    }
    return status;
}

void chl_over_reset(chl_over *over)
{
    for (int i = 0; i < over->n_columns; i++) {
        chl_column_release(over->columns[i]);
    }
    chl_free((void *)over->columns);
    chl_free(over->group);
    chl_free(over->order);
    chl_free(over->start);
    *over = (chl_over){0};
}
