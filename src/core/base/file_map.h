/* SPDX-License-Identifier: MIT
 *
 * A file mapped into memory, read-only, shared by reference count. Layer: core/base
 * (POSIX).
 *
 * The bytes are those of the file that was opened: a program that writes atomically (a
 * new file renamed over the old one, as core/base/file.h does) leaves the map as it is.
 * Truncating the mapped file itself takes its bytes away, and reading them then ends the
 * process with SIGBUS; no program can prevent that. Where this matters, read the file
 * instead.
 */
#ifndef CHL_BASE_FILE_MAP_H
#define CHL_BASE_FILE_MAP_H

#include <stdatomic.h>
#include <stddef.h>

#include "core/base/status.h"

typedef struct chl_file_map {
    atomic_int refs;
    const unsigned char *bytes; /* page-aligned; never NULL, also when size is 0 */
    size_t size;
} chl_file_map;

/* A regular file as a whole; anything else is a CHL_EIO error. */
CHL_MUST_CHECK chl_status chl_file_map_open(const char *path, chl_file_map **out,
                                            chl_error *err);
chl_file_map *chl_file_map_retain(chl_file_map *map);
void chl_file_map_release(chl_file_map *map); /* NULL allowed */

#endif
