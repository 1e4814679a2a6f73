/* SPDX-License-Identifier: MIT
 *
 * Rows of several columns at once, on several threads. Layer: core/data.
 */
#ifndef CHL_DATA_TAKE_H
#define CHL_DATA_TAKE_H

#include "core/base/control.h"
#include "core/data/column.h"

/* to[c] gets the rows indices[0 … n-1] of from[c], -1 makes a missing row. On failure
 * every to[c] is NULL. */
CHL_MUST_CHECK chl_status chl_columns_take(chl_column *const *from, int columns,
                                           const int64_t *indices, int64_t n,
                                           const chl_control *control, chl_column **to,
                                           chl_error *err);

#endif
