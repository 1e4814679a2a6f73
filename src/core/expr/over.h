/* SPDX-License-Identifier: MIT
 *
 * Rows in groups and in an order: what window functions run over. Layer: core/expr.
 *
 * Rows with missing keys are a group; rows with missing order values come last; rows that
 * tie keep the frame's order. Without order columns the frame's own order counts.
 */
#ifndef CHL_EXPR_OVER_H
#define CHL_EXPR_OVER_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef struct chl_over {
    int64_t rows, groups;
    int64_t *group; /* [rows] group of each row; NULL = all in group 0 */
    int64_t *order; /* [rows] the rows, group by group, in order within each */
    int64_t *start; /* [groups + 1] group g is order[start[g]] … order[start[g+1]-1] */
    chl_column **columns; /* [n_columns] the order columns; retained */
    int n_columns;
    bool rising; /* the first of them is not descending */
} chl_over;

/* `descending`: one flag an order column. Groups are numbered by first appearance. */
CHL_MUST_CHECK chl_status chl_over_init(chl_over *over, const chl_frame *frame,
                                        const char *const *keys, int n_keys,
                                        const char *const *order, const bool *descending,
                                        int n_order, const chl_control *control,
                                        chl_error *err);
void chl_over_reset(chl_over *over);

#endif
