/* SPDX-License-Identifier: MIT */
#include "core/table/aggregate.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
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

/* What the tasks read and make: one column of the result each. A sum goes through its
 * rows in their order, whatever the number of threads. */
typedef struct work {
    const chl_frame *frame;
    const chl_groups *groups;
    const char *const *keys;
    int n_keys;
    chl_expr *const *exprs;
    const chl_over *over;
    chl_control control; /* of a task: one thread, silent */
    table *table;
} work;

/* A task. */
static chl_status make_column(void *ctx, size_t i, chl_error *err)
{
    const work *w = ctx;
    chl_column **out = &w->table->columns[i];
    if (i < (size_t)w->n_keys) {
        const chl_column *key = chl_frame_column(w->frame, w->keys[i]);
        return chl_column_take(key, w->groups->first, w->groups->count, out, err);
    }
    chl_expr *expr = w->exprs[i - (size_t)w->n_keys];
    chl_status status =
        w->over ? chl_expr_aggregate_over(expr, w->frame, w->over, &w->control, out, err)
                : chl_expr_aggregate(expr, w->frame, w->groups->group, w->groups->count,
                                     &w->control, out, err);
    if (status != CHL_OK && err) {
        chl_error_prefix(err, "aggregate '%s'", w->table->names[i]);
    }
    return status;
}

static chl_status fill(table *t, const chl_frame *frame, const chl_groups *groups,
                       const char *const *keys, int n_keys, const char *const *names,
                       chl_expr *const *exprs, int n_exprs, const chl_over *over,
                       const chl_control *control, chl_error *err)
{
    enum { LARGE = 50000 }; /* rows from which a second thread pays */
    work w = {frame, groups, keys, n_keys, exprs, over, {.threads = 1}, t};
    w.control.cancel = control ? control->cancel : NULL;
    t->count = n_keys + n_exprs;
    for (int i = 0; i < t->count; i++) {
        t->names[i] = i < n_keys ? keys[i] : names[i - n_keys];
    }
    int threads = frame->rows < LARGE ? 1 : chl_control_threads(control);
    if (n_exprs == 1) { /* let it have the threads */
        w.control.threads = threads;
        threads = 1;
    }
    return chl_parallel_for(threads, (size_t)t->count, make_column, &w, err);
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
