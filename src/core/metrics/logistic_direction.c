/* SPDX-License-Identifier: MIT
 *
 * Newton's direction: a linear system, or with l1 coordinate descent on the quadratic.
 * Layer: core/metrics.
 */
#include <math.h>
#include <string.h>

#include "core/base/cholesky.h"
#include "core/metrics/logistic_problem.h"

enum { SWEEPS_MAX = 100000 };
static const double STILL = 1e-13; /* a move that ends coordinate descent, relative */

static void solve_system(logistic_problem *q)
{
    logistic_part *sum = &q->parts[0];
    for (int64_t j = 0; j < q->unknowns; j++) {
        q->step[j] = -sum->gradient[j];
    }
    chl_cholesky(sum->hessian, q->unknowns);
    chl_cholesky_solve(sum->hessian, q->unknowns, q->step);
}

/* ---- coordinate descent: q->trial is the minimiser so far ---- */

static void mirror(double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            a[j * n + i] = a[i * n + j];
        }
    }
}

static double shrink(double z, double by)
{
    return z > by ? z - by : z < -by ? z + by : 0;
}

/* Minimises over coordinate j alone; returns its move relative to the weight. */
static double descend(logistic_problem *q, int64_t j)
{
    const logistic_part *sum = &q->parts[0];
    const double *row = sum->hessian + j * q->unknowns;
    double curve = row[j], penalty = j % q->width == q->d ? 0 : q->l1;
    if (!(curve > 0)) {
        return 0; /* a column without variance */
    }
    double slope = sum->gradient[j] + q->change[j], at = q->trial[j];
    double next = shrink(at * curve - slope, penalty) / curve, move = next - at;
    if (move == 0) {
        return 0;
    }
    q->trial[j] = next;
    for (int64_t i = 0; i < q->unknowns; i++) {
        q->change[i] += move * row[i];
    }
    return fabs(move) / fmax(1, fabs(next));
}

/* One round over all coordinates, or over those that are not 0. */
static double sweep(logistic_problem *q, bool all)
{
    double largest = 0;
    for (int64_t j = 0; j < q->unknowns; j++) {
        if (all || q->trial[j] != 0) {
            largest = fmax(largest, descend(q, j));
        }
    }
    return largest;
}

/* Rounds over the non-zero weights between rounds over all, as glmnet does. */
static chl_status coordinate_descent(logistic_problem *q, chl_error *err)
{
    int64_t k = q->unknowns;
    mirror(q->parts[0].hessian, k);
    memcpy(q->trial, q->w, (size_t)k * sizeof *q->trial);
    memset(q->change, 0, (size_t)k * sizeof *q->change);
    for (int i = 0; i < SWEEPS_MAX && sweep(q, true) > STILL; i++) {
        for (; i < SWEEPS_MAX && sweep(q, false) > STILL; i++) {
            CHL_TRY(chl_control_check(q->control, "logistic", err));
        }
    }
    for (int64_t j = 0; j < k; j++) {
        q->step[j] = q->trial[j] - q->w[j];
    }
    return CHL_OK;
}

chl_status logistic_direction(logistic_problem *q, double *largest, chl_error *err)
{
    if (q->l1 > 0) {
        CHL_TRY(coordinate_descent(q, err));
    } else {
        solve_system(q);
    }
    *largest = 0;
    for (int64_t j = 0; j < q->unknowns; j++) {
        *largest = fmax(*largest, fabs(q->step[j]) / fmax(1, fabs(q->w[j])));
    }
    return CHL_OK;
}
