/* SPDX-License-Identifier: MIT
 *
 * Step "target_encode": a text column becomes the smoothed mean of the target at its
 * level. Layer: core/prep. Options: folds (5), smooth ("auto" or a number ≥ 0), seed (0),
 * unseen ("mean", the default, or "error").
 *
 * Cross-fitted: a training row is encoded by the rows of the other folds (stratified by
 * the target), so that its own target never reaches its feature; later rows by all
 * training rows. A missing cell is the level "<unknown>" (or the word that impute chose);
 * a level that training did not have gets the overall mean.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/base/rng.h"
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
    chl_levels **levels; /* [n] */
    double **values;     /* [n] of one number a level */
    double *means;       /* [n] for unseen levels */
    int *made;           /* [n] slots of the numbers */
} target_encode;

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

static chl_status reserve(target_encode *self, chl_error *err)
{
    size_t n = (size_t)self->base.n;
    self->levels = chl_calloc(n, sizeof(chl_levels *));
    self->values = chl_calloc(n, sizeof(double *));
    self->means = chl_calloc(n, sizeof *self->means);
    self->made = chl_calloc(n, sizeof *self->made);
    return self->levels && self->values && self->means && self->made
               ? CHL_OK
               : chl_fail_memory(err);
}

static chl_status learn(target_encode *self, int i, chl_work *work, const double *y,
                        chl_error *err)
{
    int64_t *counts = NULL;
    chl_status status = chl_cells_levels(&work->cells[self->base.slots[i]], work->rows,
                                         &self->levels[i], &counts, err);
    chl_free(counts);
    if (status != CHL_OK) {
        return chl_step_fail(&self->base, i, err);
    }
    int32_t levels = chl_levels_count(self->levels[i]);
    self->values[i] = chl_alloc((size_t)levels, sizeof(double));
    if (!self->values[i]) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_step_codes(&self->base, i, work, self->levels[i], false, err));
    return chl_target_values(work->codes, y, NULL, 0, work->rows, levels, self->smooth,
                             self->values[i], &self->means[i], err);
}

static chl_status target_encode_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    double *y = NULL;
    CHL_TRY(reserve(self, err));
    CHL_TRY(chl_fit_target(fit, "target_encode", &y, err));
    chl_status status = CHL_OK;
    for (int i = 0; i < step->n && status == CHL_OK; i++) {
        status = learn(self, i, fit->work, y, err);
    }
    chl_free(y);
    return status;
}

static chl_status target_encode_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_step_replace(step, layout, i, &self->made[i], err));
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
        double *x = work->cells[self->made[i]].numbers;
        for (int64_t row = 0; row < work->rows; row++) {
            int32_t code = work->codes[row];
            x[row] = code < 0 ? self->means[i] : self->values[i][code];
        }
    }
    return CHL_OK;
}

/* ---- cross-fitting ---- */

typedef struct folding {
    const double *y;
    int32_t *fold;  /* [rows] */
    double *values; /* scratch, one a level */
} folding;

static chl_status cross_fit(const target_encode *self, int i, chl_work *work,
                            const folding *f, chl_error *err)
{
    CHL_TRY(chl_step_codes(&self->base, i, work, self->levels[i], false, err));
    double *x = work->cells[self->made[i]].numbers;
    for (int32_t k = 0; k < self->folds; k++) {
        double mean;
        CHL_TRY(chl_target_values(work->codes, f->y, f->fold, k, work->rows,
                                  chl_levels_count(self->levels[i]), self->smooth,
                                  f->values, &mean, err));
        for (int64_t row = 0; row < work->rows; row++) {
            if (f->fold[row] == k) {
                x[row] = f->values[work->codes[row]];
            }
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
    CHL_TRY(chl_fit_target(fit, "target_encode", &y, err));
    folding f = {.y = y,
                 .fold = chl_alloc((size_t)fit->work->rows, sizeof *f.fold),
                 .values = chl_alloc((size_t)most, sizeof *f.values)};
    chl_status status = f.fold && f.values ? deal_folds(self, fit->frame, f.fold, err)
                                           : chl_fail_memory(err);
    for (int i = 0; i < step->n && status == CHL_OK; i++) {
        status = cross_fit(self, i, fit->work, &f, err);
    }
    chl_free(y);
    chl_free(f.fold);
    chl_free(f.values);
    return status;
}

/* ---- JSON, words ---- */

static chl_status target_encode_save(const chl_step *step, json_t *state, chl_error *err)
{
    const target_encode *self = (const target_encode *)step;
    CHL_TRY(chl_state_put_numbers(state, "mean", self->means, step->n, err));
    for (int i = 0; i < step->n; i++) {
        json_t *levels = chl_levels_to_json(self->levels[i]);
        CHL_TRY(chl_state_append(state, "levels", levels, err));
        json_t *values =
            chl_numbers_to_json(self->values[i], chl_levels_count(self->levels[i]));
        CHL_TRY(chl_state_append(state, "values", values, err));
    }
    return CHL_OK;
}

static chl_status target_encode_load(chl_step *step, const json_t *state, chl_error *err)
{
    target_encode *self = (target_encode *)step;
    CHL_TRY(reserve(self, err));
    chl_free(self->means);
    self->means = NULL;
    CHL_TRY(chl_state_numbers(state, "mean", step->n, &self->means, err));
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(chl_state_levels(state, "levels", i, &self->levels[i], err));
        const json_t *values =
            json_array_get(json_object_get(state, "values"), (size_t)i);
        CHL_TRY(chl_json_numbers(values, "values", chl_levels_count(self->levels[i]),
                                 &self->values[i], err));
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
