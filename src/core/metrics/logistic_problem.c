/* SPDX-License-Identifier: MIT */
#include "core/metrics/logistic_problem.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

enum {
    HESSIANS_MAX = 1 << 24, /* numbers in all parts' Hessians, when there are several */
    PART_ROWS = 512         /* at least, except for the last */
};

/* ---- set-up ---- */

static void count_parts(logistic_problem *q)
{
    q->part_count = (q->n + PART_ROWS - 1) / PART_ROWS;
    q->part_count =
        q->part_count < LOGISTIC_PARTS_MAX ? q->part_count : LOGISTIC_PARTS_MAX;
    while (q->part_count > 1 &&
           q->part_count * q->unknowns * q->unknowns > HESSIANS_MAX) {
        q->part_count /= 2;
    }
}

static chl_status allocate(logistic_problem *q, chl_error *err)
{
    int64_t k = q->unknowns, row = q->width + q->outputs * (1 + q->outputs);
    count_parts(q);
    int64_t part = k * k + k + LOGISTIC_BLOCK * row;
    q->memory = chl_calloc((size_t)(6 * k + q->part_count * part), sizeof(double));
    if (!q->memory) {
        return chl_fail_memory(err);
    }
    double *at = q->memory;
    double **vectors[] = {&q->mean, &q->scale, &q->w, &q->step, &q->trial, &q->change};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++, at += k) {
        *vectors[i] = at;
    }
    for (int64_t i = 0; i < q->part_count; i++, at += part) {
        double *rows = at + k * k + k;
        q->parts[i] =
            (logistic_part){.hessian = at,
                            .gradient = at + k * k,
                            .z = rows,
                            .first = rows + LOGISTIC_BLOCK * q->width,
                            .second = rows + LOGISTIC_BLOCK * (q->width + q->outputs)};
    }
    return CHL_OK;
}

/* A variance within the rounding of the mean is none (as scikit-learn decides it). */
static void standardise(logistic_problem *q)
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

chl_status logistic_problem_init(logistic_problem *q, chl_error *err)
{
    q->width = q->d + 1;
    q->unknowns = q->outputs * q->width;
    CHL_TRY(allocate(q, err));
    standardise(q);
    return CHL_OK;
}

/* ---- one row: log loss, its first and second derivatives by the scores ---- */

static double sigmoid(double z)
{
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* No cancellation for large scores: separable classes must not look like an optimum. */
static double two_classes(double score, double y, double *first, double *second)
{
    double margin = y != 0 ? score : -score;
    double miss = sigmoid(-margin), e = exp(-fabs(score));
    *first = y != 0 ? -miss : miss;
    *second = e / ((1 + e) * (1 + e));
    return log1p(e) + fmax(-margin, 0);
}

/* p becomes softmax of the scores in it; returns log of the sum of exp(score - highest).
 */
static double softmax(double *p, int64_t n, double *highest)
{
    double sum = 0;
    *highest = p[0];
    for (int64_t a = 1; a < n; a++) {
        *highest = fmax(*highest, p[a]);
    }
    for (int64_t a = 0; a < n; a++) {
        p[a] = exp(p[a] - *highest);
        sum += p[a];
    }
    for (int64_t a = 0; a < n; a++) {
        p[a] /= sum;
    }
    return log(fmax(sum, 1)); /* the largest term is 1 */
}

void logistic_link(double *scores, int64_t outputs)
{
    double highest;
    if (outputs == 1) {
        scores[0] = sigmoid(scores[0]);
    } else {
        softmax(scores, outputs, &highest);
    }
}

/* 1 - p[a], added up from the others. */
static double rest(const double *p, int64_t n, int64_t a)
{
    double sum = 0;
    for (int64_t b = 0; b < n; b++) {
        sum += b != a ? p[b] : 0;
    }
    return sum;
}

/* `first` holds the scores and becomes p - [class]; second = diag(p) - p pᵀ. */
static double several_classes(int64_t n, int64_t y, double *first, double *second)
{
    double highest, score = first[y];
    double loss = softmax(first, n, &highest) + highest - score;
    for (int64_t a = 0; a < n; a++) {
        for (int64_t b = 0; b < a; b++) {
            second[a * n + b] = -first[a] * first[b];
        }
        second[a * n + a] = first[a] * rest(first, n, a);
    }
    first[y] = -rest(first, n, y);
    return loss;
}

/* z = the standardised row i, then 1; scores = its scores at w. */
static void fill_row(const logistic_problem *q, int64_t i, const double *w, double *z,
                     double *scores)
{
    const double *row = q->x + i * q->d;
    for (int64_t j = 0; j < q->d; j++) {
        z[j] = (row[j] - q->mean[j]) * q->scale[j];
    }
    z[q->d] = 1;
    for (int64_t a = 0; a < q->outputs; a++) {
        const double *of = w + a * q->width;
        double score = of[q->d];
        for (int64_t j = 0; j < q->d; j++) {
            score += of[j] * z[j];
        }
        scores[a] = score;
    }
}

/* ---- all rows ---- */

/* to[l] += the sum over the rows r of share[r] · z[r][l], added in their order. */
static void add_rows(int64_t rows, const double *share, const double *z, int64_t width,
                     int64_t n, double *restrict to)
{
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4, z += 4 * width) {
        double s0 = share[r], s1 = share[r + 1], s2 = share[r + 2], s3 = share[r + 3];
        const double *restrict z0 = z, *restrict z1 = z + width;
        const double *restrict z2 = z + 2 * width, *restrict z3 = z + 3 * width;
        for (int64_t l = 0; l < n; l++) {
            to[l] = to[l] + s0 * z0[l] + s1 * z1[l] + s2 * z2[l] + s3 * z3[l];
        }
    }
    for (; r < rows; r++, z += width) {
        for (int64_t l = 0; l < n; l++) {
            to[l] += share[r] * z[l];
        }
    }
}

/* hessian block (a, b) += second · z zᵀ of each row; on the diagonal its lower triangle.
 */
static void add_block(const logistic_problem *q, const logistic_part *t, int64_t rows,
                      int64_t a, int64_t b)
{
    const double *second = t->second + a * q->outputs + b;
    for (int64_t j = 0; j < q->width; j++) {
        double share[LOGISTIC_BLOCK];
        for (int64_t r = 0; r < rows; r++) {
            share[r] = second[r * q->outputs * q->outputs] * t->z[r * q->width + j];
        }
        double *to = t->hessian + (a * q->width + j) * q->unknowns + b * q->width;
        add_rows(rows, share, t->z, q->width, a == b ? j + 1 : q->width, to);
    }
}

static void add_derivatives(const logistic_problem *q, const logistic_part *t,
                            int64_t rows)
{
    for (int64_t a = 0; a < q->outputs; a++) {
        double share[LOGISTIC_BLOCK];
        for (int64_t r = 0; r < rows; r++) {
            share[r] = t->first[r * q->outputs + a];
        }
        add_rows(rows, share, t->z, q->width, q->width, t->gradient + a * q->width);
        for (int64_t b = 0; b <= a; b++) {
            add_block(q, t, rows, a, b);
        }
    }
}

/* Rows from … of at most a block: their loss, and with `second` their derivatives. */
static void add_some(const logistic_problem *q, logistic_part *t, int64_t from,
                     int64_t rows)
{
    const double *w = q->second ? q->w : q->trial;
    for (int64_t r = 0; r < rows; r++) {
        double *first = t->first + r * q->outputs;
        double *second = t->second + r * q->outputs * q->outputs, y = q->y[from + r];
        fill_row(q, from + r, w, t->z + r * q->width, first);
        t->value += q->outputs == 1
                        ? two_classes(first[0], y, first, second)
                        : several_classes(q->outputs, (int64_t)y, first, second);
    }
    if (q->second) {
        add_derivatives(q, t, rows);
    }
}

static chl_status run_part(void *ctx, size_t index, chl_error *err)
{
    logistic_problem *q = ctx;
    logistic_part *t = &q->parts[index];
    int64_t k = q->unknowns, many = q->part_count;
    int64_t from = q->n * (int64_t)index / many, to = q->n * ((int64_t)index + 1) / many;
    t->value = 0;
    if (q->second) {
        memset(t->gradient, 0, (size_t)k * sizeof *t->gradient);
        memset(t->hessian, 0, (size_t)(k * k) * sizeof *t->hessian);
    }
    for (int64_t i = from; i < to; i += LOGISTIC_BLOCK) {
        CHL_TRY(chl_control_check(q->control, "logistic", err));
        add_some(q, t, i, to - i < LOGISTIC_BLOCK ? to - i : LOGISTIC_BLOCK);
    }
    return CHL_OK;
}

/* Adds the penalties at w to *value, and with derivatives those of l2. */
static void add_penalties(logistic_problem *q, const double *w, double *value)
{
    logistic_part *sum = &q->parts[0];
    double ones = 0, squares = 0;
    for (int64_t j = 0; j < q->unknowns; j++) {
        if (j % q->width == q->d) {
            continue; /* an intercept */
        }
        ones += fabs(w[j]);
        squares += w[j] * w[j];
        if (q->second) {
            sum->gradient[j] += q->l2 * w[j];
            sum->hessian[j * q->unknowns + j] += q->l2;
        }
    }
    *value += q->l1 * ones + q->l2 / 2 * squares;
}

chl_status logistic_evaluate(logistic_problem *q, bool second, double *value,
                             chl_error *err)
{
    q->second = second;
    CHL_TRY(chl_parallel_for(chl_control_threads(q->control), (size_t)q->part_count,
                             run_part, q, err));
    int64_t k = q->unknowns;
    logistic_part *sum = &q->parts[0];
    for (int64_t i = 1; i < q->part_count; i++) {
        sum->value += q->parts[i].value;
        for (int64_t j = 0; second && j < k; j++) {
            sum->gradient[j] += q->parts[i].gradient[j];
        }
        for (int64_t j = 0; second && j < k * k; j++) {
            sum->hessian[j] += q->parts[i].hessian[j];
        }
    }
    *value = sum->value;
    add_penalties(q, second ? q->w : q->trial, value);
    return CHL_OK;
}
