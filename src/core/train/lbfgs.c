/* SPDX-License-Identifier: MIT
 *
 * L-BFGS: directions and stopping (lbfgs.h). Layer: core/train.
 *
 * memory: [last step][last gradient][`history` gradient changes][`history` steps]; pair i
 * of `pairs` lies in place i % history. scratch: [point][trial point][direction]
 * [4 gradients].
 */
#include "core/train/lbfgs.h"

#include <math.h>
#include <string.h>

static const double LEAST_CURVATURE = 1e-10; /* of a pair that is worth keeping */

typedef struct work {
    chl_optimizer_state *s;
    int64_t n;
    chl_real *last_step, *last_grads;
    chl_real *from, *direction, *grads;
    chl_search search;
} work;

static chl_real *change(const work *w, int64_t pair)
{
    return w->s->memory + (2 + pair % w->s->options->history) * w->n;
}

static chl_real *step_of(const work *w, int64_t pair)
{
    return change(w, pair) + w->s->options->history * w->n;
}

static void begin(work *w, chl_optimizer_state *s, const chl_objective *f)
{
    int64_t n = s->net->pack_params;
    chl_real *at = s->scratch;
    *w = (work){.s = s, .n = n, .last_step = s->memory, .last_grads = s->memory + n};
    w->from = at;
    w->direction = at + 2 * n;
    w->grads = at + 3 * n;
    w->search = (chl_search){.f = f,
                             .n = n,
                             .from = w->from,
                             .direction = w->direction,
                             .at = at + n,
                             .newest.grads = at + 6 * n};
    w->search.ends[0].grads = at + 4 * n;
    w->search.ends[1].grads = at + 5 * n;
}

/* Keeps what the last step taught of the curvature. */
static void remember(work *w)
{
    chl_real *y = change(w, w->s->pairs), *step = step_of(w, w->s->pairs);
    double product = 0;
    for (int64_t i = 0; i < w->n; i++) {
        chl_real d = w->grads[i] - w->last_grads[i];
        product += (double)d * (double)w->last_step[i];
    }
    if (product > LEAST_CURVATURE) {
        for (int64_t i = 0; i < w->n; i++) {
            y[i] = w->grads[i] - w->last_grads[i];
            step[i] = w->last_step[i];
        }
        w->s->pairs++;
    }
}

static void add_scaled(int64_t n, double factor, const chl_real *x, chl_real *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = (chl_real)((double)y[i] + factor * (double)x[i]);
    }
}

/* direction = - H · grads by the two loops over the pairs. */
static void find_direction(work *w)
{
    int64_t last = w->s->pairs, history = w->s->options->history, n = w->n;
    int64_t first = last > history ? last - history : 0;
    double alpha[CHL_LBFGS_HISTORY_MAX] = {0}, rho[CHL_LBFGS_HISTORY_MAX] = {0};
    chl_real *d = w->direction;
    for (int64_t i = 0; i < n; i++) {
        d[i] = -w->grads[i];
    }
    for (int64_t k = last - 1; k >= first; k--) {
        rho[k - first] = 1 / chl_real_dot(n, change(w, k), step_of(w, k));
        alpha[k - first] = chl_real_dot(n, step_of(w, k), d) * rho[k - first];
        add_scaled(n, -alpha[k - first], change(w, k), d);
    }
    if (last > 0) { /* without a pair H is 1 */
        const chl_real *y = change(w, last - 1);
        double scale = chl_real_dot(n, y, step_of(w, last - 1)) / chl_real_dot(n, y, y);
        for (int64_t i = 0; i < n; i++) {
            d[i] = (chl_real)(scale * (double)d[i]);
        }
    }
    for (int64_t k = first; k < last; k++) {
        double beta = chl_real_dot(n, change(w, k), d) * rho[k - first];
        add_scaled(n, alpha[k - first] - beta, step_of(w, k), d);
    }
}

/* The length to try first: a short step before anything is known. */
static double first_length(const work *w, double lr)
{
    double sum = 0;
    for (int64_t i = 0; i < w->n; i++) {
        sum += fabs((double)w->grads[i]);
    }
    return w->s->steps == 1 ? fmin(1, 1 / sum) * lr : lr;
}

/* One iteration: direction, search, move. *end when there is nothing left to gain. */
static chl_status iterate(work *w, double lr, double *loss, bool *end, chl_error *err)
{
    chl_search *search = &w->search;
    size_t bytes = (size_t)w->n * sizeof(chl_real);
    const chl_optimizer *o = w->s->options;
    if (++w->s->steps > 1) {
        remember(w);
    }
    find_direction(w);
    memcpy(w->last_grads, w->grads, bytes);
    double slope = chl_real_dot(w->n, w->grads, w->direction);
    *end = slope > -o->tolerance_change;
    if (*end) {
        return CHL_OK;
    }
    search->start = (chl_trial){.loss = *loss, .slope = slope, .grads = w->grads};
    int low;
    CHL_TRY(chl_search_run(search, first_length(w, lr), &low, err));
    const chl_trial *best = &search->ends[low];
    for (int64_t i = 0; i < w->n; i++) {
        w->last_step[i] = (chl_real)best->t * w->direction[i];
        w->from[i] += w->last_step[i];
    }
    *end = chl_real_largest(w->n, best->grads) <= o->tolerance_grad ||
           chl_real_largest(w->n, w->last_step) <= o->tolerance_change ||
           fabs(best->loss - *loss) < o->tolerance_change;
    *loss = best->loss;
    memcpy(w->grads, best->grads, bytes);
    return CHL_OK;
}

chl_status chl_lbfgs_step(chl_optimizer_state *s, double lr, const chl_objective *f,
                          chl_real *params, double *loss, bool *converged, chl_error *err)
{
    work w;
    begin(&w, s, f);
    int most = (int)(s->options->iterations * 5 / 4), evaluations = 1;
    memcpy(w.from, params, (size_t)w.n * sizeof *params);
    CHL_TRY(f->evaluate(f->ctx, w.from, loss, w.grads, err));
    bool end = chl_real_largest(w.n, w.grads) <= s->options->tolerance_grad;
    chl_status status = CHL_OK;
    int64_t i = 0;
    while (status == CHL_OK && !end && i < s->options->iterations && evaluations < most) {
        w.search.most = most - evaluations;
        w.search.evaluations = 0;
        status = iterate(&w, lr, loss, &end, err);
        evaluations += w.search.evaluations;
        i++;
    }
    *converged = end && i <= 1;
    memcpy(params, w.from, (size_t)w.n * sizeof *params);
    return status;
}
