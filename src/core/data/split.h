/* SPDX-License-Identifier: MIT
 *
 * Partitions of rows: train / valid / test shares, folds, samples. Layer: core/data.
 *
 * Random ones are counter-based: row i's draw depends on (seed, purpose, i) alone, never
 * on the columns. Those by group keep the rows of one customer together, those by time
 * keep what comes later out of what comes before.
 */
#ifndef CHL_DATA_SPLIT_H
#define CHL_DATA_SPLIT_H

#include "core/base/rng.h"
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

/* ---- by group (split_groups.c) ---- */

/* All rows with one value of `group` (missing is a value) get one part. Groups are taken
 * in random order, drawn by (seed, purpose, number of the group by first appearance), and
 * fill the parts with rows in turn. */
CHL_MUST_CHECK chl_status chl_split_groups(const chl_frame *frame, const double *shares,
                                           int parts, const char *group, uint64_t seed,
                                           int32_t *part, chl_error *err);

/* As above: each group in random order goes to the fold with the fewest rows so far. With
 * `stratify` (a column or NULL) the groups with most rows come first, and each goes to
 * the fold that keeps the shares of its values most even: where the sum over values of
 * (the fold's rows / all rows of the value)² grows least. */
CHL_MUST_CHECK chl_status chl_fold_groups(const chl_frame *frame, int folds,
                                          const char *group, const char *stratify,
                                          uint64_t seed, int32_t *fold, chl_error *err);

/* ---- by time (split_times.c): `time` is a column of dates or timestamps without missing
 * rows ---- */

/* Where ordered parts begin, so that they hold about these shares of the rows; rows of
 * one moment stay together. starts[0] is INT64_MIN, the others are times in the column's
 * unit. */
CHL_MUST_CHECK chl_status chl_time_starts(const chl_frame *frame, const char *time,
                                          const double *shares, int parts,
                                          int64_t *starts, chl_error *err);
/* The same from n rising dates (texts): n + 1 starts. */
CHL_MUST_CHECK chl_status chl_time_starts_at(const chl_frame *frame, const char *time,
                                             const char *const *dates, int n,
                                             int64_t *starts, chl_error *err);
/* part[i] = the part of row i, or -1 where it is left out: a row not in the last part
 * whose time + embargo (days) lies behind the start of the next part, and a row at or
 * after `end`. */
CHL_MUST_CHECK chl_status chl_time_parts(const chl_frame *frame, const char *time,
                                         const int64_t *starts, int parts, int64_t end,
                                         double embargo, int32_t *part, chl_error *err);

/* The fold of an expanding window that tests a row: the rows are cut into folds + 1 parts
 * of about one size in the order of time; 0 = the first part, which no fold tests. */
CHL_MUST_CHECK chl_status chl_time_folds(const chl_frame *frame, int folds,
                                         const char *time, int64_t *starts, int32_t *fold,
                                         chl_error *err);

/* Fails unless all shares are positive and add up to 1 (1e-9). */
CHL_MUST_CHECK chl_status chl_split_check_shares(const double *shares, int parts,
                                                 chl_error *err);

/* Rows in random order: a new array (chl_free). */
CHL_MUST_CHECK chl_status chl_split_order(int64_t rows, uint64_t seed,
                                          chl_rng_purpose purpose, int64_t **out,
                                          chl_error *err);

/* n distinct row indices in rising order; n ≤ rows. */
CHL_MUST_CHECK chl_status chl_sample(int64_t rows, int64_t n, uint64_t seed,
                                     int64_t *indices, chl_error *err);

#endif
