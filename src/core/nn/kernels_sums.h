/* SPDX-License-Identifier: MIT
 *
 * Hidden layers whose inputs are sums, for one instruction set: what rows of a first
 * layer add, and the outputs of rectified units from sums of rows of tables or of all
 * subsets of a few numbers. Layer: core/nn (part of
 * kernels_body.h, no include guard).
 */

/* ---- rows of a first layer ---- */

#define ROWS_LOAD(i)  V sum##i = KERNEL(load)(out + j + (i)*VL);
#define ROWS_STEP(i)  sum##i = FMA(x, KERNEL(load)(row + (i)*VL), sum##i);
#define ROWS_STORE(i) KERNEL(store)(out + j + (i)*VL, sum##i);
#define ADD_ROWS(n)                                                                      \
    {                                                                                    \
        REPEAT_##n(ROWS_LOAD) for (int64_t k = 0; k < r->count; k++)                     \
        {                                                                                \
            if (r->x[k] != 0) { /* most one-hot columns are */                           \
                V x = SPLAT(r->x[k]);                                                    \
                const chl_real *row = r->rows + r->index[k] * ld + j;                    \
                REPEAT_##n(ROWS_STEP)                                                    \
            }                                                                            \
        }                                                                                \
        REPEAT_##n(ROWS_STORE)                                                           \
    }

static void KERNEL(add_rows)(const chl_weighted_rows *r, int64_t ld, chl_real *out)
{
    int64_t j = 0;
    for (; j + 4 * VL <= ld; j += 4 * VL) {
        ADD_ROWS(4)
    }
    for (; j < ld; j += VL) {
        ADD_ROWS(1)
    }
}

#undef ROWS_LOAD
#undef ROWS_STEP
#undef ROWS_STORE
#undef ADD_ROWS

/* ---- rows of tables: four side by side ---- */

#define SUMS_TABLE(i, p) (parts > (p) ? tables[p] + at[i][p] * ld : NULL)
#define SUMS_INIT(i)                                                                     \
    V sum##i = SPLAT(0);                                                                 \
    const chl_real *first##i = SUMS_TABLE(i, 0), *second##i = SUMS_TABLE(i, 1);          \
    const chl_real *third##i = SUMS_TABLE(i, 2), *fourth##i = SUMS_TABLE(i, 3);
#define SUMS_STEP(i)                                                                     \
    {                                                                                    \
        V x = KERNEL(load)(first##i + j);                                                \
        if (parts > 1) {                                                                 \
            x += KERNEL(load)(second##i + j);                                            \
        }                                                                                \
        if (parts > 2) {                                                                 \
            x += KERNEL(load)(third##i + j);                                             \
        }                                                                                \
        if (parts > 3) {                                                                 \
            x += KERNEL(load)(fourth##i + j);                                            \
        }                                                                                \
        for (int p = 4; p < parts; p++) {                                                \
            x += KERNEL(load)(tables[p] + at[i][p] * ld + j);                            \
        }                                                                                \
        sum##i = FMA(MAX(SPLAT(0), x), w, sum##i);                                       \
    }
#define SUMS_STORE(i) KERNEL(store)(lanes[i] + l, sum##i);

/* The lanes of four rows; a constant `parts` makes a loop of its own. */
static inline __attribute__((always_inline)) void KERNEL(four_rows)(
    const chl_relu_sums *s, int parts, const int32_t *const *at,
    chl_real (*lanes)[CHL_LANES])
{
    const chl_real *const *tables = s->sums.tables;
    int64_t ld = s->ld;
    for (int64_t l = 0; l < CHL_LANES; l += VL) {
        REPEAT_4(SUMS_INIT)
        for (int64_t j = l; j < ld; j += CHL_LANES) {
            V w = KERNEL(load)(s->w + j);
            REPEAT_4(SUMS_STEP)
        }
        REPEAT_4(SUMS_STORE)
    }
}

#undef SUMS_TABLE
#undef SUMS_INIT
#undef SUMS_STEP
#undef SUMS_STORE

static void KERNEL(relu_sums)(const chl_relu_sums *s)
{
    int parts = s->sums.parts;
    for (int64_t i = 0; i < s->sums.rows; i += 8) {
        chl_real lanes[8][CHL_LANES], sums[8];
        const int32_t *at[8];
        int64_t rows = s->sums.rows - i < 8 ? s->sums.rows - i : 8;
        for (int64_t r = 0; r < 8; r++) { /* the last row fills up */
            at[r] = s->sums.at + (i + (r < rows ? r : rows - 1)) * parts;
        }
        for (int64_t r = 0; r < 8; r += 4) {
            switch (parts) {
            case 1: KERNEL(four_rows)(s, 1, at + r, lanes + r); break;
            case 2: KERNEL(four_rows)(s, 2, at + r, lanes + r); break;
            case 3: KERNEL(four_rows)(s, 3, at + r, lanes + r); break;
            case 4: KERNEL(four_rows)(s, 4, at + r, lanes + r); break;
            default: KERNEL(four_rows)(s, parts, at + r, lanes + r);
            }
        }
        KERNEL(add_lanes)(lanes, sums);
        for (int64_t r = 0; r < rows; r++) {
            s->out[i + r] += sums[r];
        }
    }
}

/* ---- subsets: the low bits are lanes, the high ones rows ---- */

/* With a row's number s and the lanes' steps x,
 *
 *     max(0, s + x) = s - min(s, -x),
 *
 * so that the sum over the units begins with that of w · s, the same for all lanes. */
#define CUBE_INIT(i) V low##i = SPLAT(begin[i]), high##i = low##i;
#define CUBE_GO_ON(i)                                                                    \
    low##i += KERNEL(load)(out + (i)*CHL_CUBE_LANES);                                    \
    high##i += KERNEL(load)(out + (i)*CHL_CUBE_LANES + VL);
#define CUBE_STEP(i)                                                                     \
    {                                                                                    \
        V s = SPLAT(row[i * ld]);                                                        \
        low##i = FMA(MIN(s, x0), w, low##i);                                             \
        high##i = FMA(MIN(s, x1), w, high##i);                                           \
    }
#define CUBE_STORE(i)                                                                    \
    KERNEL(store)(out + (i)*CHL_CUBE_LANES, low##i);                                     \
    KERNEL(store)(out + (i)*CHL_CUBE_LANES + VL, high##i);

/* n rows and two vectors of lanes */
#define DEFINE_CUBE(n)                                                                   \
    static void KERNEL(cube_##n)(const chl_relu_cube *c, const chl_real *lanes,          \
                                 const chl_real *row, const chl_real *begin,             \
                                 chl_real *out)                                          \
    {                                                                                    \
        int64_t ld = c->ld;                                                              \
        REPEAT_##n(CUBE_INIT) if (c->add)                                                \
        {                                                                                \
            REPEAT_##n(CUBE_GO_ON)                                                       \
        }                                                                                \
        for (int64_t h = 0; h < c->units; h++, row++) {                                  \
            V w = SPLAT(-c->w[h]);                                                       \
            V x0 = KERNEL(load)(lanes + h * CHL_CUBE_LANES);                             \
            V x1 = KERNEL(load)(lanes + h * CHL_CUBE_LANES + VL);                        \
            REPEAT_##n(CUBE_STEP)                                                        \
        }                                                                                \
        REPEAT_##n(CUBE_STORE)                                                           \
    }

DEFINE_CUBE(1)
DEFINE_CUBE(2)
DEFINE_CUBE(4)
DEFINE_CUBE(8)

enum { KERNEL(VECTOR_BITS) = VL == 16 ? 4 : VL == 8 ? 3 : VL == 4 ? 2 : 1 };

/* lanes[units × CHL_CUBE_LANES] = minus what the subsets of the low bits add to each
 * unit: the steps of their bits, in the order of these */
static void KERNEL(cube_lanes)(const chl_relu_cube *c, chl_real *lanes)
{
    static const chl_real bits[4][16] = {
        {0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1},
        {0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1},
        {0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1},
        {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1},
    };
    const V b0 = KERNEL(load)(bits[0]), b1 = KERNEL(load)(bits[1]);
    const V b2 = KERNEL(load)(bits[2]), b3 = KERNEL(load)(bits[3]);
    for (int64_t h = 0; h < c->units; h++, lanes += CHL_CUBE_LANES) {
        V v = b0 * SPLAT(c->steps[0][h]);
        if (VL > 2) {
            v = FMA(b1, SPLAT(c->steps[1][h]), v);
        }
        if (VL > 4) {
            v = FMA(b2, SPLAT(c->steps[2][h]), v);
        }
        if (VL > 8) {
            v = FMA(b3, SPLAT(c->steps[3][h]), v);
        }
        KERNEL(store)(lanes, v);
        for (int b = KERNEL(VECTOR_BITS); b < CHL_CUBE_BITS; b++) {
            const V step = SPLAT(c->steps[b][h]);
            for (int64_t i = 0, size = INT64_C(1) << b; i < size; i += VL) {
                KERNEL(store)(lanes + size + i, KERNEL(load)(lanes + i) - step);
            }
        }
    }
}

/* begin[8] = what the sums of eight rows begin with: those that are there */
static void KERNEL(cube_begin)(const chl_relu_cube *c, int64_t first, chl_real *begin)
{
    chl_real sums[8][CHL_LANES];
    for (int64_t i = 0; i < 8; i++) { /* the last row fills up */
        int64_t row = first + i < c->count ? first + i : c->count - 1;
        KERNEL(lane_sums)(c->units, c->rows + row * c->ld, c->w, sums[i]);
    }
    KERNEL(add_lanes)(sums, begin);
    for (int i = 0; !c->add && i < 8; i++) {
        begin[i] += c->bias;
    }
}

static void KERNEL(relu_cube)(const chl_relu_cube *c)
{
    static void (*const blocks[])(const chl_relu_cube *, const chl_real *,
                                  const chl_real *, const chl_real *, chl_real *) = {
        KERNEL(cube_1), KERNEL(cube_2), KERNEL(cube_4), KERNEL(cube_8)};
    chl_real lanes[CHL_CUBE_UNITS * CHL_CUBE_LANES], begin[8];
    KERNEL(cube_lanes)(c, lanes);
    for (int64_t i = 0; i < c->count; i += 8) {
        KERNEL(cube_begin)(c, i, begin);
        int64_t left = c->count - i < 8 ? c->count - i : 8, done = 0;
        for (int size = ROWS, at = ROWS == 8 ? 3 : 2; size > 0; size /= 2, at--) {
            for (; done + size <= left; done += size) {
                const chl_real *row = c->rows + (i + done) * c->ld;
                chl_real *out = c->out + (i + done) * CHL_CUBE_LANES;
                for (int64_t l = 0; l < CHL_CUBE_LANES; l += 2 * VL) {
                    blocks[at](c, lanes + l, row, begin + done, out + l);
                }
            }
        }
    }
}

#undef CUBE_INIT
#undef CUBE_GO_ON
#undef CUBE_STEP
#undef CUBE_STORE
#undef DEFINE_CUBE
