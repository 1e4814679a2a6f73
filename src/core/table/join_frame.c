/* SPDX-License-Identifier: MIT
 *
 * The frame of a join, once it is known which rows meet: names, suffixes, columns. Layer:
 * core/table.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/table/join_private.h"
#include "core/table/stack.h"

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

/* ---- keys of a full join ---- */

static chl_type common_type(chl_type a, chl_type b)
{
    if (a == b) {
        return a;
    }
    return chl_type_numeric(a) ? CHL_F64 : CHL_STRING;
}

/* The rows of a key column in the type of the result. */
static chl_status take_as(const chl_column *column, const int64_t *rows, int64_t n,
                          chl_type type, chl_column **out, chl_error *err)
{
    chl_column *taken = NULL;
    CHL_TRY(chl_column_take(column, rows, n, &taken, err));
    chl_status status = chl_column_cast(taken, type, out, err);
    chl_column_release(taken);
    return status;
}

/* The key of the left frame and, in the appended rows, of the right one. */
static chl_status make_key(const join_rows *rows, const chl_key_part *part,
                           chl_column **out, chl_error *err)
{
    chl_column *matched = NULL, *alone = NULL;
    int64_t n = rows->n - rows->appended;
    chl_type type = common_type(part->left->type, part->right->type);
    chl_status status = take_as(part->left, rows->left, n, type, &matched, err);
    if (status == CHL_OK) {
        status = take_as(part->right, rows->right + n, rows->appended, type, &alone, err);
    }
    if (status == CHL_OK) {
        const chl_column *const parts[] = {matched, alone};
        const int64_t lengths[] = {matched->length, alone->length};
        status = chl_columns_stack(parts, lengths, 2, out, err);
    }
    chl_column_release(matched);
    chl_column_release(alone);
    return status;
}

/* Puts whole keys into the left part of a full join: *taken becomes another frame. */
static chl_status complete_keys(const join_keys *keys, const chl_frame *left,
                                const join_rows *rows, chl_frame **taken, chl_error *err)
{
    for (int k = 0; k < keys->n; k++) {
        chl_column *key = NULL;
        chl_frame *with = NULL;
        int index = chl_frame_find(keys->left, keys->left_on[k]);
        CHL_TRY(make_key(rows, &keys->parts[k], &key, err));
        chl_status status =
            chl_frame_with(*taken, left->fields[index].name, key, &with, err);
        chl_column_release(key);
        CHL_TRY(status);
        chl_frame_release(*taken);
        *taken = with;
    }
    return CHL_OK;
}

/* ---- the frame ---- */

/* The columns of both; the roles of the left frame. */
static chl_status put_together(const chl_frame *left, const chl_frame *right,
                               chl_frame **out, chl_error *err)
{
    int n = left->columns + right->columns;
    const char **names = chl_alloc((size_t)n, sizeof *names);
    chl_column **columns = chl_alloc((size_t)n, sizeof *columns);
    chl_status status = names && columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        const chl_field *field =
            i < left->columns ? &left->fields[i] : &right->fields[i - left->columns];
        names[i] = field->name;
        columns[i] = field->column;
    }
    if (status == CHL_OK) {
        status = chl_frame_new(names, columns, n, out, err);
    }
    chl_free(names);
    chl_free(columns);
    if (status == CHL_OK) {
        status = chl_frame_copy_roles(left, *out, err);
        if (status != CHL_OK) {
            chl_frame_release(*out);
            *out = NULL;
        }
    }
    return status;
}

static chl_status take_rows(const join_keys *keys, chl_frame *left,
                            const chl_frame *right, const join_shape *shape,
                            const join_rows *rows, const chl_control *control,
                            chl_frame **out, chl_error *err)
{
    chl_frame *of_left = NULL, *of_right = NULL;
    chl_status status = CHL_OK;
    if (rows->left) {
        status = chl_frame_take(left, rows->left, rows->n, control, &of_left, err);
    } else {
        of_left = chl_frame_retain(left);
    }
    if (status == CHL_OK && shape->full) {
        status = complete_keys(keys, left, rows, &of_left, err);
    }
    if (status == CHL_OK) {
        status = chl_frame_take(right, rows->right, rows->n, control, &of_right, err);
    }
    if (status == CHL_OK) {
        status = put_together(of_left, of_right, out, err);
    }
    chl_frame_release(of_left);
    chl_frame_release(of_right);
    return status;
}

chl_status join_make_frame(const join_keys *keys, const join_shape *shape,
                           const join_rows *rows, const chl_control *control,
                           chl_frame **out, chl_error *err)
{
    chl_frame *left = NULL, *right = NULL;
    chl_status status = name_frames(keys, shape, &left, &right, err);
    if (status == CHL_OK) {
        status = take_rows(keys, left, right, shape, rows, control, out, err);
    }
    chl_frame_release(left);
    chl_frame_release(right);
    return status;
}
