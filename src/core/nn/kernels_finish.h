/* SPDX-License-Identifier: MIT
 *
 * What ends an inference: the dot products of a layer with one unit, and the sigmoid in
 * double. Layer: core/nn (part of kernels_body.h, no include guard).
 *
 * exp: Cody-Waite reduction to |r| <= ln2/2 and the Taylor polynomial of degree 13.
 */
#define D  KERNEL(dvec)
#define L  KERNEL(lvec)
#define DL ((int64_t)(WIDTH / sizeof(double)))

typedef double D __attribute__((vector_size(WIDTH), may_alias));
typedef double KERNEL(dvec_unaligned)
    __attribute__((vector_size(WIDTH), aligned(sizeof(double)), may_alias));
typedef int64_t L __attribute__((vector_size(WIDTH), may_alias));

#if WIDTH == 64
#define DSPLAT(s)     ((D)_mm512_set1_pd(s))
#define DFMA(a, b, c) ((D)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#elif WIDTH == 32
#define DSPLAT(s)     ((D)_mm256_set1_pd(s))
#define DFMA(a, b, c) ((D)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#else
#define DSPLAT(s) ((D){(s), (s)})
#if defined(__aarch64__)
#define DFMA(a, b, c) ((D)vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#else
#define DFMA(a, b, c) ((D)((a) * (b) + (c)))
#endif
#endif

static inline D KERNEL(dchoose)(L mask, D yes, D no)
{
    return (D)(((L)yes & mask) | ((L)no & ~mask));
}

/* exp(x); x within +-708, NaN stays NaN. */
static inline D KERNEL(dexp)(D x)
{
    static const double coefficients[] = {
        1.0 / 479001600,
        1.0 / 39916800,
        1.0 / 3628800,
        1.0 / 362880,
        1.0 / 40320,
        1.0 / 5040,
        1.0 / 720,
        1.0 / 120,
        1.0 / 24,
        1.0 / 6,
        0.5,
        1.0,
        1.0,
    };
    const D magic = DSPLAT(6755399441055744.0); /* 1.5 * 2^52: the sum's low bits are n */
    D t = DFMA(x, DSPLAT(1.4426950408889634), magic);
    D n = t - magic;
    D r = DFMA(n, DSPLAT(-6.93147180369123816490e-01), x); /* ln 2 in two parts */
    r = DFMA(n, DSPLAT(-1.90821492927058770002e-10), r);
    D q = DSPLAT(1.0 / 6227020800);
    for (int i = 0; i < 13; i++) {
        q = DFMA(q, r, DSPLAT(coefficients[i]));
    }
    return q * (D)(((L)t << 52) + (L)DSPLAT(1.0));
}

/* 0 below -708, where exp would leave the range. */
static inline D KERNEL(dsigmoid)(D z)
{
    L low = (L)(z < DSPLAT(-708)), high = (L)(z > DSPLAT(708));
    D x = KERNEL(dchoose)(low | high, DSPLAT(0), z);
    D y = DSPLAT(1) / (DSPLAT(1) + KERNEL(dexp)(-x));
    return KERNEL(dchoose)(low, DSPLAT(0), KERNEL(dchoose)(high, DSPLAT(1), y));
}

static void KERNEL(sigmoid)(int64_t n, double *x)
{
    int64_t i = 0;
    for (; i + DL <= n; i += DL) {
        KERNEL(dvec_unaligned) *at = (KERNEL(dvec_unaligned) *)(x + i);
        *at = KERNEL(dsigmoid)(*at);
    }
    if (i < n) {
        D rest = DSPLAT(0);
        memcpy(&rest, x + i, (size_t)(n - i) * sizeof *x);
        rest = KERNEL(dsigmoid)(rest);
        memcpy(x + i, &rest, (size_t)(n - i) * sizeof *x);
    }
}

#undef D
#undef L
#undef DL
#undef DSPLAT
#undef DFMA
