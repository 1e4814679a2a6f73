/* SPDX-License-Identifier: MIT
 *
 * Every instruction set of this processor against plain loops, and against each other.
 */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/kernels.h"
#include "random_numbers.h"

static chl_real panel_at(const chl_real *b, int64_t k, int64_t n, int64_t i, int64_t j)
{
    int64_t first = j / CHL_PANEL * CHL_PANEL;
    int64_t width = n - first < CHL_PANEL ? n - first : CHL_PANEL;
    return b[first * k + i * width + (j - first)];
}

typedef struct operands {
    int64_t m, n, k;
    chl_real *a, *b, *bias, *c;
} operands;

static operands random_operands(int64_t m, int64_t n, int64_t k)
{
    return (operands){.m = m,
                      .n = n,
                      .k = k,
                      .a = random_numbers((size_t)(m * k), 1),
                      .b = random_numbers((size_t)(k * n), 2),
                      .bias = random_numbers((size_t)n, 3),
                      .c = random_numbers((size_t)(m * n), 4)};
}

static void free_operands(operands *o)
{
    chl_free(o->a);
    chl_free(o->b);
    chl_free(o->bias);
    chl_free(o->c);
}

/* a row-major, b in panels, c row-major; with relu. */
static void check_forward(const chl_kernels *kernels, const operands *o, double near)
{
    kernels->product(&(chl_product){.m = o->m,
                                    .n = o->n,
                                    .k = o->k,
                                    .a = o->a,
                                    .a_row = o->k,
                                    .a_col = 1,
                                    .b = o->b,
                                    .bias = o->bias,
                                    .relu = true,
                                    .c = o->c,
                                    .c_row = o->n});
    for (int64_t i = 0; i < o->m; i++) {
        for (int64_t j = 0; j < o->n; j++) {
            double sum = (double)o->bias[j];
            for (int64_t q = 0; q < o->k; q++) {
                sum +=
                    (double)o->a[i * o->k + q] * (double)panel_at(o->b, o->k, o->n, q, j);
            }
            assert_near((double)o->c[i * o->n + j], fmax(sum, 0), near);
        }
    }
}

/* a transposed, b row-major, c in panels. */
static void check_backward(const chl_kernels *kernels, const operands *o, double near)
{
    kernels->product(&(chl_product){.m = o->m,
                                    .n = o->n,
                                    .k = o->k,
                                    .a = o->a,
                                    .a_row = 1,
                                    .a_col = o->m,
                                    .b = o->b,
                                    .b_row = o->n,
                                    .c = o->c});
    for (int64_t i = 0; i < o->m; i++) {
        for (int64_t j = 0; j < o->n; j++) {
            double sum = 0;
            for (int64_t q = 0; q < o->k; q++) {
                sum += (double)o->a[q * o->m + i] * (double)o->b[q * o->n + j];
            }
            assert_near((double)panel_at(o->c, o->m, o->n, i, j), sum, near);
        }
    }
}

static void check_product(const chl_kernels *kernels, int64_t m, int64_t n, int64_t k)
{
    operands o = random_operands(m, n, k);
    double near = 2e-5 * (1 + (double)k / 64);
    check_forward(kernels, &o, near);
    check_backward(kernels, &o, near);
    free_operands(&o);
}

static void products(void **state)
{
    (void)state;
    for (int v = 0; chl_kernels_at(v); v++) {
        for (int64_t m = 1; m <= 19; m++) {
            check_product(chl_kernels_at(v), m, 16 * (m % 5 + 1), m * 3 % 23 + 1);
        }
        check_product(chl_kernels_at(v), 64, 32, 256); /* at and past the ends of */
        check_product(chl_kernels_at(v), 65, 48,
                      257); /* groups of rows and chunks of k */
        check_product(chl_kernels_at(v), 131, 80, 700);
    }
}

/* Panels of every width on both sides; the padding of rows is zero. */
static void check_turned(const chl_kernels *kernels, int64_t in, int64_t out)
{
    int64_t in_padded = chl_padded(in), out_padded = chl_padded(out);
    chl_real *w = random_numbers((size_t)(in * out_padded), 1);
    chl_real *turned = random_numbers((size_t)(out * in_padded), 2);
    kernels->turn(w, in, out, turned);
    for (int64_t k = 0; k < out; k++) {
        for (int64_t j = 0; j < in_padded; j++) {
            chl_real expected = j < in ? panel_at(w, in, out_padded, j, k) : 0;
            assert_true(panel_at(turned, out, in_padded, k, j) == expected);
        }
    }
    chl_free(w);
    chl_free(turned);
}

static void turned_weights(void **state)
{
    (void)state;
    for (int v = 0; chl_kernels_at(v); v++) {
        for (int64_t n = 1; n <= 67; n += 3) {
            check_turned(chl_kernels_at(v), n, 70 - n);
            check_turned(chl_kernels_at(v), n, 16);
            check_turned(chl_kernels_at(v), 64, n);
        }
    }
}

/* A row's numbers are the same bits whatever rows stand beside it. */
static void rows_are_independent(void **state)
{
    (void)state;
    enum { M = 71, N = 48, K = 261 };
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_real *a = random_numbers(M * K, 1), *b = random_numbers(K * N, 2);
        chl_real *all = random_numbers(M * N, 3), one[N];
        chl_product p = {.m = M,
                         .n = N,
                         .k = K,
                         .a = a,
                         .a_row = K,
                         .a_col = 1,
                         .b = b,
                         .c = all,
                         .c_row = N};
        chl_kernels_at(v)->product(&p);
        for (int i = 0; i < M; i++) {
            p.m = 1;
            p.a = a + i * K;
            p.c = one;
            chl_kernels_at(v)->product(&p);
            assert_memory_equal(one, all + i * N, sizeof one);
        }
        chl_free(a);
        chl_free(b);
        chl_free(all);
    }
}

/* AVX2 and AVX-512 give the same bits, in all that training and inference use. */
static void fused_variants_agree(void **state)
{
    (void)state;
    const chl_kernels *first = chl_kernels_at(0), *second = chl_kernels_at(1);
    if (!second || strcmp(second->name, "portable") == 0) {
        skip();
    }
    enum { N = 160 };
    chl_real *z = random_numbers(N, 1), a[N], b[N];
    for (int f = CHL_LINEAR; f < CHL_SOFTMAX; f++) {
        first->activate((chl_activation)f, N, z, a);
        second->activate((chl_activation)f, N, z, b);
        assert_memory_equal(a, b, sizeof a);
    }
    chl_real x = first->square_sum(N, z), y = second->square_sum(N, z);
    assert_memory_equal(&x, &y, sizeof x);
    memcpy(a, z, sizeof a);
    memcpy(b, z, sizeof b);
    x = first->penalty(N, (chl_real)0.1, (chl_real)0.2, z, a);
    y = second->penalty(N, (chl_real)0.1, (chl_real)0.2, z, b);
    assert_memory_equal(&x, &y, sizeof x);
    assert_memory_equal(a, b, sizeof a);
    chl_free(z);
}

static void sums_of_table_rows(void **state)
{
    (void)state;
    enum { LD = 48, ROWS = 5, TABLES = 3 };
    static const int32_t at[ROWS * TABLES] = {0, 1, 2, 3, 3, 3, 1, 0,
                                              3, 2, 2, 0, 3, 1, 1};
    chl_real *tables[TABLES], out[ROWS * LD], y[LD];
    const chl_real *fixed[TABLES];
    for (int t = 0; t < TABLES; t++) {
        fixed[t] = tables[t] = random_numbers(4 * LD, (uint64_t)t + 1);
    }
    for (int v = 0; chl_kernels_at(v); v++) {
        for (int parts = 1; parts <= TABLES; parts++) {
            chl_row_sums s = {ROWS, parts, fixed, at};
            chl_kernels_at(v)->row_sums(&s, LD, out);
            for (int i = 0; i < ROWS * LD; i++) {
                chl_real sum = 0;
                for (int t = 0; t < parts; t++) {
                    sum += fixed[t][at[i / LD * parts + t] * LD + i % LD];
                }
                assert_true(out[i] == sum);
            }
        }
        memcpy(y, fixed[1], sizeof y);
        chl_kernels_at(v)->add_scaled(LD, (chl_real)0.3, fixed[0], y);
        for (int i = 0; i < LD; i++) {
            assert_near((double)y[i], 0.3 * (double)fixed[0][i] + (double)fixed[1][i],
                        1e-6);
        }
    }
    for (int t = 0; t < TABLES; t++) {
        chl_free(tables[t]);
    }
}

/* The masks of all instruction sets are the same draws, those of chl_philox. */
static void masks(void **state)
{
    (void)state;
    enum { N = 64 * 5 + 16 };
    const uint32_t threshold = 40000;
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_mask_stream s = {{1, 2}, {7, CHL_RNG_DROPOUT, 3, 4}};
        chl_real mask[N];
        chl_kernels_at(v)->mask(&s, N, threshold, 2, mask);
        assert_int_equal(s.counter[0], 7 + 8 * 6);
        for (int e = 0; e < N; e++) {
            uint32_t out[4], piece = (uint32_t)(e % 64 / 8);
            uint32_t counter[] = {7 + (uint32_t)(e / 64 * 8 + e % 8), CHL_RNG_DROPOUT, 3,
                                  4};
            chl_philox(counter, s.key, out);
            uint32_t draw = out[piece / 2] >> (piece % 2 * 16) & 0xffff;
            assert_true(mask[e] == (draw < threshold ? 2 : 0));
        }
    }
}

static void sums_and_conversion(void **state)
{
    (void)state;
    enum { N = 64, ROWS = 3, COLS = 13 };
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *k = chl_kernels_at(v);
        chl_real *x = random_numbers(N, 1), out[N];
        double squares = 0;
        for (int i = 0; i < N; i++) {
            squares += (double)x[i] * (double)x[i];
        }
        assert_near((double)k->square_sum(N, x), squares, 1e-4);
        k->column_sums(4, 16, x, out);
        for (int j = 0; j < 16; j++) {
            double sum =
                (double)x[j] + (double)x[16 + j] + (double)x[32 + j] + (double)x[48 + j];
            assert_near((double)out[j], sum, 1e-5);
        }
        double doubles[ROWS * COLS];
        for (int i = 0; i < ROWS * COLS; i++) {
            doubles[i] = i * 0.37;
        }
        out[COLS] = 99;
        k->convert(doubles, ROWS, COLS, out, 16);
        assert_true(out[COLS] == 99);
        for (int i = 0; i < ROWS * COLS; i++) {
            assert_true(out[i / COLS * 16 + i % COLS] == (chl_real)doubles[i]);
        }
        chl_free(x);
    }
}

/* Against plain sums; a row alone gives the same bits, and so do AVX2 and AVX-512. */
static void check_dot(int64_t rows, int64_t k, chl_real *first)
{
    chl_real *a = random_numbers((size_t)(rows * k), 1);
    chl_real *w = random_numbers((size_t)k, 2), *c = random_numbers(16 * 19, 3), one[16];
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *kernels = chl_kernels_at(v);
        chl_dot d = {rows, k, a, k, w, (chl_real)0.25, c, CHL_LANES};
        kernels->dot(&d);
        for (int64_t i = 0; i < rows; i++) {
            double sum = 0.25;
            for (int64_t p = 0; p < k; p++) {
                sum += (double)a[i * k + p] * (double)w[p];
            }
            assert_near((double)c[i * 16], sum, 2e-5);
            kernels->dot(
                &(chl_dot){1, k, a + i * k, k, w, (chl_real)0.25, one, CHL_LANES});
            assert_memory_equal(one, c + i * 16, sizeof one);
            for (int j = 1; j < 16; j++) {
                assert_true(one[j] == 0);
            }
        }
        size_t size = (size_t)rows * 16 * sizeof *c;
        if (v == 0) {
            memcpy(first, c, size);
        } else if (strcmp(kernels->name, "portable") != 0) {
            assert_memory_equal(first, c, size);
        }
    }
    chl_free(a);
    chl_free(w);
    chl_free(c);
}

static void dots(void **state)
{
    (void)state;
    chl_real first[16 * 19];
    for (int64_t rows = 1; rows <= 19; rows++) {
        check_dot(rows, rows * 7 % 67 + 1, first);
    }
    check_dot(19, 32, first);
}

static void relu_in_product(void **state)
{
    (void)state;
    enum { M = 13, N = 48, K = 5 };
    chl_real *a = random_numbers(M * K, 1), *b = random_numbers(K * N, 2);
    chl_real plain[M * N], fused[M * N];
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_product p = {.m = M,
                         .n = N,
                         .k = K,
                         .a = a,
                         .a_row = K,
                         .a_col = 1,
                         .b = b,
                         .c = plain,
                         .c_row = N};
        chl_kernels_at(v)->product(&p);
        chl_kernels_at(v)->activate(CHL_RELU, M * N, plain, plain);
        p.relu = true;
        p.c = fused;
        chl_kernels_at(v)->product(&p);
        assert_memory_equal(plain, fused, sizeof fused);
    }
    chl_free(a);
    chl_free(b);
}

static double ulps(double got, double want)
{
    return fabs(got - want) / (nextafter(want, 2) - want);
}

/* Against libm, at any place in any length, and the same bits on AVX2 and AVX-512. */
static void sigmoids(void **state)
{
    (void)state;
    enum { N = 20011 };
    static double z[N], y[N], first[N];
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *k = chl_kernels_at(v);
        for (int i = 0; i < N; i++) {
            y[i] = z[i] = i % 2 ? (i - N / 2) * 0.07071 : (i - N / 2) * 0.00317;
        }
        k->sigmoid(N, y);
        for (int i = 0; i < N; i++) {
            double one = z[i];
            k->sigmoid(1, &one);
            assert_memory_equal(&one, &y[i], sizeof one);
            assert_true(ulps(y[i], 1 / (1 + exp(-z[i]))) <= 4);
        }
        double ends[] = {0, -0.0, 40, 709, 1e300, INFINITY, -709, -1e300, -INFINITY, NAN};
        k->sigmoid(10, ends);
        assert_true(ends[0] == 0.5 && ends[1] == 0.5);
        for (int i = 2; i < 9; i++) {
            assert_true(ends[i] == (i < 6));
        }
        assert_true(isnan(ends[9]));
        if (v == 0) {
            memcpy(first, y, sizeof y);
        } else if (strcmp(k->name, "portable") != 0) {
            assert_memory_equal(first, y, sizeof y);
        }
    }
}

enum { STEPS = 3, NUMBERS = 48 };

/* NAdam, then centered RMSProp with momentum; p ends as the kernels' numbers. */
static void take_steps(const chl_kernels *k, const chl_real *g, chl_real *p)
{
    chl_real held[3][NUMBERS] = {{0}}, others[2][NUMBERS] = {{0}};
    chl_nadam_step nadam = {.beta2 = (chl_real)0.99,
                            .eps = (chl_real)1e-8,
                            .rest1 = (chl_real)0.1,
                            .rest2 = (chl_real)0.01,
                            .gradient = (chl_real)0.02,
                            .momentum = (chl_real)0.03,
                            .scale = (chl_real)1.5};
    chl_rmsprop_step rmsprop = {.lr = (chl_real)0.01,
                                .alpha = (chl_real)0.9,
                                .rest = (chl_real)0.1,
                                .eps = (chl_real)1e-8,
                                .momentum = (chl_real)0.8,
                                .square = held[0],
                                .velocity = held[1],
                                .mean = held[2]};
    for (int i = 0; i < STEPS; i++) {
        k->nadam(&nadam, NUMBERS, g, others[0], others[1], p);
        k->rmsprop(&rmsprop, NUMBERS, g, p);
    }
}

/* The same bits on AVX2 and AVX-512, close to them elsewhere; a number without gradient,
 * such as padding, stays. */
static void steps(void **state)
{
    (void)state;
    chl_real *g = random_numbers(NUMBERS, 12), first[NUMBERS];
    g[5] = 0;
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *k = chl_kernels_at(v);
        chl_real p[NUMBERS];
        for (int i = 0; i < NUMBERS; i++) {
            p[i] = (chl_real)i;
        }
        take_steps(k, g, p);
        assert_true(p[5] == 5 && p[6] != 6);
        for (int i = 0; v > 0 && i < NUMBERS; i++) {
            assert_near((double)p[i], (double)first[i], 1e-5);
        }
        if (v == 0) {
            memcpy(first, p, sizeof p);
        } else if (strcmp(k->name, "portable") != 0) {
            assert_memory_equal(first, p, sizeof p);
        }
    }
    chl_free(g);
}

/* Against plain loops, each copy with a row of its own or one for all. */
static void check_copies(const chl_kernels *kernels, bool spread)
{
    enum { ROWS = 3, COPIES = 4, LD = 48, ALL = ROWS * COPIES };
    chl_real *x = random_numbers(ALL * LD, 1), *scale = random_numbers(COPIES * LD, 2);
    chl_real *shift = random_numbers(COPIES * LD, 3), *g = random_numbers(ALL * LD, 4);
    chl_real y[ALL * LD], dx[ALL * LD], more[ALL * LD] = {0};
    chl_real dscale[COPIES * LD] = {0}, dshift[COPIES * LD] = {0};
    double sums[3][ALL * LD] = {{0}};
    chl_copies s = {ROWS, COPIES, LD, spread, scale, shift};
    kernels->scale_copies(&s, x, y);
    kernels->scale_copies_back(&s, x, g, dx, dscale, dshift);
    kernels->add_products(&s, x, more);
    for (int k = 0; k < ALL * LD; k++) {
        int c = k % (COPIES * LD), at = spread ? k / LD / COPIES * LD + k % LD : k;
        assert_near((double)y[k], (double)x[at] * (double)scale[c] + (double)shift[c],
                    1e-6);
        assert_near((double)more[k], (double)x[k] * (double)scale[c], 1e-6);
        sums[0][at] += (double)g[k] * (double)scale[c];
        sums[1][c] += (double)g[k] * (double)x[at];
        sums[2][c] += (double)g[k];
    }
    for (int k = 0; k < (spread ? ROWS : ALL) * LD; k++) {
        assert_near((double)dx[k], sums[0][k], 1e-5);
    }
    for (int c = 0; c < COPIES * LD; c++) {
        assert_near((double)dscale[c], sums[1][c], 1e-5);
        assert_near((double)dshift[c], sums[2][c], 1e-5);
    }
    chl_free(x);
    chl_free(scale);
    chl_free(shift);
    chl_free(g);
}

static void copies(void **state)
{
    (void)state;
    for (int v = 0; chl_kernels_at(v); v++) {
        check_copies(chl_kernels_at(v), false);
        check_copies(chl_kernels_at(v), true);
    }
}

/* Dropout keeps what the mask of the same stream keeps. */
static void drops(void **state)
{
    (void)state;
    enum { N = 64 * 3 + 32 };
    chl_real *x = random_numbers(N, 1), mask[N], y[N], g[N];
    int8_t kept[N];
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *k = chl_kernels_at(v);
        chl_mask_stream first = {{1, 2}, {7, CHL_RNG_DROPOUT, 3, 4}}, second = first;
        k->mask(&first, N, 40000, 2, mask);
        k->drop(&second, N, 40000, 2, x, kept, y);
        assert_int_equal(first.counter[0], second.counter[0]);
        memcpy(g, x, sizeof g);
        k->drop_back(N, 2, kept, g);
        for (int i = 0; i < N; i++) {
            assert_true(y[i] == x[i] * mask[i] && g[i] == y[i]);
        }
    }
    chl_free(x);
}

static void units_of_copies(void **state)
{
    (void)state;
    enum { ROWS = 3, COPIES = 2, LD = 32, ALL = ROWS * COPIES };
    chl_real *x = random_numbers(ALL * LD, 1), *w = random_numbers(COPIES * LD, 2);
    chl_real *g = random_numbers(ALL * CHL_LANES, 3), dx[ALL * LD], dw[COPIES * LD];
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_copies s = {.rows = ROWS, .copies = COPIES, .ld = LD, .scale = w};
        memset(dw, 0, sizeof dw);
        chl_kernels_at(v)->units_back(&s, x, g, dx, dw);
        for (int k = 0; k < COPIES * LD; k++) {
            double sum = 0;
            for (int i = k / LD; i < ALL; i += COPIES) {
                chl_real at = g[i * CHL_LANES];
                sum += (double)at * (double)x[i * LD + k % LD];
                assert_true(dx[i * LD + k % LD] == at * w[k]);
            }
            assert_near((double)dw[k], sum, 1e-5);
        }
    }
    chl_free(x);
    chl_free(w);
    chl_free(g);
}

/* add = true: in two parts of k the same bits as in one. */
static void products_that_add(void **state)
{
    (void)state;
    enum { M = 21, N = 48, K = 30, FIRST = 11 };
    chl_real *a = random_numbers(M * K, 1), *b = random_numbers(K * N, 2);
    chl_real whole[M * N], parts[M * N];
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_product p = {.m = M,
                         .n = N,
                         .k = K,
                         .a = a,
                         .a_row = 1,
                         .a_col = M,
                         .b = b,
                         .b_row = N,
                         .c = whole,
                         .c_row = N};
        chl_kernels_at(v)->product(&p);
        p.k = FIRST;
        p.c = parts;
        chl_kernels_at(v)->product(&p);
        p.k = K - FIRST;
        p.a += FIRST * M;
        p.b += FIRST * N;
        p.add = true;
        chl_kernels_at(v)->product(&p);
        assert_memory_equal(parts, whole, sizeof whole);
    }
    chl_free(a);
    chl_free(b);
}

/* Against libm, in and far out of the first period; AVX2 and AVX-512 agree. */
static void waves(void **state)
{
    (void)state;
    enum { ROWS = 40, N = 21, LD = 32, Z = 2 * N + 16 + 6 };
    chl_real *frequency = random_numbers(LD, 1), *phase = random_numbers(LD, 2);
    chl_real x[ROWS], first[ROWS * Z], z[ROWS * Z];
    for (int i = 0; i < ROWS; i++) {
        x[i] = (chl_real)((i - ROWS / 2) * (i % 5 ? 0.37 : 41));
    }
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_waves w = {ROWS, N, 1, Z, true, frequency, phase};
        chl_kernels_at(v)->waves(&w, x, z);
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < N; j++) {
                double turns = (double)frequency[j] * (double)x[i];
                double angle = 6.283185307179586 * turns + (double)phase[j];
                double near = 1e-6 + 1e-6 * fabs(turns); /* turns are rounded */
                assert_near((double)z[i * Z + j], cos(angle), near);
                assert_near((double)z[i * Z + N + j], sin(angle), near);
            }
            if (v > 0 && strcmp(chl_kernels_at(v)->name, "portable") != 0) {
                assert_memory_equal(z + i * Z, first + i * Z, 2 * N * sizeof *z);
            }
        }
        if (v == 0) {
            memcpy(first, z, sizeof z);
        }
    }
    chl_free(frequency);
    chl_free(phase);
}

/* Forward and backward give the same bits with AVX2 and AVX-512. */
static void row_sums_agree(void **state)
{
    (void)state;
    enum { ROWS = 3, WIDTH = 39, LD = 48 };
    const chl_kernels *kernels[2] = {chl_kernels_at(0), chl_kernels_at(1)};
    if (!kernels[1] || strcmp(kernels[1]->name, "portable") == 0) {
        skip();
    }
    chl_real *x = random_numbers(ROWS * LD, 1), *gamma = random_numbers(LD, 2);
    chl_real y[2][ROWS * LD], g[2][ROWS * LD], sums[2][3 * LD] = {{0}};
    for (int v = 0; v < 2; v++) {
        chl_real normal[ROWS * LD], inverse[ROWS];
        chl_row_norm n = {ROWS, WIDTH, LD, (chl_real)1e-5, gamma, gamma, normal, inverse};
        kernels[v]->row_norm(&n, x, y[v]);
        memcpy(g[v], x, sizeof g[v]);
        kernels[v]->row_norm_back(&n, g[v], sums[v], sums[v] + LD);
        chl_waves w = {ROWS, LD / 2, LD, LD, true, gamma, NULL};
        kernels[v]->waves_back(&w, x, x, y[v] + 1, sums[v] + (size_t)2 * LD, NULL);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_memory_equal(g[0], g[1], sizeof g[0]);
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    chl_free(x);
    chl_free(gamma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(turned_weights),
        cmocka_unit_test(rows_are_independent),
        cmocka_unit_test(fused_variants_agree),
        cmocka_unit_test(sums_of_table_rows),
        cmocka_unit_test(masks),
        cmocka_unit_test(sums_and_conversion),
        cmocka_unit_test(dots),
        cmocka_unit_test(waves),
        cmocka_unit_test(row_sums_agree),
        cmocka_unit_test(drops),
        cmocka_unit_test(copies),
        cmocka_unit_test(units_of_copies),
        cmocka_unit_test(products_that_add),
        cmocka_unit_test(relu_in_product),
        cmocka_unit_test(sigmoids),
        cmocka_unit_test(steps),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
