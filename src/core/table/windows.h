/* SPDX-License-Identifier: MIT
 *
 * Event logs to features: one row for each customer and observation date (cut-off).
 * Layer: core/table.
 *
 * At the cut-off t an event counts as a feature when its time is before t and, where the
 * log says since when an event is known, that moment is before t as well. A look-back of
 * w days is [t - w, t). The outcome is looked for in [t + gap, t + gap + within), among
 * all events, however late they became known. An event at t itself is never a feature
 * and, without a gap, the first that can be the outcome. A row whose outcome window
 * reaches beyond the last moment that the log covers has no label: it is missing, never
 * "nothing happened".
 *
 * Each customer's events are walked once for each cut-off and look-back; events with
 * equal times keep the order of the frame. Results depend on no thread.
 */
#ifndef CHL_TABLE_WINDOWS_H
#define CHL_TABLE_WINDOWS_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/frame.h"

/* The options are what lua/churnlab/windows.lua documents. `customers` (a row for each
 * time that somebody was a customer) may be NULL. The rows of *out are sorted by customer
 * and cut-off; its roles are target, id and time. *skipped counts the events left out
 * because id, time or known-since was missing (with the option missing = "skip"). */
CHL_MUST_CHECK chl_status chl_windows(const chl_frame *events, const chl_frame *customers,
                                      const json_t *options, const chl_control *control,
                                      chl_frame **out, int64_t *skipped, chl_error *err);

#endif
