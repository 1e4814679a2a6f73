/* SPDX-License-Identifier: MIT
 *
 * Shapley values by enumeration: all 2^M values, then each player's weighted gains.
 */
#include "core/base/alloc.h"
#include "core/explain/methods.h"

/* weights[s] = s! (M - s - 1)! / M!: 1/M, then each from the one before. */
static void gain_weights(int players, double *weights)
{
    double weight = 1.0 / players;
    for (int s = 0; s < players; s++) {
        weights[s] = weight;
        weight *= (double)(s + 1) / (players - s - 1 > 0 ? players - s - 1 : 1);
    }
}

static int count_bits(uint64_t set)
{
    int n = 0;
    for (; set; set &= set - 1) {
        n++;
    }
    return n;
}

/* Differences, not a signed sum: a player that changes nothing gets exactly 0. */
static void add_gains(const double *v, int players, const double *weights, double *phi)
{
    uint64_t all = UINT64_C(1) << players;
    for (uint64_t set = 0; set < all; set++) {
        double weight = weights[count_bits(set)];
        for (int j = 0; j < players; j++) {
            uint64_t bit = UINT64_C(1) << j;
            if (!(set & bit)) {
                phi[j] += weight * (v[set | bit] - v[set]);
            }
        }
    }
}

chl_status chl_shapley_enumerate(const chl_game *game, const chl_control *control,
                                 chl_shapley *out, chl_error *err)
{
    size_t count = (size_t)1 << game->players;
    uint64_t *coalitions = chl_alloc(count, sizeof *coalitions);
    double *values = chl_alloc(count, sizeof *values);
    chl_status status = coalitions && values ? CHL_OK : chl_fail_memory(err);
    for (size_t k = 0; k < count && status == CHL_OK; k++) {
        coalitions[k] = k;
    }
    if (status == CHL_OK) {
        status = chl_game_values(game, coalitions, (int64_t)count, control, values, err);
    }
    if (status == CHL_OK) {
        double weights[CHL_SHAPLEY_EXACT_MAX + 1] = {0};
        gain_weights(game->players, weights);
        add_gains(values, game->players, weights, out->phi);
        out->base = values[0];
        out->total = values[count - 1];
        out->evaluations = (int64_t)count;
        out->exact = 1;
    }
    chl_free(values);
    chl_free(coalitions);
    return status;
}
