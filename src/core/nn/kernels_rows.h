/* SPDX-License-Identifier: MIT
 *
 * Layer norm, and the waves of periodic embeddings, for one instruction set. Sums along a
 * row are CHL_LANES partial sums, then one after the other, on every instruction set.
 * Layer: core/nn (part of kernels_body.h, no include guard).
 */

/* ---- layer norm ---- */

/* The lane numbers from j on of a row whose numbers beyond `width` read as `filling`. */
static inline V KERNEL(load_row)(const chl_real *x, int64_t j, int64_t width,
                                 chl_real filling)
{
    if (j + VL <= width) {
        return KERNEL(load)(x + j);
    }
    V v = SPLAT(filling);
    for (int64_t l = 0; j + l < width; l++) {
        v[l] = x[j + l];
    }
    return v;
}

/* The sum of x - center, or of its squares. */
static inline chl_real KERNEL(row_sum)(const chl_row_norm *n, const chl_real *x,
                                       chl_real center, bool squares)
{
    chl_real sums[CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = SPLAT(0);
        for (int64_t j = lane; j < n->ld; j += CHL_LANES) {
            V d = KERNEL(load_row)(x, j, n->width, center) - SPLAT(center);
            sum = squares ? FMA(d, d, sum) : (V)(sum + d);
        }
        KERNEL(store)(sums + lane, sum);
    }
    return KERNEL(total)(sums);
}

static void KERNEL(row_norm)(const chl_row_norm *n, const chl_real *x, chl_real *y)
{
    for (int64_t i = 0; i < n->rows; i++, x += n->ld, y += n->ld) {
        chl_real mean = KERNEL(row_sum)(n, x, 0, false) / (chl_real)n->width;
        chl_real var = KERNEL(row_sum)(n, x, mean, true) / (chl_real)n->width;
        V root = SQRT(SPLAT(var + n->eps)), inverse = SPLAT(1) / root;
        n->inverse[i] = inverse[0];
        for (int64_t j = 0; j < n->ld; j += VL) {
            V normal = (KERNEL(load_row)(x, j, n->width, mean) - SPLAT(mean)) * inverse;
            KERNEL(store)(n->normal + i * n->ld + j, normal);
            KERNEL(store)
            (y + j, FMA(normal, KERNEL(load)(n->gamma + j), KERNEL(load)(n->beta + j)));
        }
    }
}

/* dgamma and dbeta of one row, and the sums of g · gamma and of g · gamma · normal. */
static inline void KERNEL(row_norm_sums)(const chl_row_norm *n, const chl_real *g,
                                         const chl_real *normal, chl_real *dgamma,
                                         chl_real *dbeta, chl_real out[2])
{
    chl_real sums[2][CHL_LANES];
    for (int64_t lane = 0; lane < CHL_LANES; lane += VL) {
        V sum = SPLAT(0), dot = SPLAT(0);
        for (int64_t j = lane; j < n->ld; j += CHL_LANES) {
            V d = KERNEL(load)(g + j), x = KERNEL(load)(normal + j);
            V scaled = d * KERNEL(load)(n->gamma + j);
            sum += scaled;
            dot = FMA(scaled, x, dot);
            KERNEL(store)(dgamma + j, FMA(d, x, KERNEL(load)(dgamma + j)));
            KERNEL(store)(dbeta + j, KERNEL(load)(dbeta + j) + d);
        }
        KERNEL(store)(sums[0] + lane, sum);
        KERNEL(store)(sums[1] + lane, dot);
    }
    out[0] = KERNEL(total)(sums[0]);
    out[1] = KERNEL(total)(sums[1]);
}

static void KERNEL(row_norm_back)(const chl_row_norm *n, chl_real *g, chl_real *dgamma,
                                  chl_real *dbeta)
{
    const V width = SPLAT((chl_real)n->width);
    for (int64_t i = 0; i < n->rows; i++, g += n->ld) {
        const chl_real *normal = n->normal + i * n->ld;
        chl_real sums[2];
        KERNEL(row_norm_sums)(n, g, normal, dgamma, dbeta, sums);
        V scale = SPLAT(n->inverse[i]) / width;
        for (int64_t j = 0; j < n->ld; j += VL) {
            V d = KERNEL(load)(g + j) * KERNEL(load)(n->gamma + j);
            V rest =
                width * d - SPLAT(sums[0]) - KERNEL(load)(normal + j) * SPLAT(sums[1]);
            KERNEL(store)(g + j, scale * rest);
        }
        memset(g + n->width, 0, (size_t)(n->ld - n->width) * sizeof *g);
    }
}

/* ---- waves ---- */

#ifdef CHL_REAL_DOUBLE

static inline void KERNEL(vwave)(V turns, V *sine, V *cosine)
{
    for (int i = 0; i < VL; i++) {
        double angle = (turns[i] - floor(turns[i] + 0.5)) * 6.283185307179586476925;
        (*sine)[i] = sin(angle);
        (*cosine)[i] = cos(angle);
    }
}

#else

/* Sine and cosine of 2 pi t. t = n/4 + r with |r| <= 1/8: Taylor polynomials of 2 pi r,
 * swapped and negated by n. For |t| below 2^20. */
static inline void KERNEL(vwave)(V turns, V *sine, V *cosine)
{
    const V magic = SPLAT(12582912.0f); /* 1.5 · 2^23: the sum's low bits are n */
    V shifted = FMA(turns, SPLAT(4.0f), magic);
    V n = shifted - magic;
    V x = FMA(n, SPLAT(-0.25f), turns) * SPLAT(6.28318530718f);
    V square = x * x;
    V s = FMA(square, SPLAT(1.0f / 362880), SPLAT(-1.0f / 5040));
    s = FMA(s, square, SPLAT(1.0f / 120));
    s = FMA(s, square, SPLAT(-1.0f / 6));
    s = FMA(s * square, x, x);
    V c = FMA(square, SPLAT(-1.0f / 3628800), SPLAT(1.0f / 40320));
    c = FMA(c, square, SPLAT(-1.0f / 720));
    c = FMA(c, square, SPLAT(1.0f / 24));
    c = FMA(c, square, SPLAT(-0.5f));
    c = FMA(c, square, SPLAT(1.0f));
    I bits = (I)shifted;
    const I sign = (I)SPLAT(-0.0f);
    I odd = -(bits & 1), half = -((bits & 2) >> 1) & sign;
    I next = -(((bits + 1) & 2) >> 1) & sign;
    *sine = (V)((I)KERNEL(choose)(odd, c, s) ^ half);
    *cosine = (V)((I)KERNEL(choose)(odd, s, c) ^ next);
}

#endif

static inline V KERNEL(turns_of)(const chl_waves *w, V x, int64_t j)
{
    const V turn = SPLAT((chl_real)0.15915494309189533577);
    V t = x * KERNEL(load)(w->frequency + j);
    return w->phase ? FMA(KERNEL(load)(w->phase + j), turn, t) : t;
}

static void KERNEL(waves)(const chl_waves *w, const chl_real *x, chl_real *z)
{
    for (int64_t i = 0; i < w->rows; i++, z += w->z_row) {
        V value = SPLAT(x[i * w->x_row]), sine, cosine;
        for (int64_t j = 0; j < w->n; j += VL) {
            KERNEL(vwave)(KERNEL(turns_of)(w, value, j), &sine, &cosine);
            KERNEL(store)(z + j, cosine);
        }
        for (int64_t j = 0; w->sines && j < w->n; j += VL) { /* over the cosines' rest */
            KERNEL(vwave)(KERNEL(turns_of)(w, value, j), &sine, &cosine);
            KERNEL(store)(z + w->n + j, sine);
        }
    }
}

static void KERNEL(waves_back)(const chl_waves *w, const chl_real *x, const chl_real *g,
                               chl_real *dx, chl_real *dfrequency, chl_real *dphase)
{
    const V full = SPLAT((chl_real)6.283185307179586476925);
    int64_t ld = chl_padded(w->n);
    for (int64_t i = 0; i < w->rows; i++, g += w->z_row) {
        V value = SPLAT(x[i * w->x_row]), sine, cosine;
        chl_real sums[CHL_LANES] = {0};
        for (int64_t j = 0; j < ld; j += VL) {
            KERNEL(vwave)(KERNEL(turns_of)(w, value, j), &sine, &cosine);
            V d = -sine * KERNEL(load_row)(g, j, w->n, 0);
            if (w->sines) {
                d = FMA(cosine, KERNEL(load_row)(g + w->n, j, w->n, 0), d);
            }
            if (w->phase) {
                KERNEL(store)(dphase + j, KERNEL(load)(dphase + j) + d);
            }
            d *= full;
            KERNEL(store)(dfrequency + j, FMA(d, value, KERNEL(load)(dfrequency + j)));
            V sum = KERNEL(load)(sums + j % CHL_LANES);
            KERNEL(store)
            (sums + j % CHL_LANES, FMA(d, KERNEL(load)(w->frequency + j), sum));
        }
        if (dx) {
            dx[i * w->x_row] = KERNEL(total)(sums);
        }
    }
}
