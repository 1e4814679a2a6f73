/* SPDX-License-Identifier: MIT
 *
 * JSON lines to frames and back, on jansson. Layer: core/io.
 *
 * Every line that is not blank holds one object; a key is a column, in the order in which
 * the keys first occur; what a line lacks, and null, is missing. Numbers without point
 * and exponent are i64, exactly; with one of them somewhere the column is f64. Texts that
 * are all dates or timestamps become those, else a category or strings as in csv.h; texts
 * never become numbers. Values of several kinds in one column are an error, as are lists
 * and objects, doubled keys and integers beyond 64 bits: "<path>:<line>: key 'plan':
 * expected a number as in the rows before, got a string".
 */
#ifndef CHL_IO_JSONL_H
#define CHL_IO_JSONL_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef struct chl_jsonl_options {
    const char *const *typed; /* columns with a declared type … */
    const chl_type *types; /* … and their types; text takes numbers and bools as text */
    int typed_count;
    const char *const *drop; /* keys to leave out */
    int drop_count;
    bool nested_text; /* keep lists and objects as JSON text */
} chl_jsonl_options;

/* Paths as in chl_csv_read_files; options may be NULL. */
CHL_MUST_CHECK chl_status chl_jsonl_read_files(const char *const *paths, int n,
                                               const chl_jsonl_options *options,
                                               const chl_control *control,
                                               chl_frame **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_jsonl_read_bytes(const char *bytes, size_t n,
                                               const char *name,
                                               const chl_jsonl_options *options,
                                               chl_frame **out, chl_error *err);

/* An object a row with all columns, null where they are missing; f64 always with a point
 * or an exponent. Text that is not UTF-8 is an error. The path as in chl_csv_write. */
CHL_MUST_CHECK chl_status chl_jsonl_write(const chl_frame *frame, const char *path,
                                          const chl_control *control, chl_error *err);

#endif
