/* SPDX-License-Identifier: MIT
 *
 * Rows as libxgboost takes them: floats in a matrix of its own. Layer: core/trees,
 * private.
 */
#ifndef CHL_TREES_XGBOOST_DATA_H
#define CHL_TREES_XGBOOST_DATA_H

#include "core/trees/xgboost.h"
#include "core/trees/xgboost_library.h"

/* Returns from the enclosing function when the library's function fails; uses `err`. */
#define XGBOOST_CALL(library, call)                                                      \
    do {                                                                                 \
        if ((library)->call != 0) {                                                      \
            return xgboost_fail(library, err);                                           \
        }                                                                                \
    } while (0)

/* out[n × cols] = x, which must be finite in a float too; `what` is named where it is
 * not. */
CHL_MUST_CHECK chl_status xgboost_floats(const double *x, int64_t n, int64_t cols,
                                         const char *what, float *out, chl_error *err);

/* A matrix of the library with rows, labels and weights. On failure the caller frees
 * *matrix unless it is NULL, as it must be before. */
CHL_MUST_CHECK chl_status xgboost_matrix_new(const xgboost_library *api,
                                             const chl_boost_set *set, int64_t inputs,
                                             int64_t classes, void **matrix,
                                             chl_error *err);

#endif
