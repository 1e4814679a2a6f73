/* SPDX-License-Identifier: MIT
 *
 * Paths and patterns to a list of files. Layer: core/io (POSIX glob).
 */
#ifndef CHL_IO_PATHS_H
#define CHL_IO_PATHS_H

#include "core/base/status.h"

typedef struct chl_paths {
    char **items; /* owned */
    int count;
} chl_paths;

/* A path with *, ? or [ that is no file stands for the files that match it, in byte
 * order; it is an error when none does. Everything else ("-" too) stays as it is. */
CHL_MUST_CHECK chl_status chl_paths_expand(const char *const *patterns, int n,
                                           chl_paths *out, chl_error *err);
void chl_paths_reset(chl_paths *paths);

#endif
