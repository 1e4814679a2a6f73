/* SPDX-License-Identifier: MIT
 *
 * Other levels for a category. Layer: core/table; inside the room only.
 */
#ifndef CHL_TABLE_RECODE_H
#define CHL_TABLE_RECODE_H

#include "core/data/column.h"

/* Code c becomes new_code[c] of `levels`; -1 makes the row missing. */
CHL_MUST_CHECK chl_status recode(const chl_column *column, const int32_t *new_code,
                                 chl_levels *levels, chl_column **out, chl_error *err);

/* The category without the levels that no row has and that are either named in `gone` or
 * absent from `before`. */
CHL_MUST_CHECK chl_status recode_without(const chl_column *column, const chl_column *gone,
                                         const chl_levels *before, chl_column **out,
                                         chl_error *err);

#endif
