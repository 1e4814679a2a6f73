/* SPDX-License-Identifier: MIT
 *
 * Verbs on the rows of a frame: take, slice, filter. Layer: core/data.
 */
#include "core/data/frame.h"

#include "core/base/alloc.h"

/* How one column of the new frame is made. */
typedef struct row_choice {
    const int64_t *indices; /* NULL: the range start … start+n-1 */
    int64_t start, n;
} row_choice;

static chl_status choose_columns(const chl_frame *frame, const row_choice *choice,
                                 chl_column **columns, chl_error *err)
{
    for (int i = 0; i < frame->columns; i++) {
        const chl_column *column = frame->fields[i].column;
        if (choice->indices) {
            CHL_TRY(
                chl_column_take(column, choice->indices, choice->n, &columns[i], err));
        } else {
            CHL_TRY(chl_column_slice(column, choice->start, choice->n, &columns[i], err));
        }
    }
    return CHL_OK;
}

static chl_status make_frame(const chl_frame *frame, const row_choice *choice,
                             const char **names, chl_column **columns, chl_frame **out,
                             chl_error *err)
{
    CHL_TRY(choose_columns(frame, choice, columns, err));
    for (int i = 0; i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    chl_frame *made = NULL;
    CHL_TRY(chl_frame_new(names, columns, frame->columns, &made, err));
    made->rows = choice->n;
    chl_status status = chl_frame_copy_roles(frame, made, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

static chl_status choose_rows(const chl_frame *frame, const row_choice *choice,
                              chl_frame **out, chl_error *err)
{
    *out = NULL;
    size_t n = (size_t)frame->columns;
    const char **names = chl_alloc(n, sizeof *names);
    chl_column **columns = chl_calloc(n, sizeof *columns);
    chl_status status = names && columns
                            ? make_frame(frame, choice, names, columns, out, err)
                            : chl_fail_memory(err);
    for (size_t i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(columns);
    chl_free(names);
    return status;
}

chl_status chl_frame_take(const chl_frame *frame, const int64_t *indices, int64_t n,
                          chl_frame **out, chl_error *err)
{
    return choose_rows(frame, &(row_choice){.indices = indices, .n = n}, out, err);
}

chl_status chl_frame_slice(const chl_frame *frame, int64_t start, int64_t n,
                           chl_frame **out, chl_error *err)
{
    start = start < 0 ? 0 : start > frame->rows ? frame->rows : start;
    n = n < 0 ? 0 : n > frame->rows - start ? frame->rows - start : n;
    return choose_rows(frame, &(row_choice){.start = start, .n = n}, out, err);
}

chl_status chl_frame_filter(const chl_frame *frame, const chl_column *keep,
                            chl_frame **out, chl_error *err)
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
    int64_t *indices = chl_alloc((size_t)frame->rows, sizeof *indices);
    if (!indices) {
        return chl_fail_memory(err);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < frame->rows; i++) {
        if (chl_column_valid(keep, i) && keep->values.boolean[i]) {
            indices[n++] = i;
        }
    }
    chl_status status = chl_frame_take(frame, indices, n, out, err);
    chl_free(indices);
    return status;
}
