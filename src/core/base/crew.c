/* SPDX-License-Identifier: MIT */
#include "core/base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/alloc.h"

/* How often an idle thread looks before it sleeps or yields: about 100 microseconds. */
enum { LOOKS = 4096 };

/* One chl_crew_call; lives on the caller's stack. */
typedef struct call {
    chl_piece_fn *fn;
    void *ctx;
    int n;
    atomic_int next;    /* the next piece that nobody took */
    atomic_int helpers; /* at work on it; grows under the crew's lock */
    struct call *following;
} call;

struct chl_crew {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t woken;
    call *calls; /* open ones */
    bool closed;
    int sleeping;
    atomic_uint changes; /* grows when there is something new; watched without the lock */
};

/* Tells the processor that this is a loop that waits. */
static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

chl_status chl_crew_new(chl_crew **crew, chl_error *err)
{
    chl_crew *c = chl_calloc(1, sizeof *c);
    *crew = c;
    if (!c) {
        return chl_fail_memory(err);
    }
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->woken, NULL);
    return CHL_OK;
}

void chl_crew_free(chl_crew *crew)
{
    if (crew) {
        pthread_cond_destroy(&crew->woken);
        pthread_mutex_destroy(&crew->lock);
        chl_free(crew);
    }
}

/* With the lock held. */
static void announce(chl_crew *crew)
{
    atomic_fetch_add(&crew->changes, 1);
    if (crew->sleeping > 0) {
        pthread_cond_broadcast(&crew->woken);
    }
}

static void take_pieces(call *c)
{
    int piece;
    while ((piece = atomic_fetch_add(&c->next, 1)) < c->n) {
        c->fn(c->ctx, piece);
    }
}

/* ---- who calls ---- */

static void open_call(chl_crew *crew, call *c)
{
    pthread_mutex_lock(&crew->lock);
    c->following = crew->calls;
    crew->calls = c;
    announce(crew);
    pthread_mutex_unlock(&crew->lock);
}

/* After this nobody begins to help; then waits for those who do. */
static void end_call(chl_crew *crew, call *c)
{
    pthread_mutex_lock(&crew->lock);
    call **place = &crew->calls;
    while (*place != c) {
        place = &(*place)->following;
    }
    *place = c->following;
    pthread_mutex_unlock(&crew->lock);
    for (int looks = 0; atomic_load(&c->helpers) > 0; looks++) {
        if (looks < LOOKS) {
            relax();
        } else {
            sched_yield();
        }
    }
}

void chl_crew_call(chl_crew *crew, int n, chl_piece_fn *fn, void *ctx)
{
    call c = {.fn = fn, .ctx = ctx, .n = n};
    if (!crew || n < 2) {
        take_pieces(&c);
        return;
    }
    open_call(crew, &c);
    take_pieces(&c);
    end_call(crew, &c);
}

/* ---- who serves ---- */

/* With the lock held. */
static call *open_work(const chl_crew *crew)
{
    call *c = crew->calls;
    while (c && atomic_load(&c->next) >= c->n) {
        c = c->following;
    }
    return c;
}

/* With the lock held, which it gives back meanwhile. */
static void help(chl_crew *crew, call *c)
{
    atomic_fetch_add(&c->helpers, 1);
    pthread_mutex_unlock(&crew->lock);
    take_pieces(c);
    atomic_fetch_sub(&c->helpers, 1); /* from here on the call may be gone */
    pthread_mutex_lock(&crew->lock);
}

/* With the lock held, which it gives back meanwhile: watches, then sleeps. */
static void wait_for_change(chl_crew *crew)
{
    unsigned seen = atomic_load(&crew->changes);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < LOOKS && atomic_load(&crew->changes) == seen; i++) {
        relax();
    }
    pthread_mutex_lock(&crew->lock);
    crew->sleeping++;
    while (atomic_load(&crew->changes) == seen) {
        pthread_cond_wait(&crew->woken, &crew->lock);
    }
    crew->sleeping--;
}

void chl_crew_serve(chl_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->closed) {
        call *c = open_work(crew);
        if (c) {
            help(crew, c);
        } else {
            wait_for_change(crew);
        }
    }
    pthread_mutex_unlock(&crew->lock);
}

void chl_crew_close(chl_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->closed = true;
    announce(crew);
    pthread_mutex_unlock(&crew->lock);
}
