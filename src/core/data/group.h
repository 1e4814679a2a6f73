/* SPDX-License-Identifier: MIT
 *
 * Grouping rows by the values of key columns. Layer: core/data.
 */
#ifndef CHL_DATA_GROUP_H
#define CHL_DATA_GROUP_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef struct chl_groups {
    int64_t count; /* groups */
    int64_t
        *group; /* [rows] group of each row; groups are numbered by first appearance */
    int64_t *first; /* [count] first row of each group */
} chl_groups;

/* Missing key values form a group of their own. */
CHL_MUST_CHECK chl_status chl_groups_init(chl_groups *groups, const chl_frame *frame,
                                          const char *const *keys, int n,
                                          const chl_control *control, chl_error *err);
/* Splits each group by ids[i] in 0 … values-1 and numbers the new groups by first
 * appearance; `first` is left alone. */
CHL_MUST_CHECK chl_status chl_groups_split(chl_groups *groups, const int64_t *ids,
                                           int64_t rows, int64_t values, chl_error *err);
void chl_groups_reset(chl_groups *groups);

#endif
