/* SPDX-License-Identifier: MIT
 *
 * Options, memory and choice of the optimizer. Layer: core/train.
 */
#include "core/train/optimizer.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"

/* ---- options ---- */

static const char *const optimizer_names[] = {"adam",  "adamw", "sgd",   "rmsprop",
                                              "nadam", "muon",  "lbfgs", NULL};
static const char *const adjust_names[] = {"original", "match_rms_adamw", NULL};

#define TYPE                                                                             \
    {                                                                                    \
        "type", CHL_OPT_CHOICE, offsetof(chl_optimizer, type), 0, 0, optimizer_names, 0  \
    }
#define NUMBER(name, low, high)                                                          \
    {                                                                                    \
#name, CHL_OPT_DOUBLE, offsetof(chl_optimizer, name), low, high, NULL, 0         \
    }
#define WHOLE(name, low, high)                                                           \
    {                                                                                    \
#name, CHL_OPT_INT, offsetof(chl_optimizer, name), low, high, NULL, 0            \
    }
#define FLAG(name)                                                                       \
    {                                                                                    \
#name, CHL_OPT_BOOL, offsetof(chl_optimizer, name), 0, 0, NULL, 0                \
    }
#define LR    NUMBER(lr, 1e-12, 1e3)
#define EPS   NUMBER(eps, 1e-30, 1)
#define BETAS NUMBER(beta1, 0, 0.999999), NUMBER(beta2, 0, 0.99999999), EPS
#define DECAY NUMBER(weight_decay, 0, 1e3)

static const chl_option adam_options[] = {TYPE, LR, BETAS, {0}};
static const chl_option adamw_options[] = {TYPE, LR, BETAS, DECAY, {0}};
static const chl_option sgd_options[] = {
    TYPE, LR, NUMBER(momentum, 0, 0.999999), FLAG(nesterov), {0}};
static const chl_option rmsprop_options[] = {
    TYPE,           LR, EPS, NUMBER(alpha, 0, 0.999999), NUMBER(momentum, 0, 0.999999),
    FLAG(centered), {0}};
static const chl_option nadam_options[] = {
    TYPE, LR, BETAS, DECAY, NUMBER(momentum_decay, 0, 1), {0}};
static const chl_option muon_options[] = {
    TYPE,
    LR,
    BETAS,
    DECAY,
    NUMBER(momentum, 0, 0.999999),
    FLAG(nesterov),
    NUMBER(adam_lr, 1e-12, 1e3),
    {"adjust_lr", CHL_OPT_CHOICE, offsetof(chl_optimizer, adjust), 0, 0, adjust_names, 0},
    {0}};
static const chl_option lbfgs_options[] = {TYPE,
                                           LR,
                                           WHOLE(history, 1, CHL_LBFGS_HISTORY_MAX),
                                           WHOLE(iterations, 1, 100000),
                                           NUMBER(tolerance_grad, 0, 1),
                                           NUMBER(tolerance_change, 0, 1),
                                           {0}};

/* By type: its options and its defaults, PyTorch's but for Muon's (Jordan's lr; decay as
 * AdamW's) and the shorter history of L-BFGS. */
static const struct {
    const chl_option *options;
    chl_optimizer defaults;
} kinds[] = {
    [CHL_OPTIMIZER_ADAM] = {adam_options,
                            {.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}},
    [CHL_OPTIMIZER_ADAMW] =
        {adamw_options,
         {.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01}},
    [CHL_OPTIMIZER_SGD] = {sgd_options, {.lr = 1e-2}},
    [CHL_OPTIMIZER_RMSPROP] = {rmsprop_options, {.lr = 1e-2, .alpha = 0.99, .eps = 1e-8}},
    [CHL_OPTIMIZER_NADAM] =
        {nadam_options,
         {.lr = 2e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .momentum_decay = 4e-3}},
    [CHL_OPTIMIZER_MUON] = {muon_options,
                            {.lr = 2e-2,
                             .adam_lr = 1e-3,
                             .beta1 = 0.9,
                             .beta2 = 0.999,
                             .eps = 1e-8,
                             .weight_decay = 0.01,
                             .momentum = 0.95,
                             .nesterov = true}},
    [CHL_OPTIMIZER_LBFGS] = {lbfgs_options,
                             {.lr = 1,
                              .history = 10,
                              .iterations = 20,
                              .tolerance_grad = 1e-7,
                              .tolerance_change = 1e-9}},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static chl_status read_type(const json_t *json, int *type, chl_error *err)
{
    const json_t *name = json_object_get(json, "type");
    *type = CHL_OPTIMIZER_ADAM;
    if (!json_is_string(name)) {
        return CHL_OK; /* absent, or refused with the other options */
    }
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(optimizer_names[i], json_string_value(name)) == 0) {
            *type = i;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "optimizer", "type", json_string_value(name),
                            optimizer_names, KINDS);
}

chl_status chl_optimizer_read(const json_t *json, chl_optimizer *o, chl_error *err)
{
    int type;
    CHL_TRY(read_type(json, &type, err));
    *o = kinds[type].defaults;
    o->type = type;
    CHL_TRY(chl_options_read(json, optimizer_names[type], kinds[type].options, o, err));
    if (o->nesterov && o->momentum == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'nesterov': expected a momentum above 0 with it",
                        optimizer_names[type]);
    }
    return CHL_OK;
}

/* ---- memory ---- */

int64_t chl_optimizer_memory_size(const chl_optimizer *o, const chl_net *net)
{
    int64_t vectors = 2;
    switch (o->type) {
    case CHL_OPTIMIZER_SGD: vectors = 1; break;
    case CHL_OPTIMIZER_RMSPROP: vectors = 1 + (o->momentum > 0) + o->centered; break;
    case CHL_OPTIMIZER_LBFGS: vectors = 2 + 2 * o->history; break;
    default: break;
    }
    return vectors * net->pack_params;
}

int64_t chl_optimizer_scratch_size(const chl_optimizer *o, const chl_net *net)
{
    return o->type == CHL_OPTIMIZER_MUON    ? chl_muon_scratch_size(net)
           : o->type == CHL_OPTIMIZER_LBFGS ? 7 * net->pack_params
                                            : 0;
}

chl_status chl_optimizer_init(chl_optimizer_state *s, const chl_optimizer *o,
                              const chl_net *net, chl_error *err)
{
    size_t scratch = (size_t)chl_optimizer_scratch_size(o, net);
    *s = (chl_optimizer_state){.options = o,
                               .net = net,
                               .kernels = chl_kernels_best(),
                               .memory_size = chl_optimizer_memory_size(o, net),
                               .pieces = 1};
    s->memory = chl_alloc_aligned((size_t)s->memory_size, sizeof *s->memory);
    s->scratch = chl_alloc_aligned(scratch, sizeof *s->scratch);
    if (!s->memory || !s->scratch) {
        chl_optimizer_reset(s);
        return chl_fail_memory(err);
    }
    memset(s->memory, 0, (size_t)s->memory_size * sizeof *s->memory);
    memset(s->scratch, 0, scratch * sizeof *s->scratch);
    return CHL_OK;
}

void chl_optimizer_reset(chl_optimizer_state *s)
{
    chl_free(s->memory);
    chl_free(s->scratch);
    *s = (chl_optimizer_state){0};
}

/* ---- steps ---- */

void chl_optimizer_decay(const chl_optimizer_state *s, double lr, int64_t at, int64_t n,
                         chl_real *params)
{
    chl_real keep = (chl_real)(1 - lr * s->options->weight_decay);
    for (int64_t i = at; s->options->weight_decay > 0 && i < at + n; i++) {
        params[i] *= keep;
    }
}

bool chl_param_decays(const chl_param *p)
{
    return p->trained && (p->role == CHL_ROLE_WEIGHT || p->role == CHL_ROLE_EMBEDDING);
}

/* Weights shrink, biases and norms do not. */
static void decay(const chl_optimizer_state *s, double lr, chl_real *params)
{
    for (int i = 0; i < s->net->tensor_count; i++) {
        const chl_param *p = &s->net->tensors[i];
        if (chl_param_decays(p)) {
            chl_optimizer_decay(s, lr, p->pack_at, chl_param_packed(p), params);
        }
    }
}

/* One step of Adam over all numbers. */
typedef struct adam_work {
    const chl_optimizer_state *state;
    double lr;
    const chl_real *grads;
    chl_real *params;
} adam_work;

static void adam_piece(void *ctx, int piece)
{
    const adam_work *w = ctx;
    int64_t lanes = w->state->net->pack_params / CHL_LANES, pieces = w->state->pieces;
    int64_t from = lanes * piece / pieces, end = lanes * (piece + 1) / pieces;
    chl_adam_update(w->state, w->lr, from * CHL_LANES, (end - from) * CHL_LANES, w->grads,
                    w->params);
}

void chl_optimizer_step(chl_optimizer_state *s, double lr, const chl_real *grads,
                        chl_real *params)
{
    s->steps++;
    switch (s->options->type) {
    case CHL_OPTIMIZER_SGD: chl_sgd_update(s, lr, grads, params); break;
    case CHL_OPTIMIZER_RMSPROP: chl_rmsprop_update(s, lr, grads, params); break;
    case CHL_OPTIMIZER_MUON: chl_muon_update(s, lr, grads, params); break;
    case CHL_OPTIMIZER_NADAM:
        decay(s, lr, params);
        chl_nadam_update(s, lr, grads, params);
        break;
    default:
        decay(s, lr, params);
        chl_crew_call(s->crew, s->pieces, adam_piece, &(adam_work){s, lr, grads, params});
        break;
    }
}
