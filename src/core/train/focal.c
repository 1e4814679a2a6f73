/* SPDX-License-Identifier: MIT
 *
 * Focal loss (Lin, Goyal, Girshick, He, Dollár 2017): -a · (1 - p)^gamma · log p, p the
 * probability of the row's class. With one unit a = alpha for label 1 and 1 - alpha for
 * 0; with softmax classes have class weights. Layer: core/train.
 *
 * With q = 1 - p, the derivative by log p is c = gamma · q^(gamma-1) · p · log p -
 * q^gamma; that of log p by a logit is (its label? 1 : 0) - its probability.
 */
#include <math.h>

#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {CHL_LOSS_COMMON,
                                     CHL_LOSS_OPTION(class_weight, CHL_OPT_JSON, 0, 0),
                                     CHL_LOSS_OPTION(gamma, CHL_OPT_DOUBLE, 0, 100),
                                     CHL_LOSS_OPTION(alpha, CHL_OPT_DOUBLE, 0, 1),
                                     {0}};

static bool fits(int width, int activation)
{
    return width == 1 ? activation == CHL_SIGMOID : activation == CHL_SOFTMAX;
}

static int classes(int width)
{
    return width == 1 ? 2 : width;
}

static chl_status check(const chl_loss *loss, int width, chl_error *err)
{
    return width == 1 || isnan(loss->alpha)
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "focal: option 'alpha': expected a head of 1 unit, got %d (use "
                          "'class_weight')",
                          width);
}

/* The loss of margin s = log(p / q) and its derivative by s. */
static double of_margin(double s, double gamma, double *slope)
{
    double e = exp(-fabs(s));
    double log_p = fmin(s, 0) - log1p(e);
    double p = s >= 0 ? 1 / (1 + e) : e / (1 + e);
    double q = s >= 0 ? e / (1 + e) : 1 / (1 + e);
    double power = pow(q, gamma);
    *slope = power * (gamma * p * log_p - q);
    return -power * log_p;
}

/* A label between 0 and 1 mixes the losses of both outcomes. */
static double binary_row(const chl_loss *loss, const chl_real *z, double y, double factor,
                         chl_real *g)
{
    double up, down, alpha = loss->alpha;
    double one = y * (isnan(alpha) ? 1 : alpha);
    double zero = (1 - y) * (isnan(alpha) ? 1 : 1 - alpha);
    double sum = one * of_margin((double)z[0], loss->gamma, &up) +
                 zero * of_margin(-(double)z[0], loss->gamma, &down);
    if (g) {
        g[0] = (chl_real)(factor * (one * up - zero * down));
    }
    return sum;
}

static double row(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g)
{
    if (width == 1) {
        return binary_row(loss, z, y[0], factor, g);
    }
    int label = (int)y[0];
    double highest = (double)z[0], others = 0;
    for (int k = 0; k < width; k++) {
        highest = fmax(highest, (double)z[k]);
    }
    for (int k = 0; k < width; k++) {
        others += k == label ? 0 : exp((double)z[k] - highest);
    }
    double own = (double)z[label] - highest, sum = others + exp(own);
    double q = others / sum, log_p = own - log(sum);
    double near = q < 0.5 ? log1p(-q) : log_p; /* keeps its digits next to 0 */
    double power = pow(q, loss->gamma);
    double ratio = q > 0 ? near / q : -1; /* log p / q */
    double c = power * (loss->gamma * (1 - q) * ratio - 1);
    for (int k = 0; g && k < width; k++) {
        double p = exp((double)z[k] - highest) / sum;
        g[k] = (chl_real)(factor * c * (k == label ? q : -p));
    }
    return -power * near;
}

const chl_loss_class chl_focal_class = {.name = "focal",
                                        .options = options,
                                        .head = "1 unit with sigmoid, or softmax over "
                                                "the classes",
                                        .fits = fits,
                                        .classes = classes,
                                        .check = check,
                                        .row = row};
