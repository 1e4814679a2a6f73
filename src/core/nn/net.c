/* SPDX-License-Identifier: MIT
 *
 * The net as an object: its numbers, its names, its description. Layer: core/nn.
 */
#include "core/nn/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/layer.h"

static chl_status allocate_numbers(chl_net *net, chl_error *err)
{
    size_t params = (size_t)net->param_count, state = (size_t)net->state_count;
    net->params = chl_alloc_aligned(params, sizeof *net->params);
    net->state = chl_alloc_aligned(state, sizeof *net->state);
    if (!net->params || !net->state) {
        return chl_fail_memory(err);
    }
    memset(net->params, 0, params * sizeof *net->params);
    memset(net->state, 0, state * sizeof *net->state);
    return CHL_OK;
}

/* A fresh batch norm changes nothing: gamma 1, variance 1. */
static void init_norms(chl_net *net)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        for (int j = 0; layer->kind == CHL_LAYER_BATCH_NORM && j < layer->out; j++) {
            net->params[layer->at + j] = 1;
            net->params[layer->at + layer->out + j] = 0;
            net->state[layer->state_at + j] = 0;
            net->state[layer->state_at + layer->out + j] = 1;
        }
    }
}

chl_status chl_net_new(const json_t *spec, int inputs, chl_net **out, chl_error *err)
{
    *out = NULL;
    chl_net *net = chl_calloc(1, sizeof *net);
    if (!net) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_spec_read(spec, inputs, net, err);
    if (status == CHL_OK) {
        status = allocate_numbers(net, err);
    }
    if (status != CHL_OK) {
        chl_net_free(net);
        return status;
    }
    init_norms(net);
    *out = net;
    return CHL_OK;
}

void chl_net_free(chl_net *net)
{
    if (net) {
        chl_free(net->layers);
        chl_free(net->params);
        chl_free(net->state);
        chl_free(net);
    }
}

chl_status chl_net_clone(const chl_net *net, chl_net **out, chl_error *err)
{
    *out = NULL;
    chl_net *copy = chl_calloc(1, sizeof *copy);
    if (!copy) {
        return chl_fail_memory(err);
    }
    *copy = *net;
    copy->params = copy->state = NULL;
    copy->layers = chl_alloc((size_t)net->count, sizeof *net->layers);
    chl_status status = copy->layers ? allocate_numbers(copy, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        chl_net_free(copy);
        return status;
    }
    memcpy(copy->layers, net->layers, (size_t)net->count * sizeof *net->layers);
    memcpy(copy->params, net->params, (size_t)net->param_count * sizeof *net->params);
    memcpy(copy->state, net->state, (size_t)net->state_count * sizeof *net->state);
    *out = copy;
    return CHL_OK;
}

/* ---- initial weights ---- */

/* The activation that sees this dense layer's output first, across batch norm and
 * dropout. */
static int activation_after(const chl_net *net, int i)
{
    if (net->layers[i].activation != CHL_LINEAR) {
        return net->layers[i].activation;
    }
    for (i++; i < net->count && net->layers[i].kind != CHL_LAYER_DENSE; i++) {
        if (net->layers[i].kind == CHL_LAYER_ACTIVATION) {
            return net->layers[i].activation;
        }
    }
    return CHL_LINEAR;
}

static void init_dense(chl_real *w, const chl_layer *layer, int activation, chl_rng *rng)
{
    int64_t n = (int64_t)layer->in * layer->out;
    bool he = activation == CHL_RELU || activation == CHL_LEAKY_RELU ||
              activation == CHL_ELU ||
              chl_activation_reads_input((chl_activation)activation);
    double deviation = sqrt((he ? 2.0 : 1.0) / layer->in);
    double limit = sqrt(6.0 / (layer->in + layer->out));
    for (int64_t i = 0; i < n; i++) {
        w[i] = he || activation == CHL_SELU
                   ? (chl_real)(deviation * chl_rng_normal(rng))
                   : (chl_real)(limit * (2 * chl_rng_uniform(rng) - 1));
    }
    memset(w + n, 0, (size_t)layer->out * sizeof *w);
}

void chl_net_init_weights(chl_net *net, uint64_t seed, uint64_t member)
{
    for (int i = 0; i < net->count; i++) {
        const chl_layer *layer = &net->layers[i];
        if (layer->kind == CHL_LAYER_DENSE) {
            chl_rng rng;
            chl_rng_init(&rng, seed, CHL_RNG_WEIGHTS, member << 32 | (uint32_t)i);
            init_dense(net->params + layer->at, layer, activation_after(net, i), &rng);
        }
    }
    init_norms(net);
}

/* ---- facts ---- */

int chl_net_inputs(const chl_net *net)
{
    return net->inputs;
}

int chl_net_outputs(const chl_net *net)
{
    return net->outputs;
}

int64_t chl_net_parameters(const chl_net *net)
{
    return net->param_count;
}

int chl_net_final_activation(const chl_net *net)
{
    return net->layers[net->count - 1].activation;
}

chl_activation chl_layer_activation(const chl_net *net, int i)
{
    int f = net->layers[i].activation;
    bool last = i == net->count - 1;
    return last && (f == CHL_SIGMOID || f == CHL_SOFTMAX) ? CHL_LINEAR
                                                          : (chl_activation)f;
}

int64_t chl_net_widest(const chl_net *net)
{
    int64_t widest = chl_padded(net->inputs);
    for (int i = 0; i < net->count; i++) {
        int64_t width = chl_padded(net->layers[i].out);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* ---- tensors: weight, bias | gamma, beta, running_mean, running_var ---- */

static int tensors_of(const chl_layer *layer)
{
    return layer->kind == CHL_LAYER_DENSE        ? 2
           : layer->kind == CHL_LAYER_BATCH_NORM ? 4
                                                 : 0;
}

int chl_net_tensor_count(const chl_net *net)
{
    int n = 0;
    for (int i = 0; i < net->count; i++) {
        n += tensors_of(&net->layers[i]);
    }
    return n;
}

static chl_tensor make_tensor(chl_net *net, int at, int k)
{
    static const char *const dense[] = {"weight", "bias"};
    static const char *const norm[] = {"gamma", "beta", "running_mean", "running_var"};
    const chl_layer *layer = &net->layers[at];
    bool is_dense = layer->kind == CHL_LAYER_DENSE;
    chl_tensor t = {.rank = 1, .shape = {layer->out, 1}};
    snprintf(t.name, sizeof t.name, "%d.%s", at, is_dense ? dense[k] : norm[k]);
    if (is_dense) {
        int64_t weights = (int64_t)layer->in * layer->out;
        t.data = net->params + layer->at + (k ? weights : 0);
        if (k == 0) {
            t = (chl_tensor){.rank = 2, .shape = {layer->in, layer->out}, .data = t.data};
            snprintf(t.name, sizeof t.name, "%d.%s", at, dense[k]);
        }
        return t;
    }
    t.data = k < 2 ? net->params + layer->at + (int64_t)k * layer->out
                   : net->state + layer->state_at + (int64_t)(k - 2) * layer->out;
    return t;
}

chl_tensor chl_net_tensor(chl_net *net, int i)
{
    for (int at = 0; i >= 0 && at < net->count; at++) {
        int n = tensors_of(&net->layers[at]);
        if (i < n) {
            return make_tensor(net, at, i);
        }
        i -= n;
    }
    return (chl_tensor){0};
}

/* ---- the spec, with every option spelled out ---- */

static json_t *spell_layer(const chl_layer *layer)
{
    const char *type = chl_layer_names[layer->kind];
    const char *activation = chl_activation_names[layer->activation];
    switch (layer->kind) {
    case CHL_LAYER_DENSE:
        return json_pack("{s:s, s:i, s:s, s:f, s:f}", "type", type, "units", layer->out,
                         "activation", activation, "l1", layer->l1, "l2", layer->l2);
    case CHL_LAYER_ACTIVATION:
        return json_pack("{s:s, s:s}", "type", type, "activation", activation);
    case CHL_LAYER_BATCH_NORM:
        return json_pack("{s:s, s:f, s:f}", "type", type, "momentum", layer->momentum,
                         "eps", layer->eps);
    default: return json_pack("{s:s, s:f}", "type", type, "rate", layer->rate);
    }
}

chl_status chl_net_spec(const chl_net *net, json_t **out, chl_error *err)
{
    json_t *layers = json_array();
    *out = json_pack("{s:i, s:o}", "inputs", net->inputs, "layers", layers);
    for (int i = 0; *out && i < net->count; i++) {
        if (json_array_append_new(layers, spell_layer(&net->layers[i])) != 0) {
            json_decref(*out);
            *out = NULL;
        }
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}

/* ---- the summary ---- */

static void describe_layer(const chl_layer *layer, chl_strbuf *out)
{
    const char *activation = chl_activation_names[layer->activation];
    char text[64];
    switch (layer->kind) {
    case CHL_LAYER_DENSE: snprintf(text, sizeof text, "dense, %s", activation); break;
    case CHL_LAYER_ACTIVATION: snprintf(text, sizeof text, "%s", activation); break;
    case CHL_LAYER_DROPOUT: snprintf(text, sizeof text, "dropout %g", layer->rate); break;
    default: snprintf(text, sizeof text, "batch_norm"); break;
    }
    int64_t parameters = layer->kind == CHL_LAYER_DENSE
                             ? ((int64_t)layer->in + 1) * layer->out
                         : layer->kind == CHL_LAYER_BATCH_NORM ? 2 * (int64_t)layer->out
                                                               : 0;
    chl_strbuf_printf(out, " %-24s %8d %12lld\n", text, layer->out,
                      (long long)parameters);
}

chl_status chl_net_describe(const chl_net *net, chl_strbuf *out, chl_error *err)
{
    chl_strbuf_printf(out, " %-24s %8s %12s\n", "layer", "output", "parameters");
    chl_strbuf_printf(out, " %-24s %8d %12d\n", "input", net->inputs, 0);
    for (int i = 0; i < net->count; i++) {
        describe_layer(&net->layers[i], out);
    }
    chl_strbuf_printf(out, " %-24s %8s %12lld", "total", "", (long long)net->param_count);
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}
