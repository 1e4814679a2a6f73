/* SPDX-License-Identifier: MIT
 *
 * Judged rows: predictions in rank order with each row's share of every score worked out,
 * so that the scores of the rows, or of any resample of them, are one pass without
 * logarithms or sorting. Layer: core/metrics.
 */
#ifndef CHL_METRICS_JUDGED_H
#define CHL_METRICS_JUDGED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/metrics/scores.h"

enum { CHL_ECE_BINS = 15 };

typedef struct chl_judged_row {
    double p;
    double loss;    /* -log of the probability given to what happened, clipped */
    double square;  /* (p - y)² */
    uint32_t row;   /* 0-based position before the ranking */
    uint8_t y;      /* 0 or 1 */
    bool predicted; /* p >= threshold */
    uint8_t bin;    /* equal-width bin of p */
    bool last;      /* the next row has another score */
} chl_judged_row;

typedef struct chl_judged {
    int64_t n;
    double threshold;
    chl_judged_row *rows; /* [n] by falling p, owned */
} chl_judged;

/* Checks y, p and the threshold; messages start with `where`. */
CHL_MUST_CHECK chl_status chl_judged_init(const char *where, const double *y,
                                          const double *p, int64_t n, double threshold,
                                          chl_judged *out, chl_error *err);
void chl_judged_reset(chl_judged *judged);

/* The scores when row i counts counts[i] times (sum = total ≥ 1); NULL = once each. */
void chl_judged_scores(const chl_judged *judged, const uint32_t *counts, int64_t total,
                       chl_scores *out);

#endif
