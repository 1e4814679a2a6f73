/* SPDX-License-Identifier: MIT
 *
 * The frame of a join, once it is known which rows meet: names, suffixes, columns. Layer:
 * core/table.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/base/strbuf.h"
#include "core/table/append.h"
#include "core/table/join_private.h"

/* ---- names ---- */

/* The frame with `suffix` behind the names that `other` has as well. */
static chl_status add_suffix(const chl_frame *frame, const chl_frame *other,
                             const char *suffix, chl_frame **out, chl_error *err)
{
    *out = NULL;
    size_t room = (size_t)frame->columns;
    const char **from = chl_alloc(room, sizeof *from);
    char **to = chl_calloc(room, sizeof *to);
    chl_status status = from && to ? CHL_OK : chl_fail_memory(err);
    int n = 0;
    for (int i = 0; i < frame->columns && status == CHL_OK; i++) {
        const char *name = frame->fields[i].name;
        if (suffix[0] && chl_frame_find(other, name) >= 0) {
            chl_strbuf text = {0};
            chl_strbuf_printf(&text, "%s%s", name, suffix);
            status = text.failed ? chl_fail_memory(err) : CHL_OK;
            from[n] = name;
            to[n++] = text.data;
        }
    }
    if (status == CHL_OK) {
        status = chl_frame_rename(frame, from, (const char *const *)to, n, out, err);
    }
    for (int i = 0; to && i < n; i++) {
        chl_free(to[i]);
    }
    chl_free(from);
    chl_free(to);
    return status;
}

static chl_status check_names(const join_keys *keys, const chl_frame *left,
                              const chl_frame *right, chl_error *err)
{
    for (int i = 0; i < right->columns; i++) {
        const char *name = right->fields[i].name;
        if (chl_frame_find(left, name) >= 0) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: both frames have a column '%s': expected a suffix that "
                            "makes the names differ",
                            keys->where, name);
        }
    }
    return CHL_OK;
}

/* Frames with the names of the result; the right one without its keys. */
static chl_status name_frames(const join_keys *keys, const join_shape *shape,
                              chl_frame **left, chl_frame **right, chl_error *err)
{
    const char *left_suffix = shape->left_suffix ? shape->left_suffix : "";
    const char *right_suffix = shape->right_suffix ? shape->right_suffix : "_right";
    chl_frame *values = NULL;
    CHL_TRY(chl_frame_drop(keys->right, keys->right_on, keys->n, &values, err));
    chl_status status = add_suffix(keys->left, values, left_suffix, left, err);
    if (status == CHL_OK) {
        status = add_suffix(values, keys->left, right_suffix, right, err);
    }
    if (status == CHL_OK) {
        status = check_names(keys, *left, *right, err);
    }
    chl_frame_release(values);
    return status;
}

/* ---- columns ---- */

typedef struct work {
    const join_keys *keys;
    const join_rows *rows;
    const chl_frame *left, *right; /* with the names of the result */
    const chl_control *control;
    bool full;
    const char **names;
    chl_column **columns;
} work;

static chl_type common_type(chl_type a, chl_type b)
{
    if (a == b) {
        return a;
    }
    return chl_type_numeric(a) ? CHL_F64 : CHL_STRING;
}

/* The key of a full join: of the left frame, in the appended rows of the right one. */
static chl_status make_key(const work *w, const chl_key_part *part, chl_column **out,
                           chl_error *err)
{
    const join_rows *rows = w->rows;
    chl_column *parts[2] = {NULL};
    int64_t matched = rows->n - rows->appended;
    const chl_column *of[2] = {part->left, part->right};
    chl_type type = common_type(part->left->type, part->right->type);
    const int64_t *from[2] = {rows->left, rows->right + matched};
    int64_t n[2] = {matched, rows->appended};
    chl_status status = CHL_OK;
    for (int s = 0; s < 2 && status == CHL_OK; s++) {
        chl_column *taken = NULL;
        status = chl_column_take(of[s], from[s], n[s], &taken, err);
        if (status == CHL_OK) {
            status = chl_column_cast(taken, type, &parts[s], err);
        }
        chl_column_release(taken);
    }
    if (status == CHL_OK) {
        status = chl_column_append(parts[0], parts[1], out, err);
    }
    chl_column_release(parts[0]);
    chl_column_release(parts[1]);
    return status;
}

static const chl_key_part *key_of(const work *w, int column)
{
    const char *name = w->keys->left->fields[column].name;
    for (int k = 0; k < w->keys->n; k++) {
        if (strcmp(w->keys->left_on[k], name) == 0) {
            return &w->keys->parts[k];
        }
    }
    return NULL;
}

static chl_status make_left_column(const work *w, int i, chl_column **out, chl_error *err)
{
    chl_column *column = w->left->fields[i].column;
    const chl_key_part *key = w->full ? key_of(w, i) : NULL;
    if (key) {
        return make_key(w, key, out, err);
    }
    if (!w->rows->left) {
        *out = chl_column_retain(column);
        return CHL_OK;
    }
    return chl_column_take(column, w->rows->left, w->rows->n, out, err);
}

/* A task: column i of the result. */
static chl_status make_column(void *ctx, size_t index, chl_error *err)
{
    const work *w = ctx;
    int i = (int)index, of_left = w->left->columns;
    chl_column **out = &w->columns[i];
    if (i < of_left) {
        w->names[i] = w->left->fields[i].name;
        return make_left_column(w, i, out, err);
    }
    w->names[i] = w->right->fields[i - of_left].name;
    return chl_column_take(w->right->fields[i - of_left].column, w->rows->right,
                           w->rows->n, out, err);
}

static chl_status make_frame(const work *w, int columns, chl_frame **out, chl_error *err)
{
    chl_frame *made = NULL;
    CHL_TRY(chl_parallel_for(chl_control_threads(w->control), (size_t)columns,
                             make_column, (void *)w, err));
    CHL_TRY(chl_frame_new(w->names, w->columns, columns, &made, err));
    chl_status status = chl_frame_copy_roles(w->left, made, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

static chl_status make_columns(work *w, chl_frame **out, chl_error *err)
{
    int columns = w->left->columns + w->right->columns;
    w->names = chl_calloc((size_t)columns, sizeof *w->names);
    w->columns = chl_calloc((size_t)columns, sizeof *w->columns);
    chl_status status =
        w->names && w->columns ? make_frame(w, columns, out, err) : chl_fail_memory(err);
    for (int i = 0; w->columns && i < columns; i++) {
        chl_column_release(w->columns[i]);
    }
    chl_free(w->names);
    chl_free(w->columns);
    return status;
}

chl_status join_make_frame(const join_keys *keys, const join_shape *shape,
                           const join_rows *rows, const chl_control *control,
                           chl_frame **out, chl_error *err)
{
    chl_frame *left = NULL, *right = NULL;
    chl_status status = name_frames(keys, shape, &left, &right, err);
    if (status == CHL_OK) {
        work w = {keys, rows, left, right, control, shape->full, NULL, NULL};
        status = make_columns(&w, out, err);
    }
    chl_frame_release(left);
    chl_frame_release(right);
    return status;
}
