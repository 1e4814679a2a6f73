/* SPDX-License-Identifier: MIT
 *
 * The columns of a frame while it is made. Layer: core/table; inside the room only.
 */
#ifndef CHL_TABLE_MADE_H
#define CHL_TABLE_MADE_H

#include "core/data/frame.h"

typedef struct made {
    char **names; /* owned */
    chl_column **columns;
    int count;
} made;

/* Room for `capacity` columns; after a failure the reset is still wanted. */
CHL_MUST_CHECK chl_status made_init(made *m, int64_t capacity, chl_error *err);
void made_reset(made *m);

/* Copies the name (the first n bytes of it) and takes the column, also on failure. */
CHL_MUST_CHECK chl_status made_add(made *m, const char *name, size_t n,
                                   chl_column *column, chl_error *err);

/* The frame; a name that is there twice is an error that starts with `where`. */
CHL_MUST_CHECK chl_status made_finish(const made *m, const char *where, chl_frame **out,
                                      chl_error *err);

#endif
