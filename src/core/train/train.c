/* SPDX-License-Identifier: MIT
 *
 * Options and data of training: everything is checked and converted once, before the
 * first step. Layer: core/train.
 */
#include "core/train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/nn/layer.h"
#include "core/train/member.h"

/* ---- options ---- */

typedef struct raw_options {
    const json_t *loss, *losses, *optimizer, *early_stop, *schedules;
    int64_t epochs, batch, seed;
    bool shuffle;
    double clip_norm, ema, mixup, swap_noise, noise, time_limit, memory_limit;
    const json_t *checkpoint;
    const char *resume;
} raw_options;

#define FIELD(name, type, low, high)                                                     \
    {                                                                                    \
#name, type, offsetof(raw_options, name), low, high, NULL, 0                     \
    }

static const chl_option train_options[] = {FIELD(loss, CHL_OPT_JSON, 0, 0),
                                           FIELD(losses, CHL_OPT_JSON, 0, 0),
                                           FIELD(optimizer, CHL_OPT_JSON, 0, 0),
                                           FIELD(early_stop, CHL_OPT_JSON, 0, 0),
                                           FIELD(schedules, CHL_OPT_JSON, 0, 0),
                                           FIELD(epochs, CHL_OPT_INT, 1, 1e6),
                                           FIELD(batch, CHL_OPT_INT, 1, 1 << 20),
                                           FIELD(seed, CHL_OPT_INT, 0, 0),
                                           FIELD(shuffle, CHL_OPT_BOOL, 0, 0),
                                           FIELD(clip_norm, CHL_OPT_DOUBLE, 0, 1e12),
                                           FIELD(ema, CHL_OPT_DOUBLE, 0, 0.999999),
                                           FIELD(mixup, CHL_OPT_DOUBLE, 0, 100),
                                           FIELD(swap_noise, CHL_OPT_DOUBLE, 0, 0.999),
                                           FIELD(noise, CHL_OPT_DOUBLE, 0, 1e6),
                                           FIELD(time_limit, CHL_OPT_DOUBLE, 0, 1e9),
                                           FIELD(memory_limit, CHL_OPT_DOUBLE, 0, 1e18),
                                           FIELD(checkpoint, CHL_OPT_JSON, 0, 0),
                                           FIELD(resume, CHL_OPT_STRING, 0, 0),
                                           {0}};

chl_status chl_train_options_read(const json_t *json, chl_train_options *o,
                                  chl_error *err)
{
    raw_options raw = {.epochs = 100, .batch = 128, .seed = 42, .shuffle = true};
    CHL_TRY(chl_options_read(json, "train", train_options, &raw, err));
    *o = (chl_train_options){.epochs = raw.epochs,
                             .batch = raw.batch,
                             .seed = raw.seed,
                             .shuffle = raw.shuffle,
                             .clip_norm = raw.clip_norm,
                             .ema = raw.ema,
                             .mixup = raw.mixup,
                             .swap_noise = raw.swap_noise,
                             .noise = raw.noise,
                             .time_limit = raw.time_limit,
                             .memory_limit = raw.memory_limit};
    CHL_TRY(chl_checkpoint_check(raw.checkpoint, raw.resume, err));
    CHL_TRY(chl_losses_read(raw.loss, raw.losses, &o->losses, err));
    CHL_TRY(chl_optimizer_read(raw.optimizer, &o->optimizer, err));
    CHL_TRY(chl_early_stop_read(raw.early_stop, &o->early_stop, err));
    return chl_schedules_read(raw.schedules, &o->schedules, err);
}

chl_status chl_train_check(const json_t *options, chl_error *err)
{
    chl_train_options o;
    return chl_train_options_read(options, &o, err);
}

/* Their heads exist, and what they watch will be there. */
static chl_status check_monitors(chl_train_options *o, const chl_net *net, bool has_valid,
                                 chl_error *err)
{
    if (o->early_stop.on) {
        CHL_TRY(
            chl_monitor_bind(&o->early_stop.monitor, net, "early_stop", has_valid, err));
    }
    for (int i = 0; i < o->schedules.count; i++) {
        if (o->schedules.list[i].type == CHL_REDUCE_LR) {
            CHL_TRY(chl_monitor_bind(&o->schedules.list[i].monitor, net, "reduce_lr",
                                     has_valid, err));
        }
    }
    return CHL_OK;
}

/* ---- data ---- */

void chl_task_column(const chl_train_task *task, int j, char *out, size_t size)
{
    if (task->columns) {
        snprintf(out, size, "column '%s'", task->columns[j]);
    } else {
        snprintf(out, size, "column %d", j + 1);
    }
}

static chl_status bad_value(const chl_train_task *task, int64_t row, int j, double value,
                            const char *where, chl_error *err)
{
    char column[CHL_COLUMN_TEXT];
    chl_task_column(task, j, column, sizeof column);
    return chl_fail(err, CHL_ENUMERIC,
                    "%s: row %lld, %s: expected a finite number, got %s", where,
                    (long long)row + 1, column, isnan(value) ? "NaN" : "Inf");
}

/* Every value must be finite as the nets' type of number. */
static chl_status check_values(const chl_train_task *task, const chl_dataset *set,
                               const char *where, chl_error *err)
{
    int cols = task->nets[0]->inputs;
    for (int64_t i = 0; i < set->n; i++) {
        for (int j = 0; j < cols; j++) {
            double value = (double)(chl_real)set->x[i * cols + j];
            if (!isfinite(value)) {
                return bad_value(task, i, j, value, where, err);
            }
        }
    }
    return CHL_OK;
}

static chl_status check_set(const chl_train_task *task, const chl_dataset *set,
                            const char *where, chl_error *err)
{
    if (set->n < 1 || set->n > INT32_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected 1 to %d rows, got %lld", where,
                        INT32_MAX, (long long)set->n);
    }
    return check_values(task, set, where, err);
}

static chl_status convert(const chl_dataset *set, int inputs, chl_rows *rows,
                          chl_error *err)
{
    int64_t ld = chl_padded(inputs);
    size_t row_bytes = (size_t)ld * sizeof *rows->x;
    rows->x = chl_alloc_aligned((size_t)set->n, row_bytes);
    if (!rows->x) {
        return chl_fail_memory(err);
    }
    memset(rows->x, 0, (size_t)set->n * row_bytes);
    chl_kernels_best()->convert(set->x, set->n, inputs, rows->x, ld);
    return CHL_OK;
}

static chl_status check_nets(chl_net *const *nets, int members, chl_losses *losses,
                             chl_error *err)
{
    if (members < 1) {
        return chl_fail(err, CHL_EINVAL, "train: expected at least 1 net, got %d",
                        members);
    }
    CHL_TRY(chl_losses_bind(losses, nets[0], err));
    for (int i = 1; i < members; i++) {
        CHL_TRY(chl_losses_check(losses, nets[i], i, err));
        if (nets[i]->inputs != nets[0]->inputs) {
            return chl_fail(err, CHL_EINVAL,
                            "train: net %d: expected %d inputs like the first, got %d",
                            i + 1, nets[0]->inputs, nets[i]->inputs);
        }
    }
    return CHL_OK;
}

/* ---- jobs ---- */

chl_status chl_job_open(chl_job *job, chl_error *err)
{
    int inputs = job->nets[0]->inputs;
    chl_status status = CHL_OK;
    pthread_mutex_lock(&job->lock);
    if (!job->train.x) {
        status = convert(&job->task->train, inputs, &job->train, err);
        if (status == CHL_OK && job->valid.n > 0) {
            status = convert(job->task->valid, inputs, &job->valid, err);
        }
        if (status != CHL_OK) {
            chl_free(job->train.x);
            job->train.x = NULL;
        }
    }
    pthread_mutex_unlock(&job->lock);
    return status;
}

static void free_rows(chl_job *job)
{
    chl_free(job->train.x);
    chl_free(job->valid.x);
    job->train.x = job->valid.x = NULL;
}

chl_status chl_job_failed(const chl_job *job, chl_status status, chl_error *err)
{
    if (job->of > 1 && status != CHL_ECANCELLED) {
        chl_error_prefix(err, "task %d", job->number + 1);
    }
    return status;
}

void chl_job_close(chl_job *job)
{
    pthread_mutex_lock(&job->lock);
    if (--job->left == 0) {
        free_rows(job);
    }
    pthread_mutex_unlock(&job->lock);
}

static bool watches_auc(const chl_train_options *o)
{
    bool watches = o->early_stop.on && o->early_stop.monitor.figure == CHL_VAL_AUC;
    for (int i = 0; i < o->schedules.count; i++) {
        watches = watches || o->schedules.list[i].monitor.figure == CHL_VAL_AUC;
    }
    return watches;
}

/* An AUC that is watched must exist. */
static chl_status check_auc(const chl_job *job, chl_error *err)
{
    const chl_head_loss *head = &job->options.losses.heads[0];
    const chl_target *target = &job->valid.targets.heads[0];
    bool seen[2] = {false, false};
    if (!watches_auc(&job->options)) {
        return CHL_OK;
    }
    if (chl_loss_class_count(&head->loss, head->width) == 2) {
        for (int64_t i = 0; i < job->valid.n; i++) {
            if (!target->w || target->w[i] > 0) {
                seen[target->y[i] > 0] = true;
            }
        }
    }
    return seen[0] && seen[1]
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "train: monitor 'val_auc': expected a validation set with rows "
                          "of exactly two classes");
}

static chl_status prepare_rows(const chl_job *job, const chl_dataset *set, bool training,
                               chl_rows *rows, chl_error *err)
{
    const char *where = training ? "train" : "valid";
    CHL_TRY(check_set(job->task, set, where, err));
    CHL_TRY(chl_targets_init(&rows->targets, &job->options.losses, set, training, where,
                             err));
    rows->n = set->n;
    return CHL_OK;
}

/* L-BFGS has no steps between which weights could be changed. */
static chl_status check_max_norm(const chl_train_options *o, const chl_net *net,
                                 chl_error *err)
{
    for (int i = 0; o->optimizer.type == CHL_OPTIMIZER_LBFGS && i < net->count; i++) {
        if (net->layers[i].options.max_norm > 0) {
            return chl_fail(err, CHL_EINVAL,
                            "lbfgs: layer %d '%s': expected no max_norm with this "
                            "optimizer",
                            i + 1, net->layers[i].name);
        }
    }
    return CHL_OK;
}

typedef struct asked {
    chl_job *job;
    chl_custom_batch *batch;
} asked;

static chl_status call_custom(void *arg, chl_error *err)
{
    const asked *a = arg;
    return a->job->task->custom(a->job->task->custom_ctx, a->batch, err);
}

static chl_status ask_custom(void *ctx, chl_custom_batch *batch, chl_error *err)
{
    asked a = {ctx, batch};
    batch->task = a.job->number;
    return a.job->ask(a.job->ask_ctx, call_custom, &a, err);
}

/* Custom losses reach the task's function. */
static chl_status connect_losses(chl_job *job, chl_error *err)
{
    for (int h = 0; h < job->options.losses.count; h++) {
        chl_loss *loss = &job->options.losses.heads[h].loss;
        if (loss->class != &chl_custom_class) {
            continue;
        }
        if (!job->task->custom) {
            return chl_fail(err, CHL_EINVAL,
                            "train: a loss of type 'lua': expected its "
                            "function, got none");
        }
        loss->head = h;
        loss->call = ask_custom;
        loss->call_ctx = job;
    }
    return CHL_OK;
}

/* Checks a task and makes what its nets share, but for the rows. */
static chl_status prepare(chl_job *job, chl_error *err)
{
    const chl_train_task *task = job->task;
    CHL_TRY(chl_train_options_read(task->options, &job->options, err));
    CHL_TRY(check_nets(task->nets, task->members, &job->options.losses, err));
    CHL_TRY(connect_losses(job, err));
    CHL_TRY(check_max_norm(&job->options, task->nets[0], err));
    CHL_TRY(check_monitors(&job->options, task->nets[0], task->valid != NULL, err));
    job->series = chl_calloc((size_t)job->members, sizeof *job->series);
    if (!job->series) {
        return chl_fail_memory(err);
    }
    CHL_TRY(prepare_rows(job, &task->train, true, &job->train, err));
    if (task->valid) {
        CHL_TRY(prepare_rows(job, task->valid, false, &job->valid, err));
    }
    CHL_TRY(check_auc(job, err));
    if (job->options.swap_noise > 0) {
        CHL_TRY(
            chl_input_groups_init(&job->groups, task->groups, job->nets[0]->inputs, err));
    }
    return chl_checkpoint_init(&job->checkpoint, task, err);
}

static void reset_job(chl_job *job)
{
    chl_checkpoint_reset(&job->checkpoint);
    chl_input_groups_reset(&job->groups);
    free_rows(job);
    chl_targets_reset(&job->train.targets);
    chl_targets_reset(&job->valid.targets);
    for (int i = 0; job->series && i < job->members; i++) {
        chl_free(job->series[i].epochs);
    }
    chl_free(job->series);
    pthread_mutex_destroy(&job->lock);
}

/* ---- history ---- */

const char *const chl_stop_names[] = {"epochs", "early_stop", "callback", "time_limit",
                                      "converged"};

void chl_history_reset(chl_history *history)
{
    chl_free(history->epochs);
    chl_free(history->best_epoch);
    chl_free(history->stopped);
    *history = (chl_history){0};
}

static chl_status collect(const chl_job *job, chl_history *history, chl_error *err)
{
    size_t n = 0;
    for (int i = 0; i < job->members; i++) {
        n += job->series[i].count;
    }
    history->epochs = chl_alloc(n, sizeof *history->epochs);
    history->best_epoch = chl_alloc((size_t)job->members, sizeof *history->best_epoch);
    history->stopped = chl_alloc((size_t)job->members, sizeof *history->stopped);
    if (!history->epochs || !history->best_epoch || !history->stopped) {
        chl_history_reset(history);
        return chl_fail_memory(err);
    }
    for (int i = 0; i < job->members; i++) {
        const chl_series *s = &job->series[i];
        memcpy(history->epochs + history->count, s->epochs, s->count * sizeof *s->epochs);
        history->count += (int64_t)s->count;
        history->best_epoch[i] = s->best_epoch;
        history->stopped[i] = (int)s->stopped;
    }
    history->members = job->members;
    return CHL_OK;
}

/* Takes every number from the tasks; what fails is checked by prepare. */
static void begin_jobs(chl_job *jobs, const chl_train_task *tasks, int count,
                       const chl_control *control, atomic_bool *abort)
{
    for (int i = 0; i < count; i++) {
        jobs[i] = (chl_job){.task = &tasks[i],
                            .number = i,
                            .of = count,
                            .nets = tasks[i].nets,
                            .members = tasks[i].members,
                            .left = tasks[i].members,
                            .first = tasks[i].first,
                            .control = control,
                            .abort = abort};
        pthread_mutex_init(&jobs[i].lock, NULL);
    }
}

/* The most that so many threads hold at a time, before anything is allocated. */
static chl_status check_memory(const chl_job *jobs, int count, int threads,
                               chl_error *err)
{
    double limit = 0, net = 0, rows = 0, always = 0, nets = 0;
    for (int i = 0; i < count; i++) {
        double own = jobs[i].options.memory_limit;
        limit = own > 0 && (limit == 0 || own < limit) ? own : limit;
        net = fmax(net, (double)chl_member_bytes(&jobs[i]));
        rows = fmax(rows, (double)chl_job_bytes(&jobs[i]));
        always += (double)jobs[i].train.n * sizeof(double);
        nets += jobs[i].members;
    }
    double at_work = fmin(threads, nets);
    double need = always + rows * fmin(at_work, count) + net * at_work;
    if (limit == 0 || need <= limit) {
        return CHL_OK;
    }
    return chl_fail(
        err, CHL_EINVAL,
        "train: option 'memory_limit': training needs %.1f MB, %.0f nets at a "
        "time of %.1f MB each beside the rows, got a limit of %.1f MB (fewer "
        "threads or a smaller batch need less)",
        need / 1e6, at_work, net / 1e6, limit / 1e6);
}

static chl_status run_jobs(chl_job *jobs, int count, const chl_control *control,
                           chl_epoch_fn *on_epoch, void *ctx, chl_history *histories,
                           chl_error *err)
{
    for (int i = 0; i < count; i++) {
        chl_status status = prepare(&jobs[i], err);
        if (status != CHL_OK) {
            return chl_job_failed(&jobs[i], status, err);
        }
    }
    CHL_TRY(check_memory(jobs, count, chl_control_threads(control), err));
    CHL_TRY(chl_ensemble_train(jobs, count, control, on_epoch, ctx, err));
    for (int i = 0; i < count; i++) {
        CHL_TRY(collect(&jobs[i], &histories[i], err));
    }
    return CHL_OK;
}

chl_status chl_train_all(const chl_train_task *tasks, int count,
                         const chl_control *control, chl_epoch_fn *on_epoch, void *ctx,
                         chl_history *histories, chl_error *err)
{
    atomic_bool abort;
    atomic_init(&abort, false);
    if (count < 1) {
        return chl_fail(err, CHL_EINVAL, "train: expected at least 1 task, got %d",
                        count);
    }
    memset(histories, 0, (size_t)count * sizeof *histories);
    chl_job *jobs = chl_calloc((size_t)count, sizeof *jobs);
    if (!jobs) {
        return chl_fail_memory(err);
    }
    begin_jobs(jobs, tasks, count, control, &abort);
    chl_status status = run_jobs(jobs, count, control, on_epoch, ctx, histories, err);
    for (int i = 0; i < count; i++) {
        reset_job(&jobs[i]);
        if (status != CHL_OK) {
            chl_history_reset(&histories[i]);
        }
    }
    chl_free(jobs);
    return status;
}

chl_status chl_train(chl_net *const *nets, int members, const chl_dataset *train,
                     const chl_dataset *valid, const json_t *options,
                     const chl_control *control, chl_epoch_fn *on_epoch, void *ctx,
                     chl_history *history, chl_error *err)
{
    chl_train_task task = {.nets = nets,
                           .members = members,
                           .train = *train,
                           .valid = valid,
                           .options = options};
    return chl_train_all(&task, 1, control, on_epoch, ctx, history, err);
}
