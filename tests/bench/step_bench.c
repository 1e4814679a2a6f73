/* SPDX-License-Identifier: MIT
 *
 * How near training is to the limit: GFLOP/s of whole training steps (gather, forward,
 * loss, backward, Adam), one thread, beside OpenBLAS' sgemm doing the products of the
 * same steps and nothing else. Counted are the products' operations in both. The best of
 * several rounds each.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/train/train.h"

void openblas_set_num_threads(int threads);

enum { ROUNDS = 5, LAYERS_MAX = 4, ROWS = 4096 };

typedef struct net_case {
    const char *title, *spec;
    int batch, layers;
    int width[LAYERS_MAX + 1]; /* the input's, then each layer's */
} net_case;

#define RELU(units) "{\"type\":\"dense\",\"units\":" #units ",\"activation\":\"relu\"},"
#define END         "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}"

static const net_case cases[] = {
    {"64-32, batch 32", "{\"layers\":[" RELU(64) RELU(32) END, 32, 3, {13, 64, 32, 1}},
    {"64-32, batch 128", "{\"layers\":[" RELU(64) RELU(32) END, 128, 3, {13, 64, 32, 1}},
    {"256-256-256, batch 256",
     "{\"layers\":[" RELU(256) RELU(256) RELU(256) END,
     256,
     4,
     {13, 256, 256, 256, 1}},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Operations of a step's products: forward, and backward for weights and (but for the
 * first layer) inputs. */
static double flops(const net_case *c)
{
    double sum = 0;
    for (int i = 0; i < c->layers; i++) {
        sum += (i > 0 ? 3 : 2) * 2.0 * c->batch * c->width[i] * c->width[i + 1];
    }
    return sum;
}

/* ---- ours ---- */

static double train(const net_case *c, const chl_dataset *set, int epochs)
{
    chl_error err = {0};
    chl_net *net = NULL;
    chl_history history = {0};
    json_t *spec = json_loads(c->spec, 0, NULL);
    json_t *options = json_pack("{s:i,s:i}", "epochs", epochs, "batch", c->batch);
    double start = 0, took = 0;
    if (chl_net_new(spec, c->width[0], &net, &err) == CHL_OK) {
        start = seconds();
        if (chl_train(&net, 1, set, NULL, options, NULL, NULL, NULL, &history, &err) !=
            CHL_OK) {
            start = seconds();
        }
        took = seconds() - start;
    }
    chl_history_reset(&history);
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return took;
}

/* ---- theirs ---- */

static void products(const net_case *c, float *a, float *b, float *out)
{
    for (int i = 0; i < c->layers; i++) {
        int in = c->width[i], n = c->width[i + 1], rows = c->batch;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, n, in, 1, a, in, b,
                    n, 0, out, n);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, n, rows, 1, a, in, b, n,
                    0, out, n);
        if (i > 0) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, in, n, 1, a, n, b,
                        n, 0, out, in);
        }
    }
}

static double multiply(const net_case *c, int steps)
{
    enum { MOST = 256 * 256 };
    float *a = chl_calloc(3 * MOST, sizeof *a);
    if (!a) {
        return 0;
    }
    double start = seconds();
    for (int i = 0; i < steps; i++) {
        products(c, a, a + MOST, a + 2 * MOST);
    }
    double took = seconds() - start;
    chl_free(a);
    return took;
}

static void run(const net_case *c, const chl_dataset *set)
{
    double work = flops(c), ours = 0, theirs = 0;
    int a_pass = ROWS / c->batch, epochs = (int)(2e9 / (work * a_pass)) + 1;
    for (int round = 0; round < ROUNDS; round++) {
        double total = work * a_pass * epochs / 1e9;
        double mine = total / train(c, set, epochs);
        double peer = total / multiply(c, a_pass * epochs);
        ours = mine > ours ? mine : ours;
        theirs = peer > theirs ? peer : theirs;
    }
    printf("  %-24s %8.1f GFLOP/s   sgemm alone %8.1f   share %5.2f\n", c->title, ours,
           theirs, ours / theirs);
}

int main(void)
{
    enum { COLUMNS = 13 };
    openblas_set_num_threads(1);
    double *x = chl_alloc((size_t)ROWS * (COLUMNS + 1), sizeof *x);
    if (!x) {
        return EXIT_FAILURE;
    }
    double *y = x + ROWS * COLUMNS;
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        x[i] = chl_rng_normal(&rng);
    }
    for (int i = 0; i < ROWS; i++) {
        y[i] = chl_rng_uniform(&rng) < 0.5;
    }
    chl_dataset set = {.x = x, .y = y, .n = ROWS};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(&cases[i], &set);
    }
    chl_free(x);
    return EXIT_SUCCESS;
}
