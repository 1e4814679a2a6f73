/* SPDX-License-Identifier: MIT */
#include "core/prep/step.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/data/classes.h"
#include "core/prep/state.h"

static const chl_step_class *const classes[] = {
    &chl_step_derive,   &chl_step_drop,      &chl_step_impute,        &chl_step_clip,
    &chl_step_onehot,   &chl_step_ordinal,   &chl_step_target_encode, &chl_step_scale,
    &chl_step_quantile, &chl_step_piecewise, &chl_step_sequence,
};

enum { CLASSES = sizeof classes / sizeof classes[0] };

static chl_status find_class(const json_t *json, const chl_step_class **out,
                             chl_error *err)
{
    const char *names[CLASSES];
    const char *name = json_string_value(json_object_get(json, "step"));
    if (!name) {
        return chl_fail(err, CHL_EINVAL, "prep: expected a step with its name");
    }
    for (size_t i = 0; i < CLASSES; i++) {
        names[i] = classes[i]->name;
        if (strcmp(names[i], name) == 0) {
            *out = classes[i];
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "prep", "step", name, names, CLASSES);
}

/* "columns": absent, or a list of at least one name, each once. */
static chl_status check_columns(const chl_step *step, chl_error *err)
{
    const json_t *columns = json_object_get(step->options, "columns");
    if (!columns || !step->class->takes) {
        return CHL_OK;
    }
    chl_names names = {0};
    chl_status status = chl_names_read(columns, &names, err);
    if (status == CHL_OK && names.n == 0) {
        status = chl_fail(err, CHL_EINVAL, "expected at least one name");
    }
    chl_names_reset(&names);
    return status == CHL_OK
               ? CHL_OK
               : chl_error_prefix(err, "%s: option 'columns'", step->class->name);
}

chl_status chl_step_new(const json_t *json, chl_step **out, chl_error *err)
{
    *out = NULL;
    const chl_step_class *class = NULL;
    CHL_TRY(find_class(json, &class, err));
    chl_step *step = chl_calloc(1, class->size);
    if (!step) {
        return chl_fail_memory(err);
    }
    step->class = class;
    step->options = json_deep_copy(json);
    chl_status status = step->options ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        json_object_del(step->options, "state");
        status = class->parse(step, step->options, err);
    }
    if (status == CHL_OK) {
        status = check_columns(step, err);
    }
    if (status != CHL_OK) {
        chl_step_free(step);
        return status;
    }
    *out = step;
    return CHL_OK;
}

static void free_names(chl_step *step)
{
    for (int i = 0; i < step->n; i++) {
        chl_free(step->names[i]);
    }
    chl_free(step->names);
    chl_free(step->slots);
    step->names = NULL;
    step->slots = NULL;
    step->n = 0;
}

void chl_step_free(chl_step *step)
{
    if (step) {
        if (step->class->reset) {
            step->class->reset(step);
        }
        free_names(step);
        json_decref(step->options);
        chl_free(step);
    }
}

/* ---- columns ---- */

static const char *kinds_in_words(int takes)
{
    switch (takes) {
    case CHL_TAKES_NUMBERS: return "numbers";
    case CHL_TAKES_TEXT: return "text (string or category)";
    default: return "numbers or text";
    }
}

/* Copies `name` as the next column of the step; names and slots have room. */
static chl_status append_name(chl_step *step, const char *name, chl_error *err)
{
    step->names[step->n] = chl_strdup(name);
    if (!step->names[step->n]) {
        return chl_fail_memory(err);
    }
    step->n++;
    return CHL_OK;
}

static chl_status reserve_names(chl_step *step, size_t n, chl_error *err)
{
    free_names(step);
    step->names = chl_calloc(n, sizeof *step->names);
    step->slots = chl_calloc(n, sizeof *step->slots);
    return step->names && step->slots ? CHL_OK : chl_fail_memory(err);
}

static chl_status choose_named(chl_step *step, const json_t *columns, chl_error *err)
{
    CHL_TRY(reserve_names(step, json_array_size(columns), err));
    for (size_t i = 0; i < json_array_size(columns); i++) {
        CHL_TRY(append_name(step, json_string_value(json_array_get(columns, i)), err));
    }
    return CHL_OK;
}

static chl_status choose_columns(chl_step *step, const chl_layout *layout, chl_error *err)
{
    const json_t *columns = json_object_get(step->options, "columns");
    if (!step->class->takes) {
        return CHL_OK;
    }
    if (columns) {
        return choose_named(step, columns, err);
    }
    CHL_TRY(reserve_names(step, (size_t)layout->n, err));
    for (int i = 0; i < layout->n; i++) {
        const chl_slot *slot = &layout->slots[i];
        bool fits = (chl_layout_kind(slot->type) & step->class->takes) != 0 &&
                    (!slot->indicator || step->class->indicators) &&
                    (!step->class->matches || step->class->matches(step, slot->name));
        if (slot->alive && fits) {
            CHL_TRY(append_name(step, slot->name, err));
        }
    }
    return CHL_OK;
}

static chl_status resolve(chl_step *step, chl_layout *layout, chl_error *err)
{
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_layout_require(layout, step->class->name, step->names[i],
                                   &step->slots[i], err));
        chl_slot *slot = &layout->slots[step->slots[i]];
        if (!(chl_layout_kind(slot->type) & step->class->takes)) {
            return chl_fail(err, CHL_ETYPE, "%s: column '%s': expected %s, got %s",
                            step->class->name, slot->name,
                            kinds_in_words(step->class->takes),
                            chl_type_name(slot->type));
        }
        slot->touched = slot->touched || step->class != &chl_step_drop;
    }
    return CHL_OK;
}

chl_status chl_step_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    CHL_TRY(resolve(step, layout, err));
    return step->class->bind(step, layout, err);
}

chl_status chl_step_fit(chl_step *step, chl_fit *fit, chl_error *err)
{
    CHL_TRY(choose_columns(step, fit->layout, err));
    CHL_TRY(resolve(step, fit->layout, err));
    if (step->class->fit) {
        CHL_TRY(step->class->fit(step, fit, err));
    }
    CHL_TRY(step->class->bind(step, fit->layout, err));
    CHL_TRY(chl_work_extend(fit->work, fit->layout, err));
    if (step->class->apply_fit) {
        return step->class->apply_fit(step, fit, err);
    }
    return step->class->apply ? step->class->apply(step, fit->work, fit->layout, err)
                              : CHL_OK;
}

chl_status chl_step_fail(const chl_step *step, int i, chl_error *err)
{
    return chl_error_prefix(err, "%s: column '%s'", step->class->name, step->names[i]);
}

chl_status chl_step_replace(const chl_step *step, chl_layout *layout, int i, int *made,
                            chl_error *err)
{
    int old = step->slots[i];
    layout->slots[old].alive = false;
    return chl_layout_add(layout, step->names[i], CHL_F64, layout->slots[old].lineage,
                          made, err);
}

static chl_status fail_level(const chl_step *step, int i, const chl_work *work,
                             int64_t row, const chl_levels *known, chl_error *err)
{
    size_t length, n = (size_t)chl_levels_count(known);
    char *text = NULL;
    const char **names = chl_alloc(n, sizeof *names);
    const char *level = chl_cells_text(&work->cells[step->slots[i]], row, &length);
    chl_status status = CHL_ENOMEM;
    if (names && (text = chl_strndup(level, length))) {
        for (size_t code = 0; code < n; code++) {
            names[code] = chl_levels_name(known, (int32_t)code, NULL);
        }
        chl_fail_unknown(err, "", "level", text, names, n);
        chl_error_prefix(err, "%s: column '%s': row %lld", step->class->name,
                         step->names[i], (long long)row + 1);
        status = CHL_ENAME;
    } else {
        chl_fail_memory(err);
    }
    chl_free(text);
    chl_free(names);
    return status;
}

chl_status chl_step_codes(const chl_step *step, int i, chl_work *work,
                          const chl_levels *known, bool strict, chl_error *err)
{
    const chl_cells *cells = &work->cells[step->slots[i]];
    CHL_TRY(chl_cells_codes(cells, work->rows, known, work->codes, err));
    for (int64_t row = 0; row < work->rows; row++) {
        if (work->codes[row] < 0) {
            if (strict) {
                return fail_level(step, i, work, row, known, err);
            }
            work->unseen++;
        }
    }
    return CHL_OK;
}

/* ---- JSON ---- */

chl_status chl_step_to_json(const chl_step *step, bool fitted, json_t **out,
                            chl_error *err)
{
    *out = json_deep_copy(step->options);
    if (!*out) {
        return chl_fail_memory(err);
    }
    if (!fitted || !step->class->takes) {
        return CHL_OK;
    }
    json_t *state = json_object();
    chl_status status = chl_state_put_names(
        state, "columns", (const char *const *)step->names, step->n, err);
    if (status == CHL_OK && step->class->save) {
        status = step->class->save(step, state, err);
    }
    if (status == CHL_OK && json_object_set(*out, "state", state) != 0) {
        status = chl_fail_memory(err);
    }
    json_decref(state);
    if (status != CHL_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

static chl_status load_state(chl_step *step, const json_t *state, chl_error *err)
{
    chl_names names = {0};
    CHL_TRY(chl_state_names(state, "columns", &names, err));
    chl_status status = reserve_names(step, (size_t)names.n, err);
    for (int i = 0; i < names.n && status == CHL_OK; i++) {
        status = append_name(step, names.list[i], err);
    }
    chl_names_reset(&names);
    if (status == CHL_OK && step->class->load) {
        status = step->class->load(step, state, err);
    }
    return status;
}

chl_status chl_step_load(chl_step *step, const json_t *json, chl_error *err)
{
    if (!step->class->takes) {
        return CHL_OK;
    }
    const json_t *state = json_object_get(json, "state");
    chl_status status = json_is_object(state)
                            ? load_state(step, state, err)
                            : chl_fail(err, CHL_EFORMAT, "expected a fitted state");
    if (status == CHL_OK || status == CHL_ENOMEM) {
        return status;
    }
    chl_error_prefix(err, "%s", step->class->name);
    return CHL_EFORMAT;
}

/* ---- words ---- */

static void describe_list(const json_t *columns, chl_strbuf *out)
{
    for (size_t i = 0; i < json_array_size(columns); i++) {
        chl_strbuf_printf(out, "%s%s", i ? ", " : "",
                          json_string_value(json_array_get(columns, i)));
    }
}

void chl_step_describe_columns(const chl_step *step, chl_strbuf *out)
{
    enum { LISTED = 4 };
    const json_t *columns = json_object_get(step->options, "columns");
    if (columns && json_array_size(columns) <= LISTED) {
        describe_list(columns, out);
    } else if (step->slots) {
        for (int i = 0; i < step->n && i < LISTED; i++) {
            chl_strbuf_printf(out, "%s%s", i ? ", " : "", step->names[i]);
        }
        if (step->n > LISTED) {
            chl_strbuf_printf(out, ", … (%d columns)", step->n);
        } else if (step->n == 0) {
            chl_strbuf_puts(out, "no columns");
        }
    } else if (columns) {
        chl_strbuf_printf(out, "%zu columns", json_array_size(columns));
    } else {
        chl_strbuf_printf(out, "all %s", kinds_in_words(step->class->takes));
    }
}

chl_status chl_step_add(const chl_step *step, int i, const char *joint, const char *label,
                        chl_layout *layout, int *slot, chl_error *err)
{
    chl_strbuf name = {0};
    int lineage = layout->slots[step->slots[i]].lineage;
    chl_strbuf_printf(&name, "%s%s%s", step->names[i], joint, label);
    chl_status status =
        name.failed ? chl_fail_memory(err)
                    : chl_layout_add(layout, name.data, CHL_F64, lineage, slot, err);
    chl_strbuf_reset(&name);
    return status == CHL_OK ? CHL_OK : chl_error_prefix(err, "%s", step->class->name);
}

chl_status chl_step_add_indicator(const chl_step *step, int i, const char *joint,
                                  const char *label, chl_layout *layout, int *slot,
                                  chl_error *err)
{
    CHL_TRY(chl_step_add(step, i, joint, label, layout, slot, err));
    layout->slots[*slot].indicator = true;
    return CHL_OK;
}

/* 0 and 1, or the classes that occur. */
static chl_status read_target(const chl_frame *frame, double *y, int *count,
                              chl_error *err)
{
    bool several;
    CHL_TRY(chl_frame_has_classes(frame, &several, err));
    *count = 2;
    if (!several) {
        return chl_frame_labels(frame, y, err);
    }
    chl_classes found;
    const chl_column *column = chl_frame_column(frame, frame->target);
    CHL_TRY(chl_classes_init(&found, column, frame->target, err));
    *count = found.count;
    chl_status status = chl_classes_index(&found, column, frame->target, y, err);
    chl_classes_reset(&found);
    return status;
}

chl_status chl_fit_target(const chl_fit *fit, const char *where, double **y, int *count,
                          chl_error *err)
{
    const chl_frame *frame = fit->frame;
    *y = NULL;
    if (!frame->target) {
        return chl_fail(err, CHL_EINVAL, "%s: the frame has no target", where);
    }
    double *labels = chl_alloc((size_t)frame->rows, sizeof *labels);
    if (!labels) {
        return chl_fail_memory(err);
    }
    chl_status status = read_target(frame, labels, count, err);
    for (int64_t i = 0; i < frame->rows && status == CHL_OK; i++) {
        if (isnan(labels[i])) {
            status =
                chl_fail(err, CHL_EINVAL, "%s: the target '%s' is missing in row %lld",
                         where, frame->target, (long long)i + 1);
        }
    }
    if (status != CHL_OK) {
        chl_free(labels);
        return status;
    }
    *y = labels;
    return CHL_OK;
}
