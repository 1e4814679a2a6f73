/* SPDX-License-Identifier: MIT
 *
 * Groups of rows as one row each. Layer: core/table.
 */
#ifndef CHL_TABLE_AGGREGATE_H
#define CHL_TABLE_AGGREGATE_H

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/expr/expr.h"

/* The frame of keys and aggregates: one row a group, sorted by the keys (missing last).
 * names[i] = exprs[i]; zero keys give one row over everything. */
CHL_MUST_CHECK chl_status chl_frame_aggregate(const chl_frame *frame,
                                              const char *const *keys, int n_keys,
                                              const char *const *names,
                                              chl_expr *const *exprs, int n_exprs,
                                              const chl_control *control, chl_frame **out,
                                              chl_error *err);

/* The same with the rows in order: `over` was made with the same keys. first and last
 * follow its order, aggregates may hold window functions. NULL: as above. */
CHL_MUST_CHECK chl_status chl_frame_aggregate_over(
    const chl_frame *frame, const chl_over *over, const char *const *keys, int n_keys,
    const char *const *names, chl_expr *const *exprs, int n_exprs,
    const chl_control *control, chl_frame **out, chl_error *err);

/* Its parts, for other ways to the same table: fails when a name is there twice; … */
CHL_MUST_CHECK chl_status chl_aggregate_check_names(const char *const *keys, int n_keys,
                                                    const char *const *names, int n,
                                                    chl_error *err);
/* … and the frame in the order of its keys. */
CHL_MUST_CHECK chl_status chl_aggregate_sorted(chl_frame *unsorted,
                                               const char *const *keys, int n_keys,
                                               const chl_control *control,
                                               chl_frame **out, chl_error *err);

#endif
