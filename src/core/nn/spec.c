/* SPDX-License-Identifier: MIT
 *
 * Reads an architecture. It may come from a file that nobody vouches for, so counts,
 * sizes and sums are bounded before anything is allocated. Layer: core/nn.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/nn/layer.h"

enum { LAYERS_MAX = 1000, KINDS_MAX = 64, WHERE_MAX = 80 };
static const int64_t PARAMETERS_MAX = 1000000000, ROW_MAX = 1 << 24;

static const chl_layer_options default_options = {.momentum = 0.9,
                                                  .eps = 1e-5,
                                                  .start = 1,
                                                  .frequencies = 48,
                                                  .sigma = 0.01,
                                                  .trainable = true,
                                                  .norm_first = true,
                                                  .check = true};

/* ---- kind and options ---- */

static chl_status read_class(const json_t *spec, const char *where,
                             const chl_layer_class **class, chl_error *err)
{
    const char *names[KINDS_MAX];
    size_t n = 0;
    const json_t *type = json_object_get(spec, "type");
    if (!json_is_object(spec) || !json_is_string(type)) {
        return chl_fail(err, CHL_ETYPE, "%s: expected a table with a type, got %s", where,
                        json_is_object(spec) ? "one without" : chl_json_type_name(spec));
    }
    for (; n < KINDS_MAX && chl_layer_classes[n]; n++) {
        names[n] = chl_layer_classes[n]->name;
        if (strcmp(names[n], json_string_value(type)) == 0) {
            *class = chl_layer_classes[n];
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, where, "layer type", json_string_value(type), names, n);
}

chl_status chl_net_check_layer(const json_t *spec, chl_error *err)
{
    const chl_layer_class *class;
    chl_layer_options options = default_options;
    CHL_TRY(read_class(spec, "layer", &class, err));
    return chl_options_read(spec, class->name, class->options, &options, err);
}

/* ---- name and sources ---- */

static int find_layer(const chl_net *net, const char *name)
{
    for (int i = 0; i < net->count; i++) {
        if (strcmp(net->layers[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static chl_status read_name(const json_t *spec, const char *where, const chl_net *net,
                            chl_layer *layer, chl_error *err)
{
    const json_t *name = json_object_get(spec, "name");
    if (!name || json_is_null(name)) {
        snprintf(layer->name, sizeof layer->name, "%.18s_%d", layer->class->name,
                 net->count + 1);
        return CHL_OK;
    }
    const char *text = json_string_value(name);
    size_t length = json_string_length(name);
    if (!text || length < 1 || length >= CHL_LAYER_NAME || strlen(text) != length ||
        strcmp(text, "input") == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'name': expected a text of 1 to %d bytes, not "
                        "\"input\"",
                        where, CHL_LAYER_NAME - 1);
    }
    if (find_layer(net, text) >= 0) {
        return chl_fail(err, CHL_EINVAL, "%s: another layer has the name '%s'", where,
                        text);
    }
    memcpy(layer->name, text, length + 1);
    return CHL_OK;
}

static chl_status unknown_source(const chl_net *net, const char *where, const char *name,
                                 chl_error *err)
{
    const char *names[LAYERS_MAX + 1] = {"input"};
    size_t n = 1;
    for (int i = 0; i < net->count; i++) {
        names[n++] = net->layers[i].name;
    }
    return chl_fail_unknown(err, where, "source", name, names, n);
}

static chl_status read_source(const json_t *item, const char *where, const chl_net *net,
                              chl_layer *layer, chl_error *err)
{
    const char *name = json_string_value(item);
    if (!name) {
        return chl_fail(err, CHL_ETYPE, "%s: option 'from': expected names, got %s",
                        where, chl_json_type_name(item));
    }
    int at = find_layer(net, name);
    if (at < 0 && strcmp(name, "input") != 0) {
        return unknown_source(net, where, name, err);
    }
    layer->from[layer->sources++] = at < 0 ? CHL_INPUT : at;
    return CHL_OK;
}

/* Without `from` a layer reads the one before it. */
static chl_status read_sources(const json_t *spec, const char *where, const chl_net *net,
                               chl_layer *layer, chl_error *err)
{
    const json_t *from = json_object_get(spec, "from");
    size_t n = json_is_array(from) ? json_array_size(from) : 1;
    if (!from || json_is_null(from)) {
        layer->from[layer->sources++] = net->count - 1; /* CHL_INPUT for the first */
    } else if (n < 1 || n > (size_t)layer->class->most_sources) {
        return chl_fail(err, CHL_EINVAL, "%s: option 'from': expected 1 to %d, got %zu",
                        where, layer->class->most_sources, n);
    } else if (!json_is_array(from)) {
        CHL_TRY(read_source(from, where, net, layer, err));
    }
    for (size_t i = 0; i < json_array_size(from); i++) {
        CHL_TRY(read_source(json_array_get(from, i), where, net, layer, err));
    }
    layer->in = layer->out = chl_shape_of(net, layer->from[0]);
    layer->mask = layer->from[0] == CHL_INPUT ? -1 : net->layers[layer->from[0]].mask;
    return CHL_OK;
}

static chl_status read_layer(const json_t *spec, const char *where, chl_net *net,
                             chl_error *err)
{
    chl_layer *layer = &net->layers[net->count];
    *layer = (chl_layer){.options = default_options, .tensor = net->tensor_count};
    CHL_TRY(read_class(spec, where, &layer->class, err));
    CHL_TRY(chl_options_read(spec, where, layer->class->options, &layer->options, err));
    CHL_TRY(read_name(spec, where, net, layer, err));
    CHL_TRY(read_sources(spec, where, net, layer, err));
    net->count++; /* the caller frees what plan allocated */
    if (layer->class->plan) {
        CHL_TRY(layer->class->plan(net, layer, spec, where, err));
    }
    if (net->param_count + net->state_count > PARAMETERS_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: the net has over %lld parameters", where,
                        (long long)PARAMETERS_MAX);
    }
    layer->mask = layer->out.steps == 1 ? -1 : layer->mask;
    if (layer->out.width < 1 || layer->out.width > CHL_UNITS_MAX ||
        chl_row_size(layer->out) > ROW_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected at most %d numbers a row", where,
                        CHL_UNITS_MAX);
    }
    return CHL_OK;
}

/* ---- heads ---- */

static chl_status add_head(chl_net *net, int layer, chl_error *err)
{
    if (chl_layer_head(net, layer) >= 0) {
        return chl_fail(err, CHL_EINVAL, "net: heads: '%s' is given twice",
                        net->layers[layer].name);
    }
    chl_shape out = net->layers[layer].out;
    net->head[net->heads++] = (chl_head){
        .layer = layer, .at = net->outputs, .width = out.width, .copies = out.steps};
    net->outputs += out.width;
    net->layers[layer].readers++;
    return CHL_OK;
}

static chl_status read_heads(const json_t *heads, chl_net *net, chl_error *err)
{
    size_t n = json_array_size(heads);
    bool stated = heads && !json_is_null(heads);
    if (stated && (!json_is_array(heads) || n < 1 || n > CHL_HEADS_MAX)) {
        return chl_fail(err, CHL_EINVAL, "net: heads: expected a list of 1 to %d names",
                        CHL_HEADS_MAX);
    }
    net->head = chl_calloc(stated ? n : 1, sizeof *net->head);
    if (!net->head) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(heads, i));
        int layer = name ? find_layer(net, name) : -1;
        if (layer < 0) {
            return unknown_source(net, "net: heads", name ? name : "?", err);
        }
        CHL_TRY(add_head(net, layer, err));
    }
    return stated ? CHL_OK : add_head(net, net->count - 1, err);
}

/* ---- the graph ---- */

static bool has_trained(const chl_net *net, const chl_layer *layer)
{
    for (int k = 0; k < layer->tensors; k++) {
        if (net->tensors[layer->tensor + k].trained) {
            return true;
        }
    }
    return false;
}

static void link_layers(chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        chl_layer *layer = &net->layers[i];
        layer->reader = -1;
        layer->needs = has_trained(net, layer);
        for (int k = 0; k < layer->sources; k++) {
            if (layer->from[k] != CHL_INPUT) {
                chl_layer *source = &net->layers[layer->from[k]];
                source->reader = source->readers++ ? -1 : i;
                layer->needs = layer->needs || source->needs;
            }
        }
    }
}

static chl_status check_head(const chl_net *net, const chl_head *head, chl_error *err)
{
    const chl_layer *layer = &net->layers[head->layer];
    int f = layer->options.activation;
    if (f == CHL_SOFTMAX && layer->out.width < 2) {
        return chl_fail(err, CHL_EINVAL,
                        "net: layer %d: softmax: expected at least 2 units, got 1 "
                        "(use sigmoid)",
                        head->layer + 1);
    }
    if (layer->mask >= 0) {
        return chl_fail(
            err, CHL_EINVAL,
            "net: layer %d: a head reads all steps of a sequence (add pool, or "
            "gru or lstm without return_sequences)",
            head->layer + 1);
    }
    if ((f == CHL_SIGMOID || f == CHL_SOFTMAX) && layer->readers > 1) {
        return chl_fail(err, CHL_EINVAL,
                        "net: layer %d: a head with %s is read by another layer",
                        head->layer + 1, chl_activation_names[f]);
    }
    return CHL_OK;
}

static chl_status check_graph(const chl_net *net, chl_error *err)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        int head = chl_layer_head(net, i);
        if (layer->options.activation == CHL_SOFTMAX && head < 0) {
            return chl_fail(err, CHL_EINVAL,
                            "net: layer %d: softmax: expected in the last layer only",
                            i + 1);
        }
        if (layer->readers == 0) {
            return chl_fail(err, CHL_EINVAL,
                            "net: layer %d (%s): nothing reads it and it is no head",
                            i + 1, layer->name);
        }
        if (head >= 0) {
            CHL_TRY(check_head(net, &net->head[head], err));
        }
    }
    const chl_layer *last = &net->layers[net->count - 1];
    if (last->class == &chl_dropout_class || last->class == &chl_batch_norm_class ||
        last->class == &chl_gaussian_noise_class) {
        return chl_fail(err, CHL_EINVAL,
                        "net: the last layer: expected dense or activation, got %s",
                        last->class->name);
    }
    return CHL_OK;
}

/* ---- buffers of inference ---- */

typedef struct placing {
    int left[LAYERS_MAX + 2]; /* of each place: readers to come */
    int places;
} placing;

static int take_place(placing *p)
{
    for (int i = 0; i < p->places; i++) {
        if (p->left[i] == 0) {
            return i;
        }
    }
    return p->places++;
}

static int source_place(const chl_net *net, int from)
{
    return from == CHL_INPUT ? net->input_place : net->layers[from].place;
}

/* A layer in place takes the buffer that it alone still reads. */
static void place_layer(chl_net *net, placing *p, chl_layer *layer)
{
    int first = source_place(net, layer->from[0]);
    bool in_place = layer->class->in_place && p->left[first] == 1;
    layer->place = in_place ? first : take_place(p);
    if (!in_place) {
        p->left[layer->place] = layer->readers;
    }
    for (int k = 0; k < layer->sources; k++) {
        p->left[source_place(net, layer->from[k])]--;
    }
    if (in_place) {
        p->left[first] = layer->readers;
    }
}

static void place_layers(chl_net *net)
{
    placing p = {.places = 1};
    bool unpadded = true;
    for (int i = 0; i < net->count; i++) {
        for (int k = 0; k < net->layers[i].sources; k++) {
            if (net->layers[i].from[k] == CHL_INPUT) {
                p.left[0]++;
                unpadded = unpadded && net->layers[i].class->reads_unpadded;
            }
        }
    }
    net->input_place = 0;
    net->input_row = unpadded ? net->inputs : chl_padded(net->inputs);
    for (int i = 0; i < net->count; i++) {
        place_layer(net, &p, &net->layers[i]);
    }
    net->places = p.places;
}

/* ---- all of it ---- */

static chl_status check_inputs(const json_t *spec, int inputs, chl_error *err)
{
    static const char *const known[] = {"inputs", "layers", "heads"};
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)spec, key, value) {
        if (strcmp(key, "inputs") != 0 && strcmp(key, "layers") != 0 &&
            strcmp(key, "heads") != 0) {
            return chl_fail_unknown(err, "net", "option", key, known, 3);
        }
    }
    if (inputs < 1 || inputs > CHL_UNITS_MAX) {
        return chl_fail(err, CHL_EINVAL, "net: inputs: expected 1 to %d, got %d",
                        CHL_UNITS_MAX, inputs);
    }
    const json_t *stated = json_object_get(spec, "inputs");
    if (stated && !json_is_null(stated) &&
        (!json_is_integer(stated) || json_integer_value(stated) != inputs)) {
        return chl_fail(err, CHL_EINVAL, "net: inputs: the data has %d columns, not %lld",
                        inputs, (long long)json_integer_value(stated));
    }
    return CHL_OK;
}

static chl_status read_layers(const json_t *layers, chl_net *net, chl_error *err)
{
    size_t n = json_array_size(layers);
    if (n < 1 || n > LAYERS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "net: layers: expected a list of 1 to %d, got %s", LAYERS_MAX,
                        n ? "a longer one" : "none");
    }
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
    return CHL_OK;
}

static chl_status list_shapes(const chl_net *net, json_t **out, chl_error *err)
{
    *out = json_array();
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        json_t *item = json_pack("{s:s, s:i, s:i}", "name", layer->name, "steps",
                                 layer->out.steps, "width", layer->out.width);
        if (json_array_append_new(*out, item) != 0) {
            json_decref(*out);
            *out = NULL;
            return chl_fail_memory(err);
        }
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_net_shapes(const json_t *spec, int inputs, json_t **out, chl_error *err)
{
    *out = NULL;
    chl_net *net = chl_calloc(1, sizeof *net);
    if (!net) {
        return chl_fail_memory(err);
    }
    chl_status status = check_inputs(spec, inputs, err);
    net->inputs = inputs;
    if (status == CHL_OK) {
        status = read_layers(json_object_get(spec, "layers"), net, err);
    }
    if (status == CHL_OK) {
        status = list_shapes(net, out, err);
    }
    chl_net_free(net);
    return status;
}

chl_status chl_spec_read(const json_t *spec, int inputs, chl_net *net, chl_error *err)
{
    CHL_TRY(check_inputs(spec, inputs, err));
    net->inputs = inputs;
    CHL_TRY(read_layers(json_object_get(spec, "layers"), net, err));
    CHL_TRY(read_heads(json_object_get(spec, "heads"), net, err));
    link_layers(net);
    CHL_TRY(check_graph(net, err));
    place_layers(net);
    return CHL_OK;
}
