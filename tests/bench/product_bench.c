/* SPDX-License-Identifier: MIT
 *
 * GFLOP/s of the nets' own product beside OpenBLAS' sgemm, one thread, at the shapes of
 * small nets (batch × out × in) and at larger ones. The best of five rounds each.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/kernels.h"

void openblas_set_num_threads(int threads);

enum { ROUNDS = 5 };

typedef struct operands {
    int m, n, k;
    float *a, *b, *c;
} operands;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static float *random_floats(size_t n, uint64_t index)
{
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, index);
    float *values = chl_alloc_aligned(n, sizeof *values);
    for (size_t i = 0; values && i < n; i++) {
        values[i] = (float)chl_rng_uniform(&rng);
    }
    return values;
}

static void ours(const operands *o)
{
    chl_kernels_best()->product(&(chl_product){.m = o->m,
                                               .n = o->n,
                                               .k = o->k,
                                               .a = o->a,
                                               .a_row = o->k,
                                               .a_col = 1,
                                               .b = o->b,
                                               .c = o->c,
                                               .c_row = o->n});
}

static void theirs(const operands *o)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, o->m, o->n, o->k, 1, o->a,
                o->k, o->b, o->n, 0, o->c, o->n);
}

static double best_gflops(void (*run)(const operands *), const operands *o)
{
    double flops = 2.0 * o->m * o->n * o->k, best = 0;
    int repeats = (int)(1e9 / flops) + 1;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < repeats; i++) {
            run(o);
        }
        double rate = flops * repeats / (seconds() - start) / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

int main(void)
{
    static const int shapes[][3] = {{32, 64, 16},  {32, 32, 64},    {32, 64, 64},
                                    {128, 64, 64}, {256, 256, 256}, {1024, 512, 512}};
    openblas_set_num_threads(1);
    printf("  %-18s %10s %10s %7s\n", "batch x out x in", "ours", "OpenBLAS", "ratio");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        operands o = {.m = shapes[i][0], .n = shapes[i][1], .k = shapes[i][2]};
        o.a = random_floats((size_t)o.m * (size_t)o.k, 0);
        o.b = random_floats((size_t)o.k * (size_t)o.n, 1);
        o.c = random_floats((size_t)o.m * (size_t)o.n, 2);
        if (!o.a || !o.b || !o.c) {
            return EXIT_FAILURE;
        }
        double mine = best_gflops(ours, &o), peer = best_gflops(theirs, &o);
        printf("  %4d x %4d x %4d %10.1f %10.1f %7.2f  GFLOP/s\n", o.m, o.n, o.k, mine,
               peer, mine / peer);
        chl_free(o.a);
        chl_free(o.b);
        chl_free(o.c);
    }
    return EXIT_SUCCESS;
}
