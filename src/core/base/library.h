/* SPDX-License-Identifier: MIT
 *
 * Shared libraries that are loaded when they are first needed. Layer: core/base (POSIX).
 */
#ifndef CHL_BASE_LIBRARY_H
#define CHL_BASE_LIBRARY_H

#include <stddef.h>

#include "core/base/status.h"

typedef struct chl_symbol {
    const char *name; /* of a function in the library */
    size_t offset;    /* of its pointer in the caller's table */
} chl_symbol;

typedef struct chl_library {
    const char *what;          /* "SQLite": for messages */
    const char *package;       /* what to install: for messages */
    const char *const *files;  /* names to try, NULL-terminated */
    const chl_symbol *symbols; /* the functions wanted, name NULL ends */
    const char
        *variable; /* of the environment: where it is set, the only file; or NULL */
} chl_library;

/* Fills the table of function pointers at `functions`. The library stays loaded until the
 * process ends (those under libpq do not bear being unloaded). */
CHL_MUST_CHECK chl_status chl_library_load(const chl_library *library, void *functions,
                                           chl_error *err);

#endif
