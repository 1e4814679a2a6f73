/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of classes from logits: log(sum exp z) - sum t·z; its gradient is
 * softmax(z) - t. Layer: core/nn.
 */
#include <math.h>
#include <string.h>

#include "core/nn/loss.h"

/* The loss of one row; with g its gradient times `factor`. */
static double one_row(const chl_real *z, int64_t classes, int64_t label, double smoothing,
                      double factor, chl_real *g)
{
    double highest = (double)z[0], sum = 0, all = 0;
    for (int64_t k = 0; k < classes; k++) {
        highest = fmax(highest, (double)z[k]);
        all += (double)z[k];
    }
    for (int64_t k = 0; k < classes; k++) {
        sum += exp((double)z[k] - highest);
    }
    double share = smoothing / (double)classes;
    for (int64_t k = 0; g && k < classes; k++) {
        double target = share + (k == label ? 1 - smoothing : 0);
        g[k] = (chl_real)(factor * (exp((double)z[k] - highest) / sum - target));
    }
    return highest + log(sum) - (1 - smoothing) * (double)z[label] - share * all;
}

double chl_cross_entropy_batch(double smoothing, int64_t classes, int64_t rows,
                               int64_t ld, const chl_real *z, const double *y,
                               const double *w, double scale, chl_real *g)
{
    double sum = 0;
    if (g) {
        memset(g, 0, (size_t)(rows * ld) * sizeof *g);
    }
    for (int64_t i = 0; i < rows; i++) {
        double weight = w ? w[i] : 1;
        sum += weight * one_row(z + i * ld, classes, (int64_t)y[i], smoothing,
                                weight * scale, g ? g + i * ld : NULL);
    }
    return sum;
}
