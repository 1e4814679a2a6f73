/* SPDX-License-Identifier: MIT
 *
 * Compiles kernels_body.h for each instruction set and picks one by asking the processor:
 * no ifunc, so sanitizers, clang and static linking see ordinary functions.
 */
#include "core/nn/kernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/base/rng.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define JOIN2(a, b)  a##_##b
#define JOIN(a, b)   JOIN2(a, b)
#define KERNEL(name) JOIN(name, VARIANT)

#define VARIANT portable
#define WIDTH   16
#include "core/nn/kernels_body.h"
#undef VARIANT
#undef WIDTH

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define VARIANT avx2
#define WIDTH   32
#include "core/nn/kernels_body.h"
#undef VARIANT
#undef WIDTH
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(                                                            \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))),              \
    apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prefer-vector-width=512")
#endif
#define VARIANT avx512
#define WIDTH   64
#include "core/nn/kernels_body.h"
#undef VARIANT
#undef WIDTH
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const chl_kernels *chl_kernels_at(int i)
{
    const chl_kernels *list[4] = {0};
    int n = 0;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        list[n++] = &kernels_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        list[n++] = &kernels_avx2;
    }
    list[n++] = &kernels_portable;
    return i >= 0 && i < n ? list[i] : NULL;
}

#else

const chl_kernels *chl_kernels_at(int i)
{
    return i == 0 ? &kernels_portable : NULL;
}

#endif

const chl_kernels *chl_kernels_best(void)
{
    return chl_kernels_at(0);
}
