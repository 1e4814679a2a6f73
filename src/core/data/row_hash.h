/* SPDX-License-Identifier: MIT
 *
 * A reproducible number in [0, 1) for each row, from its values. Layer: core/data.
 *
 * The first 53 bits of SHA-256 over the salt and the row's cells as CSV text, each
 * followed by a separator (0x1F; a missing cell is 0x1E). It depends on nothing but salt,
 * cells and the order of the columns: not on the batch, a seed or the machine. Used to
 * draw groups that stay the same for years, such as a holdout.
 */
#ifndef CHL_DATA_ROW_HASH_H
#define CHL_DATA_ROW_HASH_H

#include "core/data/frame.h"

/* An f64 column without missing values; `names` must be columns of the frame (n >= 1). */
CHL_MUST_CHECK chl_status chl_frame_row_uniform(const chl_frame *frame,
                                                const char *const *names, int n,
                                                const char *salt, chl_column **out,
                                                chl_error *err);

#endif
