/* SPDX-License-Identifier: MIT
 *
 * Joins: rows of two frames with equal keys side by side. Layer: core/table.
 *
 * Keys compare as chl_types_comparable says: i64 and f64 exactly, categories and strings
 * by their text, whatever their level tables; other pairs of types are an error. A
 * missing key equals nothing, not even another missing one (as in SQL): such a row is
 * unmatched in every kind of join.
 */
#ifndef CHL_TABLE_JOIN_H
#define CHL_TABLE_JOIN_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef enum chl_join_how {
    CHL_JOIN_INNER, /* pairs of rows with equal keys */
    CHL_JOIN_LEFT,  /* and the left rows without a partner */
    CHL_JOIN_FULL,  /* and, at the end, the right rows without one */
    CHL_JOIN_SEMI,  /* left rows with a partner, each once */
    CHL_JOIN_ANTI   /* left rows without a partner */
} chl_join_how;

/* How often a key may occur in the left and the right frame; missing keys don't count. */
typedef enum chl_join_validate {
    CHL_JOIN_MANY_TO_MANY, /* anything goes */
    CHL_JOIN_MANY_TO_ONE,  /* once in the right frame */
    CHL_JOIN_ONE_TO_MANY,  /* once in the left frame */
    CHL_JOIN_ONE_TO_ONE
} chl_join_validate;

typedef struct chl_join_options {
    chl_join_how how;
    chl_join_validate validate;
    const char *left_suffix;  /* for names that both frames have (keys aside); NULL: "" */
    const char *right_suffix; /* NULL: "_right" */
} chl_join_options;

/* More rows than this are refused before anything is allocated. */
#define CHL_JOIN_MAX_ROWS (INT64_C(1) << 36)

/* Rows in the order of the left frame, those of one left row in the order of the right
 * frame; CHL_JOIN_FULL appends the right rows without a partner in their order. The
 * columns: all of the left frame, then those of the right frame that are no keys. Keys
 * have the names of left_on; in a full join their type is one that holds both (i64 and
 * f64: f64, where each value fits exactly). Roles are those of the left frame. n >= 1. */
CHL_MUST_CHECK chl_status chl_frame_join(const chl_frame *left, const chl_frame *right,
                                         const char *const *left_on,
                                         const char *const *right_on, int n,
                                         const chl_join_options *options,
                                         const chl_control *control, chl_frame **out,
                                         chl_error *err);

#endif
