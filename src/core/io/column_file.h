/* SPDX-License-Identifier: MIT
 *
 * The column file: a frame on disk as it lies in memory, mapped rather than read. Layer:
 * core/io. Version 1, little-endian:
 *
 *     0  8 bytes  89 43 48 4C 43 4F 4C 0A ("\x89CHLCOL\n")
 *     8  u32      version, 1
 *    12  u32      0
 *    16  u64      bytes of the header, H
 *    24  u64      bytes of the file
 *    32  64 bytes SHA-256 of the header, lower-case hexadecimal
 *    96  H bytes  the header, JSON in UTF-8
 *     …  buffers, the first one and each after it at the next multiple of 64 (of the
 *        file), zeros between; the file ends with the last one
 *
 *     {"rows":3,"columns":[{"name":"Plan","type":"category","nulls":1,
 *       "values":[0,12],"validity":[64,1],"level_offsets":[128,24],
 *       "level_bytes":[192,9]}, …],"target":…,"positive":…,"id":…,"time":…}
 *
 * A buffer is [offset, length] in bytes, the offset from where the first one begins. They
 * come in this order: "values" and "validity" (only when nulls > 0) as chl_column has
 * them, "bytes" of strings, "level_offsets" (i64, one more than there are levels) and
 * "level_bytes" of categories, which may have "ordered":true. Roles may be absent;
 * a personal column has "personal":true.
 *
 * Whatever a file holds, opening it gives a frame that keeps the promises of column.h or
 * an error that names the part: lengths, offsets and the header's hash are checked, and
 * so is every value. The data has no hash: a changed number is another number.
 */
#ifndef CHL_IO_COLUMN_FILE_H
#define CHL_IO_COLUMN_FILE_H

#include "core/base/control.h"
#include "core/data/frame.h"

/* Writes atomically (core/base/file.h). Names that are no UTF-8 are CHL_EINVAL errors. */
CHL_MUST_CHECK chl_status chl_column_file_write(const chl_frame *frame, const char *path,
                                                const chl_control *control,
                                                chl_error *err);

/* The frame's columns point into a map of the file, which lives as long as one of them
 * does. Replacing the file meanwhile is safe, truncating it is not (file_map.h). */
CHL_MUST_CHECK chl_status chl_column_file_read(const char *path,
                                               const chl_control *control,
                                               chl_frame **out, chl_error *err);

/* True when the file's first bytes are those of a column file; false also when it cannot
 * be read. Only regular files are looked into. */
bool chl_column_file_is(const char *path);

/* ---- chunk by chunk, in bounded memory; nothing is mapped ---- */

typedef struct chl_column_file chl_column_file;

CHL_MUST_CHECK chl_status chl_column_file_open(const char *path, chl_column_file **out,
                                               chl_error *err);
/* Names, types, levels and roles: a frame without rows, borrowed. */
const chl_frame *chl_column_file_schema(const chl_column_file *file);
/* Rows in all, and rows already given out. */
int64_t chl_column_file_rows(const chl_column_file *file);
int64_t chl_column_file_position(const chl_column_file *file);
/* The next rows, about so many; *out = NULL after the last. All chunks share their
 * levels. */
CHL_MUST_CHECK chl_status chl_column_file_next(chl_column_file *file, int64_t rows,
                                               chl_frame **out, chl_error *err);
void chl_column_file_close(chl_column_file *file); /* NULL allowed */

#endif
