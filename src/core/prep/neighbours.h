/* SPDX-License-Identifier: MIT
 *
 * Nearest neighbours by brute force: every distance is computed, in tiles that stay in
 * the cache. Layer: core/prep, on base alone.
 *
 * The squared distance of two points is the sum of the squared differences of their
 * numbers plus `differ` for each nominal in which they differ (SMOTE-NC: Chawla et al.
 * 2002, section 6.1). Exact and the same on any number of threads.
 */
#ifndef CHL_PREP_NEIGHBOURS_H
#define CHL_PREP_NEIGHBOURS_H

#include <stdint.h>

#include "core/base/control.h"

typedef struct chl_points {
    int64_t n;            /* points */
    int numbers;          /* numbers a point */
    int nominals;         /* codes a point */
    const double *x;      /* n × numbers, row-major */
    const int32_t *codes; /* n × nominals */
    double differ;        /* squared distance of two different codes */
} chl_points;

/* out[q·k … ] = the k points nearest to point queries[q], itself excluded, nearest first,
 * of equal distances the lower number first; 1 ≤ k < n. */
CHL_MUST_CHECK chl_status chl_neighbours(const chl_points *points, const int64_t *queries,
                                         int64_t n_queries, int k,
                                         const chl_control *control, int64_t *out,
                                         chl_error *err);

#endif
