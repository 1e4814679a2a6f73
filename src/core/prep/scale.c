/* SPDX-License-Identifier: MIT
 *
 * Step "scale": x → (x - center) / factor. Layer: core/prep.
 *
 *   standard  mean and standard deviation (divided by n)
 *   minmax    minimum and range: training values land in [0, 1]
 *   robust    median and interquartile range
 *
 * As in scikit-learn a factor of 0 becomes 1; a constant column is exactly 0. Missing
 * cells stay missing. Without "columns" one-hot and flag columns are left at 0 and 1.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/stats.h"
#include "core/prep/step.h"

enum { STANDARD, MINMAX, ROBUST };
static const char *const methods[] = {"standard", "minmax", "robust", NULL};

typedef struct scale {
    chl_step base;
    int method;
    double *center; /* [n] */
    double *factor; /* [n], > 0 */
} scale;

static chl_status scale_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "method",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(scale, method),
         .choices = methods},
        {.name = NULL},
    };
    return chl_options_read(options, "scale", table, step, err);
}

static void measure(const chl_sample *sample, int method, double *center, double *factor)
{
    double low = sample->values[0], high = sample->values[sample->n - 1];
    *factor = 1;
    *center = low;
    if (low == high) {
        return;
    }
    switch (method) {
    case STANDARD:
        *center = chl_sample_mean(sample);
        *factor = sqrt(chl_sample_variance(sample, *center));
        break;
    case MINMAX: *factor = high - low; break;
    default:
        *center = chl_sample_quantile(sample, 0.5);
        *factor = chl_sample_quantile(sample, 0.75) - chl_sample_quantile(sample, 0.25);
        break;
    }
    if (*factor == 0) {
        *factor = 1;
    }
}

static chl_status scale_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    scale *self = (scale *)step;
    self->center = chl_alloc((size_t)step->n, sizeof *self->center);
    self->factor = chl_alloc((size_t)step->n, sizeof *self->factor);
    if (!self->center || !self->factor) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < step->n; i++) {
        chl_sample sample;
        const double *x = fit->work->cells[step->slots[i]].numbers;
        CHL_TRY(chl_sample_init(&sample, x, fit->work->rows, err));
        bool empty = sample.n == 0;
        if (!empty) {
            measure(&sample, self->method, &self->center[i], &self->factor[i]);
        }
        chl_sample_reset(&sample);
        if (empty || !isfinite(self->center[i]) || !isfinite(self->factor[i])) {
            chl_fail(err, CHL_ENUMERIC, "%s",
                     empty ? "no value in the training rows"
                           : "the values are too large to scale");
            return chl_step_fail(step, i, err);
        }
    }
    return CHL_OK;
}

static chl_status scale_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    (void)err;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].type = CHL_F64;
    }
    return CHL_OK;
}

static chl_status scale_apply(const chl_step *step, chl_work *work,
                              const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const scale *self = (const scale *)step;
    for (int i = 0; i < step->n; i++) {
        double *x = chl_work_change(work, step->slots[i]);
        double center = self->center[i], factor = self->factor[i];
        for (int64_t r = 0; r < work->rows; r++) {
            x[r] = (x[r] - center) / factor;
        }
    }
    return CHL_OK;
}

static chl_status scale_save(const chl_step *step, json_t *state, chl_error *err)
{
    const scale *self = (const scale *)step;
    CHL_TRY(chl_state_put_numbers(state, "center", self->center, step->n, err));
    return chl_state_put_numbers(state, "factor", self->factor, step->n, err);
}

static chl_status scale_load(chl_step *step, const json_t *state, chl_error *err)
{
    scale *self = (scale *)step;
    CHL_TRY(chl_state_numbers(state, "center", step->n, &self->center, err));
    CHL_TRY(chl_state_numbers(state, "factor", step->n, &self->factor, err));
    for (int i = 0; i < step->n; i++) {
        if (!(self->factor[i] > 0)) {
            return chl_fail(err, CHL_EFORMAT, "factor: item %d: expected more than 0",
                            i + 1);
        }
    }
    return CHL_OK;
}

static void scale_describe(const chl_step *step, chl_strbuf *out)
{
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": %s", methods[((const scale *)step)->method]);
}

static void scale_reset(chl_step *step)
{
    scale *self = (scale *)step;
    chl_free(self->center);
    chl_free(self->factor);
}

const chl_step_class chl_step_scale = {
    .name = "scale",
    .size = sizeof(scale),
    .takes = CHL_TAKES_NUMBERS,
    .parse = scale_parse,
    .fit = scale_fit,
    .bind = scale_bind,
    .apply = scale_apply,
    .save = scale_save,
    .load = scale_load,
    .describe = scale_describe,
    .reset = scale_reset,
};
