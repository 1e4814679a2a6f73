/* SPDX-License-Identifier: MIT
 *
 * Between probabilities and log odds. Layer: core/base. Probabilities are cut at 2^-52
 * from both ends, log odds of about ±36, so that both stay finite.
 */
#ifndef CHL_BASE_LOGIT_H
#define CHL_BASE_LOGIT_H

#include <math.h>

static inline double chl_logit(double p)
{
    double clipped = fmin(fmax(p, 0x1p-52), 1 - 0x1p-52);
    return log(clipped) - log1p(-clipped);
}

static inline double chl_sigmoid(double z)
{
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

#endif
