/* SPDX-License-Identifier: MIT
 *
 * What ends an inference: the dot products of a layer with one unit, and the sigmoid in
 * double. Layer: core/nn (part of
 * kernels_body.h, no include guard).
 *
 * exp: Cody-Waite reduction to |r| <= ln2/2 and the Taylor polynomial of degree 13.
 */
typedef chl_real KERNEL(eight) __attribute__((vector_size(8 * sizeof(chl_real)),
                                              aligned(sizeof(chl_real)), may_alias));
#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#elif defined(CHL_REAL_DOUBLE)
#define PICK(a, b, ...)                                                                  \
    __builtin_shuffle(a, b, (int64_t __attribute__((vector_size(64)))){__VA_ARGS__})
#else
#define PICK(a, b, ...)                                                                  \
    __builtin_shuffle(a, b, (int32_t __attribute__((vector_size(32)))){__VA_ARGS__})
#endif
/* neighbours added: in each half two sums of a, then two of b */
#define NEIGHBOURS(a, b)                                                                 \
    (PICK(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + PICK(a, b, 1, 3, 9, 11, 5, 7, 13, 15))
#define HALVES(a, b)                                                                     \
    (PICK(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + PICK(a, b, 4, 5, 6, 7, 12, 13, 14, 15))

/* sums[l] = the sum of a[i] * w[i] over i = l, l + CHL_LANES, ... */
static inline void KERNEL(lane_sums)(int64_t k, const chl_real *a, const chl_real *w,
                                     chl_real *sums)
{
    chl_real rest[2][CHL_LANES] = {{0}};
    int64_t whole = k / CHL_LANES * CHL_LANES;
    if (whole < k) {
        memcpy(rest[0], a + whole, (size_t)(k - whole) * sizeof *a);
        memcpy(rest[1], w + whole, (size_t)(k - whole) * sizeof *w);
    }
    for (int64_t l = 0; l < CHL_LANES; l += VL) {
        V sum = SPLAT(0);
        for (int64_t i = l; i < whole; i += CHL_LANES) {
            sum = FMA(KERNEL(load)(a + i), KERNEL(load)(w + i), sum);
        }
        if (whole < k) {
            sum = FMA(KERNEL(load)(rest[0] + l), KERNEL(load)(rest[1] + l), sum);
        }
        KERNEL(store)(sums + l, sum);
    }
}

/* out[r] = the sum of row r, in one tree. */
static inline void KERNEL(add_lanes)(chl_real (*lanes)[CHL_LANES], chl_real *out)
{
    typedef KERNEL(eight) eight;
    eight s[8];
    for (int r = 0; r < 8; r++) {
        s[r] = *(const eight *)lanes[r] + *(const eight *)(lanes[r] + 8);
    }
    eight p0 = NEIGHBOURS(s[0], s[1]), p1 = NEIGHBOURS(s[2], s[3]);
    eight p2 = NEIGHBOURS(s[4], s[5]), p3 = NEIGHBOURS(s[6], s[7]);
    eight q0 = NEIGHBOURS(p0, p1), q1 = NEIGHBOURS(p2, p3);
    *(eight *)out = HALVES(q0, q1);
}

/* Eight rows at a time; each row's lanes are added in one tree. */
static void KERNEL(dot)(const chl_dot *d)
{
    for (int64_t i = 0; i < d->rows; i += 8) {
        chl_real lanes[8][CHL_LANES], sums[8];
        int64_t rows = d->rows - i < 8 ? d->rows - i : 8;
        for (int64_t r = 0; r < 8; r++) { /* the last row fills up */
            const chl_real *row = d->a + (i + (r < rows ? r : rows - 1)) * d->a_row;
            KERNEL(lane_sums)(d->k, row, d->w, lanes[r]);
        }
        KERNEL(add_lanes)(lanes, sums);
        for (int64_t r = 0; r < rows; r++) {
            chl_real *c = d->c + (i + r) * d->c_row;
            memset(c, 0, CHL_LANES * sizeof *c);
            *c = sums[r] + d->bias;
        }
    }
}

#undef PICK
#undef NEIGHBOURS
#undef HALVES

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
