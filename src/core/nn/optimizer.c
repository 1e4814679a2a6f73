/* SPDX-License-Identifier: MIT
 *
 * Options and choice of the optimizer. Layer: core/nn.
 */
#include "core/nn/optimizer.h"

#include <string.h>

#include "core/base/nearest.h"
#include "core/base/options.h"

static const char *const optimizer_names[] = {"adam", "adamw", "sgd", NULL};

#define TYPE                                                                             \
    {                                                                                    \
        "type", CHL_OPT_CHOICE, offsetof(chl_optimizer, type), 0, 0, optimizer_names, 0  \
    }
#define NUMBER(name, low, high)                                                          \
    {                                                                                    \
#name, CHL_OPT_DOUBLE, offsetof(chl_optimizer, name), low, high, NULL, 0         \
    }

static const chl_option adam_options[] = {TYPE,
                                          NUMBER(lr, 1e-12, 1e3),
                                          NUMBER(beta1, 0, 0.999999),
                                          NUMBER(beta2, 0, 0.99999999),
                                          NUMBER(eps, 1e-30, 1),
                                          {0}};
static const chl_option adamw_options[] = {TYPE,
                                           NUMBER(lr, 1e-12, 1e3),
                                           NUMBER(beta1, 0, 0.999999),
                                           NUMBER(beta2, 0, 0.99999999),
                                           NUMBER(eps, 1e-30, 1),
                                           NUMBER(weight_decay, 0, 1e3),
                                           {0}};
static const chl_option sgd_options[] = {
    TYPE,
    NUMBER(lr, 1e-12, 1e3),
    NUMBER(momentum, 0, 0.999999),
    {"nesterov", CHL_OPT_BOOL, offsetof(chl_optimizer, nesterov), 0, 0, NULL, 0},
    {0}};

static chl_status read_type(const json_t *json, int *type, chl_error *err)
{
    const json_t *name = json_object_get(json, "type");
    *type = CHL_OPTIMIZER_ADAM;
    if (!json_is_string(name)) {
        return CHL_OK; /* absent, or refused with the other options */
    }
    for (int i = 0; optimizer_names[i]; i++) {
        if (strcmp(optimizer_names[i], json_string_value(name)) == 0) {
            *type = i;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "optimizer", "type", json_string_value(name),
                            optimizer_names, 3);
}

chl_status chl_optimizer_read(const json_t *json, chl_optimizer *o, chl_error *err)
{
    static const chl_option *const tables[] = {adam_options, adamw_options, sgd_options};
    *o = (chl_optimizer){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01};
    CHL_TRY(read_type(json, &o->type, err));
    o->lr = o->type == CHL_OPTIMIZER_SGD ? 1e-2 : 1e-3;
    CHL_TRY(chl_options_read(json, optimizer_names[o->type], tables[o->type], o, err));
    if (o->nesterov && o->momentum == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "sgd: option 'nesterov': expected a momentum above 0 with it");
    }
    return CHL_OK;
}

void chl_optimizer_decay(const chl_optimizer *o, const chl_net *net, double lr,
                         chl_real *params)
{
    if (o->type != CHL_OPTIMIZER_ADAMW || o->weight_decay == 0) {
        return;
    }
    chl_real keep = (chl_real)(1 - lr * o->weight_decay);
    for (int i = 0; i < net->tensor_count; i++) {
        const chl_param *p = &net->tensors[i];
        bool decays = p->role == CHL_ROLE_WEIGHT || p->role == CHL_ROLE_EMBEDDING;
        int64_t n = decays && p->trained ? chl_param_packed(p) : 0;
        for (int64_t k = 0; k < n; k++) {
            params[p->pack_at + k] *= keep;
        }
    }
}

void chl_optimizer_step(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                        int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                        chl_real *p)
{
    if (o->type == CHL_OPTIMIZER_SGD) {
        chl_sgd_update(o, kernels, lr, t, n, g, memory, p);
    } else {
        chl_adam_update(o, kernels, lr, t, n, g, memory, p);
    }
}
