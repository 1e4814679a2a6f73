/* SPDX-License-Identifier: MIT
 *
 * How long work stays polite: it looks for a stop request, tells its progress, and knows
 * how many threads it may use. Layer: core/base. A NULL chl_control means: one thread,
 * silent.
 */
#ifndef CHL_BASE_CONTROL_H
#define CHL_BASE_CONTROL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

typedef struct chl_control {
    const volatile sig_atomic_t
        *cancel; /* non-zero = stop soon (a signal handler sets it); may be NULL */
    int threads; /* threads that may be used; < 1 means 1 */
    /* Progress: share of the work done in [0, 1] and a short text ("epoch 12/200 val_loss
     * 0.33"). Called on the thread that called the core, never from a worker. May be
     * NULL. */
    void (*report)(void *ctx, double fraction, const char *text);
    void *ctx; /* handed to `report` */
} chl_control;

int chl_control_threads(const chl_control *control);
bool chl_control_cancelled(const chl_control *control);
void chl_control_report(const chl_control *control, double fraction, const char *text);

/* CHL_OK, or CHL_ECANCELLED with the message "<what>: interrupted". Loops call it at
 * least ten times a second. */
CHL_MUST_CHECK chl_status chl_control_check(const chl_control *control, const char *what,
                                            chl_error *err);

/* Seconds of a clock that never goes back; only differences mean something. */
double chl_seconds(void);

#endif
