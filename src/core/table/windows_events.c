/* SPDX-License-Identifier: MIT */
#include "core/table/windows_events.h"

#include <math.h>

#include "core/base/alloc.h"
#include "core/data/sort.h"
#include "core/data/times.h"
#include "core/expr/expr.h"

/* ---- reading columns ---- */

/* The values of `column` at `rows`. */
static int64_t *gather_times(const chl_column *column, const int64_t *rows, int64_t n)
{
    int64_t *times = chl_alloc((size_t)n, sizeof *times);
    for (int64_t i = 0; times && i < n; i++) {
        times[i] = chl_column_time(column, rows[i]);
    }
    return times;
}

static chl_status gather_values(const chl_frame *frame, const char *name,
                                const int64_t *rows, int64_t n, double **out,
                                chl_error *err)
{
    int index;
    CHL_TRY(chl_frame_index(frame, "windows: value", name, &index, err));
    const chl_column *column = frame->fields[index].column;
    if (!chl_type_numeric(column->type)) {
        return chl_fail(err, CHL_ETYPE, "windows: column '%s': expected numbers, got %s",
                        name, chl_type_name(column->type));
    }
    double *values = chl_alloc((size_t)n, sizeof *values);
    if (!values) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = chl_column_valid(column, rows[i]) ? chl_column_number(column, rows[i])
                                                      : (double)NAN;
    }
    *out = values;
    return CHL_OK;
}

/* Which events have the outcome's condition. */
static chl_status gather_outcome(windows_events *events, const char *where,
                                 const chl_frame *frame, const int64_t *rows,
                                 const chl_control *control, chl_error *err)
{
    chl_expr *expr = NULL;
    chl_column *met = NULL;
    CHL_TRY(chl_expr_parse(where, &expr, err));
    chl_status status = chl_expr_eval(expr, frame, control, &met, err);
    chl_expr_release(expr);
    if (status == CHL_OK && met->type != CHL_BOOL) {
        status = chl_fail(err, CHL_ETYPE, "expected a condition, got %s",
                          chl_type_name(met->type));
    }
    if (status == CHL_OK) {
        events->outcome = chl_alloc((size_t)events->n, 1);
        status = events->outcome ? CHL_OK : chl_fail_memory(err);
    }
    for (int64_t i = 0; status == CHL_OK && i < events->n; i++) {
        events->outcome[i] = met->values.boolean[rows[i]]; /* missing is 0 */
    }
    chl_column_release(met);
    return status;
}

/* ---- which rows ---- */

enum { NEEDED_MAX = 3 };

chl_status windows_complete_rows(const chl_frame *frame, const char *const *names, int n,
                                 bool skip, int64_t *rows, int64_t *kept, chl_error *err)
{
    const chl_column *columns[NEEDED_MAX];
    for (int k = 0; k < n; k++) {
        columns[k] = chl_frame_column(frame, names[k]);
    }
    *kept = 0;
    for (int64_t i = 0; i < frame->rows; i++) {
        int k = 0;
        while (k < n && chl_column_valid(columns[k], i)) {
            k++;
        }
        if (k == n) {
            rows[(*kept)++] = i;
        } else if (!skip) {
            return chl_fail(err, CHL_EINVAL,
                            "windows: row %lld: column '%s': expected a value, got "
                            "nothing (missing = \"skip\" leaves such rows out)",
                            (long long)i + 1, names[k]);
        }
    }
    return CHL_OK;
}

static chl_status sort_rows(const chl_column *column, uint64_t *keys, int64_t *rows,
                            int64_t n, chl_error *err)
{
    CHL_TRY(chl_sort_keys(column, keys, err));
    return chl_sort_order(keys, rows, n, err);
}

/* ---- all of it ---- */

static chl_status gather(windows_events *events, windows_plan *plan,
                         const chl_frame *frame, const int64_t *rows,
                         const chl_control *control, chl_error *err)
{
    const chl_column *times = chl_frame_column(frame, plan->time);
    events->time = gather_times(times, rows, events->n);
    if (!events->time) {
        return chl_fail_memory(err);
    }
    if (plan->known) {
        const chl_column *known = chl_frame_column(frame, plan->known);
        events->known = gather_times(known, rows, events->n);
        if (!events->known) {
            return chl_fail_memory(err);
        }
    }
    for (int k = 0; k < plan->n_values; k++) {
        CHL_TRY(gather_values(frame, plan->values[k], rows, events->n, &events->values[k],
                              err));
    }
    for (int k = 0; k < plan->n_categories; k++) {
        CHL_TRY(windows_levels_init(events, k, plan, frame, rows, err));
    }
    if (plan->outcome.where) {
        chl_status status =
            gather_outcome(events, plan->outcome.where, frame, rows, control, err);
        return status == CHL_OK || !err
                   ? status
                   : chl_error_prefix(err, "windows: outcome: where");
    }
    return CHL_OK;
}

static int64_t last_time(const windows_events *events)
{
    int64_t last = INT64_MIN;
    for (int64_t i = 0; i < events->n; i++) {
        last = events->time[i] > last ? events->time[i] : last;
    }
    return last;
}

static chl_status read_all(windows_events *events, windows_plan *plan,
                           const chl_frame *frame, const chl_frame *customers,
                           uint64_t *keys, int64_t *rows, const chl_control *control,
                           chl_error *err)
{
    const char *const needed[NEEDED_MAX] = {plan->id, plan->time, plan->known};
    int n_needed = plan->known ? 3 : 2;
    CHL_TRY(windows_complete_rows(frame, needed, n_needed, plan->skip, rows, &events->n,
                                  err));
    events->skipped = frame->rows - events->n;
    CHL_TRY(windows_join_ids(events, plan, frame, customers, err));
    CHL_TRY(sort_rows(chl_frame_column(frame, plan->time), keys, rows, events->n, err));
    CHL_TRY(chl_control_check(control, "windows", err));
    CHL_TRY(sort_rows(events->ids, keys, rows, events->n, err));
    CHL_TRY(chl_control_check(control, "windows", err));
    CHL_TRY(gather(events, plan, frame, rows, control, err));
    if (plan->outcome.last == INT64_MIN) {
        plan->outcome.last = last_time(events);
    }
    return windows_find_customers(events, plan, customers, keys, rows, frame->rows, err);
}

chl_status windows_events_init(windows_events *events, windows_plan *plan,
                               const chl_frame *frame, const chl_frame *customers,
                               const chl_control *control, chl_error *err)
{
    *events = (windows_events){0};
    size_t ids = (size_t)frame->rows + (customers ? (size_t)customers->rows : 0);
    uint64_t *keys = chl_alloc(ids, sizeof *keys);
    int64_t *rows = chl_alloc((size_t)frame->rows, sizeof *rows);
    chl_status status =
        keys && rows ? read_all(events, plan, frame, customers, keys, rows, control, err)
                     : chl_fail_memory(err);
    chl_free(keys);
    chl_free(rows);
    if (status != CHL_OK) {
        windows_events_reset(events, plan);
    }
    return status;
}

void windows_events_reset(windows_events *events, const windows_plan *plan)
{
    for (int k = 0; k < plan->n_values; k++) {
        chl_free(events->values[k]);
    }
    for (int k = 0; k < plan->n_categories; k++) {
        window_levels *levels = &events->levels[k];
        for (int i = 0; i < levels->count; i++) {
            chl_free(levels->names[i]);
        }
        chl_free(levels->names);
        chl_free(levels->slot);
        chl_column_release(levels->column);
        chl_free(events->slots[k]);
    }
    chl_column_release(events->ids);
    int64_t *const arrays[] = {events->time,  events->known,     events->id_row,
                               events->first, events->end,       events->first_spell,
                               events->start, events->end_spell, events->stop};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        chl_free(arrays[i]);
    }
    chl_free(events->outcome);
    *events = (windows_events){0};
}
