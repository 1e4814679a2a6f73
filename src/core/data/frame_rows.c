/* SPDX-License-Identifier: MIT
 *
 * Verbs on the rows of a frame: take, slice, filter. Layer: core/data.
 */
#include "core/data/frame.h"

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/take.h"

/* A new frame of these columns, which stay the caller's, with the names and roles of
 * `frame`. */
static chl_status make_frame(const chl_frame *frame, chl_column *const *columns,
                             int64_t rows, chl_frame **out, chl_error *err)
{
    const char **names = chl_alloc((size_t)frame->columns, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    chl_frame *made = NULL;
    chl_status status = chl_frame_new(names, columns, frame->columns, &made, err);
    chl_free(names);
    if (status == CHL_OK) {
        made->rows = rows;
        status = chl_frame_copy_roles(frame, made, err);
    }
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

static void release_columns(chl_column **columns, int n)
{
    for (int i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(columns);
}

static chl_status take_columns(const chl_frame *frame, const int64_t *indices, int64_t n,
                               const chl_control *control, chl_column **columns,
                               chl_error *err)
{
    chl_column **from = chl_alloc((size_t)frame->columns, sizeof *from);
    if (!from) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < frame->columns; i++) {
        from[i] = frame->fields[i].column;
    }
    chl_status status =
        chl_columns_take(from, frame->columns, indices, n, control, columns, err);
    chl_free(from);
    return status;
}

chl_status chl_frame_take(const chl_frame *frame, const int64_t *indices, int64_t n,
                          const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "take", err));
    chl_column **columns = chl_calloc((size_t)frame->columns, sizeof *columns);
    chl_status status = columns ? take_columns(frame, indices, n, control, columns, err)
                                : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = make_frame(frame, columns, n, out, err);
    }
    release_columns(columns, frame->columns);
    return status;
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
    *out = NULL;
    start = start < 0 ? 0 : start > frame->rows ? frame->rows : start;
    n = n < 0 ? 0 : n > frame->rows - start ? frame->rows - start : n;
    chl_column **columns = chl_calloc((size_t)frame->columns, sizeof *columns);
    chl_status status = columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < frame->columns && status == CHL_OK; i++) {
        status = chl_column_slice(frame->fields[i].column, start, n, &columns[i], err);
    }
    if (status == CHL_OK) {
        status = make_frame(frame, columns, n, out, err);
    }
    release_columns(columns, frame->columns);
    return status;
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
    if (status == CHL_OK && n == frame->rows) {
        status = chl_frame_drop(frame, NULL, 0, out, err); /* shares the columns */
    } else if (status == CHL_OK) {
        status = chl_frame_take(frame, indices, n, control, out, err);
    }
    chl_free(indices);
    return status;
}
