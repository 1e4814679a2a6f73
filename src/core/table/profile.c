/* SPDX-License-Identifier: MIT */
#include "core/table/profile.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/summary.h"
#include "core/data/text.h"
#include "core/data/time_format.h"

static double skewness(const double *x, int64_t n, double mean)
{
    double m2 = 0, m3 = 0, count = (double)n;
    for (int64_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        m2 += d * d;
        m3 += d * d * d;
    }
    m2 /= count;
    m3 /= count;
    if (n < 3 || !(m2 > 0)) {
        return NAN;
    }
    return sqrt(count * (count - 1)) / (count - 2) * m3 / (m2 * sqrt(m2));
}

static void count_values(const double *x, int64_t n, chl_profile *p)
{
    double q25 = p->quantiles[2], q75 = p->quantiles[4], reach = 1.5 * (q75 - q25);
    for (int64_t i = 0; i < n; i++) {
        p->zeros += x[i] == 0;
        p->negatives += x[i] < 0;
        p->outliers += x[i] < q25 - reach || x[i] > q75 + reach;
    }
}

static void fill_histogram(const double *x, int64_t n, bool whole, chl_profile *p)
{
    double low = p->quantiles[0], high = p->quantiles[CHL_PROFILE_QUANTILES - 1];
    double width = high / CHL_PROFILE_BINS - low / CHL_PROFILE_BINS;
    p->bins = high > low ? CHL_PROFILE_BINS : n > 0;
    if (whole && high > low && high - low < 0x1p53) { /* as many integers in each */
        width = ceil((high - low + 1) / CHL_PROFILE_BINS);
        p->bins = (int)ceil((high - low + 1) / width);
    }
    for (int64_t i = 0; i < n; i++) {
        double at = x[i] / width - low / width;
        p->histogram[at >= 0 && at < p->bins ? (int)at : p->bins - 1]++;
    }
}

chl_status chl_column_profile(const chl_column *column, chl_profile *profile,
                              chl_error *err)
{
    static const double shares[CHL_PROFILE_QUANTILES] = {0,    0.05, 0.25, 0.5,
                                                         0.75, 0.95, 1};
    double *x;
    int64_t n;
    *profile = (chl_profile){0};
    CHL_TRY(chl_column_numbers(column, "profile", &x, &n, err));
    profile->count = n;
    profile->mean = chl_mean(x, n);
    profile->std = chl_std(x, n);
    for (int i = 0; i < CHL_PROFILE_QUANTILES; i++) {
        profile->quantiles[i] = chl_quantile(x, n, shares[i]);
    }
    bool constant = n == 0 || chl_min(x, n) == chl_max(x, n);
    profile->skewness = constant ? NAN : skewness(x, n, profile->mean);
    count_values(x, n, profile);
    fill_histogram(x, n, column->type != CHL_F64, profile);
    chl_free(x);
    return CHL_OK;
}

chl_status chl_column_quantiles(const chl_column *column, const double *shares, int64_t n,
                                double *quantiles, chl_error *err)
{
    double *x;
    int64_t count;
    CHL_TRY(chl_column_numbers(column, "quantile", &x, &count, err));
    for (int64_t i = 0; i < n; i++) {
        quantiles[i] = chl_quantile(x, count, shares[i]);
    }
    chl_free(x);
    return CHL_OK;
}

chl_status chl_column_count_times(const chl_column *column, const char *format,
                                  int64_t *count, chl_error *err)
{
    chl_time_format parsed;
    *count = 0;
    if (column->type != CHL_STRING && column->type != CHL_CATEGORY) {
        return chl_fail(err, CHL_ETYPE, "profile: expected a column of text, got %s",
                        chl_type_name(column->type));
    }
    CHL_TRY(chl_time_format_init(&parsed, format, strlen(format), NULL, err));
    CHL_TRY(chl_time_format_check(&parsed, err));
    for (int64_t i = 0; i < column->length; i++) {
        if (chl_column_valid(column, i)) {
            size_t length;
            int64_t micros;
            const char *text = chl_column_text(column, i, &length);
            chl_trim(&text, &length);
            *count += chl_time_format_read(&parsed, text, length, &micros);
        }
    }
    return CHL_OK;
}

size_t chl_column_bytes(const chl_column *column)
{
    size_t n = (size_t)column->length;
    size_t bytes = n * chl_type_size(column->type) + (column->validity ? (n + 7) / 8 : 0);
    if (column->type == CHL_STRING) {
        bytes += (size_t)column->values.offsets[n];
    }
    for (int32_t code = 0; column->levels && code < chl_levels_count(column->levels);
         code++) {
        size_t length;
        chl_levels_name(column->levels, code, &length);
        bytes += length + 1;
    }
    return bytes;
}
