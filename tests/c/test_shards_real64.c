/* SPDX-License-Identifier: MIT
 *
 * Steps in shards give the logits and gradients of steps in one piece, in the double
 * build, with and without helpers; and a crew does each piece once.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "core/nn/pass.h"
#include "sequence_fixture.h"

enum { BATCH = 37 };

static void *serve(void *crew)
{
    chl_crew_serve(crew);
    return NULL;
}

typedef struct helpers {
    chl_crew *crew;
    pthread_t ids[3];
} helpers;

enum { HELPERS = 3 };

static void start(helpers *h)
{
    assert_ok(chl_crew_new(&h->crew, &err));
    for (int i = 0; i < HELPERS; i++) {
        assert_int_equal(pthread_create(&h->ids[i], NULL, serve, h->crew), 0);
    }
}

static void stop(helpers *h)
{
    chl_crew_close(h->crew);
    for (int i = 0; i < HELPERS; i++) {
        pthread_join(h->ids[i], NULL);
    }
    chl_crew_free(h->crew);
}

/* ---- crews ---- */

enum { PIECES = 5, CALLS = 2000 };

static void count_piece(void *ctx, int piece)
{
    atomic_int *done = ctx;
    atomic_fetch_add(&done[piece], 1);
}

/* Returns crew, or NULL when a piece was not done exactly once. */
static void *call_often(void *crew)
{
    atomic_int done[PIECES] = {0};
    for (int i = 1; i <= CALLS; i++) {
        chl_crew_call(crew, PIECES, count_piece, done);
        for (int k = 0; k < PIECES; k++) {
            if (atomic_load(&done[k]) != i) {
                return NULL;
            }
        }
    }
    return crew;
}

static void crews(void **state)
{
    (void)state;
    helpers h;
    pthread_t other;
    void *right;
    start(&h);
    assert_int_equal(pthread_create(&other, NULL, call_often, h.crew), 0);
    assert_non_null(call_often(h.crew));
    pthread_join(other, &right);
    assert_non_null(right);
    stop(&h);
}

/* ---- shards ---- */

/* A step on `rows` rows: the logits' gradient is logits + 1. */
static void step(chl_pass *pass, int64_t rows)
{
    const chl_net *net = pass->net;
    chl_rng rng;
    chl_rng_init(&rng, 5, CHL_RNG_GENERAL, 0);
    pass->rows = rows;
    for (int64_t i = 0; i < rows; i++) {
        double x[INPUTS];
        sequence_row((int)i, 0, x);
        for (int j = 0; j < INPUTS; j++) {
            pass->input[i * chl_padded(INPUTS) + j] = (chl_real)x[j];
        }
    }
    chl_pass_seed(pass, 1, 2);
    chl_pass_forward(pass);
    for (int h = 0; h < net->heads; h++) {
        int64_t ld = chl_padded(net->head[h].width), n = rows * net->head[h].copies;
        for (int64_t k = 0; k < n * net->head[h].width; k++) {
            int64_t at = k / net->head[h].width * ld + k % net->head[h].width;
            chl_pass_logit_gradient(pass, h)[at] = chl_pass_logits(pass, h)[at] + 1;
        }
    }
    chl_pass_backward(pass);
}

static void compare(const char *layers, const chl_pass *one, const chl_pass *cut)
{
    const chl_net *net = one->net;
    assert_near(cut->penalty, one->penalty, 1e-12);
    for (int h = 0; h < net->heads; h++) {
        int64_t n = one->rows * net->head[h].copies * chl_padded(net->head[h].width);
        for (int64_t i = 0; i < n; i++) {
            assert_near(chl_pass_logits(cut, h)[i], chl_pass_logits(one, h)[i], 1e-12);
        }
    }
    for (int64_t i = 0; i < net->pack_params; i++) {
        double size = fmax(1, fabs(one->grads[i]));
        if (!(fabs(cut->grads[i] - one->grads[i]) <= 1e-10 * size)) {
            fail_msg("%s: %d rows in %d shards: gradient %d is %.12g, in one piece %.12g",
                     layers, (int)one->rows, cut->shards, (int)i, cut->grads[i],
                     one->grads[i]);
        }
    }
}

static void check(const json_t *spec, const char *layers, chl_crew *crew)
{
    static const int64_t rows[] = {BATCH, 1, 3, BATCH, 5};
    chl_net *net;
    chl_pass one, cut;
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    chl_net_init_weights(net, 3, 1);
    assert_ok(chl_pass_init(&one, net, BATCH, 1, &err));
    for (int shards = 2; shards <= 4; shards++) {
        assert_ok(chl_pass_init(&cut, net, BATCH, shards, &err));
        cut.crew = crew;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            step(&one, rows[i]);
            step(&cut, rows[i]);
            compare(layers, &one, &cut);
        }
        chl_pass_reset(&cut);
    }
    chl_pass_reset(&one);
    chl_net_free(net);
}

#define DENSE(n)   "{\"type\":\"dense\",\"units\":" #n ",\"activation\":\"gelu\"},"
#define OUT        "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"
#define KIND(name) "{\"type\":\"" name "\"},"

#define PERIODIC   "{\"type\":\"periodic\",\"frequencies\":3,\"units\":4},"
#define PARAMETRIC "{\"type\":\"parametric\",\"activation\":\"relu\"},"
/* several readers of one layer, some of which want the whole batch */
#define READERS                                                                          \
    "{\"type\":\"dense\",\"units\":6,\"name\":\"a\"},"                                   \
    "{\"type\":\"batch_norm\",\"name\":\"b\",\"from\":[\"a\"]},"                         \
    "{\"type\":\"dense\",\"units\":6,\"name\":\"c\",\"from\":[\"a\"]},"                  \
    "{\"type\":\"add\",\"from\":[\"a\",\"b\",\"c\"]},"
#define ENSEMBLE                                                                         \
    "{\"type\":\"copies\",\"copies\":3},"                                                \
    "{\"type\":\"batch_ensemble\",\"units\":8,\"activation\":\"relu\"},"                 \
    "{\"type\":\"member_dense\",\"units\":4}," KIND(                                     \
        "batch_norm") "{\"type\":\"member_dense\",\"units\":1,\"activation\":"           \
                      "\"sigmoid\"}"

static void kinds(void **state)
{
    (void)state;
    static const char *const flat[] = {
        DENSE(20) "{\"type\":\"dense\",\"units\":7,\"l1\":0.1,\"l2\":0.2}," OUT,
        DENSE(20) KIND("batch_norm") DENSE(9) KIND("batch_norm") OUT,
        KIND("batch_norm") "{\"type\":\"dense\",\"units\":9,\"trainable\":false}," OUT,
        KIND("scale") DENSE(8) KIND("layer_norm") PARAMETRIC OUT,
        READERS OUT,
        ENSEMBLE,
        PERIODIC OUT,
    };
    static const char *const sequences[] = {
        KIND("position") "{\"type\":\"transformer\",\"heads\":3,\"units\":8}," KIND(
            "pool") OUT,
        "{\"type\":\"gru\",\"units\":7,\"return_sequences\":true}," KIND(
            "batch_norm") "{\"type\":\"lstm\",\"units\":5}," OUT,
    };
    helpers h;
    start(&h);
    for (size_t i = 0; i < sizeof flat / sizeof flat[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "{\"layers\":[%s]}", flat[i]);
        json_t *spec = json_loads(text, 0, NULL);
        assert_non_null(spec);
        check(spec, flat[i], i % 2 ? h.crew : NULL);
        json_decref(spec);
    }
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        json_t *spec = sequence_spec(sequences[i], false);
        check(spec, sequences[i], h.crew);
        json_decref(spec);
    }
    stop(&h);
}

/* Each shard draws its own dropout: the share that is kept, and not the same twice. */
static void dropout(void **state)
{
    (void)state;
    enum { ROWS = 256, SHARDS = 4 };
    json_t *spec = json_loads("{\"layers\":[{\"type\":\"dense\",\"units\":16},"
                              "{\"type\":\"dropout\",\"rate\":0.5}," OUT "]}",
                              0, NULL);
    chl_net *net;
    chl_pass pass;
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    for (int64_t i = 0; i < net->param_count; i++) {
        net->params[i] = 1;
    }
    assert_ok(chl_pass_init(&pass, net, ROWS, SHARDS, &err));
    for (int64_t i = 0; i < ROWS * chl_padded(INPUTS); i++) {
        pass.input[i] = 1;
    }
    pass.rows = ROWS;
    chl_pass_seed(&pass, 1, 2);
    chl_pass_forward(&pass);
    const chl_real *y = pass.slots[1].out;
    int64_t n = ROWS * 16, quarter = n / SHARDS, kept = 0, same = 0;
    for (int64_t i = 0; i < n; i++) {
        kept += y[i] != 0;
        same += i >= quarter && (y[i] != 0) == (y[i - quarter] != 0);
    }
    assert_in_range(kept, n * 45 / 100, n * 55 / 100);
    assert_in_range(same, (n - quarter) * 45 / 100, (n - quarter) * 55 / 100);
    chl_pass_reset(&pass);
    chl_net_free(net);
    json_decref(spec);
}

/* Large steps alone are cut. */
static void when(void **state)
{
    (void)state;
    static const struct {
        const char *layers;
        int64_t batch;
        int shards;
    } cases[] = {
        {DENSE(64) DENSE(32) OUT, 32, 1},
        {DENSE(64) DENSE(32) OUT, 65536, 4},
        {DENSE(256) DENSE(256) OUT, 256, 1},
        {DENSE(256) DENSE(256) DENSE(256) OUT, 256, 2},
        {DENSE(256) DENSE(256) DENSE(256) OUT, 400, 2},
        {DENSE(256) DENSE(256) DENSE(256) OUT, 1024, 4},
        {DENSE(2048) DENSE(2048) OUT, 33, 1},
        {DENSE(2048) DENSE(2048) OUT, 64, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "{\"layers\":[%s]}", cases[i].layers);
        json_t *spec = json_loads(text, 0, NULL);
        chl_net *net;
        assert_ok(chl_net_new(spec, 13, &net, &err));
        assert_int_equal(chl_pass_shards(net, cases[i].batch), cases[i].shards);
        chl_net_free(net);
        json_decref(spec);
    }
}

/* Draws of gaussian_noise: N(0, stddev²), other ones in each shard and step. */
static void noise(void **state)
{
    (void)state;
    enum { ROWS = 256, WIDTH = 20, N = ROWS * WIDTH };
    json_t *spec = json_loads("{\"layers\":[{\"type\":\"dense\",\"units\":20},"
                              "{\"type\":\"gaussian_noise\",\"stddev\":0.5}," OUT "]}",
                              0, NULL);
    chl_net *net;
    chl_pass pass;
    double first[N], second[N];
    assert_ok(chl_net_new(spec, INPUTS, &net, &err)); /* all weights are zero */
    assert_ok(chl_pass_init(&pass, net, ROWS, 4, &err));
    pass.rows = ROWS;
    chl_pass_seed(&pass, 1, 2);
    for (int round = 0; round < 2; round++) {
        double *noise = round ? second : first, sum = 0, squares = 0;
        chl_pass_forward(&pass);
        for (int i = 0; i < N; i++) {
            noise[i] =
                (double)pass.slots[1].out[i / WIDTH * chl_padded(WIDTH) + i % WIDTH];
            sum += noise[i];
            squares += noise[i] * noise[i];
        }
        assert_near(sum / N, 0, 4 * 0.5 / sqrt(N));
        assert_near(sqrt(squares / N), 0.5, 4 * 0.5 / sqrt(2 * N));
        assert_true(pass.slots[1].out[WIDTH] == 0); /* padding */
    }
    for (int i = 0; i < N; i++) {
        assert_true(first[i] != second[i] && first[i] != first[(i + N / 4) % N]);
    }
    chl_pass_reset(&pass);
    chl_net_free(net);
    json_decref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crews), cmocka_unit_test(kinds), cmocka_unit_test(dropout),
        cmocka_unit_test(noise), cmocka_unit_test(when),
    };
    return cmocka_run_group_tests_name("shards", tests, NULL, NULL);
}
