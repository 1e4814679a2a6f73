/* SPDX-License-Identifier: MIT
 *
 * Step "onehot": a text column becomes one 0/1 column a level, "Geography=France". Layer:
 * core/prep.
 *
 * Levels stand in byte order. A missing cell is the level "<unknown>" (or the word that
 * impute chose). Levels with fewer than "min_count" training rows get no column of their
 * own: with "unseen": "other" they share "Geography=<other>", with "zero" they are all
 * zeros. A level that training did not have goes to "<other>" when there is such a column
 * (so it has weights that were trained), otherwise it is all zeros; "error" refuses it.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/step.h"

#define OTHER "<other>"

enum { UNSEEN_OTHER, UNSEEN_ZERO, UNSEEN_ERROR };
static const char *const policies[] = {"other", "zero", "error", NULL};

/* One text column. */
typedef struct coding {
    chl_levels *known; /* all levels of training: first those with a column, then rare */
    int32_t kept;      /* how many have a column of their own */
    bool other;        /* there is a column "<other>" */
    int first; /* slot of level 0's column; kept + other slots follow each other */
} coding;

typedef struct onehot {
    chl_step base;
    int unseen;
    int64_t min_count;
    int64_t max_levels;
    coding *codings; /* [n] */
} onehot;

static chl_status onehot_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "unseen",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(onehot, unseen),
         .choices = policies},
        {.name = "min_count",
         .type = CHL_OPT_INT,
         .offset = offsetof(onehot, min_count),
         .min = 1,
         .max = 1e15},
        {.name = "max_levels",
         .type = CHL_OPT_INT,
         .offset = offsetof(onehot, max_levels),
         .min = 1,
         .max = 100000},
        {.name = NULL},
    };
    onehot *self = (onehot *)step;
    self->min_count = 1;
    self->max_levels = 256;
    CHL_TRY(chl_options_read(options, "onehot", table, self, err));
    if (self->unseen == UNSEEN_ERROR && self->min_count > 1) {
        return chl_fail(err, CHL_EINVAL,
                        "onehot: option 'min_count': expected unseen = \"other\" or "
                        "\"zero\" beside it");
    }
    return CHL_OK;
}

/* Levels in byte order, those with a column first; the literal "<other>" is rare. */
static chl_status arrange(const onehot *self, const chl_levels *sorted,
                          const int64_t *counts, coding *c, chl_error *err)
{
    CHL_TRY(chl_levels_new(&c->known, err));
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t code = 0; code < chl_levels_count(sorted); code++) {
            size_t length;
            int32_t at;
            const char *name = chl_levels_name(sorted, code, &length);
            bool rare = counts[code] < self->min_count ||
                        (self->unseen == UNSEEN_OTHER && strcmp(name, OTHER) == 0);
            if (rare == (pass == 1)) {
                CHL_TRY(chl_levels_intern(c->known, name, length, &at, err));
                c->kept += pass == 0;
            }
        }
    }
    c->other = self->unseen == UNSEEN_OTHER && chl_levels_count(c->known) > c->kept;
    return CHL_OK;
}

static chl_status learn(onehot *self, int i, const chl_cells *cells, int64_t rows,
                        chl_error *err)
{
    chl_levels *sorted = NULL;
    int64_t *counts = NULL;
    chl_status status = chl_cells_levels(cells, rows, &sorted, &counts, err);
    if (status == CHL_OK) {
        status = arrange(self, sorted, counts, &self->codings[i], err);
    }
    if (sorted) {
        chl_levels_release(sorted);
    }
    chl_free(counts);
    if (status == CHL_OK && self->codings[i].kept > self->max_levels) {
        status = chl_fail(err, CHL_EINVAL,
                          "%d levels are more than max_levels = %lld: use target_encode, "
                          "min_count or drop",
                          (int)self->codings[i].kept, (long long)self->max_levels);
    }
    return status == CHL_OK ? status : chl_step_fail(&self->base, i, err);
}

static chl_status reserve(onehot *self, chl_error *err)
{
    self->codings = chl_calloc((size_t)self->base.n, sizeof *self->codings);
    return self->codings ? CHL_OK : chl_fail_memory(err);
}

static chl_status onehot_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    onehot *self = (onehot *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) {
        const chl_cells *cells = &fit->work->cells[step->slots[i]];
        CHL_TRY(learn(self, i, cells, fit->work->rows, err));
    }
    return CHL_OK;
}

static chl_status onehot_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    onehot *self = (onehot *)step;
    for (int i = 0; i < step->n; i++) {
        coding *c = &self->codings[i];
        int slot;
        c->first = layout->n;
        for (int32_t code = 0; code < c->kept; code++) {
            const char *level = chl_levels_name(c->known, code, NULL);
            CHL_TRY(chl_step_add_indicator(step, i, "=", level, layout, &slot, err));
        }
        if (c->other) {
            CHL_TRY(chl_step_add_indicator(step, i, "=", OTHER, layout, &slot, err));
        }
        for (int k = c->first; k < layout->n; k++) {
            layout->slots[k].nominal = c->first + 1;
        }
        layout->slots[step->slots[i]].alive = false;
    }
    return CHL_OK;
}

static chl_status onehot_apply(const chl_step *step, chl_work *work,
                               const chl_layout *layout, chl_error *err)
{
    (void)layout;
    const onehot *self = (const onehot *)step;
    for (int i = 0; i < step->n; i++) {
        const coding *c = &self->codings[i];
        int32_t columns = c->kept + c->other;
        CHL_TRY(
            chl_step_codes(step, i, work, c->known, self->unseen == UNSEEN_ERROR, err));
        for (int32_t k = 0; k < columns; k++) {
            memset(work->cells[c->first + k].numbers, 0,
                   (size_t)work->rows * sizeof(double));
        }
        for (int64_t row = 0; row < work->rows; row++) {
            int32_t code = work->codes[row];
            code = code < 0 || code > c->kept ? c->kept : code;
            if (code < columns) {
                work->cells[c->first + code].numbers[row] = 1;
            }
        }
    }
    return CHL_OK;
}

static chl_status onehot_save(const chl_step *step, json_t *state, chl_error *err)
{
    const onehot *self = (const onehot *)step;
    for (int i = 0; i < step->n; i++) {
        const coding *c = &self->codings[i];
        CHL_TRY(chl_state_append(state, "levels", chl_levels_to_json(c->known), err));
        CHL_TRY(chl_state_append(state, "kept", json_integer(c->kept), err));
    }
    return CHL_OK;
}

static chl_status onehot_load(chl_step *step, const json_t *state, chl_error *err)
{
    onehot *self = (onehot *)step;
    double *kept = NULL;
    CHL_TRY(reserve(self, err));
    if (step->n == 0) {
        return CHL_OK;
    }
    CHL_TRY(chl_state_numbers(state, "kept", step->n, &kept, err));
    chl_status status = CHL_OK;
    for (int i = 0; i < step->n && status == CHL_OK; i++) {
        coding *c = &self->codings[i];
        status = chl_state_levels(state, "levels", i, &c->known, err);
        if (status == CHL_OK &&
            !(kept[i] >= 0 && kept[i] <= chl_levels_count(c->known))) {
            status = chl_fail(err, CHL_EFORMAT, "kept: item %d is out of range", i + 1);
        }
        if (status == CHL_OK) {
            c->kept = (int32_t)kept[i];
            c->other =
                self->unseen == UNSEEN_OTHER && chl_levels_count(c->known) > c->kept;
        }
    }
    chl_free(kept);
    return status;
}

static void onehot_describe(const chl_step *step, chl_strbuf *out)
{
    enum { LISTED = 4 };
    const onehot *self = (const onehot *)step;
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": unseen %s", policies[self->unseen]);
    for (int i = 0; self->codings && i < step->n && i < LISTED; i++) {
        const coding *c = &self->codings[i];
        chl_strbuf_printf(out, "%s%s %d level%s%s", i ? ", " : "; ", step->names[i],
                          (int)c->kept, c->kept == 1 ? "" : "s",
                          c->other ? " and <other>" : "");
    }
    if (step->n > LISTED) {
        chl_strbuf_puts(out, ", …");
    }
}

static void onehot_reset(chl_step *step)
{
    onehot *self = (onehot *)step;
    for (int i = 0; self->codings && i < step->n; i++) {
        if (self->codings[i].known) {
            chl_levels_release(self->codings[i].known);
        }
    }
    chl_free(self->codings);
}

const chl_step_class chl_step_onehot = {
    .name = "onehot",
    .size = sizeof(onehot),
    .takes = CHL_TAKES_TEXT,
    .parse = onehot_parse,
    .fit = onehot_fit,
    .bind = onehot_bind,
    .apply = onehot_apply,
    .save = onehot_save,
    .load = onehot_load,
    .describe = onehot_describe,
    .reset = onehot_reset,
};
