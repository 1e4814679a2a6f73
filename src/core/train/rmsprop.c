/* SPDX-License-Identifier: MIT
 *
 * RMSProp, plain, with momentum, centered. Layer: core/train.
 */
#include "core/train/optimizer.h"

void chl_rmsprop_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                        chl_real *params)
{
    const chl_optimizer *o = s->options;
    int64_t n = s->net->pack_params;
    chl_real *next = s->memory + n;
    chl_rmsprop_step step = {.lr = (chl_real)lr,
                             .alpha = (chl_real)o->alpha,
                             .rest = (chl_real)(1 - o->alpha),
                             .eps = (chl_real)o->eps,
                             .momentum = (chl_real)o->momentum,
                             .square = s->memory};
    if (o->momentum > 0) {
        step.velocity = next;
        next += n;
    }
    if (o->centered) {
        step.mean = next;
    }
    s->kernels->rmsprop(&step, n, grads, params);
}
