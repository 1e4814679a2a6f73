/* SPDX-License-Identifier: MIT
 *
 * Rows of copies, each copy with numbers of its own (TabM), for one instruction set: the
 * scaling of rows and the heads of one unit, each with its gradients in one pass over the
 * memory. Layer: core/nn (part of kernels_body.h, no include guard).
 */

static void KERNEL(scale_copies)(const chl_copies *s, const chl_real *x, chl_real *y)
{
    int64_t size = s->copies * s->ld;
    for (int64_t i = 0; i < s->rows; i++) {
        for (int64_t k = 0; k < size; k += s->ld, y += s->ld) {
            for (int64_t j = 0; j < s->ld; j += VL) {
                V v = KERNEL(load)(x + j) * KERNEL(load)(s->scale + k + j);
                if (s->shift) {
                    v += KERNEL(load)(s->shift + k + j);
                }
                KERNEL(store)(y + j, v);
            }
            x += s->spread ? 0 : s->ld;
        }
        x += s->spread ? s->ld : 0;
    }
}

static void KERNEL(add_products)(const chl_copies *s, const chl_real *x, chl_real *y)
{
    for (int64_t i = 0; i < s->rows * s->copies; i++, x += s->ld, y += s->ld) {
        const chl_real *scale = s->scale + i % s->copies * s->ld;
        for (int64_t j = 0; j < s->ld; j += VL) {
            V v = KERNEL(load)(y + j);
            KERNEL(store)(y + j, FMA(KERNEL(load)(x + j), KERNEL(load)(scale + j), v));
        }
    }
}

/* dscale += g · x, dshift += g of one row. */
static inline void KERNEL(scale_sums)(int64_t ld, const chl_real *x, const chl_real *g,
                                      chl_real *dscale, chl_real *dshift)
{
    for (int64_t j = 0; j < ld; j += VL) {
        V d = KERNEL(load)(g + j);
        KERNEL(store)
        (dscale + j, FMA(d, KERNEL(load)(x + j), KERNEL(load)(dscale + j)));
        if (dshift) {
            KERNEL(store)(dshift + j, KERNEL(load)(dshift + j) + d);
        }
    }
}

/* dx = g · scale of one row, or dx += where `more`. */
static inline void KERNEL(scale_turn)(int64_t ld, const chl_real *g,
                                      const chl_real *scale, bool more, chl_real *dx)
{
    for (int64_t j = 0; j < ld; j += VL) {
        V d = KERNEL(load)(g + j) * KERNEL(load)(scale + j);
        if (more) {
            d += KERNEL(load)(dx + j);
        }
        KERNEL(store)(dx + j, d);
    }
}

static void KERNEL(scale_copies_back)(const chl_copies *s, const chl_real *x,
                                      const chl_real *g, chl_real *dx, chl_real *dscale,
                                      chl_real *dshift)
{
    for (int64_t i = 0; i < s->rows; i++) {
        for (int64_t c = 0; c < s->copies; c++, g += s->ld) {
            int64_t at = c * s->ld, row = (s->spread ? i : i * s->copies + c) * s->ld;
            KERNEL(scale_sums)
            (s->ld, x + row, g, dscale + at, dshift ? dshift + at : NULL);
            if (dx) {
                KERNEL(scale_turn)
                (s->ld, g, s->scale + at, s->spread && c > 0, dx + row);
            }
        }
    }
}

/* One row of one unit: dw += g · x, dx = g · w. */
static void KERNEL(units_back)(const chl_copies *s, const chl_real *x, const chl_real *g,
                               chl_real *dx, chl_real *dw)
{
    for (int64_t i = 0; i < s->rows * s->copies; i++, x += s->ld) {
        const V factor = SPLAT(g[i * CHL_LANES]);
        int64_t copy = i % s->copies * s->ld;
        for (int64_t j = 0; j < s->ld; j += VL) {
            chl_real *to = dw + copy + j;
            KERNEL(store)(to, FMA(factor, KERNEL(load)(x + j), KERNEL(load)(to)));
            if (dx) {
                KERNEL(store)
                (dx + i * s->ld + j, factor * KERNEL(load)(s->scale + copy + j));
            }
        }
    }
}
