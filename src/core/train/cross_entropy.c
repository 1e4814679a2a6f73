/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of classes from logits: log(sum exp z) - sum t·z; its gradient is
 * softmax(z) - t. Layer: core/train.
 */
#include <math.h>

#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {
    CHL_LOSS_COMMON,
    CHL_LOSS_OPTION(class_weight, CHL_OPT_JSON, 0, 0),
    CHL_LOSS_OPTION(label_smoothing, CHL_OPT_DOUBLE, 0, 0.999999),
    {0}};

static bool fits(int width, int activation)
{
    return width >= 2 && activation == CHL_SOFTMAX;
}

static int classes(int width)
{
    return width;
}

static double row(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g)
{
    double highest = (double)z[0], sum = 0, all = 0, smoothing = loss->label_smoothing;
    for (int k = 0; k < width; k++) {
        highest = fmax(highest, (double)z[k]);
        all += (double)z[k];
    }
    for (int k = 0; k < width; k++) {
        sum += exp((double)z[k] - highest);
    }
    double share = smoothing / width;
    int label = (int)y[0];
    for (int k = 0; g && k < width; k++) {
        double target = share + (k == label ? 1 - smoothing : 0);
        g[k] = (chl_real)(factor * (exp((double)z[k] - highest) / sum - target));
    }
    return highest + log(sum) - (1 - smoothing) * (double)z[label] - share * all;
}

const chl_loss_class chl_cross_entropy_class = {.name = "cross_entropy",
                                                .options = options,
                                                .head = "softmax over the classes",
                                                .fits = fits,
                                                .classes = classes,
                                                .row = row};
