/* SPDX-License-Identifier: MIT
 *
 * The functions of libxgboost that training calls. Layer: core/trees, private.
 *
 * The library is opened when it is first needed: CHURNLAB_XGBOOST names its file, or it
 * stands where the system's linker looks. Its C interface has kept these declarations
 * since 1.6; versions 1.6 to 3 write models that xgboost_model.h reads.
 */
#ifndef CHL_TREES_XGBOOST_LIBRARY_H
#define CHL_TREES_XGBOOST_LIBRARY_H

#include <stdint.h>

#include "core/base/status.h"

/* XGBGetLastError is api->get_error … ; functions answer 0, or -1 with a text. */
typedef struct xgboost_library {
    const char *(*get_error)(void);
    void (*version)(int *major, int *minor, int *patch);
    int (*matrix_new)(const float *data, uint64_t rows, uint64_t cols, float missing,
                      void **out);
    int (*matrix_free)(void *matrix);
    int (*matrix_set)(void *matrix, const char *field, const float *values, uint64_t n);
    int (*booster_new)(void *const *matrices, uint64_t n, void **out);
    int (*booster_free)(void *booster);
    int (*set_param)(void *booster, const char *name, const char *value);
    int (*update)(void *booster, int round, void *matrix);
    int (*predict)(void *booster, void *matrix, const char *config,
                   const uint64_t **shape, uint64_t *dimensions, const float **out);
    int (*save)(void *booster, const char *config, uint64_t *n, const char **bytes);
} xgboost_library;

/* CHL_EIO without the library, CHL_EFORMAT with a version that is not known. */
CHL_MUST_CHECK chl_status xgboost_library_load(xgboost_library *api, chl_error *err);

/* What the library said of its last failure: the first line, without the time. */
CHL_MUST_CHECK chl_status xgboost_fail(const xgboost_library *api, chl_error *err);

#endif
