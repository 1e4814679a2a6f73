/* SPDX-License-Identifier: MIT
 *
 * Nets over sequences: what does not count changes nothing, bit for bit; a row alone is
 * the row in a batch; specs and their errors; initial numbers.
 */
#include "sequence_fixture.h"

#include "core/base/alloc.h"
#include "core/nn/pass.h"
#include "core/layers/ragged.h"

#define OUT "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"

static const char *const nets[] = {
    "{\"type\":\"gru\",\"units\":6}," OUT,
    "{\"type\":\"lstm\",\"units\":20,\"return_sequences\":true},{\"type\":\"gru\","
    "\"units\":33},{\"type\":\"dropout\",\"rate\":0.2}," OUT,
    "{\"type\":\"dense\",\"units\":7,\"activation\":\"relu\"},{\"type\":\"position\"},"
    "{\"type\":\"pool\",\"kind\":\"mean\"}," OUT,
    "{\"type\":\"dense\",\"units\":7},{\"type\":\"position\",\"kind\":\"sinusoidal\"},"
    "{\"type\":\"pool\",\"kind\":\"max\"}," OUT,
    "{\"type\":\"lstm\",\"units\":7,\"return_sequences\":true},{\"type\":\"pool\","
    "\"kind\":\"last\"}," OUT,
    "{\"type\":\"dense\",\"units\":6},{\"type\":\"transformer\",\"heads\":2,"
    "\"units\":9},{\"type\":\"transformer\",\"heads\":1,\"units\":40,\"norm_first\":"
    "false,\"activation\":\"gelu\"},{\"type\":\"pool\"}," OUT,
};
enum { NETS = sizeof nets / sizeof nets[0], ROWS = 75 };

static void fill(double filler, double *x)
{
    for (int r = 0; r < ROWS; r++) {
        sequence_row(r, filler, x + (size_t)r * INPUTS);
    }
}

static void padding_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < NETS; k++) {
        chl_net *net = sequence_net(nets[k], k % 2);
        double x[ROWS * INPUTS], zeros[ROWS], others[ROWS];
        fill(0, x);
        assert_ok(chl_net_predict(net, x, ROWS, zeros, &err));
        fill(1e6, x);
        assert_ok(chl_net_predict(net, x, ROWS, others, &err));
        assert_memory_equal(zeros, others, sizeof zeros);
        assert_true(zeros[0] != zeros[2]);
        chl_net_free(net);
    }
}

static void alone_as_in_a_batch(void **state)
{
    (void)state;
    for (size_t k = 0; k < NETS; k++) {
        chl_net *net = sequence_net(nets[k], false);
        double x[ROWS * INPUTS], batch[ROWS], alone;
        fill(0, x);
        assert_ok(chl_net_predict(net, x, ROWS, batch, &err));
        for (size_t r = 0; r < ROWS; r++) {
            assert_ok(chl_net_predict(net, x + r * INPUTS, 1, &alone, &err));
            assert_memory_equal(&alone, &batch[r], sizeof alone);
        }
        chl_net_free(net);
    }
}

/* Training sees the same numbers as inference, dropout aside. */
static void trained_as_used(void **state)
{
    (void)state;
    for (size_t k = 0; k < NETS; k += k == 0 ? 2 : 1) {
        chl_net *net = sequence_net(nets[k], false);
        double x[ROWS * INPUTS], p[ROWS];
        fill(3, x);
        assert_ok(chl_net_predict(net, x, ROWS, p, &err));
        chl_pass pass;
        assert_ok(chl_pass_init(&pass, net, ROWS, 1, &err));
        pass.rows = ROWS;
        pass.kernels->convert(x, ROWS, INPUTS, pass.input, chl_padded(INPUTS));
        chl_pass_forward(&pass);
        for (int r = 0; r < ROWS; r++) {
            double z = (double)chl_pass_logits(&pass, 0)[r * CHL_LANES];
            assert_near(p[r], 1 / (1 + exp(-z)), 1e-6);
        }
        chl_pass_reset(&pass);
        chl_net_free(net);
    }
}

/* Newest first, read with `reverse`, is oldest first. */
static void reversed(void **state)
{
    (void)state;
    chl_net *plain = sequence_net(nets[0], false), *turned = sequence_net(nets[0], true);
    double x[INPUTS], y[INPUTS], p, q;
    sequence_row(5, 0, x); /* 4 steps count */
    memcpy(y, x, sizeof y);
    for (size_t t = 0; t < 4; t++) {
        memcpy(y + t * FEATURES, x + (3 - t) * FEATURES, FEATURES * sizeof *x);
    }
    assert_ok(chl_net_predict(plain, x, 1, &p, &err));
    assert_ok(chl_net_predict(turned, y, 1, &q, &err));
    assert_true(p == q);
    assert_ok(chl_net_predict(plain, y, 1, &q, &err));
    assert_true(p != q);
    chl_net_free(plain);
    chl_net_free(turned);
}

/* Rounded, and kept within the steps. */
static void lengths(void **state)
{
    (void)state;
    chl_net *net = sequence_net(nets[0], false);
    static const double given[][2] = {{-3, 0},     {0.4, 0}, {0.6, 1},         {2.3, 2},
                                      {99, STEPS}, {NAN, 0}, {INFINITY, STEPS}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        double x[INPUTS], p, q;
        sequence_row(2, 0, x);
        x[INPUTS - 1] = given[i][0];
        assert_ok(chl_net_predict(net, x, 1, &p, &err));
        x[INPUTS - 1] = given[i][1];
        assert_ok(chl_net_predict(net, x, 1, &q, &err));
        assert_true(p == q);
    }
    chl_net_free(net);
}

static void packing(void **state)
{
    (void)state;
    static const int32_t of[] = {2, 0, 3, 1, 3};
    chl_real memory[64];
    assert_true(chl_ragged_size(5, 3) <= 64);
    chl_ragged r;
    chl_ragged_by_step(&r, memory, 5, 3, of);
    static const int32_t at[] = {6, 12, 0, 9, 7, 13, 1, 8, 14}, start[] = {0, 4, 7, 9};
    assert_int_equal(r.total, 9);
    assert_memory_equal(r.at, at, sizeof at);
    assert_memory_equal(r.start, start, sizeof start);
    chl_ragged_by_row(&r, memory, 5, 3, of);
    static const int32_t rows[] = {0, 2, 2, 5, 6, 9};
    assert_int_equal(r.total, 9);
    assert_memory_equal(r.start, rows, sizeof rows);
    assert_int_equal(r.at[8], 14);
    chl_ragged_by_step(&r, memory, 2, 3, NULL);
    assert_int_equal(r.total, 6);
    assert_int_equal(r.start[1], 2);
}

static void specs(void **state)
{
    (void)state;
    for (size_t k = 0; k < NETS; k++) {
        chl_net *net = sequence_net(nets[k], k % 2), *again;
        json_t *spec, *second;
        assert_ok(chl_net_spec(net, &spec, &err));
        assert_ok(chl_net_new(spec, INPUTS, &again, &err));
        assert_ok(chl_net_spec(again, &second, &err));
        assert_true(json_equal(spec, second));
        json_decref(spec);
        json_decref(second);
        chl_net_free(net);
        chl_net_free(again);
    }
}

static void expect_error(const char *layers, const char *text)
{
    json_t *spec = json_loads(layers, 0, NULL);
    chl_net *net;
    assert_non_null(spec);
    assert_error(chl_net_new(spec, 7, &net, &err), text);
    assert_null(net);
    json_decref(spec);
}

static void errors(void **state)
{
    (void)state;
    expect_error(
        "{\"layers\":[{\"type\":\"sequence\",\"steps\":3,\"columns\":[1,2,3,4]}]}",
        "net: layer 1 (sequence): expected a flat source and a list of columns "
        "that 3 steps share, got 4 columns");
    expect_error("{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,8]}]}",
                 "option 'columns': expected columns from 1 to 7, got another number");
    expect_error(
        "{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,\"x\"]}]}",
        "option 'columns': expected columns from 1 to 7, got a string");
    expect_error("{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,2],"
                 "\"length\":0}]}",
                 "option 'length': expected columns from 1 to 7");
    expect_error("{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,2],"
                 "\"length\":7},{\"type\":\"dense\",\"units\":1}]}",
                 "net: layer 2: a head reads all steps of a sequence (add pool");
    expect_error("{\"layers\":[{\"type\":\"gru\",\"units\":2000}]}", "1024");
    expect_error("{\"layers\":[{\"type\":\"pool\",\"kind\":\"median\"}]}", "median");
    expect_error("{\"layers\":[{\"type\":\"lstm\"}]}", "units");
    expect_error("{\"layers\":[{\"type\":\"transformer\",\"heads\":2,\"units\":3}]}",
                 "option 'heads': expected a divisor of the width 7, got 2");
    expect_error("{\"layers\":[{\"type\":\"transformer\",\"heads\":1,\"units\":3,"
                 "\"activation\":\"tanh\"}]}",
                 "tanh");
}

static void initial_numbers(void **state)
{
    (void)state;
    enum { UNITS = 12 };
    json_t *spec = sequence_spec("{\"type\":\"lstm\",\"units\":12}", false);
    chl_net *net;
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    chl_net_init_weights(net, 5, 0);
    const chl_real *u = chl_net_tensor(net, 1).data, *bias = chl_net_tensor(net, 2).data;
    for (int a = 0; a < 4 * UNITS; a++) {
        for (int b = a / UNITS * UNITS; b <= a; b++) { /* the same gate */
            double dot = 0;
            for (int j = 0; j < UNITS; j++) {
                dot += (double)u[a * UNITS + j] * (double)u[b * UNITS + j];
            }
            assert_near(dot, a == b, 1e-6);
        }
        assert_true(bias[a] == (a / UNITS == 1));
    }
    chl_net_free(net);
    json_decref(spec);
}

/* ---- kernels ---- */

enum { LD = 32, CELLS = 5 };

typedef struct numbers {
    chl_real gates[CELLS * 4 * LD], sums[CELLS * 4 * LD], before[CELLS * LD];
    chl_real after[CELLS * LD], h[CELLS * LD], carry[CELLS * LD];
    chl_real normal[CELLS * LD], inverse[CELLS], dgamma[LD], dbeta[LD];
} numbers;

/* Every kernel once, one after another on the same numbers. */
static void use_kernels(const chl_kernels *k, numbers *n)
{
    chl_rng rng;
    chl_rng_init(&rng, 4, CHL_RNG_GENERAL, 0);
    memset(n, 0, sizeof *n);
    chl_real *all = (void *)n;
    for (size_t i = 0; i < CELLS * (4 + 4 + 1) * LD; i++) {
        all[i] = (chl_real)(2 * chl_rng_normal(&rng));
    }
    chl_cell cell = {.rows = CELLS,
                     .ld = LD,
                     .gates = n->gates,
                     .sums = n->sums,
                     .before = n->before,
                     .after = n->after,
                     .h = n->h,
                     .carry = n->carry};
    k->lstm(&cell);
    k->lstm_back(&cell);
    k->gru(&cell);
    k->gru_back(&cell);
    chl_row_norm norm = {.rows = CELLS,
                         .width = 27,
                         .ld = LD,
                         .eps = (chl_real)1e-5,
                         .gamma = n->sums,
                         .beta = n->before,
                         .normal = n->normal,
                         .inverse = n->inverse};
    for (int i = 0; i < CELLS; i++) {
        memset(n->h + i * LD + 27, 0, 5 * sizeof *n->h);
    }
    k->row_norm(&norm, n->h, n->after);
    k->row_norm_back(&norm, n->h, n->dgamma, n->dbeta);
    k->row_softmax(CELLS, LD, 19, (chl_real)0.7, n->carry);
    k->row_softmax_back(CELLS, LD, 19, (chl_real)0.7, n->carry, n->gates);
}

/* AVX2 and AVX-512 bit for bit, others nearly. */
static void instruction_sets(void **state)
{
    (void)state;
    static numbers best, other;
    use_kernels(chl_kernels_at(0), &best);
    for (int i = 1; chl_kernels_at(i); i++) {
        const chl_real *a = (void *)&best, *b = (void *)&other;
        use_kernels(chl_kernels_at(i), &other);
        bool portable = strcmp(chl_kernels_at(i)->name, "portable") == 0;
        for (size_t k = 0; k < sizeof best / sizeof *a; k++) {
            assert_near((double)a[k], (double)b[k],
                        portable ? 1e-4 * fmax(1, fabs((double)a[k])) : 0);
        }
    }
    for (int i = 0; i < CELLS; i++) { /* what softmax and norm promise */
        double sum = 0, mean = 0;
        for (int j = 0; j < LD; j++) {
            sum += (double)best.carry[i * LD + j];
            mean += (double)best.normal[i * LD + j];
            assert_true(j < 19 || best.carry[i * LD + j] == 0);
            assert_true(j < 27 || best.normal[i * LD + j] == 0);
        }
        assert_near(sum, 1, 1e-6);
        assert_near(mean, 0, 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(alone_as_in_a_batch),
        cmocka_unit_test(trained_as_used),
        cmocka_unit_test(reversed),
        cmocka_unit_test(lengths),
        cmocka_unit_test(packing),
        cmocka_unit_test(specs),
        cmocka_unit_test(errors),
        cmocka_unit_test(initial_numbers),
        cmocka_unit_test(instruction_sets),
    };
    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
