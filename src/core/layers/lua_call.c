/* SPDX-License-Identifier: MIT
 *
 * Calls of layer `lua`: a batch in double, handed to the host's thread. Layer:
 * core/layers.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/layers/lua_layer.h"

/* A call on its way. */
typedef struct errand {
    const chl_custom_host *host;
    chl_custom_call call;
    bool check;
} errand;

static chl_status carry_out(void *arg, chl_error *err)
{
    errand *e = arg;
    if (!e->host) {
        return chl_fail(err, CHL_ENAME,
                        "layer '%s' is written in Lua: register it with "
                        "nn.register_layer before",
                        e->call.function);
    }
    if (e->check) {
        CHL_TRY(lua_layer_check(e->host, &e->call, err));
    }
    return e->host->call(e->host->ctx, &e->call, err);
}

/* ---- numbers ---- */

static void widen(const chl_real *from, int64_t ld, int64_t rows, int64_t cols,
                  double *to)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++) {
            to[i * cols + j] = (double)from[i * ld + j];
        }
    }
}

/* With zeros as padding. */
static void narrow(const double *from, int64_t rows, int64_t cols, chl_real *to)
{
    int64_t ld = chl_padded(cols);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < ld; j++) {
            to[i * ld + j] = j < cols ? (chl_real)from[i * cols + j] : 0;
        }
    }
}

static int64_t tensor_numbers(const chl_net *net, int i)
{
    int64_t n = 0;
    for (int k = 0; k < net->layers[i].tensors; k++) {
        n += chl_param_size(chl_layer_tensor(net, i, k));
    }
    return n;
}

static void place_tensors(const chl_net *net, int i, const chl_real *params, double *at,
                          chl_custom_call *call)
{
    for (int k = 0; k < net->layers[i].tensors; k++) {
        const chl_param *p = chl_layer_tensor(net, i, k);
        int64_t size = chl_param_size(p);
        call->tensor[k] = (chl_custom_tensor){.name = p->name,
                                              .rows = p->rows,
                                              .cols = p->cols,
                                              .values = at,
                                              .grads = at + size};
        widen(params + p->pack_at, chl_padded(p->cols), p->rows, p->cols, at);
        memset(at + size, 0, (size_t)size * sizeof *at);
        at += 2 * size;
    }
}

/* x has rows of `ld` numbers. The caller frees call->block. */
static chl_status open_call(const chl_net *net, int i, chl_custom_step step,
                            const chl_real *x, int64_t ld, int64_t rows,
                            const chl_real *params, chl_custom_call *call, chl_error *err)
{
    const chl_layer *layer = &net->layers[i];
    int64_t in = layer->in.width, out = layer->out.width;
    int64_t size = 2 * rows * (in + out) + 2 * tensor_numbers(net, i);
    double *block = chl_calloc((size_t)size, sizeof *block);
    *call = (chl_custom_call){
        .step = step,
        .function = json_string_value(json_object_get(layer->own, "function")),
        .rows = rows,
        .in = (int)in,
        .out = (int)out,
        .x = block,
        .tensors = layer->tensors,
        .block = block};
    if (!block) {
        return chl_fail_memory(err);
    }
    call->dx = call->x + rows * in;
    call->y = call->dx + rows * in;
    call->dy = call->y + rows * out;
    widen(x, ld, rows, in, call->x);
    place_tensors(net, i, params, call->dy + rows * out, call);
    return CHL_OK;
}

/* ---- training ---- */

static chl_status open_step(chl_pass *pass, int i, chl_custom_step step, errand *e)
{
    e->host = pass->net->custom;
    chl_status status = open_call(pass->net, i, step, chl_pass_in(pass, i, 0),
                                  chl_padded(pass->net->layers[i].in.width), pass->rows,
                                  pass->packed.params, &e->call, &pass->error);
    e->call.key = &pass->slots[i];
    return status;
}

void lua_layer_forward(chl_pass *pass, int i)
{
    errand e = {.check = pass->check && pass->net->layers[i].options.check};
    pass->failed = open_step(pass, i, CHL_CUSTOM_FORWARD, &e);
    if (pass->failed == CHL_OK) {
        pass->failed = chl_caller_ask(&pass->caller, carry_out, &e, &pass->error);
    }
    if (pass->failed == CHL_OK) {
        narrow(e.call.y, pass->rows, e.call.out, pass->slots[i].out);
    }
    chl_free(e.call.block);
}

static void take_gradients(chl_pass *pass, int i, const chl_custom_call *call)
{
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (dx) {
        narrow(call->dx, call->rows, call->in, dx);
        chl_pass_source_done(pass, i, 0);
    }
    for (int k = 0; k < call->tensors; k++) {
        const chl_custom_tensor *t = &call->tensor[k];
        narrow(t->grads, t->rows, t->cols, chl_pass_grads(pass, i, k));
    }
}

void lua_layer_backward(chl_pass *pass, int i)
{
    errand e = {0};
    pass->failed = open_step(pass, i, CHL_CUSTOM_BACKWARD, &e);
    if (pass->failed == CHL_OK) {
        int64_t ld = chl_padded(e.call.out);
        widen(pass->slots[i].out, ld, pass->rows, e.call.out, e.call.y);
        widen(pass->slots[i].gradient, ld, pass->rows, e.call.out, e.call.dy);
        pass->failed = chl_caller_ask(&pass->caller, carry_out, &e, &pass->error);
    }
    if (pass->failed == CHL_OK) {
        take_gradients(pass, i, &e.call);
    }
    chl_free(e.call.block);
}

/* ---- inference ---- */

void lua_layer_infer(chl_run *run, int i)
{
    int64_t ld;
    const chl_real *x = chl_run_in(run, i, 0, &ld);
    errand e = {.host = run->net->custom};
    run->failed = open_call(run->net, i, CHL_CUSTOM_INFER, x, ld, run->rows,
                            run->packed->params, &e.call, &run->error);
    if (run->failed == CHL_OK) {
        run->failed = chl_caller_ask(&run->caller, carry_out, &e, &run->error);
    }
    if (run->failed == CHL_OK) {
        narrow(e.call.y, run->rows, e.call.out, chl_run_out(run, i));
    }
    chl_free(e.call.block);
}
