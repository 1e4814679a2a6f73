/* SPDX-License-Identifier: MIT
 *
 * The matrix product of one instruction set: blocks of up to ROWS × 2 vectors stay in
 * registers while k runs. A long k runs in chunks, and long columns of blocks in groups,
 * so that what is read again is still in the cache; sums between chunks rest in c, which
 * changes no bit. Layer: core/nn (part of kernels_body.h, no include guard).
 */

/* ---- rows are spelled out by macros, so that accumulators are registers at -O2 ---- */
#ifndef CHL_REPEAT
#define CHL_REPEAT
#define REPEAT_1(M) M(0)
#define REPEAT_2(M) M(0) M(1)
#define REPEAT_4(M) M(0) M(1) M(2) M(3)
#define REPEAT_8(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)

#define TWO_INIT(i) V low##i = low, high##i = high;
#define TWO_GO_ON(i)                                                                     \
    low##i = KERNEL(load)(c + i * c_row);                                                \
    high##i = KERNEL(load)(c + i * c_row + VL);
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
#define ONE_GO_ON(i) low##i = KERNEL(load)(c + i * c_row);
#define ONE_STEP(i)  low##i = FMA(SPLAT(a[i * a_row]), b0, low##i);
#define ONE_STORE(i) KERNEL(store)(c + i * c_row, low##i);
#define ONE_RELU(i)  low##i = KERNEL(relu)(low##i);

/* c[n × 2 vectors] = bias + a[n × k] · b[k × 2 vectors] */
#define DEFINE_TWO(n)                                                                    \
    static void KERNEL(block_##n##_two)(int64_t k, const chl_real *a, int64_t a_row,     \
                                        int64_t a_col, const chl_real *b, int64_t b_row, \
                                        const chl_real *bias, KERNEL(ends) ends,         \
                                        chl_real *c, int64_t c_row)                      \
    {                                                                                    \
        V low = bias ? KERNEL(load)(bias) : SPLAT(0);                                    \
        V high = bias ? KERNEL(load)(bias + VL) : SPLAT(0);                              \
        REPEAT_##n(TWO_INIT) if (ends.go_on)                                             \
        {                                                                                \
            REPEAT_##n(TWO_GO_ON)                                                        \
        }                                                                                \
        for (; k > 0; k--, a += a_col, b += b_row) {                                     \
            V b0 = KERNEL(load)(b), b1 = KERNEL(load)(b + VL);                           \
            REPEAT_##n(TWO_STEP)                                                         \
        }                                                                                \
        if (ends.relu) {                                                                 \
            REPEAT_##n(TWO_RELU)                                                         \
        }                                                                                \
        REPEAT_##n(TWO_STORE)                                                            \
    }

/* c[n × 1 vector]; the last 16 columns of a padded row on AVX-512 */
#define DEFINE_ONE(n)                                                                    \
    static void KERNEL(block_##n##_one)(int64_t k, const chl_real *a, int64_t a_row,     \
                                        int64_t a_col, const chl_real *b, int64_t b_row, \
                                        const chl_real *bias, KERNEL(ends) ends,         \
                                        chl_real *c, int64_t c_row)                      \
    {                                                                                    \
        V low = bias ? KERNEL(load)(bias) : SPLAT(0);                                    \
        REPEAT_##n(ONE_INIT) if (ends.go_on)                                             \
        {                                                                                \
            REPEAT_##n(ONE_GO_ON)                                                        \
        }                                                                                \
        for (; k > 0; k--, a += a_col, b += b_row) {                                     \
            V b0 = KERNEL(load)(b);                                                      \
            REPEAT_##n(ONE_STEP)                                                         \
        }                                                                                \
        if (ends.relu) {                                                                 \
            REPEAT_##n(ONE_RELU)                                                         \
        }                                                                                \
        REPEAT_##n(ONE_STORE)                                                            \
    }
#endif

/* A chunk of k: whether c holds the sums so far, and whether relu is to be applied. */
typedef struct KERNEL(ends) {
    bool go_on, relu;
} KERNEL(ends);

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
                              KERNEL(ends) ends, chl_real *c, int64_t c_row);

/* One part of a product: some rows, a chunk of k, one strip of columns. */
typedef struct KERNEL(part) {
    int64_t m, k;
    const chl_real *a;
    int64_t a_row, a_col, a_block; /* a_block: from one block of ROWS rows to the next */
    const chl_real *b;
    int64_t b_row;
    const chl_real *bias;
    KERNEL(ends) ends;
    chl_real *c;
    int64_t c_row;
} KERNEL(part);

static void KERNEL(strip)(KERNEL(block_fn) *const blocks[4], const KERNEL(part) * p)
{
    int64_t i = 0;
    for (int size = ROWS, at = ROWS == 8 ? 3 : 2; size > 0; size /= 2, at--) {
        for (; i + size <= p->m; i += size) {
            const chl_real *a = p->a + i / ROWS * p->a_block + i % ROWS * p->a_row;
            blocks[at](p->k, a, p->a_row, p->a_col, p->b, p->b_row, p->bias, p->ends,
                       p->c + i * p->c_row, p->c_row);
        }
    }
}

enum { KERNEL(CHUNK) = 256, KERNEL(GROUP) = 64 };

/* Copies the rows of a transposed a, so that a block reads ROWS numbers that lie
 * together for each step of k. */
static void KERNEL(pack_a)(KERNEL(part) * p, chl_real *to)
{
    const chl_real *a = p->a;
    for (int64_t i = 0; i < p->m; i += ROWS) {
        int64_t rows = p->m - i < ROWS ? p->m - i : ROWS;
        for (int64_t q = 0; q < p->k; q++) {
            chl_real *block = to + i * p->k + q * ROWS;
            if (rows == ROWS) { /* a size that the compiler knows */
                memcpy(block, a + i + q * p->a_col, ROWS * sizeof *a);
            } else {
                memcpy(block, a + i + q * p->a_col, (size_t)rows * sizeof *a);
            }
        }
    }
    p->a = to;
    p->a_col = ROWS;
    p->a_block = p->k * ROWS;
}

static const chl_real *KERNEL(pack_b)(const chl_real *b, int64_t b_row, int64_t k,
                                      int64_t width, chl_real *to)
{
    for (int64_t q = 0; q < k; q++) {
        for (int64_t j = 0; j < width; j += VL) {
            KERNEL(store)(to + q * width + j, KERNEL(load)(b + q * b_row + j));
        }
    }
    return to;
}

/* All columns of a part: the rows from `row`, the chunk of k from `from`. */
static void KERNEL(panels)(const chl_product *p, KERNEL(part) part, int64_t from,
                           bool packs, int64_t row)
{
    static KERNEL(block_fn) *const two[4] = {KERNEL(block_1_two), KERNEL(block_2_two),
                                             KERNEL(block_4_two), KERNEL(block_8_two)};
    static KERNEL(block_fn) *const one[4] = {KERNEL(block_1_one), KERNEL(block_2_one),
                                             KERNEL(block_4_one), KERNEL(block_8_one)};
    chl_real packed[KERNEL(CHUNK) * CHL_PANEL] __attribute__((aligned(64)));
    for (int64_t panel = 0; panel < p->n; panel += CHL_PANEL) {
        int64_t width = p->n - panel < CHL_PANEL ? p->n - panel : CHL_PANEL;
        int64_t b_row = p->b_row ? p->b_row : width;
        const chl_real *b = p->b + (p->b_row ? panel : panel * p->k) + from * b_row;
        part.c_row = p->c_row ? p->c_row : width;
        chl_real *c = p->c + (p->c_row ? panel : panel * p->m) + row * part.c_row;
        if (packs && p->b_row) {
            b = KERNEL(pack_b)(b, b_row, part.k, width, packed);
            b_row = width;
        }
        for (int64_t j = 0; j < width; j += 2 * VL) {
            part.b = b + j, part.b_row = b_row;
            part.bias = p->bias ? p->bias + panel + j : NULL;
            KERNEL(part) strip = part;
            strip.c = c + j;
            KERNEL(strip)(j + 2 * VL <= width ? two : one, &strip);
        }
    }
}

/* A group of rows from `row` on, and the chunk of k from `from` on. */
static void KERNEL(group)(const chl_product *p, int64_t row, int64_t from)
{
    chl_real packed[KERNEL(CHUNK) * KERNEL(GROUP)] __attribute__((aligned(64)));
    bool packs = p->k > KERNEL(CHUNK);
    int64_t rows = p->m - row < KERNEL(GROUP) ? p->m - row : KERNEL(GROUP);
    int64_t k = p->k - from < KERNEL(CHUNK) ? p->k - from : KERNEL(CHUNK);
    KERNEL(part)
    part = {.m = rows,
            .k = k,
            .a = p->a + row * p->a_row + from * p->a_col,
            .a_row = p->a_row,
            .a_col = p->a_col,
            .a_block = ROWS * p->a_row,
            .ends = {.go_on = p->add || from > 0, .relu = p->relu && from + k == p->k}};
    if (packs && p->a_row == 1) {
        KERNEL(pack_a)(&part, packed);
    }
    KERNEL(panels)(p, part, from, packs, row);
}

static void KERNEL(product)(const chl_product *p)
{
    for (int64_t from = 0; from == 0 || from < p->k; from += KERNEL(CHUNK)) {
        for (int64_t row = 0; row < p->m; row += KERNEL(GROUP)) {
            KERNEL(group)(p, row, from);
        }
    }
}
