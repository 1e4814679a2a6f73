/* SPDX-License-Identifier: MIT */
#include "core/table/aggregate.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/group.h"

typedef struct table {
    const char **names;
    chl_column **columns;
    int count;
} table;

static void table_reset(table *t)
{
    for (int i = 0; i < t->count; i++) {
        chl_column_release(t->columns[i]);
    }
    chl_free((void *)t->names);
    chl_free((void *)t->columns);
}

chl_status chl_aggregate_check_names(const char *const *keys, int n_keys,
                                     const char *const *names, int n, chl_error *err)
{
    for (int i = 0; i < n_keys + n; i++) {
        const char *name = i < n_keys ? keys[i] : names[i - n_keys];
        for (int k = 0; k < i; k++) {
            if (strcmp(name, k < n_keys ? keys[k] : names[k - n_keys]) == 0) {
                return chl_fail(err, CHL_EINVAL,
                                "group: the name '%s' is used twice: expected "
                                "different names for keys and aggregates",
                                name);
            }
        }
    }
    return CHL_OK;
}

static chl_status fill(table *t, const chl_frame *frame, const chl_groups *groups,
                       const char *const *keys, int n_keys, const char *const *names,
                       chl_expr *const *exprs, int n_exprs, const chl_over *over,
                       const chl_control *control, chl_error *err)
{
    for (int i = 0; i < n_keys + n_exprs; i++) {
        t->names[i] = i < n_keys ? keys[i] : names[i - n_keys];
        chl_status status;
        if (i < n_keys) {
            const chl_column *key = chl_frame_column(frame, keys[i]);
            status =
                chl_column_take(key, groups->first, groups->count, &t->columns[i], err);
        } else {
            chl_expr *expr = exprs[i - n_keys];
            status = over ? chl_expr_aggregate_over(expr, frame, over, control,
                                                    &t->columns[i], err)
                          : chl_expr_aggregate(expr, frame, groups->group, groups->count,
                                               control, &t->columns[i], err);
            if (status != CHL_OK && err) {
                chl_error_prefix(err, "aggregate '%s'", t->names[i]);
            }
        }
        CHL_TRY(status);
        t->count++;
    }
    return CHL_OK;
}

chl_status chl_aggregate_sorted(chl_frame *unsorted, const char *const *keys, int n_keys,
                                const chl_control *control, chl_frame **out,
                                chl_error *err)
{
    *out = NULL;
    if (n_keys == 0) {
        *out = chl_frame_retain(unsorted);
        return CHL_OK;
    }
    bool *descending = chl_calloc((size_t)n_keys, sizeof *descending);
    chl_status status =
        descending ? chl_frame_sort(unsorted, keys, descending, n_keys, control, out, err)
                   : chl_fail_memory(err);
    chl_free(descending);
    return status;
}

static chl_status make_frame(const table *t, const char *const *keys, int n_keys,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    chl_frame *unsorted;
    CHL_TRY(chl_frame_new(t->names, t->columns, t->count, &unsorted, err));
    chl_status status = chl_aggregate_sorted(unsorted, keys, n_keys, control, out, err);
    chl_frame_release(unsorted);
    return status;
}

chl_status chl_frame_aggregate_over(const chl_frame *frame, const chl_over *over,
                                    const char *const *keys, int n_keys,
                                    const char *const *names, chl_expr *const *exprs,
                                    int n_exprs, const chl_control *control,
                                    chl_frame **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_aggregate_check_names(keys, n_keys, names, n_exprs, err));
    chl_groups groups;
    CHL_TRY(chl_groups_init(&groups, frame, keys, n_keys, control, err));
    size_t n = (size_t)n_keys + (size_t)n_exprs;
    table t = {chl_calloc(n, sizeof *t.names), chl_calloc(n, sizeof *t.columns), 0};
    chl_status status = chl_fail_memory(NULL);
    if (t.names && t.columns) {
        status = fill(&t, frame, &groups, keys, n_keys, names, exprs, n_exprs, over,
                      control, err);
    } else {
        chl_fail_memory(err);
    }
    if (status == CHL_OK) {
        status = make_frame(&t, keys, n_keys, control, out, err);
    }
    table_reset(&t);
    chl_groups_reset(&groups);
    return status;
}

chl_status chl_frame_aggregate(const chl_frame *frame, const char *const *keys,
                               int n_keys, const char *const *names,
                               chl_expr *const *exprs, int n_exprs,
                               const chl_control *control, chl_frame **out,
                               chl_error *err)
{
    return chl_frame_aggregate_over(frame, NULL, keys, n_keys, names, exprs, n_exprs,
                                    control, out, err);
}
