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
    *out = net;
    return CHL_OK;
}

void chl_net_free(chl_net *net)
{
    if (net) {
        for (int i = 0; net->layers && i < net->count; i++) {
            chl_free(net->layers[i].index);
            json_decref(net->layers[i].own);
        }
        chl_free(net->head);
        chl_free(net->tensors);
        chl_free(net->layers);
        chl_free(net->params);
        chl_free(net->state);
        chl_free(net);
    }
}

static void *copy_of(const void *data, size_t n, size_t size)
{
    void *copy = chl_alloc(n, size);
    if (copy && n > 0) {
        memcpy(copy, data, n * size);
    }
    return copy;
}

static bool copy_lists(chl_net *copy, const chl_net *net)
{
    bool done = true;
    copy->layers = copy_of(net->layers, (size_t)net->count, sizeof *net->layers);
    copy->head = copy_of(net->head, (size_t)net->heads, sizeof *net->head);
    copy->tensors =
        copy_of(net->tensors, (size_t)net->tensor_count, sizeof *net->tensors);
    copy->tensor_capacity = net->tensor_count;
    for (int i = 0; copy->layers && i < net->count; i++) {
        chl_layer *layer = &copy->layers[i];
        json_incref(layer->own);
        if (layer->index) {
            layer->index =
                copy_of(layer->index, (size_t)layer->indices, sizeof *layer->index);
            done = done && layer->index;
        }
    }
    return done && copy->layers && copy->head && copy->tensors;
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
    bool copied = copy_lists(copy, net);
    chl_status status = copied ? allocate_numbers(copy, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        chl_net_free(copy);
        return status;
    }
    memcpy(copy->params, net->params, (size_t)net->param_count * sizeof *net->params);
    memcpy(copy->state, net->state, (size_t)net->state_count * sizeof *net->state);
    *out = copy;
    return CHL_OK;
}

void chl_net_init_weights(chl_net *net, uint64_t seed, uint64_t member)
{
    memset(net->params, 0, (size_t)net->param_count * sizeof *net->params);
    memset(net->state, 0, (size_t)net->state_count * sizeof *net->state);
    for (int i = 0; i < net->count; i++) {
        if (net->layers[i].class->init) {
            net->layers[i].class->init(net, i, seed, member);
        }
    }
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

int chl_net_heads(const chl_net *net)
{
    return net->heads;
}

const char *chl_net_head_name(const chl_net *net, int head)
{
    return head >= 0 && head < net->heads ? net->layers[net->head[head].layer].name
                                          : NULL;
}

int64_t chl_net_parameters(const chl_net *net)
{
    return net->param_count;
}

bool chl_net_is_custom(const chl_net *net)
{
    bool custom = false;
    for (int i = 0; i < net->count; i++) {
        custom = custom || net->layers[i].class == &chl_lua_class;
    }
    return custom;
}

void chl_net_set_custom(chl_net *net, const chl_custom_host *host)
{
    net->custom = host;
}

int chl_layer_head(const chl_net *net, int layer)
{
    for (int h = 0; h < net->heads; h++) {
        if (net->head[h].layer == layer) {
            return h;
        }
    }
    return -1;
}

int chl_head_activation(const chl_net *net, int head)
{
    return net->layers[net->head[head].layer].options.activation;
}

chl_activation chl_layer_activation(const chl_net *net, int i)
{
    int f = net->layers[i].options.activation;
    bool finished = f == CHL_SIGMOID || f == CHL_SOFTMAX;
    return finished && chl_layer_head(net, i) >= 0 ? CHL_LINEAR : (chl_activation)f;
}

int64_t chl_net_widest(const chl_net *net)
{
    int64_t widest = chl_padded(net->inputs);
    for (int i = 0; i < net->count; i++) {
        int64_t size = chl_row_size(net->layers[i].out);
        widest = size > widest ? size : widest;
    }
    return widest;
}

/* ---- tensors ---- */

int chl_net_tensor_count(const chl_net *net)
{
    return net->tensor_count;
}

chl_tensor chl_net_tensor(chl_net *net, int i)
{
    if (i < 0 || i >= net->tensor_count) {
        return (chl_tensor){0};
    }
    const chl_param *p = &net->tensors[i];
    chl_tensor t = {.rank = p->vector ? 1 : 2,
                    .shape = {p->blocks * p->rows, p->cols},
                    .data =
                        (p->role == CHL_ROLE_STATE ? net->state : net->params) + p->at};
    if (p->vector) {
        t.shape[0] = p->cols;
        t.shape[1] = 1;
    }
    snprintf(t.name, sizeof t.name, "%d.%s", p->layer, p->name);
    return t;
}

chl_status chl_net_check_numbers(const chl_net *net, chl_error *err)
{
    for (int i = 0; i < net->count; i++) {
        if (net->layers[i].class->check) {
            CHL_TRY(net->layers[i].class->check(net, i, err));
        }
    }
    return CHL_OK;
}

chl_status chl_net_copy_numbers(chl_net *to, const chl_net *from, const char *where,
                                chl_error *err)
{
    bool same = to->tensor_count == from->tensor_count;
    for (int i = 0; same && i < to->tensor_count; i++) {
        const chl_param *a = &to->tensors[i], *b = &from->tensors[i];
        same = strcmp(a->name, b->name) == 0;
        if (same && (chl_param_size(a) != chl_param_size(b) || a->cols != b->cols)) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: layer %d '%s': %s: expected %lld × %lld numbers, got "
                            "%lld × %lld",
                            where, a->layer + 1, to->layers[a->layer].name, a->name,
                            (long long)(a->blocks * a->rows), (long long)a->cols,
                            (long long)(b->blocks * b->rows), (long long)b->cols);
        }
    }
    if (!same) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: expected a net with the same layers of weights", where);
    }
    memcpy(to->params, from->params, (size_t)to->param_count * sizeof *to->params);
    memcpy(to->state, from->state, (size_t)to->state_count * sizeof *to->state);
    return CHL_OK;
}
