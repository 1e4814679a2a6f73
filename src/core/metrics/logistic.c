/* SPDX-License-Identifier: MIT */
#include "core/metrics/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cholesky.h"
#include "core/base/parallel.h"
#include "core/metrics/ranking.h"

enum {
    STEPS_MAX = 100,
    HALVINGS_MAX = 30,
    HESSIANS_MAX = 1 << 24, /* numbers in all parts' Hessians, when there are several */
    PARTS_MAX = 16,         /* of the rows, added in order: independent of the threads */
    PART_ROWS = 512         /* at least, except for the last */
};

typedef struct part {
    double value;     /* sum of log losses */
    double *gradient; /* [d + 1], the intercept last */
    double *hessian;  /* (d + 1)², lower triangle */
    double *z;        /* [d + 1] one standardised row, then 1 */
} part;

typedef struct problem {
    const double *x, *y;
    int64_t n, d;
    double l2;
    const chl_control *control;
    double *mean, *scale; /* [d]; scale = 1/deviation, 0 for a constant column */
    double *w;            /* [d + 1], intercept last: where derivatives are taken */
    double *step, *trial; /* [d + 1] */
    double *memory;       /* what all of these point into */
    part parts[PARTS_MAX];
    int64_t part_count;
    bool second; /* the derivatives are wanted, not the value alone */
} problem;

/* ---- set-up ---- */

static chl_status check_input(const double *x, const double *y, int64_t n, int64_t d,
                              double l2, chl_error *err)
{
    CHL_TRY(chl_check_labels("logistic", y, n, err));
    if (d < 0 || d > CHL_LOGISTIC_INPUTS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "logistic: x: expected 0 to %d columns, got %lld",
                        (int)CHL_LOGISTIC_INPUTS_MAX, (long long)d);
    }
    if (!(l2 >= 0 && isfinite(l2))) {
        return chl_fail(err, CHL_EINVAL,
                        "logistic: l2: expected a finite number of at least 0, got %g",
                        l2);
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
    double positives = 0;
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

static chl_status allocate(problem *q, chl_error *err)
{
    int64_t k = q->d + 1;
    q->part_count = (q->n + PART_ROWS - 1) / PART_ROWS;
    q->part_count = q->part_count < PARTS_MAX ? q->part_count : PARTS_MAX;
    while (q->part_count > 1 && q->part_count * k * k > HESSIANS_MAX) {
        q->part_count /= 2;
    }
    size_t rows = (size_t)(5 + q->part_count * (2 + k)); /* vectors of k numbers */
    q->memory = chl_calloc(rows, (size_t)k * sizeof(double));
    if (!q->memory) {
        return chl_fail_memory(err);
    }
    double *at = q->memory;
    double **vectors[] = {&q->mean, &q->scale, &q->w, &q->step, &q->trial};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++, at += k) {
        *vectors[i] = at;
    }
    for (int64_t i = 0; i < q->part_count; i++, at += (2 + k) * k) {
        q->parts[i] = (part){.gradient = at, .z = at + k, .hessian = at + 2 * k};
    }
    return CHL_OK;
}

/* A variance within the rounding of the mean is none (as scikit-learn decides it). */
static void standardise(problem *q)
{
    double n = (double)q->n, epsilon = 0x1p-52;
    for (int64_t i = 0; i < q->n; i++) {
        for (int64_t j = 0; j < q->d; j++) {
            q->mean[j] += q->x[i * q->d + j] / n;
        }
    }
    for (int64_t i = 0; i < q->n; i++) {
        for (int64_t j = 0; j < q->d; j++) {
            double gap = q->x[i * q->d + j] - q->mean[j];
            q->scale[j] += gap * gap / n;
        }
    }
    for (int64_t j = 0; j < q->d; j++) {
        double variance = q->scale[j], noise = n * q->mean[j] * epsilon;
        bool constant =
            !(variance > n * epsilon * variance + noise * noise) || !isfinite(variance);
        q->scale[j] = constant ? 0 : 1 / sqrt(variance);
    }
}

/* ---- value, gradient, Hessian ---- */

static double sigmoid(double z)
{
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* One row's log loss with its first and second derivative by the score. No cancellation
 * for large scores: separable classes must not look like an optimum. */
static double row_loss(double score, double y, double *first, double *second)
{
    double margin = y != 0 ? score : -score;
    double miss = sigmoid(-margin), e = exp(-fabs(score));
    *first = y != 0 ? -miss : miss;
    *second = e / ((1 + e) * (1 + e));
    return log1p(e) + fmax(-margin, 0);
}

static double fill_row(const problem *q, int64_t i, const double *w, double *z)
{
    const double *row = q->x + i * q->d;
    double score = w[q->d];
    for (int64_t j = 0; j < q->d; j++) {
        z[j] = (row[j] - q->mean[j]) * q->scale[j];
        score += w[j] * z[j];
    }
    z[q->d] = 1;
    return score;
}

static void add_derivatives(part *t, int64_t k, double first, double second)
{
    for (int64_t j = 0; j < k; j++) {
        t->gradient[j] += first * t->z[j];
        double share = second * t->z[j];
        double *row = t->hessian + j * k;
        for (int64_t l = 0; l <= j; l++) {
            row[l] += share * t->z[l];
        }
    }
}

static chl_status run_part(void *ctx, size_t index, chl_error *err)
{
    problem *q = ctx;
    part *t = &q->parts[index];
    int64_t k = q->d + 1, many = q->part_count;
    int64_t from = q->n * (int64_t)index / many, to = q->n * ((int64_t)index + 1) / many;
    const double *w = q->second ? q->w : q->trial;
    t->value = 0;
    memset(t->gradient, 0, (size_t)k * sizeof *t->gradient);
    memset(t->hessian, 0, (size_t)(k * k) * sizeof *t->hessian);
    for (int64_t i = from; i < to; i++) {
        if ((i & 15) == 0) {
            CHL_TRY(chl_control_check(q->control, "logistic", err));
        }
        double first, second;
        t->value += row_loss(fill_row(q, i, w, t->z), q->y[i], &first, &second);
        if (q->second) {
            add_derivatives(t, k, first, second);
        }
    }
    return CHL_OK;
}

static double penalty(const problem *q, const double *w)
{
    double sum = 0;
    for (int64_t j = 0; j < q->d; j++) {
        sum += w[j] * w[j];
    }
    return q->l2 / 2 * sum;
}

/* The objective at q->trial, or with `second` at q->w with its derivatives, which end in
 * parts[0]. */
static chl_status evaluate(problem *q, bool second, double *value, chl_error *err)
{
    q->second = second;
    CHL_TRY(chl_parallel_for(chl_control_threads(q->control), (size_t)q->part_count,
                             run_part, q, err));
    int64_t k = q->d + 1;
    part *sum = &q->parts[0];
    for (int64_t i = 1; i < q->part_count; i++) {
        sum->value += q->parts[i].value;
        for (int64_t j = 0; second && j < k; j++) {
            sum->gradient[j] += q->parts[i].gradient[j];
        }
        for (int64_t j = 0; second && j < k * k; j++) {
            sum->hessian[j] += q->parts[i].hessian[j];
        }
    }
    *value = sum->value + penalty(q, second ? q->w : q->trial);
    for (int64_t j = 0; second && j < q->d; j++) {
        sum->gradient[j] += q->l2 * q->w[j];
        sum->hessian[j * k + j] += q->l2;
    }
    return CHL_OK;
}

/* ---- Newton ---- */

/* q->step = -Hessian⁻¹ · gradient; returns its largest entry relative to the weights. */
static double newton_step(problem *q)
{
    int64_t k = q->d + 1;
    part *sum = &q->parts[0];
    for (int64_t j = 0; j < k; j++) {
        q->step[j] = -sum->gradient[j];
    }
    chl_cholesky(sum->hessian, k);
    chl_cholesky_solve(sum->hessian, k, q->step);
    double largest = 0;
    for (int64_t j = 0; j < k; j++) {
        largest = fmax(largest, fabs(q->step[j]) / fmax(1, fabs(q->w[j])));
    }
    return largest;
}

/* Moves along the step, halving it until the objective does not rise. */
static chl_status move(problem *q, double value, chl_error *err)
{
    int64_t k = q->d + 1;
    double share = 1, next = INFINITY;
    for (int i = 0; i < HALVINGS_MAX && !(next <= value + 1e-13 * fabs(value)); i++) {
        for (int64_t j = 0; j < k; j++) {
            q->trial[j] = q->w[j] + share * q->step[j];
        }
        CHL_TRY(evaluate(q, false, &next, err));
        share /= 2;
    }
    memcpy(q->w, q->trial, (size_t)k * sizeof *q->w);
    return CHL_OK;
}

static chl_status solve(problem *q, int *iterations, chl_error *err)
{
    double value, largest = INFINITY;
    for (*iterations = 0; *iterations < STEPS_MAX; ++*iterations) {
        CHL_TRY(evaluate(q, true, &value, err));
        largest = newton_step(q);
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
static void unscale(const problem *q, chl_logistic *out)
{
    out->intercept = q->w[q->d];
    for (int64_t j = 0; j < q->d; j++) {
        out->weights[j] = q->w[j] * q->scale[j];
        out->intercept -= out->weights[j] * q->mean[j];
    }
}

static chl_status fit(problem *q, chl_logistic *out, chl_error *err)
{
    CHL_TRY(allocate(q, err));
    out->weights = chl_alloc((size_t)q->d, sizeof *out->weights);
    if (!out->weights) {
        return chl_fail_memory(err);
    }
    out->inputs = q->d;
    standardise(q);
    CHL_TRY(solve(q, &out->iterations, err));
    unscale(q, out);
    return CHL_OK;
}

chl_status chl_logistic_fit(const double *x, const double *y, int64_t n, int64_t d,
                            double l2, const chl_control *control, chl_logistic *out,
                            chl_error *err)
{
    *out = (chl_logistic){0};
    CHL_TRY(check_input(x, y, n, d, l2, err));
    problem q = {.x = x, .y = y, .n = n, .d = d, .l2 = l2, .control = control};
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
    *model = (chl_logistic){0};
}

void chl_logistic_predict(const chl_logistic *model, const double *x, int64_t n,
                          double *p)
{
    for (int64_t i = 0; i < n; i++) {
        const double *row = x + i * model->inputs;
        double score = model->intercept;
        for (int64_t j = 0; j < model->inputs; j++) {
            score += row[j] * model->weights[j];
        }
        p[i] = sigmoid(score);
    }
}
