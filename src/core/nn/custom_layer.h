/* SPDX-License-Identifier: MIT
 *
 * Layers that somebody else computes, such as one written in Lua: what crosses the border
 * for a batch of rows. Layer: core/nn.
 *
 * A net borrows a host, which knows the functions by their registered names and must be
 * called on its own thread alone. Training hands calls to that thread; whoever predicts
 * with such a net does so there (chl_net_is_custom). Numbers are double on this side.
 */
#ifndef CHL_NN_CUSTOM_LAYER_H
#define CHL_NN_CUSTOM_LAYER_H

#include "core/nn/net.h"

/* Something for the thread that called. */
typedef chl_status chl_asked_fn(void *arg, chl_error *err);
/* Runs fn(arg) there and waits for it. */
typedef chl_status chl_ask_fn(void *ctx, chl_asked_fn *fn, void *arg, chl_error *err);

/* The way to the caller's thread; ask NULL = this is it. */
typedef struct chl_caller {
    chl_ask_fn *ask;
    void *ctx;
} chl_caller;

static inline chl_status chl_caller_ask(const chl_caller *caller, chl_asked_fn *fn,
                                        void *arg, chl_error *err)
{
    return caller->ask ? caller->ask(caller->ctx, fn, arg, err) : fn(arg, err);
}

enum { CHL_CUSTOM_TENSORS_MAX = 16 };

typedef enum chl_custom_step {
    CHL_CUSTOM_INFER,
    CHL_CUSTOM_FORWARD, /* may keep something for backward under `key` */
    CHL_CUSTOM_BACKWARD
} chl_custom_step;

typedef struct chl_custom_tensor {
    const char *name;
    int64_t rows, cols;
    double *values;
    double *grads; /* backward writes it; zero before */
} chl_custom_tensor;

typedef struct chl_custom_call {
    chl_custom_step step;
    const char *function; /* the registered name */
    const void *key;
    int64_t rows;
    int in, out; /* numbers of a row */
    double *x;   /* [rows × in] */
    double *y;   /* [rows × out]: infer and forward write it, backward reads it */
    double *dy;  /* [rows × out]: backward */
    double *dx;  /* [rows × in]: backward writes it */
    int tensors;
    chl_custom_tensor tensor[CHL_CUSTOM_TENSORS_MAX];
    double *block; /* owns all numbers */
} chl_custom_call;

typedef chl_status chl_custom_layer_fn(void *ctx, chl_custom_call *call, chl_error *err);

struct chl_custom_host {
    chl_custom_layer_fn *call;
    void *ctx;
};

#endif
