/* SPDX-License-Identifier: MIT
 *
 * The training loop of one net. Layer: core/train.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/train/trainer.h"

static void reset_trainer(chl_trainer *t)
{
    chl_pass_reset(&t->pass);
    chl_average_reset(&t->average);
    chl_evaluator_reset(&t->evaluator);
    chl_optimizer_reset(&t->optimizer);
    chl_free(t->best);
    chl_free(t->order);
    chl_free(t->y[0]);
    chl_free(t->other_y[0]);
    chl_free(t->partner);
    chl_free(t->spare);
}

/* Labels and weights of a batch for each head, in one block that y[0] owns. */
static bool allocate_targets(const chl_trainer *t, int64_t batch, double **y, double **w)
{
    const chl_losses *losses = &t->options->losses;
    int64_t numbers = 0; /* of a row */
    for (int h = 0; h < losses->count; h++) {
        numbers += losses->heads[h].copies * (losses->heads[h].labels + 1);
    }
    double *at = chl_alloc((size_t)batch, (size_t)numbers * sizeof *at);
    for (int h = 0; at && h < losses->count; h++) {
        const chl_head_loss *head = &losses->heads[h];
        y[h] = at;
        w[h] = at + batch * head->copies * head->labels;
        at = w[h] + batch * head->copies;
    }
    return at != NULL;
}

static bool allocate_mixup(chl_trainer *t, int64_t batch)
{
    const chl_losses *losses = &t->options->losses;
    int64_t row = chl_padded(t->net->inputs);
    for (int h = 0; h < losses->count; h++) {
        int64_t logits = losses->heads[h].copies * chl_padded(losses->heads[h].width);
        row = logits > row ? logits : row;
    }
    t->partner = chl_alloc((size_t)batch, sizeof *t->partner);
    t->spare = chl_alloc_aligned((size_t)batch, (size_t)row * sizeof *t->spare);
    return t->partner && t->spare && allocate_targets(t, batch, t->other_y, t->other_w);
}

static chl_status allocate(chl_trainer *t, int64_t batch, chl_error *err)
{
    int shards = chl_pass_shards(t->net, batch);
    size_t params = (size_t)t->net->pack_params;
    size_t numbers = params + (size_t)t->net->pack_state;
    CHL_TRY(chl_pass_init(&t->pass, t->net, batch, shards, err));
    CHL_TRY(chl_average_init(&t->average, t->net, t->options->ema, err));
    CHL_TRY(chl_evaluator_init(&t->evaluator, t->net, t->job->valid.n, shards, err));
    t->pass.caller = t->evaluator.caller = (chl_caller){t->job->ask, t->job->ask_ctx};
    CHL_TRY(chl_optimizer_init(&t->optimizer, &t->options->optimizer, t->net, err));
    t->pass.crew = t->optimizer.crew = t->evaluator.crew = t->job->crew;
    t->optimizer.pieces = shards;
    t->best = chl_alloc_aligned(numbers, sizeof *t->best);
    t->order = chl_alloc((size_t)t->job->train.n, sizeof *t->order);
    if (!t->best || !t->order || !allocate_targets(t, batch, t->y, t->w) ||
        (t->options->mixup > 0 && !allocate_mixup(t, batch))) {
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
        CHL_TRY(chl_trainer_steps(t, record, stop, err));
    }
    CHL_TRY(chl_trainer_check_weights(t, record->epoch, err));
    if (t->job->valid.n > 0) {
        CHL_TRY(chl_evaluate(&t->evaluator, kept_numbers(t), &t->options->losses,
                             &t->job->valid, record, err));
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

typedef struct heard {
    const chl_job *job;
    const chl_epoch *epoch;
    bool stop;
} heard;

static chl_status hear(void *arg, chl_error *err)
{
    heard *h = arg;
    return h->job->hear(h->job->hear_ctx, h->epoch, &h->stop, err);
}

/* After an epoch: keep the best weights, tell the caller, move the learning rate. */
static chl_status finish_epoch(chl_trainer *t, const chl_epoch *record, bool *stop,
                               chl_error *err)
{
    bool best = false;
    heard h = {.job = t->job, .epoch = record};
    chl_series *series = &t->job->series[t->member];
    CHL_TRY(append(series, record, err));
    if (t->stop.on && chl_early_stop_update(&t->stop, record, &best)) {
        series->stopped = *stop ? series->stopped : CHL_STOP_EARLY;
        *stop = true;
    }
    if (best) {
        memcpy(t->best, kept_numbers(t)->params, number_bytes(t));
    }
    CHL_TRY(t->job->ask(t->job->ask_ctx, hear, &h, err));
    if (h.stop) {
        series->stopped = *stop ? series->stopped : CHL_STOP_CALLBACK;
        *stop = true;
    }
    t->lr = chl_schedules_update(&t->schedules, record, t->lr);
    return CHL_OK;
}

static bool saves_after(const chl_trainer *t, int epoch)
{
    const chl_checkpoint *c = &t->job->checkpoint;
    return c->path && epoch < t->options->epochs && epoch % c->every == 0;
}

static chl_status run(chl_trainer *t, chl_error *err)
{
    bool stop = false;
    int epoch = (int)t->job->series[t->member].count + 1;
    for (; epoch <= t->options->epochs && !stop; epoch++) {
        chl_epoch record = {.task = t->job->number,
                            .member = t->member,
                            .epoch = epoch,
                            .lr = chl_trainer_rate(t),
                            .val_loss = NAN,
                            .val_auc = NAN};
        CHL_TRY(train_epoch(t, &record, &stop, err));
        CHL_TRY(finish_epoch(t, &record, &stop, err));
        if (!stop && saves_after(t, epoch)) {
            CHL_TRY(chl_trainer_save(t, false, err));
        }
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

static chl_status work(chl_trainer *t, chl_error *err)
{
    bool over;
    CHL_TRY(chl_trainer_restore(t, &over, err));
    if (over) {
        return CHL_OK;
    }
    chl_status status = run(t, err);
    keep_weights(t);
    if (status == CHL_OK && t->job->checkpoint.path) {
        status = chl_trainer_save(t, true, err);
    }
    return status;
}

static int64_t batch_of(const chl_job *job)
{
    int64_t batch = job->options.batch;
    return batch < job->train.n ? batch : job->train.n;
}

chl_status chl_member_train(chl_job *job, int member, double deadline, chl_error *err)
{
    const chl_train_options *o = &job->options;
    chl_trainer t = {.job = job,
                     .options = o,
                     .net = job->nets[member],
                     .member = member,
                     .number = job->first + member,
                     .stop = o->early_stop,
                     .schedules = o->schedules,
                     .lr = o->optimizer.lr,
                     .deadline = deadline};
    if (!job->task->warm) {
        chl_net_init_weights(t.net, (uint64_t)o->seed, (uint64_t)t.number);
    }
    int64_t batch = batch_of(job);
    bool whole = o->optimizer.type == CHL_OPTIMIZER_LBFGS; /* one step an epoch */
    t.planned = o->epochs * (whole ? 1 : (job->train.n + batch - 1) / batch);
    chl_status status = allocate(&t, batch, err);
    if (status == CHL_OK) {
        status = work(&t, err);
    }
    reset_trainer(&t);
    return status;
}

/* ---- what it takes ---- */

size_t chl_member_bytes(const chl_job *job)
{
    const chl_net *net = job->nets[0];
    const chl_optimizer *o = &job->options.optimizer;
    int64_t packed = net->pack_params + net->pack_state;
    int64_t copies = job->options.ema > 0 ? 4 : 3; /* in training, best, judged */
    int64_t numbers = copies * packed + chl_pass_numbers(net, batch_of(job)) +
                      chl_optimizer_memory_size(o, net) +
                      chl_optimizer_scratch_size(o, net) +
                      job->valid.n * chl_padded(net->outputs);
    return (size_t)numbers * sizeof(chl_real) +
           (size_t)(job->train.n + 2 * job->valid.n) * sizeof(int64_t);
}

int chl_member_threads(const chl_job *job)
{
    return chl_pass_shards(job->nets[0], batch_of(job));
}

size_t chl_job_bytes(const chl_job *job)
{
    size_t rows = (size_t)(job->train.n + job->valid.n);
    return rows * (size_t)chl_padded(job->nets[0]->inputs) * sizeof(chl_real);
}
