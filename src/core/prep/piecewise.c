/* SPDX-License-Identifier: MIT
 *
 * Step "piecewise": a number becomes one column a bin, "Age#1", "Age#2" …, that rises
 * from 0 to 1 while the number crosses the bin. Layer: core/prep. Options: bins ("tree",
 * the default, or "quantile"), max_bins (32), and for trees min_rows (32), min_gain
 * (3e-4).
 *
 *   e_t(x) = (x - b[t-1]) / (b[t] - b[t-1]), held at 0 below and at 1 above its bin; the
 *   first bin goes on below 0 and the last above 1 (Gorishniy et al. 2022, equation 1)
 *
 * A dense layer on these columns is a piecewise linear function of the number. Tree bins
 * see the target of the training rows, all of its classes where it has several. A column
 * of one or two values is one bin; missing cells stay missing. The columns count as
 * indicators: scale leaves them alone.
 */
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/prep/bins.h"
#include "core/prep/state.h"
#include "core/prep/step.h"

enum { BINS_TREE, BINS_QUANTILE };
static const char *const kinds[] = {"tree", "quantile", NULL};

typedef struct piecewise {
    chl_step base;
    int kind;
    int64_t max_bins, min_rows;
    double min_gain;
    chl_bins *bins; /* [n] */
    int *first;     /* [n] slot of bin 0; the others follow */
} piecewise;

static chl_status piecewise_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "bins",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(piecewise, kind),
         .choices = kinds},
        {.name = "max_bins",
         .type = CHL_OPT_INT,
         .offset = offsetof(piecewise, max_bins),
         .min = 1,
         .max = 4096},
        {.name = "min_rows",
         .type = CHL_OPT_INT,
         .offset = offsetof(piecewise, min_rows),
         .min = 1,
         .max = 1e15},
        {.name = "min_gain",
         .type = CHL_OPT_DOUBLE,
         .offset = offsetof(piecewise, min_gain),
         .min = 0,
         .max = 1},
        {.name = NULL},
    };
    piecewise *self = (piecewise *)step;
    self->max_bins = 32;
    self->min_rows = 32;
    self->min_gain = 3e-4;
    return chl_options_read(options, "piecewise", table, self, err);
}

static chl_status reserve(piecewise *self, chl_error *err)
{
    size_t n = (size_t)self->base.n;
    self->bins = chl_calloc(n, sizeof *self->bins);
    self->first = chl_calloc(n, sizeof *self->first);
    return self->bins && self->first ? CHL_OK : chl_fail_memory(err);
}

/* One bin from the smallest to the greatest value where there are no more than two. */
static int most_bins(const piecewise *self, const chl_sample *sample)
{
    double low = sample->values[0], high = sample->values[sample->n - 1];
    for (int64_t i = 0; i < sample->n; i++) {
        if (sample->values[i] != low && sample->values[i] != high) {
            return (int)self->max_bins;
        }
    }
    return 1;
}

static chl_status learn(piecewise *self, int i, const double *x, const double *y,
                        int classes, int64_t rows, chl_error *err)
{
    chl_sample sample;
    CHL_TRY(chl_sample_init(&sample, x, rows, err));
    chl_status status;
    if (sample.n == 0) {
        chl_fail(err, CHL_ENUMERIC, "no value in the training rows");
        status = chl_step_fail(&self->base, i, err);
    } else if (self->kind == BINS_QUANTILE) {
        int most = most_bins(self, &sample);
        status = chl_bins_quantile(&self->bins[i], &sample, most, err);
    } else {
        chl_tree_options tree = {most_bins(self, &sample), self->min_rows,
                                 self->min_gain};
        status = chl_bins_tree(&self->bins[i], x, y, rows, classes, &tree, err);
    }
    chl_sample_reset(&sample);
    return status;
}

static chl_status piecewise_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    piecewise *self = (piecewise *)step;
    double *y = NULL;
    int classes = 2;
    CHL_TRY(reserve(self, err));
    if (self->kind == BINS_TREE) {
        CHL_TRY(chl_fit_target(fit, "piecewise", &y, &classes, err));
    }
    chl_status status = CHL_OK;
    for (int i = 0; i < step->n && status == CHL_OK; i++) {
        const double *x = fit->work->cells[step->slots[i]].numbers;
        status = learn(self, i, x, y, classes, fit->work->rows, err);
    }
    chl_free(y);
    return status;
}

static chl_status piecewise_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    piecewise *self = (piecewise *)step;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].alive = false;
        self->first[i] = layout->n;
        for (int bin = 0, slot; bin < self->bins[i].count; bin++) {
            char number[16];
            snprintf(number, sizeof number, "%d", bin + 1);
            CHL_TRY(chl_step_add_indicator(step, i, "#", number, layout, &slot, err));
        }
    }
    return CHL_OK;
}

/* One bin's column. NaN passes every comparison. */
static void cross(const double *x, int64_t rows, double low, double high, bool first,
                  bool last, double *out)
{
    double width = high - low;
    for (int64_t r = 0; r < rows; r++) {
        double e = width > 0 ? (x[r] - low) / width : x[r] - low;
        e = !first && e < 0 ? 0 : e;
        out[r] = !last && e > 1 ? 1 : e;
    }
}

static chl_status piecewise_apply(const chl_step *step, chl_work *work,
                                  const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const piecewise *self = (const piecewise *)step;
    for (int i = 0; i < step->n; i++) {
        const double *x = work->cells[step->slots[i]].numbers;
        const chl_bins *bins = &self->bins[i];
        for (int bin = 0; bin < bins->count; bin++) {
            cross(x, work->rows, bins->edges[bin], bins->edges[bin + 1], bin == 0,
                  bin == bins->count - 1, work->cells[self->first[i] + bin].numbers);
        }
    }
    return CHL_OK;
}

static chl_status piecewise_save(const chl_step *step, json_t *state, chl_error *err)
{
    const piecewise *self = (const piecewise *)step;
    for (int i = 0; i < step->n; i++) {
        json_t *edges =
            chl_numbers_to_json(self->bins[i].edges, (int64_t)self->bins[i].count + 1);
        CHL_TRY(chl_state_append(state, "edges", edges, err));
    }
    return CHL_OK;
}

static chl_status load_bins(const json_t *edges, chl_bins *bins, chl_error *err)
{
    enum { MOST = 4097 };
    size_t n = json_array_size(edges);
    if (n < 2 || n > MOST) {
        return chl_fail(err, CHL_EFORMAT, "edges: expected 2 to %d numbers, got %zu",
                        MOST, n);
    }
    CHL_TRY(chl_json_numbers(edges, "edges", (int64_t)n, &bins->edges, err));
    bins->count = (int)n - 1;
    for (size_t i = 1; i < n; i++) {
        if (bins->edges[i] < bins->edges[i - 1]) {
            return chl_fail(err, CHL_EFORMAT, "edges: item %zu is below the one before",
                            i + 1);
        }
    }
    return CHL_OK;
}

static chl_status piecewise_load(chl_step *step, const json_t *state, chl_error *err)
{
    piecewise *self = (piecewise *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) {
        const json_t *edges;
        CHL_TRY(chl_state_list(state, "edges", step->n, &edges, err));
        CHL_TRY(load_bins(json_array_get(edges, (size_t)i), &self->bins[i], err));
    }
    return CHL_OK;
}

static void piecewise_describe(const chl_step *step, chl_strbuf *out)
{
    const piecewise *self = (const piecewise *)step;
    int64_t bins = 0;
    for (int i = 0; self->bins && i < step->n; i++) {
        bins += self->bins[i].count;
    }
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": %s bins, at most %lld", kinds[self->kind],
                      (long long)self->max_bins);
    if (bins > 0) {
        chl_strbuf_printf(out, "; %lld in all", (long long)bins);
    }
}

static void piecewise_reset(chl_step *step)
{
    piecewise *self = (piecewise *)step;
    for (int i = 0; self->bins && i < step->n; i++) {
        chl_bins_reset(&self->bins[i]);
    }
    chl_free(self->bins);
    chl_free(self->first);
}

const chl_step_class chl_step_piecewise = {
    .name = "piecewise",
    .size = sizeof(piecewise),
    .takes = CHL_TAKES_NUMBERS,
    .parse = piecewise_parse,
    .fit = piecewise_fit,
    .bind = piecewise_bind,
    .apply = piecewise_apply,
    .save = piecewise_save,
    .load = piecewise_load,
    .describe = piecewise_describe,
    .reset = piecewise_reset,
};
