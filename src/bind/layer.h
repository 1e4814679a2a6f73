/* SPDX-License-Identifier: MIT
 *
 * Layers written in Lua: the host that nets borrow. Layer: bind.
 */
#ifndef CHLUA_LAYER_H
#define CHLUA_LAYER_H

#include <lua.h>

#include "core/nn/custom_layer.h"

/* The host of this Lua state, which lives as long as the state; its functions run on L
 * from now on. Every binding whose core function can run a net calls it first. */
const chl_custom_host *chlua_layer_host(lua_State *L);

/* After a callback of L, which may have called other bindings: L is at work again. */
void chlua_layer_resume(lua_State *L);

/* After CHL_ERAISED: pushes the object that the function raised. */
void chlua_layer_push_raised(lua_State *L);

/* Forgets what forward kept for a backward that never came. */
void chlua_layer_done(lua_State *L);

/* ---- layer_values.c ---- */

/* Pushes a matrix with a copy of the numbers. */
void chlua_push_numbers(lua_State *L, const double *data, int64_t rows, int64_t cols);
/* The matrix, or list of rows, on top of the stack becomes data[rows × cols]; where there
 * is one column a row may be a number. Messages go to err; `function` and `what` start
 * them. */
CHL_MUST_CHECK chl_status chlua_layer_take(lua_State *L, const char *function,
                                           const char *what, int64_t rows, int64_t cols,
                                           double *data, chl_error *err);

#endif
