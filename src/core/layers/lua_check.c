/* SPDX-License-Identifier: MIT
 *
 * What a layer written in Lua promises, on the first batch of training: its gradients
 * agree with finite differences, and a row's output does not depend on the rows beside
 * it. Layer: core/layers.
 */
#include <math.h>
#include <string.h>

#include "core/layers/lua_layer.h"

enum { PROBES = 16 };
static const double STEP = 1e-4, TOLERANCE = 1e-3, SAME = 1e-9;

typedef struct probing {
    const chl_custom_host *host;
    chl_custom_call *call;
    double middle; /* sum of dy · y */
} probing;

static chl_status run(const probing *p, chl_custom_step step, chl_error *err)
{
    p->call->step = step;
    return p->host->call(p->host->ctx, p->call, err);
}

static double weigh(const chl_custom_call *c)
{
    double sum = 0;
    for (int64_t i = 0; i < c->rows * c->out; i++) {
        sum += c->dy[i] * c->y[i];
    }
    return sum;
}

/* The sum with *slot set to that value. */
static chl_status sum_at(const probing *p, double *slot, double value, double *sum,
                         chl_error *err)
{
    double held = *slot;
    *slot = value;
    chl_status status = run(p, CHL_CUSTOM_INFER, err);
    *slot = held;
    *sum = weigh(p->call);
    return status;
}

/* One number of a gradient; where the layer has a bend nothing is said. */
static chl_status probe(const probing *p, const char *what, double *slot, int64_t at,
                        int64_t cols, double given, chl_error *err)
{
    double up, down, h = STEP * (1 + fabs(*slot));
    CHL_TRY(sum_at(p, slot, *slot + h, &up, err));
    CHL_TRY(sum_at(p, slot, *slot - h, &down, err));
    double right = (up - p->middle) / h, left = (p->middle - down) / h;
    double difference = (up - down) / (2 * h);
    double room = TOLERANCE * (1 + fmax(fabs(difference), fabs(given))) +
                  fabs(p->middle) * 1e-12 / h;
    if (fabs(right - left) > 10 * room || fabs(difference - given) <= room) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_EINVAL,
                    "layer '%s': backward: the gradient of %s, row %lld, column %lld, is "
                    "%.6g, but finite differences of forward give %.6g (check = false "
                    "leaves this test out)",
                    p->call->function, what, (long long)(at / cols) + 1,
                    (long long)(at % cols) + 1, given, difference);
}

static chl_status probe_all(const probing *p, const char *what, double *values,
                            const double *grads, int64_t rows, int64_t cols,
                            chl_error *err)
{
    int64_t n = rows * cols, probes = n < PROBES ? n : PROBES;
    for (int64_t i = 0; i < probes; i++) {
        int64_t at = i * n / probes;
        CHL_TRY(probe(p, what, &values[at], at, cols, grads[at], err));
    }
    return CHL_OK;
}

static chl_status check_rows(const probing *p, chl_error *err)
{
    chl_custom_call *c = p->call;
    int64_t rows = c->rows;
    for (int j = 0; j < c->out; j++) {
        c->dy[j] = c->y[j];
    }
    c->rows = 1;
    chl_status status = run(p, CHL_CUSTOM_INFER, err);
    c->rows = rows;
    for (int j = 0; status == CHL_OK && j < c->out; j++) {
        if (fabs(c->y[j] - c->dy[j]) > SAME * (1 + fabs(c->dy[j]))) {
            status = chl_fail(err, CHL_EINVAL,
                              "layer '%s': forward: the first row alone gives %.6g in "
                              "column %d, with other rows %.6g: each row must stand for "
                              "itself (check = false leaves this test out)",
                              c->function, c->y[j], j + 1, c->dy[j]);
        }
    }
    return status;
}

static chl_status check_gradients(probing *p, chl_error *err)
{
    chl_custom_call *c = p->call;
    CHL_TRY(run(p, CHL_CUSTOM_FORWARD, err));
    for (int64_t i = 0; i < c->rows * c->out; i++) {
        c->dy[i] = (double)(i * 7 % 11) / 5 - 1; /* of both signs */
    }
    p->middle = weigh(c);
    CHL_TRY(run(p, CHL_CUSTOM_BACKWARD, err));
    CHL_TRY(probe_all(p, "x", c->x, c->dx, c->rows, c->in, err));
    for (int k = 0; k < c->tensors; k++) {
        chl_custom_tensor *t = &c->tensor[k];
        CHL_TRY(probe_all(p, t->name, t->values, t->grads, t->rows, t->cols, err));
    }
    return CHL_OK;
}

chl_status lua_layer_check(const chl_custom_host *host, chl_custom_call *call,
                           chl_error *err)
{
    probing p = {.host = host, .call = call};
    chl_custom_step step = call->step;
    chl_status status = check_gradients(&p, err);
    if (status == CHL_OK) {
        status = run(&p, CHL_CUSTOM_INFER, err); /* y of the unchanged numbers */
    }
    if (status == CHL_OK) {
        status = check_rows(&p, err);
    }
    call->step = step;
    return status;
}
