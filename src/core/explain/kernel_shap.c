/* SPDX-License-Identifier: MIT
 *
 * Kernel SHAP on pairs. With a pair's row a_j = ±1 (player j in or out) and d = v(S) -
 * v(complement), the regression is
 *
 *     minimise  sum w (d - a'phi)²   subject to  sum(phi) = v(all) - v(none),
 *
 * because the sum of a pair's two residuals does not depend on phi. w is the kernel's
 * mass of the stratum over its drawn pairs. The solution is linear in the right side, so
 * each pair's residual times the inverse is its pull on phi; standard errors are those of
 * a stratified sample without replacement of these pulls.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cholesky.h"
#include "core/explain/coalitions.h"
#include "core/explain/methods.h"

enum { MAX = CHL_SHAPLEY_PLAYERS_MAX };

typedef struct normal_equations {
    int m;
    double gain;              /* v(all) - v(none) */
    double factor[MAX * MAX]; /* Cholesky factor of A = sum w a a' (+ the constraint) */
    double ones[MAX];         /* A⁻¹ 1 */
    double ones_sum;          /* 1'A⁻¹ 1 */
} normal_equations;

static double weight(const chl_stratum *s)
{
    return s->mass / (double)s->drawn;
}

static double sign(uint64_t half, int j)
{
    return half >> j & 1 ? 1 : -1;
}

/* ---- values ---- */

/* out[2k], out[2k + 1]: pair k and its complement; the last two: nobody and everybody. */
static chl_status evaluate(const chl_game *game, const chl_coalitions *c,
                           const chl_control *control, double **out, chl_error *err)
{
    size_t n = 2 * (size_t)c->drawn + 2;
    uint64_t all = (UINT64_C(1) << c->players) - 1;
    uint64_t *sets = chl_alloc(n, sizeof *sets);
    double *values = chl_alloc(n, sizeof *values);
    chl_status status = sets && values ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        for (int64_t k = 0; k < c->drawn; k++) {
            sets[2 * k] = c->halves[k];
            sets[2 * k + 1] = all ^ c->halves[k];
        }
        sets[n - 2] = 0;
        sets[n - 1] = all;
        status = chl_game_values(game, sets, (int64_t)n, control, values, err);
    }
    chl_free(sets);
    if (status != CHL_OK) {
        chl_free(values);
        values = NULL;
    }
    *out = values;
    return status;
}

/* ---- regression ---- */

/* x becomes the x that minimises under sum(x) = total, for the right side x. */
static void solve(const normal_equations *q, double total, double *x)
{
    chl_cholesky_solve(q->factor, q->m, x);
    double sum = 0;
    for (int j = 0; j < q->m; j++) {
        sum += x[j];
    }
    for (int j = 0; j < q->m; j++) {
        x[j] -= q->ones[j] * (sum - total) / q->ones_sum;
    }
}

/* Adding a multiple of 1·1' to A changes nothing under the constraint and keeps A well
 * away from singular. */
static void factorise(normal_equations *q, const chl_coalitions *c)
{
    int m = q->m;
    memset(q->factor, 0, sizeof q->factor);
    for (int i = 0; i < c->count; i++) {
        const chl_stratum *s = &c->strata[i];
        for (int64_t k = s->start; k < s->start + s->drawn; k++) {
            for (int j = 0; j < m; j++) {
                double share = weight(s) * sign(c->halves[k], j);
                for (int l = 0; l <= j; l++) {
                    q->factor[j * m + l] += share * sign(c->halves[k], l);
                }
            }
        }
    }
    double diagonal = q->factor[0];
    for (int j = 0; j < m; j++) {
        q->ones[j] = 1;
        for (int l = 0; l <= j; l++) {
            q->factor[j * m + l] += diagonal;
        }
    }
    chl_cholesky(q->factor, m);
    chl_cholesky_solve(q->factor, m, q->ones);
    q->ones_sum = 0;
    for (int j = 0; j < m; j++) {
        q->ones_sum += q->ones[j];
    }
}

static void fit(const normal_equations *q, const chl_coalitions *c, const double *values,
                double *phi)
{
    memset(phi, 0, (size_t)q->m * sizeof *phi);
    for (int i = 0; i < c->count; i++) {
        const chl_stratum *s = &c->strata[i];
        for (int64_t k = s->start; k < s->start + s->drawn; k++) {
            double share = weight(s) * (values[2 * k] - values[2 * k + 1]);
            for (int j = 0; j < q->m; j++) {
                phi[j] += share * sign(c->halves[k], j);
            }
        }
    }
    solve(q, q->gain, phi);
}

/* ---- standard errors ---- */

/* The pull of pair k on phi, were it the whole stratum. */
static void pull(const normal_equations *q, const chl_stratum *s, uint64_t half,
                 double difference, const double *phi, double *out)
{
    double residual = difference;
    for (int j = 0; j < q->m; j++) {
        residual -= sign(half, j) * phi[j];
    }
    for (int j = 0; j < q->m; j++) {
        out[j] = s->mass * residual * sign(half, j);
    }
    solve(q, 0, out);
}

/* Adds the stratum's part to the variance of each phi. */
static void add_variance(const normal_equations *q, const chl_coalitions *c,
                         const chl_stratum *s, const double *values, const double *phi,
                         double *variance)
{
    double mean[MAX] = {0}, square[MAX] = {0}, h[MAX];
    for (int64_t i = 0; i < s->drawn; i++) {
        int64_t k = s->start + i;
        pull(q, s, c->halves[k], values[2 * k] - values[2 * k + 1], phi, h);
        for (int j = 0; j < q->m; j++) { /* Welford */
            double gap = h[j] - mean[j];
            mean[j] += gap / (double)(i + 1);
            square[j] += gap * (h[j] - mean[j]);
        }
    }
    double n = (double)s->drawn, unseen = 1 - n / (double)s->pairs;
    for (int j = 0; j < q->m; j++) {
        variance[j] += unseen * square[j] / (n - 1) / n;
    }
}

/* Residuals of a fit with M - 1 free numbers are too small by that share. */
static void errors(const normal_equations *q, const chl_coalitions *c,
                   const double *values, const double *phi, double *out)
{
    double variance[MAX] = {0}, n = (double)c->drawn, free = n - q->m + 1;
    for (int i = 0; i < c->count; i++) {
        if ((uint64_t)c->strata[i].drawn < c->strata[i].pairs) {
            add_variance(q, c, &c->strata[i], values, phi, variance);
        }
    }
    for (int j = 0; j < q->m; j++) {
        out[j] = sqrt(variance[j] * n / (free > 1 ? free : 1));
    }
}

static void estimate(const chl_coalitions *c, const double *values, chl_shapley *out)
{
    normal_equations q = {.m = c->players};
    out->base = values[2 * c->drawn];
    out->total = values[2 * c->drawn + 1];
    q.gain = out->total - out->base;
    factorise(&q, c);
    fit(&q, c, values, out->phi);
    errors(&q, c, values, out->phi, out->error);
    out->evaluations = 2 * c->drawn + 2;
}

chl_status chl_shapley_sample(const chl_game *game, int64_t samples, uint64_t seed,
                              const chl_control *control, chl_shapley *out,
                              chl_error *err)
{
    chl_coalitions c;
    CHL_TRY(chl_coalitions_draw(game->players, samples, seed, &c, err));
    double *values;
    chl_status status = evaluate(game, &c, control, &values, err);
    if (status == CHL_OK) {
        estimate(&c, values, out);
    }
    chl_free(values);
    chl_coalitions_reset(&c);
    return status;
}
