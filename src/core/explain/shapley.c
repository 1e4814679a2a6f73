/* SPDX-License-Identifier: MIT */
#include "core/explain/shapley.h"

#include <math.h>
#include <stdio.h>

#include "core/explain/coalitions.h"
#include "core/explain/methods.h"

enum { SAMPLES_EXTRA = 2048, SAMPLES_MAX = 1 << 28 };

static chl_status check_values(const uint64_t *coalitions, const double *values,
                               int64_t n, chl_error *err)
{
    for (int64_t k = 0; k < n; k++) {
        if (!isfinite(values[k])) {
            return chl_fail(err, CHL_ENUMERIC,
                            "shapley: value of coalition 0x%llx: expected a finite "
                            "number, got %g",
                            (unsigned long long)coalitions[k],
                            isnan(values[k]) ? (double)NAN : values[k]);
        }
    }
    return CHL_OK;
}

chl_status chl_game_values(const chl_game *game, const uint64_t *coalitions, int64_t n,
                           const chl_control *control, double *values, chl_error *err)
{
    for (int64_t from = 0; from < n; from += CHL_SHAPLEY_CHUNK) {
        int64_t count = n - from < CHL_SHAPLEY_CHUNK ? n - from : CHL_SHAPLEY_CHUNK;
        CHL_TRY(chl_control_check(control, "shapley", err));
        CHL_TRY(game->value(game->ctx, coalitions + from, count, values + from, err));
        CHL_TRY(check_values(coalitions + from, values + from, count, err));
        if (n > CHL_SHAPLEY_CHUNK) {
            char text[64];
            snprintf(text, sizeof text, "coalitions %lld/%lld", (long long)(from + count),
                     (long long)n);
            chl_control_report(control, (double)(from + count) / (double)n, text);
        }
    }
    return CHL_OK;
}

static chl_status check_options(const chl_game *game, const chl_shapley_options *o,
                                chl_error *err)
{
    if (game->players < 0 || game->players > CHL_SHAPLEY_PLAYERS_MAX) {
        return chl_fail(err, CHL_EINVAL, "shapley: expected 0 to %d players, got %d",
                        (int)CHL_SHAPLEY_PLAYERS_MAX, game->players);
    }
    if (o->exact_limit < 0 || o->exact_limit > CHL_SHAPLEY_EXACT_MAX) {
        return chl_fail(err, CHL_EINVAL, "shapley: exact_limit: expected 0 to %d, got %d",
                        (int)CHL_SHAPLEY_EXACT_MAX, o->exact_limit);
    }
    if (o->samples < 0 || o->samples > SAMPLES_MAX) {
        return chl_fail(err, CHL_EINVAL, "shapley: samples: expected 0 to %d, got %lld",
                        (int)SAMPLES_MAX, (long long)o->samples);
    }
    return CHL_OK;
}

static chl_status check_samples(int players, int64_t samples, chl_error *err)
{
    int64_t least = chl_coalitions_least(players);
    if (samples < least) {
        return chl_fail(err, CHL_EINVAL,
                        "shapley: samples: expected at least %lld for %d players, got "
                        "%lld",
                        (long long)least, players, (long long)samples);
    }
    return CHL_OK;
}

static chl_status compute(const chl_game *game, const chl_shapley_options *o,
                          const chl_control *control, chl_shapley *out, chl_error *err)
{
    CHL_TRY(check_options(game, o, err));
    int m = game->players, limit = o->exact_limit ? o->exact_limit : CHL_SHAPLEY_EXACT;
    int64_t samples = o->samples ? o->samples : 2 * (int64_t)m + SAMPLES_EXTRA;
    out->players = m;
    if (m <= limit || m < 3 ||
        (m <= CHL_SHAPLEY_EXACT_MAX && samples >= (INT64_C(1) << m) - 2)) {
        return chl_shapley_enumerate(game, control, out, err);
    }
    CHL_TRY(check_samples(m, samples, err));
    return chl_shapley_sample(game, samples, o->seed, control, out, err);
}

chl_status chl_shapley_compute(const chl_game *game, const chl_shapley_options *options,
                               const chl_control *control, chl_shapley *out,
                               chl_error *err)
{
    static const chl_shapley_options defaults = {0};
    *out = (chl_shapley){0};
    chl_status status = compute(game, options ? options : &defaults, control, out, err);
    if (status != CHL_OK) {
        *out = (chl_shapley){0};
    }
    return status;
}
