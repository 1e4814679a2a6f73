/* SPDX-License-Identifier: MIT
 *
 * Independent tasks on threads. Layer: core/base (POSIX threads).
 *
 * Tasks must not share mutable state; results land in slots chosen by the task's index,
 * so the outcome does not depend on the number of threads.
 */
#ifndef CHL_BASE_PARALLEL_H
#define CHL_BASE_PARALLEL_H

#include <stddef.h>

#include "core/base/status.h"

typedef chl_status chl_task_fn(void *ctx, size_t index, chl_error *err);

/* Runs fn(ctx, 0 … n-1) on up to `threads` threads, the caller's among them. After a
 * failure no new task starts; the error of the lowest failed index is reported. */
CHL_MUST_CHECK chl_status chl_parallel_for(int threads, size_t n, chl_task_fn *fn,
                                           void *ctx, chl_error *err);

/* Processors that this process may use; at least 1. */
int chl_processors(void);

#endif
