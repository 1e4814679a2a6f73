/* SPDX-License-Identifier: MIT
 *
 * Members on threads. Layer: core/nn (POSIX threads).
 *
 * The caller's callback and progress run on the calling thread alone: a worker that
 * finished an epoch posts it, waits for the answer and goes on. Members share nothing
 * that they write, so the number of threads changes no weight.
 */
#include <pthread.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/nn/member.h"

/* What the calling thread knows of the whole run. */
typedef struct caller {
    chl_job *job;
    chl_epoch_fn *on_epoch;
    void *ctx;
    int *done; /* [members]: epochs finished; all of them when the member is over */
} caller;

static void report(const caller *c, const chl_epoch *epoch)
{
    int64_t epochs = c->job->options->epochs, sum = 0;
    for (int i = 0; i < c->job->members; i++) {
        sum += c->done[i];
    }
    char text[128], member[48] = "";
    if (c->job->members > 1) {
        snprintf(member, sizeof member, "net %d/%d ", epoch->member + 1, c->job->members);
    }
    bool valid = c->job->valid.n > 0;
    snprintf(text, sizeof text, "%sepoch %d/%lld %s %.4f", member, epoch->epoch,
             (long long)epochs, valid ? "val_loss" : "loss",
             valid ? epoch->val_loss : epoch->loss);
    double all = (double)epochs * c->job->members;
    chl_control_report(c->job->control, (double)sum / all, text);
}

/* On the calling thread. */
static chl_status hear(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    caller *c = ctx;
    c->done[epoch->member] = epoch->epoch;
    report(c, epoch);
    return c->on_epoch ? c->on_epoch(c->ctx, epoch, stop, err) : CHL_OK;
}

static chl_status run_alone(caller *c, chl_error *err)
{
    chl_job *job = c->job;
    job->tell = hear;
    job->tell_ctx = c;
    for (int i = 0; i < job->members; i++) {
        CHL_TRY(chl_member_train(job, i, err));
        c->done[i] = (int)job->options->epochs;
    }
    return CHL_OK;
}

/* ---- with threads ---- */

typedef struct meeting {
    caller *caller;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t posted, answered;
    const chl_epoch *epoch; /* posted and not answered yet; NULL = the place is free */
    bool *stop;
    bool has_answer;
    chl_status answer;
    chl_error *answer_error;
    int next;    /* the next member to train */
    int running; /* workers at work */
    int failed;  /* the member whose failure is kept, -1 = none */
    chl_status status;
    chl_error error;
} meeting;

/* On a worker: hands the epoch to the calling thread and waits. */
static chl_status post(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    meeting *m = ctx;
    pthread_mutex_lock(&m->lock);
    while (m->epoch) {
        pthread_cond_wait(&m->answered, &m->lock);
    }
    m->epoch = epoch;
    m->stop = stop;
    m->answer_error = err;
    m->has_answer = false;
    pthread_cond_signal(&m->posted);
    while (!(m->epoch == epoch && m->has_answer)) {
        pthread_cond_wait(&m->answered, &m->lock);
    }
    chl_status status = m->answer;
    m->epoch = NULL;
    pthread_cond_broadcast(&m->answered);
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* A cause beats the cancellations that follow from it; otherwise the lowest member. */
static void record_failure(meeting *m, int member, chl_status status,
                           const chl_error *err)
{
    bool first = m->failed < 0;
    bool cause = m->status == CHL_ECANCELLED && status != CHL_ECANCELLED;
    bool lower =
        (m->status == CHL_ECANCELLED) == (status == CHL_ECANCELLED) && member < m->failed;
    if (first || cause || lower) {
        m->failed = member;
        m->status = status;
        m->error = *err;
    }
    atomic_store(&m->caller->job->abort, true);
}

static void *work(void *arg)
{
    meeting *m = arg;
    chl_job *job = m->caller->job;
    pthread_mutex_lock(&m->lock);
    while (m->next < job->members && !atomic_load(&job->abort)) {
        int member = m->next++;
        pthread_mutex_unlock(&m->lock);
        chl_error err = {0};
        chl_status status = chl_member_train(job, member, &err);
        pthread_mutex_lock(&m->lock);
        m->caller->done[member] = (int)job->options->epochs;
        if (status != CHL_OK) {
            record_failure(m, member, status, &err);
        }
    }
    m->running--;
    pthread_cond_signal(&m->posted);
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* On the calling thread: answers until no worker runs. */
static void attend(meeting *m)
{
    pthread_mutex_lock(&m->lock);
    while (m->running > 0) {
        if (m->epoch && !m->has_answer) {
            m->answer = hear(m->caller, m->epoch, m->stop, m->answer_error);
            m->has_answer = true;
            pthread_cond_broadcast(&m->answered);
        } else {
            pthread_cond_wait(&m->posted, &m->lock);
        }
    }
    pthread_mutex_unlock(&m->lock);
}

static int start_workers(meeting *m, pthread_t *ids, int threads)
{
    int started = 0;
    pthread_mutex_lock(&m->lock);
    while (started < threads && pthread_create(&ids[started], NULL, work, m) == 0) {
        started++;
    }
    m->running = started;
    pthread_mutex_unlock(&m->lock);
    return started;
}

static chl_status run_threads(caller *c, int threads, chl_error *err)
{
    meeting m = {.caller = c,
                 .lock = PTHREAD_MUTEX_INITIALIZER,
                 .posted = PTHREAD_COND_INITIALIZER,
                 .answered = PTHREAD_COND_INITIALIZER,
                 .failed = -1};
    pthread_t *ids = chl_alloc((size_t)threads, sizeof *ids);
    if (!ids) {
        return chl_fail_memory(err);
    }
    c->job->tell = post;
    c->job->tell_ctx = &m;
    int started = start_workers(&m, ids, threads);
    attend(&m);
    for (int i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
    }
    chl_free(ids);
    if (started == 0) {
        return run_alone(c, err); /* the system has no thread to give */
    }
    if (m.status != CHL_OK && err) {
        *err = m.error;
    }
    return m.status;
}

chl_status chl_ensemble_train(chl_job *job, chl_epoch_fn *on_epoch, void *ctx,
                              chl_error *err)
{
    int threads = chl_control_threads(job->control);
    threads = threads < job->members ? threads : job->members;
    caller c = {.job = job, .on_epoch = on_epoch, .ctx = ctx};
    c.done = chl_calloc((size_t)job->members, sizeof *c.done);
    if (!c.done) {
        return chl_fail_memory(err);
    }
    chl_status status = threads > 1 ? run_threads(&c, threads, err) : run_alone(&c, err);
    chl_free(c.done);
    return status;
}
