/* SPDX-License-Identifier: MIT
 *
 * A net in words: its spec with every option spelled out, and a summary as Keras prints
 * it. Layer: core/nn.
 */
#include <stdio.h>
#include <string.h>

#include "core/nn/layer.h"

/* ---- the spec ---- */

static bool reads_previous(const chl_net *net, int i)
{
    return net->layers[i].sources == 1 && net->layers[i].from[0] == i - 1;
}

/* A net in which each layer reads the one before it needs no names. */
static bool is_chain(const chl_net *net)
{
    bool chain = net->heads == 1 && net->head[0].layer == net->count - 1;
    for (int i = 0; chain && i < net->count; i++) {
        char plain[CHL_LAYER_NAME];
        snprintf(plain, sizeof plain, "%.18s_%d", net->layers[i].class->name, i + 1);
        chain = reads_previous(net, i) && strcmp(plain, net->layers[i].name) == 0;
    }
    return chain;
}

static const char *source_name(const chl_net *net, int from)
{
    return from == CHL_INPUT ? "input" : net->layers[from].name;
}

static chl_status spell_links(const chl_net *net, int i, json_t *spec, chl_error *err)
{
    const chl_layer *layer = &net->layers[i];
    json_t *from = json_array();
    bool done = json_object_set_new(spec, "name", json_string(layer->name)) == 0 &&
                json_object_set_new(spec, "from", from) == 0;
    for (int k = 0; done && k < layer->sources; k++) {
        const char *name = source_name(net, layer->from[k]);
        done = json_array_append_new(from, json_string(name)) == 0;
    }
    return done ? CHL_OK : chl_fail_memory(err);
}

static chl_status spell_layer(const chl_net *net, int i, bool chain, json_t *spec,
                              chl_error *err)
{
    const chl_layer *layer = &net->layers[i];
    CHL_TRY(chl_options_write(layer->class->options, &layer->options, spec, err));
    if (layer->options.trainable) {
        json_object_del(spec, "trainable");
    }
    if (layer->class->spell) {
        CHL_TRY(layer->class->spell(layer, spec, err));
    }
    return chain ? CHL_OK : spell_links(net, i, spec, err);
}

static chl_status spell_heads(const chl_net *net, json_t *spec, chl_error *err)
{
    json_t *heads = json_array();
    bool done = json_object_set_new(spec, "heads", heads) == 0;
    for (int h = 0; done && h < net->heads; h++) {
        const char *name = net->layers[net->head[h].layer].name;
        done = json_array_append_new(heads, json_string(name)) == 0;
    }
    return done ? CHL_OK : chl_fail_memory(err);
}

static chl_status spell_net(const chl_net *net, json_t *spec, chl_error *err)
{
    bool chain = is_chain(net);
    json_t *layers = json_array();
    if (json_object_set_new(spec, "layers", layers) != 0) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < net->count; i++) {
        json_t *layer = json_pack("{s:s}", "type", net->layers[i].class->name);
        if (json_array_append_new(layers, layer) != 0) {
            return chl_fail_memory(err);
        }
        CHL_TRY(spell_layer(net, i, chain, layer, err));
    }
    return chain ? CHL_OK : spell_heads(net, spec, err);
}

chl_status chl_net_spec(const chl_net *net, json_t **out, chl_error *err)
{
    *out = NULL;
    json_t *spec = json_pack("{s:i}", "inputs", net->inputs);
    chl_status status = spec ? spell_net(net, spec, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        json_decref(spec);
        return status;
    }
    *out = spec;
    return CHL_OK;
}

/* ---- the summary ---- */

static int64_t parameters_of(const chl_net *net, int i, bool trained)
{
    int64_t sum = 0;
    for (int k = 0; k < net->layers[i].tensors; k++) {
        const chl_param *p = chl_layer_tensor(net, i, k);
        sum +=
            p->role != CHL_ROLE_STATE && (p->trained || !trained) ? chl_param_size(p) : 0;
    }
    return sum;
}

/* The place in chl_layer_options, since classes may name it as they like. */
static bool has_option(const chl_layer *layer, size_t offset)
{
    const chl_option *o = layer->class->options;
    while (o->name && (o->type == CHL_OPT_IGNORE || o->offset != offset)) {
        o++;
    }
    return o->name != NULL;
}

static void put_kind(const chl_layer *layer, char *text, size_t size)
{
    const char *kind = layer->class->name;
    const char *activation = chl_activation_names[layer->options.activation];
    if (layer->class == &chl_activation_class) {
        snprintf(text, size, "%s", activation);
    } else if (has_option(layer, offsetof(chl_layer_options, activation))) {
        snprintf(text, size, "%s, %s", kind, activation);
    } else if (has_option(layer, offsetof(chl_layer_options, rate))) {
        snprintf(text, size, "%s %g", kind, layer->options.rate);
    } else {
        snprintf(text, size, "%s", kind);
    }
}

static void put_shape(chl_shape shape, char *text, size_t size)
{
    if (shape.steps == 1) {
        snprintf(text, size, "%d", shape.width);
    } else {
        snprintf(text, size, "%d x %d", shape.steps, shape.width);
    }
}

static void put_sources(const chl_net *net, int i, chl_strbuf *out)
{
    for (int k = 0; k < net->layers[i].sources; k++) {
        chl_strbuf_printf(out, "%s%s", k ? ", " : "  ",
                          source_name(net, net->layers[i].from[k]));
    }
}

static void describe_layer(const chl_net *net, int i, bool chain, chl_strbuf *out)
{
    const chl_layer *layer = &net->layers[i];
    char kind[64], shape[32];
    put_kind(layer, kind, sizeof kind);
    put_shape(layer->out, shape, sizeof shape);
    if (!chain) {
        chl_strbuf_printf(out, " %-16s", layer->name);
    }
    chl_strbuf_printf(out, " %-24s %8s %12lld", kind, shape,
                      (long long)parameters_of(net, i, false));
    if (!chain) {
        put_sources(net, i, out);
    }
    chl_strbuf_printf(out, "%s\n", layer->options.trainable ? "" : "  (frozen)");
}

chl_status chl_net_describe(const chl_net *net, chl_strbuf *out, chl_error *err)
{
    bool chain = is_chain(net);
    const char *name = chain ? "" : " name            ";
    const char *blank = chain ? "" : "                 ";
    int64_t trained = 0;
    chl_strbuf_printf(out, "%s %-24s %8s %12s%s\n", name, "layer", "output", "parameters",
                      chain ? "" : "  reads");
    chl_strbuf_printf(out, "%s %-24s %8d %12d\n", chain ? "" : " input           ",
                      "input", net->inputs, 0);
    for (int i = 0; i < net->count; i++) {
        describe_layer(net, i, chain, out);
        trained += parameters_of(net, i, true);
    }
    chl_strbuf_printf(out, "%s %-24s %8s %12lld", blank, "total", "",
                      (long long)net->param_count);
    if (trained < net->param_count) {
        chl_strbuf_printf(out, "\n%s %-24s %8s %12lld", blank, "trainable", "",
                          (long long)trained);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

/* ---- as data ---- */

static json_t *layer_facts(const chl_net *net, int i)
{
    const chl_layer *layer = &net->layers[i];
    char kind[64];
    json_t *from = json_array();
    for (int k = 0; k < layer->sources; k++) {
        json_array_append_new(from, json_string(source_name(net, layer->from[k])));
    }
    put_kind(layer, kind, sizeof kind);
    return json_pack("{s:s, s:s, s:i, s:i, s:I, s:o}", "name", layer->name, "kind", kind,
                     "steps", layer->out.steps, "width", layer->out.width, "parameters",
                     (json_int_t)parameters_of(net, i, false), "from", from);
}

chl_status chl_net_layers(const chl_net *net, json_t **out, chl_error *err)
{
    *out = json_array();
    for (int i = 0; i < net->count; i++) {
        if (json_array_append_new(*out, layer_facts(net, i)) != 0) {
            json_decref(*out);
            *out = NULL;
            return chl_fail_memory(err);
        }
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}
