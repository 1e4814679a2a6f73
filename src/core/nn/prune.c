/* SPDX-License-Identifier: MIT
 *
 * A net with one of its heads alone: layers that only the others read are left out.
 * Layer: core/nn.
 */
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/nn/layer.h"

static chl_status find_head(const chl_net *net, const char *name, int *head,
                            chl_error *err)
{
    const char *names[CHL_HEADS_MAX];
    for (*head = 0; *head < net->heads; ++*head) {
        names[*head] = chl_net_head_name(net, *head);
        if (strcmp(names[*head], name) == 0) {
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "net", "head", name, names, (size_t)net->heads);
}

/* keep[count] = is read by that layer, directly or not, or is it. */
static void mark(const chl_net *net, int layer, bool *keep)
{
    memset(keep, 0, (size_t)net->count * sizeof *keep);
    keep[layer] = true;
    for (int i = layer; i >= 0; i--) {
        for (int k = 0; keep[i] && k < net->layers[i].sources; k++) {
            if (net->layers[i].from[k] != CHL_INPUT) {
                keep[net->layers[i].from[k]] = true;
            }
        }
    }
}

/* The spec of the layers that are kept. */
static chl_status spell_kept(const chl_net *net, const char *head, const bool *keep,
                             json_t **out, chl_error *err)
{
    CHL_TRY(chl_net_spec(net, out, err));
    json_t *layers = json_object_get(*out, "layers");
    for (int i = net->count - 1; i >= 0; i--) {
        if (!keep[i]) {
            json_array_remove(layers, (size_t)i);
        }
    }
    if (json_object_set_new(*out, "heads", json_pack("[s]", head)) != 0) {
        json_decref(*out);
        *out = NULL;
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

static void copy_kept(const chl_net *net, const bool *keep, chl_net *out)
{
    int j = 0; /* place in `out` */
    for (int i = 0; i < net->count; i++) {
        for (int k = 0; keep[i] && k < net->layers[i].tensors; k++) {
            const chl_param *p = chl_layer_tensor(net, i, k);
            const chl_real *from =
                (p->role == CHL_ROLE_STATE ? net->state : net->params) + p->at;
            memcpy(chl_layer_numbers(out, j, k), from,
                   (size_t)chl_param_size(p) * sizeof *from);
        }
        j += keep[i];
    }
}

static chl_status build(const chl_net *net, const char *head, const bool *keep,
                        chl_net **out, chl_error *err)
{
    json_t *spec;
    CHL_TRY(spell_kept(net, head, keep, &spec, err));
    chl_status status = chl_net_new(spec, net->inputs, out, err);
    json_decref(spec);
    if (status == CHL_OK) {
        copy_kept(net, keep, *out);
        chl_net_set_custom(*out, net->custom);
    }
    return status;
}

chl_status chl_net_prune(const chl_net *net, const char *head, chl_net **out,
                         chl_error *err)
{
    int h;
    *out = NULL;
    CHL_TRY(find_head(net, head, &h, err));
    if (net->heads == 1) {
        return chl_net_clone(net, out, err);
    }
    bool *keep = chl_alloc((size_t)net->count, sizeof *keep);
    if (!keep) {
        return chl_fail_memory(err);
    }
    mark(net, net->head[h].layer, keep);
    chl_status status = build(net, head, keep, out, err);
    chl_free(keep);
    return status;
}
