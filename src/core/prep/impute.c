/* SPDX-License-Identifier: MIT
 *
 * Step "impute": missing cells get a value that training rows had. Layer: core/prep.
 *
 *   "numeric"   "median" (default), "mean", "mode" (the smallest of ties) or a number
 *   "category"  "<unknown>" (default) or another word for missing; "mode" = the most
 *               frequent level (the first in byte order of ties)
 *   "flag"      adds a 0/1 column "<name>_missing" for each column that had missing cells
 *               in training (text only with "mode", since a word of its own is visible)
 *
 * Columns without missing cells in training get their value too, so that scoring a row
 * with a gap does not fail.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/stats.h"
#include "core/prep/step.h"

enum { MEDIAN, MEAN, MODE, CONSTANT };
static const char *const methods[] = {"median", "mean", "mode"};

typedef struct impute {
    chl_step base;
    const json_t *numeric; /* borrowed options, NULL = default */
    const char *category;
    bool flag;
    int method;      /* MEDIAN … */
    double constant; /* with CONSTANT */
    double *numbers; /* [n] numbers: what to fill in; text: 0 */
    char **words;    /* [n] text: what to fill in; numbers: NULL */
    bool *flagged;   /* [n] has a flag column */
    int *flags;      /* [n] its slot, or -1 */
} impute;

static chl_status parse_numeric(impute *self, chl_error *err)
{
    enum { WORDS = sizeof methods / sizeof methods[0] };
    const char *word = json_string_value(self->numeric);
    if (!self->numeric) {
        return CHL_OK;
    }
    if (json_is_number(self->numeric)) {
        self->method = CONSTANT;
        self->constant = json_number_value(self->numeric);
        return isfinite(self->constant)
                   ? CHL_OK
                   : chl_fail(err, CHL_EINVAL, "impute: option 'numeric': not finite");
    }
    for (int i = 0; word && i < WORDS; i++) {
        if (strcmp(word, methods[i]) == 0) {
            self->method = i;
            return CHL_OK;
        }
    }
    if (word) {
        return chl_fail_unknown(err, "impute", "numeric", word, methods, WORDS);
    }
    return chl_fail(err, CHL_ETYPE,
                    "impute: option 'numeric': expected a number or a method, got %s",
                    chl_json_type_name(self->numeric));
}

static chl_status impute_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "numeric", .type = CHL_OPT_JSON, .offset = offsetof(impute, numeric)},
        {.name = "category",
         .type = CHL_OPT_STRING,
         .offset = offsetof(impute, category)},
        {.name = "flag", .type = CHL_OPT_BOOL, .offset = offsetof(impute, flag)},
        {.name = NULL},
    };
    impute *self = (impute *)step;
    self->category = CHL_UNKNOWN_LEVEL;
    CHL_TRY(chl_options_read(options, "impute", table, self, err));
    const json_t *category = json_object_get(options, "category");
    if (!*self->category ||
        (category && json_string_length(category) != strlen(self->category))) {
        return chl_fail(err, CHL_EINVAL, "impute: option 'category': expected a word");
    }
    return parse_numeric(self, err);
}

static chl_status reserve(impute *self, chl_error *err)
{
    size_t n = (size_t)self->base.n;
    self->numbers = chl_calloc(n, sizeof *self->numbers);
    self->words = chl_calloc(n, sizeof *self->words);
    self->flagged = chl_calloc(n, sizeof *self->flagged);
    return self->numbers && self->words && self->flagged ? CHL_OK : chl_fail_memory(err);
}

static chl_status learn_number(impute *self, int i, const double *x, int64_t rows,
                               chl_error *err)
{
    chl_sample sample;
    CHL_TRY(chl_sample_init(&sample, x, rows, err));
    self->flagged[i] = self->flag && sample.n < rows;
    bool empty = sample.n == 0 && self->method != CONSTANT;
    if (self->method == CONSTANT) {
        self->numbers[i] = self->constant;
    } else if (!empty) {
        self->numbers[i] = self->method == MEDIAN ? chl_sample_quantile(&sample, 0.5)
                           : self->method == MEAN ? chl_sample_mean(&sample)
                                                  : chl_sample_mode(&sample);
    }
    chl_sample_reset(&sample);
    if (empty || !isfinite(self->numbers[i])) {
        chl_fail(err, CHL_ENUMERIC,
                 empty ? "no value in the training rows: drop the column or give a number"
                       : "the values are too large for a mean");
        return chl_step_fail(&self->base, i, err);
    }
    return CHL_OK;
}

/* The most frequent text among the rows that are present. */
static chl_status most_frequent(const chl_cells *cells, int64_t rows, int64_t missing,
                                char **word, chl_error *err)
{
    chl_levels *levels = NULL;
    int64_t *counts = NULL, best = 0;
    CHL_TRY(chl_cells_levels(cells, rows, &levels, &counts, err));
    const char *fill = cells->fill ? cells->fill : CHL_UNKNOWN_LEVEL;
    int32_t unknown = chl_levels_find(levels, fill, strlen(fill));
    if (unknown >= 0) {
        counts[unknown] -= missing;
    }
    *word = NULL;
    chl_status status = CHL_OK;
    int32_t found = -1;
    for (int32_t code = 0; code < chl_levels_count(levels); code++) {
        if (counts[code] > best) {
            best = counts[code];
            found = code;
        }
    }
    if (found < 0) {
        status = chl_fail(err, CHL_EINVAL, "no value in the training rows");
    } else if (!(*word = chl_strdup(chl_levels_name(levels, found, NULL)))) {
        status = chl_fail_memory(err);
    }
    chl_levels_release(levels);
    chl_free(counts);
    return status;
}

static chl_status learn_text(impute *self, int i, const chl_cells *cells, int64_t rows,
                             chl_error *err)
{
    bool mode = strcmp(self->category, "mode") == 0;
    int64_t missing = cells->fill ? 0 : cells->column->nulls;
    self->flagged[i] = self->flag && mode && missing > 0;
    if (mode) {
        chl_status status = most_frequent(cells, rows, missing, &self->words[i], err);
        return status == CHL_OK ? status : chl_step_fail(&self->base, i, err);
    }
    self->words[i] = chl_strdup(self->category);
    return self->words[i] ? CHL_OK : chl_fail_memory(err);
}

static chl_status impute_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    impute *self = (impute *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) {
        const chl_cells *cells = &fit->work->cells[step->slots[i]];
        CHL_TRY(cells->numbers
                    ? learn_number(self, i, cells->numbers, fit->work->rows, err)
                    : learn_text(self, i, cells, fit->work->rows, err));
    }
    return CHL_OK;
}

static chl_status impute_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    impute *self = (impute *)step;
    chl_free(self->flags);
    self->flags = chl_alloc((size_t)step->n, sizeof *self->flags);
    if (!self->flags) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < step->n; i++) {
        chl_slot *slot = &layout->slots[step->slots[i]];
        bool text = chl_layout_kind(slot->type) == CHL_TAKES_TEXT;
        if (text != (self->words[i] != NULL)) {
            chl_fail(err, CHL_ETYPE, "what to fill in does not fit the column's type");
            return chl_step_fail(step, i, err);
        }
        slot->type = text ? CHL_STRING : CHL_F64;
        self->flags[i] = -1;
        if (self->flagged[i]) {
            CHL_TRY(chl_step_add_indicator(step, i, "", "_missing", layout,
                                           &self->flags[i], err));
            layout->slots[self->flags[i]].nominal = self->flags[i] + 1;
        }
    }
    return CHL_OK;
}

static void fill_numbers(double *x, double *flag, double value, int64_t rows)
{
    for (int64_t r = 0; flag && r < rows; r++) {
        flag[r] = isnan(x[r]) ? 1 : 0;
    }
    for (int64_t r = 0; r < rows; r++) {
        x[r] = isnan(x[r]) ? value : x[r];
    }
}

static void flag_text(const chl_cells *cells, double *flag, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++) {
        flag[r] = !cells->fill && !chl_column_valid(cells->column, r) ? 1 : 0;
    }
}

static chl_status impute_apply(const chl_step *step, chl_work *work,
                               const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const impute *self = (const impute *)step;
    for (int i = 0; i < step->n; i++) {
        chl_cells *cells = &work->cells[step->slots[i]];
        double *flag = self->flags[i] >= 0 ? work->cells[self->flags[i]].numbers : NULL;
        if (cells->numbers) {
            fill_numbers(chl_work_change(work, step->slots[i]), flag, self->numbers[i],
                         work->rows);
            continue;
        }
        if (flag) {
            flag_text(cells, flag, work->rows);
        }
        if (!cells->fill) {
            cells->fill = self->words[i];
        }
    }
    return CHL_OK;
}

static chl_status impute_save(const chl_step *step, json_t *state, chl_error *err)
{
    const impute *self = (const impute *)step;
    CHL_TRY(chl_state_put_flags(state, "flag", self->flagged, step->n, err));
    for (int i = 0; i < step->n; i++) {
        json_t *item =
            self->words[i] ? json_string(self->words[i]) : json_real(self->numbers[i]);
        CHL_TRY(chl_state_append(state, "fill", item, err));
    }
    return CHL_OK;
}

static chl_status load_fill(impute *self, int i, const json_t *item, chl_error *err)
{
    const char *word = json_string_value(item);
    if (word && *word && strlen(word) == json_string_length(item)) {
        self->words[i] = chl_strdup(word);
        return self->words[i] ? CHL_OK : chl_fail_memory(err);
    }
    self->numbers[i] = json_number_value(item);
    if (!json_is_number(item) || !isfinite(self->numbers[i])) {
        return chl_fail(err, CHL_EFORMAT, "fill: item %d: expected a number or a word",
                        i + 1);
    }
    return CHL_OK;
}

static chl_status impute_load(chl_step *step, const json_t *state, chl_error *err)
{
    impute *self = (impute *)step;
    const json_t *fill = NULL;
    CHL_TRY(reserve(self, err));
    chl_free(self->flagged);
    self->flagged = NULL;
    CHL_TRY(chl_state_flags(state, "flag", step->n, &self->flagged, err));
    if (step->n > 0) {
        CHL_TRY(chl_state_list(state, "fill", step->n, &fill, err));
    }
    for (int i = 0; i < step->n; i++) {
        CHL_TRY(load_fill(self, i, json_array_get(fill, (size_t)i), err));
    }
    return CHL_OK;
}

static void impute_describe(const chl_step *step, chl_strbuf *out)
{
    const impute *self = (const impute *)step;
    char text[32];
    chl_step_describe_columns(step, out);
    chl_format_double(self->constant, text);
    chl_strbuf_printf(out, ": numbers %s, text %s%s",
                      self->method == CONSTANT ? text : methods[self->method],
                      self->category, self->flag ? ", flags" : "");
    for (int i = 0; self->flagged && i < step->n; i++) {
        if (self->flagged[i]) {
            chl_strbuf_printf(out, " %s_missing", step->names[i]);
        }
    }
}

static void impute_reset(chl_step *step)
{
    impute *self = (impute *)step;
    for (int i = 0; self->words && i < step->n; i++) {
        chl_free(self->words[i]);
    }
    chl_free(self->words);
    chl_free(self->numbers);
    chl_free(self->flagged);
    chl_free(self->flags);
}

const chl_step_class chl_step_impute = {
    .name = "impute",
    .size = sizeof(impute),
    .takes = CHL_TAKES_NUMBERS | CHL_TAKES_TEXT,
    .parse = impute_parse,
    .fit = impute_fit,
    .bind = impute_bind,
    .apply = impute_apply,
    .save = impute_save,
    .load = impute_load,
    .describe = impute_describe,
    .reset = impute_reset,
};
