/* SPDX-License-Identifier: MIT
 *
 * Stochastic gradient descent with momentum, plain or Nesterov's. Layer: core/nn.
 */
#include "core/nn/optimizer.h"

void chl_sgd_update(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                    int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                    chl_real *p)
{
    chl_sgd_step step = {.lr = (chl_real)lr,
                         .momentum = (chl_real)o->momentum,
                         .nesterov = o->nesterov,
                         .first = t == 1};
    kernels->sgd(&step, n, g, memory, p);
}
