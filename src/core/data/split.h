/* SPDX-License-Identifier: MIT
 *
 * Random partitions of rows: train / valid / test shares, folds, samples. Layer:
 * core/data. Counter-based: row i's draw depends on (seed, purpose, i) alone, never on
 * the columns.
 */
#ifndef CHL_DATA_SPLIT_H
#define CHL_DATA_SPLIT_H

#include "core/data/frame.h"

/* part[i] in 0 … parts-1. Shares are positive and add up to 1 (1e-9). With `stratify` (a
 * column name or NULL) each value keeps its share in each part: part sizes by largest
 * remainder within the value. Rows keep their order within a part. */
CHL_MUST_CHECK chl_status chl_split(const chl_frame *frame, const double *shares,
                                    int parts, const char *stratify, uint64_t seed,
                                    int32_t *part, chl_error *err);

/* fold[i] in 0 … folds-1, sizes differ by at most one within each stratum. */
CHL_MUST_CHECK chl_status chl_folds(const chl_frame *frame, int folds,
                                    const char *stratify, uint64_t seed, int32_t *fold,
                                    chl_error *err);

/* n distinct row indices in rising order; n ≤ rows. */
CHL_MUST_CHECK chl_status chl_sample(int64_t rows, int64_t n, uint64_t seed,
                                     int64_t *indices, chl_error *err);

#endif
