/* SPDX-License-Identifier: MIT
 *
 * Transposed weights for one instruction set: tiles of VL × VL numbers, turned in
 * registers by swapping blocks of 1, 2, 4 … lanes between pairs of rows. Layer: core/nn
 * (part of kernels_body.h, no include guard).
 */

#ifndef CHL_TURN
#define CHL_TURN
#define LANES_2(M, h)  M(0, h), M(1, h)
#define LANES_4(M, h)  LANES_2(M, h), M(2, h), M(3, h)
#define LANES_8(M, h)  LANES_4(M, h), M(4, h), M(5, h), M(6, h), M(7, h)
#define LANES_16(M, h) LANES_8(M, h), LANES_8_MORE(M, h)
#define LANES_8_MORE(M, h)                                                               \
    M(8, h), M(9, h), M(10, h), M(11, h), M(12, h), M(13, h), M(14, h), M(15, h)

/* Lane l of the first and of the second row of a pair that are h rows apart. */
#define LANE_FIRST(l, h)  ((l) & (h) ? VL + (l) - (h) : (l))
#define LANE_SECOND(l, h) ((l) & (h) ? VL + (l) : (l) + (h))
#define SWAP_LANES(h)                                                                    \
    _Pragma("GCC unroll 16") for (int r = 0; r < VL; r++)                                \
    {                                                                                    \
        if (!(r & (h))) {                                                                \
            V a = t[r], b = t[r + (h)];                                                  \
            t[r] = __builtin_shufflevector(a, b, LANES(LANE_FIRST, h));                  \
            t[r + (h)] = __builtin_shufflevector(a, b, LANES(LANE_SECOND, h));           \
        }                                                                                \
    }
#endif

#undef LANES
#if WIDTH == 64 && !defined(CHL_REAL_DOUBLE)
#define LANES LANES_16
#elif WIDTH == 64 || (WIDTH == 32 && !defined(CHL_REAL_DOUBLE))
#define LANES LANES_8
#elif WIDTH == 32 || !defined(CHL_REAL_DOUBLE)
#define LANES LANES_4
#else
#define LANES LANES_2
#endif

static inline void KERNEL(turn_tile)(V t[VL])
{
    SWAP_LANES(1)
#if WIDTH > 16 || !defined(CHL_REAL_DOUBLE)
    SWAP_LANES(2)
#endif
#if WIDTH == 64 || (WIDTH == 32 && !defined(CHL_REAL_DOUBLE))
    SWAP_LANES(4)
#endif
#if WIDTH == 64 && !defined(CHL_REAL_DOUBLE)
    SWAP_LANES(8)
#endif
}

/* to[k][j] = from[j][k] for VL rows j of which `used` exist, and the first `n` of VL
 * columns k. */
static inline void KERNEL(turn_block)(const chl_real *from, int64_t step, int64_t used,
                                      int64_t n, chl_real *to, int64_t to_row)
{
    V t[VL];
    if (used >= VL && n >= VL) {
        _Pragma("GCC unroll 16") for (int r = 0; r < VL; r++)
        {
            t[r] = KERNEL(load)(from + r * step);
        }
        KERNEL(turn_tile)(t);
        _Pragma("GCC unroll 16") for (int r = 0; r < VL; r++)
        {
            KERNEL(store)(to + r * to_row, t[r]);
        }
        return;
    }
    for (int r = 0; r < VL; r++) {
        t[r] = r < used ? KERNEL(load)(from + r * step) : SPLAT(0);
    }
    KERNEL(turn_tile)(t);
    for (int r = 0; r < VL && r < n; r++) {
        KERNEL(store)(to + r * to_row, t[r]);
    }
}

static void KERNEL(turn)(const chl_real *w, int64_t in, int64_t out, chl_real *turned)
{
    int64_t in_padded = chl_padded(in), out_padded = chl_padded(out);
    for (int64_t j = 0; j < in_padded; j += VL) {
        int64_t j0 = j / CHL_PANEL * CHL_PANEL;
        int64_t width = in_padded - j0 < CHL_PANEL ? in_padded - j0 : CHL_PANEL;
        for (int64_t k = 0; k < out; k += VL) {
            int64_t k0 = k / CHL_PANEL * CHL_PANEL;
            int64_t step = out_padded - k0 < CHL_PANEL ? out_padded - k0 : CHL_PANEL;
            KERNEL(turn_block)
            (w + k0 * in + j * step + (k - k0), step, in - j, out - k,
             turned + j0 * out + k * width + (j - j0), width);
        }
    }
}
