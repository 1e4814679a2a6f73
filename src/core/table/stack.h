/* SPDX-License-Identifier: MIT
 *
 * Columns and frames one under the other. Layer: core/table.
 *
 * The common type: equal types stay, i64 and f64 give f64, category and string give
 * string, date and timestamp give timestamp; a part without present values goes with any
 * type. Anything else is an error, as is an integer that f64 cannot hold. Levels of
 * categories are those of the first part, then the new ones of the next, in their order.
 */
#ifndef CHL_TABLE_STACK_H
#define CHL_TABLE_STACK_H

#include "core/base/control.h"
#include "core/data/frame.h"

/* parts[0] over parts[1] over …; a NULL part is rows[i] missing rows (else rows[i] is its
 * length). n >= 1 and at least one part is not NULL. */
CHL_MUST_CHECK chl_status chl_columns_stack(const chl_column *const *parts,
                                            const int64_t *rows, int n, chl_column **out,
                                            chl_error *err);

/* The rows of all frames (n >= 1). Columns are the union of theirs, in order of first
 * appearance, missing where a frame has none of that name; roles are the first frame's.
 */
CHL_MUST_CHECK chl_status chl_frames_stack(const chl_frame *const *frames, int n,
                                           const chl_control *control, chl_frame **out,
                                           chl_error *err);

#endif
