/* SPDX-License-Identifier: MIT */
#include "core/table/stack.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

/* ---- the common type ---- */

static bool join_types(chl_type a, chl_type b, chl_type *joined)
{
    static const chl_type pairs[][3] = {{CHL_I64, CHL_F64, CHL_F64},
                                        {CHL_CATEGORY, CHL_STRING, CHL_STRING},
                                        {CHL_DATE, CHL_TIMESTAMP, CHL_TIMESTAMP}};
    *joined = a;
    if (a == b) {
        return true;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if ((a == pairs[i][0] && b == pairs[i][1]) ||
            (a == pairs[i][1] && b == pairs[i][0])) {
            *joined = pairs[i][2];
            return true;
        }
    }
    return false;
}

/* Over the parts that are there, or only those with present values; *bad is the part that
 * does not fit, or -1. */
static bool common_type(const chl_column *const *parts, int n, bool present,
                        chl_type *type, int *first, int *bad)
{
    *first = *bad = -1;
    for (int i = 0; i < n; i++) {
        if (!parts[i] || (present && parts[i]->nulls == parts[i]->length)) {
            continue;
        }
        if (*first < 0) {
            *first = i;
            *type = parts[i]->type;
        } else if (!join_types(*type, parts[i]->type, type)) {
            *bad = i;
            return false;
        }
    }
    return *first >= 0;
}

static chl_status find_type(const chl_column *const *parts, int n, chl_type *type,
                            chl_error *err)
{
    int first, bad;
    if (common_type(parts, n, false, type, &first, &bad) ||
        common_type(parts, n, true, type, &first, &bad)) {
        return CHL_OK;
    }
    if (bad < 0) { /* nothing is present anywhere */
        for (int i = n - 1; i >= 0; i--) {
            *type = parts[i] ? parts[i]->type : *type;
        }
        return CHL_OK;
    }
    return chl_fail(err, CHL_ETYPE,
                    "expected one type, got %s in part %d and %s in part %d (cast one)",
                    chl_type_name(parts[first]->type), first + 1,
                    chl_type_name(parts[bad]->type), bad + 1);
}

/* ---- levels ---- */

static chl_status merge_levels(const chl_column *const *parts, int n, chl_levels *merged,
                               chl_error *err)
{
    bool first = true;
    for (int i = 0; i < n; i++) {
        int32_t count = parts[i] ? chl_levels_count(parts[i]->levels) : 0;
        if (first && parts[i] && chl_levels_ordered(parts[i]->levels)) {
            chl_levels_set_ordered(merged);
        }
        first = first && !parts[i];
        for (int32_t k = 0; k < count; k++) {
            size_t length;
            int32_t code;
            const char *name = chl_levels_name(parts[i]->levels, k, &length);
            CHL_TRY(chl_levels_intern(merged, name, length, &code, err));
        }
    }
    return CHL_OK;
}

/* One table of levels for all parts: theirs when they share it. */
static chl_status common_levels(const chl_column *const *parts, int n, chl_levels **out,
                                chl_error *err)
{
    chl_levels *shared = NULL;
    bool same = true;
    for (int i = 0; i < n; i++) {
        if (parts[i]) {
            same = same && (!shared || shared == parts[i]->levels);
            shared = parts[i]->levels;
        }
    }
    if (same && shared) {
        *out = chl_levels_retain(shared);
        return CHL_OK;
    }
    CHL_TRY(chl_levels_new(out, err));
    return merge_levels(parts, n, *out, err);
}

/* ---- copying ---- */

static chl_status copy_codes(const chl_column *part, chl_column *to, int64_t at,
                             chl_error *err)
{
    int32_t count = chl_levels_count(part->levels);
    int32_t *code = chl_alloc((size_t)count, sizeof *code);
    if (!code) {
        return chl_fail_memory(err);
    }
    for (int32_t k = 0; k < count; k++) {
        size_t length;
        const char *name = chl_levels_name(part->levels, k, &length);
        code[k] = chl_levels_find(to->levels, name, length);
    }
    for (int64_t i = 0; i < part->length; i++) {
        int32_t old = part->values.codes[i];
        to->values.codes[at + i] = old < 0 ? -1 : code[old];
    }
    chl_free(code);
    return CHL_OK;
}

static void copy_strings(const chl_column *part, chl_column *to, int64_t at)
{
    int64_t start = to->values.offsets[at];
    for (int64_t i = 0; i < part->length; i++) {
        to->values.offsets[at + i + 1] = start + part->values.offsets[i + 1];
    }
    if (part->values.offsets[part->length]) {
        memcpy(to->bytes + start, part->bytes,
               (size_t)part->values.offsets[part->length]);
    }
}

static chl_status copy_part(const chl_column *part, chl_column *to, int64_t at,
                            chl_error *err)
{
    size_t size = chl_type_size(to->type);
    if (to->type == CHL_STRING) {
        copy_strings(part, to, at);
    } else if (to->type == CHL_CATEGORY && part->levels != to->levels) {
        CHL_TRY(copy_codes(part, to, at, err));
    } else {
        memcpy((char *)to->values.any + (size_t)at * size, part->values.any,
               (size_t)part->length * size);
    }
    for (int64_t i = 0; part->validity && i < part->length; i++) {
        if (!chl_column_valid(part, i)) {
            chl_column_set_null(to, at + i);
        }
    }
    return CHL_OK;
}

static void copy_missing(chl_column *to, int64_t at, int64_t rows)
{
    for (int64_t i = at; i < at + rows; i++) {
        chl_column_set_null(to, i);
        if (to->type == CHL_STRING) {
            to->values.offsets[i + 1] = to->values.offsets[i];
        }
    }
}

static chl_status make_room(const chl_column *const *parts, const int64_t *rows, int n,
                            chl_type type, chl_column **out, chl_error *err)
{
    int64_t length = 0, bytes = 0;
    bool nullable = false;
    for (int i = 0; i < n; i++) {
        length += rows[i];
        nullable = nullable || !parts[i] || parts[i]->validity;
        if (parts[i] && type == CHL_STRING) {
            bytes += parts[i]->values.offsets[rows[i]];
        }
    }
    CHL_TRY(chl_column_new(type, length, nullable, out, err));
    if (type == CHL_CATEGORY) {
        return common_levels(parts, n, &(*out)->levels, err);
    }
    if (type == CHL_STRING && !((*out)->bytes = chl_alloc((size_t)bytes, 1))) {
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

/* All parts have the type. */
static chl_status stack_alike(const chl_column *const *parts, const int64_t *rows, int n,
                              chl_type type, chl_column **out, chl_error *err)
{
    chl_column *made = NULL;
    chl_status status = make_room(parts, rows, n, type, &made, err);
    int64_t at = 0;
    for (int i = 0; i < n && status == CHL_OK; i++) {
        if (parts[i]) {
            status = copy_part(parts[i], made, at, err);
        } else {
            copy_missing(made, at, rows[i]);
        }
        at += rows[i];
    }
    if (status != CHL_OK) {
        chl_column_release(made);
        return status;
    }
    chl_column_seal(made);
    *out = made;
    return CHL_OK;
}

/* The part in the common type: itself, a cast that is kept in *cast, or NULL when nothing
 * in it is present. */
static chl_status convert_part(const chl_column *part, chl_type type, chl_column **cast,
                               const chl_column **out, chl_error *err)
{
    *out = part;
    if (!part || part->type == type) {
        return CHL_OK;
    }
    if (part->nulls == part->length) {
        *out = NULL;
        return CHL_OK;
    }
    CHL_TRY(chl_column_cast(part, type, cast, err));
    *out = *cast;
    return CHL_OK;
}

chl_status chl_columns_stack(const chl_column *const *parts, const int64_t *rows, int n,
                             chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_type type = CHL_F64;
    CHL_TRY(find_type(parts, n, &type, err));
    const chl_column **alike = chl_calloc((size_t)n, sizeof *alike);
    chl_column **casts = chl_calloc((size_t)n, sizeof *casts);
    chl_status status = alike && casts ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        status = convert_part(parts[i], type, &casts[i], &alike[i], err);
        if (status != CHL_OK && err) {
            chl_error_prefix(err, "part %d", i + 1);
        }
    }
    if (status == CHL_OK) {
        status = stack_alike(alike, rows, n, type, out, err);
    }
    for (int i = 0; casts && i < n; i++) {
        chl_column_release(casts[i]);
    }
    chl_free(casts);
    chl_free((void *)alike);
    return status;
}

/* ---- frames ---- */

typedef struct stacking {
    const chl_frame *const *frames;
    int n;
    chl_levels *names; /* of all columns, in order of first appearance */
    int64_t *rows;     /* [n] of each frame */
    chl_column **columns;
} stacking;

/* A task: one column of the result. */
static chl_status stack_column(void *ctx, size_t index, chl_error *err)
{
    stacking *s = ctx;
    const char *name = chl_levels_name(s->names, (int32_t)index, NULL);
    const chl_column **parts = chl_alloc((size_t)s->n, sizeof *parts);
    if (!parts) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < s->n; i++) {
        parts[i] = chl_frame_column(s->frames[i], name);
    }
    chl_status status = chl_columns_stack(parts, s->rows, s->n, &s->columns[index], err);
    if (status != CHL_OK && err) {
        chl_error_prefix(err, "concat: column '%s'", name);
    }
    chl_free((void *)parts);
    return status;
}

static chl_status collect_names(stacking *s, chl_error *err)
{
    for (int i = 0; i < s->n; i++) {
        const chl_frame *frame = s->frames[i];
        s->rows[i] = frame->rows;
        for (int k = 0; k < frame->columns; k++) {
            const char *name = frame->fields[k].name;
            int32_t code;
            CHL_TRY(chl_levels_intern(s->names, name, strlen(name), &code, err));
        }
    }
    return CHL_OK;
}

static chl_status stack_columns(stacking *s, const chl_control *control, chl_frame **made,
                                chl_error *err)
{
    CHL_TRY(collect_names(s, err));
    int32_t count = chl_levels_count(s->names);
    s->columns = chl_calloc((size_t)count, sizeof *s->columns);
    const char **names = chl_alloc((size_t)count, sizeof *names);
    chl_status status = s->columns && names ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_parallel_for(chl_control_threads(control), (size_t)count,
                                  stack_column, s, err);
    }
    for (int32_t i = 0; status == CHL_OK && i < count; i++) {
        names[i] = chl_levels_name(s->names, i, NULL);
    }
    if (status == CHL_OK) {
        status = chl_frame_new(names, s->columns, count, made, err);
    }
    for (int32_t i = 0; s->columns && i < count; i++) {
        chl_column_release(s->columns[i]);
    }
    chl_free(s->columns);
    chl_free((void *)names);
    return status;
}

chl_status chl_frames_stack(const chl_frame *const *frames, int n,
                            const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = NULL;
    stacking s = {.frames = frames, .n = n};
    chl_frame *made = NULL;
    CHL_TRY(chl_control_check(control, "concat", err));
    CHL_TRY(chl_levels_new(&s.names, err));
    s.rows = chl_alloc((size_t)n, sizeof *s.rows);
    chl_status status =
        s.rows ? stack_columns(&s, control, &made, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        for (int i = 0; i < n && made->columns == 0; i++) {
            made->rows += frames[i]->rows;
        }
        status = chl_frame_copy_roles(frames[0], made, err);
    }
    chl_levels_release(s.names);
    chl_free(s.rows);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}
