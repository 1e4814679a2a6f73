/* SPDX-License-Identifier: MIT
 *
 * The numbers of target encoding, apart from the step that uses them. Layer: core/prep.
 */
#ifndef CHL_PREP_TARGET_VALUES_H
#define CHL_PREP_TARGET_VALUES_H

#include <stdint.h>

#include "core/base/status.h"

/* What stands in for `smooth`: empirical Bayes (Micci-Barreca 2001). */
#define CHL_SMOOTH_AUTO (-1.0)

/* values[code] of each of `levels` codes from the rows with code ≥ 0 whose fold is not
 * `leave_out` (fold NULL = all rows), and the mean of y over these rows:
 *
 *   value = l mean_c + (1 - l) mean
 *   smooth m   l = n_c / (n_c + m)
 *   auto       l = n_c t / (n_c t + s_c), t = variance of y, s_c = that within the level
 *
 * as in scikit-learn's TargetEncoder. A level without rows gets the mean. */
CHL_MUST_CHECK chl_status chl_target_values(const int32_t *codes, const double *y,
                                            const int32_t *fold, int32_t leave_out,
                                            int64_t rows, int32_t levels, double smooth,
                                            double *values, double *mean, chl_error *err);

#endif
