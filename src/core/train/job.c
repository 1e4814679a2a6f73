/* SPDX-License-Identifier: MIT */
#include "core/train/job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/layer.h"

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

/* ---- the rows, while members work ---- */

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

/* ---- options that depend on nets and data ---- */

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
chl_status chl_job_prepare(chl_job *job, chl_error *err)
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

void chl_job_reset(chl_job *job)
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
