/* SPDX-License-Identifier: MIT
 *
 * Rows that repeat others, and which of them stays. Layer: core/table.
 */
#ifndef CHL_TABLE_DUPLICATES_H
#define CHL_TABLE_DUPLICATES_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef enum chl_keep {
    CHL_KEEP_FIRST, /* of equal rows the first stays */
    CHL_KEEP_LAST,  /* the last */
    CHL_KEEP_NONE   /* only rows that nothing repeats stay */
} chl_keep;

/* A bool column: true where the row stays. Rows are equal when their values in the
 * `names` are (n = 0: in all columns), missing equal to missing. First and last are meant
 * in the order of the rows; with `order`, a column or NULL, by its values: the least is
 * first, the greatest last, equal ones in the order of the rows; a row that misses the
 * value stays only where no row of the same key has one. */
CHL_MUST_CHECK chl_status chl_frame_unrepeated(const chl_frame *frame,
                                               const char *const *names, int n,
                                               chl_keep keep, const char *order,
                                               const chl_control *control,
                                               chl_column **out, chl_error *err);

/* The number of different rows, judged in the same way. */
CHL_MUST_CHECK chl_status chl_frame_n_distinct(const chl_frame *frame,
                                               const char *const *names, int n,
                                               const chl_control *control, int64_t *count,
                                               chl_error *err);

#endif
