/* SPDX-License-Identifier: MIT
 *
 * CSV files to frames and back, on libcsv. Layer: core/io.
 *
 * Reading is strict: a ragged row, a value that does not fit its declared type or an open
 * quote is an error "<path>:<line>: column '<name>': expected a number, got "n/a"".
 * Without a declared type a column becomes, in this order, the first that all its present
 * cells fit: i64, f64, bool (true/false, any case), date (2026-11-22), timestamp
 * (2026-11-22 10:00:00, see calendar.h), string; a string
 * column with few distinct values (at most 50, and at most a tenth of 1,000 or more rows
 * or half of fewer) becomes a category. Integers with leading zeros ("007") stay text.
 * Blank and space-only cells and the NA strings are missing. A BOM is skipped, LF, CRLF
 * and CR end lines, the last newline may be absent.
 */
#ifndef CHL_DATA_CSV_H
#define CHL_DATA_CSV_H

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/data/time_format.h"
#include "core/base/strbuf.h"

typedef struct chl_csv_options {
    char separator; /* 0 = tab for paths in .tsv and .tsv.gz, else ','; ' ' = runs of
                       blanks, which may also begin and end a line */
    const char *const
        *na; /* NA strings; NULL = "NA", "N/A", "NaN", "nan", "null", "NULL", "None" */
    int na_count;
    const char *const *typed; /* columns with a declared type … */
    const chl_type *types;    /* … and their types, in the same order */
    int typed_count;
    const char *const *formatted;   /* dates and timestamps with a text format … */
    const chl_time_format *formats; /* … and those (checked), in the same order */
    int formatted_count;
    const char *const *drop; /* columns to leave out; unknown names are errors */
    int drop_count;
    bool no_header;           /* columns are called column_1, column_2 … */
    const char *const *names; /* call the columns so, whatever the header says … */
    int name_count;           /* … 0 = they are called as there */
    const char *file_column;  /* a category column, appended, with each row's path */
    size_t block; /* bytes that a thread works on at a time; 0 = the usual number */
} chl_csv_options;

/* The most levels that make a text column of so many rows a category by itself. */
int64_t chl_category_limit(int64_t rows);

/* options may be NULL. Reads a path ("-" is stdin; see paths.h for patterns) or `n` bytes
 * in memory (`name` serves messages). */
CHL_MUST_CHECK chl_status chl_csv_read(const char *path, const chl_csv_options *options,
                                       const chl_control *control, chl_frame **out,
                                       chl_error *err);
/* Several files, one after the other; their headers must be equal. */
CHL_MUST_CHECK chl_status chl_csv_read_files(const char *const *paths, int n,
                                             const chl_csv_options *options,
                                             const chl_control *control, chl_frame **out,
                                             chl_error *err);
CHL_MUST_CHECK chl_status chl_csv_read_bytes(const char *bytes, size_t n,
                                             const char *name,
                                             const chl_csv_options *options,
                                             chl_frame **out, chl_error *err);

/* ---- a file in portions, for files larger than memory ---- */

typedef struct chl_csv_reader chl_csv_reader;

/* Opens a path ("-" is stdin). `options` (may be NULL) and what it points to must outlive
 * the reader. */
CHL_MUST_CHECK chl_status chl_csv_open(const char *path, const chl_csv_options *options,
                                       chl_csv_reader **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_csv_open_files(const char *const *paths, int n,
                                             const chl_csv_options *options,
                                             chl_csv_reader **out, chl_error *err);
/* The names in the header, which is read now; borrowed until the close. */
CHL_MUST_CHECK chl_status chl_csv_columns(chl_csv_reader *reader,
                                          const char *const **names, int *n,
                                          chl_error *err);
/* Declares the types of columns once their names are known, before the first rows. */
CHL_MUST_CHECK chl_status chl_csv_declare(chl_csv_reader *reader,
                                          const char *const *typed, const chl_type *types,
                                          int n, chl_error *err);
/* The next rows as a frame: at most `max_rows` (0 = any number) from about `max_bytes` of
 * text (0 = 8 MiB); *out is NULL once the file is over. The first call always gives a
 * frame, of 0 rows where the file has none. Every frame has the columns and types of the
 * first one: declared, or inferred from its rows. A later cell that does not fit is an
 * error that names the line of the file and the column. A category column has the levels
 * that occur in its own rows, in byte order. After a failure the reader only wants its
 * close. */
CHL_MUST_CHECK chl_status chl_csv_next(chl_csv_reader *reader, int64_t max_rows,
                                       size_t max_bytes, const chl_control *control,
                                       chl_frame **out, chl_error *err);
/* How much of the file is read, in [0, 1]; 0 for a pipe. */
double chl_csv_progress(const chl_csv_reader *reader);
void chl_csv_close(chl_csv_reader *reader); /* NULL allowed */

/* Writes with a header; reading it back with the same types gives the same frame. Quotes
 * where needed (separator, quote, CR, LF, leading or trailing space, text that would read
 * as NA); missing cells are empty (NA where nothing would be no cell: in a frame of one
 * column, with separator ' '). Separator 0: a tab for .tsv and .tsv.gz, else a comma. A
 * path is written to a temporary file beside it and renamed, ".gz" is packed; "-" is
 * stdout. */
CHL_MUST_CHECK chl_status chl_csv_write(const chl_frame *frame, const char *path,
                                        char separator, const chl_control *control,
                                        chl_error *err);
CHL_MUST_CHECK chl_status chl_csv_format(const chl_frame *frame, char separator,
                                         chl_strbuf *out, chl_error *err);

/* ---- the same frame by frame, for tables larger than memory ---- */

typedef struct chl_csv_writer chl_csv_writer;

CHL_MUST_CHECK chl_status chl_csv_writer_open(const char *path, char separator,
                                              chl_csv_writer **out, chl_error *err);
/* The same, formatting (and packing) on several threads. */
CHL_MUST_CHECK chl_status chl_csv_writer_open_threads(const char *path, char separator,
                                                      int threads, chl_csv_writer **out,
                                                      chl_error *err);
/* The header comes with the first frame; the others must have its columns. */
CHL_MUST_CHECK chl_status chl_csv_writer_put(chl_csv_writer *writer,
                                             const chl_frame *frame, chl_error *err);
/* The file takes its name. */
CHL_MUST_CHECK chl_status chl_csv_writer_commit(chl_csv_writer *writer, chl_error *err);
/* Without a commit before it nothing is left of a file. NULL allowed. */
void chl_csv_writer_close(chl_csv_writer *writer);

#endif
