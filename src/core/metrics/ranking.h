/* SPDX-License-Identifier: MIT
 *
 * Rows ordered by score, highest first: what every ranking metric starts from. Layer:
 * core/metrics. A radix sort, O(n); equal scores stand in row order and share a key.
 */
#ifndef CHL_METRICS_RANKING_H
#define CHL_METRICS_RANKING_H

#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_ranked {
    uint64_t key; /* equal keys = equal scores; ascending = falling score */
    uint32_t row; /* 0-based */
    uint32_t y;   /* 0 or 1 */
} chl_ranked;

/* Checks that 1 ≤ n < 2^31, y is 0/1 and scores are finite; messages name the 1-based
 * row and start with `where`. */
CHL_MUST_CHECK chl_status chl_check_labels(const char *where, const double *y, int64_t n,
                                           chl_error *err);
CHL_MUST_CHECK chl_status chl_check_finite(const char *where, const double *p, int64_t n,
                                           chl_error *err);
/* As chl_check_finite, and within [0, 1]. */
CHL_MUST_CHECK chl_status chl_check_probabilities(const char *where, const double *p,
                                                  int64_t n, chl_error *err);

/* A new array of n items (chl_free) for checked input. */
CHL_MUST_CHECK chl_status chl_rank(const double *y, const double *p, int64_t n,
                                   chl_ranked **out, chl_error *err);

#endif
