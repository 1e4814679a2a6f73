/* SPDX-License-Identifier: MIT
 *
 * NAdam as PyTorch has it: the momentum of step t is mu_t = beta1 (1 - 0.96^(t·decay) /
 * 2), and the step looks ahead with mu_{t+1}. The scalars of a step in double. Layer:
 * core/train.
 */
#include <math.h>

#include "core/train/optimizer.h"

static double momentum_at(const chl_optimizer *o, double t)
{
    return o->beta1 * (1 - 0.5 * pow(0.96, t * o->momentum_decay));
}

void chl_nadam_update(chl_optimizer_state *s, double lr, const chl_real *grads,
                      chl_real *params)
{
    const chl_optimizer *o = s->options;
    double t = (double)s->steps, mu = momentum_at(o, t), next = momentum_at(o, t + 1);
    s->product = (s->steps == 1 ? 1 : s->product) * mu;
    chl_nadam_step step = {
        .beta2 = (chl_real)o->beta2,
        .eps = (chl_real)o->eps,
        .rest1 = (chl_real)(1 - o->beta1),
        .rest2 = (chl_real)(1 - o->beta2),
        .gradient = (chl_real)(lr * (1 - mu) / (1 - s->product)),
        .momentum = (chl_real)(lr * next / (1 - s->product * next)),
        .scale = (chl_real)(1 / sqrt(1 - pow(o->beta2, t))),
    };
    int64_t n = s->net->pack_params;
    s->kernels->nadam(&step, n, grads, s->memory, s->memory + n, params);
}
