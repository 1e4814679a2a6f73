/* SPDX-License-Identifier: MIT
 *
 * A frame: named columns of one length, immutable, shared by reference count. Layer:
 * core/data.
 *
 * Every verb returns a new frame that shares the columns it does not change. A frame
 * carries the roles of its columns (target, positive value, id, time, personal); verbs
 * hand them on and forget a role whose column is gone. A frame with zero rows is a
 * schema: expressions and policies are checked against one. Rows and columns are 0-based
 * here, 1-based in Lua.
 */
#ifndef CHL_DATA_FRAME_H
#define CHL_DATA_FRAME_H

#include "core/base/control.h"
#include "core/base/status.h"
#include "core/data/column.h"

typedef struct chl_field {
    char *name;         /* owned, NUL-terminated, unique in the frame */
    chl_column *column; /* owned reference */
    bool personal;      /* role: says who the customer is, never a feature */
} chl_field;

typedef struct chl_frame {
    atomic_int refs;
    int64_t rows;
    int columns;
    chl_field *fields;
    char *target;   /* role: the column to predict, or NULL */
    char *positive; /* the target's value that counts as 1, as CSV text; or NULL */
    char *id;       /* role: the customer's id, never a feature; or NULL */
    char *time;     /* role: when the row was observed, never a feature; or NULL */
} chl_frame;

/* A frame of `n` columns; names are copied, columns are retained. Lengths must agree and
 * names be unique and not empty. n may be 0 (then rows is 0). */
CHL_MUST_CHECK chl_status chl_frame_new(const char *const *names,
                                        chl_column *const *columns, int n,
                                        chl_frame **out, chl_error *err);
chl_frame *chl_frame_retain(chl_frame *frame);
void chl_frame_release(chl_frame *frame); /* NULL allowed */

/* Index of a column or -1. */
int chl_frame_find(const chl_frame *frame, const char *name);
/* As above; a missing name fails: "<where>: unknown column 'Agee' (did you mean 'Age'?)".
 */
CHL_MUST_CHECK chl_status chl_frame_index(const chl_frame *frame, const char *where,
                                          const char *name, int *index, chl_error *err);
/* Borrowed column by name, or NULL. */
const chl_column *chl_frame_column(const chl_frame *frame, const char *name);

/* Gives `to` (still under construction) the roles of `from` whose columns it has. */
CHL_MUST_CHECK chl_status chl_frame_copy_roles(const chl_frame *from, chl_frame *to,
                                               chl_error *err);

/* The same when `to` has the columns of `from` in their order, under other names. */
CHL_MUST_CHECK chl_status chl_frame_rename_roles(const chl_frame *from, chl_frame *to,
                                                 chl_error *err);

/* Each verb below: a new frame, the old one untouched. Roles of *frame are kept where
 * they hold. */
CHL_MUST_CHECK chl_status chl_frame_select(const chl_frame *frame,
                                           const char *const *names, int n,
                                           chl_frame **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_frame_drop(const chl_frame *frame, const char *const *names,
                                         int n, chl_frame **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_frame_rename(const chl_frame *frame,
                                           const char *const *from, const char *const *to,
                                           int n, chl_frame **out, chl_error *err);
/* Replaces the column of that name or appends it. The column is retained. */
CHL_MUST_CHECK chl_status chl_frame_with(const chl_frame *frame, const char *name,
                                         chl_column *column, chl_frame **out,
                                         chl_error *err);
/* Roles to set: NULL keeps a role as it is, "" clears it. */
typedef struct chl_roles {
    const char *target, *positive, *id; /* as in chl_frame */
    const char *time;                   /* a column of dates or timestamps */
    const char *const *personal;        /* all personal columns; NULL keeps */
    int personal_count;
} chl_roles;

/* Each role must be a column ("personal: unknown column 'Surnam' (did you mean …"). */
CHL_MUST_CHECK chl_status chl_frame_set_roles(const chl_frame *frame,
                                              const chl_roles *roles, chl_frame **out,
                                              chl_error *err);
/* The same for three of them. */
CHL_MUST_CHECK chl_status chl_frame_with_roles(const chl_frame *frame, const char *target,
                                               const char *positive, const char *id,
                                               chl_frame **out, chl_error *err);
/* False for the target, the id, the time and personal columns. */
bool chl_frame_is_feature(const chl_frame *frame, int index);
/* Rows by index (-1 = a missing row), by range (clamped), by a bool column (missing =
 * false). */
CHL_MUST_CHECK chl_status chl_frame_take(const chl_frame *frame, const int64_t *indices,
                                         int64_t n, const chl_control *control,
                                         chl_frame **out, chl_error *err);
/* The same by an i64 column of row numbers that count from 1; one that is missing or no
 * row is an error. */
CHL_MUST_CHECK chl_status chl_frame_take_numbers(const chl_frame *frame,
                                                 const chl_column *numbers,
                                                 const chl_control *control,
                                                 chl_frame **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_frame_slice(const chl_frame *frame, int64_t start,
                                          int64_t n, chl_frame **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_frame_filter(const chl_frame *frame, const chl_column *keep,
                                           const chl_control *control, chl_frame **out,
                                           chl_error *err);
/* Stable sort by one or more columns, missing rows last in either direction. */
CHL_MUST_CHECK chl_status chl_frame_sort(const chl_frame *frame, const char *const *names,
                                         const bool *descending, int n,
                                         const chl_control *control, chl_frame **out,
                                         chl_error *err);

/* The order of rows that chl_frame_sort gives: order[rows]. */
CHL_MUST_CHECK chl_status chl_frame_order(const chl_frame *frame,
                                          const char *const *names,
                                          const bool *descending, int n, int64_t *order,
                                          chl_error *err);

/* The target as 0/1 doubles in y[rows]: bool and 0/1 columns as they are, other types
 * through `positive`. Missing targets give NaN. A column with more than two values and no
 * positive value, or a positive value that never occurs, is an error that lists the
 * values. */
CHL_MUST_CHECK chl_status chl_frame_labels(const chl_frame *frame, double *y,
                                           chl_error *err);

#endif
