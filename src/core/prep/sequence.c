/* SPDX-License-Identifier: MIT
 *
 * Step "sequence": the columns of a sequence, "<prefix>_<step>_<channel>"
 * and "<prefix>_length", as cl.sequences makes them. Layer: core/prep.
 *
 * All steps of a channel share one mean and one standard deviation (divided by n), taken
 * over the present values of all its columns in the training rows. Missing cells (steps
 * beyond the length, unknown amounts) become 0, the mean. The channels in "log" are first
 * bent to sign(x) · log(1 + |x|). The length stays as it is. Later steps without
 * "columns" leave all of them alone.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/stats.h"
#include "core/prep/step.h"

typedef struct sequence {
    chl_step base;
    const char *prefix; /* how the columns begin; borrowed from the options */
    const json_t *log;
    double *center; /* [n] */
    double *factor; /* [n], > 0 */
    bool *bent;     /* [n] through the logarithm first */
} sequence;

/* ---- names ---- */

/* "seq_12_amount" → "amount", "seq_length" → "", other names → NULL. */
static const char *channel_of(const sequence *self, const char *column)
{
    size_t n = strlen(self->prefix);
    if (strncmp(column, self->prefix, n) != 0 || column[n] != '_') {
        return NULL;
    }
    const char *rest = column + n + 1;
    if (strcmp(rest, "length") == 0) {
        return rest + strlen(rest);
    }
    size_t digits = 0;
    while (isdigit((unsigned char)rest[digits])) {
        digits++;
    }
    bool step = digits > 0 && rest[0] != '0' && rest[digits] == '_' && rest[digits + 1];
    return step ? rest + digits + 1 : NULL;
}

static bool sequence_matches(const chl_step *step, const char *column)
{
    return channel_of((const sequence *)step, column) != NULL;
}

static chl_status sequence_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "prefix", .type = CHL_OPT_STRING, .offset = offsetof(sequence, prefix)},
        {.name = "log", .type = CHL_OPT_JSON, .offset = offsetof(sequence, log)},
        {.name = NULL},
    };
    sequence *self = (sequence *)step;
    self->prefix = "seq";
    CHL_TRY(chl_options_read(options, "sequence", table, step, err));
    chl_names names = {0};
    chl_status status = self->log ? chl_names_read(self->log, &names, err) : CHL_OK;
    chl_names_reset(&names);
    return status == CHL_OK ? CHL_OK : chl_error_prefix(err, "sequence: option 'log'");
}

/* ---- fitting ---- */

static bool in_log(const sequence *self, const char *channel)
{
    size_t k;
    const json_t *item;
    json_array_foreach (self->log, k, item) {
        if (strcmp(json_string_value(item), channel) == 0) {
            return true;
        }
    }
    return false;
}

/* Every channel in "log" has a column. */
static chl_status check_log(const sequence *self, chl_error *err)
{
    size_t k;
    const json_t *item;
    int n = self->base.n;
    const char **channels = chl_alloc((size_t)n, sizeof *channels);
    if (!channels) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int i = 0; i < n; i++) {
        channels[i] = channel_of(self, self->base.names[i]);
    }
    json_array_foreach (self->log, k, item) {
        const char *wanted = json_string_value(item);
        int i = 0;
        while (i < n && strcmp(channels[i], wanted) != 0) {
            i++;
        }
        if (i == n && status == CHL_OK) {
            status = chl_fail_unknown(err, "sequence: option 'log'", "channel", wanted,
                                      channels, (size_t)n);
        }
    }
    chl_free(channels);
    return status;
}

static double bend(double x)
{
    return copysign(log1p(fabs(x)), x);
}

/* all = the values of every column of the channel. */
static chl_status measure(sequence *self, const chl_fit *fit, const char *channel,
                          double *all, double *center, double *factor, chl_error *err)
{
    int64_t n = 0, rows = fit->work->rows;
    bool bent = in_log(self, channel);
    for (int i = 0; i < self->base.n; i++) {
        const double *x = fit->work->cells[self->base.slots[i]].numbers;
        bool of_channel = strcmp(channel_of(self, self->base.names[i]), channel) == 0;
        for (int64_t r = 0; of_channel && r < rows; r++) {
            all[n++] = bent ? bend(x[r]) : x[r];
        }
    }
    chl_sample sample;
    CHL_TRY(chl_sample_init(&sample, all, n, err));
    *center = 0;
    *factor = 1;
    if (sample.n > 0) {
        *center = chl_sample_mean(&sample);
        double variance = chl_sample_variance(&sample, *center);
        *factor = variance > 0 ? sqrt(variance) : 1;
    }
    chl_sample_reset(&sample);
    return isfinite(*center) && isfinite(*factor)
               ? CHL_OK
               : chl_fail(err, CHL_ENUMERIC,
                          "sequence: channel '%s': the values are too large to scale",
                          channel);
}

static chl_status learn(sequence *self, const chl_fit *fit, double *all, chl_error *err)
{
    for (int i = 0; i < self->base.n; i++) {
        const char *channel = channel_of(self, self->base.names[i]);
        int same = 0;
        while (strcmp(channel_of(self, self->base.names[same]), channel) != 0) {
            same++;
        }
        self->center[i] = self->center[same];
        self->factor[i] = self->factor[same];
        self->bent[i] = in_log(self, channel);
        if (same == i && channel[0]) {
            CHL_TRY(measure(self, fit, channel, all, &self->center[i], &self->factor[i],
                            err));
        } else if (same == i) {
            self->center[i] = 0;
            self->factor[i] = 1;
        }
    }
    return CHL_OK;
}

static chl_status sequence_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    sequence *self = (sequence *)step;
    size_t n = (size_t)step->n;
    if (n == 0) {
        return chl_fail(err, CHL_ENAME,
                        "sequence: expected columns such as '%s_1_amount' and "
                        "'%s_length', got none",
                        self->prefix, self->prefix);
    }
    CHL_TRY(check_log(self, err));
    self->center = chl_calloc(n, sizeof *self->center);
    self->factor = chl_calloc(n, sizeof *self->factor);
    self->bent = chl_calloc(n, sizeof *self->bent);
    double *all = chl_alloc(n, (size_t)fit->work->rows * sizeof *all);
    chl_status status = self->center && self->factor && self->bent && all
                            ? learn(self, fit, all, err)
                            : chl_fail_memory(err);
    chl_free(all);
    return status;
}

static chl_status sequence_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    (void)err;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].type = CHL_F64;
        layout->slots[step->slots[i]].indicator = true;
    }
    return CHL_OK;
}

/* ---- use ---- */

static chl_status sequence_apply(const chl_step *step, chl_work *work,
                                 const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const sequence *self = (const sequence *)step;
    for (int i = 0; i < step->n; i++) {
        double *x = chl_work_change(work, step->slots[i]);
        double center = self->center[i], factor = self->factor[i];
        bool bent = self->bent[i];
        for (int64_t r = 0; r < work->rows; r++) {
            double value = bent ? bend(x[r]) : x[r];
            x[r] = isnan(x[r]) ? 0 : (value - center) / factor;
        }
    }
    return CHL_OK;
}

static chl_status sequence_save(const chl_step *step, json_t *state, chl_error *err)
{
    const sequence *self = (const sequence *)step;
    CHL_TRY(chl_state_put_numbers(state, "center", self->center, step->n, err));
    CHL_TRY(chl_state_put_numbers(state, "factor", self->factor, step->n, err));
    return chl_state_put_flags(state, "log", self->bent, step->n, err);
}

static chl_status sequence_load(chl_step *step, const json_t *state, chl_error *err)
{
    sequence *self = (sequence *)step;
    CHL_TRY(chl_state_numbers(state, "center", step->n, &self->center, err));
    CHL_TRY(chl_state_numbers(state, "factor", step->n, &self->factor, err));
    CHL_TRY(chl_state_flags(state, "log", step->n, &self->bent, err));
    for (int i = 0; i < step->n; i++) {
        if (!(self->factor[i] > 0)) {
            return chl_fail(err, CHL_EFORMAT, "factor: item %d: expected more than 0",
                            i + 1);
        }
    }
    return CHL_OK;
}

static void sequence_describe(const chl_step *step, chl_strbuf *out)
{
    const sequence *self = (const sequence *)step;
    chl_strbuf_printf(out, "%s_…", self->prefix);
    if (step->n > 0) {
        chl_strbuf_printf(out, " (%d columns)", step->n);
    }
    chl_strbuf_puts(out, ": one scale a channel");
    for (size_t k = 0; k < json_array_size(self->log); k++) {
        chl_strbuf_printf(out, "%s%s", k ? ", " : "; log of ",
                          json_string_value(json_array_get(self->log, k)));
    }
}

static void sequence_reset(chl_step *step)
{
    sequence *self = (sequence *)step;
    chl_free(self->center);
    chl_free(self->factor);
    chl_free(self->bent);
}

const chl_step_class chl_step_sequence = {
    .name = "sequence",
    .size = sizeof(sequence),
    .takes = CHL_TAKES_NUMBERS,
    .matches = sequence_matches,
    .parse = sequence_parse,
    .fit = sequence_fit,
    .bind = sequence_bind,
    .apply = sequence_apply,
    .save = sequence_save,
    .load = sequence_load,
    .describe = sequence_describe,
    .reset = sequence_reset,
};
