/* SPDX-License-Identifier: MIT
 *
 * Numbers into bands. Layer: core/table.
 */
#ifndef CHL_TABLE_CUT_H
#define CHL_TABLE_CUT_H

#include "core/data/column.h"

/* The band of each row as an ordered category: band k holds edges[k] <= x < edges[k+1],
 * or edges[k] < x <= edges[k+1] when `right`; `closed` adds the outermost edge to the
 * band beside it (the last, or the first when `right`). `edges` rise (n >= 2, infinite
 * ones allowed) and `labels` has n - 1 names. Rows outside every band, and missing ones,
 * are missing. Numbers, dates (as days) and timestamps; text is an error that starts with
 * `where`. */
CHL_MUST_CHECK chl_status chl_column_cut(const chl_column *column, const char *where,
                                         const double *edges, int n, bool right,
                                         bool closed, const char *const *labels,
                                         chl_column **out, chl_error *err);

#endif
