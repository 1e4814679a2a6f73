/* SPDX-License-Identifier: MIT
 *
 * Verbs on the rows of a frame: take, slice, filter. Layer: core/data.
 */
#include "core/data/frame.h"

#include "core/base/alloc.h"
#include "core/base/parallel.h"

/* How the columns of the new frame are made. */
typedef struct row_choice {
    const chl_frame *frame;
    const int64_t *indices; /* NULL: the range start … start+n-1 */
    int64_t start, n;
    bool some_missing;    /* an index is -1 */
    chl_column **columns; /* [frame->columns] the result */
} row_choice;

/* A task: column i, or its beginning when rows are taken. */
static chl_status choose_column(void *ctx, size_t i, chl_error *err)
{
    row_choice *choice = ctx;
    const chl_column *column = choice->frame->fields[i].column;
    chl_column **out = &choice->columns[i];
    return choice->indices ? chl_column_take_begin(column, choice->indices, choice->n,
                                                   choice->some_missing, out, err)
                           : chl_column_slice(column, choice->start, choice->n, out, err);
}

/* Rows of a task: their indices stay in the cache from column to column. */
enum { TAKEN_AT_ONCE = 1 << 14 };

/* A task: some rows of all columns. */
static chl_status take_rows(void *ctx, size_t part, chl_error *err)
{
    (void)err;
    row_choice *choice = ctx;
    int64_t start = (int64_t)part * TAKEN_AT_ONCE, left = choice->n - start;
    int64_t end = left < TAKEN_AT_ONCE ? choice->n : start + TAKEN_AT_ONCE;
    for (int i = 0; i < choice->frame->columns; i++) {
        chl_column_take_part(choice->frame->fields[i].column, choice->indices, start, end,
                             choice->columns[i]);
    }
    return CHL_OK;
}

static chl_status make_columns(row_choice *choice, int threads, chl_error *err)
{
    CHL_TRY(chl_parallel_for(threads, (size_t)choice->frame->columns, choose_column,
                             choice, err));
    if (!choice->indices) {
        return CHL_OK;
    }
    size_t parts = (size_t)((choice->n + TAKEN_AT_ONCE - 1) / TAKEN_AT_ONCE);
    CHL_TRY(chl_parallel_for(threads, parts, take_rows, choice, err));
    for (int i = 0; i < choice->frame->columns; i++) {
        chl_column_count_nulls(choice->columns[i]);
    }
    return CHL_OK;
}

/* Below so many cells a second thread costs more than it saves. */
enum { PARALLEL_CELLS = 100000 };

static chl_status make_frame(row_choice *choice, const char **names,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    const chl_frame *frame = choice->frame;
    bool large = choice->n > PARALLEL_CELLS / (frame->columns + 1);
    CHL_TRY(make_columns(choice, large ? chl_control_threads(control) : 1, err));
    for (int i = 0; i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    chl_frame *made = NULL;
    CHL_TRY(chl_frame_new(names, choice->columns, frame->columns, &made, err));
    made->rows = choice->n;
    chl_status status = chl_frame_copy_roles(frame, made, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

static chl_status choose_rows(row_choice *choice, const chl_control *control,
                              chl_frame **out, chl_error *err)
{
    *out = NULL;
    size_t n = (size_t)choice->frame->columns;
    const char **names = chl_alloc(n, sizeof *names);
    choice->columns = chl_calloc(n, sizeof *choice->columns);
    chl_status status = names && choice->columns
                            ? make_frame(choice, names, control, out, err)
                            : chl_fail_memory(err);
    for (size_t i = 0; choice->columns && i < n; i++) {
        chl_column_release(choice->columns[i]);
    }
    chl_free(choice->columns);
    chl_free(names);
    return status;
}

chl_status chl_frame_take(const chl_frame *frame, const int64_t *indices, int64_t n,
                          const chl_control *control, chl_frame **out, chl_error *err)
{
    row_choice choice = {.frame = frame, .indices = indices, .n = n};
    choice.some_missing = chl_indices_any_missing(indices, n);
    return choose_rows(&choice, control, out, err);
}

static chl_status read_numbers(const chl_column *numbers, int64_t rows, int64_t *indices,
                               chl_error *err)
{
    for (int64_t i = 0; i < numbers->length; i++) {
        int64_t number = numbers->values.i64[i];
        if (number < 1 || number > rows) { /* missing ones are 0 */
            return chl_fail(err, CHL_EINVAL,
                            "take: item %lld: expected a row from 1 to %lld, got %lld",
                            (long long)i + 1, (long long)rows, (long long)number);
        }
        indices[i] = number - 1;
    }
    return CHL_OK;
}

chl_status chl_frame_take_numbers(const chl_frame *frame, const chl_column *numbers,
                                  const chl_control *control, chl_frame **out,
                                  chl_error *err)
{
    *out = NULL;
    if (numbers->type != CHL_I64) {
        return chl_fail(err, CHL_ETYPE, "take: expected an i64 column of rows, got %s",
                        chl_type_name(numbers->type));
    }
    int64_t *indices = chl_alloc((size_t)numbers->length, sizeof *indices);
    chl_status status =
        indices ? read_numbers(numbers, frame->rows, indices, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_frame_take(frame, indices, numbers->length, control, out, err);
    }
    chl_free(indices);
    return status;
}

chl_status chl_frame_slice(const chl_frame *frame, int64_t start, int64_t n,
                           chl_frame **out, chl_error *err)
{
    start = start < 0 ? 0 : start > frame->rows ? frame->rows : start;
    n = n < 0 ? 0 : n > frame->rows - start ? frame->rows - start : n;
    return choose_rows(&(row_choice){.frame = frame, .start = start, .n = n}, NULL, out,
                       err);
}

/* ---- filter ---- */

enum { CHUNK = 1 << 16 }; /* rows of a task */

typedef struct kept_rows {
    const chl_column *keep;
    int64_t *counts;  /* [chunks]: kept rows; then where the chunk's rows go */
    int64_t *indices; /* the kept rows */
} kept_rows;

/* A missing condition is false: its value is zero. */
static chl_status count_kept(void *ctx, size_t chunk, chl_error *err)
{
    (void)err;
    kept_rows *k = ctx;
    int64_t start = (int64_t)chunk * CHUNK, left = k->keep->length - start;
    const uint8_t *keep = k->keep->values.boolean + start;
    int64_t count = 0;
    for (int64_t i = 0; i < (left < CHUNK ? left : CHUNK); i++) {
        count += keep[i];
    }
    k->counts[chunk] = count;
    return CHL_OK;
}

static chl_status list_kept(void *ctx, size_t chunk, chl_error *err)
{
    (void)err;
    kept_rows *k = ctx;
    int64_t start = (int64_t)chunk * CHUNK, end = start + CHUNK, row = start;
    end = end < k->keep->length ? end : k->keep->length;
    int64_t *out = k->indices + k->counts[chunk],
            *stop = k->indices + k->counts[chunk + 1];
    for (; out < stop && row < end; row++) { /* no branch on the condition */
        *out = row;
        out += k->keep->values.boolean[row];
    }
    return CHL_OK;
}

/* The rows where `keep` is true, in order; the caller frees *indices. */
static chl_status find_kept(const chl_column *keep, const chl_control *control,
                            int64_t **indices, int64_t *n, chl_error *err)
{
    size_t chunks = (size_t)((keep->length + CHUNK - 1) / CHUNK);
    int threads = chl_control_threads(control);
    kept_rows k = {.keep = keep, .counts = chl_calloc(chunks + 1, sizeof(int64_t))};
    chl_status status = k.counts ? chl_parallel_for(threads, chunks, count_kept, &k, err)
                                 : chl_fail_memory(err);
    *n = 0;
    for (size_t i = 0; status == CHL_OK && i <= chunks; i++) {
        int64_t count = k.counts[i];
        k.counts[i] = *n;
        *n += count;
    }
    if (status == CHL_OK) {
        *indices = k.indices = chl_alloc((size_t)*n, sizeof *k.indices);
        status = k.indices ? chl_parallel_for(threads, chunks, list_kept, &k, err)
                           : chl_fail_memory(err);
    }
    chl_free(k.counts);
    return status;
}

chl_status chl_frame_filter(const chl_frame *frame, const chl_column *keep,
                            const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = NULL;
    if (keep->type != CHL_BOOL) {
        return chl_fail(err, CHL_ETYPE, "filter: expected a bool condition, got %s",
                        chl_type_name(keep->type));
    }
    if (keep->length != frame->rows) {
        return chl_fail(err, CHL_EINVAL, "filter: expected %lld rows, got %lld",
                        (long long)frame->rows, (long long)keep->length);
    }
    int64_t *indices = NULL, n = 0;
    chl_status status = find_kept(keep, control, &indices, &n, err);
    if (status == CHL_OK) {
        status = chl_frame_take(frame, indices, n, control, out, err);
    }
    chl_free(indices);
    return status;
}
