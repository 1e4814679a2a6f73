/* SPDX-License-Identifier: MIT
 *
 * Hinge loss of two classes: max(0, 1 - s·z) with s = 1 for label 1 and -1 for 0, or its
 * square (Rosasco et al. 2004). Layer: core/train.
 *
 * It wants margins, not probabilities: a sigmoid after it only orders the rows, until the
 * model is calibrated (Platt 1999).
 */
#include <math.h>

#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {CHL_LOSS_COMMON,
                                     CHL_LOSS_OPTION(class_weight, CHL_OPT_JSON, 0, 0),
                                     CHL_LOSS_OPTION(squared, CHL_OPT_BOOL, 0, 0),
                                     {0}};

static bool fits(int width, int activation)
{
    return width == 1 && (activation == CHL_LINEAR || activation == CHL_SIGMOID);
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
    double sign = 2 * y[0] - 1, gap = fmax(0, 1 - sign * (double)z[0]);
    if (g) {
        double slope = gap > 0 ? loss->squared ? 2 * gap : 1 : 0;
        g[0] = (chl_real)(-factor * sign * slope);
    }
    return loss->squared ? gap * gap : gap;
}

const chl_loss_class chl_hinge_class = {.name = "hinge",
                                        .options = options,
                                        .head = "1 unit, linear or with sigmoid",
                                        .fits = fits,
                                        .classes = classes,
                                        .row = row};
