/* SPDX-License-Identifier: MIT
 *
 * Shapley values of a cooperative game. Layer: core/explain (on base). It knows a game
 * only through a callback, never nets or frames.
 *
 * Exact up to CHL_SHAPLEY_EXACT players: phi_j = sum over S without j of
 * |S|! (M-|S|-1)! / M! · (v(S + j) - v(S)).
 *
 * Above: Kernel SHAP (Lundberg & Lee 2017), a weighted least squares problem under
 * sum(phi) = v(all) - v(none), with each coalition paired with its complement (Covert &
 * Lee 2021). Coalitions are drawn by size without replacement, every size with the same
 * budget (the leverage scores of Musco & Witter 2025), so that small and large ones are
 * enumerated and only the middle is estimated. Games whose interactions join at most two
 * players come out exact.
 */
#ifndef CHL_EXPLAIN_SHAPLEY_H
#define CHL_EXPLAIN_SHAPLEY_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

enum {
    CHL_SHAPLEY_EXACT = 12,
    CHL_SHAPLEY_EXACT_MAX = 20, /* 2^20 values: 8 MiB */
    CHL_SHAPLEY_PLAYERS_MAX = 63,
    CHL_SHAPLEY_CHUNK = 1024 /* coalitions in one call of a game's `value` at most */
};

/* Bit j of a coalition is set when player j takes part. */
typedef struct chl_game {
    int players;
    /* values[k] = v(coalitions[k]); must be deterministic and finite. Called on the
     * caller's thread, at most CHL_SHAPLEY_CHUNK coalitions at a time, each coalition
     * once. */
    chl_status (*value)(void *ctx, const uint64_t *coalitions, int64_t n, double *values,
                        chl_error *err);
    void *ctx;
} chl_game;

typedef struct chl_shapley_options {
    int64_t samples; /* coalitions to draw above exact_limit players; 0 = 2·M + 2048. When
                        it covers all 2^M - 2 of them, they are enumerated. */
    uint64_t seed;   /* of the drawn coalitions */
    int exact_limit; /* enumerate up to this many players, at most
                        CHL_SHAPLEY_EXACT_MAX; 0 = CHL_SHAPLEY_EXACT */
} chl_shapley_options;

typedef struct chl_shapley {
    double base;  /* v(none) */
    double total; /* v(all); base + sum(phi) equals it up to rounding */
    double phi[CHL_SHAPLEY_PLAYERS_MAX];
    double
        error[CHL_SHAPLEY_PLAYERS_MAX]; /* standard error of the estimate; 0 when exact */
    int players;
    int64_t evaluations; /* coalitions whose value was asked for */
    int exact;           /* 1 when enumerated */
} chl_shapley;

/* options may be NULL. The same game, options and seed give the same bits. A player that
 * changes no value gets exactly 0 when enumerated. Too few samples for the number of
 * players, or a value that is not finite, is an error. */
CHL_MUST_CHECK chl_status chl_shapley_compute(const chl_game *game,
                                              const chl_shapley_options *options,
                                              const chl_control *control,
                                              chl_shapley *out, chl_error *err);

#endif
