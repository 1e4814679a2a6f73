/* SPDX-License-Identifier: MIT
 *
 * Step "ordinal": a text column becomes the position of its level, 0, 1, 2 … Layer:
 * core/prep.
 *
 * Levels stand in byte order, or as "order": {"Contract": ["Month-to-month", …]} says;
 * then training rows must not have others. A missing cell is the level "<unknown>" (or
 * the word that impute chose). A level that training did not have is -1 ("unseen":
 * "other", the default), 0 ("zero") or refused ("error").
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/step.h"

enum { UNSEEN_OTHER, UNSEEN_ZERO, UNSEEN_ERROR };
static const char *const policies[] = {"other", "zero", "error", NULL};

typedef struct ordinal {
    chl_step base;
    int unseen;
    const json_t *order; /* borrowed option or NULL */
    chl_levels **levels; /* [n] code = position */
    int *made;           /* [n] slots of the numbers */
} ordinal;

static chl_status check_order(const json_t *order, chl_error *err)
{
    const char *name;
    json_t *list;
    if (!json_is_object(order)) {
        return chl_fail(err, CHL_ETYPE,
                        "ordinal: option 'order': expected a table of lists by column, "
                        "got %s",
                        chl_json_type_name(order));
    }
    json_object_foreach ((json_t *)(uintptr_t)order, name, list) {
        chl_names names = {0};
        chl_status status = chl_names_read(list, &names, err);
        chl_names_reset(&names);
        if (status != CHL_OK) {
            return chl_error_prefix(err, "ordinal: option 'order': %s", name);
        }
    }
    return CHL_OK;
}

static chl_status ordinal_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "unseen",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(ordinal, unseen),
         .choices = policies},
        {.name = "order", .type = CHL_OPT_JSON, .offset = offsetof(ordinal, order)},
        {.name = NULL},
    };
    ordinal *self = (ordinal *)step;
    CHL_TRY(chl_options_read(options, "ordinal", table, self, err));
    return self->order ? check_order(self->order, err) : CHL_OK;
}

/* Each name in "order" is a column of the step. */
static chl_status check_order_names(const ordinal *self, chl_error *err)
{
    const char *name;
    json_t *list;
    json_object_foreach ((json_t *)(uintptr_t)self->order, name, list) {
        int i = 0;
        while (i < self->base.n && strcmp(self->base.names[i], name) != 0) {
            i++;
        }
        if (i == self->base.n) {
            return chl_fail_unknown(err, "ordinal: option 'order'", "column", name,
                                    (const char *const *)self->base.names,
                                    (size_t)self->base.n);
        }
    }
    return CHL_OK;
}

static chl_status learn(ordinal *self, int i, chl_work *work, chl_error *err)
{
    chl_step *step = &self->base;
    if (json_object_get(self->order, step->names[i])) {
        json_t *one =
            json_pack("{s:[O]}", "order", json_object_get(self->order, step->names[i]));
        chl_status status = one ? chl_state_levels(one, "order", 0, &self->levels[i], err)
                                : chl_fail_memory(err);
        json_decref(one);
        CHL_TRY(status);
        return chl_step_codes(step, i, work, self->levels[i], true, err);
    }
    int64_t *counts = NULL;
    chl_status status = chl_cells_levels(&work->cells[step->slots[i]], work->rows,
                                         &self->levels[i], &counts, err);
    chl_free(counts);
    return status == CHL_OK ? status : chl_step_fail(step, i, err);
}

static chl_status reserve(ordinal *self, chl_error *err)
{
    self->levels = chl_calloc((size_t)self->base.n, sizeof(chl_levels *));
    self->made = chl_calloc((size_t)self->base.n, sizeof *self->made);
    return self->levels && self->made ? CHL_OK : chl_fail_memory(err);
}

static chl_status ordinal_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    ordinal *self = (ordinal *)step;
    CHL_TRY(reserve(self, err));
    CHL_TRY(check_order_names(self, err));
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(learn(self, i, fit->work, err));
    }
    return CHL_OK;
}

static chl_status ordinal_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    ordinal *self = (ordinal *)step;
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_step_replace(step, layout, i, &self->made[i], err));
    }
    return CHL_OK;
}

static chl_status ordinal_apply(const chl_step *step, chl_work *work,
                                const chl_layout *layout, chl_error *err)
{
    (void)layout;
    const ordinal *self = (const ordinal *)step;
    double unseen = self->unseen == UNSEEN_ZERO ? 0 : -1;
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_step_codes(step, i, work, self->levels[i],
                               self->unseen == UNSEEN_ERROR, err));
        double *x = work->cells[self->made[i]].numbers;
        for (int64_t row = 0; row < work->rows; row++) {
            x[row] = work->codes[row] < 0 ? unseen : work->codes[row];
        }
    }
    return CHL_OK;
}

static chl_status ordinal_save(const chl_step *step, json_t *state, chl_error *err)
{
    const ordinal *self = (const ordinal *)step;
    for (int i = 0; i < step->n; i++) {
        json_t *levels = chl_levels_to_json(self->levels[i]);
        CHL_TRY(chl_state_append(state, "levels", levels, err));
    }
    return CHL_OK;
}

static chl_status ordinal_load(chl_step *step, const json_t *state, chl_error *err)
{
    ordinal *self = (ordinal *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_state_levels(state, "levels", i, &self->levels[i], err));
    }
    return CHL_OK;
}

static void ordinal_describe(const chl_step *step, chl_strbuf *out)
{
    const ordinal *self = (const ordinal *)step;
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": unseen %s", policies[self->unseen]);
}

static void ordinal_reset(chl_step *step)
{
    ordinal *self = (ordinal *)step;
    for (int i = 0; self->levels && i < step->n; i++) {
        chl_levels_release(self->levels[i]);
    }
    chl_free(self->levels);
    chl_free(self->made);
}

const chl_step_class chl_step_ordinal = {
    .name = "ordinal",
    .size = sizeof(ordinal),
    .takes = CHL_TAKES_TEXT,
    .parse = ordinal_parse,
    .fit = ordinal_fit,
    .bind = ordinal_bind,
    .apply = ordinal_apply,
    .save = ordinal_save,
    .load = ordinal_load,
    .describe = ordinal_describe,
    .reset = ordinal_reset,
};
