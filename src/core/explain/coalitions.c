/* SPDX-License-Identifier: MIT */
#include "core/explain/coalitions.h"

#include <stdbool.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/explain/shapley.h"

enum {
    DENSE = 8 /* a stratum of up to so many pairs per drawn one is walked through */
};

/* C(n, k) for n ≤ 63, by Pascal's triangle: every entry fits. */
static uint64_t choose(int n, int k)
{
    uint64_t row[CHL_SHAPLEY_PLAYERS_MAX + 1] = {1};
    for (int i = 1; i <= n; i++) {
        for (int j = i; j > 0; j--) {
            row[j] += row[j - 1];
        }
    }
    return row[k];
}

/* The middle stratum of an even M: both halves have its size. */
static bool is_middle(int players, int size)
{
    return 2 * size == players;
}

static void describe_strata(int players, chl_coalitions *out)
{
    out->players = players;
    out->count = players / 2;
    for (int i = 0; i < out->count; i++) {
        int size = i + 1;
        bool middle = is_middle(players, size);
        double sizes = (double)size * (players - size);
        out->strata[i] = (chl_stratum){.size = size,
                                       .pairs = choose(players, size) >> middle,
                                       .mass = (middle ? 0.5 : 1) / sizes};
    }
}

int64_t chl_coalitions_least(int players)
{
    return 2 * (players + 2 * (int64_t)(players / 2 - 1));
}

/* Equal shares of the budget; what a small stratum cannot use goes to the others. */
static void share_budget(chl_coalitions *c, int64_t pairs)
{
    int64_t left = pairs;
    int open = c->count;
    bool full[CHL_STRATA_MAX] = {false};
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < c->count; i++) {
            chl_stratum *s = &c->strata[i];
            bool fits = !full[i] && (i == 0 || s->pairs <= (uint64_t)(left / open));
            if (fits) {
                full[i] = again = true;
                s->drawn = (int64_t)s->pairs;
                left -= s->drawn;
                open--;
            }
            if (open == 0) {
                return;
            }
        }
    }
    int64_t share = left / open, extra = left % open;
    for (int i = 0; i < c->count; i++) {
        if (!full[i]) {
            c->strata[i].drawn = share + (extra-- > 0);
        }
    }
}

/* ---- drawing ---- */

/* The next larger number with as many bits (Gosper, HAKMEM item 175). */
static uint64_t next_combination(uint64_t set)
{
    uint64_t lowest = set & (~set + 1), ripple = set + lowest;
    return ripple | ((set ^ ripple) >> 2) / lowest;
}

/* The middle stratum keeps player 0 in: size - 1 others are chosen from M - 1. */
static uint64_t with_first(uint64_t set, bool middle)
{
    return middle ? set << 1 | 1 : set;
}

/* Selection sampling (Knuth, TAOCP 2, algorithm S) over all pairs of the stratum. */
static void walk_stratum(const chl_stratum *s, bool middle, chl_rng *rng, uint64_t *out)
{
    int chosen = s->size - middle;
    uint64_t set = (UINT64_C(1) << chosen) - 1, left = s->pairs;
    for (int64_t taken = 0; taken < s->drawn; left--) {
        uint64_t wanted = (uint64_t)(s->drawn - taken);
        if (wanted == left || chl_rng_below(rng, left) < wanted) {
            out[taken++] = with_first(set, middle);
        }
        if (left > 1) {
            set = next_combination(set);
        }
    }
}

/* A uniform set of `chosen` of n players (Floyd). */
static uint64_t draw_set(int n, int chosen, chl_rng *rng)
{
    uint64_t set = 0;
    for (int j = n - chosen; j < n; j++) {
        uint64_t bit = UINT64_C(1) << chl_rng_below(rng, (uint64_t)j + 1);
        set |= set & bit ? UINT64_C(1) << j : bit;
    }
    return set;
}

/* True when the set is new; no drawn half is 0, so 0 marks a free slot. */
static bool remember(uint64_t *table, size_t slots, uint64_t set)
{
    size_t at = (size_t)chl_hash_u64(set) & (slots - 1);
    for (; table[at]; at = (at + 1) & (slots - 1)) {
        if (table[at] == set) {
            return false;
        }
    }
    table[at] = set;
    return true;
}

static chl_status pick_stratum(const chl_stratum *s, int players, bool middle,
                               chl_rng *rng, uint64_t *out, chl_error *err)
{
    size_t slots = 4;
    while (slots < 2 * (size_t)s->drawn) {
        slots *= 2;
    }
    uint64_t *table = chl_calloc(slots, sizeof *table);
    if (!table) {
        return chl_fail_memory(err);
    }
    for (int64_t taken = 0; taken < s->drawn;) {
        uint64_t set = draw_set(players - middle, s->size - middle, rng);
        uint64_t half = with_first(set, middle);
        if (remember(table, slots, half)) {
            out[taken++] = half;
        }
    }
    chl_free(table);
    return CHL_OK;
}

static chl_status draw_stratum(const chl_coalitions *c, const chl_stratum *s,
                               uint64_t seed, chl_error *err)
{
    uint64_t *out = c->halves + s->start;
    bool middle = is_middle(c->players, s->size);
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_COALITIONS, (uint64_t)s->size);
    if (s->pairs / DENSE <= (uint64_t)s->drawn) {
        walk_stratum(s, middle, &rng, out);
        return CHL_OK;
    }
    return pick_stratum(s, c->players, middle, &rng, out, err);
}

chl_status chl_coalitions_draw(int players, int64_t samples, uint64_t seed,
                               chl_coalitions *out, chl_error *err)
{
    *out = (chl_coalitions){0};
    describe_strata(players, out);
    share_budget(out, samples / 2);
    for (int i = 0; i < out->count; i++) {
        out->strata[i].start = out->drawn;
        out->drawn += out->strata[i].drawn;
    }
    out->halves = chl_alloc((size_t)out->drawn, sizeof *out->halves);
    chl_status status = out->halves ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; i < out->count && status == CHL_OK; i++) {
        status = draw_stratum(out, &out->strata[i], seed, err);
    }
    if (status != CHL_OK) {
        chl_coalitions_reset(out);
    }
    return status;
}

void chl_coalitions_reset(chl_coalitions *coalitions)
{
    chl_free(coalitions->halves);
    *coalitions = (chl_coalitions){0};
}
