/* SPDX-License-Identifier: MIT
 *
 * The nets of all tasks on threads. Layer: core/train (POSIX threads).
 *
 * The caller's callbacks and progress run on the calling thread alone: a worker that
 * finished an epoch, or has a batch for a custom loss, posts it, waits for the answer and
 * goes on. Nets share nothing that they write, so the number of threads changes no
 * weight. A worker for whom no net is left helps the others within their steps.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/train/member.h"

/* What the calling thread knows of the whole run. Nets are counted through all jobs. */
typedef struct caller {
    chl_job *jobs;
    int count;
    const chl_control *control;
    chl_epoch_fn *on_epoch;
    void *ctx;
    int nets;
    int abreast;    /* nets at work at a time */
    chl_crew *crew; /* owned; NULL on one thread */
    double began;   /* chl_seconds */
    int *starts;    /* [count]: the first net of each job */
    double *done;   /* [nets]: share of the epochs that are finished */
} caller;

static chl_job *job_of(const caller *c, int net)
{
    int k = c->count - 1;
    while (c->starts[k] > net) {
        k--;
    }
    return &c->jobs[k];
}

static void report(const caller *c, const chl_epoch *epoch, int net)
{
    const chl_job *job = &c->jobs[epoch->task];
    double sum = 0;
    for (int i = 0; i < c->nets; i++) {
        sum += c->done[i];
    }
    char text[128], which[48] = "";
    if (c->nets > 1) {
        snprintf(which, sizeof which, "net %d/%d ", net + 1, c->nets);
    }
    bool valid = job->valid.n > 0;
    snprintf(text, sizeof text, "%sepoch %d/%lld %s %.4f", which, epoch->epoch,
             (long long)job->options.epochs, valid ? "val_loss" : "loss",
             valid ? epoch->val_loss : epoch->loss);
    chl_control_report(c->control, sum / c->nets, text);
}

/* On the calling thread. */
static chl_status hear(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    caller *c = ctx;
    int net = c->starts[epoch->task] + epoch->member;
    c->done[net] = (double)epoch->epoch / (double)c->jobs[epoch->task].options.epochs;
    report(c, epoch, net);
    return c->on_epoch ? c->on_epoch(c->ctx, epoch, stop, err) : CHL_OK;
}

/* Nets take turns, `abreast` at a time; each turn has an equal share of the limit. */
static double deadline_of(const caller *c, const chl_job *job, int net)
{
    double limit = job->options.time_limit;
    int turns = (c->nets + c->abreast - 1) / c->abreast, turn = net / c->abreast + 1;
    return limit > 0 ? c->began + limit * turn / turns : INFINITY;
}

static chl_status train_net(const caller *c, int net, chl_error *err)
{
    chl_job *job = job_of(c, net);
    int member = net - c->starts[job->number];
    chl_status status = chl_job_open(job, err);
    if (status == CHL_OK) {
        status = chl_member_train(job, member, deadline_of(c, job, net), err);
    }
    chl_job_close(job);
    return status == CHL_OK ? status : chl_job_failed(job, status, err);
}

static void ask_through(caller *c,
                        chl_status (*ask)(void *, chl_asked_fn *, void *, chl_error *),
                        void *ctx)
{
    for (int k = 0; k < c->count; k++) {
        c->jobs[k].hear = hear;
        c->jobs[k].hear_ctx = c;
        c->jobs[k].ask = ask;
        c->jobs[k].ask_ctx = ctx;
    }
}

static chl_status ask_alone(void *ctx, chl_asked_fn *fn, void *arg, chl_error *err)
{
    (void)ctx;
    return fn(arg, err);
}

static chl_status run_alone(caller *c, chl_error *err)
{
    ask_through(c, ask_alone, NULL);
    for (int net = 0; net < c->nets; net++) {
        CHL_TRY(train_net(c, net, err));
        c->done[net] = 1;
    }
    return CHL_OK;
}

/* ---- with threads ---- */

typedef struct meeting {
    caller *caller;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t posted, answered;
    chl_asked_fn *fn; /* posted and not answered yet; NULL = the place is free */
    void *arg;
    bool has_answer;
    chl_status answer;
    chl_error *answer_error;
    int next;     /* the next net to train */
    int training; /* workers with a net, or that may take one */
    int running;  /* workers */
    int failed;   /* the net whose failure is kept, -1 = none */
    chl_status status;
    chl_error error;
} meeting;

/* On a worker: hands fn(arg) to the calling thread and waits. */
static chl_status post(void *ctx, chl_asked_fn *fn, void *arg, chl_error *err)
{
    meeting *m = ctx;
    pthread_mutex_lock(&m->lock);
    while (m->fn) {
        pthread_cond_wait(&m->answered, &m->lock);
    }
    m->fn = fn;
    m->arg = arg;
    m->answer_error = err;
    m->has_answer = false;
    pthread_cond_signal(&m->posted);
    while (!(m->arg == arg && m->has_answer)) {
        pthread_cond_wait(&m->answered, &m->lock);
    }
    chl_status status = m->answer;
    m->fn = NULL;
    m->arg = NULL;
    pthread_cond_broadcast(&m->answered);
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* A cause beats the cancellations that follow from it; otherwise the lowest net. */
static void record_failure(meeting *m, int net, chl_status status, const chl_error *err)
{
    bool first = m->failed < 0;
    bool cause = m->status == CHL_ECANCELLED && status != CHL_ECANCELLED;
    bool lower =
        (m->status == CHL_ECANCELLED) == (status == CHL_ECANCELLED) && net < m->failed;
    if (first || cause || lower) {
        m->failed = net;
        m->status = status;
        m->error = *err;
    }
    atomic_store(m->caller->jobs[0].abort, true);
}

/* Trains nets as long as there are some that nobody took. */
static void train_nets(meeting *m)
{
    caller *c = m->caller;
    pthread_mutex_lock(&m->lock);
    while (m->next < c->nets && !atomic_load(c->jobs[0].abort)) {
        int net = m->next++;
        pthread_mutex_unlock(&m->lock);
        chl_error err = {0};
        chl_status status = train_net(c, net, &err);
        pthread_mutex_lock(&m->lock);
        c->done[net] = 1;
        if (status != CHL_OK) {
            record_failure(m, net, status, &err);
        }
    }
    bool last = --m->training == 0;
    pthread_mutex_unlock(&m->lock);
    if (last) {
        chl_crew_close(c->crew);
    }
}

static void *work(void *arg)
{
    meeting *m = arg;
    train_nets(m);
    chl_crew_serve(m->caller->crew);
    pthread_mutex_lock(&m->lock);
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
        if (m->fn && !m->has_answer) {
            m->answer = m->fn(m->arg, m->answer_error);
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
    m->running = m->training = started;
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
    ask_through(c, post, &m);
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

static chl_status count_nets(caller *c, chl_error *err)
{
    c->starts = chl_alloc((size_t)c->count, sizeof *c->starts);
    for (int k = 0; c->starts && k < c->count; k++) {
        c->starts[k] = c->nets;
        c->nets += c->jobs[k].members;
    }
    c->done = chl_calloc((size_t)c->nets, sizeof *c->done);
    return c->starts && c->done ? CHL_OK : chl_fail_memory(err);
}

/* How many threads have something to do. */
static int useful_threads(const caller *c)
{
    int most = chl_control_threads(c->control), useful = 0;
    for (int k = 0; k < c->count && useful < most; k++) {
        useful += c->jobs[k].members * chl_member_threads(&c->jobs[k]);
    }
    return useful < most ? useful : most;
}

static chl_status train_all(caller *c, chl_error *err)
{
    int threads = useful_threads(c);
    c->abreast = threads < c->nets ? threads : c->nets;
    c->began = chl_seconds();
    if (threads < 2) {
        return run_alone(c, err);
    }
    CHL_TRY(chl_crew_new(&c->crew, err));
    for (int k = 0; k < c->count; k++) {
        c->jobs[k].crew = c->crew;
    }
    return run_threads(c, threads, err);
}

chl_status chl_ensemble_train(chl_job *jobs, int count, const chl_control *control,
                              chl_epoch_fn *on_epoch, void *ctx, chl_error *err)
{
    caller c = {.jobs = jobs,
                .count = count,
                .control = control,
                .on_epoch = on_epoch,
                .ctx = ctx};
    chl_status status = count_nets(&c, err);
    if (status == CHL_OK) {
        status = train_all(&c, err);
    }
    chl_crew_free(c.crew);
    chl_free(c.starts);
    chl_free(c.done);
    return status;
}
