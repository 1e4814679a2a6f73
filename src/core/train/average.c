/* SPDX-License-Identifier: MIT */
#include "core/train/average.h"

#include <string.h>

chl_status chl_average_init(chl_average *average, const chl_net *net, double decay,
                            chl_error *err)
{
    *average = (chl_average){.decay = decay};
    return decay > 0 ? chl_packed_init(&average->numbers, net, err) : CHL_OK;
}

void chl_average_reset(chl_average *average)
{
    if (average->decay > 0) {
        chl_packed_reset(&average->numbers);
    }
}

void chl_average_update(chl_average *average, const chl_net *net, const chl_packed *now,
                        int64_t t)
{
    if (average->decay <= 0) {
        return;
    }
    double warm = (1 + (double)t) / (10 + (double)t);
    chl_real rest = (chl_real)(1 - (warm < average->decay ? warm : average->decay));
    chl_real *a = average->numbers.params;
    const chl_real *p = now->params;
    if (t == 1) {
        memcpy(a, p, (size_t)net->pack_params * sizeof *a);
    }
    for (int64_t i = 0; i < net->pack_params; i++) {
        a[i] += rest * (p[i] - a[i]);
    }
}

const chl_packed *chl_average_of(const chl_average *average, const chl_net *net,
                                 const chl_packed *now)
{
    if (average->decay <= 0) {
        return now;
    }
    memcpy(average->numbers.state, now->state,
           (size_t)net->pack_state * sizeof *now->state);
    return &average->numbers;
}
