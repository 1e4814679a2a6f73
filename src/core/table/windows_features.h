/* SPDX-License-Identifier: MIT
 *
 * The columns that chl_windows makes: their names, and which cell of a row
 * (windows_cells) goes where. Layer: core/table, internal to windows*.c.
 */
#ifndef CHL_TABLE_WINDOWS_FEATURES_H
#define CHL_TABLE_WINDOWS_FEATURES_H

#include "core/table/windows_events.h"
#include "core/table/windows_plan.h"

typedef struct window_column {
    char *name;         /* owned */
    int cell;           /* position in the layout of cells */
    bool count;         /* whole numbers: i64, else f64 */
    chl_column *column; /* NULL at first; owned */
} window_column;

typedef struct window_columns {
    window_column *items;
    size_t count, capacity;
} window_columns;

/* The wanted ones, without their columns. On failure the caller resets the list. */
CHL_MUST_CHECK chl_status windows_features_init(window_columns *list,
                                                const windows_plan *plan,
                                                const windows_events *events,
                                                chl_error *err);
void windows_features_reset(window_columns *list);

#endif
