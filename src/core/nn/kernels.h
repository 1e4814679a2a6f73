/* SPDX-License-Identifier: MIT
 *
 * The inner loops of the nets, compiled once for each instruction set. Layer: core/nn.
 *
 * Matrices are row-major with rows padded to a multiple of CHL_LANES numbers. Weights
 * [k × n] live in panels: columns 32p … 32p+31 of all k rows lie together (the last panel
 * is 16 wide when n is an odd multiple of 16). Every sum over k runs in the order of k,
 * one accumulator an output (`dot`: 16 lanes, then one tree), so a row's result does not
 * depend on the rows beside it, nor on AVX2 or AVX-512; a processor without fused
 * multiply-add rounds differently.
 */
#ifndef CHL_NN_KERNELS_H
#define CHL_NN_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nn/real.h"

enum { CHL_LANES = 16, CHL_PANEL = 32 };

/* n rounded up to the padding of rows. */
static inline int64_t chl_padded(int64_t n)
{
    return (n + CHL_LANES - 1) / CHL_LANES * CHL_LANES;
}

typedef enum chl_activation {
    CHL_LINEAR,
    CHL_RELU,
    CHL_LEAKY_RELU, /* slope 0.01 below zero */
    CHL_TANH,
    CHL_SIGMOID,
    CHL_GELU, /* x · Phi(x), exact */
    CHL_SELU,
    CHL_ELU,    /* alpha = 1 */
    CHL_SILU,   /* x · sigmoid(x) */
    CHL_MISH,   /* x · tanh(log(1 + exp(x))) */
    CHL_SOFTMAX /* last layer only, see infer.c */
} chl_activation;

/* The derivative of these is computed from x, of the others from y. */
static inline bool chl_activation_reads_input(chl_activation f)
{
    return f == CHL_GELU || f == CHL_SILU || f == CHL_MISH;
}

/* c[m × n] = a[m × k] · b[k × n] + bias[n]. a(i, p) = a[i·a_row + p·a_col]. b and c are
 * in panels, or row-major with b_row / c_row numbers a row. n is a multiple of CHL_LANES.
 */
typedef struct chl_product {
    int64_t m, n, k;
    const chl_real *a;
    int64_t a_row, a_col;
    const chl_real *b;
    int64_t b_row;        /* 0 = panels */
    const chl_real *bias; /* NULL = zero */
    bool relu;            /* c = max(c, 0) as CHL_RELU */
    bool add;             /* to what c holds; then no bias */
    chl_real *c;
    int64_t c_row; /* 0 = panels */
} chl_product;

/* c[i][0] = the sum of a[i · a_row + p] · w[p] over p < k, + bias; the other
 * CHL_LANES - 1 numbers of a row of c are zero. CHL_LANES sums in the order of p, then
 * one tree. */
typedef struct chl_dot {
    int64_t rows, k;
    const chl_real *a;
    int64_t a_row;
    const chl_real *w;
    chl_real bias;
    chl_real *c;
    int64_t c_row; /* numbers from a row of c to the next */
} chl_dot;

/* `copies` rows for each row of the data, copy c with scale and shift row c. */
typedef struct chl_copies {
    int64_t rows;   /* of the data */
    int64_t copies; /* of each */
    int64_t ld;
    bool spread;           /* x has one row for all the copies of a row */
    const chl_real *scale; /* [copies × ld] */
    const chl_real *shift; /* [copies × ld]; NULL = zero */
} chl_copies;

/* Row i of the result is the sum of row at[i × parts + p] of each table p, added in the
 * order of the tables. */
typedef struct chl_row_sums {
    int64_t rows;
    int parts;                     /* at least 1 */
    const chl_real *const *tables; /* [parts] row-major */
    const int32_t *at;             /* [rows × parts] */
} chl_row_sums;

/* The sum of x[k] · row index[k] of a table, in the order of k; zeros are left out. */
typedef struct chl_weighted_rows {
    int64_t count;
    const int *index;
    const chl_real *x;
    const chl_real *rows;
} chl_weighted_rows;

/* out[i] += the sum of w[j] · max(0, row i of the row sums [j]) over j < ld: CHL_LANES
 * sums in the order of j, then one tree. */
typedef struct chl_relu_sums {
    chl_row_sums sums;
    int64_t ld;        /* numbers in a row of the tables */
    const chl_real *w; /* [ld] */
    chl_real *out;     /* [rows] */
} chl_relu_sums;

/* out[i × CHL_CUBE_LANES + s] = bias + the sum of w[h] · max(0, row i [h] + the
 * steps[b][h] of the bits b of s) over h < units, in the order of h. */
enum { CHL_CUBE_BITS = 5, CHL_CUBE_LANES = 1 << CHL_CUBE_BITS, CHL_CUBE_UNITS = 64 };
typedef struct chl_relu_cube {
    int64_t units;                /* at most CHL_CUBE_UNITS */
    const chl_real *const *steps; /* [CHL_CUBE_BITS] */
    int64_t count, ld;            /* rows, and numbers from one to the next */
    const chl_real *rows, *w;
    chl_real bias;
    bool add; /* to what out holds; then no bias */
    chl_real *out;
} chl_relu_cube;

/* p -= step · m / (sqrt(v) · scale + eps) after the update of m and v. */
typedef struct chl_adam_step {
    chl_real beta1, beta2, eps;
    chl_real rest1, rest2; /* 1 - beta1, 1 - beta2 */
    chl_real step;         /* lr / (1 - beta1^t) */
    chl_real scale;        /* 1 / sqrt(1 - beta2^t) */
} chl_adam_step;

/* p -= (gradient · g + momentum · m) / (sqrt(v) · scale + eps) after the update of m and
 * v as in Adam. */
typedef struct chl_nadam_step {
    chl_real beta2, eps;
    chl_real rest1, rest2;       /* 1 - beta1, 1 - beta2 */
    chl_real gradient, momentum; /* the two learning rates */
    chl_real scale;              /* 1 / sqrt(1 - beta2^t) */
} chl_nadam_step;

/* v = alpha · v + rest · g²; the step is lr · u or, without momentum, lr · g / d with d =
 * sqrt(v) + eps, centered sqrt(v - m²) + eps, u = momentum · u + g / d. */
typedef struct chl_rmsprop_step {
    chl_real lr, alpha, rest, eps, momentum; /* rest: 1 - alpha */
    chl_real *square;                        /* v [n] */
    chl_real *velocity;                      /* u [n]; NULL = no momentum */
    chl_real *mean;                          /* m [n]; NULL = not centered */
} chl_rmsprop_step;

typedef struct chl_sgd_step {
    chl_real lr, momentum;
    bool nesterov, first; /* first: the velocity starts as the gradient */
} chl_sgd_step;

/* A counter-based stream of 16-bit draws for dropout masks. */
typedef struct chl_mask_stream {
    uint32_t key[2];
    uint32_t counter[4]; /* {next block, purpose, index low, index high} */
} chl_mask_stream;

/* Batch norm of one mini-batch; every row has `ld` numbers. */
typedef struct chl_norm {
    int64_t rows, ld;
    chl_real eps;
    const chl_real *gamma, *beta; /* [ld] */
    chl_real *mean, *var;         /* [ld] of this batch; var is the biased one */
    chl_real *inverse;            /* [ld] 1 / sqrt(var + eps) */
    chl_real *normal;             /* [rows × ld] (x - mean) · inverse */
} chl_norm;

/* One step of an LSTM or GRU; every row has `ld` numbers, those of gates and sums four
 * times as many (kernels_recurrent.h says which). */
typedef struct chl_cell {
    int64_t rows, ld;
    chl_real *gates;        /* forward: in sums from x, out the gates; backward: in the
                               gates, out the gradients of the sums */
    const chl_real *sums;   /* forward: from the state */
    const chl_real *before; /* LSTM: cell before the step, NULL = zero; GRU: state */
    chl_real *after;        /* LSTM: cell after the step */
    chl_real *h;            /* the state after the step; backward: its gradient, read */
    chl_real *carry; /* backward. LSTM: gradient of the cell, after → before; GRU:
                        out, the part of the state's gradient that skips the gates */
} chl_cell;

/* Layer norm of rows of `width` numbers, each row on its own. */
typedef struct chl_row_norm {
    int64_t rows, width, ld;
    chl_real eps;
    const chl_real *gamma, *beta; /* [ld], padding zero */
    chl_real *normal;             /* [rows × ld] (x - mean) · inverse */
    chl_real *inverse;            /* [rows] 1 / sqrt(var + eps) */
} chl_row_norm;

/* Of one number x a row: cos(2 pi · frequency · x + phase), then the sines of the same
 * angles. */
typedef struct chl_waves {
    int64_t rows, n;           /* n: frequencies */
    int64_t x_row, z_row;      /* z_row at least the numbers of a row + CHL_LANES */
    bool sines;                /* false: the cosines alone */
    const chl_real *frequency; /* [padded n] */
    const chl_real *phase;     /* [padded n]; NULL = zero */
} chl_waves;

/* n counts are multiples of CHL_LANES except in `convert` and `sigmoid`. */
typedef struct chl_kernels {
    const char *name; /* "avx512", "avx2", "portable" */
    void (*product)(const chl_product *p);
    /* turned [out × in] = the transposed matrix w [in × out], both in panels; the padding
     * of `in` is written as zero. */
    void (*turn)(const chl_real *w, int64_t in, int64_t out, chl_real *turned);
    void (*dot)(const chl_dot *d);
    /* out[rows × ld] = x[rows × cols]; the padding is left alone. */
    void (*convert)(const double *x, int64_t rows, int64_t cols, chl_real *out,
                    int64_t ld);
    /* y = f(z); in place allowed. Not for CHL_SOFTMAX. */
    void (*activate)(chl_activation f, int64_t n, const chl_real *z, chl_real *y);
    /* x = 1 / (1 + exp(-x)) within 4 units in the last place; 0 below -708. Any n. */
    void (*sigmoid)(int64_t n, double *x);
    /* g *= f'(z), from y = f(z), or from z where chl_activation_reads_input. */
    void (*activate_back)(chl_activation f, int64_t n, const chl_real *y, chl_real *g);
    /* x = x · scale + shift for each row. */
    void (*affine)(int64_t rows, int64_t ld, const chl_real *scale, const chl_real *shift,
                   chl_real *x);
    /* out[ld] = the sum over the rows. */
    void (*column_sums)(int64_t rows, int64_t ld, const chl_real *x, chl_real *out);
    void (*multiply)(int64_t n, const chl_real *a, const chl_real *b, chl_real *out);
    /* y += x · factor */
    void (*add_scaled)(int64_t n, chl_real factor, const chl_real *x, chl_real *y);
    /* out[rows × ld]; the tables have `ld` numbers a row. */
    void (*row_sums)(const chl_row_sums *s, int64_t ld, chl_real *out);
    /* out[ld] += */
    void (*add_rows)(const chl_weighted_rows *r, int64_t ld, chl_real *out);
    void (*relu_sums)(const chl_relu_sums *s);
    void (*relu_cube)(const chl_relu_cube *c);
    /* mask = `scale` where the draw (0 … 65535) is below `threshold`, else 0. */
    void (*mask)(chl_mask_stream *stream, int64_t n, uint32_t threshold, chl_real scale,
                 chl_real *mask);
    /* y = x · scale where the draw is below `threshold`, else 0; kept[n] says which, for
     * drop_back: the same of a gradient in place. */
    void (*drop)(chl_mask_stream *stream, int64_t n, uint32_t threshold, chl_real scale,
                 const chl_real *x, int8_t *kept, chl_real *y);
    void (*drop_back)(int64_t n, chl_real scale, const int8_t *kept, chl_real *g);
    void (*norm)(const chl_norm *b, const chl_real *x, chl_real *y);
    /* g: gradient of y in, of x out. */
    void (*norm_back)(const chl_norm *b, chl_real *g, chl_real *dgamma, chl_real *dbeta);
    void (*adam)(const chl_adam_step *s, int64_t n, const chl_real *g, chl_real *m,
                 chl_real *v, chl_real *p);
    void (*nadam)(const chl_nadam_step *s, int64_t n, const chl_real *g, chl_real *m,
                  chl_real *v, chl_real *p);
    void (*rmsprop)(const chl_rmsprop_step *s, int64_t n, const chl_real *g, chl_real *p);
    void (*sgd)(const chl_sgd_step *s, int64_t n, const chl_real *g, chl_real *velocity,
                chl_real *p);
    /* y = x · scale + shift */
    void (*scale_copies)(const chl_copies *s, const chl_real *x, chl_real *y);
    /* From g, the gradient of y: dscale += g · x, dshift += g [copies × ld] (NULL = not
     * wanted), dx = g · scale (NULL = not wanted; copies that are spread add up). */
    void (*scale_copies_back)(const chl_copies *s, const chl_real *x, const chl_real *g,
                              chl_real *dx, chl_real *dscale, chl_real *dshift);
    /* y += x · scale; not spread. */
    void (*add_products)(const chl_copies *s, const chl_real *x, chl_real *y);
    void (*row_norm)(const chl_row_norm *n, const chl_real *x, chl_real *y);
    /* g: gradient of y in, of x out; dgamma and dbeta [ld] grow. */
    void (*row_norm_back)(const chl_row_norm *n, chl_real *g, chl_real *dgamma,
                          chl_real *dbeta);
    /* z[rows × z_row]; what follows a row's numbers is overwritten. */
    void (*waves)(const chl_waves *w, const chl_real *x, chl_real *z);
    /* From g, the gradient of z: dx[i · x_row] (NULL = not wanted); dfrequency, dphase
     * [padded n] grow, beyond n by zero. */
    void (*waves_back)(const chl_waves *w, const chl_real *x, const chl_real *g,
                       chl_real *dx, chl_real *dfrequency, chl_real *dphase);
    /* Each copy's dot product with its row of `scale`, from the gradients at g[i ·
     * CHL_LANES]: dw += g · x, dx = g · scale (NULL = not wanted). */
    void (*units_back)(const chl_copies *s, const chl_real *x, const chl_real *g,
                       chl_real *dx, chl_real *dw);
    chl_real (*square_sum)(int64_t n, const chl_real *x);
    /* g += l1 · sign(w) + 2 · l2 · w; returns l1 · sum |w| + l2 · sum w². */
    chl_real (*penalty)(int64_t n, chl_real l1, chl_real l2, const chl_real *w,
                        chl_real *g);
    void (*lstm)(const chl_cell *s);
    void (*lstm_back)(const chl_cell *s);
    void (*gru)(const chl_cell *s);
    void (*gru_back)(const chl_cell *s);
    /* x = softmax(scale · x) over the first n ≥ 1 numbers of each of the rows, which lie
     * `row` numbers apart; those up to the next multiple of CHL_LANES become zero. */
    void (*row_softmax)(int64_t rows, int64_t row, int64_t n, chl_real scale,
                        chl_real *x);
    /* g: gradient of p = softmax(scale · x) in, of x out. */
    void (*row_softmax_back)(int64_t rows, int64_t row, int64_t n, chl_real scale,
                             const chl_real *p, chl_real *g);
} chl_kernels;

/* The best of this processor. */
const chl_kernels *chl_kernels_best(void);
/* All that this processor can run, best first; NULL past the end. For tests. */
const chl_kernels *chl_kernels_at(int i);

#endif
