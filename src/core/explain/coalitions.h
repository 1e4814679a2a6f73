/* SPDX-License-Identifier: MIT
 *
 * A budget of coalitions, drawn by size without replacement. Layer: core/explain,
 * internal to it.
 *
 * A pair is a coalition and its complement; stratum s holds the pairs whose smaller half
 * has s players (in the middle stratum of an even M: the half with player 0).
 */
#ifndef CHL_EXPLAIN_COALITIONS_H
#define CHL_EXPLAIN_COALITIONS_H

#include <stdint.h>

#include "core/base/status.h"

enum { CHL_STRATA_MAX = 31 };

typedef struct chl_stratum {
    int size;       /* players in the smaller half */
    uint64_t pairs; /* that exist */
    int64_t drawn;  /* that were drawn: the first of them at `start` */
    int64_t start;  /* position in chl_coalitions.halves */
    double mass;    /* the Shapley kernel's weight of all its pairs */
} chl_stratum;

typedef struct chl_coalitions {
    int players, count; /* of strata */
    chl_stratum strata[CHL_STRATA_MAX];
    int64_t drawn;    /* pairs over all strata */
    uint64_t *halves; /* [drawn] one coalition of each pair, owned */
} chl_coalitions;

/* The least number of samples that chl_coalitions_draw takes for so many players. */
int64_t chl_coalitions_least(int players);

/* Draws samples / 2 pairs (or all there are) for 3 ≤ players ≤ 63. Stratum 1 is always
 * whole; every other one has at least two pairs. */
CHL_MUST_CHECK chl_status chl_coalitions_draw(int players, int64_t samples, uint64_t seed,
                                              chl_coalitions *out, chl_error *err);
void chl_coalitions_reset(chl_coalitions *coalitions);

#endif
