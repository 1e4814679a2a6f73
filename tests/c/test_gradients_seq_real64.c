/* SPDX-License-Identifier: MIT
 *
 * The layers of sequences against central finite differences, in the double build. The
 * loss is the sum of a z + z²/2 over the rows' outputs.
 */
#include "sequence_fixture.h"

#include "core/base/alloc.h"
#include "core/nn/pass.h"

enum { ROWS = 8 };
static const double H = 1e-5, TOLERANCE = 1e-6;

typedef struct setup {
    chl_net *net;
    chl_pass pass;
} setup;

static void begin(setup *s, const char *layers, bool reverse)
{
    s->net = sequence_net(layers, reverse);
    assert_ok(chl_pass_init(&s->pass, s->net, ROWS, 1, &err));
    s->pass.rows = ROWS;
    for (int r = 0; r < ROWS; r++) {
        double x[INPUTS];
        sequence_row(r, 7, x);
        s->pass.kernels->convert(x, 1, INPUTS, s->pass.input + r * chl_padded(INPUTS),
                                 chl_padded(INPUTS));
    }
}

static double loss_of(setup *s, chl_real *g)
{
    int width = s->net->outputs;
    int64_t ld = chl_padded(width);
    double sum = 0;
    memset(s->pass.masks.counter, 0, sizeof s->pass.masks.counter); /* same dropout */
    chl_pass_forward(&s->pass);
    const chl_real *z = chl_pass_logits(&s->pass, 0);
    for (int64_t k = 0; k < ROWS * ld; k++) {
        double a = k % ld < width ? (double)(k % 5) - 1.5 : 0;
        sum += a * z[k] + z[k] * z[k] / 2;
        if (g) {
            g[k] = a + z[k];
        }
    }
    return sum;
}

static double shifted(setup *s, int64_t at, double by)
{
    double held = s->pass.packed.params[at];
    s->pass.packed.params[at] = held + by;
    double loss = loss_of(s, NULL);
    s->pass.packed.params[at] = held;
    return loss;
}

/* 1 where a packed number is a parameter, 0 where it is padding. */
static chl_packed find_parameters(const setup *s)
{
    chl_packed p;
    chl_net *ones;
    assert_ok(chl_packed_init(&p, s->net, &err));
    assert_ok(chl_net_clone(s->net, &ones, &err));
    for (int64_t i = 0; i < ones->param_count; i++) {
        ones->params[i] = 1;
    }
    chl_packed_load(&p, ones);
    chl_net_free(ones);
    return p;
}

static void check(const char *layers, bool reverse)
{
    setup s = {0};
    begin(&s, layers, reverse);
    loss_of(&s, chl_pass_logit_gradient(&s.pass, 0));
    chl_pass_backward(&s.pass);
    size_t n = (size_t)s.net->pack_params;
    double *g = chl_alloc(n, sizeof *g);
    memcpy(g, s.pass.grads, n * sizeof *g);
    chl_packed real = find_parameters(&s);
    for (int64_t i = 0; i < s.net->pack_params; i++) {
        if (real.params[i] == 0) {
            assert_true(g[i] == 0);
            continue;
        }
        double numeric = (shifted(&s, i, H) - shifted(&s, i, -H)) / (2 * H);
        double size = fmax(fabs(numeric), fmax(fabs(g[i]), 1e-1));
        if (!(fabs(numeric - g[i]) < TOLERANCE * size)) {
            fail_msg("%s: parameter %d: backward %.12g, difference %.12g", layers, (int)i,
                     g[i], numeric);
        }
    }
    chl_packed_reset(&real);
    chl_free(g);
    chl_pass_reset(&s.pass);
    chl_net_free(s.net);
}

#define DENSE "{\"type\":\"dense\",\"units\":4,\"activation\":\"tanh\"}"
#define OUT   "{\"type\":\"dense\",\"units\":2}"

static void pools(void **state)
{
    (void)state;
    check(DENSE ",{\"type\":\"pool\",\"kind\":\"mean\"}," OUT, false);
    check(DENSE ",{\"type\":\"pool\",\"kind\":\"max\"}," OUT, true);
    check(DENSE ",{\"type\":\"pool\",\"kind\":\"last\"}," OUT, false);
}

static void positions(void **state)
{
    (void)state;
    check(DENSE ",{\"type\":\"position\"}," DENSE ",{\"type\":\"pool\"}," OUT, false);
    check("{\"type\":\"position\",\"kind\":\"sinusoidal\"}," DENSE
          ",{\"type\":\"pool\"}," OUT,
          true);
}

#define RECURRENT(kind, options) "{\"type\":\"" kind "\"," options "}"
#define CHECK_RECURRENT(kind)                                                            \
    check(RECURRENT(kind, "\"units\":6") "," OUT, false);                                \
    check(DENSE "," RECURRENT(kind, "\"units\":19") "," OUT, true);                      \
    check(DENSE "," RECURRENT(                                                           \
              kind, "\"units\":5,\"return_sequences\":true") ","                         \
                                                             "{\"type\":\"pool\"}," OUT, \
          false);                                                                        \
    check(DENSE                                                                          \
          "," RECURRENT(kind, "\"units\":3,\"return_sequences\":true") "," RECURRENT(    \
              kind, "\"units\":34") "," OUT,                                             \
          false)

static void gru(void **state)
{
    (void)state;
    CHECK_RECURRENT("gru");
}

static void lstm(void **state)
{
    (void)state;
    CHECK_RECURRENT("lstm");
}

#define TRANSFORMER(options) "{\"type\":\"transformer\"," options "}"

static void transformer(void **state)
{
    (void)state;
    check(DENSE "," TRANSFORMER("\"heads\":2,\"units\":5") ",{\"type\":\"pool\"}," OUT,
          false);
    check("{\"type\":\"dense\",\"units\":20}," TRANSFORMER(
              "\"heads\":1,\"units\":17,"
              "\"activation\":\"gelu\",\"norm_"
              "first\":false") "," TRANSFORMER("\"heads\":4,\"units\":3,\"dropout\":0.3,"
                                               "\"activation\":\"gelu\"") ",{"
                                                                          "\"type\":"
                                                                          "\"pool\","
                                                                          "\"kind\":"
                                                                          "\"last\"}"
                                                                          "," OUT,
          true);
    check(DENSE "," TRANSFORMER("\"heads\":2,\"units\":9,\"dropout\":0.4,\"norm_first\":"
                                "false") ",{\"type\":\"gru\",\"units\":3}," OUT,
          true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools), cmocka_unit_test(positions),   cmocka_unit_test(gru),
        cmocka_unit_test(lstm),  cmocka_unit_test(transformer),
    };
    return cmocka_run_group_tests_name("gradients_seq", tests, NULL, NULL);
}
