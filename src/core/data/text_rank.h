/* SPDX-License-Identifier: MIT
 *
 * The byte order of texts as numbers. Layer: core/data.
 */
#ifndef CHL_DATA_TEXT_RANK_H
#define CHL_DATA_TEXT_RANK_H

#include "core/base/control.h"
#include "core/data/column.h"

/* ranks[i] in 0 … *last orders the rows of `left` and then of `right` (NULL: none), two
 * string columns: equal texts have equal ranks, missing rows have 0 for themselves. */
CHL_MUST_CHECK chl_status chl_text_ranks(const chl_column *left, const chl_column *right,
                                         const chl_control *control, uint64_t *ranks,
                                         uint64_t *last, chl_error *err);

#endif
