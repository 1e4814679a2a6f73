/* SPDX-License-Identifier: MIT */
#include "core/metrics/logistic.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/metrics/logistic_problem.h"
#include "core/metrics/ranking.h"

enum { STEPS_MAX = 100, HALVINGS_MAX = 30 };

/* ---- arguments ---- */

static chl_status check_options(const chl_logistic_options *o, chl_error *err)
{
    static const char *const names[] = {"l1", "l2"};
    const double values[] = {o->l1, o->l2};
    for (int i = 0; i < 2; i++) {
        if (!(values[i] >= 0 && isfinite(values[i]))) {
            return chl_fail(
                err, CHL_EINVAL,
                "logistic: %s: expected a finite number of at least 0, got %g", names[i],
                values[i]);
        }
    }
    return CHL_OK;
}

static chl_status check_x(const double *x, int64_t n, int64_t d, int64_t outputs,
                          chl_error *err)
{
    if (d < 0 || d > CHL_LOGISTIC_INPUTS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "logistic: x: expected 0 to %d columns, got %lld",
                        (int)CHL_LOGISTIC_INPUTS_MAX, (long long)d);
    }
    if (outputs > CHL_LOGISTIC_UNKNOWNS_MAX / (d + 1)) {
        return chl_fail(err, CHL_EINVAL,
                        "logistic: expected at most %d columns times classes, got %lld "
                        "times %lld",
                        (int)CHL_LOGISTIC_UNKNOWNS_MAX, (long long)d, (long long)outputs);
    }
    for (int64_t i = 0; i < n * d; i++) {
        if (!isfinite(x[i])) {
            return chl_fail(err, CHL_ENUMERIC,
                            "logistic: x: row %lld, column %lld: expected a finite "
                            "number, got %g",
                            (long long)(i / d) + 1, (long long)(i % d) + 1,
                            isnan(x[i]) ? (double)NAN : x[i]);
        }
    }
    return CHL_OK;
}

static chl_status check_two(const double *y, int64_t n, chl_error *err)
{
    double positives = 0;
    CHL_TRY(chl_check_labels("logistic", y, n, err));
    for (int64_t i = 0; i < n; i++) {
        positives += y[i];
    }
    if (positives == 0 || positives == (double)n) {
        return chl_fail(err, CHL_EINVAL,
                        "logistic: y: expected both classes, got %lld rows of class %d",
                        (long long)n, positives > 0);
    }
    return CHL_OK;
}

static chl_status count_classes(const double *y, int64_t n, int64_t classes,
                                int64_t *counts, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(y[i] >= 0 && y[i] < (double)classes) || y[i] != floor(y[i])) {
            return chl_fail(err, CHL_EINVAL,
                            "logistic: y: row %lld: expected a class from 0 to %lld, got "
                            "%g",
                            (long long)i + 1, (long long)classes - 1, y[i]);
        }
        counts[(int64_t)y[i]]++;
    }
    for (int64_t a = 0; a < classes; a++) {
        if (counts[a] == 0) {
            return chl_fail(err, CHL_EINVAL,
                            "logistic: y: expected every class, got no row of class %lld",
                            (long long)a);
        }
    }
    return CHL_OK;
}

static chl_status check_several(const double *y, int64_t n, int64_t classes,
                                chl_error *err)
{
    int64_t *counts = chl_calloc((size_t)classes, sizeof *counts);
    chl_status status =
        counts ? count_classes(y, n, classes, counts, err) : chl_fail_memory(err);
    chl_free(counts);
    return status;
}

/* ---- Newton ---- */

/* Moves along the step, halving it until the objective does not rise. */
static chl_status move(logistic_problem *q, double value, chl_error *err)
{
    double share = 1, next = INFINITY;
    for (int i = 0; i < HALVINGS_MAX && !(next <= value + 1e-13 * fabs(value)); i++) {
        for (int64_t j = 0; j < q->unknowns; j++) {
            q->trial[j] = q->w[j] + share * q->step[j];
        }
        CHL_TRY(logistic_evaluate(q, false, &next, err));
        share /= 2;
    }
    memcpy(q->w, q->trial, (size_t)q->unknowns * sizeof *q->w);
    return CHL_OK;
}

static chl_status solve(logistic_problem *q, int *iterations, chl_error *err)
{
    double value, largest = INFINITY;
    for (*iterations = 0; *iterations < STEPS_MAX; ++*iterations) {
        CHL_TRY(logistic_evaluate(q, true, &value, err));
        CHL_TRY(logistic_direction(q, &largest, err));
        if (!(largest > 1e-10)) {
            break;
        }
        CHL_TRY(move(q, value, err));
    }
    /* rounding may hold the steps above the goal on badly conditioned columns */
    if (!(largest < 1e-6)) {
        return chl_fail(err, CHL_ENUMERIC,
                        "logistic: no optimum after %d steps: the classes may be "
                        "separable: expected l2 > 0, got %g",
                        *iterations, q->l2);
    }
    return CHL_OK;
}

/* From standardised columns to the columns as given. */
static void unscale(const logistic_problem *q, chl_logistic *out)
{
    double mean = 0;
    for (int64_t a = 0; a < q->outputs; a++) {
        const double *w = q->w + a * q->width;
        double *weights = out->weights + a * q->d;
        out->intercepts[a] = w[q->d];
        for (int64_t j = 0; j < q->d; j++) {
            weights[j] = w[j] * q->scale[j];
            out->intercepts[a] -= weights[j] * q->mean[j];
        }
        mean += out->intercepts[a] / (double)q->outputs;
    }
    for (int64_t a = 0; q->outputs > 1 && a < q->outputs; a++) {
        out->intercepts[a] -= mean; /* the same in every score cancels */
    }
}

static chl_status fit(logistic_problem *q, chl_logistic *out, chl_error *err)
{
    CHL_TRY(logistic_problem_init(q, err));
    out->weights = chl_alloc((size_t)(q->outputs * q->d), sizeof *out->weights);
    out->intercepts = chl_alloc((size_t)q->outputs, sizeof *out->intercepts);
    if (!out->weights || !out->intercepts) {
        return chl_fail_memory(err);
    }
    out->inputs = q->d;
    out->outputs = q->outputs;
    CHL_TRY(solve(q, &out->iterations, err));
    unscale(q, out);
    return CHL_OK;
}

chl_status chl_logistic_fit(const double *x, const double *y, int64_t n, int64_t d,
                            const chl_logistic_options *options,
                            const chl_control *control, chl_logistic *out, chl_error *err)
{
    *out = (chl_logistic){0};
    bool two = options->classes <= 2;
    int64_t outputs = two ? 1 : options->classes;
    CHL_TRY(check_options(options, err));
    CHL_TRY(check_x(x, n, d, outputs, err));
    CHL_TRY(two ? check_two(y, n, err) : check_several(y, n, outputs, err));
    logistic_problem q = {.x = x,
                          .y = y,
                          .n = n,
                          .d = d,
                          .outputs = outputs,
                          .l1 = options->l1,
                          .l2 = options->l2,
                          .control = control};
    chl_status status = fit(&q, out, err);
    chl_free(q.memory);
    if (status != CHL_OK) {
        chl_logistic_reset(out);
    }
    return status;
}

void chl_logistic_reset(chl_logistic *model)
{
    chl_free(model->weights);
    chl_free(model->intercepts);
    *model = (chl_logistic){0};
}

void chl_logistic_predict(const chl_logistic *model, const double *x, int64_t n,
                          double *p)
{
    for (int64_t i = 0; i < n; i++) {
        const double *row = x + i * model->inputs;
        double *scores = p + i * model->outputs;
        for (int64_t a = 0; a < model->outputs; a++) {
            const double *weights = model->weights + a * model->inputs;
            scores[a] = model->intercepts[a];
            for (int64_t j = 0; j < model->inputs; j++) {
                scores[a] += row[j] * weights[j];
            }
        }
        logistic_link(scores, model->outputs);
    }
}
