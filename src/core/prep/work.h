/* SPDX-License-Identifier: MIT
 *
 * The cells that flow through the steps of a prep: one entry per slot of the layout.
 * Layer: core/prep.
 *
 * Numbers live in one buffer a slot, NaN = missing, and steps change them in place. Text
 * and dates stay the columns that they came as. Nothing is computed across rows.
 */
#ifndef CHL_PREP_WORK_H
#define CHL_PREP_WORK_H

#include "core/prep/layout.h"

/* How a missing text cell reads where no impute step chose another word. */
#define CHL_UNKNOWN_LEVEL "<unknown>"

typedef struct chl_cells {
    double *numbers;    /* [rows], number slots; NaN = missing */
    chl_column *column; /* borrowed: text, dates, and numbers that no step changed */
    const char *fill;   /* borrowed: what a missing text cell reads as; NULL = unknown */
} chl_cells;

typedef struct chl_work {
    int64_t rows;
    chl_cells *cells; /* [n] */
    int n;            /* slots so far */
    size_t capacity;
    void **blocks; /* buffers behind the cells, owned */
    int n_blocks;
    size_t block_capacity;
    chl_column **columns; /* owned references */
    int n_columns;
    size_t column_capacity;
    int32_t *codes;    /* [rows] scratch */
    int64_t unseen;    /* cells with a level that training did not have */
    const char *where; /* "fit" or "score", for messages */
} chl_work;

CHL_MUST_CHECK chl_status chl_work_init(chl_work *work, int64_t rows, const char *where,
                                        chl_error *err);
void chl_work_reset(chl_work *work); /* also after a failed init */

/* Cells for the slots that the layout has beyond work->n: zeroed, numbers not yet set. */
CHL_MUST_CHECK chl_status chl_work_extend(chl_work *work, const chl_layout *layout,
                                          chl_error *err);

/* Sets a slot's cells from a column of its kind; takes the reference, also on failure.
 * An i64 beyond ±2^53 fails, since a double would change it. */
CHL_MUST_CHECK chl_status chl_work_put(chl_work *work, const chl_layout *layout, int slot,
                                       chl_column *column, chl_error *err);

/* The slot as a column, for expressions: a new reference. */
CHL_MUST_CHECK chl_status chl_work_column(const chl_work *work, int slot,
                                          chl_column **out, chl_error *err);

/* Numbers about to be changed in place: the original column is forgotten. */
static inline double *chl_work_change(const chl_work *work, int slot)
{
    work->cells[slot].column = NULL;
    return work->cells[slot].numbers;
}

/* The text of row i of a text slot, missing cells as they read. */
const char *chl_cells_text(const chl_cells *cells, int64_t i, size_t *length);

/* codes[i] = the code of each row's text in `known`, or -1. */
CHL_MUST_CHECK chl_status chl_cells_codes(const chl_cells *cells, int64_t rows,
                                          const chl_levels *known, int32_t *codes,
                                          chl_error *err);

/* UTF-8 without NUL: what JSON can carry everywhere. */
bool chl_text_can_be_saved(const char *text, size_t length);

/* The distinct texts of the rows in bytewise order, and how many rows have each
 * (counts[code], to be freed). Text that is no UTF-8 or holds NUL fails: it could not be
 * saved. */
CHL_MUST_CHECK chl_status chl_cells_levels(const chl_cells *cells, int64_t rows,
                                           chl_levels **levels, int64_t **counts,
                                           chl_error *err);

#endif
