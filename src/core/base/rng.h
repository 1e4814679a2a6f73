/* SPDX-License-Identifier: MIT
 *
 * Counter-based random numbers: Philox-4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). Layer: core/base.
 *
 * A stream is keyed by (seed, purpose, index). Streams are independent, so adding a
 * column, a member or a thread never changes the numbers that another one sees. No global
 * state.
 */
#ifndef CHL_BASE_RNG_H
#define CHL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for. Append only: a value is part of what a seed means. */
typedef enum chl_rng_purpose {
    CHL_RNG_GENERAL = 0,
    CHL_RNG_SPLIT = 1,
    CHL_RNG_FOLDS = 2,
    CHL_RNG_SAMPLE = 3,
    CHL_RNG_TARGET_ENCODE = 4,
    CHL_RNG_WEIGHTS = 5,
    CHL_RNG_SHUFFLE = 6,
    CHL_RNG_DROPOUT = 7,
    CHL_RNG_BOOTSTRAP = 8,
    CHL_RNG_BACKGROUND = 9,
    CHL_RNG_COALITIONS = 10,
    CHL_RNG_SIMULATE = 11,
    CHL_RNG_HOLDOUT = 12,
    CHL_RNG_RESAMPLE = 13,
    CHL_RNG_TUNE = 14,
    CHL_RNG_NOISE = 15,
    CHL_RNG_MIXUP = 16
} chl_rng_purpose;

typedef struct chl_rng {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* {block, purpose, index low, index high} */
    uint32_t block[4];   /* the current output block */
    int used;            /* words of `block` already given out; 4 = none left */
} chl_rng;

void chl_rng_init(chl_rng *rng, uint64_t seed, chl_rng_purpose purpose, uint64_t index);

/* One Philox-4x32-10 block: out = philox(counter, key). */
void chl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

uint32_t chl_rng_u32(chl_rng *rng);
uint64_t chl_rng_u64(chl_rng *rng);

/* Uniform in [0, 1), 53 bits. */
double chl_rng_uniform(chl_rng *rng);

/* Standard normal (Box–Muller, one value a call). */
double chl_rng_normal(chl_rng *rng);

/* Uniform in 0 … n-1 without bias (rejection); n > 0. */
uint64_t chl_rng_below(chl_rng *rng, uint64_t n);

/* Fisher–Yates shuffle of n indices in place. */
void chl_rng_shuffle(chl_rng *rng, int64_t *items, size_t n);

#endif
