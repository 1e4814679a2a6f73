/* SPDX-License-Identifier: MIT
 *
 * The training loop of one net. Layer: core/nn.
 */
#include "core/nn/member.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/average.h"
#include "core/nn/evaluate.h"
#include "core/nn/pass.h"

typedef struct trainer {
    chl_job *job;
    const chl_train_options *options;
    chl_net *net;
    int member; /* place among the job's nets */
    int number; /* of its random streams */
    chl_pass pass;
    chl_average average;
    chl_evaluator evaluator;
    chl_real *memory; /* the optimizer's, 2 × pack_params */
    chl_real *best;   /* pack_params + pack_state: the best epoch's numbers */
    int64_t *order;   /* [train.n]: rows in the order of this epoch */
    int copies;       /* predictions for each row that are judged alone */
    double *y, *w;    /* [batch × copies]: labels and weights of this batch */
    int64_t steps;    /* optimizer steps so far */
    int64_t planned;  /* steps of all epochs, if none stops early */
    chl_early_stop stop;
    chl_schedules schedules;
    double lr;
} trainer;

static void reset_trainer(trainer *t)
{
    chl_pass_reset(&t->pass);
    chl_average_reset(&t->average);
    chl_evaluator_reset(&t->evaluator);
    chl_free(t->memory);
    chl_free(t->best);
    chl_free(t->order);
    chl_free(t->y);
}

static chl_status allocate(trainer *t, int64_t batch, chl_error *err)
{
    size_t params = (size_t)t->net->pack_params;
    size_t numbers = params + (size_t)t->net->pack_state;
    CHL_TRY(chl_pass_init(&t->pass, t->net, batch, err));
    CHL_TRY(chl_average_init(&t->average, t->net, t->options->ema, err));
    CHL_TRY(chl_evaluator_init(&t->evaluator, t->net, t->job->valid.n, err));
    t->memory = chl_alloc_aligned(2 * params, sizeof *t->memory);
    t->best = chl_alloc_aligned(numbers, sizeof *t->best);
    t->order = chl_alloc((size_t)t->job->train.n, sizeof *t->order);
    t->copies = t->net->head[0].copies;
    batch *= t->copies;
    t->y = chl_alloc(2 * (size_t)batch, sizeof *t->y);
    if (!t->memory || !t->best || !t->order || !t->y) {
        return chl_fail_memory(err);
    }
    t->w = t->y + batch;
    memset(t->memory, 0, 2 * params * sizeof *t->memory);
    for (int64_t i = 0; i < t->job->train.n; i++) {
        t->order[i] = i;
    }
    return CHL_OK;
}

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

static void shuffle(trainer *t, int epoch)
{
    chl_rng rng;
    uint64_t index = (uint64_t)t->number << 32 | (uint32_t)epoch;
    chl_rng_init(&rng, (uint64_t)t->options->seed, CHL_RNG_SHUFFLE, index);
    for (int64_t i = t->job->train.n; i > 1; i--) {
        int64_t j = draw_below(&rng, (uint32_t)i);
        int64_t held = t->order[i - 1];
        t->order[i - 1] = t->order[j];
        t->order[j] = held;
    }
}

static void begin_epoch(trainer *t, int epoch)
{
    if (t->options->shuffle) {
        shuffle(t, epoch);
    }
    chl_rng rng;
    uint64_t index = (uint64_t)t->number << 32 | (uint32_t)epoch;
    chl_rng_init(&rng, (uint64_t)t->options->seed, CHL_RNG_DROPOUT, index);
    memcpy(t->pass.masks.key, rng.key, sizeof rng.key);
    memcpy(t->pass.masks.counter, rng.counter, sizeof rng.counter);
}

static void gather(trainer *t, int64_t from, int64_t rows)
{
    const chl_rows *set = &t->job->train;
    int64_t ld = chl_padded(t->net->inputs);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = t->order[from + i];
        memcpy(t->pass.input + i * ld, set->x + row * ld, (size_t)ld * sizeof *set->x);
        for (int c = 0; c < t->copies; c++) {
            t->y[i * t->copies + c] = set->y[row];
            t->w[i * t->copies + c] = set->weights[row];
        }
    }
    t->pass.rows = rows;
}

/* The batch's loss: the sum over its rows, the mean over a row's copies. */
static double loss_and_gradient(trainer *t)
{
    const chl_loss *loss = &t->options->loss;
    const chl_real *logits = chl_pass_logits(&t->pass, 0);
    chl_real *gradient = chl_pass_logit_gradient(&t->pass, 0);
    int64_t rows = t->pass.rows * t->copies, ld = chl_padded(t->net->outputs);
    double scale = 1.0 / (double)rows;
    double sum =
        loss->type == CHL_LOSS_BCE
            ? chl_bce_batch(loss->label_smoothing, rows, ld, logits, t->y, t->w, scale,
                            gradient)
            : chl_cross_entropy_batch(loss->label_smoothing, t->net->outputs, rows, ld,
                                      logits, t->y, t->w, scale, gradient);
    return sum / t->copies;
}

static chl_status check_finite(const trainer *t, double value, const char *what,
                               int epoch, int64_t batch, chl_error *err)
{
    if (isfinite(value)) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_ENUMERIC,
                    "train: member %d, epoch %d, batch %lld: %s: expected a finite "
                    "number, got %s (a lower learning rate or clip_norm may help)",
                    t->member + 1, epoch, (long long)batch + 1, what,
                    isnan(value) ? "NaN" : "Inf");
}

static void clip(trainer *t, double norm)
{
    if (t->options->clip_norm <= 0 || norm <= t->options->clip_norm) {
        return;
    }
    chl_real factor = (chl_real)(t->options->clip_norm / (norm + 1e-6));
    for (int64_t i = 0; i < t->net->pack_params; i++) {
        t->pass.grads[i] *= factor;
    }
}

/* The learning rate of the next step. */
static double rate(const trainer *t)
{
    return t->lr * chl_schedules_factor(&t->schedules, t->steps, t->planned);
}

/* One optimizer step on `rows` rows; adds their loss to *loss. */
static chl_status step(trainer *t, int epoch, int64_t from, int64_t rows, double *loss,
                       chl_error *err)
{
    int64_t batch = from / t->pass.batch, n = t->net->pack_params;
    gather(t, from, rows);
    chl_pass_forward(&t->pass);
    double sum = loss_and_gradient(t);
    CHL_TRY(check_finite(t, sum, "loss", epoch, batch, err));
    chl_pass_backward(&t->pass);
    double norm = sqrt((double)t->pass.kernels->square_sum(n, t->pass.grads));
    CHL_TRY(check_finite(t, norm, "gradient", epoch, batch, err));
    clip(t, norm);
    double lr = rate(t);
    chl_optimizer_decay(&t->options->optimizer, t->net, lr, t->pass.packed.params);
    chl_optimizer_step(&t->options->optimizer, t->pass.kernels, lr, ++t->steps, n,
                       t->pass.grads, t->memory, t->pass.packed.params);
    chl_average_update(&t->average, t->net, &t->pass.packed, t->steps);
    *loss += sum + t->pass.penalty * (double)rows;
    return CHL_OK;
}

/* What validation judges and training keeps. */
static const chl_packed *kept_numbers(const trainer *t)
{
    return chl_average_of(&t->average, t->net, &t->pass.packed);
}

static chl_status train_epoch(trainer *t, chl_epoch *record, chl_error *err)
{
    int64_t n = t->job->train.n;
    double loss = 0;
    begin_epoch(t, record->epoch);
    for (int64_t from = 0; from < n; from += t->pass.batch) {
        int64_t rows = n - from < t->pass.batch ? n - from : t->pass.batch;
        CHL_TRY(chl_control_check(t->job->control, "train", err));
        if (atomic_load(t->job->abort)) {
            return chl_fail(err, CHL_ECANCELLED, "train: stopped");
        }
        CHL_TRY(step(t, record->epoch, from, rows, &loss, err));
    }
    record->loss = loss / (double)n;
    if (t->job->valid.n > 0) {
        chl_evaluate(&t->evaluator, kept_numbers(t), &t->options->loss, &t->job->valid,
                     &record->val_loss, &record->val_auc);
    }
    return CHL_OK;
}

static chl_status append(chl_series *series, const chl_epoch *record, chl_error *err)
{
    chl_epoch *grown = chl_grow(series->epochs, &series->capacity, series->count + 1,
                                sizeof *series->epochs);
    if (!grown) {
        return chl_fail_memory(err);
    }
    series->epochs = grown;
    series->epochs[series->count++] = *record;
    return CHL_OK;
}

static size_t number_bytes(const trainer *t)
{
    return (size_t)(t->net->pack_params + t->net->pack_state) * sizeof(chl_real);
}

/* After an epoch: keep the best weights, tell the caller, move the learning rate. */
static chl_status finish_epoch(trainer *t, const chl_epoch *record, bool *stop,
                               chl_error *err)
{
    bool best = false, asked = false;
    CHL_TRY(append(&t->job->series[t->member], record, err));
    *stop = t->stop.on && chl_early_stop_update(&t->stop, record, &best);
    if (best) {
        memcpy(t->best, kept_numbers(t)->params, number_bytes(t));
    }
    CHL_TRY(t->job->tell(t->job->tell_ctx, record, &asked, err));
    *stop = *stop || asked;
    t->lr = chl_schedules_update(&t->schedules, record, t->lr);
    return CHL_OK;
}

static chl_status run(trainer *t, chl_error *err)
{
    bool stop = false;
    for (int epoch = 1; epoch <= t->options->epochs && !stop; epoch++) {
        chl_epoch record = {.task = t->job->number,
                            .member = t->member,
                            .epoch = epoch,
                            .lr = rate(t),
                            .val_loss = NAN,
                            .val_auc = NAN};
        CHL_TRY(train_epoch(t, &record, err));
        CHL_TRY(finish_epoch(t, &record, &stop, err));
    }
    return CHL_OK;
}

/* Puts the weights to keep into the net. */
static void keep_weights(trainer *t)
{
    chl_series *series = &t->job->series[t->member];
    series->best_epoch = (int)series->count;
    if (t->stop.on && t->stop.restore && t->stop.best_epoch > 0) {
        memcpy(t->pass.packed.params, t->best, number_bytes(t));
        series->best_epoch = t->stop.best_epoch;
        chl_packed_store(&t->pass.packed, t->net);
    } else if (t->steps > 0) {
        chl_packed_store(kept_numbers(t), t->net);
    }
}

chl_status chl_member_train(chl_job *job, int member, chl_error *err)
{
    const chl_train_options *o = &job->options;
    trainer t = {.job = job,
                 .options = o,
                 .net = job->nets[member],
                 .member = member,
                 .number = job->first + member,
                 .stop = o->early_stop,
                 .schedules = o->schedules,
                 .lr = o->optimizer.lr};
    chl_net_init_weights(t.net, (uint64_t)o->seed, (uint64_t)t.number);
    int64_t batch = o->batch < job->train.n ? o->batch : job->train.n;
    t.planned = o->epochs * ((job->train.n + batch - 1) / batch);
    chl_status status = allocate(&t, batch, err);
    if (status == CHL_OK) {
        status = run(&t, err);
        keep_weights(&t);
    }
    reset_trainer(&t);
    return status;
}
