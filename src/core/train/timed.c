/* SPDX-License-Identifier: MIT
 *
 * Learning rate schedules that act at each optimizer step; formulas and sources in
 * monitor.h. Layer: core/train.
 */
#include <math.h>

#include "core/train/monitor.h"

static const double PI = 3.14159265358979323846;

/* From 1 at t = 0 to 0 at t = 1. */
static double half_cosine(double t)
{
    return (1 + cos(PI * t)) / 2;
}

static double one_cycle(const chl_schedule *s, double i, double total)
{
    double top = s->share * total - 1, last = total - 1;
    if (i <= top) {
        return 1 + (s->start - 1) * half_cosine(i / top);
    }
    return s->finish + (1 - s->finish) * half_cosine((i - top) / (last - top));
}

static double factor_of(const chl_schedule *s, double i, double total)
{
    double t = i / total;
    switch (s->type) {
    case CHL_WARM_UP: return fmin(1, (i + 1) / fmax(1, s->share * total));
    case CHL_COSINE: return s->lowest + (1 - s->lowest) * half_cosine(t);
    case CHL_ONE_CYCLE: return one_cycle(s, i, total);
    case CHL_COSLOG4: return half_cosine(1 + 2 * log2(1 + 15 * t));
    case CHL_FLAT_COS: return t <= 0.5 ? 1 : half_cosine(2 * t - 1);
    default: return 1;
    }
}

double chl_schedules_factor(const chl_schedules *s, int64_t i, int64_t total)
{
    double factor = 1;
    for (int k = 0; k < s->count; k++) {
        factor *= factor_of(&s->list[k], (double)i, (double)total);
    }
    return factor;
}
