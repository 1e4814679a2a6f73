/* SPDX-License-Identifier: MIT
 *
 * Inside the CSV reader: bytes in any portions → records of cells. Layer: core/io,
 * private to csv_*.c.
 *
 * A record without quotes that lies whole in memory is cut at its separators right here;
 * everything else goes through libcsv in strict mode, line by line, so that line numbers
 * are known and a cell's quotes can be looked up in its line. libcsv must not trim
 * spaces, hence its space function that knows none.
 */
#ifndef CHL_DATA_CSV_LINES_H
#define CHL_DATA_CSV_LINES_H

#include <csv.h>

#include "core/io/csv.h"

/* What the records are told to. A status other than CHL_OK ends the reading. */
typedef struct csv_sink {
    /* Cell number `cell` (0-based) of the current record. */
    chl_status (*cell)(void *ctx, int64_t cell, const char *text, size_t length,
                       bool quoted, chl_error *err);
    /* The record is over; it had so many cells and began on that line (1-based). */
    chl_status (*record)(void *ctx, int64_t cells, int64_t line, chl_error *err);
    void *ctx;
} csv_sink;

typedef struct csv_lines {
    struct csv_parser parser;
    csv_sink sink;
    const char *name; /* of the file, for messages */
    char separator;
    bool opened;                 /* the parser wants csv_free */
    bool started;                /* the first bytes (a BOM?) are over */
    bool after_cr;               /* the last portion ended in CR: an LF belongs to it */
    int64_t line;                /* number of the line that is being read */
    int64_t first_line;          /* where the current record began */
    int64_t quote_line;          /* where the last open quote began */
    int64_t cell;                /* cells of the current record so far */
    const char *scan, *scan_end; /* where in the line the cell `scan_cell` begins */
    int64_t scan_cell;
    bool scan_quoted; /* the line goes on with a quoted cell … */
    bool scan_inside; /* … that is open */
    chl_status status;
    chl_error *err; /* of the running call */
} csv_lines;

CHL_MUST_CHECK chl_status csv_lines_init(csv_lines *lines, const char *name,
                                         char separator, csv_sink sink, chl_error *err);
void csv_lines_reset(csv_lines *lines);
/* Lines may be spread over calls in any way. */
CHL_MUST_CHECK chl_status csv_lines_feed(csv_lines *lines, const char *bytes, size_t n,
                                         chl_error *err);
/* The end of the input. */
CHL_MUST_CHECK chl_status csv_lines_finish(csv_lines *lines, chl_error *err);

#endif
