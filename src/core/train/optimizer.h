/* SPDX-License-Identifier: MIT
 *
 * Optimizers over one flat vector of numbers, as PyTorch defines them. Layer: core/train.
 *
 *   sgd      u = momentum·u + g (u = g at the first step), p -= lr·u, or with nesterov
 *            p -= lr·(g + momentum·u)
 *   adam     Kingma & Ba 2015, with bias correction
 *   adamw    adam after chl_optimizer_decay (Loshchilov & Hutter 2019)
 *   nadam    Dozat 2016: Adam with Nesterov's momentum, which grows with momentum_decay
 *   rmsprop  Tieleman & Hinton 2012; centered: Graves 2013
 *   muon     Jordan et al. 2024 for the hidden matrices, adamw with adam_lr for the rest:
 *            muon.c
 *   lbfgs    Nocedal 1980 with a line search for the strong Wolfe conditions, over the
 *            whole training set: lbfgs.h instead of chl_optimizer_step
 *
 * adamw, nadam and muon take decoupled weight decay that spares biases and norms.
 */
#ifndef CHL_TRAIN_OPTIMIZER_H
#define CHL_TRAIN_OPTIMIZER_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/crew.h"
#include "core/base/status.h"
#include "core/nn/layer.h"

typedef enum chl_optimizer_type {
    CHL_OPTIMIZER_ADAM,
    CHL_OPTIMIZER_ADAMW,
    CHL_OPTIMIZER_SGD,
    CHL_OPTIMIZER_RMSPROP,
    CHL_OPTIMIZER_NADAM,
    CHL_OPTIMIZER_MUON,
    CHL_OPTIMIZER_LBFGS
} chl_optimizer_type;

enum { CHL_LBFGS_HISTORY_MAX = 100 };

typedef enum chl_muon_adjust { CHL_MUON_ORIGINAL, CHL_MUON_MATCH_RMS } chl_muon_adjust;

typedef struct chl_optimizer {
    int type; /* chl_optimizer_type */
    double lr;
    double beta1, beta2, eps; /* adam, adamw, nadam, muon; eps: rmsprop too */
    double weight_decay;      /* adamw, nadam, muon */
    double momentum;          /* sgd, rmsprop, muon */
    bool nesterov;            /* sgd (needs momentum), muon */
    double alpha;             /* rmsprop: share of the old mean square */
    bool centered;            /* rmsprop */
    double momentum_decay;    /* nadam */
    double adam_lr;           /* muon: of what is no hidden matrix */
    int adjust;               /* muon: chl_muon_adjust */
    int64_t history;          /* lbfgs: pairs of steps and gradients */
    int64_t iterations;       /* lbfgs: in an epoch */
    double tolerance_grad;    /* lbfgs: the largest derivative of an optimum */
    double tolerance_change;  /* lbfgs: the smallest change of loss or numbers */
} chl_optimizer;

/* {"type":"adam", "lr":…, …}; absent is Adam with PyTorch's defaults. */
CHL_MUST_CHECK chl_status chl_optimizer_read(const json_t *json, chl_optimizer *o,
                                             chl_error *err);

/* What an optimizer remembers of its steps on one net: all that a resume needs. */
typedef struct chl_optimizer_state {
    const chl_optimizer *options; /* borrowed */
    const chl_net *net;           /* borrowed: the architecture */
    const chl_kernels *kernels;
    int64_t steps;       /* taken so far */
    double product;      /* nadam: of its momenta so far */
    int64_t pairs;       /* lbfgs: kept so far */
    chl_real *memory;    /* [memory_size], owned; zero before the first step */
    int64_t memory_size; /* a multiple of net->pack_params */
    chl_real *scratch;   /* owned; nothing in it between steps */
    chl_crew *crew;      /* set by the caller: who helps, in so many pieces; NULL = */
    int pieces;          /* nobody */
} chl_optimizer_state;

CHL_MUST_CHECK chl_status chl_optimizer_init(chl_optimizer_state *s,
                                             const chl_optimizer *o, const chl_net *net,
                                             chl_error *err);
void chl_optimizer_reset(chl_optimizer_state *s);
/* Numbers of its memory and of its scratch. */
int64_t chl_optimizer_memory_size(const chl_optimizer *o, const chl_net *net);
int64_t chl_optimizer_scratch_size(const chl_optimizer *o, const chl_net *net);

/* One step with learning rate lr, weight decay included. grads and params are
 * [net->pack_params] of the net; not for lbfgs. */
void chl_optimizer_step(chl_optimizer_state *s, double lr, const chl_real *grads,
                        chl_real *params);

/* Whether weight decay shrinks it: trained weights and embeddings. */
bool chl_param_decays(const chl_param *p);
/* The n numbers at `at` shrink by lr · weight_decay. */
void chl_optimizer_decay(const chl_optimizer_state *s, double lr, int64_t at, int64_t n,
                         chl_real *params);

/* One kind of optimizer each, over the n numbers (a multiple of CHL_LANES) that start at
 * `at` in grads, params and memory. s->steps counts the present step. */
void chl_adam_update(const chl_optimizer_state *s, double lr, int64_t at, int64_t n,
                     const chl_real *grads, chl_real *params);
void chl_nadam_update(chl_optimizer_state *s, double lr, const chl_real *grads,
                      chl_real *params);
void chl_rmsprop_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                        chl_real *params);
/* With decay: it knows the two learning rates. */
void chl_muon_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                     chl_real *params);
int64_t chl_muon_scratch_size(const chl_net *net);
void chl_sgd_update(const chl_optimizer_state *s, double lr, const chl_real *grads,
                    chl_real *params);

#endif
