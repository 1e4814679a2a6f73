/* SPDX-License-Identifier: MIT
 *
 * Tasks as jobs: all are checked before the first step, then trained, then their
 * histories collected. Layer: core/train.
 */
#include "core/train/train.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/train/job.h"

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

/* Takes every number from the tasks; what fails is checked by chl_job_prepare. */
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
        chl_status status = chl_job_prepare(&jobs[i], err);
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
        chl_job_reset(&jobs[i]);
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
