/* SPDX-License-Identifier: MIT
 *
 * Normal draws for tests of kernels, from a stream of their own for each index.
 */
#ifndef CHL_TEST_RANDOM_NUMBERS_H
#define CHL_TEST_RANDOM_NUMBERS_H

#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/real.h"

static inline chl_real *random_numbers(size_t n, uint64_t index)
{
    chl_real *x = chl_alloc_aligned(n, sizeof *x);
    assert_non_null(x);
    chl_rng rng;
    chl_rng_init(&rng, 5, CHL_RNG_GENERAL, index);
    for (size_t i = 0; i < n; i++) {
        x[i] = (chl_real)chl_rng_normal(&rng);
    }
    return x;
}

#endif
