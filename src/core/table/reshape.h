/* SPDX-License-Identifier: MIT
 *
 * Long tables to wide ones and back. Layer: core/table.
 *
 * Values of a key that become columns stand in sort order (ordered levels in theirs,
 * missing last, named "NA"); a key of several columns gives names joined by "_".
 */
#ifndef CHL_TABLE_RESHAPE_H
#define CHL_TABLE_RESHAPE_H

#include "core/base/control.h"
#include "core/data/frame.h"

enum { CHL_WIDE_MAX = 10000 }; /* the most columns that a key may become */

/* Names of columns. */
typedef struct chl_names {
    const char *const *items;
    int n;
} chl_names;

/* One row for each `index` (sorted, missing last; without index one row) and one column
 * for each value of `columns`; with several `values` the names start with that of the
 * value ("amount_2026"). A cell that no row fills is missing; two rows for one cell are
 * an error that names it. */
CHL_MUST_CHECK chl_status chl_frame_spread(const chl_frame *frame, chl_names index,
                                           chl_names columns, chl_names values,
                                           chl_frame **out, chl_error *err);

/* The columns `values` one under the other (all rows of the first, then of the second …)
 * in `value_name`, beside their names in `names_name` (an ordered category) and the
 * columns `id`. Types stack as in stack.h. */
CHL_MUST_CHECK chl_status chl_frame_melt(const chl_frame *frame, chl_names id,
                                         chl_names values, const char *names_name,
                                         const char *value_name, chl_frame **out,
                                         chl_error *err);

typedef enum chl_share { CHL_COUNTS, CHL_OF_ROW, CHL_OF_COLUMN, CHL_OF_ALL } chl_share;

/* How often the values of `row` and `column` occur together: one row for each value of
 * `row`, one column for each of `column`; counts (i64) or shares (f64, 0 where a row or
 * column has none). `totals` adds a column and a row "total" of sums (its share is that
 * of the whole); the row's key is text then. */
CHL_MUST_CHECK chl_status chl_frame_crosstab(const chl_frame *frame, const char *row,
                                             const char *column, chl_share share,
                                             bool totals, chl_frame **out,
                                             chl_error *err);

#endif
