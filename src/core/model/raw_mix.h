/* SPDX-License-Identifier: MIT
 *
 * Mixed raw rows: some cells from a customer, the others from background rows. Layer:
 * core/model, private.
 */
#ifndef CHL_MODEL_RAW_MIX_H
#define CHL_MODEL_RAW_MIX_H

#include "core/data/frame.h"

/* The frame's columns that the schema names, in its order and types. A new reference;
 * messages start with `where`. */
CHL_MUST_CHECK chl_status chl_raw_columns(const chl_frame *schema, const char *where,
                                          const chl_frame *frame, chl_frame **out,
                                          chl_error *err);

/* Background rows and, as the last row, the customer: one column of cells a raw column.
 */
typedef struct chl_raw_mix {
    chl_frame *pool; /* owned: background.rows + 1 rows */
} chl_raw_mix;

/* Both frames come from chl_raw_columns; customer has one row. */
CHL_MUST_CHECK chl_status chl_raw_mix_init(chl_raw_mix *mix, const chl_frame *background,
                                           const chl_frame *customer, chl_error *err);
void chl_raw_mix_reset(chl_raw_mix *mix);

/* A background row with the customer's cells in the columns whose bit is set. */
typedef struct chl_mixed_row {
    uint64_t coalition;
    int64_t row;
} chl_mixed_row;

/* The frame of n mixed rows. A new reference. */
CHL_MUST_CHECK chl_status chl_raw_mix_rows(const chl_raw_mix *mix,
                                           const chl_mixed_row *rows, int64_t n,
                                           chl_frame **out, chl_error *err);

/* Whether two cells of one type are the same: both missing, or equal bit for bit. */
bool chl_cells_equal(const chl_column *a, int64_t i, const chl_column *b, int64_t j);

#endif
