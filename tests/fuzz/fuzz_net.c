/* SPDX-License-Identifier: MIT
 *
 * Nets and training from anybody: the first line is the spec of a net, the second one
 * training options, JSON both. A net that is accepted says its spec again, answers rows
 * of extreme numbers, and trains or is refused with a message.
 */
#include "fuzz.h"

#include <jansson.h>
#include <math.h>

#include "core/base/control.h"
#include "core/nn/layer.h"
#include "core/nn/net.h"
#include "core/train/train.h"

enum { INPUTS = 4, ROWS = 9, SIZE_MAX_NUMBERS = 1 << 14, OUTPUTS_MAX = 64 };

static json_t *line_of(const char *text, size_t size)
{
    return json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
}

/* What is large is slow, and no other code. */
static int is_small(const chl_net *net)
{
    int64_t numbers = net->param_count;
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        chl_room room = {0};
        if (layer->class->room) {
            layer->class->room(net, i, ROWS, &room);
        }
        numbers += chl_row_size(layer->out) * ROWS + room.kept + room.scratch + room.run;
    }
    return numbers < SIZE_MAX_NUMBERS && net->outputs <= OUTPUTS_MAX;
}

static void say_again(const chl_net *net)
{
    json_t *spec = NULL, *second = NULL;
    chl_net *again = NULL;
    check(chl_net_spec(net, &spec, NULL) == CHL_OK);
    check(chl_net_new(spec, INPUTS, &again, NULL) == CHL_OK);
    check(chl_net_spec(again, &second, NULL) == CHL_OK);
    check(json_equal(spec, second) && again->param_count == net->param_count);
    json_decref(spec);
    json_decref(second);
    chl_net_free(again);
}

static void answer(const chl_net *net)
{
    static const double numbers[] = {0, 1, -1, 0.5, 1e30, -1e30, 7, 1e-30, 2};
    double x[ROWS * INPUTS], p[ROWS * OUTPUTS_MAX];
    for (int i = 0; i < ROWS * INPUTS; i++) {
        x[i] = numbers[(i + i / 7) % 9];
    }
    (void)!chl_net_predict(net, x, ROWS, p, NULL);
}

static chl_status go_on(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    (void)ctx, (void)err;
    *stop = epoch->epoch == 3;
    return CHL_OK;
}

/* Options that write files or take long stay out. */
static void train(chl_net *net, json_t *options)
{
    static const double labels[] = {0, 1, 0, 0, 1, 1, 0, 1, 0};
    double x[ROWS * INPUTS], y[ROWS * CHL_HEADS_MAX];
    for (int i = 0; i < ROWS * INPUTS; i++) {
        x[i] = sin(i);
    }
    for (int i = 0; i < ROWS * net->heads; i++) {
        y[i] = labels[i / net->heads];
    }
    json_object_del(options, "checkpoint");
    json_object_del(options, "resume");
    json_object_set_new(options, "memory_limit", json_integer(1 << 25));
    chl_dataset set = {.x = x, .y = y, .n = ROWS, .labels = net->heads};
    chl_history history = {0};
    chl_error err = {0};
    chl_status status =
        chl_train(&net, 1, &set, &set, options, NULL, go_on, NULL, &history, &err);
    check(status == CHL_OK || err.message[0] != '\0');
    chl_history_reset(&history);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size ? memchr(text, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - text) : size;
    json_t *spec = line_of(text, first);
    json_t *options = end ? line_of(end + 1, size - first - 1) : NULL;
    chl_net *net = NULL;
    chl_error err = {0};
    chl_status status = spec ? chl_net_new(spec, INPUTS, &net, &err) : CHL_EINVAL;
    check((status == CHL_OK) == (net != NULL));
    check(!spec || status == CHL_OK || err.message[0] != '\0');
    if (net && is_small(net)) {
        chl_net_init_weights(net, 1, 0);
        say_again(net);
        answer(net);
        if (json_is_object(options)) {
            train(net, options);
        }
    }
    chl_net_free(net);
    json_decref(spec);
    json_decref(options);
    return 0;
}
