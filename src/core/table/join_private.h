/* SPDX-License-Identifier: MIT
 *
 * What joins share: key columns, who matches whom, and the frame of it. Layer:
 * core/table.
 */
#ifndef CHL_TABLE_JOIN_PRIVATE_H
#define CHL_TABLE_JOIN_PRIVATE_H

#include "core/data/key.h"
#include "core/table/join.h"

/* The key columns of both frames, borrowed. */
typedef struct join_keys {
    const char *where; /* starts the messages */
    const chl_frame *left, *right;
    const char *const *left_on, *const *right_on;
    int n;
    chl_key_part *parts; /* [n] owned */
} join_keys;

/* Finds the columns and checks that each pair can be equal. */
CHL_MUST_CHECK chl_status join_keys_init(join_keys *keys, chl_error *err);
void join_keys_reset(join_keys *keys);

/* Cells: equal keys of present rows share a number below `cells`; -1: a missing key. */
typedef struct join_cells {
    int64_t cells;
    int64_t *left;  /* [left rows]; owned, `right` stands behind it */
    int64_t *right; /* [right rows] */
} join_cells;

CHL_MUST_CHECK chl_status join_cells_init(join_cells *cells, const join_keys *keys,
                                          const chl_control *control, chl_error *err);
void join_cells_reset(join_cells *cells);

/* The rows of a frame cell by cell: from[c] … from[c+1]. */
typedef struct join_lists {
    int64_t *from; /* [cells + 1] */
    int64_t *rows; /* [rows with a key] */
} join_lists;

/* Rows keep the sequence they have in order[0 … n-1]; NULL: 0 … n-1. */
CHL_MUST_CHECK chl_status join_lists_init(join_lists *lists, const int64_t *cell,
                                          const int64_t *order, int64_t n, int64_t cells,
                                          chl_error *err);
void join_lists_reset(join_lists *lists);

/* The rows of the result: from the left frame at left[i] (NULL: row i), from the right
 * one at right[i], -1 = none. Both owned. */
typedef struct join_rows {
    int64_t n;
    int64_t *left, *right;
    int64_t appended; /* rows at the end that are in the right frame alone */
} join_rows;

void join_rows_reset(join_rows *rows);

typedef struct join_shape {
    const char *left_suffix, *right_suffix; /* as in chl_join_options */
    bool full;                              /* key columns hold the keys of both frames */
} join_shape;

/* The columns of the left frame, then those of the right frame that are no keys, with
 * suffixes where both have a name; the roles of the left frame. */
CHL_MUST_CHECK chl_status join_make_frame(const join_keys *keys, const join_shape *shape,
                                          const join_rows *rows,
                                          const chl_control *control, chl_frame **out,
                                          chl_error *err);

#endif
