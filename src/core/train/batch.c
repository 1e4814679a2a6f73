/* SPDX-License-Identifier: MIT
 *
 * The rows of a mini-batch. Layer: core/train.
 */
#include <string.h>

#include "core/base/rng.h"
#include "core/train/trainer.h"

/* Unbiased draw in 0 … n-1 by multiply and shift (Lemire 2019), n < 2^32. */
static uint32_t draw_below(chl_rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)chl_rng_u32(rng) * n;
    if ((uint32_t)product < n) {
        uint32_t least = -n % n;
        while ((uint32_t)product < least) {
            product = (uint64_t)chl_rng_u32(rng) * n;
        }
    }
    return (uint32_t)(product >> 32);
}

static void shuffle(chl_trainer *t, int epoch)
{
    chl_rng rng;
    uint64_t index = (uint64_t)t->number << 32 | (uint32_t)epoch;
    chl_rng_init(&rng, (uint64_t)t->options->seed, CHL_RNG_SHUFFLE, index);
    for (int64_t i = 0; i < t->job->train.n; i++) {
        t->order[i] = i;
    }
    for (int64_t i = t->job->train.n; i > 1; i--) {
        int64_t j = draw_below(&rng, (uint32_t)i);
        int64_t held = t->order[i - 1];
        t->order[i - 1] = t->order[j];
        t->order[j] = held;
    }
}

void chl_trainer_begin_epoch(chl_trainer *t, int epoch)
{
    if (t->options->shuffle) {
        shuffle(t, epoch);
    }
    chl_pass_seed(&t->pass, (uint64_t)t->options->seed,
                  (uint64_t)t->number << 32 | (uint32_t)epoch);
    chl_trainer_begin_draws(t, epoch);
}

/* Labels and weights of so many rows, once for each of their copies. */
static void gather_targets(const chl_trainer *t, int h, const int64_t *order,
                           int64_t rows, double *y, double *w)
{
    const chl_head_loss *head = &t->options->losses.heads[h];
    const chl_target *target = &t->job->train.targets.heads[h];
    for (int64_t i = 0; i < rows; i++) {
        for (int c = 0; c < head->copies; c++) {
            for (int k = 0; k < head->labels; k++) {
                *y++ = target->y[order[i] * head->labels + k];
            }
            *w++ = target->w[order[i]];
        }
    }
}

void chl_trainer_gather(chl_trainer *t, int64_t from, int64_t rows)
{
    const chl_rows *set = &t->job->train;
    int64_t ld = chl_padded(t->net->inputs);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = t->order[from + i];
        memcpy(t->pass.input + i * ld, set->x + row * ld, (size_t)ld * sizeof *set->x);
    }
    t->pass.rows = rows;
    chl_trainer_augment(t, from);
    for (int h = 0; h < t->options->losses.count; h++) {
        gather_targets(t, h, t->order + from, rows, t->y[h], t->w[h]);
        if (t->share < 1) {
            gather_targets(t, h, t->partner, rows, t->other_y[h], t->other_w[h]);
        }
    }
}
