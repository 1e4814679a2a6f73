/* SPDX-License-Identifier: MIT
 *
 * Frames: making, finding columns, verbs on columns. Layer: core/data. Verbs on rows are
 * in frame_rows.c and sort.c, the target's labels in labels.c.
 */
#include "core/data/frame.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"

static chl_status check_unique(const char *const *names, int n, chl_error *err)
{
    chl_levels *seen = NULL;
    CHL_TRY(chl_levels_new(&seen, err));
    chl_status status = CHL_OK;
    for (int i = 0; i < n && status == CHL_OK; i++) {
        int32_t code = 0;
        if (names[i][0] == '\0') {
            status = chl_fail(err, CHL_EINVAL,
                              "column %d: expected a name, got an empty one", i + 1);
        } else {
            status = chl_levels_intern(seen, names[i], strlen(names[i]), &code, err);
        }
        if (status == CHL_OK && code < i) {
            status = chl_fail(err, CHL_EINVAL, "column '%s' occurs twice", names[i]);
        }
    }
    chl_levels_release(seen);
    return status;
}

static chl_status add_fields(chl_frame *frame, const char *const *names,
                             chl_column *const *columns, int n, chl_error *err)
{
    for (int i = 0; i < n; i++) {
        if (columns[i]->length != frame->rows) {
            return chl_fail(err, CHL_EINVAL,
                            "column '%s': expected %lld rows as in '%s', got %lld",
                            names[i], (long long)frame->rows, names[0],
                            (long long)columns[i]->length);
        }
        char *name = chl_strdup(names[i]);
        if (!name) {
            return chl_fail_memory(err);
        }
        frame->fields[frame->columns++] =
            (chl_field){.name = name, .column = chl_column_retain(columns[i])};
    }
    return CHL_OK;
}

chl_status chl_frame_new(const char *const *names, chl_column *const *columns, int n,
                         chl_frame **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(check_unique(names, n, err));
    chl_frame *frame = chl_calloc(1, sizeof *frame);
    if (!frame) {
        return chl_fail_memory(err);
    }
    atomic_init(&frame->refs, 1);
    frame->rows = n ? columns[0]->length : 0;
    frame->fields = chl_calloc((size_t)n, sizeof *frame->fields);
    chl_status status =
        frame->fields ? add_fields(frame, names, columns, n, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        chl_frame_release(frame);
        return status;
    }
    *out = frame;
    return CHL_OK;
}

chl_frame *chl_frame_retain(chl_frame *frame)
{
    atomic_fetch_add(&frame->refs, 1);
    return frame;
}

void chl_frame_release(chl_frame *frame)
{
    if (!frame || atomic_fetch_sub(&frame->refs, 1) != 1) {
        return;
    }
    for (int i = 0; i < frame->columns; i++) {
        chl_free(frame->fields[i].name);
        chl_column_release(frame->fields[i].column);
    }
    chl_free(frame->fields);
    chl_free(frame->target);
    chl_free(frame->positive);
    chl_free(frame->id);
    chl_free(frame->time);
    chl_free(frame);
}

int chl_frame_find(const chl_frame *frame, const char *name)
{
    for (int i = 0; i < frame->columns; i++) {
        if (strcmp(frame->fields[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static chl_status fail_unknown_column(const chl_frame *frame, const char *where,
                                      const char *name, chl_error *err)
{
    const char **names = chl_alloc((size_t)frame->columns, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    chl_status status =
        chl_fail_unknown(err, where, "column", name, names, (size_t)frame->columns);
    chl_free(names);
    return status;
}

chl_status chl_frame_index(const chl_frame *frame, const char *where, const char *name,
                           int *index, chl_error *err)
{
    *index = chl_frame_find(frame, name);
    return *index >= 0 ? CHL_OK : fail_unknown_column(frame, where, name, err);
}

const chl_column *chl_frame_column(const chl_frame *frame, const char *name)
{
    int index = chl_frame_find(frame, name);
    return index < 0 ? NULL : frame->fields[index].column;
}

/* ---- making frames of others ---- */

/* Hands the finished frame out with the roles of `from`, or drops it. */
static chl_status finish(const chl_frame *from, chl_frame *made, chl_frame **out,
                         chl_error *err)
{
    chl_status status = chl_frame_copy_roles(from, made, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

/* A scratch list of names and columns for a frame to be made. */
typedef struct plan {
    const char **names;
    chl_column **columns;
    int count;
} plan;

/* Gives an empty plan room for `capacity` columns. */
static chl_status plan_init(plan *p, int capacity, chl_error *err)
{
    p->names = chl_alloc((size_t)capacity, sizeof *p->names);
    p->columns = chl_alloc((size_t)capacity, sizeof *p->columns);
    return p->names && p->columns ? CHL_OK : chl_fail_memory(err);
}

static void plan_add(plan *p, const char *name, chl_column *column)
{
    p->names[p->count] = name;
    p->columns[p->count++] = column;
}

/* Makes the frame with the rows and roles of `from`; the plan is gone afterwards. */
static chl_status plan_finish(plan *p, chl_status status, const chl_frame *from,
                              chl_frame **out, chl_error *err)
{
    chl_frame *made = NULL;
    if (status == CHL_OK) {
        status = chl_frame_new(p->names, p->columns, p->count, &made, err);
    }
    chl_free(p->names);
    chl_free(p->columns);
    if (status != CHL_OK) {
        return status;
    }
    if (p->count == 0) {
        made->rows = from->rows;
    }
    return finish(from, made, out, err);
}

static chl_status plan_all(plan *p, const chl_frame *frame, int extra, chl_error *err)
{
    CHL_TRY(plan_init(p, frame->columns + extra, err));
    for (int i = 0; i < frame->columns; i++) {
        plan_add(p, frame->fields[i].name, frame->fields[i].column);
    }
    return CHL_OK;
}

/* ---- verbs on columns ---- */

chl_status chl_frame_select(const chl_frame *frame, const char *const *names, int n,
                            chl_frame **out, chl_error *err)
{
    *out = NULL;
    plan p = {0};
    chl_status status = plan_init(&p, n, err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        int index;
        status = chl_frame_index(frame, "select", names[i], &index, err);
        if (status == CHL_OK) {
            plan_add(&p, names[i], frame->fields[index].column);
        }
    }
    return plan_finish(&p, status, frame, out, err);
}

static bool is_listed(const char *name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

chl_status chl_frame_drop(const chl_frame *frame, const char *const *names, int n,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    for (int i = 0; i < n; i++) {
        int index;
        CHL_TRY(chl_frame_index(frame, "drop", names[i], &index, err));
    }
    plan p = {0};
    chl_status status = plan_init(&p, frame->columns, err);
    for (int i = 0; i < frame->columns && status == CHL_OK; i++) {
        const chl_field *field = &frame->fields[i];
        if (!is_listed(field->name, names, n)) {
            plan_add(&p, field->name, field->column);
        }
    }
    return plan_finish(&p, status, frame, out, err);
}

chl_status chl_frame_rename(const chl_frame *frame, const char *const *from,
                            const char *const *to, int n, chl_frame **out, chl_error *err)
{
    *out = NULL;
    plan p = {0};
    chl_frame *made = NULL;
    chl_status status = plan_all(&p, frame, 0, err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        int index;
        status = chl_frame_index(frame, "rename", from[i], &index, err);
        if (status == CHL_OK) {
            p.names[index] = to[i];
        }
    }
    CHL_TRY(plan_finish(&p, status, frame, &made, err));
    status = chl_frame_rename_roles(frame, made, err);
    if (status != CHL_OK) {
        chl_frame_release(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

chl_status chl_frame_with(const chl_frame *frame, const char *name, chl_column *column,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    if (column->length != frame->rows && frame->columns > 0) {
        return chl_fail(err, CHL_EINVAL, "column '%s': expected %lld rows, got %lld",
                        name, (long long)frame->rows, (long long)column->length);
    }
    plan p = {0};
    chl_status status = plan_all(&p, frame, 1, err);
    if (status == CHL_OK) {
        int index = chl_frame_find(frame, name);
        if (index >= 0) {
            p.columns[index] = column;
        } else {
            plan_add(&p, name, column);
        }
    }
    return plan_finish(&p, status, frame, out, err);
}
