/* SPDX-License-Identifier: MIT */
#include "core/base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/base/alloc.h"

typedef struct pool {
    chl_task_fn *fn;
    void *ctx;
    size_t n;
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards the three below */
    size_t failed_index;
    chl_status status;
    chl_error error;
} pool;

static void record_failure(pool *p, size_t index, chl_status status, const chl_error *err)
{
    pthread_mutex_lock(&p->lock);
    if (p->status == CHL_OK || index < p->failed_index) {
        p->failed_index = index;
        p->status = status;
        p->error = *err;
    }
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->stop, true);
}

static void *work(void *arg)
{
    pool *p = arg;
    while (!atomic_load(&p->stop)) {
        size_t index = atomic_fetch_add(&p->next, 1);
        if (index >= p->n) {
            break;
        }
        chl_error err = {0};
        chl_status status = p->fn(p->ctx, index, &err);
        if (status != CHL_OK) {
            record_failure(p, index, status, &err);
        }
    }
    return NULL;
}

chl_status chl_parallel_for(int threads, size_t n, chl_task_fn *fn, void *ctx,
                            chl_error *err)
{
    pool p = {.fn = fn, .ctx = ctx, .n = n};
    size_t helpers = threads > 1 ? (size_t)threads - 1 : 0;
    if (n > 0 && helpers > n - 1) {
        helpers = n - 1;
    }
    pthread_t *ids = chl_alloc(helpers, sizeof *ids);
    if (!ids) {
        return chl_fail_memory(err);
    }
    pthread_mutex_init(&p.lock, NULL);
    size_t started = 0;
    while (n > 0 && started < helpers &&
           pthread_create(&ids[started], NULL, work, &p) == 0) {
        started++; /* fewer threads than asked for are enough: the caller works as well */
    }
    work(&p);
    for (size_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
    }
    pthread_mutex_destroy(&p.lock);
    chl_free(ids);
    if (p.status != CHL_OK && err) {
        *err = p.error;
    }
    return p.status;
}

int chl_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 256 ? 256 : (int)n;
}
