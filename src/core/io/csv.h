/* SPDX-License-Identifier: MIT
 *
 * CSV files to frames and back, on libcsv. Layer: core/io.
 *
 * Reading is strict: a ragged row, a value that does not fit its declared type or an open
 * quote is an error "<path>:<line>: column '<name>': expected a number, got "n/a"".
 * Without a declared type a column becomes, in this order, the first that all its present
 * cells fit: i64, f64, bool (true/false, any case), date (2026-11-22), string; a string
 * column with few distinct values (at most 50, and at most a tenth of 1,000 or more rows
 * or half of fewer) becomes a category. Integers with leading zeros ("007") stay text.
 * Blank and space-only cells and the NA strings are missing. A BOM is skipped, LF, CRLF
 * and CR end lines, the last newline may be absent.
 */
#ifndef CHL_DATA_CSV_H
#define CHL_DATA_CSV_H

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/base/strbuf.h"

typedef struct chl_csv_options {
    char separator; /* 0 = ',' */
    const char *const
        *na; /* NA strings; NULL = "NA", "N/A", "NaN", "nan", "null", "NULL", "None" */
    int na_count;
    const char *const *typed; /* columns with a declared type … */
    const chl_type *types;    /* … and their types, in the same order */
    int typed_count;
    const char *const *drop; /* columns to leave out; unknown names are errors */
    int drop_count;
    bool no_header; /* columns are called column_1, column_2 … */
} chl_csv_options;

/* The most levels that make a text column of so many rows a category by itself. */
int64_t chl_category_limit(int64_t rows);

/* options may be NULL. Reads a path ("-" is stdin) or `n` bytes in memory (`name` serves
 * messages). */
CHL_MUST_CHECK chl_status chl_csv_read(const char *path, const chl_csv_options *options,
                                       const chl_control *control, chl_frame **out,
                                       chl_error *err);
CHL_MUST_CHECK chl_status chl_csv_read_bytes(const char *bytes, size_t n,
                                             const char *name,
                                             const chl_csv_options *options,
                                             chl_frame **out, chl_error *err);

/* Writes with a header; reading it back with the same types gives the same frame. Quotes
 * where needed (separator, quote, CR, LF, leading or trailing space, text that would read
 * as NA); missing cells are empty. A path is written to a temporary file beside it and
 * renamed; "-" is stdout. */
CHL_MUST_CHECK chl_status chl_csv_write(const chl_frame *frame, const char *path,
                                        char separator, chl_error *err);
CHL_MUST_CHECK chl_status chl_csv_format(const chl_frame *frame, char separator,
                                         chl_strbuf *out, chl_error *err);

#endif
