/* SPDX-License-Identifier: MIT
 *
 * Discrete-time hazard (Gensheimer & Narasimhan 2019, "A scalable discrete-time survival
 * model for neural networks"): unit j is the logit of h_j, the probability of the event
 * in period j of a row that had none before. Layer: core/train.
 *
 * A label is (period, event). Event 1: it came in that period, 1 … T; the row is at risk
 * until then. Event 0: censored after so many whole periods, 0 … T; the row survived
 * those. The loss is -sum of log(1 - h_j) over the periods survived, and -log h of the
 * event's.
 */
#include <math.h>
#include <stdio.h>

#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {CHL_LOSS_COMMON, {0}};

static bool fits(int width, int activation)
{
    (void)width;
    return activation == CHL_SIGMOID;
}

static int labels(int width)
{
    (void)width;
    return 2;
}

static bool accepts(int width, const double *y, char expected[CHL_LOSS_TEXT])
{
    bool flag = y[1] == 0 || y[1] == 1;
    if (flag && y[0] == floor(y[0]) && y[0] >= y[1] && y[0] <= width) {
        return true;
    }
    snprintf(expected, CHL_LOSS_TEXT,
             flag ? "a whole number of periods from %d to %d"
                  : "a period and an event that is 0 or 1",
             (int)y[1], width);
    return false;
}

static double row(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g)
{
    (void)loss;
    int period = (int)y[0];
    double sum = 0;
    for (int j = 0; j < period; j++) {
        double logit = (double)z[j], target = j == period - 1 ? y[1] : 0;
        double e = exp(-fabs(logit));
        sum += fmax(logit, 0) - logit * target + log1p(e);
        if (g) {
            double h = logit >= 0 ? 1 / (1 + e) : e / (1 + e);
            g[j] = (chl_real)(factor * (h - target));
        }
    }
    for (int j = period; g && j < width; j++) {
        g[j] = 0;
    }
    return sum;
}

void chl_hazard_survival(const double *h, int periods, double *s)
{
    double alive = 1;
    for (int j = 0; j < periods; j++) {
        alive *= 1 - h[j];
        s[j] = alive;
    }
}

const chl_loss_class chl_hazard_class = {.name = "hazard",
                                         .options = options,
                                         .head = "a unit a period with sigmoid",
                                         .fits = fits,
                                         .labels = labels,
                                         .accepts = accepts,
                                         .row = row};
