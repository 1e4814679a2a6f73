/* SPDX-License-Identifier: MIT
 *
 * Mean squared error of one or several numbers: mean over the outputs of (z - y)², as in
 * PyTorch and Keras. Layer: core/train.
 */
#include <math.h>
#include <stdio.h>

#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {CHL_LOSS_COMMON, {0}};

static bool fits(int width, int activation)
{
    (void)width;
    return activation != CHL_SIGMOID && activation != CHL_SOFTMAX;
}

static int labels(int width)
{
    return width;
}

static bool accepts(int width, const double *y, char expected[CHL_LOSS_TEXT])
{
    for (int k = 0; k < width; k++) {
        if (!isfinite((chl_real)y[k])) {
            snprintf(expected, CHL_LOSS_TEXT, "a finite number");
            return false;
        }
    }
    return true;
}

static double row(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g)
{
    (void)loss;
    double sum = 0;
    for (int k = 0; k < width; k++) {
        double d = (double)z[k] - y[k];
        sum += d * d;
        if (g) {
            g[k] = (chl_real)(factor * 2 * d / width);
        }
    }
    return sum / width;
}

const chl_loss_class chl_mse_class = {.name = "mse",
                                      .options = options,
                                      .head = "units without sigmoid or softmax",
                                      .fits = fits,
                                      .labels = labels,
                                      .accepts = accepts,
                                      .row = row};
