/* SPDX-License-Identifier: MIT */
#include "core/prep/target_values.h"

#include <stdbool.h>

#include "core/base/alloc.h"

typedef struct level_sums {
    int64_t *count;
    double *mean;    /* of y within the level */
    double *squares; /* sum of squared deviations within the level */
} level_sums;

static bool counts_row(const int32_t *codes, const int32_t *fold, int32_t leave_out,
                       int64_t i)
{
    return codes[i] >= 0 && (!fold || fold[i] != leave_out);
}

static void sum_levels(const int32_t *codes, const double *y, const int32_t *fold,
                       int32_t leave_out, int64_t rows, int32_t levels, level_sums *sums)
{
    for (int64_t i = 0; i < rows; i++) {
        if (counts_row(codes, fold, leave_out, i)) {
            sums->count[codes[i]]++;
            sums->mean[codes[i]] += y[i];
        }
    }
    for (int32_t c = 0; c < levels; c++) {
        sums->mean[c] = sums->count[c] ? sums->mean[c] / (double)sums->count[c] : 0;
    }
    for (int64_t i = 0; i < rows; i++) {
        if (counts_row(codes, fold, leave_out, i)) {
            double d = y[i] - sums->mean[codes[i]];
            sums->squares[codes[i]] += d * d;
        }
    }
}

static void mean_and_variance(const int32_t *codes, const double *y, const int32_t *fold,
                              int32_t leave_out, int64_t rows, double *mean,
                              double *variance)
{
    double n = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (counts_row(codes, fold, leave_out, i)) {
            n++;
            sum += y[i];
        }
    }
    *mean = n > 0 ? sum / n : 0;
    for (int64_t i = 0; i < rows; i++) {
        if (counts_row(codes, fold, leave_out, i)) {
            squares += (y[i] - *mean) * (y[i] - *mean);
        }
    }
    *variance = n > 0 ? squares / n : 0;
}

static double shrink(const level_sums *sums, int32_t c, double smooth, double mean,
                     double variance)
{
    double n = (double)sums->count[c];
    double weight = smooth < 0 ? n * variance : n;
    double against = smooth < 0 ? sums->squares[c] / n : smooth;
    if (n == 0 || !(weight + against > 0)) {
        return mean;
    }
    double l = weight / (weight + against);
    return l * sums->mean[c] + (1 - l) * mean;
}

chl_status chl_target_values(const int32_t *codes, const double *y, const int32_t *fold,
                             int32_t leave_out, int64_t rows, int32_t levels,
                             double smooth, double *values, double *mean, chl_error *err)
{
    level_sums sums = {
        .count = chl_calloc((size_t)levels, sizeof *sums.count),
        .mean = chl_calloc((size_t)levels, sizeof *sums.mean),
        .squares = chl_calloc((size_t)levels, sizeof *sums.squares),
    };
    chl_status status = CHL_OK;
    if (!sums.count || !sums.mean || !sums.squares) {
        status = chl_fail_memory(err);
    } else {
        double variance;
        mean_and_variance(codes, y, fold, leave_out, rows, mean, &variance);
        sum_levels(codes, y, fold, leave_out, rows, levels, &sums);
        for (int32_t c = 0; c < levels; c++) {
            values[c] = shrink(&sums, c, smooth, *mean, variance);
        }
    }
    chl_free(sums.count);
    chl_free(sums.mean);
    chl_free(sums.squares);
    return status;
}
