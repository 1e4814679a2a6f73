/* SPDX-License-Identifier: MIT
 *
 * What the files of layer `lua` share. Layer: core/layers, not for other rooms.
 */
#ifndef CHL_LAYERS_LUA_LAYER_H
#define CHL_LAYERS_LUA_LAYER_H

#include "core/nn/pass.h"
#include "core/nn/run.h"

/* ---- lua_call.c: a failure stays in the pass or run ---- */

void lua_layer_forward(chl_pass *pass, int i);
void lua_layer_backward(chl_pass *pass, int i);
void lua_layer_infer(chl_run *run, int i);

/* ---- lua_check.c ---- */

/* On the host's thread: the call's y and gradients against the layer itself, for a
 * gradient of y that is made up; `call` is as before forward and has room for all. */
CHL_MUST_CHECK chl_status lua_layer_check(const chl_custom_host *host,
                                          chl_custom_call *call, chl_error *err);

#endif
