/* SPDX-License-Identifier: MIT */
#include "core/prep/raw.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/prep/state.h"

void chl_raws_reset(chl_raws *raws)
{
    for (int i = 0; i < raws->n; i++) {
        chl_free(raws->list[i].name);
        chl_levels_release(raws->list[i].levels);
    }
    chl_free(raws->list);
    *raws = (chl_raws){0};
}

void chl_raws_filter(chl_raws *raws, const bool *keep)
{
    int kept = 0;
    for (int i = 0; i < raws->n; i++) {
        if (keep[i]) {
            raws->list[kept++] = raws->list[i];
        } else {
            chl_free(raws->list[i].name);
            chl_levels_release(raws->list[i].levels);
        }
    }
    raws->n = kept;
}

/* ---- from a frame ---- */

static chl_status check_saveable(const char *name, const chl_column *column,
                                 chl_error *err)
{
    if (!chl_text_can_be_saved(name, strlen(name))) {
        return chl_fail(err, CHL_EINVAL, "fit: column '%s': the name is no UTF-8", name);
    }
    int32_t n = column->type == CHL_CATEGORY ? chl_levels_count(column->levels) : 0;
    for (int32_t code = 0; code < n; code++) {
        size_t length;
        const char *level = chl_levels_name(column->levels, code, &length);
        if (!chl_text_can_be_saved(level, length)) {
            return chl_fail(err, CHL_EINVAL,
                            "fit: column '%s': level %d is no UTF-8 text", name,
                            (int)code + 1);
        }
    }
    return CHL_OK;
}

chl_status chl_raws_from_frame(const chl_frame *frame, chl_raws *out, chl_error *err)
{
    *out = (chl_raws){
        .list = chl_calloc((size_t)frame->columns, sizeof *out->list),
    };
    if (!out->list) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int i = 0; i < frame->columns && status == CHL_OK; i++) {
        const chl_field *field = &frame->fields[i];
        if (!chl_frame_is_feature(frame, i)) {
            continue;
        }
        status = check_saveable(field->name, field->column, err);
        chl_raw *raw = &out->list[out->n];
        if (status == CHL_OK && !(raw->name = chl_strdup(field->name))) {
            status = chl_fail_memory(err);
        }
        if (status == CHL_OK) {
            raw->type = field->column->type;
            raw->levels = raw->type == CHL_CATEGORY
                              ? chl_levels_retain(field->column->levels)
                              : NULL;
            out->n++;
        }
    }
    if (status == CHL_OK && out->n == 0) {
        status = chl_fail(err, CHL_EINVAL, "fit: the frame has no column to learn from");
    }
    if (status != CHL_OK) {
        chl_raws_reset(out);
    }
    return status;
}

chl_status chl_raws_bind(const chl_raws *raws, chl_layout *layout, chl_error *err)
{
    CHL_TRY(chl_layout_init(layout, err));
    for (int i = 0; i < raws->n; i++) {
        const chl_raw *raw = &raws->list[i];
        CHL_TRY(chl_layout_add_raw(layout, raw->name, raw->type, raw->levels, err));
    }
    return CHL_OK;
}

/* ---- reading rows ---- */

/* The field of that name; `hint` is where it was in training, often still right. */
static int find_field(const chl_frame *frame, const char *name, int hint)
{
    if (hint < frame->columns && strcmp(frame->fields[hint].name, name) == 0) {
        return hint;
    }
    return chl_frame_find(frame, name);
}

static chl_status fail_missing(const chl_frame *frame, const char *where,
                               const char *name, chl_error *err)
{
    const char **names = chl_alloc((size_t)frame->columns, sizeof *names);
    const char *near = NULL;
    for (int i = 0; names && i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    if (names) {
        near = chl_nearest(name, names, (size_t)frame->columns);
    }
    chl_free(names);
    if (near) {
        return chl_fail(err, CHL_ENAME, "%s: missing column '%s' (is it '%s'?)", where,
                        name, near);
    }
    return chl_fail(err, CHL_ENAME, "%s: missing column '%s'", where, name);
}

/* A copy of `levels` that can still grow. */
static chl_status copy_levels(const chl_levels *levels, chl_levels **out, chl_error *err)
{
    CHL_TRY(chl_levels_new(out, err));
    chl_status status = CHL_OK;
    for (int32_t code = 0; code < chl_levels_count(levels) && status == CHL_OK; code++) {
        size_t length;
        int32_t same;
        const char *name = chl_levels_name(levels, code, &length);
        status = chl_levels_intern(*out, name, length, &same, err);
    }
    if (status != CHL_OK) {
        chl_levels_release(*out);
        *out = NULL;
    }
    return status;
}

/* Codes into `known`, or into *grown (known and more levels) once one is unseen. */
static chl_status recode_rows(const chl_column *column, chl_levels *known,
                              chl_levels **grown, chl_column *to, chl_error *err)
{
    for (int64_t i = 0; i < column->length; i++) {
        size_t length;
        if (!chl_column_valid(column, i)) {
            chl_column_set_null(to, i);
            continue;
        }
        const char *text = chl_column_text(column, i, &length);
        int32_t code = chl_levels_find(known, text, length);
        if (code < 0) {
            if (!*grown) {
                CHL_TRY(copy_levels(known, grown, err));
            }
            CHL_TRY(chl_levels_intern(*grown, text, length, &code, err));
        }
        to->values.codes[i] = code;
    }
    return CHL_OK;
}

/* The text column as a category whose training levels keep their training codes. */
static chl_status recode(const chl_column *column, chl_levels *known, chl_column **out,
                         chl_error *err)
{
    chl_column *to = NULL;
    chl_levels *grown = NULL;
    CHL_TRY(chl_column_new(CHL_CATEGORY, column->length, column->nulls > 0, &to, err));
    chl_status status = recode_rows(column, known, &grown, to, err);
    if (status != CHL_OK) {
        chl_levels_release(grown);
        chl_column_release(to);
        return status;
    }
    to->levels = grown ? grown : chl_levels_retain(known);
    chl_column_seal(to);
    *out = to;
    return CHL_OK;
}

static bool is_text(const chl_column *column)
{
    return column->type == CHL_STRING || column->type == CHL_CATEGORY;
}

/* A new reference to the column in a form that the steps can work on: of the raw type,
 * but text as it is unless an expression reads it. */
static chl_status fit_column(const chl_raw *raw, bool exact, chl_column *column,
                             chl_column **out, chl_error *err)
{
    chl_column *text = NULL;
    bool wants_text = raw->type == CHL_STRING || raw->type == CHL_CATEGORY;
    bool wants_time = raw->type == CHL_DATE || raw->type == CHL_TIMESTAMP;
    if (wants_time && chl_type_numeric(column->type) && column->nulls < column->length) {
        return chl_fail(err, CHL_ETYPE, "expected %s, got a column of type %s",
                        chl_type_expected(raw->type), chl_type_name(column->type));
    }
    if (!wants_text || !is_text(column)) {
        chl_type type = wants_text ? CHL_STRING : raw->type;
        if (column->type != type) {
            CHL_TRY(chl_column_cast(column, type, &text, err));
        } else {
            text = chl_column_retain(column);
        }
    } else {
        text = chl_column_retain(column);
    }
    chl_status status = CHL_OK;
    if (exact && raw->type == CHL_STRING && text->type != CHL_STRING) {
        status = chl_column_cast(text, CHL_STRING, out, err);
    } else if (exact && raw->type == CHL_CATEGORY && text->levels != raw->levels) {
        status = recode(text, raw->levels, out, err);
    } else {
        *out = text;
        return CHL_OK;
    }
    chl_column_release(text);
    return status;
}

chl_status chl_raws_read(const chl_raws *raws, const chl_layout *layout,
                         const chl_frame *frame, chl_work *work, chl_error *err)
{
    int next = 0;
    for (int i = 0; i < raws->n; i++) {
        const chl_raw *raw = &raws->list[i];
        chl_column *column = NULL;
        int field = find_field(frame, raw->name, next);
        if (field < 0) {
            return fail_missing(frame, work->where, raw->name, err);
        }
        next = field + 1;
        chl_status status = fit_column(raw, layout->slots[i].exact,
                                       frame->fields[field].column, &column, err);
        if (status != CHL_OK) {
            return chl_error_prefix(err, "%s: column '%s'", work->where, raw->name);
        }
        CHL_TRY(chl_work_put(work, layout, i, column, err));
    }
    return CHL_OK;
}

/* ---- JSON ---- */

static json_t *raw_to_json(const chl_raw *raw)
{
    json_t *json =
        json_pack("{s:s, s:s}", "name", raw->name, "type", chl_type_name(raw->type));
    if (json && raw->levels &&
        json_object_set_new(json, "levels", chl_levels_to_json(raw->levels)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

chl_status chl_raws_to_json(const chl_raws *raws, json_t **out, chl_error *err)
{
    *out = json_array();
    for (int i = 0; i < raws->n && *out; i++) {
        json_t *item = raw_to_json(&raws->list[i]);
        if (!item || json_array_append_new(*out, item) != 0) {
            json_decref(*out);
            *out = NULL;
        }
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}

static chl_status raw_from_json(const json_t *json, chl_raw *raw, chl_error *err)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *type = json_string_value(json_object_get(json, "type"));
    if (!name || !type || !*name ||
        strlen(name) != json_string_length(json_object_get(json, "name"))) {
        return chl_fail(err, CHL_EFORMAT, "expected a name and a type");
    }
    CHL_TRY(chl_type_parse(type, &raw->type, err));
    if (raw->type == CHL_CATEGORY) {
        json_t *state = json_pack("{s:[O?]}", "levels", json_object_get(json, "levels"));
        chl_status status = state
                                ? chl_state_levels(state, "levels", 0, &raw->levels, err)
                                : chl_fail_memory(err);
        json_decref(state);
        CHL_TRY(status);
    }
    raw->name = chl_strdup(name);
    return raw->name ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_raws_from_json(const json_t *json, chl_raws *out, chl_error *err)
{
    enum { RAWS_MAX = 1 << 16 };
    *out = (chl_raws){0};
    size_t n = json_array_size(json);
    if (n == 0 || n > RAWS_MAX) {
        return chl_fail(err, CHL_EFORMAT, "raw: expected a list of columns");
    }
    out->list = chl_calloc(n, sizeof *out->list);
    if (!out->list) {
        return chl_fail_memory(err);
    }
    out->n = (int)n;
    for (size_t i = 0; i < n; i++) {
        chl_status status = raw_from_json(json_array_get(json, i), &out->list[i], err);
        if (status != CHL_OK) {
            chl_raws_reset(out);
            return chl_error_prefix(err, "raw: column %zu", i + 1);
        }
    }
    return CHL_OK;
}
