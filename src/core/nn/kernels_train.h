/* SPDX-License-Identifier: MIT
 *
 * What only training needs, for one instruction set: dropout masks, batch norm,
 * penalties. Layer: core/nn (part of kernels_body.h, no include guard).
 */

/* ---- dropout masks: Philox-4x32-10, eight blocks at a time ---- */

#define BLOCKS ((int)(WIDTH / sizeof(uint64_t)))

/* One Philox block in each 64-bit lane; `first` is lane 0's block number. */
static inline void KERNEL(philox)(const chl_mask_stream *s, uint32_t first, U64 out[4])
{
    const U64 low = (U64){0} + UINT64_C(0xffffffff);
    U64 c0 = {0}, c1 = (U64){0} + s->counter[1], c2 = (U64){0} + s->counter[2],
        c3 = (U64){0} + s->counter[3];
    for (int i = 0; i < BLOCKS; i++) {
        c0[i] = (uint32_t)(first + (uint32_t)i);
    }
    uint32_t k0 = s->key[0], k1 = s->key[1];
    for (int round = 0; round < 10; round++) {
        U64 p0 = MUL32(c0, 0xD2511F53), p1 = MUL32(c2, 0xCD9E8D57);
        c0 = (p1 >> 32) ^ c1 ^ (uint64_t)k0;
        c1 = p1 & low;
        c2 = (p0 >> 32) ^ c3 ^ (uint64_t)k1;
        c3 = p0 & low;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* 64 draws of 16 bits: draw[8·piece + b] is the piece of block b, for every WIDTH. */
static inline void KERNEL(draw)(chl_mask_stream *s, chl_real draws[64])
{
    typedef chl_real narrow
        __attribute__((vector_size(BLOCKS * sizeof(chl_real)), aligned(4), may_alias));
    typedef int64_t wide __attribute__((vector_size(WIDTH)));
    for (int b = 0; b < 8; b += BLOCKS) {
        U64 words[4];
        KERNEL(philox)(s, s->counter[0] + (uint32_t)b, words);
        for (int w = 0; w < 4; w++) {
            *(narrow *)(draws + 16 * w + b) =
                __builtin_convertvector((wide)(words[w] & 0xffff), narrow);
            *(narrow *)(draws + 16 * w + 8 + b) =
                __builtin_convertvector((wide)(words[w] >> 16), narrow);
        }
    }
    s->counter[0] += 8;
}

static void KERNEL(mask)(chl_mask_stream *stream, int64_t n, uint32_t threshold,
                         chl_real scale, chl_real *mask)
{
    const V limit = SPLAT((chl_real)threshold), value = SPLAT(scale);
    chl_real draws[64];
    for (int64_t i = 0; i < n; i += 64) {
        KERNEL(draw)(stream, draws);
        for (int64_t j = 0; j < 64 && i + j < n; j += VL) {
            I keep = (I)(KERNEL(load)(draws + j) < limit);
            KERNEL(store)(mask + i + j, (V)((I)value & keep));
        }
    }
}
#undef BLOCKS

typedef int8_t KERNEL(bytes)
    __attribute__((vector_size(WIDTH / sizeof(chl_real)), aligned(1), may_alias));

static void KERNEL(drop)(chl_mask_stream *stream, int64_t n, uint32_t threshold,
                         chl_real scale, const chl_real *x, int8_t *kept, chl_real *y)
{
    const V limit = SPLAT((chl_real)threshold), factor = SPLAT(scale);
    chl_real draws[64];
    for (int64_t i = 0; i < n; i += 64) {
        KERNEL(draw)(stream, draws);
        for (int64_t j = 0; j < 64 && i + j < n; j += VL) {
            I keep = (I)(KERNEL(load)(draws + j) < limit);
            *(KERNEL(bytes) *)(kept + i + j) =
                __builtin_convertvector(keep, KERNEL(bytes));
            KERNEL(store)(y + i + j, (V)((I)(KERNEL(load)(x + i + j) * factor) & keep));
        }
    }
}

static void KERNEL(drop_back)(int64_t n, chl_real scale, const int8_t *kept, chl_real *g)
{
    const V factor = SPLAT(scale);
    for (int64_t i = 0; i < n; i += VL) {
        I keep = __builtin_convertvector(*(const KERNEL(bytes) *)(kept + i), I);
        KERNEL(store)(g + i, (V)((I)(KERNEL(load)(g + i) * factor) & keep));
    }
}

/* ---- batch norm ---- */

static void KERNEL(norm_column)(const chl_norm *b, const chl_real *x, chl_real *y,
                                int64_t j)
{
    const V rows = SPLAT((chl_real)b->rows);
    V mean = SPLAT(0), var = SPLAT(0);
    for (int64_t i = 0; i < b->rows; i++) {
        mean += KERNEL(load)(x + i * b->ld + j);
    }
    mean /= rows;
    for (int64_t i = 0; i < b->rows; i++) {
        V d = KERNEL(load)(x + i * b->ld + j) - mean;
        var = FMA(d, d, var);
    }
    var /= rows;
    V inverse = SPLAT(1) / SQRT(var + SPLAT(b->eps));
    KERNEL(store)(b->mean + j, mean);
    KERNEL(store)(b->var + j, var);
    KERNEL(store)(b->inverse + j, inverse);
    V gamma = KERNEL(load)(b->gamma + j), beta = KERNEL(load)(b->beta + j);
    for (int64_t i = 0; i < b->rows; i++) {
        V normal = (KERNEL(load)(x + i * b->ld + j) - mean) * inverse;
        KERNEL(store)(b->normal + i * b->ld + j, normal);
        KERNEL(store)(y + i * b->ld + j, FMA(normal, gamma, beta));
    }
}

static void KERNEL(norm)(const chl_norm *b, const chl_real *x, chl_real *y)
{
    for (int64_t j = 0; j < b->ld; j += VL) {
        KERNEL(norm_column)(b, x, y, j);
    }
}

static void KERNEL(norm_back)(const chl_norm *b, chl_real *g, chl_real *dgamma,
                              chl_real *dbeta)
{
    for (int64_t j = 0; j < b->ld; j += VL) {
        V sum = SPLAT(0), dot = SPLAT(0);
        for (int64_t i = 0; i < b->rows; i++) {
            V d = KERNEL(load)(g + i * b->ld + j);
            sum += d;
            dot = FMA(d, KERNEL(load)(b->normal + i * b->ld + j), dot);
        }
        KERNEL(store)(dbeta + j, sum);
        KERNEL(store)(dgamma + j, dot);
        V rows = SPLAT((chl_real)b->rows);
        V scale = KERNEL(load)(b->gamma + j) * KERNEL(load)(b->inverse + j) / rows;
        for (int64_t i = 0; i < b->rows; i++) {
            V d = KERNEL(load)(g + i * b->ld + j);
            V normal = KERNEL(load)(b->normal + i * b->ld + j);
            KERNEL(store)(g + i * b->ld + j, scale * (rows * d - sum - normal * dot));
        }
    }
}

/* ---- sums: 16 partial sums on every instruction set, then in order ---- */

static inline chl_real KERNEL(total)(const chl_real *sums)
{
    chl_real total = 0;
    for (int i = 0; i < CHL_LANES; i++) {
        total += sums[i];
    }
    return total;
}

static chl_real KERNEL(square_sum)(int64_t n, const chl_real *x)
{
    chl_real sums[CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = SPLAT(0);
        for (int64_t i = lane; i < n; i += CHL_LANES) {
            V v = KERNEL(load)(x + i);
            sum = FMA(v, v, sum);
        }
        KERNEL(store)(sums + lane, sum);
    }
    return KERNEL(total)(sums);
}

static chl_real KERNEL(penalty)(int64_t n, chl_real l1, chl_real l2, const chl_real *w,
                                chl_real *g)
{
    const V plus = SPLAT(l1), minus = SPLAT(-l1), two = SPLAT(2 * l2), square = SPLAT(l2);
    const V zero = SPLAT(0);
    chl_real sums[CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = zero;
        for (int64_t i = lane; i < n; i += CHL_LANES) {
            V x = KERNEL(load)(w + i), d = KERNEL(load)(g + i);
            V sign = (V)(((I)plus & (I)(x > zero)) | ((I)minus & (I)(x < zero)));
            KERNEL(store)(g + i, FMA(two, x, d + sign));
            sum = FMA(x, FMA(square, x, sign), sum);
        }
        KERNEL(store)(sums + lane, sum);
    }
    return KERNEL(total)(sums);
}
