/* SPDX-License-Identifier: MIT
 *
 * Order of rows: values become 64-bit keys whose unsigned order is theirs (key.h for
 * several columns); a stable radix sort does the rest. Layer: core/data.
 */
#ifndef CHL_DATA_SORT_H
#define CHL_DATA_SORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/control.h"
#include "core/data/column.h"

/* keys[i] orders row i among the present rows (text: by bytes, ordered levels by their
 * order; equal values have equal keys); missing rows get 0. */
CHL_MUST_CHECK chl_status chl_sort_keys(const chl_column *column, uint64_t *keys,
                                        chl_error *err);

/* Reorders order[0 … n-1] stably by rising keys[order[i]]. */
CHL_MUST_CHECK chl_status chl_sort_order(const uint64_t *keys, int64_t *order, int64_t n,
                                         chl_error *err);

/* order[0 … n-1]: the rows 0 … n-1 by rising words, equal ones as they are; words are in
 * 0 … last. The result does not depend on the number of threads. */
CHL_MUST_CHECK chl_status chl_sort_words(const uint64_t *words, int64_t n, uint64_t last,
                                         const chl_control *control, int64_t *order,
                                         chl_error *err);

#endif
