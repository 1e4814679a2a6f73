/* SPDX-License-Identifier: MIT */
#include "core/trees/xgboost_data.h"

#include <math.h>

#include "core/base/alloc.h"

chl_status xgboost_floats(const double *x, int64_t n, int64_t cols, const char *what,
                          float *out, chl_error *err)
{
    for (int64_t i = 0; i < n * cols; i++) {
        out[i] = (float)x[i];
        if (!isfinite(out[i])) {
            return chl_fail(err, CHL_ENUMERIC,
                            "trees: %s: row %lld, column %lld: expected a finite number, "
                            "got %g",
                            what, (long long)(i / cols) + 1, (long long)(i % cols) + 1,
                            isnan(x[i]) ? (double)NAN : x[i]);
        }
    }
    return CHL_OK;
}

static chl_status check_labels(const chl_boost_set *set, int64_t classes, chl_error *err)
{
    for (int64_t i = 0; i < set->n; i++) {
        double y = set->y[i], w = set->weights ? set->weights[i] : 1;
        if (!(y >= 0 && y < (double)classes) || y != floor(y)) {
            return chl_fail(err, CHL_EINVAL,
                            "trees: y: row %lld: expected a class from 0 to %lld, got %g",
                            (long long)i + 1, (long long)classes - 1, y);
        }
        if (!(w > 0 && isfinite(w))) {
            return chl_fail(err, CHL_EINVAL,
                            "trees: weights: row %lld: expected a number above 0, got %g",
                            (long long)i + 1, w);
        }
    }
    return CHL_OK;
}

static chl_status set_field(const xgboost_library *api, void *matrix, const char *field,
                            const double *values, int64_t n, float *floats,
                            chl_error *err)
{
    CHL_TRY(xgboost_floats(values, n, 1, field, floats, err));
    XGBOOST_CALL(api, matrix_set(matrix, field, floats, (uint64_t)n));
    return CHL_OK;
}

static chl_status fill_matrix(const xgboost_library *api, const chl_boost_set *set,
                              int64_t inputs, float *floats, void **matrix,
                              chl_error *err)
{
    CHL_TRY(xgboost_floats(set->x, set->n, inputs, "x", floats, err));
    XGBOOST_CALL(api,
                 matrix_new(floats, (uint64_t)set->n, (uint64_t)inputs, NAN, matrix));
    CHL_TRY(set_field(api, *matrix, "label", set->y, set->n, floats, err));
    if (set->weights) {
        CHL_TRY(set_field(api, *matrix, "weight", set->weights, set->n, floats, err));
    }
    return CHL_OK;
}

chl_status xgboost_matrix_new(const xgboost_library *api, const chl_boost_set *set,
                              int64_t inputs, int64_t classes, void **matrix,
                              chl_error *err)
{
    float *floats = NULL;
    CHL_TRY(check_labels(set, classes, err));
    if (set->n > 0 && inputs > 0 && set->n <= INT64_MAX / inputs) {
        floats = chl_alloc((size_t)(set->n * inputs), sizeof *floats);
    }
    if (!floats) {
        return chl_fail_memory(err);
    }
    chl_status status = fill_matrix(api, set, inputs, floats, matrix, err);
    chl_free(floats);
    return status;
}
