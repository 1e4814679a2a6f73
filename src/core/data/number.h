/* SPDX-License-Identifier: MIT
 *
 * Numbering equal things: 64-bit words and texts to 0, 1, 2 … by first appearance. Layer:
 * core/data. The result does not depend on the number of threads.
 */
#ifndef CHL_DATA_NUMBER_H
#define CHL_DATA_NUMBER_H

#include "core/base/control.h"
#include "core/data/column.h"

/* ids[i]: the number of words[i]; *count numbers are given. Words are in 0 … last. */
CHL_MUST_CHECK chl_status chl_number_words(const uint64_t *words, int64_t n,
                                           uint64_t last, const chl_control *control,
                                           int64_t *ids, int64_t *count, chl_error *err);

/* The same for the present rows of `left` and then of `right` (NULL: none), two string
 * columns; missing rows get some number of their own or another row's. */
CHL_MUST_CHECK chl_status chl_number_texts(const chl_column *left,
                                           const chl_column *right,
                                           const chl_control *control, int64_t *ids,
                                           int64_t *count, chl_error *err);

/* first[g]: the first row with number g, where `count` numbers were given by first
 * appearance. */
void chl_first_rows(const int64_t *ids, int64_t n, int64_t count, int64_t *first);

#endif
