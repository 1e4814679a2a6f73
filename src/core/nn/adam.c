/* SPDX-License-Identifier: MIT
 *
 * Adam, also for AdamW; the scalars of a step in double. Layer: core/nn.
 */
#include <math.h>

#include "core/nn/optimizer.h"

void chl_adam_update(const chl_optimizer *o, const chl_kernels *kernels, double lr,
                     int64_t t, int64_t n, const chl_real *g, chl_real *memory,
                     chl_real *p)
{
    chl_adam_step step = {
        .beta1 = (chl_real)o->beta1,
        .beta2 = (chl_real)o->beta2,
        .eps = (chl_real)o->eps,
        .rest1 = (chl_real)(1 - o->beta1),
        .rest2 = (chl_real)(1 - o->beta2),
        .step = (chl_real)(lr / (1 - pow(o->beta1, (double)t))),
        .scale = (chl_real)(1 / sqrt(1 - pow(o->beta2, (double)t))),
    };
    kernels->adam(&step, n, g, memory, memory + n, p);
}
