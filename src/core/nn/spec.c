/* SPDX-License-Identifier: MIT
 *
 * Reads an architecture. It may come from a file that nobody vouches for, so counts,
 * sizes and sums are bounded before anything is allocated. Layer: core/nn.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/nn/layer.h"

enum { LAYERS_MAX = 1000, UNITS_MAX = 65536, WHERE_MAX = 64 };
static const int64_t PARAMETERS_MAX = 1000000000;

const char *const chl_activation_names[] = {"linear",  "relu", "leaky_relu", "tanh",
                                            "sigmoid", "gelu", "selu",       "elu",
                                            "silu",    "mish", "softmax",    NULL};
const char *const chl_layer_names[] = {"dense", "activation", "batch_norm", "dropout",
                                       NULL};

static const chl_option dense_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"units", CHL_OPT_INT, offsetof(chl_layer, units), 1, UNITS_MAX, NULL, 1},
    {"activation", CHL_OPT_CHOICE, offsetof(chl_layer, activation), 0, 0,
     chl_activation_names, 0},
    {"l1", CHL_OPT_DOUBLE, offsetof(chl_layer, l1), 0, 1e6, NULL, 0},
    {"l2", CHL_OPT_DOUBLE, offsetof(chl_layer, l2), 0, 1e6, NULL, 0},
    {0}};
static const chl_option activation_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"activation", CHL_OPT_CHOICE, offsetof(chl_layer, activation), 0, 0,
     chl_activation_names, 1},
    {0}};
static const chl_option norm_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"momentum", CHL_OPT_DOUBLE, offsetof(chl_layer, momentum), 0, 1, NULL, 0},
    {"eps", CHL_OPT_DOUBLE, offsetof(chl_layer, eps), 1e-12, 1, NULL, 0},
    {0}};
static const chl_option dropout_options[] = {
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    {"rate", CHL_OPT_DOUBLE, offsetof(chl_layer, rate), 0, 0.99, NULL, 1},
    {0}};

static const chl_option *const options_of[] = {
    [CHL_LAYER_DENSE] = dense_options,
    [CHL_LAYER_ACTIVATION] = activation_options,
    [CHL_LAYER_BATCH_NORM] = norm_options,
    [CHL_LAYER_DROPOUT] = dropout_options,
};

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n]) {
        n++;
    }
    return n;
}

static chl_status read_kind(const json_t *spec, const char *where, int *kind,
                            chl_error *err)
{
    const json_t *type = json_object_get(spec, "type");
    if (!json_is_object(spec) || !json_is_string(type)) {
        return chl_fail(err, CHL_ETYPE, "%s: expected a table with a type, got %s", where,
                        json_is_object(spec) ? "one without" : chl_json_type_name(spec));
    }
    for (int i = 0; chl_layer_names[i]; i++) {
        if (strcmp(chl_layer_names[i], json_string_value(type)) == 0) {
            *kind = i;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, where, "layer type", json_string_value(type),
                            chl_layer_names, count_names(chl_layer_names));
}

chl_status chl_net_check_layer(const json_t *spec, chl_error *err)
{
    chl_layer layer = {.kind = CHL_LAYER_DENSE};
    CHL_TRY(read_kind(spec, "layer", &layer.kind, err));
    return chl_options_read(spec, chl_layer_names[layer.kind], options_of[layer.kind],
                            &layer, err);
}

/* Gives the layer its places in the dense and in the padded numbers. */
static void place(chl_net *net, chl_layer *layer)
{
    int64_t in = layer->in, out = layer->out, padded = chl_padded(layer->out);
    bool dense = layer->kind == CHL_LAYER_DENSE;
    if (!dense && layer->kind != CHL_LAYER_BATCH_NORM) {
        return;
    }
    int64_t rows = dense ? in : 1;
    layer->at = net->param_count;
    layer->pack_at = net->pack_params;
    layer->pack_bias = net->pack_params + rows * padded;
    net->param_count += (rows + 1) * out;
    net->pack_params += (rows + 1) * padded;
    if (!dense) {
        layer->state_at = net->state_count;
        layer->pack_state = net->pack_state;
        net->state_count += 2 * out;
        net->pack_state += 2 * padded;
    }
}

static chl_status read_layer(const json_t *spec, const char *where, chl_net *net,
                             chl_error *err)
{
    chl_layer *layer = &net->layers[net->count];
    int in = net->count > 0 ? layer[-1].out : net->inputs;
    *layer = (chl_layer){.in = in, .momentum = 0.9, .eps = 1e-5};
    CHL_TRY(read_kind(spec, where, &layer->kind, err));
    CHL_TRY(chl_options_read(spec, where, options_of[layer->kind], layer, err));
    layer->out = layer->kind == CHL_LAYER_DENSE ? (int)layer->units : in;
    place(net, layer); /* at most 1000 · 2^32: no overflow before the check */
    if (net->param_count > PARAMETERS_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: the net has over %lld parameters", where,
                        (long long)PARAMETERS_MAX);
    }
    net->count++;
    return CHL_OK;
}

static chl_status check_order(const chl_net *net, chl_error *err)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        bool last = i == net->count - 1;
        if (layer->activation == CHL_SOFTMAX && !last) {
            return chl_fail(err, CHL_EINVAL,
                            "net: layer %d: softmax: expected in the last layer only",
                            i + 1);
        }
        if (layer->activation == CHL_SOFTMAX && layer->out < 2) {
            return chl_fail(err, CHL_EINVAL,
                            "net: layer %d: softmax: expected at least 2 units, got 1 "
                            "(use sigmoid)",
                            i + 1);
        }
        if (last && layer->kind != CHL_LAYER_DENSE &&
            layer->kind != CHL_LAYER_ACTIVATION) {
            return chl_fail(err, CHL_EINVAL,
                            "net: the last layer: expected dense or activation, got %s",
                            chl_layer_names[layer->kind]);
        }
    }
    return CHL_OK;
}

static chl_status check_inputs(const json_t *spec, int inputs, chl_error *err)
{
    static const char *const known[] = {"inputs", "layers"};
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)spec, key, value) {
        if (strcmp(key, "inputs") != 0 && strcmp(key, "layers") != 0) {
            return chl_fail_unknown(err, "net", "option", key, known, 2);
        }
    }
    if (inputs < 1 || inputs > UNITS_MAX) {
        return chl_fail(err, CHL_EINVAL, "net: inputs: expected 1 to %d, got %d",
                        UNITS_MAX, inputs);
    }
    const json_t *stated = json_object_get(spec, "inputs");
    if (stated && !json_is_null(stated) &&
        (!json_is_integer(stated) || json_integer_value(stated) != inputs)) {
        return chl_fail(err, CHL_EINVAL, "net: inputs: the data has %d columns, not %lld",
                        inputs, (long long)json_integer_value(stated));
    }
    return CHL_OK;
}

chl_status chl_spec_read(const json_t *spec, int inputs, chl_net *net, chl_error *err)
{
    CHL_TRY(check_inputs(spec, inputs, err));
    const json_t *layers = json_object_get(spec, "layers");
    size_t n = json_array_size(layers);
    if (n < 1 || n > LAYERS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "net: layers: expected a list of 1 to %d, got %s", LAYERS_MAX,
                        n ? "a longer one" : "none");
    }
    net->inputs = inputs;
    net->layers = chl_calloc(n, sizeof *net->layers);
    if (!net->layers) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        char where[WHERE_MAX];
        const json_t *layer = json_array_get(layers, i);
        const char *type = json_string_value(json_object_get(layer, "type"));
        snprintf(where, sizeof where, "net: layer %zu%s%.20s%s", i + 1, type ? " (" : "",
                 type ? type : "", type ? ")" : "");
        CHL_TRY(read_layer(layer, where, net, err));
    }
    net->outputs = net->layers[n - 1].out;
    return check_order(net, err);
}
