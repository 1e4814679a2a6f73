/* SPDX-License-Identifier: MIT
 *
 * Inside the CSV reader: the text of a block → where its cells are. Layer: core/io,
 * private to csv_*.c.
 *
 * The grammar is RFC 4180's, strictly: quotes only around a whole cell and doubled inside
 * it; LF, CRLF and CR end lines; empty lines are skipped, and in tables of several
 * columns lines of blanks as well. tests/c/test_csv_scan.c compares it with libcsv in
 * strict mode. With separator ' ' cells are separated by runs of spaces and tabs, which
 * may also begin and end a line.
 *
 * Text without quotes and carriage returns is cut 64 bytes at a time by masks.
 */
#ifndef CHL_IO_CSV_SCAN_H
#define CHL_IO_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

#define CSV_DOUBLED UINT32_C(0x80000000) /* in ends[]: the cell has doubled quotes */

typedef enum csv_fault {
    CSV_FINE,
    CSV_RAGGED,   /* `cells` instead of `columns` */
    CSV_STRAY,    /* cell number `cells`: a quote where none may be */
    CSV_OPEN,     /* cell number `cells`: a quote that never closes */
    CSV_TOO_LARGE /* a record that goes on beyond the block */
} csv_fault;

/* Cell c of row r is text[start, end) with its quotes: start = starts[r] for c = 0, else
 * the end of the cell before, plus 1; end = ends[r * columns + c] without CSV_DOUBLED. */
typedef struct csv_index {
    uint32_t *ends, *starts;
    size_t ends_room, starts_room;
    int64_t rows, columns;
    int64_t lines;   /* line ends in the scanned text */
    size_t used;     /* where the text behind the last row begins */
    csv_fault fault; /* what stopped the scan behind the rows */
    int64_t cells;
    int64_t fault_line; /* lines before the one that is at fault */
} csv_index;

void csv_index_reset(csv_index *index);

/* Scans text[begin, end), which CHL_PADDING bytes follow. columns < 0: as many as the
 * first row has. Stops behind `max_rows` rows (0 = none). `whole`: the text ends with a
 * whole record even without a line end. Fails only without memory. */
CHL_MUST_CHECK chl_status csv_scan(csv_index *index, const char *text, size_t begin,
                                   size_t end, bool whole, char separator,
                                   int64_t columns, int64_t max_rows, chl_error *err);

/* Line ends (LF, CRLF, CR) that are over in text[begin, end). */
int64_t csv_count_lines(const char *text, size_t begin, size_t end);

#endif
