/* SPDX-License-Identifier: MIT */
#include "core/table/windows_events.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"
#include "core/data/sort.h"
#include "core/expr/expr.h"

/* ---- reading columns ---- */

static int64_t time_at(const chl_column *c, int64_t row)
{
    return c->type == CHL_DATE ? c->values.days[row] : c->values.micros[row];
}

/* The values of `column` at `rows`. */
static int64_t *gather_times(const chl_column *column, const int64_t *rows, int64_t n)
{
    int64_t *times = chl_alloc((size_t)n, sizeof *times);
    for (int64_t i = 0; times && i < n; i++) {
        times[i] = time_at(column, rows[i]);
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

/* The rows that have all of the columns, or the error that names the first without. */
static chl_status complete_rows(const chl_frame *frame, const char *const *names, int n,
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

/* ---- ids ---- */

static chl_status append_texts(chl_builder *builder, const chl_column *column,
                               chl_error *err)
{
    for (int64_t i = 0; i < column->length; i++) {
        size_t length = 0;
        const char *text =
            chl_column_valid(column, i) ? chl_column_text(column, i, &length) : NULL;
        CHL_TRY(text ? chl_builder_text(builder, text, length, err)
                     : chl_builder_null(builder, err));
    }
    return CHL_OK;
}

static chl_status join_texts(const chl_column *a, const chl_column *b, chl_column **out,
                             chl_error *err)
{
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, CHL_STRING, NULL, err));
    chl_status status = append_texts(&builder, a, err);
    if (status == CHL_OK) {
        status = append_texts(&builder, b, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

static chl_status join_fixed(const chl_column *a, const chl_column *b, chl_column **out,
                             chl_error *err)
{
    size_t size = chl_type_size(a->type);
    chl_column *joined;
    CHL_TRY(chl_column_new(a->type, a->length + b->length, true, &joined, err));
    memcpy(joined->values.any, a->values.any, (size_t)a->length * size);
    memcpy((char *)joined->values.any + (size_t)a->length * size, b->values.any,
           (size_t)b->length * size);
    for (int64_t i = 0; i < joined->length; i++) {
        const chl_column *from = i < a->length ? a : b;
        if (!chl_column_valid(from, i < a->length ? i : i - a->length)) {
            chl_column_set_null(joined, i);
        }
    }
    chl_column_seal(joined);
    *out = joined;
    return CHL_OK;
}

static bool is_text(chl_type type)
{
    return type == CHL_STRING || type == CHL_CATEGORY;
}

/* The events' ids and behind them those of the customers' frame, so that both sort alike.
 */
static chl_status join_ids(windows_events *events, const windows_plan *plan,
                           const chl_frame *frame, const chl_frame *customers,
                           chl_error *err)
{
    const chl_column *a = chl_frame_column(frame, plan->id);
    if (!customers) {
        events->ids = chl_column_retain((chl_column *)a);
        return CHL_OK;
    }
    const chl_column *b = chl_frame_column(customers, plan->customer);
    if (is_text(a->type) && is_text(b->type)) {
        return join_texts(a, b, &events->ids, err);
    }
    if (a->type != b->type) {
        return chl_fail(err, CHL_ETYPE,
                        "windows: customers: column '%s': expected %s as in the events, "
                        "got %s",
                        plan->customer, chl_type_name(a->type), chl_type_name(b->type));
    }
    return join_fixed(a, b, &events->ids, err);
}

/* ---- customers ---- */

static chl_status alloc_customers(windows_events *events, int64_t most, bool spells,
                                  chl_error *err)
{
    size_t n = (size_t)most;
    events->id_row = chl_alloc(n, sizeof(int64_t));
    events->first = chl_alloc(n, sizeof(int64_t));
    events->end = chl_alloc(n, sizeof(int64_t));
    bool ok = events->id_row && events->first && events->end;
    if (spells) {
        events->first_spell = chl_alloc(n, sizeof(int64_t));
        events->end_spell = chl_alloc(n, sizeof(int64_t));
        ok = ok && events->first_spell && events->end_spell;
    }
    return ok ? CHL_OK : chl_fail_memory(err);
}

/* Everybody with an event is a customer. */
static chl_status customers_of_events(windows_events *events, const uint64_t *keys,
                                      const int64_t *rows, chl_error *err)
{
    int64_t n = 0;
    for (int64_t i = 0; i < events->n; i++) {
        n += i == 0 || keys[rows[i]] != keys[rows[i - 1]];
    }
    CHL_TRY(alloc_customers(events, n, false, err));
    n = -1;
    for (int64_t i = 0; i < events->n; i++) {
        if (i == 0 || keys[rows[i]] != keys[rows[i - 1]]) {
            n++;
            events->id_row[n] = rows[i];
            events->first[n] = i;
        }
        events->end[n] = i + 1;
    }
    events->customers = n + 1;
    return CHL_OK;
}

/* The customers are those of the frame: `spells` are its rows (counted on from the
 * events' rows) by id and start; both lists are walked side by side. */
static void match_customers(windows_events *events, const uint64_t *keys,
                            const int64_t *rows, const int64_t *spells, int64_t n_spells)
{
    int64_t at = 0, c = -1;
    for (int64_t s = 0; s < n_spells; s++) {
        uint64_t key = keys[spells[s]];
        if (s == 0 || key != keys[spells[s - 1]]) {
            c++;
            events->id_row[c] = spells[s];
            events->first_spell[c] = s;
            while (at < events->n && keys[rows[at]] < key) {
                at++;
            }
            events->first[c] = at;
            while (at < events->n && keys[rows[at]] == key) {
                at++;
            }
            events->end[c] = at;
        }
        events->end_spell[c] = s + 1;
    }
    events->customers = c + 1;
}

static chl_status spell_times(const chl_frame *customers, const char *name,
                              int64_t missing, const int64_t *rows, int64_t n,
                              int64_t offset, int64_t **out, chl_error *err)
{
    const chl_column *column = name ? chl_frame_column(customers, name) : NULL;
    *out = chl_alloc((size_t)n, sizeof **out);
    if (!*out) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t row = rows[i] - offset;
        (*out)[i] =
            column && chl_column_valid(column, row) ? time_at(column, row) : missing;
    }
    return CHL_OK;
}

static chl_status read_spells(windows_events *events, const windows_plan *plan,
                              const chl_frame *customers, const uint64_t *keys,
                              const int64_t *rows, int64_t offset, int64_t *spells,
                              chl_error *err)
{
    const char *const names[] = {plan->customer};
    int64_t n;
    CHL_TRY(complete_rows(customers, names, 1, plan->skip, spells, &n, err));
    events->skipped += customers->rows - n;
    for (int64_t i = 0; i < n; i++) {
        spells[i] += offset;
    }
    CHL_TRY(chl_sort_order(keys, spells, n, err));
    CHL_TRY(alloc_customers(events, n, true, err));
    match_customers(events, keys, rows, spells, n);
    CHL_TRY(spell_times(customers, plan->start, INT64_MIN, spells, n, offset,
                        &events->start, err));
    return spell_times(customers, plan->stop, INT64_MAX, spells, n, offset, &events->stop,
                       err);
}

static chl_status find_customers(windows_events *events, const windows_plan *plan,
                                 const chl_frame *customers, const uint64_t *keys,
                                 const int64_t *rows, int64_t offset, chl_error *err)
{
    if (!customers) {
        return customers_of_events(events, keys, rows, err);
    }
    int64_t *spells = chl_alloc((size_t)customers->rows, sizeof *spells);
    chl_status status =
        spells ? read_spells(events, plan, customers, keys, rows, offset, spells, err)
               : chl_fail_memory(err);
    chl_free(spells);
    return status;
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
    CHL_TRY(complete_rows(frame, needed, n_needed, plan->skip, rows, &events->n, err));
    events->skipped = frame->rows - events->n;
    CHL_TRY(join_ids(events, plan, frame, customers, err));
    CHL_TRY(sort_rows(chl_frame_column(frame, plan->time), keys, rows, events->n, err));
    CHL_TRY(chl_control_check(control, "windows", err));
    CHL_TRY(sort_rows(events->ids, keys, rows, events->n, err));
    CHL_TRY(chl_control_check(control, "windows", err));
    CHL_TRY(gather(events, plan, frame, rows, control, err));
    if (plan->outcome.last == INT64_MIN) {
        plan->outcome.last = last_time(events);
    }
    return find_customers(events, plan, customers, keys, rows, frame->rows, err);
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
