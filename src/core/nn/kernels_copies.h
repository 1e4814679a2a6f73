/* SPDX-License-Identifier: MIT
 *
 * Rows of copies, each copy with numbers of its own (TabM), for one instruction set: the
 * scaling of rows and the heads of one unit, each with its gradients in one pass over the
 * memory. Layer: core/nn (part of kernels_body.h, no include guard).
 */

/* Panel order: where row i keeps its columns from j on; see kernels.h. */
static inline int64_t KERNEL(panel_at)(int64_t rows, int64_t ld, int64_t i, int64_t j)
{
    int64_t panel = j / CHL_PANEL * CHL_PANEL;
    int64_t width = ld - panel < CHL_PANEL ? ld - panel : CHL_PANEL;
    return panel * rows + i * width + (j - panel);
}

static inline void KERNEL(scale_row)(const chl_copies *s, int64_t i, const chl_real *x,
                                     const chl_real *scale, const chl_real *shift,
                                     chl_real *y)
{
    int64_t rows = s->rows * s->copies;
    for (int64_t j = 0; j < s->ld; j += VL) {
        V v = KERNEL(load)(x + j) * KERNEL(load)(scale + j);
        if (shift) {
            v += KERNEL(load)(shift + j);
        }
        KERNEL(store)
        (y + (s->panels ? KERNEL(panel_at)(rows, s->ld, i, j) : i * s->ld + j), v);
    }
}

static void KERNEL(scale_copies)(const chl_copies *s, const chl_real *x, chl_real *y)
{
    for (int64_t i = 0; i < s->rows * s->copies; i++) {
        int64_t copy = i % s->copies * s->ld;
        KERNEL(scale_row)
        (s, i, x + (s->spread ? i / s->copies : i) * s->ld, s->scale + copy,
         s->shift ? s->shift + copy : NULL, y);
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

/* dx = g · scale of row i; the copies of a spread row are added up. */
static inline void KERNEL(scale_turn)(const chl_copies *s, int64_t i, const chl_real *g,
                                      const chl_real *scale, chl_real *dx)
{
    bool more = s->spread && i % s->copies > 0;
    int64_t rows = s->rows * s->copies;
    int64_t row = (s->spread ? i / s->copies : i) * s->ld;
    for (int64_t j = 0; j < s->ld; j += VL) {
        V d = KERNEL(load)(g + j) * KERNEL(load)(scale + j);
        chl_real *to = dx + (s->panels ? KERNEL(panel_at)(rows, s->ld, i, j) : row + j);
        if (more) {
            d += KERNEL(load)(to);
        }
        KERNEL(store)(to, d);
    }
}

static void KERNEL(scale_copies_back)(const chl_copies *s, const chl_real *x,
                                      const chl_real *g, chl_real *dx, chl_real *dscale,
                                      chl_real *dshift)
{
    for (int64_t i = 0; i < s->rows * s->copies; i++, g += s->ld) {
        int64_t copy = i % s->copies * s->ld;
        KERNEL(scale_sums)
        (s->ld, x + (s->spread ? i / s->copies : i) * s->ld, g, dscale + copy,
         dshift ? dshift + copy : NULL);
        if (dx) {
            KERNEL(scale_turn)(s, i, g, s->scale + copy, dx);
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
