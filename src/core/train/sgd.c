/* SPDX-License-Identifier: MIT
 *
 * Stochastic gradient descent with momentum, plain or Nesterov's. Layer: core/train.
 */
#include "core/train/optimizer.h"

void chl_sgd_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                    chl_real *params)
{
    const chl_optimizer *o = s->options;
    chl_sgd_step step = {.lr = (chl_real)lr,
                         .momentum = (chl_real)o->momentum,
                         .nesterov = o->nesterov,
                         .first = s->steps == 1};
    s->kernels->sgd(&step, s->net->pack_params, grads, s->memory, params);
}
