/* SPDX-License-Identifier: MIT
 *
 * L-BFGS with a line search for the strong Wolfe conditions, as PyTorch's LBFGS takes
 * them: the same tests in the same order, so that the traces are equal. Layer:
 * core/train.
 *
 * The two-loop recursion is Nocedal 1980, the search Nocedal & Wright 2006, algorithms
 * 3.5 and 3.6, with cubic interpolation. The function is deterministic: the whole
 * training set, no random draws. Sums over the numbers run in their order, in double.
 */
#ifndef CHL_TRAIN_LBFGS_H
#define CHL_TRAIN_LBFGS_H

#include "core/train/optimizer.h"

/* The loss at `params` and its gradient, [net->pack_params] each. */
typedef chl_status chl_objective_fn(void *ctx, const chl_real *params, double *loss,
                                    chl_real *grads, chl_error *err);

typedef struct chl_objective {
    chl_objective_fn *evaluate;
    void *ctx;
} chl_objective;

/* Up to options->iterations iterations from `params`, which are moved to the best point;
 * *loss is the loss there. *converged when none was left to make. */
CHL_MUST_CHECK chl_status chl_lbfgs_step(chl_optimizer_state *s, double lr,
                                         const chl_objective *f, chl_real *params,
                                         double *loss, bool *converged, chl_error *err);

/* ---- the line search: for lbfgs.c ---- */

/* A step length along the direction: loss, slope and gradient there. */
typedef struct chl_trial {
    double t, loss, slope;
    chl_real *grads; /* [n], each trial its own */
} chl_trial;

typedef struct chl_search {
    const chl_objective *f;
    int64_t n;
    const chl_real *from;      /* [n] where the search starts */
    const chl_real *direction; /* [n] */
    chl_real *at;              /* [n]: the point of the last evaluation */
    chl_trial start;           /* t = 0; its gradient is only read */
    chl_trial ends[2];         /* of the bracket */
    chl_trial newest;
    int rounds, most; /* of the search, so far and allowed (at least 1) */
    int evaluations;  /* so far */
} chl_search;

/* Searches from step length t; the result is s->ends[*low]. */
CHL_MUST_CHECK chl_status chl_search_run(chl_search *s, double t, int *low,
                                         chl_error *err);

double chl_real_dot(int64_t n, const chl_real *a, const chl_real *b);
double chl_real_largest(int64_t n, const chl_real *a); /* magnitude */

#endif
