/* SPDX-License-Identifier: MIT
 *
 * Optimizer steps for one instruction set: each number of the flat vector by itself.
 * Layer: core/nn (part of kernels_body.h, no include guard).
 */

static void KERNEL(adam)(const chl_adam_step *s, int64_t n, const chl_real *g,
                         chl_real *m, chl_real *v, chl_real *p)
{
    const V beta2 = SPLAT(s->beta2), eps = SPLAT(s->eps), step = SPLAT(s->step);
    const V rest1 = SPLAT(s->rest1), rest2 = SPLAT(s->rest2);
    const V scale = SPLAT(s->scale);
    for (int64_t i = 0; i < n; i += VL) {
        V d = KERNEL(load)(g + i), first = KERNEL(load)(m + i);
        first = FMA(rest1, d - first, first);
        V second = FMA(rest2 * d, d, beta2 * KERNEL(load)(v + i));
        KERNEL(store)(m + i, first);
        KERNEL(store)(v + i, second);
        V change = step * first / FMA(SQRT(second), scale, eps);
        KERNEL(store)(p + i, KERNEL(load)(p + i) - change);
    }
}

static void KERNEL(sgd)(const chl_sgd_step *s, int64_t n, const chl_real *g,
                        chl_real *velocity, chl_real *p)
{
    const V lr = SPLAT(-s->lr), momentum = SPLAT(s->momentum);
    for (int64_t i = 0; i < n; i += VL) {
        V d = KERNEL(load)(g + i);
        if (s->momentum != 0) {
            V u = s->first ? d : FMA(momentum, KERNEL(load)(velocity + i), d);
            KERNEL(store)(velocity + i, u);
            d = s->nesterov ? FMA(momentum, u, d) : u;
        }
        KERNEL(store)(p + i, FMA(lr, d, KERNEL(load)(p + i)));
    }
}

static void KERNEL(nadam)(const chl_nadam_step *s, int64_t n, const chl_real *g,
                          chl_real *m, chl_real *v, chl_real *p)
{
    const V beta2 = SPLAT(s->beta2), eps = SPLAT(s->eps), scale = SPLAT(s->scale);
    const V rest1 = SPLAT(s->rest1), rest2 = SPLAT(s->rest2);
    const V by_gradient = SPLAT(s->gradient), by_momentum = SPLAT(s->momentum);
    for (int64_t i = 0; i < n; i += VL) {
        V d = KERNEL(load)(g + i), first = KERNEL(load)(m + i);
        first = FMA(rest1, d - first, first);
        V second = FMA(rest2 * d, d, beta2 * KERNEL(load)(v + i));
        KERNEL(store)(m + i, first);
        KERNEL(store)(v + i, second);
        V change = FMA(by_gradient, d, by_momentum * first);
        change /= FMA(SQRT(second), scale, eps);
        KERNEL(store)(p + i, KERNEL(load)(p + i) - change);
    }
}

/* sqrt(v) or, centered, sqrt(v - m²), which rounding may put below zero. */
static inline V KERNEL(rmsprop_root)(const chl_rmsprop_step *s, int64_t i, V d)
{
    V rest = SPLAT(s->rest);
    V square = FMA(rest * d, d, SPLAT(s->alpha) * KERNEL(load)(s->square + i));
    KERNEL(store)(s->square + i, square);
    if (!s->mean) {
        return SQRT(square);
    }
    V mean = KERNEL(load)(s->mean + i);
    mean = FMA(rest, d - mean, mean);
    KERNEL(store)(s->mean + i, mean);
    return SQRT(KERNEL(relu)(FMA(-mean, mean, square)));
}

static void KERNEL(rmsprop)(const chl_rmsprop_step *s, int64_t n, const chl_real *g,
                            chl_real *p)
{
    const V lr = SPLAT(-s->lr), eps = SPLAT(s->eps), momentum = SPLAT(s->momentum);
    for (int64_t i = 0; i < n; i += VL) {
        V d = KERNEL(load)(g + i);
        d /= KERNEL(rmsprop_root)(s, i, d) + eps;
        if (s->velocity) {
            d = FMA(momentum, KERNEL(load)(s->velocity + i), d);
            KERNEL(store)(s->velocity + i, d);
        }
        KERNEL(store)(p + i, FMA(lr, d, KERNEL(load)(p + i)));
    }
}
