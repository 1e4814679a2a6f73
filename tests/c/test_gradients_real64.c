/* SPDX-License-Identifier: MIT
 *
 * Every layer, activation and loss against central finite differences of the loss, in the
 * double build.
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/pass.h"
#include "core/train/targets.h"

enum { ROWS = 7, INPUTS = 5, LABELS = 4 };
static const double H = 1e-5, TOLERANCE = 1e-6;

typedef struct setup {
    chl_net *net;
    chl_pass pass;
    chl_losses losses;
    chl_targets targets;
    double y[ROWS * LABELS];
} setup;

/* Labels that suit the loss. */
static void label(setup *s, const double *samples)
{
    const chl_head_loss *head = &s->losses.heads[0];
    int classes = chl_loss_class_count(&head->loss, head->width);
    bool hazard = head->loss.class == &chl_hazard_class;
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < head->labels; k++) {
            s->y[i * head->labels + k] = classes       ? i % classes
                                         : hazard && k ? i % 3 > 0
                                         : hazard      ? 1 + i % head->width
                                                       : 0.7 * i - k;
        }
    }
    chl_dataset set = {
        .y = s->y, .weights = samples, .n = ROWS, .labels = s->losses.labels};
    assert_ok(chl_targets_init(&s->targets, &s->losses, &set, true, "train", &err));
}

static void begin(setup *s, const char *layers, const char *loss, json_t **keep)
{
    json_t *spec = json_pack("{s:o}", "layers", json_loads(layers, 0, NULL));
    *keep = json_loads(loss, 0, NULL);
    assert_non_null(*keep);
    assert_ok(chl_net_new(spec, INPUTS, &s->net, &err));
    json_decref(spec);
    assert_ok(chl_losses_read(*keep, NULL, &s->losses, &err));
    assert_ok(chl_losses_bind(&s->losses, s->net, &err));
    chl_net_init_weights(s->net, 3, 1);
    chl_rng rng;
    chl_rng_init(&rng, 11, CHL_RNG_GENERAL, 0);
    for (int64_t i = 0; i < s->net->param_count; i++) {
        s->net->params[i] += 0.1 * chl_rng_normal(&rng); /* biases and gammas too */
    }
    assert_ok(chl_pass_init(&s->pass, s->net, ROWS, 1, &err));
    s->pass.rows = ROWS;
    double samples[ROWS];
    for (int i = 0; i < ROWS; i++) {
        samples[i] = 0.5 + chl_rng_uniform(&rng);
        for (int j = 0; j < INPUTS; j++) {
            s->pass.input[i * chl_padded(INPUTS) + j] = chl_rng_normal(&rng);
        }
    }
    label(s, samples);
}

static double loss_of(setup *s, chl_real *g)
{
    const chl_head_loss *head = &s->losses.heads[0];
    memset(s->pass.masks.counter, 0, sizeof s->pass.masks.counter); /* same dropout */
    chl_pass_forward(&s->pass);
    chl_loss_batch batch = {.rows = ROWS,
                            .width = head->width,
                            .ld = chl_padded(head->width),
                            .z = chl_pass_logits(&s->pass, 0),
                            .y = s->targets.heads[0].y,
                            .w = s->targets.heads[0].w,
                            .scale = 1.0 / ROWS,
                            .g = g};
    return chl_loss_batch_sum(&head->loss, &batch) / ROWS;
}

/* The l1 and l2 terms, straight from their definition. */
static double penalty_of(const setup *s)
{
    double sum = 0;
    for (int i = 0; i < s->net->tensor_count; i++) {
        const chl_param *p = &s->net->tensors[i];
        const chl_layer_options *o = &s->net->layers[p->layer].options;
        int64_t n = p->role == CHL_ROLE_WEIGHT ? chl_param_packed(p) : 0;
        for (int64_t k = 0; k < n; k++) {
            double w = s->pass.packed.params[p->pack_at + k];
            sum += o->l1 * fabs(w) + o->l2 * w * w;
        }
    }
    return sum;
}

static double shifted(setup *s, int64_t at, double by)
{
    double held = s->pass.packed.params[at];
    s->pass.packed.params[at] = held + by;
    double loss = loss_of(s, NULL) + penalty_of(s);
    s->pass.packed.params[at] = held;
    return loss;
}

static bool is_padding(const setup *s, int64_t at)
{
    chl_packed p;
    assert_ok(chl_packed_init(&p, s->net, &err));
    chl_net *ones;
    assert_ok(chl_net_clone(s->net, &ones, &err));
    for (int64_t i = 0; i < ones->param_count; i++) {
        ones->params[i] = 1;
    }
    chl_packed_load(&p, ones);
    bool padding = p.params[at] == 0;
    chl_net_free(ones);
    chl_packed_reset(&p);
    return padding;
}

static bool is_frozen(const setup *s, int64_t at)
{
    for (int i = 0; i < s->net->tensor_count; i++) {
        const chl_param *p = &s->net->tensors[i];
        if (p->role != CHL_ROLE_STATE && at >= p->pack_at &&
            at < p->pack_at + chl_param_packed(p)) {
            return !p->trained;
        }
    }
    return false;
}

static void check(const char *layers, const char *loss)
{
    setup s = {0};
    json_t *keep;
    begin(&s, layers, loss, &keep);
    loss_of(&s, chl_pass_logit_gradient(&s.pass, 0));
    chl_pass_backward(&s.pass);
    assert_near(s.pass.penalty, penalty_of(&s), 1e-12);
    size_t n = (size_t)s.net->pack_params;
    double *g = chl_alloc(n, sizeof *g);
    memcpy(g, s.pass.grads, n * sizeof *g);
    for (int64_t i = 0; i < s.net->pack_params; i++) {
        if (is_padding(&s, i) || is_frozen(&s, i)) {
            assert_true(g[i] == 0);
            continue;
        }
        double numeric = (shifted(&s, i, H) - shifted(&s, i, -H)) / (2 * H);
        double size = fmax(fabs(numeric), fmax(fabs(g[i]), 1e-2));
        if (!(fabs(numeric - g[i]) < TOLERANCE * size)) {
            fail_msg("%s: parameter %d: backward %.12g, difference %.12g", layers, (int)i,
                     g[i], numeric);
        }
    }
    chl_free(g);
    chl_targets_reset(&s.targets);
    chl_pass_reset(&s.pass);
    chl_net_free(s.net);
    json_decref(keep);
}

#define OUT "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"
#define BCE "{\"type\":\"bce\"}"

static void activations(void **state)
{
    (void)state;
    static const char *const names[] = {"linear", "relu", "leaky_relu", "tanh", "sigmoid",
                                        "gelu",   "selu", "elu",        "silu", "mish"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char layers[512];
        snprintf(layers, sizeof layers,
                 "[{\"type\":\"dense\",\"units\":6,\"activation\":\"%s\"}," OUT "]",
                 names[i]);
        check(layers, BCE);
        snprintf(layers, sizeof layers,
                 "[{\"type\":\"dense\",\"units\":19},{\"type\":\"activation\","
                 "\"activation\":\"%s\"}," OUT "]",
                 names[i]);
        check(layers, BCE);
    }
}

static void batch_norm(void **state)
{
    (void)state;
    check("[{\"type\":\"dense\",\"units\":5},{\"type\":\"batch_norm\"},"
          "{\"type\":\"activation\",\"activation\":\"tanh\"}," OUT "]",
          BCE);
    check("[{\"type\":\"batch_norm\"},{\"type\":\"dense\",\"units\":5,\"activation\":"
          "\"gelu\"},{\"type\":\"batch_norm\",\"eps\":0.01}," OUT "]",
          BCE);
}

/* Frozen layers get no gradient and pass the right one on. */
static void frozen(void **state)
{
    (void)state;
    check("[{\"type\":\"dense\",\"units\":5},{\"type\":\"batch_norm\",\"trainable\":"
          "false},{\"type\":\"dense\",\"units\":4,\"activation\":\"tanh\",\"trainable\":"
          "false,\"l2\":0.1}," OUT "]",
          BCE);
}

static void dropout(void **state)
{
    (void)state;
    check("[{\"type\":\"dropout\",\"rate\":0.3},{\"type\":\"dense\",\"units\":33,"
          "\"activation\":\"tanh\"},{\"type\":\"dropout\",\"rate\":0.5}," OUT "]",
          BCE);
}

static void gaussian_noise(void **state)
{
    (void)state;
    check("[{\"type\":\"gaussian_noise\",\"stddev\":0.3},{\"type\":\"dense\",\"units\":9,"
          "\"activation\":\"tanh\"},{\"type\":\"gaussian_noise\",\"stddev\":1}," OUT "]",
          BCE);
}

static void penalties(void **state)
{
    (void)state;
    check("[{\"type\":\"dense\",\"units\":6,\"activation\":\"tanh\",\"l1\":0.01,\"l2\":"
          "0.02},{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"l2\":0.1}]",
          BCE);
}

static void losses(void **state)
{
    (void)state;
    static const char hidden[] = "[{\"type\":\"dense\",\"units\":40,\"activation\":"
                                 "\"tanh\"}," OUT "]";
    check(hidden, "{\"type\":\"bce\",\"class_weight\":\"balanced\"}");
    check(hidden, "{\"type\":\"bce\",\"class_weight\":[1,3.5],\"label_smoothing\":0.1}");
    static const char classes[] =
        "[{\"type\":\"dense\",\"units\":6,\"activation\":\"tanh\"},{\"type\":\"dense\","
        "\"units\":3,\"activation\":\"softmax\"}]";
    check(classes, "{\"type\":\"cross_entropy\"}");
    check(classes, "{\"type\":\"cross_entropy\",\"class_weight\":[1,2,0.5],"
                   "\"label_smoothing\":0.2}");
    check("[{\"type\":\"dense\",\"units\":2},{\"type\":\"activation\",\"activation\":"
          "\"softmax\"}]",
          "{\"type\":\"cross_entropy\",\"class_weight\":\"balanced\"}");
}

static void other_losses(void **state)
{
    (void)state;
    static const char hidden[] = "[{\"type\":\"dense\",\"units\":9,\"activation\":"
                                 "\"tanh\"},{\"type\":\"dense\",\"units\":%d,"
                                 "\"activation\":\"%s\"}]";
    static const struct {
        int units;
        const char *activation, *loss;
    } cases[] = {
        {1, "sigmoid", "{\"type\":\"focal\"}"},
        {1, "sigmoid", "{\"type\":\"focal\",\"gamma\":0.5,\"alpha\":0.3}"},
        {1, "sigmoid", "{\"type\":\"focal\",\"gamma\":0,\"class_weight\":[1,3]}"},
        {4, "softmax", "{\"type\":\"focal\"}"},
        {3, "softmax", "{\"type\":\"focal\",\"gamma\":0.7,\"class_weight\":[1,2,3]}"},
        {1, "linear", "{\"type\":\"mse\"}"},
        {4, "linear", "{\"type\":\"mse\"}"},
        {3, "relu", "{\"type\":\"mse\"}"},
        {1, "linear", "{\"type\":\"hinge\"}"},
        {1, "sigmoid", "{\"type\":\"hinge\",\"squared\":true}"},
        {5, "sigmoid", "{\"type\":\"hazard\"}"},
        {1, "sigmoid", "{\"type\":\"hazard\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char layers[256];
        snprintf(layers, sizeof layers, hidden, cases[i].units, cases[i].activation);
        check(layers, cases[i].loss);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations),    cmocka_unit_test(batch_norm),
        cmocka_unit_test(frozen),         cmocka_unit_test(dropout),
        cmocka_unit_test(gaussian_noise), cmocka_unit_test(penalties),
        cmocka_unit_test(losses),         cmocka_unit_test(other_losses),
    };
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
