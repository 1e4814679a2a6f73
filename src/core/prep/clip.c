/* SPDX-License-Identifier: MIT
 *
 * Step "clip": numbers outside two bounds become the bound. Layer: core/prep.
 *
 * Bounds are given ("bounds": [low, high]) or are quantiles of the training rows
 * ("quantile": [0.001, 0.999], linear between order statistics as numpy.quantile).
 * Missing cells stay missing.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/stats.h"
#include "core/prep/step.h"

typedef struct clip {
    chl_step base;
    const json_t *quantile, *bounds; /* borrowed options: one of them is there */
    double given[2];                 /* its two numbers */
    double *low, *high;              /* [n] */
} clip;

static chl_status read_pair(const json_t *list, const char *option, double pair[2],
                            chl_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        const json_t *item = json_array_get(list, i);
        pair[i] = json_number_value(item);
        if (json_array_size(list) != 2 || !json_is_number(item) || !isfinite(pair[i])) {
            return chl_fail(err, CHL_EINVAL, "clip: option '%s': expected two numbers",
                            option);
        }
    }
    if (!(pair[0] < pair[1])) {
        return chl_fail(err, CHL_EINVAL,
                        "clip: option '%s': expected the lower number first, got %g, %g",
                        option, pair[0], pair[1]);
    }
    return CHL_OK;
}

static chl_status clip_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "quantile", .type = CHL_OPT_JSON, .offset = offsetof(clip, quantile)},
        {.name = "bounds", .type = CHL_OPT_JSON, .offset = offsetof(clip, bounds)},
        {.name = NULL},
    };
    clip *self = (clip *)step;
    CHL_TRY(chl_options_read(options, "clip", table, self, err));
    if (!self->quantile == !self->bounds) {
        return chl_fail(err, CHL_EINVAL,
                        "clip: expected either quantile = {low, high} or bounds = {low, "
                        "high}");
    }
    if (self->bounds) {
        return read_pair(self->bounds, "bounds", self->given, err);
    }
    CHL_TRY(read_pair(self->quantile, "quantile", self->given, err));
    if (self->given[0] < 0 || self->given[1] > 1) {
        return chl_fail(err, CHL_EINVAL,
                        "clip: option 'quantile': expected shares from 0 to 1, got %g, "
                        "%g",
                        self->given[0], self->given[1]);
    }
    return CHL_OK;
}

static chl_status find_bounds(clip *self, int i, const double *x, int64_t rows,
                              chl_error *err)
{
    self->low[i] = self->given[0];
    self->high[i] = self->given[1];
    if (self->bounds) {
        return CHL_OK;
    }
    chl_sample sample;
    CHL_TRY(chl_sample_init(&sample, x, rows, err));
    bool empty = sample.n == 0;
    if (!empty) {
        self->low[i] = chl_sample_quantile(&sample, self->given[0]);
        self->high[i] = chl_sample_quantile(&sample, self->given[1]);
    }
    chl_sample_reset(&sample);
    if (empty) {
        chl_fail(err, CHL_ENUMERIC, "no value in the training rows");
        return chl_step_fail(&self->base, i, err);
    }
    return CHL_OK;
}

static chl_status clip_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    clip *self = (clip *)step;
    self->low = chl_alloc((size_t)step->n, sizeof *self->low);
    self->high = chl_alloc((size_t)step->n, sizeof *self->high);
    if (!self->low || !self->high) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < step->n; i++) {
        const double *x = fit->work->cells[step->slots[i]].numbers;
        CHL_TRY(find_bounds(self, i, x, fit->work->rows, err));
    }
    return CHL_OK;
}

static chl_status clip_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    (void)err;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].type = CHL_F64;
    }
    return CHL_OK;
}

static chl_status clip_apply(const chl_step *step, chl_work *work,
                             const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const clip *self = (const clip *)step;
    for (int i = 0; i < step->n; i++) {
        double *x = chl_work_change(work, step->slots[i]);
        double low = self->low[i], high = self->high[i];
        for (int64_t r = 0; r < work->rows; r++) {
            double value = x[r] < low ? low : x[r]; /* NaN passes both comparisons */
            x[r] = value > high ? high : value;
        }
    }
    return CHL_OK;
}

static chl_status clip_save(const chl_step *step, json_t *state, chl_error *err)
{
    const clip *self = (const clip *)step;
    CHL_TRY(chl_state_put_numbers(state, "low", self->low, step->n, err));
    return chl_state_put_numbers(state, "high", self->high, step->n, err);
}

static chl_status clip_load(chl_step *step, const json_t *state, chl_error *err)
{
    clip *self = (clip *)step;
    CHL_TRY(chl_state_numbers(state, "low", step->n, &self->low, err));
    CHL_TRY(chl_state_numbers(state, "high", step->n, &self->high, err));
    for (int i = 0; i < step->n; i++) {
        if (self->low[i] > self->high[i]) {
            return chl_fail(err, CHL_EFORMAT, "high: item %d is below low", i + 1);
        }
    }
    return CHL_OK;
}

static void clip_describe(const chl_step *step, chl_strbuf *out)
{
    const clip *self = (const clip *)step;
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": %s %g to %g", self->bounds ? "bounds" : "quantiles",
                      self->given[0], self->given[1]);
}

static void clip_reset(chl_step *step)
{
    clip *self = (clip *)step;
    chl_free(self->low);
    chl_free(self->high);
}

const chl_step_class chl_step_clip = {
    .name = "clip",
    .size = sizeof(clip),
    .takes = CHL_TAKES_NUMBERS,
    .parse = clip_parse,
    .fit = clip_fit,
    .bind = clip_bind,
    .apply = clip_apply,
    .save = clip_save,
    .load = clip_load,
    .describe = clip_describe,
    .reset = clip_reset,
};
