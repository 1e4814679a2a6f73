/* SPDX-License-Identifier: MIT
 *
 * The training loop of one net. Layer: core/nn.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/trainer.h"

static void reset_trainer(chl_trainer *t)
{
    chl_pass_reset(&t->pass);
    chl_average_reset(&t->average);
    chl_evaluator_reset(&t->evaluator);
    chl_optimizer_reset(&t->optimizer);
    chl_free(t->best);
    chl_free(t->order);
    chl_free(t->y[0]);
}

static bool allocate_targets(chl_trainer *t, int64_t batch)
{
    const chl_losses *losses = &t->options->losses;
    int64_t numbers = 0; /* of a row */
    for (int h = 0; h < losses->count; h++) {
        numbers += losses->heads[h].copies * (losses->heads[h].labels + 1);
    }
    double *at = chl_alloc((size_t)batch, (size_t)numbers * sizeof *at);
    for (int h = 0; at && h < losses->count; h++) {
        const chl_head_loss *head = &losses->heads[h];
        t->y[h] = at;
        t->w[h] = at + batch * head->copies * head->labels;
        at = t->w[h] + batch * head->copies;
    }
    return at != NULL;
}

static chl_status allocate(chl_trainer *t, int64_t batch, chl_error *err)
{
    size_t params = (size_t)t->net->pack_params;
    size_t numbers = params + (size_t)t->net->pack_state;
    CHL_TRY(chl_pass_init(&t->pass, t->net, batch, err));
    CHL_TRY(chl_average_init(&t->average, t->net, t->options->ema, err));
    CHL_TRY(chl_evaluator_init(&t->evaluator, t->net, t->job->valid.n, err));
    CHL_TRY(chl_optimizer_init(&t->optimizer, &t->options->optimizer, t->net, err));
    t->best = chl_alloc_aligned(numbers, sizeof *t->best);
    t->order = chl_alloc((size_t)t->job->train.n, sizeof *t->order);
    if (!t->best || !t->order || !allocate_targets(t, batch)) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < t->job->train.n; i++) {
        t->order[i] = i;
    }
    return CHL_OK;
}

/* What validation judges and training keeps. */
static const chl_packed *kept_numbers(const chl_trainer *t)
{
    return chl_average_of(&t->average, t->net, &t->pass.packed);
}

static chl_status train_epoch(chl_trainer *t, chl_epoch *record, bool *stop,
                              chl_error *err)
{
    if (t->options->optimizer.type == CHL_OPTIMIZER_LBFGS) {
        CHL_TRY(chl_trainer_descend(t, record, stop, err));
    } else {
        chl_trainer_begin_epoch(t, record->epoch);
        CHL_TRY(chl_trainer_steps(t, record, err));
    }
    CHL_TRY(chl_trainer_check_weights(t, record->epoch, err));
    if (t->job->valid.n > 0) {
        chl_evaluate(&t->evaluator, kept_numbers(t), &t->options->losses, &t->job->valid,
                     record);
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

static size_t number_bytes(const chl_trainer *t)
{
    return (size_t)(t->net->pack_params + t->net->pack_state) * sizeof(chl_real);
}

/* After an epoch: keep the best weights, tell the caller, move the learning rate. */
static chl_status finish_epoch(chl_trainer *t, const chl_epoch *record, bool *stop,
                               chl_error *err)
{
    bool best = false, asked = false;
    CHL_TRY(append(&t->job->series[t->member], record, err));
    if (t->stop.on && chl_early_stop_update(&t->stop, record, &best)) {
        *stop = true;
    }
    if (best) {
        memcpy(t->best, kept_numbers(t)->params, number_bytes(t));
    }
    CHL_TRY(t->job->tell(t->job->tell_ctx, record, &asked, err));
    *stop = *stop || asked;
    t->lr = chl_schedules_update(&t->schedules, record, t->lr);
    return CHL_OK;
}

static chl_status run(chl_trainer *t, chl_error *err)
{
    bool stop = false;
    for (int epoch = 1; epoch <= t->options->epochs && !stop; epoch++) {
        chl_epoch record = {.task = t->job->number,
                            .member = t->member,
                            .epoch = epoch,
                            .lr = chl_trainer_rate(t),
                            .val_loss = NAN,
                            .val_auc = NAN};
        CHL_TRY(train_epoch(t, &record, &stop, err));
        CHL_TRY(finish_epoch(t, &record, &stop, err));
    }
    return CHL_OK;
}

/* Puts the weights to keep into the net. */
static void keep_weights(chl_trainer *t)
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
    chl_trainer t = {.job = job,
                     .options = o,
                     .net = job->nets[member],
                     .member = member,
                     .number = job->first + member,
                     .stop = o->early_stop,
                     .schedules = o->schedules,
                     .lr = o->optimizer.lr};
    if (!job->task->warm) {
        chl_net_init_weights(t.net, (uint64_t)o->seed, (uint64_t)t.number);
    }
    int64_t batch = o->batch < job->train.n ? o->batch : job->train.n;
    bool whole = o->optimizer.type == CHL_OPTIMIZER_LBFGS; /* one step an epoch */
    t.planned = o->epochs * (whole ? 1 : (job->train.n + batch - 1) / batch);
    chl_status status = allocate(&t, batch, err);
    if (status == CHL_OK) {
        status = run(&t, err);
        keep_weights(&t);
    }
    reset_trainer(&t);
    return status;
}
