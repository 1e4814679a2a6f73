/* SPDX-License-Identifier: MIT
 *
 * A small model over simulated customers, without training: random weights make every
 * column matter. For the tests, the fuzzer and the benchmark of core/model.
 */
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/io/csv.h"
#include "core/model/model.h"

/* Stops the test program with the message: a fixture that fails leaves nothing to test.
 */
static inline void must(chl_status status, const chl_error *err)
{
    if (status != CHL_OK) {
        fprintf(stderr, "fixture: %s\n", err->message);
        abort();
    }
}

/* Id, Age (i64), Balance (f64, some missing), Salary (f64), Country (category), Active
 * (bool), Exited (0/1). */
static inline chl_frame *make_customers(int rows, uint64_t seed)
{
    static const char *const countries[] = {"France", "Germany", "Spain"};
    chl_strbuf csv = {0};
    chl_rng rng;
    chl_error err = {0};
    chl_rng_init(&rng, seed, CHL_RNG_SIMULATE, 0);
    chl_strbuf_puts(&csv, "Id,Age,Balance,Salary,Country,Active,Exited\n");
    for (int i = 0; i < rows; i++) {
        chl_strbuf_printf(&csv, "%lld,%d,", 9007199254740993LL + i,
                          18 + (int)chl_rng_below(&rng, 60));
        if (chl_rng_below(&rng, 8) > 0) {
            chl_strbuf_printf(&csv, "%.2f", 1e5 * chl_rng_uniform(&rng));
        }
        chl_strbuf_printf(&csv, ",%.2f,%s,%s,%d\n", 2e5 * chl_rng_uniform(&rng),
                          countries[chl_rng_below(&rng, 3)],
                          chl_rng_below(&rng, 2) ? "true" : "false",
                          (int)chl_rng_below(&rng, 4) == 0);
    }
    static const char *const typed[] = {"Country"};
    static const chl_type types[] = {CHL_CATEGORY};
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = 1};
    chl_frame *read = NULL, *frame = NULL;
    must(chl_csv_read_bytes(csv.data, csv.length, "customers", &options, &read, &err),
         &err);
    must(chl_frame_with_roles(read, "Exited", "1", "Id", &frame, &err), &err);
    chl_frame_release(read);
    chl_strbuf_reset(&csv);
    return frame;
}

static inline json_t *parse(const char *text)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json) {
        fprintf(stderr, "fixture: no JSON: %s\n", text);
        abort();
    }
    return json;
}

/* `derived` columns depend on two and three raw ones. */
static inline chl_prep *make_prep(const chl_frame *train, bool derived)
{
    static const char *const steps[] = {
        "{\"step\":\"derive\",\"columns\":[[\"share\",\"Balance / (Salary + 1)\"],"
        "[\"old\",\"Age > 40 and Balance > Salary / 2\"],[\"rich\",\"Balance > 5e4\"]]}",
        "{\"step\":\"impute\",\"numeric\":\"median\",\"flag\":true}",
        "{\"step\":\"onehot\",\"unseen\":\"other\"}",
        "{\"step\":\"scale\",\"method\":\"standard\"}",
    };
    chl_prep *prep = NULL;
    chl_matrix x;
    chl_error err = {0};
    must(chl_prep_new(&prep, &err), &err);
    for (int i = derived ? 0 : 1; i < 4; i++) {
        json_t *step = parse(steps[i]);
        must(chl_prep_add(prep, step, &err), &err);
        json_decref(step);
    }
    must(chl_prep_fit_transform(prep, train, &x, &err), &err);
    chl_matrix_reset(&x);
    return prep;
}

#define FIXTURE_DENSE                                                                    \
    "{\"layers\":[{\"type\":\"dense\",\"units\":16,\"activation\":\"relu\"},"            \
    "{\"type\":\"dense\",\"units\":8,\"activation\":\"tanh\"},"                          \
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}"
#define FIXTURE_NORM                                                                     \
    "{\"layers\":[{\"type\":\"batch_norm\"},"                                            \
    "{\"type\":\"dense\",\"units\":8,\"activation\":\"relu\"},"                          \
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}"

/* Random weights; running statistics and biases as the layers start them. */
static inline chl_net *make_net(const char *spec, int inputs, uint64_t seed)
{
    chl_net *net = NULL;
    chl_error err = {0};
    json_t *json = parse(spec);
    must(chl_net_new(json, inputs, &net, &err), &err);
    json_decref(json);
    chl_net_init_weights(net, seed, 0);
    return net;
}

static inline chl_model *make_model_of(const chl_frame *train, const char *spec,
                                       int members, bool derived)
{
    chl_prep *prep = make_prep(train, derived);
    chl_net *nets[8];
    for (int i = 0; i < members; i++) {
        nets[i] = make_net(spec, chl_prep_encoded_count(prep), (uint64_t)i + 1);
    }
    chl_model *model = NULL;
    chl_error err = {0};
    must(chl_model_new(prep, nets, members, train, 42, &model, &err), &err);
    return model;
}

#define FIXTURE_CLASSES                                                                  \
    "{\"layers\":[{\"type\":\"dense\",\"units\":8,\"activation\":\"relu\"},"             \
    "{\"type\":\"dense\",\"units\":3,\"activation\":\"softmax\"}]}"

/* One probability, and two numbers. */
#define FIXTURE_HEADS                                                                    \
    "{\"layers\":[{\"type\":\"dense\",\"units\":8,\"name\":\"trunk\","                   \
    "\"activation\":\"relu\"},{\"type\":\"dense\",\"units\":1,\"name\":\"churn\","       \
    "\"activation\":\"sigmoid\",\"from\":[\"trunk\"]},{\"type\":\"dense\","              \
    "\"units\":2,\"name\":\"money\",\"from\":[\"trunk\"]}],"                             \
    "\"heads\":[\"churn\",\"money\"]}"

/* The three countries as classes. */
static inline chl_model *make_class_model(const chl_frame *customers, int members,
                                          const char *positive)
{
    chl_frame *train = NULL;
    chl_error err = {0};
    must(chl_frame_with_roles(customers, "Country", positive ? positive : "", NULL,
                              &train, &err),
         &err);
    chl_model *model = make_model_of(train, FIXTURE_CLASSES, members, true);
    chl_frame_release(train);
    return model;
}

/* v(S) the slow way: for each background row a raw row with the customer's cells in the
 * columns of S, scored by the ordinary scorer; `class` is -1 for the positive ones. */
static inline double slow_value(const chl_model *m, const chl_frame *customers,
                                const chl_frame *background, int64_t row,
                                uint64_t coalition, int class)
{
    chl_error err = {0};
    int outputs = chl_model_outputs(m);
    chl_frame *mixed = chl_frame_retain((chl_frame *)(uintptr_t)background);
    int64_t *own = malloc((size_t)background->rows * sizeof *own);
    for (int64_t i = 0; i < background->rows; i++) {
        own[i] = row;
    }
    for (int j = 0; j < chl_model_raw_count(m); j++) {
        if (coalition >> j & 1) {
            const char *name = chl_model_raw_name(m, j);
            chl_column *cells = NULL;
            chl_frame *with = NULL;
            must(chl_column_take(chl_frame_column(customers, name), own, background->rows,
                                 &cells, &err),
                 &err);
            must(chl_frame_with(mixed, name, cells, &with, &err), &err);
            chl_column_release(cells);
            chl_frame_release(mixed);
            mixed = with;
        }
    }
    double *p = malloc((size_t)(background->rows * outputs) * sizeof *p), sum = 0;
    must(chl_model_score(m, mixed, NULL, p, NULL, &err), &err);
    for (int64_t i = 0; i < background->rows; i++) {
        for (int c = 0; c < outputs; c++) {
            bool counted = outputs == 1 || c == class ||
                           (class < 0 && chl_model_class_positive(m, c));
            sum += counted ? p[i * outputs + c] : 0;
        }
    }
    sum /= (double)background->rows;
    free(p);
    free(own);
    chl_frame_release(mixed);
    return sum;
}

static inline chl_model *make_model(const chl_frame *train)
{
    return make_model_of(train, FIXTURE_DENSE, 3, true);
}

#endif
