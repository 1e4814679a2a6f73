/* SPDX-License-Identifier: MIT
 *
 * Cleaning of one column: other values for some, filling what is missing, spaces, better
 * types, and how many cells that touched. Layer: core/table.
 *
 * Results are new columns, or the old one retained when nothing changes.
 */
#ifndef CHL_TABLE_CLEAN_H
#define CHL_TABLE_CLEAN_H

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/expr/expr.h"

/* Each row whose value equals from[k] (all different; a missing row of `from` stands for
 * missing cells) gets the value to[k], which may be missing. `from` has the column's type
 * (text: string or category alike), `to` one that stacks with it (stack.h), which then is
 * the result's type. New levels come last; replaced ones that no row has go. */
CHL_MUST_CHECK chl_status chl_column_replace(chl_column *column, const chl_column *from,
                                             const chl_column *to, chl_column **out,
                                             chl_error *err);

/* Missing rows get the nearest present value before them (after them when `backward`)
 * among the rows whose `keys` are equal (columns of `frame`; none: all rows). At most
 * `limit` rows in a run are filled (0: all). */
CHL_MUST_CHECK chl_status chl_column_carry(chl_column *column, const chl_frame *frame,
                                           const char *const *keys, int n_keys,
                                           bool backward, int64_t limit, chl_column **out,
                                           chl_error *err);

/* Missing rows get the aggregate of the rows whose `keys` are equal, of a type that
 * stacks with the column (mean and median make i64 columns f64). */
CHL_MUST_CHECK chl_status chl_column_fill(chl_column *column, const chl_frame *frame,
                                          const char *const *keys, int n_keys,
                                          const chl_expr *aggregate,
                                          const chl_control *control, chl_column **out,
                                          chl_error *err);

/* Text without spaces, tabs, line ends and no-break spaces at its ends; what is blank
 * becomes missing. Other types stay. */
CHL_MUST_CHECK chl_status chl_column_trim(chl_column *column, chl_column **out,
                                          chl_error *err);

/* Text in the first type that every present cell fits: i64, f64, bool, date, timestamp;
 * else as it is. Spaces around a cell do not count, blank cells become missing; numbers
 * with leading zeros or a plus stay text. Other types stay. */
CHL_MUST_CHECK chl_status chl_column_infer(chl_column *column, chl_column **out,
                                           chl_error *err);

/* Rows at which two columns of one length differ: in presence, or in the value as CSV
 * would print it (so 5 of i64 equals 5 of f64). */
CHL_MUST_CHECK chl_status chl_column_differences(const chl_column *a, const chl_column *b,
                                                 int64_t *count, chl_error *err);

#endif
