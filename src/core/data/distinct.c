/* SPDX-License-Identifier: MIT */
#include "core/data/distinct.h"

#include "core/base/alloc.h"
#include "core/data/key.h"
#include "core/data/number.h"

/* Gives the missing rows the last number; *missing is the one that they have. */
static void move_missing_last(chl_distinct *d, int64_t rows, int64_t missing)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t code = d->codes[i];
        d->codes[i] = code == missing ? d->count : code - (code > missing);
    }
    int64_t first = d->first[missing];
    for (int64_t code = missing; code < d->count; code++) {
        d->first[code] = d->first[code + 1];
    }
    d->first[d->count] = first;
}

static void count_rows(chl_distinct *d, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        d->counts[d->codes[i]]++;
    }
}

static chl_status number_values(chl_distinct *d, const chl_column *column,
                                const chl_keys *keys, chl_error *err)
{
    int64_t all;
    d->codes = chl_alloc((size_t)column->length, sizeof *d->codes);
    if (!d->codes) {
        return chl_fail_memory(err);
    }
    CHL_TRY(
        chl_number_words(keys->words, keys->rows, keys->last, NULL, d->codes, &all, err));
    d->first = chl_alloc((size_t)all, sizeof *d->first);
    d->counts = chl_calloc((size_t)all, sizeof *d->counts);
    if (!d->first || !d->counts) {
        return chl_fail_memory(err);
    }
    chl_first_rows(d->codes, column->length, all, d->first);
    d->missing = column->nulls > 0;
    d->count = all - d->missing;
    if (d->missing) {
        int64_t row = 0;
        while (chl_column_valid(column, row)) {
            row++;
        }
        move_missing_last(d, column->length, d->codes[row]);
    }
    count_rows(d, column->length);
    return CHL_OK;
}

chl_status chl_distinct_init(chl_distinct *distinct, const chl_column *column,
                             chl_error *err)
{
    *distinct = (chl_distinct){0};
    chl_keys keys;
    chl_key_part part = {.left = column};
    CHL_TRY(chl_keys_equal(&keys, &part, 1, column->length, NULL, err));
    chl_status status = number_values(distinct, column, &keys, err);
    chl_keys_reset(&keys);
    if (status != CHL_OK) {
        chl_distinct_reset(distinct);
    }
    return status;
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
