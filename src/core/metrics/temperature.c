/* SPDX-License-Identifier: MIT
 *
 * One temperature for all classes: Guo, Pleiss, Sun, Weinberger, "On calibration of
 * modern neural networks" (ICML 2017). The log loss is convex in a = 1/T, so its only
 * stationary point is found by Newton steps inside a bracket, and by halving it where a
 * step leaves it.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/metrics/calibrators.h"

static const double LOWEST_LOG = -36; /* as logits are cut: 2^-52 */
static const double LEAST = 0x1p-6, MOST = 0x1p6;

/* q[classes] = softmax(a · log p). */
static void soften(double a, const double *p, int classes, double *q)
{
    double most = -INFINITY, sum = 0;
    for (int c = 0; c < classes; c++) {
        q[c] = a * fmax(log(p[c]), LOWEST_LOG);
        most = fmax(most, q[c]);
    }
    for (int c = 0; c < classes; c++) {
        q[c] = exp(q[c] - most);
        sum += q[c];
    }
    for (int c = 0; c < classes; c++) {
        q[c] /= sum;
    }
}

void chl_class_temperature_apply(double a, double *p, int64_t n, int classes)
{
    for (int64_t i = 0; i < n; i++) {
        soften(a, p + i * classes, classes, p + i * classes);
    }
}

/* First and second derivative of the log loss by a. */
static void derivatives(double a, const double *y, const double *p, int64_t n,
                        int classes, double *q, double *first, double *second)
{
    *first = *second = 0;
    for (int64_t i = 0; i < n; i++, p += classes) {
        double mean = 0, squares = 0, own = 0;
        soften(a, p, classes, q);
        for (int c = 0; c < classes; c++) {
            double z = fmax(log(p[c]), LOWEST_LOG);
            mean += q[c] * z;
            squares += q[c] * z * z;
            own = c == (int)y[i] ? z : own;
        }
        *first += mean - own;
        *second += fmax(squares - mean * mean, 0);
    }
}

chl_status chl_class_temperature_fit(const double *y, const double *p, int64_t n,
                                     int classes, double *out, chl_error *err)
{
    enum { STEPS_MAX = 200 };
    double *q = chl_alloc((size_t)classes, sizeof *q);
    if (!q) {
        return chl_fail_memory(err);
    }
    double low = LEAST, high = MOST, a = 1, moved = 1;
    for (int step = 0; step < STEPS_MAX && moved > 1e-14 * a; step++) {
        double first, second;
        derivatives(a, y, p, n, classes, q, &first, &second);
        *(first > 0 ? &high : &low) = a;
        double next = second > 0 ? a - first / second : NAN;
        if (!(next > low && next < high)) {
            next = (low + high) / 2;
        }
        moved = first == 0 ? 0 : fabs(next - a);
        a = first == 0 ? a : next;
    }
    chl_free(q);
    *out = a;
    return CHL_OK;
}
