/* SPDX-License-Identifier: MIT
 *
 * Optimizer steps: on mini-batches, or on all rows for L-BFGS. Layer: core/train.
 */
#include <math.h>
#include <string.h>

#include "core/train/lbfgs.h"
#include "core/train/trainer.h"

/* Adds a head's loss times its weight and `share` to *sum: the sum over the batch's rows,
 * the mean over a row's copies. */
static chl_status head_loss(const chl_trainer *t, int h, double share, const double *y,
                            const double *w, chl_real *g, double *sum, chl_error *err)
{
    const chl_head_loss *head = &t->options->losses.heads[h];
    int64_t rows = t->pass.rows * head->copies;
    double weight = head->loss.weight * share, value;
    chl_loss_batch batch = {.rows = rows,
                            .width = head->width,
                            .ld = chl_padded(head->width),
                            .z = chl_pass_logits(&t->pass, h),
                            .y = y,
                            .w = w,
                            .scale = weight / (double)rows,
                            .g = g};
    if (t->steps == 0 && t->member == 0) {
        CHL_TRY(chl_loss_check_gradient(&head->loss, &batch, err));
    }
    CHL_TRY(chl_loss_evaluate(&head->loss, &batch, &value, err));
    *sum += weight * value / head->copies;
    return CHL_OK;
}

/* The partners' part of a mixed batch. */
static chl_status other_loss(chl_trainer *t, int h, chl_real *g, double *sum,
                             chl_error *err)
{
    const chl_head_loss *head = &t->options->losses.heads[h];
    int64_t n = t->pass.rows * head->copies * chl_padded(head->width);
    CHL_TRY(
        head_loss(t, h, 1 - t->share, t->other_y[h], t->other_w[h], t->spare, sum, err));
    t->pass.kernels->add_scaled(n, 1, t->spare, g);
    return CHL_OK;
}

static chl_status loss_and_gradient(chl_trainer *t, double *sum, chl_error *err)
{
    *sum = 0;
    for (int h = 0; h < t->options->losses.count; h++) {
        chl_real *g = chl_pass_logit_gradient(&t->pass, h);
        CHL_TRY(head_loss(t, h, t->share, t->y[h], t->w[h], g, sum, err));
        if (t->share < 1) {
            CHL_TRY(other_loss(t, h, g, sum, err));
        }
    }
    return CHL_OK;
}

static void clip(chl_trainer *t, double norm)
{
    if (t->options->clip_norm <= 0 || norm <= t->options->clip_norm) {
        return;
    }
    chl_real factor = (chl_real)(t->options->clip_norm / (norm + 1e-6));
    for (int64_t i = 0; i < t->net->pack_params; i++) {
        t->pass.grads[i] *= factor;
    }
}

double chl_trainer_rate(const chl_trainer *t)
{
    return t->lr * chl_schedules_factor(&t->schedules, t->steps, t->planned);
}

/* Loss and gradient of `rows` rows; the loss is the sum, without penalties. */
static chl_status backward(chl_trainer *t, int epoch, int64_t from, int64_t rows,
                           double *sum, chl_error *err)
{
    int64_t batch = from / t->pass.batch;
    CHL_TRY(chl_control_check(t->job->control, "train", err));
    if (atomic_load(t->job->abort)) {
        return chl_fail(err, CHL_ECANCELLED, "train: stopped");
    }
    chl_trainer_gather(t, from, rows);
    t->pass.check = t->steps == 0 && t->member == 0;
    chl_pass_forward(&t->pass);
    CHL_TRY(chl_pass_status(&t->pass, err));
    CHL_TRY(loss_and_gradient(t, sum, err));
    CHL_TRY(chl_trainer_check(t, CHL_GUARD_LOSS, *sum, epoch, batch, err));
    chl_pass_backward(&t->pass);
    return chl_pass_status(&t->pass, err);
}

static chl_status check_gradient(chl_trainer *t, int epoch, int64_t from, double *norm,
                                 chl_error *err)
{
    int64_t n = t->net->pack_params;
    *norm = sqrt((double)t->pass.kernels->square_sum(n, t->pass.grads));
    return chl_trainer_check(t, CHL_GUARD_GRADIENT, *norm, epoch, from / t->pass.batch,
                             err);
}

/* One optimizer step; adds the rows' loss to *loss. */
static chl_status step(chl_trainer *t, int epoch, int64_t from, int64_t rows,
                       double *loss, chl_error *err)
{
    double sum, norm;
    CHL_TRY(backward(t, epoch, from, rows, &sum, err));
    CHL_TRY(check_gradient(t, epoch, from, &norm, err));
    clip(t, norm);
    chl_optimizer_step(&t->optimizer, chl_trainer_rate(t), t->pass.grads,
                       t->pass.packed.params);
    chl_max_norm(t->net, t->pass.packed.params);
    chl_average_update(&t->average, t->net, &t->pass.packed, ++t->steps);
    *loss += sum + t->pass.penalty * (double)rows;
    return CHL_OK;
}

static int64_t block_at(const chl_trainer *t, int64_t from)
{
    int64_t left = t->job->train.n - from;
    return left < t->pass.batch ? left : t->pass.batch;
}

static bool out_of_time(const chl_trainer *t)
{
    return isfinite(t->deadline) && chl_seconds() >= t->deadline;
}

chl_status chl_trainer_steps(chl_trainer *t, chl_epoch *record, bool *stop,
                             chl_error *err)
{
    int64_t n = t->job->train.n, seen = 0;
    double loss = 0;
    while (seen < n && !*stop) {
        int64_t rows = block_at(t, seen);
        CHL_TRY(step(t, record->epoch, seen, rows, &loss, err));
        seen += rows;
        *stop = out_of_time(t);
    }
    record->loss = loss / (double)seen;
    t->job->series[t->member].stopped = *stop ? CHL_STOP_TIME : CHL_STOP_EPOCHS;
    return CHL_OK;
}

/* ---- all rows ---- */

typedef struct whole {
    chl_trainer *t;
    int epoch;
} whole;

/* A chl_objective_fn: the mean loss with penalties, block after block. */
static chl_status evaluate(void *ctx, const chl_real *params, double *loss,
                           chl_real *grads, chl_error *err)
{
    const whole *w = ctx;
    chl_trainer *t = w->t;
    int64_t n = t->job->train.n, numbers = t->net->pack_params;
    memcpy(t->pass.packed.params, params, (size_t)numbers * sizeof *params);
    memset(grads, 0, (size_t)numbers * sizeof *grads);
    double norm;
    *loss = 0;
    chl_trainer_begin_epoch(t, 1); /* the same draws at each evaluation */
    for (int64_t from = 0; from < n; from += t->pass.batch) {
        int64_t rows = block_at(t, from);
        double sum, share = (double)rows / (double)n;
        CHL_TRY(backward(t, w->epoch, from, rows, &sum, err));
        CHL_TRY(check_gradient(t, w->epoch, from, &norm, err));
        t->pass.kernels->add_scaled(numbers, (chl_real)share, t->pass.grads, grads);
        *loss += sum / (double)n;
    }
    *loss += t->pass.penalty;
    return CHL_OK;
}

chl_status chl_trainer_descend(chl_trainer *t, chl_epoch *record, bool *stop,
                               chl_error *err)
{
    whole w = {t, record->epoch};
    chl_objective f = {evaluate, &w};
    CHL_TRY(chl_lbfgs_step(&t->optimizer, chl_trainer_rate(t), &f, t->pass.packed.params,
                           &record->loss, stop, err));
    chl_average_update(&t->average, t->net, &t->pass.packed, ++t->steps);
    chl_series *series = &t->job->series[t->member];
    series->stopped = *stop            ? CHL_STOP_CONVERGED
                      : out_of_time(t) ? CHL_STOP_TIME
                                       : CHL_STOP_EPOCHS;
    *stop = series->stopped != CHL_STOP_EPOCHS;
    return CHL_OK;
}
