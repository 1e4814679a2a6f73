/* SPDX-License-Identifier: MIT
 *
 * Vectors of one width: loads, fused multiply-add and the elementary functions, all in
 * GNU vector extensions. Layer: core/nn (part of kernels_body.h, no include guard).
 *
 * exp: Cody–Waite reduction to |r| ≤ ln2/2 and the Taylor polynomial of degree 7; expm1,
 * tanh and sigmoid come from it without cancellation. erfc: exp(-x²) · t · P(t) with t =
 * 1/(1 + 0.4 x), P fitted by weighted least squares to scipy's erfcx (relative 7e-9). In
 * the double build they are libm's, lane by lane.
 */
#define V   KERNEL(vec)
#define I   KERNEL(ivec)
#define U64 KERNEL(uvec)
#define VL  ((int64_t)(WIDTH / sizeof(chl_real)))

typedef chl_real V __attribute__((vector_size(WIDTH), may_alias));
typedef chl_real KERNEL(vec_unaligned)
    __attribute__((vector_size(WIDTH), aligned(sizeof(chl_real)), may_alias));
#ifdef CHL_REAL_DOUBLE
typedef int64_t I __attribute__((vector_size(WIDTH), may_alias));
#else
typedef int32_t I __attribute__((vector_size(WIDTH), may_alias));
#endif
typedef uint64_t U64 __attribute__((vector_size(WIDTH), may_alias));

#define JOIN_TEXT2(x) #x
#define JOIN_TEXT(x)  JOIN_TEXT2(x)
static const char KERNEL(variant_name)[] = JOIN_TEXT(VARIANT);
#undef JOIN_TEXT
#undef JOIN_TEXT2

/* ROWS: rows of a at a time in a product, so that 2·ROWS accumulators and the operands
 * fill the registers. */
#if WIDTH == 64 && defined(CHL_REAL_DOUBLE)
#define ROWS         8
#define SPLAT(s)     ((V)_mm512_set1_pd(s))
#define FMA(a, b, c) ((V)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define SQRT(a)      ((V)_mm512_sqrt_pd((__m512d)(a)))
#define MAX(a, b)    ((V)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define MIN(a, b)    ((V)_mm512_min_pd((__m512d)(a), (__m512d)(b)))
#define MUL32(a, k)  ((U64)_mm512_mul_epu32((__m512i)(a), _mm512_set1_epi64(k)))
#elif WIDTH == 64
#define ROWS         8
#define SPLAT(s)     ((V)_mm512_set1_ps(s))
#define FMA(a, b, c) ((V)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define SQRT(a)      ((V)_mm512_sqrt_ps((__m512)(a)))
#define MAX(a, b)    ((V)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define MIN(a, b)    ((V)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define MUL32(a, k)  ((U64)_mm512_mul_epu32((__m512i)(a), _mm512_set1_epi64(k)))
#elif WIDTH == 32 && defined(CHL_REAL_DOUBLE)
#define ROWS         4
#define SPLAT(s)     ((V)_mm256_set1_pd(s))
#define FMA(a, b, c) ((V)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define SQRT(a)      ((V)_mm256_sqrt_pd((__m256d)(a)))
#define MAX(a, b)    ((V)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#define MIN(a, b)    ((V)_mm256_min_pd((__m256d)(a), (__m256d)(b)))
#define MUL32(a, k)  ((U64)_mm256_mul_epu32((__m256i)(a), _mm256_set1_epi64x(k)))
#elif WIDTH == 32
#define ROWS         4
#define SPLAT(s)     ((V)_mm256_set1_ps(s))
#define FMA(a, b, c) ((V)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define SQRT(a)      ((V)_mm256_sqrt_ps((__m256)(a)))
#define MAX(a, b)    ((V)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define MIN(a, b)    ((V)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define MUL32(a, k)  ((U64)_mm256_mul_epu32((__m256i)(a), _mm256_set1_epi64x(k)))
#else
#define ROWS        4
#define MUL32(a, k) (((a) & (U64){0xffffffff, 0xffffffff}) * (uint64_t)(k))
#if defined(CHL_REAL_DOUBLE)
#define SPLAT(s) ((V){(s), (s)})
#else
#define SPLAT(s) ((V){(s), (s), (s), (s)})
#endif
#if defined(__aarch64__) && defined(CHL_REAL_DOUBLE)
#define FMA(a, b, c) ((V)vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#elif defined(__aarch64__)
#define FMA(a, b, c) ((V)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#else
#define FMA(a, b, c) ((V)((a) * (b) + (c)))
#endif
#define SQRT(a)   KERNEL(square_root)(a)
#define MAX(a, b) KERNEL(choose)((I)((a) > (b)), a, b)
#define MIN(a, b) KERNEL(choose)((I)((a) < (b)), a, b)
static inline V KERNEL(square_root)(V a)
{
    for (int i = 0; i < VL; i++) {
        a[i] = (chl_real)sqrt((double)a[i]); /* correctly rounded for float as well */
    }
    return a;
}
#endif

static inline V KERNEL(load)(const chl_real *p)
{
    return *(const KERNEL(vec_unaligned) *)p;
}

static inline void KERNEL(store)(chl_real *p, V v)
{
    *(KERNEL(vec_unaligned) *)p = v;
}

static inline V KERNEL(choose)(I mask, V yes, V no)
{
    return (V)(((I)yes & mask) | ((I)no & ~mask));
}

static inline V KERNEL(magnitude)(V x)
{
    return KERNEL(choose)((I)(x < SPLAT(0)), -x, x);
}

/* NaN stays NaN: a comparison with it is false. */
static inline V KERNEL(relu)(V x)
{
    return (V)((I)x & ~(I)(x < SPLAT(0)));
}

#ifdef CHL_REAL_DOUBLE

static inline V KERNEL(each)(double (*f)(double), V x)
{
    for (int i = 0; i < VL; i++) {
        x[i] = f(x[i]);
    }
    return x;
}

static inline V KERNEL(vexp)(V x)
{
    return KERNEL(each)(exp, x);
}

static inline V KERNEL(vexpm1)(V x)
{
    return KERNEL(each)(expm1, x);
}

static inline V KERNEL(vtanh)(V x)
{
    return KERNEL(each)(tanh, x);
}

static inline V KERNEL(verfc)(V x) /* x ≥ 0 */
{
    return KERNEL(each)(erfc, x);
}

#else

/* exp(x) - 1 = scale · part + (scale - 1) with scale = 2^n; x within ±87. */
static inline V KERNEL(exp_parts)(V x, V *scale)
{
    const V magic = SPLAT(12582912.0f); /* 1.5 · 2^23: the sum's low bits are n */
    x = KERNEL(choose)((I)(x > SPLAT(87.0f)), SPLAT(87.0f), x);
    x = KERNEL(choose)((I)(x < SPLAT(-87.0f)), SPLAT(-87.0f), x);
    V t = FMA(x, SPLAT(1.44269504f), magic);
    V n = t - magic;
    V r = FMA(n, SPLAT(-0.693359375f), x);
    r = FMA(n, SPLAT(2.12194440e-4f), r);
    *scale = (V)(((I)t << 23) + (I)SPLAT(1.0f));
    V q = SPLAT(1.0f / 5040);
    q = FMA(q, r, SPLAT(1.0f / 720));
    q = FMA(q, r, SPLAT(1.0f / 120));
    q = FMA(q, r, SPLAT(1.0f / 24));
    q = FMA(q, r, SPLAT(1.0f / 6));
    q = FMA(q, r, SPLAT(0.5f));
    return FMA(q, r * r, r);
}

static inline V KERNEL(vexp)(V x)
{
    V scale;
    V part = KERNEL(exp_parts)(x, &scale);
    return (part + SPLAT(1.0f)) * scale;
}

static inline V KERNEL(vexpm1)(V x)
{
    V scale;
    V part = KERNEL(exp_parts)(x, &scale);
    return FMA(part, scale, scale - SPLAT(1.0f));
}

static inline V KERNEL(vtanh)(V x)
{
    V e = KERNEL(vexpm1)(SPLAT(2.0f) * KERNEL(magnitude)(x));
    V y = e / (e + SPLAT(2.0f));
    return KERNEL(choose)((I)(x < SPLAT(0)), -y, y);
}

static inline V KERNEL(verfc)(V x) /* x ≥ 0 */
{
    static const float coefficients[] = {
        -0.0295497452f, 0.142146128f,  -0.239210901f, 0.142007898f,
        -0.0501653845f, 0.0854228454f, 0.118578072f,  0.171811979f,
        0.20760715f,    0.225676119f,  0.225675832f,
    };
    V t = SPLAT(1.0f) / FMA(x, SPLAT(0.4f), SPLAT(1.0f));
    V q = SPLAT(coefficients[0]);
    for (int i = 1; i < 11; i++) {
        q = FMA(q, t, SPLAT(coefficients[i]));
    }
    return KERNEL(vexp)(-x * x) * t * q;
}

#endif

static inline V KERNEL(vsigmoid)(V x)
{
    return SPLAT(1) / (SPLAT(1) + KERNEL(vexp)(-x));
}

/* Phi(x), the standard normal distribution. */
static inline V KERNEL(vphi)(V x)
{
    const V root_half = SPLAT((chl_real)0.70710678118654752440);
    V tail = SPLAT((chl_real)0.5) * KERNEL(verfc)(KERNEL(magnitude)(x) * root_half);
    return KERNEL(choose)((I)(x < SPLAT(0)), tail, SPLAT(1) - tail);
}
