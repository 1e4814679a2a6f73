/* SPDX-License-Identifier: MIT
 *
 * As-of joins: beside each row the event that was the latest at its time. Layer:
 * core/table.
 */
#ifndef CHL_TABLE_ASOF_H
#define CHL_TABLE_ASOF_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef enum chl_asof_direction {
    CHL_ASOF_BACKWARD, /* the latest event at or before the row's time */
    CHL_ASOF_FORWARD,  /* the earliest at or after it */
    CHL_ASOF_NEAREST   /* the nearer of the two; the one before when both are as near */
} chl_asof_direction;

typedef struct chl_asof_options {
    const char *left_time; /* f64, i64, date or timestamp; both the same type */
    const char *right_time;
    chl_asof_direction direction;
    bool strict;      /* an event at the row's own time does not count */
    bool limited;     /* one farther away than the tolerance does not count either */
    double tolerance; /* not negative; in seconds for timestamps, days for dates */
    const char *left_suffix, *right_suffix; /* as in chl_join_options */
} chl_asof_options;

/* Every left row once, in the order of the left frame; its columns, then those of `right`
 * that are no keys (its time as well), missing where there is no event. Neither frame
 * needs to be sorted. Of events at the same time the last one in the order of `right`
 * counts. Keys are those of a join (join.h); n = 0: all rows belong together. Rows
 * without a time or a key have no event, and such events belong to no row. */
CHL_MUST_CHECK chl_status chl_frame_asof_join(
    const chl_frame *left, const chl_frame *right, const char *const *left_on,
    const char *const *right_on, int n, const chl_asof_options *options,
    const chl_control *control, chl_frame **out, chl_error *err);

#endif
