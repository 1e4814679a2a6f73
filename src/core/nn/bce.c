/* SPDX-License-Identifier: MIT
 *
 * Binary cross-entropy from logits: max(z, 0) - z·t + log(1 + exp(-|z|)); its gradient is
 * sigmoid(z) - t. Layer: core/nn.
 */
#include <math.h>
#include <string.h>

#include "core/nn/loss.h"

double chl_bce_batch(double smoothing, int64_t rows, int64_t ld, const chl_real *z,
                     const double *y, const double *w, double scale, chl_real *g)
{
    double sum = 0;
    if (g) {
        memset(g, 0, (size_t)(rows * ld) * sizeof *g);
    }
    for (int64_t i = 0; i < rows; i++) {
        double logit = (double)z[i * ld];
        double target = y[i] * (1 - smoothing) + smoothing / 2;
        double weight = w ? w[i] : 1;
        double e = exp(-fabs(logit));
        sum += weight * (fmax(logit, 0) - logit * target + log1p(e));
        if (g) {
            double p = logit >= 0 ? 1 / (1 + e) : e / (1 + e);
            g[i * ld] = (chl_real)(weight * scale * (p - target));
        }
    }
    return sum;
}
