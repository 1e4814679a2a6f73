/* SPDX-License-Identifier: MIT
 *
 * Kinds of layers against central finite differences of a function of their net's
 * outputs, in the double build. Activations, batch norm and losses: test_gradients.
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/pass.h"

enum { ROWS = 7, INPUTS = 5 };
static const double H = 1e-5, TOLERANCE = 1e-6;

typedef struct setup {
    chl_net *net;
    chl_pass pass;
} setup;

static void begin(setup *s, const char *layers, const double *x)
{
    json_t *list = json_loads(layers, 0, NULL);
    assert_non_null(list);
    json_t *spec = json_pack("{s:o}", "layers", list);
    assert_ok(chl_net_new(spec, INPUTS, &s->net, &err));
    json_decref(spec);
    chl_net_init_weights(s->net, 3, 1);
    chl_rng rng;
    chl_rng_init(&rng, 11, CHL_RNG_GENERAL, 0);
    for (int64_t i = 0; i < s->net->param_count; i++) {
        s->net->params[i] += 0.1 * chl_rng_normal(&rng);
    }
    assert_ok(chl_pass_init(&s->pass, s->net, ROWS, 1, &err));
    s->pass.rows = ROWS;
    for (int i = 0; i < ROWS * INPUTS; i++) {
        s->pass.input[i / INPUTS * chl_padded(INPUTS) + i % INPUTS] =
            x ? x[i] : chl_rng_normal(&rng);
    }
}

/* The sum of z² / 2 + w · z over all outputs z, w = 0.1, 0.2, … ; its gradient in g. */
static double value_of(setup *s, chl_real *g)
{
    const chl_head *head = s->net->head;
    int64_t ld = chl_padded(head->width), n = ROWS * head->copies;
    const chl_real *z = chl_pass_logits(&s->pass, 0);
    double sum = 0;
    memset(s->pass.masks.counter, 0, sizeof s->pass.masks.counter); /* same dropout */
    chl_pass_forward(&s->pass);
    for (int64_t i = 0; i < n * head->width; i++) {
        int64_t at = i / head->width * ld + i % head->width;
        double w = 0.1 * (double)(i % 17 + 1);
        sum += z[at] * (z[at] / 2 + w);
        if (g) {
            g[at] = z[at] + w;
        }
    }
    return sum;
}

static double shifted(setup *s, int64_t at, double by)
{
    double held = s->pass.packed.params[at];
    s->pass.packed.params[at] = held + by;
    double value = value_of(s, NULL);
    s->pass.packed.params[at] = held;
    return value;
}

/* out[pack_params]: 1 where a number of the net lies, 0 in the padding. */
static void find_numbers(const chl_net *net, chl_packed *out)
{
    chl_net *ones;
    assert_ok(chl_packed_init(out, net, &err));
    assert_ok(chl_net_clone(net, &ones, &err));
    for (int64_t i = 0; i < ones->param_count; i++) {
        ones->params[i] = 1;
    }
    chl_packed_load(out, ones);
    chl_net_free(ones);
}

static void compare(setup *s, const char *layers, const chl_real *used)
{
    size_t n = (size_t)s->net->pack_params;
    double *g = chl_alloc(n, sizeof *g);
    memcpy(g, s->pass.grads, n * sizeof *g);
    for (int64_t i = 0; i < s->net->pack_params; i++) {
        if (used[i] == 0) {
            assert_true(g[i] == 0);
            continue;
        }
        double numeric = (shifted(s, i, H) - shifted(s, i, -H)) / (2 * H);
        double size = fmax(fabs(numeric), fmax(fabs(g[i]), 1));
        if (!(fabs(numeric - g[i]) < TOLERANCE * size)) {
            fail_msg("%s: parameter %d: backward %.12g, difference %.12g", layers, (int)i,
                     g[i], numeric);
        }
    }
    chl_free(g);
}

static void check_at(const char *layers, const double *x)
{
    setup s = {0};
    chl_packed used;
    begin(&s, layers, x);
    find_numbers(s.net, &used);
    for (int64_t i = 0; i < s.net->pack_params; i++) {
        s.pass.grads[i] = used.params[i] == 0 ? 0 : 99; /* backward overwrites */
    }
    value_of(&s, chl_pass_logit_gradient(&s.pass, 0));
    chl_pass_backward(&s.pass);
    compare(&s, layers, used.params);
    chl_packed_reset(&used);
    chl_pass_reset(&s.pass);
    chl_net_free(s.net);
}

static void check(const char *layers)
{
    check_at(layers, NULL);
}

#define BELOW "{\"type\":\"dense\",\"units\":19,\"activation\":\"tanh\"},"

static void tabm(void **state)
{
    (void)state;
    check("[{\"type\":\"batch_ensemble\",\"copies\":3,\"units\":6},"
          "{\"type\":\"member_dense\",\"units\":1}]");
    check("[" BELOW "{\"type\":\"batch_ensemble\",\"copies\":3,\"units\":17,"
          "\"activation\":\"gelu\"},{\"type\":\"dropout\",\"rate\":0.3},"
          "{\"type\":\"batch_ensemble\",\"units\":4,\"activation\":\"tanh\"},"
          "{\"type\":\"member_dense\",\"units\":3}]");
    check("[" BELOW "{\"type\":\"batch_ensemble\",\"copies\":200,\"units\":2},"
          "{\"type\":\"member_dense\",\"units\":1}]"); /* a row is more than a chunk */
    check("[" BELOW "{\"type\":\"copies\",\"copies\":4},"
          "{\"type\":\"dense\",\"units\":18,\"activation\":\"sigmoid\"},"
          "{\"type\":\"copies\",\"copies\":4,\"init\":\"normal\"},"
          "{\"type\":\"member_dense\",\"units\":1,\"activation\":\"silu\"},"
          "{\"type\":\"dense\",\"units\":1}]");
}

static void blocks(void **state)
{
    (void)state;
    check("[{\"type\":\"dense\",\"units\":6,\"activation\":\"tanh\",\"name\":\"a\"},"
          "{\"type\":\"dense\",\"units\":6,\"name\":\"b\"},"
          "{\"type\":\"add\",\"from\":[\"a\",\"b\",\"a\"],\"name\":\"c\"},"
          "{\"type\":\"concat\",\"from\":[\"a\",\"c\",\"input\",\"b\"]},"
          "{\"type\":\"dense\",\"units\":1}]");
    check("[" BELOW "{\"type\":\"columns\",\"columns\":[19,2,2,7]},"
          "{\"type\":\"scale\"},{\"type\":\"dense\",\"units\":2}]");
    check("[" BELOW "{\"type\":\"layer_norm\"},{\"type\":\"copies\",\"copies\":3},"
          "{\"type\":\"dense\",\"units\":37,\"activation\":\"sigmoid\"},"
          "{\"type\":\"layer_norm\",\"eps\":0.1},"
          "{\"type\":\"member_dense\",\"units\":1}]");
}

static void parametric(void **state)
{
    (void)state;
    static const char *const names[] = {"linear", "relu", "leaky_relu", "tanh", "sigmoid",
                                        "gelu",   "selu", "elu",        "silu", "mish"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char layers[256];
        snprintf(layers, sizeof layers,
                 "[{\"type\":\"dense\",\"units\":19},{\"type\":\"parametric\","
                 "\"activation\":\"%s\"},{\"type\":\"dense\",\"units\":1}]",
                 names[i]);
        check(layers);
    }
}

static void embedding(void **state)
{
    (void)state;
    double x[ROWS * INPUTS]; /* codes -1 … 4 */
    for (int i = 0; i < ROWS * INPUTS; i++) {
        x[i] = i * 5 % 6 - 1;
    }
    check_at("[{\"type\":\"columns\",\"columns\":[2,4]},"
             "{\"type\":\"embedding\",\"units\":3,\"levels\":[4,2]},"
             "{\"type\":\"dense\",\"units\":2,\"activation\":\"tanh\"}]",
             x);
}

#define OUT "{\"type\":\"dense\",\"units\":2,\"activation\":\"tanh\"}]"

static void periodic(void **state)
{
    (void)state;
    check("[{\"type\":\"periodic\",\"units\":3,\"frequencies\":17,\"sigma\":0.3,"
          "\"activation\":\"relu\",\"lite\":true}," OUT);
    check("[{\"type\":\"scale\"},{\"type\":\"periodic\",\"units\":18,"
          "\"frequencies\":3,\"activation\":\"gelu\",\"densenet\":true}," OUT);
    check("[{\"type\":\"scale\"},{\"type\":\"periodic\",\"units\":2,"
          "\"frequencies\":16,\"phases\":true,\"activation\":\"sigmoid\"}," OUT);
}

static void piecewise_linear(void **state)
{
    (void)state;
    check("[{\"type\":\"scale\"},{\"type\":\"piecewise_linear\",\"units\":3,"
          "\"groups\":[[1,2,3],[5],[4,1]],\"activation\":\"tanh\"}," OUT);
    check("[" BELOW "{\"type\":\"piecewise_linear\",\"units\":35,\"linear\":true,"
          "\"groups\":[[1,2,3],[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]],"
          "\"activation\":\"silu\"}," OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tabm),       cmocka_unit_test(blocks),
        cmocka_unit_test(parametric), cmocka_unit_test(embedding),
        cmocka_unit_test(periodic),   cmocka_unit_test(piecewise_linear),
    };
    return cmocka_run_group_tests_name("layer_gradients", tests, NULL, NULL);
}
