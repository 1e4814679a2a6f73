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
    chl_column **columns; /* [frame->columns] the result */
} row_choice;

/* A task: column i. */
static chl_status choose_column(void *ctx, size_t i, chl_error *err)
{
    row_choice *choice = ctx;
    const chl_column *column = choice->frame->fields[i].column;
    if (choice->indices) {
        return chl_column_take(column, choice->indices, choice->n, &choice->columns[i],
                               err);
    }
    return chl_column_slice(column, choice->start, choice->n, &choice->columns[i], err);
}

/* Below so many cells a second thread costs more than it saves. */
enum { PARALLEL_CELLS = 100000 };

static chl_status make_frame(row_choice *choice, const char **names,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    const chl_frame *frame = choice->frame;
    bool large = choice->n > PARALLEL_CELLS / (frame->columns + 1);
    CHL_TRY(chl_parallel_for(large ? chl_control_threads(control) : 1,
                             (size_t)frame->columns, choose_column, choice, err));
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
    return choose_rows(&(row_choice){.frame = frame, .indices = indices, .n = n}, control,
                       out, err);
}

chl_status chl_frame_slice(const chl_frame *frame, int64_t start, int64_t n,
                           chl_frame **out, chl_error *err)
{
    start = start < 0 ? 0 : start > frame->rows ? frame->rows : start;
    n = n < 0 ? 0 : n > frame->rows - start ? frame->rows - start : n;
    return choose_rows(&(row_choice){.frame = frame, .start = start, .n = n}, NULL, out,
                       err);
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
    chl_status status = chl_frame_take(frame, indices, n, control, out, err);
    chl_free(indices);
    return status;
}
