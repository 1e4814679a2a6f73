/* SPDX-License-Identifier: MIT
 *
 * Conversion, activations and their derivatives for one instruction set. Layer: core/nn
 * (part of kernels_body.h, no include guard).
 */

static void KERNEL(convert)(const double *x, int64_t rows, int64_t cols, chl_real *out,
                            int64_t ld)
{
    typedef double block __attribute__((vector_size(64), aligned(8), may_alias));
    typedef chl_real real_block
        __attribute__((vector_size(8 * sizeof(chl_real)), aligned(4), may_alias));
    for (int64_t i = 0; i < rows; i++, x += cols, out += ld) {
        int64_t j = 0;
        for (; j + 8 <= cols; j += 8) {
            *(real_block *)(out + j) =
                __builtin_convertvector(*(const block *)(x + j), real_block);
        }
        for (; j < cols; j++) {
            out[j] = (chl_real)x[j];
        }
    }
}

#define SELU_ALPHA ((chl_real)1.6732632423543772848170429916717)
#define SELU_SCALE ((chl_real)1.0507009873554804934193349852946)

static inline V KERNEL(selu)(V x)
{
    V below = SPLAT(SELU_ALPHA * SELU_SCALE) * KERNEL(vexpm1)(x);
    return KERNEL(choose)((I)(x > SPLAT(0)), x * SPLAT(SELU_SCALE), below);
}

static inline V KERNEL(leaky)(V x)
{
    return KERNEL(choose)((I)(x < SPLAT(0)), x * SPLAT((chl_real)0.01), x);
}

static inline V KERNEL(elu)(V x)
{
    return KERNEL(choose)((I)(x > SPLAT(0)), x, KERNEL(vexpm1)(x));
}

/* tanh(log(1 + e)) = n / (n + 2) with e = exp(x), n = e (e + 2); 1 above 20. */
static inline V KERNEL(mish_parts)(V x, V *e)
{
    V low = KERNEL(choose)((I)(x > SPLAT(20)), SPLAT(20), x);
    *e = KERNEL(vexp)(low);
    return *e * (*e + SPLAT(2));
}

static inline V KERNEL(mish)(V x)
{
    V e, n = KERNEL(mish_parts)(x, &e);
    return x * n / (n + SPLAT(2));
}

#define EACH(expression)                                                                 \
    for (int64_t i = 0; i < n; i += VL) {                                                \
        V x = KERNEL(load)(z + i);                                                       \
        KERNEL(store)(y + i, expression);                                                \
    }                                                                                    \
    break

static void KERNEL(activate)(chl_activation f, int64_t n, const chl_real *z, chl_real *y)
{
    switch (f) {
    case CHL_RELU: EACH(KERNEL(relu)(x));
    case CHL_LEAKY_RELU: EACH(KERNEL(leaky)(x));
    case CHL_TANH: EACH(KERNEL(vtanh)(x));
    case CHL_SIGMOID: EACH(KERNEL(vsigmoid)(x));
    case CHL_GELU: EACH(x * KERNEL(vphi)(x));
    case CHL_SELU: EACH(KERNEL(selu)(x));
    case CHL_ELU: EACH(KERNEL(elu)(x));
    case CHL_SILU: EACH(x * KERNEL(vsigmoid)(x));
    case CHL_MISH: EACH(KERNEL(mish)(x));
    case CHL_LINEAR:
    case CHL_SOFTMAX:
        if (y != z) {
            memcpy(y, z, (size_t)n * sizeof *y);
        }
        break;
    }
}
#undef EACH

/* Phi(x) + x · phi(x) */
static inline V KERNEL(gelu_slope)(V x)
{
    V density = KERNEL(vexp)(x * x * SPLAT((chl_real)-0.5)) *
                SPLAT((chl_real)0.39894228040143267794);
    return FMA(x, density, KERNEL(vphi)(x));
}

/* From y: below zero the slope is y + alpha · scale. */
static inline V KERNEL(selu_slope)(V y)
{
    return KERNEL(choose)((I)(y > SPLAT(0)), SPLAT(SELU_SCALE),
                          y + SPLAT(SELU_ALPHA * SELU_SCALE));
}

static inline V KERNEL(leaky_slope)(V y)
{
    return KERNEL(choose)((I)(y > SPLAT(0)), SPLAT(1), SPLAT((chl_real)0.01));
}

static inline V KERNEL(elu_slope)(V y)
{
    return KERNEL(choose)((I)(y > SPLAT(0)), SPLAT(1), y + SPLAT(1));
}

/* s + x s (1 - s) with 1 - s = s exp(-x), which does not cancel */
static inline V KERNEL(silu_slope)(V x)
{
    V e = KERNEL(vexp)(-x), s = SPLAT(1) / (SPLAT(1) + e);
    return FMA(x * s, s * e, s);
}

/* t + x dt/dx with t = n / (n + 2): dt/dx = 4 e (e + 1) / (n + 2)² */
static inline V KERNEL(mish_slope)(V x)
{
    V e, n = KERNEL(mish_parts)(x, &e), below = n + SPLAT(2);
    return n / below + x * SPLAT(4) * e * (e + SPLAT(1)) / (below * below);
}

#define EACH(expression)                                                                 \
    for (int64_t i = 0; i < n; i += VL) {                                                \
        V x = KERNEL(load)(y + i), d = KERNEL(load)(g + i);                              \
        KERNEL(store)(g + i, expression);                                                \
    }                                                                                    \
    break

static void KERNEL(activate_back)(chl_activation f, int64_t n, const chl_real *y,
                                  chl_real *g)
{
    switch (f) {
    case CHL_RELU: EACH((V)((I)d & (I)(x > SPLAT(0))));
    case CHL_LEAKY_RELU: EACH(d * KERNEL(leaky_slope)(x));
    case CHL_TANH: EACH(d * (SPLAT(1) - x * x));
    case CHL_SIGMOID: EACH(d * x * (SPLAT(1) - x));
    case CHL_GELU: EACH(d * KERNEL(gelu_slope)(x));
    case CHL_SELU: EACH(d * KERNEL(selu_slope)(x));
    case CHL_ELU: EACH(d * KERNEL(elu_slope)(x));
    case CHL_SILU: EACH(d * KERNEL(silu_slope)(x));
    case CHL_MISH: EACH(d * KERNEL(mish_slope)(x));
    case CHL_LINEAR:
    case CHL_SOFTMAX: break;
    }
}
#undef EACH
#undef SELU_ALPHA
#undef SELU_SCALE

static void KERNEL(affine)(int64_t rows, int64_t ld, const chl_real *scale,
                           const chl_real *shift, chl_real *x)
{
    for (int64_t i = 0; i < rows; i++, x += ld) {
        for (int64_t j = 0; j < ld; j += VL) {
            KERNEL(store)
            (x + j,
             FMA(KERNEL(load)(x + j), KERNEL(load)(scale + j), KERNEL(load)(shift + j)));
        }
    }
}

static void KERNEL(multiply)(int64_t n, const chl_real *a, const chl_real *b,
                             chl_real *out)
{
    for (int64_t i = 0; i < n; i += VL) {
        KERNEL(store)(out + i, KERNEL(load)(a + i) * KERNEL(load)(b + i));
    }
}

static void KERNEL(add_scaled)(int64_t n, chl_real factor, const chl_real *x, chl_real *y)
{
    for (int64_t i = 0; i < n; i += VL) {
        KERNEL(store)
        (y + i, FMA(KERNEL(load)(x + i), SPLAT(factor), KERNEL(load)(y + i)));
    }
}

/* The first two tables in one pass: few sums have more. */
static void KERNEL(row_sums)(const chl_row_sums *s, int64_t ld, chl_real *out)
{
    const int32_t *at = s->at;
    for (int64_t i = 0; i < s->rows; i++, at += s->parts, out += ld) {
        const chl_real *first = s->tables[0] + at[0] * ld;
        if (s->parts == 1) {
            memcpy(out, first, (size_t)ld * sizeof *out);
            continue;
        }
        const chl_real *second = s->tables[1] + at[1] * ld;
        for (int64_t j = 0; j < ld; j += VL) {
            KERNEL(store)(out + j, KERNEL(load)(first + j) + KERNEL(load)(second + j));
        }
        for (int p = 2; p < s->parts; p++) {
            const chl_real *more = s->tables[p] + at[p] * ld;
            for (int64_t j = 0; j < ld; j += VL) {
                KERNEL(store)(out + j, KERNEL(load)(out + j) + KERNEL(load)(more + j));
            }
        }
    }
}

static void KERNEL(column_sums)(int64_t rows, int64_t ld, const chl_real *x,
                                chl_real *out)
{
    for (int64_t j = 0; j < ld; j += VL) {
        V sum = SPLAT(0);
        for (int64_t i = 0; i < rows; i++) {
            sum += KERNEL(load)(x + i * ld + j);
        }
        KERNEL(store)(out + j, sum);
    }
}
