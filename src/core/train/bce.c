/* SPDX-License-Identifier: MIT
 *
 * Binary cross-entropy from logits: max(z, 0) - z·t + log(1 + exp(-|z|)); its gradient is
 * sigmoid(z) - t. Layer: core/train.
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
    return width == 1 && activation == CHL_SIGMOID;
}

static int classes(int width)
{
    (void)width;
    return 2;
}

static double row(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g)
{
    (void)width;
    double logit = (double)z[0];
    double target = y[0] * (1 - loss->label_smoothing) + loss->label_smoothing / 2;
    double e = exp(-fabs(logit));
    if (g) {
        double p = logit >= 0 ? 1 / (1 + e) : e / (1 + e);
        g[0] = (chl_real)(factor * (p - target));
    }
    return fmax(logit, 0) - logit * target + log1p(e);
}

const chl_loss_class chl_bce_class = {.name = "bce",
                                      .options = options,
                                      .head = "1 unit with sigmoid",
                                      .fits = fits,
                                      .classes = classes,
                                      .row = row};
