/* SPDX-License-Identifier: MIT
 *
 * Losses written in Lua: f(z, y, w) -> sum, gradient. Layer: bind.
 *
 * A task holds them in its field `losses`, by the head's name, or in [1] for a net with
 * one head. They run under lua_pcall on the thread that called core.net.train.
 */
#include <math.h>
#include <string.h>

#include "bind/layer.h"
#include "bind/train.h"

enum { TASK_ARGUMENTS = 1, CALL }; /* stack positions of the protected call */

static void push_function(lua_State *L, const chlua_train_call *c, int head_index)
{
    const chl_custom_batch *b = c->batch;
    const char *head = chl_net_head_name(c->tasks[b->task].nets[0], head_index);
    if (lua_getfield(L, TASK_ARGUMENTS, "tasks") == LUA_TNIL) {
        lua_pushvalue(L, TASK_ARGUMENTS);
    } else {
        lua_rawgeti(L, -1, b->task + 1);
    }
    if (lua_getfield(L, -1, "losses") == LUA_TTABLE &&
        lua_getfield(L, -1, head) == LUA_TNIL) {
        lua_rawgeti(L, -2, 1);
    }
    if (!lua_isfunction(L, -1)) {
        luaL_error(L, "net.train: losses: head '%s': expected a function, got %s", head,
                   luaL_typename(L, -1));
    }
}

static void push_labels(lua_State *L, const chl_custom_batch *b)
{
    if (b->labels == 1) {
        chlua_push_doubles(L, b->y, b->rows);
    } else {
        chlua_push_numbers(L, b->y, b->rows, b->labels);
    }
}

/* ---- what the function gave back ---- */

static void take_matrix(lua_State *L, const chl_matrix *m, chl_custom_batch *b)
{
    if (m->rows != b->rows || m->cols != b->width) {
        luaL_error(L, "lua_loss: gradient: expected %I x %d numbers, got %I x %I",
                   (LUAI_UACINT)b->rows, b->width, (LUAI_UACINT)m->rows,
                   (LUAI_UACINT)m->cols);
    }
    memcpy(b->g, m->data, (size_t)(b->rows * b->width) * sizeof *b->g);
}

/* The number on top of the stack. */
static double take_number(lua_State *L, int64_t row)
{
    if (lua_type(L, -1) != LUA_TNUMBER) {
        luaL_error(L, "lua_loss: gradient: row %I: expected a number, got %s",
                   (LUAI_UACINT)(row + 1), luaL_typename(L, -1));
    }
    return lua_tonumber(L, -1);
}

/* A row of the list on top of the stack: a list, or a number where there is one output.
 */
static void take_row(lua_State *L, chl_custom_batch *b, int64_t row)
{
    double *g = b->g + row * b->width;
    if (lua_rawgeti(L, -1, row + 1) != LUA_TTABLE) {
        g[0] = take_number(L, row);
        if (b->width > 1) {
            luaL_error(L, "lua_loss: gradient: row %I: expected a list of %d numbers",
                       (LUAI_UACINT)(row + 1), b->width);
        }
    } else {
        for (int k = 0; k < b->width; k++) {
            lua_rawgeti(L, -1, k + 1);
            g[k] = take_number(L, row);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* Sum and gradient are on top of the stack. */
static void take_results(lua_State *L, chl_custom_batch *b)
{
    if (lua_type(L, -2) != LUA_TNUMBER) {
        luaL_error(L, "lua_loss: expected the loss and its gradient, got %s and %s",
                   luaL_typename(L, -2), luaL_typename(L, -1));
    }
    b->sum = lua_tonumber(L, -2);
    const chl_matrix *m = chlua_test_box(L, -1, CHLUA_MATRIX);
    if (m) {
        take_matrix(L, m, b);
        return;
    }
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) != (lua_Unsigned)b->rows) {
        luaL_error(L, "lua_loss: gradient: expected a matrix or a list of %I rows",
                   (LUAI_UACINT)b->rows);
    }
    for (int64_t i = 0; i < b->rows; i++) {
        take_row(L, b, i);
    }
}

static int call_protected(lua_State *L)
{
    const chlua_train_call *c = lua_touserdata(L, CALL);
    chl_custom_batch *b = c->batch;
    push_function(L, c, b->head);
    chlua_push_numbers(L, b->z, b->rows, b->width);
    push_labels(L, b);
    chlua_push_doubles(L, b->w, b->rows);
    lua_call(L, 3, 2);
    take_results(L, b);
    return 0;
}

chl_status chlua_custom_loss(void *ctx, chl_custom_batch *batch, chl_error *err)
{
    chlua_train_call *c = ctx;
    lua_State *L = c->L;
    if (c->raised) { /* another net's call: it ends training */
        return chl_fail(err, CHL_ECANCELLED, "train: stopped");
    }
    c->batch = batch;
    lua_pushcfunction(L, call_protected);
    lua_pushvalue(L, CHLUA_TRAIN_ARGUMENTS);
    lua_pushlightuserdata(L, c);
    int result = lua_pcall(L, 2, 0, 0);
    chlua_layer_resume(L);
    if (result != LUA_OK) {
        c->raised = true;
        return chl_fail(err, CHL_ECANCELLED, "train: the loss failed");
    }
    return CHL_OK;
}
