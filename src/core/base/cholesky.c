/* SPDX-License-Identifier: MIT */
#include "core/base/cholesky.h"

#include <math.h>

static const double DEPENDENT = 1e-11; /* share of the diagonal that a pivot must keep */

/* Four sums side by side: one alone waits for each addition. */
static double dot(const double *a, const double *b, int64_t n)
{
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++) {
        s0 += a[i] * b[i];
    }
    return (s0 + s1) + (s2 + s3);
}

int64_t chl_cholesky(double *a, int64_t d)
{
    int64_t rank = 0;
    for (int64_t j = 0; j < d; j++) {
        double *row = a + j * d;
        double pivot = row[j] - dot(row, row, j);
        int keep = row[j] > 0 && pivot > DEPENDENT * row[j];
        row[j] = keep ? sqrt(pivot) : 0;
        rank += keep;
        for (int64_t i = j + 1; i < d; i++) {
            double *below = a + i * d;
            below[j] = keep ? (below[j] - dot(below, row, j)) / row[j] : 0;
        }
    }
    return rank;
}

void chl_cholesky_solve(const double *l, int64_t d, double *b)
{
    for (int64_t i = 0; i < d; i++) {
        double pivot = l[i * d + i];
        b[i] = pivot > 0 ? (b[i] - dot(l + i * d, b, i)) / pivot : 0;
    }
    for (int64_t i = d - 1; i >= 0; i--) {
        double pivot = l[i * d + i];
        b[i] = pivot > 0 ? b[i] / pivot : 0;
        for (int64_t j = 0; j < i; j++) {
            b[j] -= l[i * d + j] * b[i];
        }
    }
}
