/* SPDX-License-Identifier: MIT
 *
 * What chl_windows was asked for, read and checked. Layer: core/table, internal to
 * windows*.c. All times and lengths are in the unit of the log's time column.
 */
#ifndef CHL_TABLE_WINDOWS_PLAN_H
#define CHL_TABLE_WINDOWS_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/data/frame.h"

enum {
    WINDOWS_LOOKBACKS_MAX = 16,
    WINDOWS_VALUES_MAX = 64,
    WINDOWS_CATEGORIES_MAX = 16,
    WINDOWS_LEVELS_MAX = 1000,
    WINDOWS_CUTOFFS_MAX = 10000,
    WINDOWS_BUCKETS_MAX = 64,
    WINDOWS_STEPS_MAX = 1000,
    WINDOWS_NAME_MAX = 64
};

/* Families of features. Those from FEATURE_COUNT on exist for each look-back; rate, trend
 * and change are taken of the events and of each amount. */
typedef enum window_feature {
    FEATURE_RECENCY,
    FEATURE_TENURE,
    FEATURE_COUNT,
    FEATURE_ACTIVE,
    FEATURE_RATE,
    FEATURE_TREND,
    FEATURE_CHANGE,
    FEATURE_GAP,
    FEATURE_SUM,
    FEATURE_MEAN,
    FEATURE_MIN,
    FEATURE_MAX,
    FEATURE_STD,
    FEATURE_LEVELS,
    FEATURES
} window_feature;

typedef enum outcome_kind {
    OUTCOME_NONE,     /* no label is asked for */
    OUTCOME_INACTIVE, /* true when no event happens */
    OUTCOME_EVENT,    /* true when an event with the condition happens */
    OUTCOME_NO_EVENT  /* true when none with the condition happens */
} outcome_kind;

#define WINDOW_ALL INT64_MAX /* the look-back without an end */

/* The unit of times: 1 a day for dates, microseconds for timestamps. */
typedef struct window_clock {
    chl_type type;
    int64_t day; /* units a day */
} window_clock;

typedef struct window_outcome {
    outcome_kind kind;
    int64_t from, to;  /* the window is [t + from, t + to) */
    int64_t last;      /* the last moment that the log covers */
    const char *where; /* condition, or NULL; borrowed */
    const char *name;  /* of the label; borrowed */
    bool once;         /* who had the event leaves the population */
} window_outcome;

/* The last events of a row, newest first. */
typedef struct window_sequence {
    int steps;          /* events at most; 0 = no sequence */
    const char *prefix; /* how its columns begin; borrowed */
    bool age, gap;      /* days before the cut-off, days since the event before */
} window_sequence;

typedef struct windows_plan {
    window_clock clock;
    const char *id, *time, *known; /* columns; known may be NULL */
    const char *start, *stop;      /* columns of the customers' frame; may be NULL */
    const char *customer;          /* its id column */
    int64_t *cutoffs;              /* [n_cutoffs] rising; owned */
    int n_cutoffs;
    int64_t lookbacks[WINDOWS_LOOKBACKS_MAX]; /* lengths, or WINDOW_ALL */
    char suffixes[WINDOWS_LOOKBACKS_MAX][24]; /* "_30d", "_all" */
    int n_lookbacks;
    const char *values[WINDOWS_VALUES_MAX]; /* columns of amounts */
    int n_values;
    const char *categories[WINDOWS_CATEGORIES_MAX]; /* columns counted by level */
    const json_t *levels[WINDOWS_CATEGORIES_MAX];   /* lists of level names, or NULL */
    int n_categories;
    bool features[FEATURES]; /* wanted families */
    int64_t active_within;   /* population: an event so near; 0 = any event before t */
    int64_t buckets;         /* parts of a look-back for the trend */
    bool skip;               /* leave events without id, time or known-since out */
    window_sequence sequence;
    window_outcome outcome;
} windows_plan;

/* Reads the options; the strings are borrowed from them. Without an `observed_until` the
 * last event decides, which windows_events fills in (outcome.last = INT64_MIN until
 * then). */
CHL_MUST_CHECK chl_status windows_plan_init(windows_plan *plan, const chl_frame *events,
                                            const chl_frame *customers,
                                            const json_t *options, chl_error *err);
void windows_plan_reset(windows_plan *plan);

/* Reads the cut-offs (a list or { from, to, every }) into plan->cutoffs. */
CHL_MUST_CHECK chl_status windows_plan_cutoffs(windows_plan *plan, const json_t *cutoffs,
                                               chl_error *err);

/* "2026-11-22" or, for timestamps, a time of the day behind it; `what` names the option.
 */
CHL_MUST_CHECK chl_status windows_parse_time(const window_clock *clock,
                                             const json_t *value, const char *what,
                                             int64_t *time, chl_error *err);

/* The word of a family, as in the option `features` and in names of columns. */
const char *windows_feature_name(window_feature feature);

#endif
