/* SPDX-License-Identifier: MIT
 *
 * The matrix product of one instruction set: blocks of up to ROWS × 2 vectors stay in
 * registers while k runs. Layer: core/nn (part of kernels_body.h, no include guard).
 */

/* ---- rows are spelled out by macros, so that accumulators are registers at -O2 ---- */
#ifndef CHL_REPEAT
#define CHL_REPEAT
#define REPEAT_1(M) M(0)
#define REPEAT_2(M) M(0) M(1)
#define REPEAT_4(M) M(0) M(1) M(2) M(3)
#define REPEAT_8(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)

#define TWO_INIT(i) V low##i = low, high##i = high;
#define TWO_STEP(i)                                                                      \
    {                                                                                    \
        V s = SPLAT(a[i * a_row]);                                                       \
        low##i = FMA(s, b0, low##i);                                                     \
        high##i = FMA(s, b1, high##i);                                                   \
    }
#define TWO_STORE(i)                                                                     \
    KERNEL(store)(c + i * c_row, low##i);                                                \
    KERNEL(store)(c + i * c_row + VL, high##i);

#define TWO_RELU(i) low##i = KERNEL(relu)(low##i), high##i = KERNEL(relu)(high##i);

#define ONE_INIT(i)  V low##i = low;
#define ONE_STEP(i)  low##i = FMA(SPLAT(a[i * a_row]), b0, low##i);
#define ONE_STORE(i) KERNEL(store)(c + i * c_row, low##i);
#define ONE_RELU(i)  low##i = KERNEL(relu)(low##i);

/* c[n × 2 vectors] = bias + a[n × k] · b[k × 2 vectors] */
#define DEFINE_TWO(n)                                                                    \
    static void KERNEL(block_##n##_two)(                                                 \
        int64_t k, const chl_real *a, int64_t a_row, int64_t a_col, const chl_real *b,   \
        int64_t b_row, const chl_real *bias, bool relu, chl_real *c, int64_t c_row)      \
    {                                                                                    \
        V low = bias ? KERNEL(load)(bias) : SPLAT(0);                                    \
        V high = bias ? KERNEL(load)(bias + VL) : SPLAT(0);                              \
        REPEAT_##n(TWO_INIT) for (; k > 0; k--, a += a_col, b += b_row)                  \
        {                                                                                \
            V b0 = KERNEL(load)(b), b1 = KERNEL(load)(b + VL);                           \
            REPEAT_##n(TWO_STEP)                                                         \
        }                                                                                \
        if (relu) {                                                                      \
            REPEAT_##n(TWO_RELU)                                                         \
        }                                                                                \
        REPEAT_##n(TWO_STORE)                                                            \
    }

/* c[n × 1 vector]; the last 16 columns of a padded row on AVX-512 */
#define DEFINE_ONE(n)                                                                    \
    static void KERNEL(block_##n##_one)(                                                 \
        int64_t k, const chl_real *a, int64_t a_row, int64_t a_col, const chl_real *b,   \
        int64_t b_row, const chl_real *bias, bool relu, chl_real *c, int64_t c_row)      \
    {                                                                                    \
        V low = bias ? KERNEL(load)(bias) : SPLAT(0);                                    \
        REPEAT_##n(ONE_INIT) for (; k > 0; k--, a += a_col, b += b_row)                  \
        {                                                                                \
            V b0 = KERNEL(load)(b);                                                      \
            REPEAT_##n(ONE_STEP)                                                         \
        }                                                                                \
        if (relu) {                                                                      \
            REPEAT_##n(ONE_RELU)                                                         \
        }                                                                                \
        REPEAT_##n(ONE_STORE)                                                            \
    }
#endif

DEFINE_TWO(1)
DEFINE_TWO(2)
DEFINE_TWO(4)
DEFINE_TWO(8)
DEFINE_ONE(1)
DEFINE_ONE(2)
DEFINE_ONE(4)
DEFINE_ONE(8)

typedef void KERNEL(block_fn)(int64_t k, const chl_real *a, int64_t a_row, int64_t a_col,
                              const chl_real *b, int64_t b_row, const chl_real *bias,
                              bool relu, chl_real *c, int64_t c_row);

/* All m rows of one strip of columns. */
static void KERNEL(strip)(KERNEL(block_fn) *const blocks[4], const chl_product *p,
                          const chl_real *b, int64_t b_row, const chl_real *bias,
                          chl_real *c, int64_t c_row)
{
    int64_t i = 0;
    for (int size = ROWS, at = ROWS == 8 ? 3 : 2; size > 0; size /= 2, at--) {
        for (; i + size <= p->m; i += size) {
            blocks[at](p->k, p->a + i * p->a_row, p->a_row, p->a_col, b, b_row, bias,
                       p->relu, c + i * c_row, c_row);
        }
    }
}

static void KERNEL(product)(const chl_product *p)
{
    static KERNEL(block_fn) *const two[4] = {KERNEL(block_1_two), KERNEL(block_2_two),
                                             KERNEL(block_4_two), KERNEL(block_8_two)};
    static KERNEL(block_fn) *const one[4] = {KERNEL(block_1_one), KERNEL(block_2_one),
                                             KERNEL(block_4_one), KERNEL(block_8_one)};
    for (int64_t panel = 0; panel < p->n; panel += CHL_PANEL) {
        int64_t width = p->n - panel < CHL_PANEL ? p->n - panel : CHL_PANEL;
        const chl_real *b = p->b + (p->b_row ? panel : panel * p->k);
        chl_real *c = p->c + (p->c_row ? panel : panel * p->m);
        int64_t b_row = p->b_row ? p->b_row : width;
        int64_t c_row = p->c_row ? p->c_row : width;
        for (int64_t j = 0; j < width; j += 2 * VL) {
            KERNEL(strip)
            (j + 2 * VL <= width ? two : one, p, b + j, b_row,
             p->bias ? p->bias + panel + j : NULL, c + j, c_row);
        }
    }
}
