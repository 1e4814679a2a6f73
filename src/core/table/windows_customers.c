/* SPDX-License-Identifier: MIT
 *
 * Who may get rows: everybody with an event, or the customers of a frame of their own,
 * matched with the events by id. Layer: core/table.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"
#include "core/data/sort.h"
#include "core/data/times.h"
#include "core/table/windows_events.h"

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

chl_status windows_join_ids(windows_events *events, const windows_plan *plan,
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
        (*out)[i] = column && chl_column_valid(column, row) ? chl_column_time(column, row)
                                                            : missing;
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
    CHL_TRY(windows_complete_rows(customers, names, 1, plan->skip, spells, &n, err));
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

chl_status windows_find_customers(windows_events *events, const windows_plan *plan,
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
