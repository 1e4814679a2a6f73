/* SPDX-License-Identifier: MIT
 *
 * One column behind another. Layer: core/table.
 */
#ifndef CHL_TABLE_APPEND_H
#define CHL_TABLE_APPEND_H

#include "core/data/column.h"

/* The rows of `a`, then those of `b`, which has the same type. A category's levels are
 * those of `a` in their order, then those that only `b` has. */
CHL_MUST_CHECK chl_status chl_column_append(const chl_column *a, const chl_column *b,
                                            chl_column **out, chl_error *err);

#endif
