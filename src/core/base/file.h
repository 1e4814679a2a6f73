/* SPDX-License-Identifier: MIT
 *
 * Whole files: read into memory, written atomically. Layer: core/base (POSIX).
 *
 * A file is read rather than mapped: a map over a file that somebody truncates kills the
 * process. Messages read "<path>: <what>: <the system's reason>", status CHL_EIO.
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

#endif
