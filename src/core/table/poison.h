/* SPDX-License-Identifier: MIT
 *
 * A log with another future: what nobody could know at the cut-off t is altered, so that
 * a feature which changes must have looked at it. Layer: core/table.
 *
 * An event is known at t when its time is before t and, where the log says since when
 * events are known, that moment is before t as well. Those events stay as they are, in
 * their order; so do rows without a time. Of all others,
 *   CHL_POISON_REMOVE  none is left
 *   CHL_POISON_ALTER   a quarter goes, the rest gets other values, categories and times
 *                      from t on, and as many events again are added (at least 64), for
 *                      customers of the log, at t and later; where there is a known-since
 *                      column half of them happened before t and became known at t or
 *                      later
 */
#ifndef CHL_TABLE_POISON_H
#define CHL_TABLE_POISON_H

#include "core/base/control.h"
#include "core/data/frame.h"

typedef enum chl_poison_mode { CHL_POISON_REMOVE, CHL_POISON_ALTER } chl_poison_mode;

typedef struct chl_poison {
    const char *id, *time; /* columns; the id of an event never changes */
    const char *known;     /* column of the time's type, or NULL */
    const char *cutoff;    /* text of a date or a timestamp */
    chl_poison_mode mode;
    uint64_t seed;
} chl_poison;

CHL_MUST_CHECK chl_status chl_poison_events(const chl_frame *events,
                                            const chl_poison *poison,
                                            const chl_control *control, chl_frame **out,
                                            chl_error *err);

/* Compares columns of one length: numbers (also times) as doubles, |a - b| ≤ tolerance ×
 * max(1, |a|, |b|), everything else as text; missing equals missing. *differing counts
 * the rows that differ, *first is the first of them or -1. */
CHL_MUST_CHECK chl_status chl_column_compare(const chl_column *a, const chl_column *b,
                                             double tolerance, int64_t *differing,
                                             int64_t *first, chl_error *err);

#endif
