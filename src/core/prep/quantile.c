/* SPDX-License-Identifier: MIT
 *
 * Step "quantile": a number becomes its rank among the training rows, as a normal score
 * (or a share from 0 to 1). Layer: core/prep. Options: output ("normal", the default, or
 * "uniform"), points (0: a thirtieth of the rows, from 10 to 1000).
 *
 * At each of `points` evenly spread order statistics v the share of the training rows is
 * u(v) = (rows below v + rows up to v) / 2n, so that a value that many rows have, such as
 * a zero balance, stands in the middle of its rows. "normal" is the standard normal
 * quantile of u. In between the map is linear; beyond the training rows it stays at the
 * ends, which are finite. Missing cells stay missing.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/prep/state.h"
#include "core/prep/stats.h"
#include "core/prep/step.h"

enum { OUTPUT_NORMAL, OUTPUT_UNIFORM };
static const char *const outputs[] = {"normal", "uniform", NULL};

/* A rising map, linear between its points. */
typedef struct map {
    double *from, *to; /* [n], from strictly rising */
    int n;
} map;

typedef struct quantile {
    chl_step base;
    int output;
    int64_t points;
    map *maps; /* [n] */
} quantile;

static chl_status quantile_parse(chl_step *step, const json_t *options, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "step", .type = CHL_OPT_IGNORE},
        {.name = "columns", .type = CHL_OPT_IGNORE},
        {.name = "output",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(quantile, output),
         .choices = outputs},
        {.name = "points",
         .type = CHL_OPT_INT,
         .offset = offsetof(quantile, points),
         .min = 0,
         .max = 100000},
        {.name = NULL},
    };
    return chl_options_read(options, "quantile", table, step, err);
}

/* The x with P(N(0, 1) ≤ x) = p, 0 < p < 1: Halley's method on erfc. */
static double normal_quantile(double p)
{
    const double root_2pi = 2.5066282746310002;
    double x = 0;
    for (int i = 0; i < 50; i++) {
        double error = 0.5 * erfc(-x / sqrt(2)) - p;
        double step = error * root_2pi * exp(x * x / 2);
        step /= 1 + x * step / 2;
        step = fmax(-1, fmin(1, step));
        x -= step;
        if (fabs(step) < 1e-14) {
            break;
        }
    }
    return x;
}

/* Rows up to and including value, by bisection in the rising sample. */
static int64_t rows_up_to(const chl_sample *sample, double value)
{
    int64_t low = 0, high = sample->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sample->values[middle] <= value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t point_count(const quantile *self, int64_t rows)
{
    enum { ROWS_A_POINT = 30, LEAST = 10, MOST = 1000 };
    int64_t n = self->points ? self->points : rows / ROWS_A_POINT;
    n = self->points || n > LEAST ? n : LEAST;
    n = self->points || n < MOST ? n : MOST;
    return n < 2 ? 2 : n;
}

static chl_status learn_map(const quantile *self, const chl_sample *sample, map *m,
                            chl_error *err)
{
    int64_t points = point_count(self, sample->n), below = 0;
    *m = (map){.from = chl_alloc((size_t)points, sizeof(double)),
               .to = chl_alloc((size_t)points, sizeof(double))};
    if (!m->from || !m->to) {
        return chl_fail_memory(err);
    }
    double rows = (double)sample->n;
    for (int64_t i = 0; i < points; i++) {
        double at = (double)i / (double)(points - 1) * (rows - 1);
        double v = sample->values[(int64_t)(at + 0.5)];
        if (m->n > 0 && v <= m->from[m->n - 1]) {
            continue;
        }
        int64_t up_to = rows_up_to(sample, v);
        while (sample->values[below] < v) {
            below++;
        }
        double share = (double)(below + up_to) / (2 * rows);
        m->from[m->n] = v;
        m->to[m->n++] = self->output == OUTPUT_NORMAL ? normal_quantile(share) : share;
    }
    return CHL_OK;
}

static chl_status learn(quantile *self, int i, const double *x, int64_t rows,
                        chl_error *err)
{
    chl_sample sample;
    CHL_TRY(chl_sample_init(&sample, x, rows, err));
    chl_status status;
    if (sample.n == 0) {
        chl_fail(err, CHL_ENUMERIC, "no value in the training rows");
        status = chl_step_fail(&self->base, i, err);
    } else {
        status = learn_map(self, &sample, &self->maps[i], err);
    }
    chl_sample_reset(&sample);
    return status;
}

static chl_status reserve(quantile *self, chl_error *err)
{
    self->maps = chl_calloc((size_t)self->base.n, sizeof *self->maps);
    return self->maps ? CHL_OK : chl_fail_memory(err);
}

static chl_status quantile_fit(chl_step *step, const chl_fit *fit, chl_error *err)
{
    quantile *self = (quantile *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) {
        const double *x = fit->work->cells[step->slots[i]].numbers;
        CHL_TRY(learn(self, i, x, fit->work->rows, err));
    }
    return CHL_OK;
}

static chl_status quantile_bind(chl_step *step, chl_layout *layout, chl_error *err)
{
    (void)err;
    for (int i = 0; i < step->n; i++) {
        layout->slots[step->slots[i]].type = CHL_F64;
    }
    return CHL_OK;
}

static double map_value(const map *m, double x)
{
    int low = 0, high = m->n - 1;
    if (!(x > m->from[0])) {
        return isnan(x) ? x : m->to[0];
    }
    if (x >= m->from[high]) {
        return m->to[high];
    }
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        *(m->from[middle] <= x ? &low : &high) = middle;
    }
    double share = (x - m->from[low]) / (m->from[high] - m->from[low]);
    return m->to[low] + share * (m->to[high] - m->to[low]);
}

static chl_status quantile_apply(const chl_step *step, chl_work *work,
                                 const chl_layout *layout, chl_error *err)
{
    (void)layout;
    (void)err;
    const quantile *self = (const quantile *)step;
    for (int i = 0; i < step->n; i++) {
        double *x = chl_work_change(work, step->slots[i]);
        for (int64_t r = 0; r < work->rows; r++) {
            x[r] = map_value(&self->maps[i], x[r]);
        }
    }
    return CHL_OK;
}

static chl_status quantile_save(const chl_step *step, json_t *state, chl_error *err)
{
    const quantile *self = (const quantile *)step;
    for (int i = 0; i < step->n; i++) {
        const map *m = &self->maps[i];
        CHL_TRY(chl_state_append(state, "from", chl_numbers_to_json(m->from, m->n), err));
        CHL_TRY(chl_state_append(state, "to", chl_numbers_to_json(m->to, m->n), err));
    }
    return CHL_OK;
}

static chl_status load_map(const json_t *from, const json_t *to, map *m, chl_error *err)
{
    enum { MOST = 100000 };
    size_t n = json_array_size(from);
    if (n < 1 || n > MOST) {
        return chl_fail(err, CHL_EFORMAT, "from: expected 1 to %d numbers, got %zu", MOST,
                        n);
    }
    CHL_TRY(chl_json_numbers(from, "from", (int64_t)n, &m->from, err));
    CHL_TRY(chl_json_numbers(to, "to", (int64_t)n, &m->to, err));
    m->n = (int)n;
    for (size_t i = 1; i < n; i++) {
        if (!(m->from[i] > m->from[i - 1])) {
            return chl_fail(err, CHL_EFORMAT, "from: item %zu does not rise", i + 1);
        }
    }
    return CHL_OK;
}

static chl_status quantile_load(chl_step *step, const json_t *state, chl_error *err)
{
    quantile *self = (quantile *)step;
    CHL_TRY(reserve(self, err));
    for (int i = 0; i < step->n; i++) { /* without columns there are no lists */
        const json_t *from, *to;
        CHL_TRY(chl_state_list(state, "from", step->n, &from, err));
        CHL_TRY(chl_state_list(state, "to", step->n, &to, err));
        CHL_TRY(load_map(json_array_get(from, (size_t)i), json_array_get(to, (size_t)i),
                         &self->maps[i], err));
    }
    return CHL_OK;
}

static void quantile_describe(const chl_step *step, chl_strbuf *out)
{
    const quantile *self = (const quantile *)step;
    chl_step_describe_columns(step, out);
    chl_strbuf_printf(out, ": %s scores", outputs[self->output]);
}

static void quantile_reset(chl_step *step)
{
    quantile *self = (quantile *)step;
    for (int i = 0; self->maps && i < step->n; i++) {
        chl_free(self->maps[i].from);
        chl_free(self->maps[i].to);
    }
    chl_free(self->maps);
}

const chl_step_class chl_step_quantile = {
    .name = "quantile",
    .size = sizeof(quantile),
    .takes = CHL_TAKES_NUMBERS,
    .parse = quantile_parse,
    .fit = quantile_fit,
    .bind = quantile_bind,
    .apply = quantile_apply,
    .save = quantile_save,
    .load = quantile_load,
    .describe = quantile_describe,
    .reset = quantile_reset,
};
