/* SPDX-License-Identifier: MIT
 *
 * Softmax along the numbers of a row, for one instruction set. Sums have CHL_LANES
 * partial sums, then one after the other. Layer: core/nn (part of kernels_body.h, no
 * include guard).
 */

/* All ones where column j + lane is below n. */
static inline I KERNEL(below)(int64_t j, int64_t n)
{
    static const chl_real ramp[CHL_LANES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 11, 12, 13, 14, 15};
    V at = KERNEL(load)(ramp + j % CHL_LANES) + SPLAT((chl_real)(j - j % CHL_LANES));
    return (I)(at < SPLAT((chl_real)n));
}

static inline chl_real KERNEL(row_total)(int64_t ld, const chl_real *x)
{
    chl_real sums[CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = SPLAT(0);
        for (int64_t j = lane; j < ld; j += CHL_LANES) {
            sum += KERNEL(load)(x + j);
        }
        KERNEL(store)(sums + lane, sum);
    }
    return KERNEL(total)(sums);
}

static inline chl_real KERNEL(row_dot)(int64_t ld, const chl_real *a, const chl_real *b)
{
    chl_real sums[CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = SPLAT(0);
        for (int64_t j = lane; j < ld; j += CHL_LANES) {
            sum = FMA(KERNEL(load)(a + j), KERNEL(load)(b + j), sum);
        }
        KERNEL(store)(sums + lane, sum);
    }
    return KERNEL(total)(sums);
}

static void KERNEL(row_softmax)(int64_t rows, int64_t row, int64_t n, chl_real scale,
                                chl_real *x)
{
    int64_t ld = chl_padded(n);
    for (int64_t i = 0; i < rows; i++, x += row) {
        chl_real highest = x[0];
        for (int64_t j = 1; j < n; j++) {
            highest = x[j] > highest ? x[j] : highest;
        }
        V top = SPLAT(highest), factor = SPLAT(scale);
        for (int64_t j = 0; j < ld; j += VL) {
            V e = KERNEL(vexp)((KERNEL(load)(x + j) - top) * factor);
            KERNEL(store)(x + j, (V)((I)e & KERNEL(below)(j, n)));
        }
        V whole = SPLAT(KERNEL(row_total)(ld, x));
        for (int64_t j = 0; j < ld; j += VL) {
            KERNEL(store)(x + j, KERNEL(load)(x + j) / whole);
        }
    }
}

static void KERNEL(row_softmax_back)(int64_t rows, int64_t row, int64_t n, chl_real scale,
                                     const chl_real *p, chl_real *g)
{
    int64_t ld = chl_padded(n);
    for (int64_t i = 0; i < rows; i++, p += row, g += row) {
        V along = SPLAT(KERNEL(row_dot)(ld, p, g)), factor = SPLAT(scale);
        for (int64_t j = 0; j < ld; j += VL) {
            V d = (KERNEL(load)(g + j) - along) * factor;
            KERNEL(store)(g + j, KERNEL(load)(p + j) * d);
        }
    }
}
