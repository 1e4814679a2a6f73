/* SPDX-License-Identifier: MIT
 *
 * The log as chl_windows walks it: events by customer and time, as plain arrays. Layer:
 * core/table, internal to windows*.c.
 */
#ifndef CHL_TABLE_WINDOWS_EVENTS_H
#define CHL_TABLE_WINDOWS_EVENTS_H

#include "core/data/frame.h"
#include "core/table/windows_plan.h"

/* The levels of one category that get a column. */
typedef struct window_levels {
    chl_column *column; /* the events' column as a category; owned */
    int32_t *slot;      /* [levels] position among the counted ones, or -1; owned */
    char **names;       /* [count], owned */
    int count;
} window_levels;

typedef struct windows_events {
    int64_t n;                                    /* events kept */
    int64_t skipped;                              /* events left out */
    int64_t *time;                                /* [n] */
    int64_t *known;                               /* [n], or NULL: known at once */
    double *values[WINDOWS_VALUES_MAX];           /* [n] each; missing is NaN */
    int32_t *slots[WINDOWS_CATEGORIES_MAX];       /* [n] each; -1 = not counted */
    window_levels levels[WINDOWS_CATEGORIES_MAX]; /* of the categories */
    int n_levels;                                 /* in all categories together */
    uint8_t *outcome;     /* [n] has the condition, or NULL: all do */
    chl_column *ids;      /* events' ids, then those of the customers' frame */
    int64_t customers;    /* that may get rows, by rising id */
    int64_t *id_row;      /* [customers] row in `ids` */
    int64_t *first, *end; /* [customers] events first … end - 1 */
    int64_t *first_spell,
        *end_spell;        /* [customers], or NULL without a frame of customers */
    int64_t *start, *stop; /* spells [start, stop), by customer */
} windows_events;

/* Reads, checks and sorts. Sets plan->outcome.last when the options left it open. */
CHL_MUST_CHECK chl_status windows_events_init(windows_events *events, windows_plan *plan,
                                              const chl_frame *frame,
                                              const chl_frame *customers,
                                              const chl_control *control, chl_error *err);
void windows_events_reset(windows_events *events, const windows_plan *plan);

/* The counted levels of plan->categories[k] and each event's slot: part of the above, in
 * windows_levels.c. `rows` are the frame's rows of the sorted events. */
CHL_MUST_CHECK chl_status windows_levels_init(windows_events *events, int k,
                                              const windows_plan *plan,
                                              const chl_frame *frame, const int64_t *rows,
                                              chl_error *err);

/* The rows of a frame that have all of the columns (at most three); with `skip` the
 * others are left out, else the first of them is an error that names it. */
CHL_MUST_CHECK chl_status windows_complete_rows(const chl_frame *frame,
                                                const char *const *names, int n,
                                                bool skip, int64_t *rows, int64_t *kept,
                                                chl_error *err);

/* Parts of windows_events_init that stand in windows_customers.c. Makes events->ids: the
 * events' ids and behind them those of the customers' frame, so that both sort alike. */
CHL_MUST_CHECK chl_status windows_join_ids(windows_events *events,
                                           const windows_plan *plan,
                                           const chl_frame *frame,
                                           const chl_frame *customers, chl_error *err);
/* Fills customers, id_row, first, end and the spells. keys: of events->ids; rows: the
 * sorted events; the customers' rows count on from `offset` in ids. */
CHL_MUST_CHECK chl_status windows_find_customers(
    windows_events *events, const windows_plan *plan, const chl_frame *customers,
    const uint64_t *keys, const int64_t *rows, int64_t offset, chl_error *err);

#endif
