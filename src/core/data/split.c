/* SPDX-License-Identifier: MIT
 *
 * Random partitions of rows. Layer: core/data.
 *
 * Each row draws a 64-bit number from its own stream; rows are ranked by their draw
 * within their stratum, and the ranks are cut into parts or dealt to folds.
 */
#include "core/data/split.h"

#include <math.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/data/distinct.h"
#include "core/data/sort.h"

/* Rows in the order of (stratum, draw), and where each stratum starts. */
typedef struct ranking {
    int64_t *order;  /* [rows] */
    int64_t *starts; /* [strata + 1] */
    int64_t strata;
} ranking;

static void ranking_reset(ranking *r)
{
    chl_free(r->order);
    chl_free(r->starts);
    *r = (ranking){0};
}

chl_status chl_split_order(int64_t rows, uint64_t seed, chl_rng_purpose purpose,
                           int64_t **out, chl_error *err)
{
    uint64_t *draws = chl_alloc((size_t)rows, sizeof *draws);
    int64_t *order = chl_alloc((size_t)rows, sizeof *order);
    chl_status status = draws && order ? CHL_OK : chl_fail_memory(err);
    for (int64_t i = 0; status == CHL_OK && i < rows; i++) {
        chl_rng rng;
        chl_rng_init(&rng, seed, purpose, (uint64_t)i);
        draws[i] = chl_rng_u64(&rng);
        order[i] = i;
    }
    if (status == CHL_OK) {
        status = chl_sort_order(draws, order, rows, err);
    }
    chl_free(draws);
    if (status != CHL_OK) {
        chl_free(order);
        return status;
    }
    *out = order;
    return CHL_OK;
}

static chl_status sort_into_strata(ranking *r, const chl_column *column, chl_error *err)
{
    chl_distinct values;
    CHL_TRY(chl_distinct_init(&values, column, err));
    int64_t strata = values.count + values.missing;
    int64_t *starts = chl_calloc((size_t)strata + 1, sizeof *starts);
    chl_status status = starts ? CHL_OK : chl_fail_memory(err);
    if (starts) {
        chl_free(r->starts);
        r->starts = starts;
        r->strata = strata;
        for (int64_t s = 0; s < strata; s++) {
            starts[s + 1] = starts[s] + values.counts[s];
        }
        /* codes are not negative: they serve as sort keys */
        status =
            chl_sort_order((const uint64_t *)values.codes, r->order, column->length, err);
    }
    chl_distinct_reset(&values);
    return status;
}

static chl_status rank_rows(ranking *r, const chl_frame *frame, const char *stratify,
                            uint64_t seed, chl_rng_purpose purpose, chl_error *err)
{
    *r = (ranking){.strata = 1};
    int index = -1;
    if (stratify) {
        CHL_TRY(chl_frame_index(frame, "stratify", stratify, &index, err));
    }
    CHL_TRY(chl_split_order(frame->rows, seed, purpose, &r->order, err));
    if (index >= 0) {
        return sort_into_strata(r, frame->fields[index].column, err);
    }
    r->starts = chl_alloc(2, sizeof *r->starts);
    if (!r->starts) {
        return chl_fail_memory(err);
    }
    r->starts[0] = 0;
    r->starts[1] = frame->rows;
    return CHL_OK;
}

/* ---- shares ---- */

/* Part sizes by largest remainder; of equal remainders the earlier part wins. */
static void cut_sizes(int64_t n, const double *shares, int parts, int64_t *sizes)
{
    int64_t left = n;
    for (int p = 0; p < parts; p++) {
        /* 0.15 * 20 is a hair below 3: the tolerance keeps what is meant as exact */
        sizes[p] = (int64_t)floor((double)n * shares[p] + 1e-9);
        left -= sizes[p];
    }
    while (left > 0) {
        int best = 0;
        for (int p = 1; p < parts; p++) {
            double gap = (double)n * shares[p] - (double)sizes[p];
            if (gap > (double)n * shares[best] - (double)sizes[best] + 1e-9) {
                best = p;
            }
        }
        sizes[best]++;
        left--;
    }
}

chl_status chl_split_check_shares(const double *shares, int parts, chl_error *err)
{
    double sum = 0;
    for (int p = 0; p < parts; p++) {
        if (!(shares[p] > 0)) {
            return chl_fail(err, CHL_EINVAL,
                            "split: share %d: expected a positive number, got %g", p + 1,
                            shares[p]);
        }
        sum += shares[p];
    }
    if (!(fabs(sum - 1) <= 1e-9)) {
        return chl_fail(err, CHL_EINVAL, "split: shares: expected a sum of 1, got %.10g",
                        sum);
    }
    return CHL_OK;
}

chl_status chl_split(const chl_frame *frame, const double *shares, int parts,
                     const char *stratify, uint64_t seed, int32_t *part, chl_error *err)
{
    CHL_TRY(chl_split_check_shares(shares, parts, err));
    ranking r;
    chl_status status = rank_rows(&r, frame, stratify, seed, CHL_RNG_SPLIT, err);
    int64_t *sizes = chl_alloc((size_t)parts, sizeof *sizes);
    if (status == CHL_OK && !sizes) {
        status = chl_fail_memory(err);
    }
    for (int64_t s = 0; status == CHL_OK && s < r.strata; s++) {
        int64_t at = r.starts[s];
        cut_sizes(r.starts[s + 1] - at, shares, parts, sizes);
        for (int p = 0; p < parts; p++) {
            for (int64_t i = 0; i < sizes[p]; i++) {
                part[r.order[at++]] = p;
            }
        }
    }
    chl_free(sizes);
    ranking_reset(&r);
    return status;
}

chl_status chl_folds(const chl_frame *frame, int folds, const char *stratify,
                     uint64_t seed, int32_t *fold, chl_error *err)
{
    if (folds < 2 || folds > frame->rows) {
        return chl_fail(err, CHL_EINVAL,
                        "folds: expected 2 to %lld folds (the number of rows), got %d",
                        (long long)frame->rows, folds);
    }
    ranking r;
    chl_status status = rank_rows(&r, frame, stratify, seed, CHL_RNG_FOLDS, err);
    /* dealing goes on from stratum to stratum, so that whole folds are balanced too */
    for (int64_t i = 0; status == CHL_OK && i < frame->rows; i++) {
        fold[r.order[i]] = (int32_t)(i % folds);
    }
    ranking_reset(&r);
    return status;
}

chl_status chl_sample(int64_t rows, int64_t n, uint64_t seed, int64_t *indices,
                      chl_error *err)
{
    if (n < 0 || n > rows) {
        return chl_fail(err, CHL_EINVAL, "sample: expected 0 to %lld rows, got %lld",
                        (long long)rows, (long long)n);
    }
    int64_t *order = NULL;
    CHL_TRY(chl_split_order(rows, seed, CHL_RNG_SAMPLE, &order, err));
    uint8_t *chosen = chl_calloc((size_t)rows, 1);
    chl_status status = chosen ? CHL_OK : chl_fail_memory(err);
    for (int64_t i = 0; chosen && i < n; i++) {
        chosen[order[i]] = 1;
    }
    for (int64_t i = 0, at = 0; chosen && i < rows; i++) {
        if (chosen[i]) {
            indices[at++] = i;
        }
    }
    chl_free(chosen);
    chl_free(order);
    return status;
}
