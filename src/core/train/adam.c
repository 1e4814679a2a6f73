/* SPDX-License-Identifier: MIT
 *
 * Adam, also for AdamW and for what Muon leaves to it; the scalars of a step in double.
 * Layer: core/train.
 */
#include <math.h>

#include "core/train/optimizer.h"

void chl_adam_update(const chl_optimizer_state *s, double lr, int64_t at, int64_t n,
                     const chl_real *grads, chl_real *params)
{
    const chl_optimizer *o = s->options;
    double t = (double)s->steps;
    chl_adam_step step = {
        .beta1 = (chl_real)o->beta1,
        .beta2 = (chl_real)o->beta2,
        .eps = (chl_real)o->eps,
        .rest1 = (chl_real)(1 - o->beta1),
        .rest2 = (chl_real)(1 - o->beta2),
        .step = (chl_real)(lr / (1 - pow(o->beta1, t))),
        .scale = (chl_real)(1 / sqrt(1 - pow(o->beta2, t))),
    };
    s->kernels->adam(&step, n, grads + at, s->memory + at,
                     s->memory + s->net->pack_params + at, params + at);
}
