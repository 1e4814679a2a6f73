/* SPDX-License-Identifier: MIT
 *
 * Correlations of columns of numbers. Layer: core/table.
 *
 * Each pair over the rows where both are present; Spearman ranks those rows, ties by
 * their mean rank. What has no value (fewer than two rows, a constant) is missing.
 */
#ifndef CHL_TABLE_CORR_H
#define CHL_TABLE_CORR_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef enum chl_corr_method { CHL_PEARSON, CHL_SPEARMAN } chl_corr_method;

/* A frame of `column` (the names) and one column for each name; all must be f64, i64 or
 * bool. */
CHL_MUST_CHECK chl_status chl_frame_corr(const chl_frame *frame, const char *const *names,
                                         int n, chl_corr_method method,
                                         const chl_control *control, chl_frame **out,
                                         chl_error *err);

#endif
