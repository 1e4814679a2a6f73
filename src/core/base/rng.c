/* SPDX-License-Identifier: MIT */
#include "core/base/rng.h"

#include <math.h>
#include <string.h>

void chl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = UINT64_C(0xD2511F53) * c0;
        uint64_t p1 = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void chl_rng_init(chl_rng *rng, uint64_t seed, chl_rng_purpose purpose, uint64_t index)
{
    memset(rng, 0, sizeof *rng);
    rng->key[0] = (uint32_t)seed;
    rng->key[1] = (uint32_t)(seed >> 32);
    rng->counter[1] = (uint32_t)purpose;
    rng->counter[2] = (uint32_t)index;
    rng->counter[3] = (uint32_t)(index >> 32);
    rng->used = 4;
}

uint32_t chl_rng_u32(chl_rng *rng)
{
    if (rng->used == 4) {
        chl_philox(rng->counter, rng->key, rng->block);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t chl_rng_u64(chl_rng *rng)
{
    uint64_t high = chl_rng_u32(rng);
    return high << 32 | chl_rng_u32(rng);
}

double chl_rng_uniform(chl_rng *rng)
{
    return (double)(chl_rng_u64(rng) >> 11) * 0x1p-53;
}

double chl_rng_normal(chl_rng *rng)
{
    double u = 1.0 - chl_rng_uniform(rng); /* in (0, 1]: the logarithm stays finite */
    double v = chl_rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

uint64_t chl_rng_below(chl_rng *rng, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t draw;
    do {
        draw = chl_rng_u64(rng);
    } while (draw >= limit);
    return draw % n;
}

void chl_rng_shuffle(chl_rng *rng, int64_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)chl_rng_below(rng, i);
        int64_t held = items[i - 1];
        items[i - 1] = items[j];
        items[j] = held;
    }
}
