/* SPDX-License-Identifier: MIT
 *
 * Platt scaling by Newton's method with backtracking: Lin, Lin, Weng, "A note on Platt's
 * probabilistic outputs for support vector machines", Machine Learning 68 (2007). The
 * temperature of Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks"
 * (ICML 2017), is the same curve without its constant.
 */
#include <math.h>
#include <stdbool.h>

#include "core/base/alloc.h"
#include "core/base/logit.h"
#include "core/metrics/calibrators.h"

enum { STEPS_MAX = 100, HALVINGS_MAX = 40 };

typedef struct problem {
    const double *y;
    const double *logits; /* [n] */
    int64_t n;
    double high, low; /* smoothed targets */
    bool slope_only;  /* b stays 0 */
} problem;

/* Cross entropy without the exponent ever overflowing. */
static double objective(const problem *q, double a, double b)
{
    double sum = 0;
    for (int64_t i = 0; i < q->n; i++) {
        double z = a * q->logits[i] + b;
        double target = q->y[i] != 0 ? q->high : q->low;
        sum += log1p(exp(-fabs(z))) + (z >= 0 ? (1 - target) * z : -target * z);
    }
    return sum;
}

typedef struct slope {
    double ga, gb;        /* gradient */
    double haa, hab, hbb; /* Hessian */
} slope;

static slope derivatives(const problem *q, double a, double b)
{
    slope s = {0};
    for (int64_t i = 0; i < q->n; i++) {
        double l = q->logits[i];
        double p = chl_sigmoid(a * l + b);
        double gap = p - (q->y[i] != 0 ? q->high : q->low);
        double weight = p * (1 - p);
        s.ga += l * gap;
        s.gb += gap;
        s.haa += l * l * weight;
        s.hab += l * weight;
        s.hbb += weight;
    }
    return s;
}

/* Newton's step; the ridge keeps it finite when all p are equal. */
static void newton_step(const problem *q, const slope *s, double *da, double *db)
{
    double ridge = 1e-12 * (s->haa + s->hbb) + 1e-300;
    if (q->slope_only) {
        *da = -s->ga / (s->haa + ridge);
        *db = 0;
        return;
    }
    double haa = s->haa + ridge, hbb = s->hbb + ridge;
    double determinant = haa * hbb - s->hab * s->hab;
    *da = -(hbb * s->ga - s->hab * s->gb) / determinant;
    *db = -(haa * s->gb - s->hab * s->ga) / determinant;
}

/* Goes along the step as far as the objective falls; false when it is at its rounding. */
static bool search(const problem *q, const slope *s, chl_platt *at, double *value)
{
    double da, db, share = 1;
    newton_step(q, s, &da, &db);
    double descent = s->ga * da + s->gb * db; /* negative: twice the gain to expect */
    if (!(descent < -1e-14 * *value)) {
        return false;
    }
    for (int i = 0; i < HALVINGS_MAX; i++, share /= 2) {
        double a = at->a + share * da, b = at->b + share * db;
        double next = objective(q, a, b);
        if (next < *value + 1e-4 * share * descent) {
            *at = (chl_platt){a, b};
            *value = next;
            return true;
        }
    }
    return false;
}

/* Close to the optimum the objective's rounding hides the last digits: two plain steps.
 */
static void polish(const problem *q, chl_platt *at)
{
    for (int i = 0; i < 2; i++) {
        slope s = derivatives(q, at->a, at->b);
        double da, db;
        newton_step(q, &s, &da, &db);
        if (fabs(da) + fabs(db) < 1e-5) {
            *at = (chl_platt){at->a + da, at->b + db};
        }
    }
}

static chl_status fit(const double *y, const double *p, int64_t n, bool slope_only,
                      chl_platt *out, chl_error *err)
{
    *out = (chl_platt){0};
    double *logits = chl_alloc((size_t)n, sizeof *logits);
    if (!logits) {
        return chl_fail_memory(err);
    }
    double positives = 0;
    for (int64_t i = 0; i < n; i++) {
        logits[i] = chl_logit(p[i]);
        positives += y[i];
    }
    double negatives = (double)n - positives;
    problem q = {.y = y,
                 .logits = logits,
                 .n = n,
                 .high = (positives + 1) / (positives + 2),
                 .low = 1 / (negatives + 2),
                 .slope_only = slope_only};
    chl_platt at = {0, slope_only ? 0 : log((positives + 1) / (negatives + 1))};
    double value = objective(&q, at.a, at.b);
    bool more = true;
    for (int step = 0; more && step < STEPS_MAX; step++) {
        slope s = derivatives(&q, at.a, at.b);
        more = search(&q, &s, &at, &value);
    }
    polish(&q, &at);
    chl_free(logits);
    if (!isfinite(at.a) || !isfinite(at.b)) {
        return chl_fail(err, CHL_ENUMERIC, "calibration: platt: the solver diverged");
    }
    *out = at;
    return CHL_OK;
}

chl_status chl_platt_fit(const double *y, const double *p, int64_t n, chl_platt *out,
                         chl_error *err)
{
    return fit(y, p, n, false, out, err);
}

chl_status chl_temperature_fit(const double *y, const double *p, int64_t n,
                               chl_platt *out, chl_error *err)
{
    CHL_TRY(fit(y, p, n, true, out, err));
    out->a = fmax(out->a, 1e-6); /* a ranking that is worse than none is not turned */
    return CHL_OK;
}

double chl_platt_apply(const chl_platt *platt, double p)
{
    double answer = chl_sigmoid(platt->a * chl_logit(p) + platt->b);
    return fmin(fmax(answer, 0x1p-52), 1 - 0x1p-52);
}
