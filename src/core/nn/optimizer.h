/* SPDX-License-Identifier: MIT
 *
 * Optimizers over one flat vector of numbers, as PyTorch defines them. Layer: core/nn.
 * SGD: u = momentum·u + g (u = g at the first step), p -= lr·u, or with nesterov p -=
 * lr·(g + momentum·u). Adam (Kingma & Ba 2015) with bias correction; AdamW (Loshchilov &
 * Hutter 2019) is Adam after chl_optimizer_decay.
 */
#ifndef CHL_NN_OPTIMIZER_H
#define CHL_NN_OPTIMIZER_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/status.h"
#include "core/nn/layer.h"

typedef enum chl_optimizer_type {
    CHL_OPTIMIZER_ADAM,
    CHL_OPTIMIZER_ADAMW,
    CHL_OPTIMIZER_SGD
} chl_optimizer_type;

typedef struct chl_optimizer {
    int type; /* chl_optimizer_type */
    double lr;
    double beta1, beta2, eps; /* adam, adamw */
    double weight_decay;      /* adamw */
    double momentum;          /* sgd */
    bool nesterov;            /* sgd, needs momentum */
} chl_optimizer;

/* {"type":"adam", "lr":…, …}; absent is Adam with PyTorch's defaults. */
CHL_MUST_CHECK chl_status chl_optimizer_read(const json_t *json, chl_optimizer *o,
                                             chl_error *err);

/* Before a step: AdamW shrinks the weights of dense layers by lr·weight_decay; biases and
 * the numbers of batch norm are spared. params are those of a chl_packed of the net. */
void chl_optimizer_decay(const chl_optimizer *o, const chl_net *net, double lr,
                         chl_real *params);

/* Step number t = 1, 2, … with learning rate lr. `memory` is 2·n numbers, zero before the
 * first step. n is a multiple of CHL_LANES. */
void chl_optimizer_step(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                        int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                        chl_real *p);
void chl_adam_update(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                     int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                     chl_real *p);
void chl_sgd_update(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                    int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                    chl_real *p);

#endif
