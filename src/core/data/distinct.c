/* SPDX-License-Identifier: MIT */
#include "core/data/distinct.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"

enum { FIRST_SLOTS = 64 };

/* Open addressing over the distinct values; a slot holds code + 1. */
typedef struct table {
    const chl_column *column;
    chl_distinct *distinct;
    int64_t *slots;
    size_t slot_count;
    size_t first_room, counts_room;
} table;

static uint64_t value_bits(const chl_column *column, int64_t i)
{
    switch (column->type) {
    case CHL_F64: {
        double value = column->values.f64[i] == 0 ? 0 : column->values.f64[i];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
    }
    case CHL_I64: return (uint64_t)column->values.i64[i];
    case CHL_BOOL: return column->values.boolean[i];
    case CHL_DATE: return (uint64_t)column->values.days[i];
    case CHL_TIMESTAMP: return (uint64_t)column->values.micros[i];
    case CHL_CATEGORY:
    case CHL_STRING: break; /* strings have their own way */
    }
    return (uint64_t)column->values.codes[i];
}

static uint64_t hash_row(const chl_column *column, int64_t i)
{
    if (column->type == CHL_STRING) {
        size_t length;
        const char *text = chl_column_string(column, i, &length);
        return chl_hash_bytes(text, length);
    }
    return chl_hash_u64(value_bits(column, i));
}

static bool same_value(const chl_column *column, int64_t i, int64_t j)
{
    if (column->type == CHL_STRING) {
        size_t a, b;
        const char *left = chl_column_string(column, i, &a);
        const char *right = chl_column_string(column, j, &b);
        return a == b && (a == 0 || memcmp(left, right, a) == 0);
    }
    return value_bits(column, i) == value_bits(column, j);
}

static size_t find_slot(const table *t, int64_t row)
{
    size_t mask = t->slot_count - 1;
    size_t slot = (size_t)hash_row(t->column, row) & mask;
    while (t->slots[slot] &&
           !same_value(t->column, row, t->distinct->first[t->slots[slot] - 1])) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool widen(table *t)
{
    int64_t *slots = chl_calloc(t->slot_count, 2 * sizeof *slots);
    if (!slots) {
        return false;
    }
    chl_free(t->slots);
    t->slots = slots;
    t->slot_count *= 2;
    for (int64_t code = 0; code < t->distinct->count; code++) {
        slots[find_slot(t, t->distinct->first[code])] = code + 1;
    }
    return true;
}

/* Appends a value whose first row is `row`, with a count of zero. */
static bool append_value(table *t, int64_t row, int64_t code)
{
    chl_distinct *d = t->distinct;
    size_t need = (size_t)code + 1;
    int64_t *first = chl_grow(d->first, &t->first_room, need, sizeof *first);
    if (!first) {
        return false;
    }
    d->first = first;
    int64_t *counts = chl_grow(d->counts, &t->counts_room, need, sizeof *counts);
    if (!counts) {
        return false;
    }
    d->counts = counts;
    first[code] = row;
    counts[code] = 0;
    return true;
}

static bool add_row(table *t, int64_t row)
{
    chl_distinct *d = t->distinct;
    size_t slot = find_slot(t, row);
    if (!t->slots[slot]) {
        if (!append_value(t, row, d->count)) {
            return false;
        }
        t->slots[slot] = ++d->count;
    }
    int64_t code = t->slots[slot] - 1;
    d->codes[row] = code;
    d->counts[code]++;
    return (size_t)d->count * 2 <= t->slot_count || widen(t);
}

static bool add_missing(table *t)
{
    chl_distinct *d = t->distinct;
    for (int64_t i = 0; i < t->column->length; i++) {
        if (!chl_column_valid(t->column, i)) {
            if (!d->missing && !append_value(t, i, d->count)) {
                return false;
            }
            d->missing = true;
            d->codes[i] = d->count;
            d->counts[d->count]++;
        }
    }
    return true;
}

static bool fill(table *t)
{
    if (!append_value(t, 0, 0)) { /* so that the arrays exist, also for no rows */
        return false;
    }
    for (int64_t i = 0; i < t->column->length; i++) {
        if (chl_column_valid(t->column, i) && !add_row(t, i)) {
            return false;
        }
    }
    return add_missing(t);
}

chl_status chl_distinct_init(chl_distinct *distinct, const chl_column *column,
                             chl_error *err)
{
    *distinct = (chl_distinct){0};
    table t = {.column = column, .distinct = distinct, .slot_count = FIRST_SLOTS};
    t.slots = chl_calloc(FIRST_SLOTS, sizeof *t.slots);
    distinct->codes = chl_alloc((size_t)column->length, sizeof *distinct->codes);
    bool done = t.slots && distinct->codes && fill(&t);
    chl_free(t.slots);
    if (!done) {
        chl_distinct_reset(distinct);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

void chl_distinct_reset(chl_distinct *distinct)
{
    chl_free(distinct->codes);
    chl_free(distinct->first);
    chl_free(distinct->counts);
    *distinct = (chl_distinct){0};
}

chl_status chl_column_n_distinct(const chl_column *column, int64_t *count, chl_error *err)
{
    chl_distinct distinct;
    CHL_TRY(chl_distinct_init(&distinct, column, err));
    *count = distinct.count;
    chl_distinct_reset(&distinct);
    return CHL_OK;
}

/* ---- value counts ---- */

static chl_status make_count_columns(const chl_distinct *d, const chl_column *column,
                                     chl_column *columns[3], chl_error *err)
{
    int64_t n = d->count + d->missing;
    CHL_TRY(chl_column_take(column, d->first, n, &columns[0], err));
    CHL_TRY(chl_column_new(CHL_I64, n, false, &columns[1], err));
    CHL_TRY(chl_column_new(CHL_F64, n, false, &columns[2], err));
    for (int64_t i = 0; i < n; i++) {
        columns[1]->values.i64[i] = d->counts[i];
        columns[2]->values.f64[i] = (double)d->counts[i] / (double)column->length;
    }
    chl_column_seal(columns[1]);
    chl_column_seal(columns[2]);
    return CHL_OK;
}

chl_status chl_value_counts(const chl_column *column, chl_frame **out, chl_error *err)
{
    static const char *const names[] = {"value", "n", "share"};
    static const char *const keys[] = {"n", "value"};
    static const bool descending[] = {true, false};
    *out = NULL;
    chl_distinct distinct;
    chl_column *columns[3] = {NULL};
    chl_frame *unsorted = NULL;
    CHL_TRY(chl_distinct_init(&distinct, column, err));
    chl_status status = make_count_columns(&distinct, column, columns, err);
    if (status == CHL_OK) {
        status = chl_frame_new(names, columns, 3, &unsorted, err);
    }
    if (status == CHL_OK) {
        status = chl_frame_sort(unsorted, keys, descending, 2, NULL, out, err);
    }
    chl_frame_release(unsorted);
    for (int i = 0; i < 3; i++) {
        chl_column_release(columns[i]);
    }
    chl_distinct_reset(&distinct);
    return status;
}
