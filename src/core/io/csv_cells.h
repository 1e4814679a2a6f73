/* SPDX-License-Identifier: MIT
 *
 * Inside the CSV reader: the cells of one column as a compact run of bytes, and how they
 * become a typed column. Layer: core/io, private to csv_*.c.
 *
 * A cell is [QUOTED] length bytes…; the length is one byte up to 250, or LONG and eight
 * bytes. Cutting lines into cells and typing them are two passes, so that the second one
 * runs on a thread per column and sees a whole column before it settles on a type.
 */
#ifndef CHL_DATA_CSV_CELLS_H
#define CHL_DATA_CSV_CELLS_H

#include <string.h>

#include "core/base/alloc.h"
#include "core/io/csv.h"

enum { CSV_SHORT_MAX = 250, CSV_QUOTED = 253, CSV_LONG = 255 };

typedef struct csv_cells {
    unsigned char *bytes;
    size_t used, room;
    const chl_time_format *format; /* of a date or timestamp column; NULL = ISO 8601 */
} csv_cells;

typedef struct csv_cell {
    const char *text;
    size_t length;
    bool quoted;
} csv_cell;

/* false: out of memory. */
static inline bool csv_cells_add(csv_cells *cells, const char *text, size_t n,
                                 bool quoted)
{
    size_t need = cells->used + n + 2 + sizeof n;
    if (need < n) {
        return false;
    }
    if (need > cells->room) {
        unsigned char *grown = chl_grow(cells->bytes, &cells->room, need, 1);
        if (!grown) {
            return false;
        }
        cells->bytes = grown;
    }
    unsigned char *at = cells->bytes + cells->used;
    if (quoted) {
        *at++ = CSV_QUOTED;
    }
    if (n <= CSV_SHORT_MAX) {
        *at++ = (unsigned char)n;
    } else {
        *at++ = CSV_LONG;
        memcpy(at, &n, sizeof n);
        at += sizeof n;
    }
    if (n) {
        memcpy(at, text, n);
    }
    cells->used = (size_t)(at + n - cells->bytes);
    return true;
}

/* Reads the cell at `at` and returns the address of the next one. */
static inline const unsigned char *csv_cells_next(const unsigned char *at, csv_cell *cell)
{
    cell->quoted = *at == CSV_QUOTED;
    at += cell->quoted;
    cell->length = *at++;
    if (cell->length == CSV_LONG) {
        memcpy(&cell->length, at, sizeof cell->length);
        at += sizeof cell->length;
    }
    cell->text = (const char *)at;
    return at + cell->length;
}

/* The NA strings, with a quick way to say no. */
typedef struct csv_na {
    const char *const *words;
    int count;
    size_t longest;
    bool first[256]; /* some word starts with this byte */
} csv_na;
void csv_na_init(csv_na *na, const chl_csv_options *options);

/* `type` is a chl_type or -1 to infer it. On a cell that does not fit, *bad_row is its
 * row and the message lacks where it stands; otherwise *bad_row is -1. */
CHL_MUST_CHECK chl_status csv_cells_column(const csv_cells *cells, int64_t rows,
                                           const csv_na *na, int type, chl_column **out,
                                           int64_t *bad_row, chl_error *err);

#endif
