/* SPDX-License-Identifier: MIT
 *
 * What training does to the inputs of a mini-batch, each draw from (seed, purpose, net,
 * epoch). Layer: core/train.
 *
 *   swap_noise  each value comes with that probability from another row of the training
 *               set (Vincent et al. 2010; Jahrer 2018); inputs of one group swap together
 *   mixup       x = s·x_i + (1 - s)·x_j for a random partner j in the batch, s ~
 *               Beta(alpha, alpha) for the batch; the loss is s·loss(y_i) + (1 -
 *               s)·loss(y_j) (Zhang, Cisse, Dauphin, Lopez-Paz 2018)
 *   noise       + N(0, noise²) on every input
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/train/trainer.h"

/* ---- groups of inputs ---- */

chl_status chl_input_groups_init(chl_input_groups *g, const int32_t *group, int inputs,
                                 chl_error *err)
{
    *g = (chl_input_groups){.columns = chl_alloc((size_t)inputs, sizeof *g->columns),
                            .ends = chl_alloc((size_t)inputs, sizeof *g->ends)};
    if (!g->columns || !g->ends) {
        chl_input_groups_reset(g);
        return chl_fail_memory(err);
    }
    int n = 0;
    for (int j = 0; j < inputs; j++) {
        int before = 0; /* a group begins at its first column */
        while (group && before < j && group[before] != group[j]) {
            before++;
        }
        if (group && before < j) {
            continue;
        }
        for (int k = j; k < inputs; k++) {
            if (k == j || (group && group[k] == group[j])) {
                g->columns[n++] = k;
            }
        }
        g->ends[g->count++] = n;
    }
    return CHL_OK;
}

void chl_input_groups_reset(chl_input_groups *g)
{
    chl_free(g->columns);
    chl_free(g->ends);
    *g = (chl_input_groups){0};
}

/* ---- draws ---- */

/* Marsaglia & Tsang 2000, for shapes from 1 on. */
static double draw_gamma(chl_rng *rng, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = chl_rng_normal(rng), v = 1 + c * x;
        v = v * v * v;
        double u = chl_rng_uniform(rng);
        if (v > 0 && log(1 - u) < 0.5 * x * x + d * (1 - v + log(v))) {
            return d * v;
        }
    }
}

/* Beta(a, a); smaller shapes through that of a + 1, in logarithms that cannot vanish. */
static double draw_share(chl_rng *rng, double a)
{
    double first = log(draw_gamma(rng, a + 1)) + log(1 - chl_rng_uniform(rng)) / a;
    double second = log(draw_gamma(rng, a + 1)) + log(1 - chl_rng_uniform(rng)) / a;
    return 1 / (1 + exp(second - first));
}

void chl_trainer_begin_draws(chl_trainer *t, int epoch)
{
    uint64_t index = (uint64_t)t->number << 32 | (uint32_t)epoch;
    chl_rng_init(&t->noise, (uint64_t)t->options->seed, CHL_RNG_NOISE, index);
    chl_rng_init(&t->mixing, (uint64_t)t->options->seed, CHL_RNG_MIXUP, index);
}

/* ---- the batch ---- */

static void swap(chl_trainer *t)
{
    const chl_input_groups *g = &t->job->groups;
    const chl_rows *set = &t->job->train;
    int64_t ld = chl_padded(t->net->inputs);
    for (int64_t i = 0; i < t->pass.rows; i++) {
        chl_real *x = t->pass.input + i * ld;
        for (int k = 0, at = 0; k < g->count; at = g->ends[k++]) {
            if (chl_rng_uniform(&t->noise) >= t->options->swap_noise) {
                continue;
            }
            const chl_real *other =
                set->x + (int64_t)chl_rng_below(&t->noise, (uint64_t)set->n) * ld;
            for (int c = at; c < g->ends[k]; c++) {
                x[g->columns[c]] = other[g->columns[c]];
            }
        }
    }
}

static void add_noise(chl_trainer *t)
{
    int64_t ld = chl_padded(t->net->inputs);
    for (int64_t i = 0; i < t->pass.rows; i++) {
        for (int j = 0; j < t->net->inputs; j++) {
            double draw = t->options->noise * chl_rng_normal(&t->noise);
            t->pass.input[i * ld + j] += (chl_real)draw;
        }
    }
}

/* Partners are a permutation of the batch. */
static void mix(chl_trainer *t, int64_t from)
{
    int64_t rows = t->pass.rows, ld = chl_padded(t->net->inputs);
    t->share = draw_share(&t->mixing, t->options->mixup);
    for (int64_t i = 0; i < rows; i++) {
        t->partner[i] = i;
    }
    chl_rng_shuffle(&t->mixing, t->partner, (size_t)rows);
    memcpy(t->spare, t->pass.input, (size_t)(rows * ld) * sizeof *t->spare);
    chl_real own = (chl_real)t->share, other = (chl_real)(1 - t->share);
    for (int64_t i = 0; i < rows; i++) {
        chl_real *x = t->pass.input + i * ld;
        const chl_real *y = t->spare + t->partner[i] * ld;
        for (int64_t j = 0; j < ld; j++) {
            x[j] = own * x[j] + other * y[j];
        }
        t->partner[i] = t->order[from + t->partner[i]];
    }
}

void chl_trainer_augment(chl_trainer *t, int64_t from)
{
    t->share = 1;
    if (t->options->swap_noise > 0) {
        swap(t);
    }
    if (t->options->mixup > 0) {
        mix(t, from);
    }
    if (t->options->noise > 0) {
        add_noise(t);
    }
}
