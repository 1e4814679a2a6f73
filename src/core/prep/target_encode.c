/* SPDX-License-Identifier: MIT
 *
 * Step "target_encode": a text column becomes the smoothed mean of the target at its
 * level. Layer: core/prep. Options: folds (5), smooth ("auto" or a number ≥ 0), seed (0),
 * unseen ("mean", the default, or "error"). Where the target has several classes, it
 * becomes a column for each, "town@1", "town@2" …, with the class's smoothed share.
 *
 * Cross-fitted: a training row is encoded by the rows of the other folds (stratified by
 * the target), so that its own target never reaches its feature; later rows by all
 * training rows. A missing cell is the level "<unknown>" (or the word that impute chose);
 * a level that training did not have gets the overall mean.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/data/classes.h"
#include "core/data/split.h"
#include "core/prep/state.h"
#include "core/prep/step.h"
#include "core/prep/target_values.h"

enum { UNSEEN_MEAN, UNSEEN_ERROR };
static const char *const policies[] = {"mean", "error", NULL};

typedef struct target_encode {
    chl_step base;
    int64_t folds, seed;
    const json_t *smooth_option; /* borrowed or NULL */
    double smooth;               /* or CHL_SMOOTH_AUTO */
    int unseen;
    int outputs;         /* columns for each: 1, or one a class */
    chl_levels **levels; /* [n] */
    double **values;     /* [n] of outputs × levels */
    double *means;       /* [n × outputs] for unseen levels */
    int *made;           /* [n × outputs] slots of the numbers */
} target_encode;

/* 0/1 labels of one output: those of y, or whether it is the class. */
static const double *labels_of(const target_encode *self, const double *y, int output,
                               int64_t rows, double *scratch)
{
    if (self->outputs == 1) {
        return y;
    }
    for (int64_t i = 0; i < rows; i++) {
        scratch[i] = y[i] == output;
    }
    return scratch;
}

static chl_status parse_smooth(target_encode *self, chl_error *err)
{
    const json_t *option = self->smooth_option;
    self->smooth = CHL_SMOOTH_AUTO;
    if (!option ||
        (json_is_string(option) && strcmp(json_string_value(option), "auto") == 0)) {
        return CHL_OK;
    }
    self->smooth = json_number_value(option);
    if (!json_is_number(option) || !(self->smooth >= 0) || !isfinite(self->smooth)) {
        return chl_fail(err, CHL_EINVAL,
                        "target_encode: option 'smooth': expected \"auto\" or a number "
                        "from 0");
    }
    return CHL_OK;
}

static chl_status target_encode_parse(chl_step *step, const json_t *options,
                                      chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "folds",
         .type = CHL_OPT_INT,
         .offset = offsetof(target_encode, folds),
         .min = 2,
         .max = 1000},
        {.name = "seed", .type = CHL_OPT_INT, .offset = offsetof(target_encode, seed)},
        {.name = "smooth",
         .type = CHL_OPT_JSON,
         .offset = offsetof(target_encode, smooth_option)},
        {.name = "unseen",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(target_encode, unseen),
         .choices = policies},
        {.name = NULL},
    };
    target_encode *self = (target_encode *)step;
    self->folds = 5;
    CHL_TRY(chl_options_read(options, "target_encode", table, self, err));
    return parse_smooth(self, err);
}

static chl_status reserve(target_encode *self, int outputs, chl_error *err)
{
    size_t n = (size_t)self->base.n, numbers = n * (size_t)outputs;
    self->outputs = outputs;
    self->levels = chl_calloc(n, sizeof(chl_levels *));
    self->values = chl_calloc(n, sizeof(double *));
    self->means = chl_calloc(numbers, sizeof *self->means);
    self->made = chl_calloc(numbers, sizeof *self->made);
    return self->levels && self->values && self->means && self->made
               ? CHL_OK
               : chl_fail_memory(err);
}

static chl_status learn(target_encode *self, int i, chl_work *work, const double *y,
                        double *scratch, chl_error *err)
{
    int64_t *counts = NULL;
    chl_status status = chl_cells_levels(&work->cells[self->base.slots[i]], work->rows,
                                         &self->levels[i], &counts, err);
    chl_free(counts);
    if (status != CHL_OK) {
        return chl_step_fail(&self->base, i, err);
    }
    int32_t levels = chl_levels_count(self->levels[i]);
    self->values[i] = chl_alloc((size_t)levels, (size_t)self->outputs * sizeof(double));
    if (!self->values[i]) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_step_codes(&self->base, i, work, self->levels[i], false, err));
    for (int k = 0; k < self->outputs; k++) {
        const double *labels = labels_of(self, y, k, work->rows, scratch);
        CHL_TRY(chl_target_values(work->codes, labels, NULL, 0, work->rows, levels,
                                  self->smooth, self->values[i] + (int64_t)k * levels,
                                  &self->means[i * self->outputs + k], err));
    }
    return CHL_OK;
}

static chl_status target_encode_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    double *y = NULL;
    int classes;
    CHL_TRY(chl_fit_target(fit, "target_encode", &y, &classes, err));
    double *scratch = chl_alloc((size_t)fit->work->rows, sizeof *scratch);
    chl_status status =
        scratch ? reserve(self, classes == 2 ? 1 : classes, err) : chl_fail_memory(err);
    for (int i = 0; i < step->n && status == CHL_OK; i++) {
        status = learn(self, i, fit->work, y, scratch, err);
    }
    chl_free(scratch);
    chl_free(y);
    return status;
}

static chl_status target_encode_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    for (int i = 0; i < step->n; i++) {
        int *made = &self->made[i * self->outputs];
        if (self->outputs == 1) {
            CHL_TRY(chl_step_replace(step, layout, i, made, err));
            continue;
        }
        layout->slots[step->slots[i]].alive = false;
        for (int k = 0; k < self->outputs; k++) {
            char number[16];
            snprintf(number, sizeof number, "%d", k + 1);
            CHL_TRY(chl_step_add(step, i, "@", number, layout, &made[k], err));
        }
    }
    return CHL_OK;
}

static chl_status target_encode_apply(const chl_step *step, chl_work *work,
                                      const chl_layout *layout, chl_error *err)
{
    (void)layout;
    const target_encode *self = (const target_encode *)step;
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_step_codes(step, i, work, self->levels[i],
                               self->unseen == UNSEEN_ERROR, err));
        int32_t levels = chl_levels_count(self->levels[i]);
        for (int k = 0; k < self->outputs; k++) {
            int at = i * self->outputs + k;
            const double *values = self->values[i] + (int64_t)k * levels;
            double *x = work->cells[self->made[at]].numbers;
            for (int64_t row = 0; row < work->rows; row++) {
                int32_t code = work->codes[row];
                x[row] = code < 0 ? self->means[at] : values[code];
            }
        }
    }
    return CHL_OK;
}

/* ---- cross-fitting ---- */

typedef struct folding {
    const double *y;
    int32_t *fold;   /* [rows] */
    double *values;  /* scratch, one a level */
    double *scratch; /* [rows] */
} folding;

/* Output k of column i; work->codes are those of the column. */
static chl_status cross_fit(const target_encode *self, int i, int k, chl_work *work,
                            const folding *f, chl_error *err)
{
    double *x = work->cells[self->made[i * self->outputs + k]].numbers;
    const double *labels = labels_of(self, f->y, k, work->rows, f->scratch);
    for (int32_t fold = 0; fold < self->folds; fold++) {
        double mean;
        CHL_TRY(chl_target_values(work->codes, labels, f->fold, fold, work->rows,
                                  chl_levels_count(self->levels[i]), self->smooth,
                                  f->values, &mean, err));
        for (int64_t row = 0; row < work->rows; row++) {
            if (f->fold[row] == fold) {
                x[row] = f->values[work->codes[row]];
            }
        }
    }
    return CHL_OK;
}

static chl_status cross_fit_all(const target_encode *self, chl_work *work,
                                const folding *f, chl_error *err)
{
    for (int i = 0; i < self->base.n; i++) {
        CHL_TRY(chl_step_codes(&self->base, i, work, self->levels[i], false, err));
        for (int k = 0; k < self->outputs; k++) {
            CHL_TRY(cross_fit(self, i, k, work, f, err));
        }
    }
    return CHL_OK;
}

static chl_status deal_folds(const target_encode *self, const chl_frame *frame,
                             int32_t *fold, chl_error *err)
{
    chl_rng rng;
    chl_rng_init(&rng, (uint64_t)self->seed, CHL_RNG_TARGET_ENCODE, 0);
    if (frame->rows < self->folds) {
        return chl_fail(err, CHL_EINVAL,
                        "target_encode: %lld folds need as many training rows, got %lld",
                        (long long)self->folds, (long long)frame->rows);
    }
    return chl_folds(frame, (int)self->folds, frame->target, chl_rng_u64(&rng), fold,
                     err);
}

static chl_status target_encode_apply_fit(const chl_step *step, const chl_fit *fit,
                                          chl_error *err)
{
    const target_encode *self = (const target_encode *)step;
    double *y = NULL;
    int32_t most = 0;
    for (int i = 0; i < step->n; i++) {
        int32_t levels = chl_levels_count(self->levels[i]);
        most = levels > most ? levels : most;
    }
    int classes;
    CHL_TRY(chl_fit_target(fit, "target_encode", &y, &classes, err));
    folding f = {.y = y,
                 .fold = chl_alloc((size_t)fit->work->rows, sizeof *f.fold),
                 .values = chl_alloc((size_t)most, sizeof *f.values),
                 .scratch = chl_alloc((size_t)fit->work->rows, sizeof *f.scratch)};
    chl_status status = f.fold && f.values && f.scratch
                            ? deal_folds(self, fit->frame, f.fold, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = cross_fit_all(self, fit->work, &f, err);
    }
    chl_free(y);
    chl_free(f.fold);
    chl_free(f.values);
    chl_free(f.scratch);
    return status;
}

/* ---- JSON, words ---- */

static chl_status target_encode_save(const chl_step *step, json_t *state, chl_error *err)
{
    const target_encode *self = (const target_encode *)step;
    int outputs = self->outputs;
    if (outputs > 1 &&
        json_object_set_new(state, "classes", json_integer(outputs)) != 0) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_state_put_numbers(state, "mean", self->means, step->n * outputs, err));
    for (int i = 0; i < step->n; i++) {
        json_t *levels = chl_levels_to_json(self->levels[i]);
        CHL_TRY(chl_state_append(state, "levels", levels, err));
        int64_t numbers = (int64_t)chl_levels_count(self->levels[i]) * outputs;
        json_t *values = chl_numbers_to_json(self->values[i], numbers);
        CHL_TRY(chl_state_append(state, "values", values, err));
    }
    return CHL_OK;
}

/* Columns for each text: 1 where the state does not say. */
static chl_status load_outputs(const json_t *state, int n, int *out, chl_error *err)
{
    const json_t *classes = json_object_get(state, "classes");
    json_int_t count = json_integer_value(classes);
    if (classes && (count < 3 || count > CHL_CLASSES_MAX || n > INT_MAX / count)) {
        return chl_fail(err, CHL_EFORMAT, "classes: expected a number from 3 to %d",
                        CHL_CLASSES_MAX);
    }
    *out = classes ? (int)count : 1;
    return CHL_OK;
}

static chl_status target_encode_load(chl_step *step, const json_t *state, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    int outputs = 1;
    CHL_TRY(load_outputs(state, step->n, &outputs, err));
    CHL_TRY(reserve(self, outputs, err));
    chl_free(self->means);
    self->means = NULL;
    CHL_TRY(chl_state_numbers(state, "mean", step->n * outputs, &self->means, err));
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_state_levels(state, "levels", i, &self->levels[i], err));
        const json_t *values =
            json_array_get(json_object_get(state, "values"), (size_t)i);
        int64_t numbers = (int64_t)chl_levels_count(self->levels[i]) * outputs;
        CHL_TRY(chl_json_numbers(values, "values", numbers, &self->values[i], err));
    }
    return CHL_OK;
}

static void target_encode_describe(const chl_step *step, chl_strbuf *out)
{
    const target_encode *self = (const target_encode *)step;
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": %lld folds, smooth ", (long long)self->folds);
    if (self->smooth < 0) {
        chl_strbuf_puts(out, "auto");
    } else {
        chl_strbuf_printf(out, "%g", self->smooth);
    }
}

static void target_encode_reset(chl_step *step)
{
    target_encode *self = (target_encode *)step;
    for (int i = 0; self->levels && i < step->n; i++) {
        chl_levels_release(self->levels[i]);
    }
    for (int i = 0; self->values && i < step->n; i++) {
        chl_free(self->values[i]);
    }
    chl_free(self->levels);
    chl_free(self->values);
    chl_free(self->means);
    chl_free(self->made);
}

const chl_step_class chl_step_target_encode = {
    .name = "target_encode",
    .size = sizeof(target_encode),
    .takes = CHL_TAKES_TEXT,
    .parse = target_encode_parse,
    .fit = target_encode_fit,
    .bind = target_encode_bind,
    .apply = target_encode_apply,
    .apply_fit = target_encode_apply_fit,
    .save = target_encode_save,
    .load = target_encode_load,
    .describe = target_encode_describe,
    .reset = target_encode_reset,
};
