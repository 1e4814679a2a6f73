/* SPDX-License-Identifier: MIT */
#include "core/metrics/blend.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/metrics/ranking.h"

/* A selection at work. */
typedef struct selection {
    const double *y, *p;
    int models;
    int64_t n;
    double *sum;   /* [n]: probabilities that joined, added up */
    int64_t *join; /* [models]: how often each did */
} selection;

/* Log loss of (sum + p_m) / rounds; probabilities are cut as in chl_scores_compute. */
static double loss_with(const selection *s, int m, int rounds)
{
    const double *p = s->p + (int64_t)m * s->n;
    double total = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double q = (s->sum[i] + p[i]) / rounds;
        double right = s->y[i] != 0 ? q : 1 - q;
        total -= log(fmax(right, 0x1p-52));
    }
    return total / (double)s->n;
}

static void join_model(selection *s, int m)
{
    const double *p = s->p + (int64_t)m * s->n;
    for (int64_t i = 0; i < s->n; i++) {
        s->sum[i] += p[i];
    }
    s->join[m]++;
}

static chl_status select_models(selection *s, int rounds, const chl_control *control,
                                double *weights, double *loss, chl_error *err)
{
    double best = INFINITY;
    for (int round = 1; round <= rounds; round++) {
        int chosen = 0;
        double least = INFINITY;
        CHL_TRY(chl_control_check(control, "blend", err));
        for (int m = 0; m < s->models; m++) {
            double with = loss_with(s, m, round);
            if (with < least) {
                least = with;
                chosen = m;
            }
        }
        join_model(s, chosen);
        if (least < best - 1e-12) {
            best = least;
            for (int m = 0; m < s->models; m++) {
                weights[m] = (double)s->join[m] / round;
            }
        }
    }
    if (loss) {
        *loss = best;
    }
    return CHL_OK;
}

static chl_status check(const double *y, const double *p, int models, int64_t n,
                        int rounds, chl_error *err)
{
    if (models < 1 || models > CHL_BLEND_MODELS_MAX) {
        return chl_fail(err, CHL_EINVAL, "blend: expected 1 to %d models, got %d",
                        (int)CHL_BLEND_MODELS_MAX, models);
    }
    if (rounds < 1 || rounds > CHL_BLEND_ROUNDS_MAX) {
        return chl_fail(err, CHL_EINVAL, "blend: rounds: expected 1 to %d, got %d",
                        (int)CHL_BLEND_ROUNDS_MAX, rounds);
    }
    CHL_TRY(chl_check_labels("blend", y, n, err));
    for (int m = 0; m < models; m++) {
        chl_status status = chl_check_probabilities("blend", p + (int64_t)m * n, n, err);
        if (status != CHL_OK) {
            return chl_error_prefix(err, "model %d", m + 1);
        }
    }
    return CHL_OK;
}

chl_status chl_blend_greedy(const double *y, const double *p, int models, int64_t n,
                            int rounds, const chl_control *control, double *weights,
                            double *loss, chl_error *err)
{
    CHL_TRY(check(y, p, models, n, rounds, err));
    selection s = {.y = y, .p = p, .models = models, .n = n};
    s.sum = chl_calloc((size_t)n, sizeof *s.sum);
    s.join = chl_calloc((size_t)models, sizeof *s.join);
    chl_status status = s.sum && s.join ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = select_models(&s, rounds, control, weights, loss, err);
    }
    chl_free(s.sum);
    chl_free(s.join);
    return status;
}
