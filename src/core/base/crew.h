/* SPDX-License-Identifier: MIT
 *
 * Threads that help each other: who is idle serves, who has work that falls into
 * independent pieces calls. Layer: core/base (POSIX threads).
 *
 * Which thread takes which piece is left to chance, so pieces must share nothing that
 * they write, and results must not depend on who did them. A call costs a few
 * microseconds: helpers watch for a moment before they sleep.
 */
#ifndef CHL_BASE_CREW_H
#define CHL_BASE_CREW_H

#include "core/base/status.h"

typedef struct chl_crew chl_crew;
typedef void chl_piece_fn(void *ctx, int piece);

CHL_MUST_CHECK chl_status chl_crew_new(chl_crew **crew, chl_error *err);
/* Nobody may serve or call any more. */
void chl_crew_free(chl_crew *crew);

/* Runs fn(ctx, 0 … n-1), with the help of who serves; returns when all are done. Any
 * thread may call, several at a time. crew NULL: in order, alone. */
void chl_crew_call(chl_crew *crew, int n, chl_piece_fn *fn, void *ctx);

/* Helps callers until the crew is closed. */
void chl_crew_serve(chl_crew *crew);
void chl_crew_close(chl_crew *crew);

#endif
