/* SPDX-License-Identifier: MIT
 *
 * Nets from tabulated sums: the kernels against plain loops and each other, the nets
 * against chl_net_predict.
 */
#include "chl_test.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/sum_net.h"
#include "random_numbers.h"

/* ---- kernels ---- */

/* AVX2 and AVX-512 give the same bits: `first` holds those of the first set. */
static void same_as_first(int v, const chl_real *got, size_t n, chl_real *first)
{
    if (v == 0) {
        memcpy(first, got, n * sizeof *got);
    } else if (strcmp(chl_kernels_at(v)->name, "portable") != 0) {
        assert_memory_equal(first, got, n * sizeof *got);
    }
}

static void weighted_rows(void **state)
{
    (void)state;
    enum { LD = 80, N = 4 };
    static const int index[N] = {3, 0, 2, 3};
    static const chl_real x[N] = {(chl_real)0.5, -2, 0, 3};
    chl_real *rows = random_numbers(4 * LD, 1), *from = random_numbers(LD, 2);
    chl_real got[LD], first[LD];
    for (int v = 0; chl_kernels_at(v); v++) {
        memcpy(got, from, sizeof got);
        chl_kernels_at(v)->add_rows(&(chl_weighted_rows){N, index, x, rows}, LD, got);
        for (int j = 0; j < LD; j++) {
            double sum = (double)from[j];
            for (int k = 0; k < N; k++) {
                sum += (double)x[k] * (double)rows[index[k] * LD + j];
            }
            assert_near((double)got[j], sum, 1e-5);
        }
        same_as_first(v, got, LD, first);
    }
    chl_free(rows);
    chl_free(from);
}

enum { LD = 48, MOST = 13 };

static void check_relu_sums(int parts, int64_t rows)
{
    chl_real *tables[5], *w = random_numbers(LD, 9), got[MOST], first[MOST], one;
    const chl_real *fixed[5];
    int32_t at[MOST * 5];
    for (int p = 0; p < parts; p++) {
        fixed[p] = tables[p] = random_numbers(7 * LD, (uint64_t)p);
        for (int64_t i = 0; i < rows; i++) {
            at[i * parts + p] = (int32_t)((i * 5 + p * 3) % 7);
        }
    }
    for (int v = 0; chl_kernels_at(v); v++) {
        const chl_kernels *kernels = chl_kernels_at(v);
        memset(got, 0, sizeof got);
        chl_relu_sums s = {{rows, parts, fixed, at}, LD, w, got};
        kernels->relu_sums(&s);
        for (int64_t i = 0; i < rows; i++) {
            double sum = 0;
            for (int j = 0; j < LD; j++) {
                double z = 0;
                for (int p = 0; p < parts; p++) {
                    z += (double)fixed[p][at[i * parts + p] * LD + j];
                }
                sum += (double)w[j] * fmax(z, 0);
            }
            assert_near((double)got[i], sum, 2e-5);
            one = 0;
            kernels->relu_sums(
                &(chl_relu_sums){{1, parts, fixed, at + i * parts}, LD, w, &one});
            assert_true(one == got[i]); /* whatever is beside it */
        }
        same_as_first(v, got, (size_t)rows, first);
    }
    for (int p = 0; p < parts; p++) {
        chl_free(tables[p]);
    }
    chl_free(w);
}

static void outputs_of_tables(void **state)
{
    (void)state;
    for (int parts = 1; parts <= 5; parts++) {
        check_relu_sums(parts, 1);
        check_relu_sums(parts, 8);
        check_relu_sums(parts, MOST);
    }
}

static void check_cube(int64_t count, int64_t units, bool add)
{
    enum { BITS = CHL_CUBE_BITS, LANES = CHL_CUBE_LANES };
    size_t n = (size_t)count * LANES;
    chl_real *rows = random_numbers((size_t)count * 64, 1), *w = random_numbers(64, 2);
    chl_real *b = random_numbers((size_t)BITS * 64, 3), *from = random_numbers(n, 4);
    chl_real *got = chl_alloc_aligned(n, sizeof *got);
    chl_real *first = chl_alloc_aligned(n, sizeof *first);
    const chl_real *steps[BITS];
    for (int k = 0; k < BITS; k++) {
        steps[k] = b + (size_t)k * 64;
    }
    for (int v = 0; chl_kernels_at(v); v++) {
        chl_relu_cube c = {units, steps, count, 64, rows, w, (chl_real)0.25, add, got};
        memcpy(got, from, n * sizeof *got);
        chl_kernels_at(v)->relu_cube(&c);
        for (int64_t i = 0; i < count * LANES; i++) {
            double sum = add ? (double)from[i] : 0.25;
            for (int64_t h = 0; h < units; h++) {
                double z = (double)rows[i / LANES * 64 + h];
                for (int k = 0; k < BITS; k++) {
                    z += i >> k & 1 ? (double)steps[k][h] : 0;
                }
                sum += (double)w[h] * fmax(z, 0);
            }
            assert_near((double)got[i], sum, 1e-4);
        }
        same_as_first(v, got, n, first);
    }
    chl_free(rows);
    chl_free(w);
    chl_free(b);
    chl_free(from);
    chl_free(got);
    chl_free(first);
}

static void outputs_of_subsets(void **state)
{
    (void)state;
    for (int64_t count = 1; count <= 17; count++) {
        check_cube(count, 64, count % 2);
    }
    check_cube(3, 1, false);
    check_cube(9, 37, true);
}

/* ---- nets ---- */

enum { N = 70, D = 13 };

static chl_net *make(const char *text)
{
    json_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    chl_net *net;
    assert_ok(chl_net_new(spec, D, &net, &err));
    json_decref(spec);
    chl_net_init_weights(net, 42, 0);
    for (int t = 0; t < chl_net_tensor_count(net); t++) { /* norms that do much */
        chl_tensor tensor = chl_net_tensor(net, t);
        for (int64_t k = 0; tensor.rank == 1 && k < tensor.shape[0]; k++) {
            tensor.data[k] = (chl_real)(0.3 + 0.2 * (double)((k + t) % 7));
        }
    }
    return net;
}

/* What the even or the odd inputs of each row of x add in a slice. */
static void fill_table(const chl_sum_net *s, int slice, int odd, const double *x,
                       chl_real *table)
{
    int width = chl_sum_net_width(s);
    for (int i = 0; i < N; i++) {
        chl_real *row = table + (size_t)i * (size_t)width, values[D];
        int inputs[D], count = 0;
        if (odd) {
            memset(row, 0, (size_t)width * sizeof *row);
        } else {
            chl_sum_net_start(s, slice, row);
        }
        for (int j = odd; j < D; j += 2, count++) {
            inputs[count] = j;
            values[count] = (chl_real)x[i * D + j];
        }
        chl_sum_net_add(s, slice, inputs, count, values, row);
    }
}

/* out = predictions of `rows` rows from row `first` on. */
static void predict(const chl_sum_net *s, const double *x, int first, int rows,
                    double *out)
{
    size_t width = (size_t)chl_sum_net_width(s);
    chl_real *scratch = chl_alloc_aligned(chl_sum_net_scratch(s, rows), sizeof(chl_real));
    chl_real *even = chl_alloc_aligned(N * width, sizeof *even);
    chl_real *odd = chl_alloc_aligned(N * width, sizeof *odd);
    const chl_real *const tables[] = {even, odd};
    int32_t at[2 * N];
    for (int i = 0; i < 2 * N; i++) {
        at[i] = i / 2;
    }
    chl_sum_batch batch = {s, rows, scratch, out};
    for (int slice = 0; slice < chl_sum_net_slices(s); slice++) {
        fill_table(s, slice, 0, x, even);
        fill_table(s, slice, 1, x, odd);
        chl_row_sums sums = {rows, 2, tables, at + (size_t)first * 2};
        assert_ok(chl_sum_net_rows(&batch, slice, &sums, &err));
    }
    chl_sum_net_finish(&batch);
    chl_free(scratch);
    chl_free(even);
    chl_free(odd);
}

static void check_net(const char *spec, bool shallow, int slices, int width)
{
    chl_net *net = make(spec);
    chl_sum_net *s;
    assert_ok(chl_sum_net_new(net, &s, &err));
    assert_true(chl_sum_net_is_shallow(s) == shallow);
    assert_int_equal(chl_sum_net_slices(s), slices);
    assert_int_equal(chl_sum_net_width(s), width);
    size_t outputs = (size_t)chl_net_outputs(net);
    double x[N * D], expected[N * 8], got[N * 8], part[N * 8];
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N * D; i++) {
        x[i] = chl_rng_normal(&rng);
    }
    assert_ok(chl_net_predict(net, x, N, expected, &err));
    predict(s, x, 0, N, got);
    for (size_t i = 0; i < N * outputs; i++) {
        assert_near(got[i], expected[i], 1e-5);
    }
    predict(s, x, 29, 5, part); /* the same bits with other neighbours */
    assert_memory_equal(part, got + 29 * outputs, 5 * outputs * sizeof *got);
    chl_sum_net_free(s);
    chl_net_free(net);
}

#define NET(layers) "{\"layers\":[" layers "]}"
#define RELU(units) "{\"type\":\"dense\",\"units\":" #units ",\"activation\":\"relu\"},"
#define COPIES(units)                                                                    \
    "{\"type\":\"batch_ensemble\",\"units\":" #units ",\"copies\":3,"                    \
    "\"activation\":\"relu\"},"
#define DROPOUT "{\"type\":\"dropout\",\"rate\":0.2},"
#define NORM    "{\"type\":\"batch_norm\"},"
#define ONE     "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"
#define FIVE    "{\"type\":\"dense\",\"units\":5,\"activation\":\"softmax\"}"
#define MEMBERS(units, f)                                                                \
    "{\"type\":\"member_dense\",\"units\":" #units ",\"activation\":\"" f "\"}"

/* One hidden layer of rectified units, in slices. */
static void shallow_nets(void **state)
{
    (void)state;
    check_net(NET(RELU(20) ONE), true, 1, 32);
    check_net(NET(RELU(221) DROPOUT ONE), true, 4, 64);
    check_net(NET(RELU(33) NORM DROPOUT ONE), true, 1, 48); /* the output absorbs it */
    check_net(NET(RELU(70) FIVE), true, 2, 64);
    check_net(NET(ONE), true, 1, 16);
    check_net(NET(FIVE), true, 1, 16);
    check_net(NET(COPIES(64) DROPOUT MEMBERS(1, "sigmoid")), true, 3, 64);
    check_net(NET(COPIES(70) MEMBERS(1, "sigmoid")), true, 6, 64);
    check_net(NET(COPIES(40) MEMBERS(5, "softmax")), true, 3, 48);
    check_net(NET(COPIES(40) ONE), true, 3, 48); /* one output for all copies */
    check_net(NET(COPIES(40) FIVE), true, 3, 48);
}

/* The first layer is tabulated, others follow. */
static void deeper_nets(void **state)
{
    (void)state;
    check_net(NET(RELU(64) NORM RELU(33) ONE), false, 1, 64);
    check_net(NET("{\"type\":\"dense\",\"units\":5,\"activation\":\"tanh\"}," NORM DROPOUT
                  "{\"type\":\"dense\",\"units\":41}," NORM
                  "{\"type\":\"activation\",\"activation\":\"sigmoid\"},"
                  "{\"type\":\"dense\",\"units\":1}"),
              false, 1, 16);
    check_net(NET(COPIES(20) "{\"type\":\"batch_ensemble\",\"units\":9,"
                             "\"activation\":\"gelu\"}," MEMBERS(1, "sigmoid")),
              false, 1, 96);
    check_net(NET("{\"type\":\"dense\",\"units\":9,\"activation\":\"tanh\"}," ONE), false,
              1, 16);
    check_net(NET(RELU(20) "{\"type\":\"dense\",\"units\":2,\"activation\":\"sigmoid\"}"),
              false, 1, 32);
}

/* Another layer comes first: the sums are the inputs. */
static void sums_are_inputs(void **state)
{
    (void)state;
    check_net(NET(NORM ONE), false, 1, 16);
    check_net(NET("{\"type\":\"copies\",\"copies\":3}," RELU(20) MEMBERS(1, "sigmoid")),
              false, 1, 16);
}

/* ---- subsets of steps ---- */

static void check_subsets(const char *spec)
{
    enum { ROWS = 2, CELLS = ROWS * CHL_CUBE_LANES, PICKED = 5 };
    static const int32_t at[PICKED] = {0, 63, 32, 5, 33};
    chl_net *net = make(spec);
    chl_sum_net *s;
    assert_ok(chl_sum_net_new(net, &s, &err));
    assert_true(chl_sum_net_is_shallow(s));
    size_t width = (size_t)chl_sum_net_width(s);
    size_t outputs = (size_t)chl_net_outputs(net);
    chl_real *scratch = chl_alloc_aligned(chl_sum_net_scratch(s, CELLS), sizeof *scratch);
    chl_real *rows = chl_alloc_aligned((ROWS + CHL_CUBE_BITS) * width, sizeof *rows);
    double out[CELLS * 8], expected[8];
    const chl_real *steps[CHL_CUBE_BITS];
    chl_sum_batch batch = {s, CELLS, scratch, out};
    for (int slice = 0; slice < chl_sum_net_slices(s); slice++) {
        memset(rows, 0, (ROWS + CHL_CUBE_BITS) * width * sizeof *rows);
        chl_sum_net_start(s, slice, rows); /* all inputs zero … */
        chl_sum_net_start(s, slice, rows + width);
        for (int input = 0; input <= CHL_CUBE_BITS; input++) { /* … or those set to 1 */
            static const chl_real one = 1;
            int row = input < CHL_CUBE_BITS ? ROWS + input : 1;
            chl_sum_net_add(s, slice, &input, 1, &one, rows + (size_t)row * width);
            if (input < CHL_CUBE_BITS) {
                steps[input] = rows + (size_t)row * width;
            }
        }
        chl_relu_cube cube = {
            .steps = steps, .count = ROWS, .ld = (int64_t)width, .rows = rows};
        chl_sum_net_cube(&batch, slice, &cube);
    }
    chl_sum_net_pick(&batch, at, PICKED);
    for (int i = 0; i < PICKED; i++) {
        double x[D] = {0};
        for (int input = 0; input <= CHL_CUBE_BITS; input++) {
            x[input] = at[i] >> input & 1;
        }
        assert_ok(chl_net_predict(net, x, 1, expected, &err));
        for (size_t k = 0; k < outputs; k++) {
            assert_near(out[(size_t)i * outputs + k], expected[k], 1e-5);
        }
    }
    chl_free(scratch);
    chl_free(rows);
    chl_sum_net_free(s);
    chl_net_free(net);
}

static void subsets_of_steps(void **state)
{
    (void)state;
    check_subsets(NET(RELU(221) DROPOUT ONE));
    check_subsets(NET(COPIES(64) MEMBERS(1, "sigmoid")));
    check_subsets(NET(COPIES(70) MEMBERS(5, "softmax")));
    check_subsets(NET(ONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighted_rows),      cmocka_unit_test(outputs_of_tables),
        cmocka_unit_test(outputs_of_subsets), cmocka_unit_test(shallow_nets),
        cmocka_unit_test(deeper_nets),        cmocka_unit_test(sums_are_inputs),
        cmocka_unit_test(subsets_of_steps),
    };
    return cmocka_run_group_tests_name("sum_net", tests, NULL, NULL);
}
