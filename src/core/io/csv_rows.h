/* SPDX-License-Identifier: MIT
 *
 * Which lines of a CSV file its rows stand in: for messages about rows of a frame that
 * was read from it. Layer: core/io. Blank lines and line ends inside quotes make the two
 * differ.
 */
#ifndef CHL_IO_CSV_ROWS_H
#define CHL_IO_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* What finds them, portion by portion. */
typedef struct chl_csv_rows {
    char separator;
    bool single;         /* the table has one column: a line of spaces is a row */
    const int64_t *rows; /* rising, from 0 */
    int64_t n, found;    /* rows[0 … found-1] have their line */
    int64_t *lines;      /* [n] from 1 */
    int64_t line, row;   /* where the record that is being read is; row -1: the header */
    int64_t start;       /* the line where it began */
    bool quoted, closed; /* inside quotes; behind a quote that may have ended them */
    bool field, blank;   /* at a field's start; the record has only spaces so far */
    bool empty, cr;      /* the record has no byte yet; the last byte was a CR */
} chl_csv_rows;

/* `header`: the first record names the columns. */
void chl_csv_rows_init(chl_csv_rows *state, char separator, bool single, bool header,
                       const int64_t *rows, int64_t n, int64_t *lines);
void chl_csv_rows_feed(chl_csv_rows *state, const char *bytes, size_t n);
void chl_csv_rows_finish(chl_csv_rows *state); /* the last line may lack its end */

/* The same for a file; lines that the file does not have, and all of a compressed one,
 * are 0. */
CHL_MUST_CHECK chl_status chl_csv_row_lines(const char *path, char separator, bool single,
                                            bool header, const int64_t *rows, int64_t n,
                                            int64_t *lines, chl_error *err);

#endif
