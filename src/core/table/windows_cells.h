/* SPDX-License-Identifier: MIT
 *
 * The numbers of one row: every feature of one customer at one cut-off, in a fixed
 * layout, of which the wanted ones become columns. Layer: core/table, internal to
 * windows*.c.
 *
 * Let a look-back hold the visible events e_1 … e_n (oldest first), d their number of
 * different days counted back from t, and h the days from the customer's first visible
 * event to t. Exposure x = min(w, max(h, 1)) days, or max(h, 1) for "all".
 *   count    n                                rate    30 n / x, or 30 sum / x
 *   active   d / whole days of exposure       change  100 (now - before) / |before|,
 * where gap_*    mean and std of the n - 1                before is [t - 2w, t - w)
 *            distances between events, days   sum, mean, min, max, std: of present
 * amounts trend    least-squares slope over the number of the bucket, 0 … B-1, of the
 * totals of B equal parts of the look-back ("all": of the time since the first event)
 * What has no value (the mean of nothing, the std of one, a change from 0) is missing.
 */
#ifndef CHL_TABLE_WINDOWS_CELLS_H
#define CHL_TABLE_WINDOWS_CELLS_H

#include "core/table/windows_events.h"
#include "core/table/windows_plan.h"

/* Positions in the layout: the two of the row, then for each look-back the common ones,
 * VALUE_CELLS for each amount, one for each level. */
enum { CELL_RECENCY, CELL_TENURE, ROW_CELLS };
enum {
    CELL_COUNT,
    CELL_ACTIVE,
    CELL_RATE,
    CELL_TREND,
    CELL_CHANGE,
    CELL_GAP_MEAN,
    CELL_GAP_STD,
    COMMON_CELLS
};
enum {
    CELL_SUM,
    CELL_MEAN,
    CELL_MIN,
    CELL_MAX,
    CELL_STD,
    CELL_VALUE_RATE,
    CELL_VALUE_TREND,
    CELL_VALUE_CHANGE,
    VALUE_CELLS
};

static inline int windows_lookback_cells(const windows_plan *plan,
                                         const windows_events *events)
{
    return COMMON_CELLS + VALUE_CELLS * plan->n_values + events->n_levels;
}

/* A sequence follows the look-backs: how many events it has, then the channels of each,
 * the newest first: age, gap, amounts, levels (1 or 0); of the steps beyond, NaN. */
static inline int windows_sequence_at(const windows_plan *plan,
                                      const windows_events *events)
{
    return ROW_CELLS + plan->n_lookbacks * windows_lookback_cells(plan, events);
}
static inline int windows_channels(const windows_plan *plan, const windows_events *events)
{
    return plan->sequence.age + plan->sequence.gap + plan->n_values + events->n_levels;
}
static inline int64_t windows_sequence_cells(const windows_plan *plan,
                                             const windows_events *events)
{
    int64_t steps = plan->sequence.steps;
    return steps > 0 ? 1 + steps * windows_channels(plan, events) : 0;
}

/* Whether the customer gets a row at the cut-off t. */
bool windows_in_population(const windows_plan *plan, const windows_events *events,
                           int64_t customer, int64_t t);

/* The features; missing ones are NaN. cells: windows_sequence_at +
 * windows_sequence_cells. */
void windows_cells(const windows_plan *plan, const windows_events *events,
                   int64_t customer, int64_t t, double *cells);

/* 1, 0, or -1 for a missing label. */
int windows_label(const windows_plan *plan, const windows_events *events,
                  int64_t customer, int64_t t);

#endif
