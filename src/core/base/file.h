/* SPDX-License-Identifier: MIT
 *
 * Files: read into memory, written atomically in one piece or in many. Layer: core/base
 * (POSIX).
 *
 * A file is read rather than mapped: a map over a file that somebody truncates kills the
 * process (file_map.h is for files that are too large to read). Messages read "<path>:
 * <what>: <the system's reason>", status CHL_EIO.
 */
#ifndef CHL_BASE_FILE_H
#define CHL_BASE_FILE_H

#include <stddef.h>

#include "core/base/status.h"

/* The bytes of a regular file or pipe, at most `max`; *bytes goes back through chl_free.
 */
CHL_MUST_CHECK chl_status chl_file_read(const char *path, size_t max,
                                        unsigned char **bytes, size_t *n, chl_error *err);

/* Writes a temporary file in the same folder, syncs it and renames it over `path`: a
 * reader sees the old bytes or the new ones, never a part. Nothing is left on failure. */
CHL_MUST_CHECK chl_status chl_file_write(const char *path, const void *bytes, size_t n,
                                         chl_error *err);

/* The same in many pieces. Zeroed = nothing open. */
typedef struct chl_file_writer {
    char *path;      /* the file that will be replaced */
    char *temporary; /* the file that is written, beside it */
    int fd;          /* -1 once it is closed */
} chl_file_writer;

CHL_MUST_CHECK chl_status chl_file_writer_open(chl_file_writer *writer, const char *path,
                                               chl_error *err);
CHL_MUST_CHECK chl_status chl_file_writer_put(chl_file_writer *writer, const void *bytes,
                                              size_t n, chl_error *err);
/* Syncs and renames; the writer is reset. */
CHL_MUST_CHECK chl_status chl_file_writer_commit(chl_file_writer *writer, chl_error *err);
/* Gives up what was not committed: the temporary file is removed. Idempotent. */
void chl_file_writer_reset(chl_file_writer *writer);

#endif
