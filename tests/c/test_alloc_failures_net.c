/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n for nets and their training (fail_at_each.h).
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/layers/trees.h"
#include "core/nn/net.h"
#include "core/train/train.h"
#include "fail_at_each.h"

static const double labels[] = {0, 1, 0, 1, 1, 0};
static const double guesses[] = {.1, .7, .4, .3, .9, .2};

static chl_status run_trees(chl_error *err)
{
    static const float trees[] = {0, 0, 1, 3, 0, 0}, base[] = {0.5f};
    static const float nodes[] = {0, 1, 1, 0, -1, 0, 0, 2, -1, 0, 0, 3, -1, 0, 0, 4};
    chl_forest f;
    chl_net *net = NULL;
    double p;
    CHL_TRY(chl_forest_init(&f, 1, 1, 2, 4, err));
    chl_status status = chl_forest_load(&f, trees, nodes, base, err);
    if (status == CHL_OK) {
        status = chl_net_from_forest(&f, &net, err);
    }
    if (status == CHL_OK) {
        status = chl_net_check_numbers(net, err);
    }
    if (status == CHL_OK) {
        status = chl_net_predict(net, guesses, 1, &p, err);
    }
    chl_net_free(net);
    chl_forest_reset(&f);
    return status;
}

static void trees(void **state)
{
    (void)state;
    fail_at_each("trees", run_trees);
}

static const char net_spec[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":3,\"activation\":\"gelu\",\"l2\":0.01},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dropout\",\"rate\":0.2},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
static const char sequence_spec[] =
    "{\"layers\":[{\"type\":\"sequence\",\"steps\":2,\"columns\":[1,1]},"
    "{\"type\":\"dense\",\"units\":2},{\"type\":\"position\"},"
    "{\"type\":\"transformer\",\"heads\":1,\"units\":2,\"dropout\":0.1},"
    "{\"type\":\"lstm\",\"units\":2,\"return_sequences\":true},"
    "{\"type\":\"gru\",\"units\":2},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
static const char train_options[] =
    "{\"epochs\":2,\"batch\":3,\"clip_norm\":1,\"loss\":{\"type\":\"bce\","
    "\"class_weight\":\"balanced\"},\"early_stop\":{\"patience\":1},"
    "\"schedules\":[{\"type\":\"reduce_lr\"},{\"type\":\"step\",\"every\":1}]}";

static chl_status train_and_predict(chl_net *net, const json_t *options, chl_error *err)
{
    chl_dataset data = {.x = guesses, .y = labels, .n = 6};
    chl_history history = {0};
    chl_net *copy = NULL;
    json_t *spec = NULL;
    double p[6];
    CHL_TRY(chl_train(&net, 1, &data, &data, options, NULL, NULL, NULL, &history, err));
    chl_history_reset(&history);
    CHL_TRY(chl_net_spec(net, &spec, err));
    json_decref(spec);
    CHL_TRY(chl_net_clone(net, &copy, err));
    chl_status status = chl_net_predict(copy, guesses, 6, p, err);
    chl_net_free(copy);
    return status;
}

/* All that a member may hold, a checkpoint that is written and one that is read. */
static const char life_options[] =
    "{\"epochs\":2,\"batch\":3,\"mixup\":0.2,\"swap_noise\":0.1,\"ema\":0.5,"
    "\"early_stop\":{\"patience\":1},\"optimizer\":{\"type\":\"muon\"},"
    "\"memory_limit\":1e9,\"checkpoint\":{\"path\":\"/tmp/churnlab-alloc.ckpt\","
    "\"every\":1}}";

static chl_status run_training_life(chl_error *err)
{
    chl_net *net = NULL;
    chl_history history = {0};
    chl_dataset data = {.x = guesses, .y = labels, .n = 6};
    json_t *spec = json_loads(net_spec, 0, NULL);
    json_t *options = json_loads(life_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    for (int i = 0; status == CHL_OK && i < 2; i++) {
        status =
            chl_train(&net, 1, &data, &data, options, NULL, NULL, NULL, &history, err);
        chl_history_reset(&history);
        json_object_set_new(options, "resume", json_string("/tmp/churnlab-alloc.ckpt"));
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static chl_status run_net(const char *text, chl_error *err)
{
    chl_net *net = NULL;
    json_t *spec = json_loads(text, 0, NULL);
    json_t *options = json_loads(train_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    if (status == CHL_OK) {
        status = train_and_predict(net, options, err);
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static chl_status run_nets(chl_error *err)
{
    return run_net(net_spec, err);
}

static chl_status run_sequences(chl_error *err)
{
    return run_net(sequence_spec, err);
}

static const char heads_spec[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":2,\"name\":\"trunk\"},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"name\":\"a\"},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"name\":\"b\","
    "\"from\":\"trunk\"}],\"heads\":[\"a\",\"b\"]}";
static const char heads_options[] =
    "{\"epochs\":1,\"losses\":{\"a\":{\"class_weight\":\"balanced\"},"
    "\"b\":{\"type\":\"lua\",\"check\":true}}}";

static chl_status half_of_z(void *ctx, chl_custom_batch *b, chl_error *err)
{
    (void)ctx;
    (void)err;
    b->sum = 0;
    for (int64_t i = 0; i < b->rows; i++) {
        b->sum += b->w[i] * b->z[i] / 2;
        b->g[i] = b->w[i] / 2;
    }
    return CHL_OK;
}

static chl_status train_and_prune(chl_net *net, const json_t *options, chl_error *err)
{
    double both[12];
    for (int i = 0; i < 12; i++) {
        both[i] = labels[i / 2];
    }
    chl_dataset data = {.x = guesses, .y = both, .n = 6, .labels = 2};
    chl_train_task task = {.nets = &net,
                           .members = 1,
                           .train = data,
                           .valid = &data,
                           .options = options,
                           .custom = half_of_z};
    chl_history history = {0};
    chl_net *pruned = NULL;
    CHL_TRY(chl_train_all(&task, 1, NULL, NULL, NULL, &history, err));
    chl_history_reset(&history);
    chl_status status = chl_net_prune(net, "b", &pruned, err);
    chl_net_free(pruned);
    return status;
}

static chl_status run_heads(chl_error *err)
{
    chl_net *net = NULL;
    json_t *spec = json_loads(heads_spec, 0, NULL);
    json_t *options = json_loads(heads_options, 0, NULL);
    chl_status status = chl_net_new(spec, 1, &net, err);
    if (status == CHL_OK) {
        status = train_and_prune(net, options, err);
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return status;
}

static void heads(void **state)
{
    (void)state;
    fail_at_each("heads", run_heads);
}

static void nets(void **state)
{
    (void)state;
    fail_at_each("nets", run_nets);
    fail_at_each("sequences", run_sequences);
    fail_at_each("training's life", run_training_life);
    remove("/tmp/churnlab-alloc.ckpt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),
        cmocka_unit_test(nets),
        cmocka_unit_test(heads),
    };
    return cmocka_run_group_tests_name("alloc_failures_net", tests, NULL, NULL);
}
