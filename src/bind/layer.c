/* SPDX-License-Identifier: MIT
 *
 * Layers written in Lua: their registered functions, run under lua_pcall on the thread
 * that called the core. Layer: bind.
 *
 * The registry of the Lua state has a host (userdata) whose uservalues are tables of the
 * functions by name and of what forward keeps, and the object that was raised.
 */
#include "bind/layer.h"

#include "bind/chlua.h"
#include "bind/modules.h"

/*** @module churnlab.core.net */

enum { FUNCTIONS = 1, KEPT, RAISED, USERVALUES = RAISED };

typedef struct layer_host {
    chl_custom_host host;
    lua_State *L; /* of the binding that is at work */
    bool raised;  /* a function did: no other is called */
} layer_host;

static const char host_key = 0; /* its address */

/* One call of the core. */
typedef struct work {
    chl_custom_call *call;
    chl_status status;
    chl_error *err;
} work;

static chl_status run_function(void *ctx, chl_custom_call *call, chl_error *err);

/* Pushes the host. */
static layer_host *push_host(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &host_key) == LUA_TUSERDATA) {
        return lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
    layer_host *h = lua_newuserdatauv(L, sizeof *h, USERVALUES);
    *h = (layer_host){.host = {run_function, h}, .L = L};
    lua_newtable(L);
    lua_setiuservalue(L, -2, FUNCTIONS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, KEPT);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &host_key);
    return h;
}

const chl_custom_host *chlua_layer_host(lua_State *L)
{
    layer_host *h = push_host(L);
    h->L = L;
    h->raised = false;
    lua_pop(L, 1);
    return &h->host;
}

void chlua_layer_resume(lua_State *L)
{
    push_host(L)->L = L;
    lua_pop(L, 1);
}

void chlua_layer_push_raised(lua_State *L)
{
    layer_host *h = push_host(L);
    h->raised = false;
    lua_getiuservalue(L, -1, RAISED);
    lua_pushnil(L);
    lua_setiuservalue(L, -3, RAISED);
    lua_remove(L, -2);
}

void chlua_layer_done(lua_State *L)
{
    push_host(L);
    lua_newtable(L);
    lua_setiuservalue(L, -2, KEPT);
    lua_pop(L, 1);
}

/* ---- one call ---- */

/* Stack positions of the protected call. */
enum { WORK = 1, HOST, DEFINITION, TOP = DEFINITION };

static void push_tensors(lua_State *L, const chl_custom_call *c)
{
    lua_createtable(L, 0, c->tensors);
    for (int k = 0; k < c->tensors; k++) {
        const chl_custom_tensor *t = &c->tensor[k];
        chlua_push_numbers(L, t->values, t->rows, t->cols);
        lua_setfield(L, -2, t->name);
    }
}

/* What forward keeps is on top of the stack. */
static void keep(lua_State *L, const chl_custom_call *c)
{
    lua_getiuservalue(L, HOST, KEPT);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, c->key);
}

/* Pushes what forward kept, which is then forgotten. */
static void push_kept(lua_State *L, const chl_custom_call *c)
{
    lua_getiuservalue(L, HOST, KEPT);
    lua_rawgetp(L, -1, c->key);
    lua_pushnil(L);
    lua_rawsetp(L, -3, c->key);
    lua_remove(L, -2);
}

static chl_status forward(lua_State *L, chl_custom_call *c, chl_error *err)
{
    lua_getfield(L, DEFINITION, "forward");
    chlua_push_numbers(L, c->x, c->rows, c->in);
    push_tensors(L, c);
    lua_call(L, 2, 2);
    if (c->step == CHL_CUSTOM_FORWARD) {
        keep(L, c);
    }
    lua_settop(L, TOP + 1);
    return chlua_layer_take(L, c->function, "forward", c->rows, c->out, c->y, err);
}

/* The table of gradients is on top of the stack. */
static chl_status take_gradients(lua_State *L, chl_custom_call *c, chl_error *err)
{
    if (c->tensors > 0 && !lua_istable(L, -1)) {
        return chl_fail(err, CHL_ETYPE,
                        "layer '%s': backward: expected the gradients of the parameters "
                        "as its second result, got %s",
                        c->function, luaL_typename(L, -1));
    }
    for (int k = 0; k < c->tensors; k++) {
        chl_custom_tensor *t = &c->tensor[k];
        lua_pushfstring(L, "backward: gradient of '%s'", t->name);
        lua_getfield(L, -2, t->name);
        CHL_TRY(chlua_layer_take(L, c->function, lua_tostring(L, -2), t->rows, t->cols,
                                 t->grads, err));
        lua_pop(L, 2);
    }
    return CHL_OK;
}

static chl_status backward(lua_State *L, chl_custom_call *c, chl_error *err)
{
    lua_getfield(L, DEFINITION, "backward");
    chlua_push_numbers(L, c->x, c->rows, c->in);
    chlua_push_numbers(L, c->y, c->rows, c->out);
    chlua_push_numbers(L, c->dy, c->rows, c->out);
    push_tensors(L, c);
    push_kept(L, c);
    lua_call(L, 5, 2);
    lua_pushvalue(L, -2);
    CHL_TRY(chlua_layer_take(L, c->function, "backward", c->rows, c->in, c->dx, err));
    lua_pop(L, 1);
    return take_gradients(L, c, err);
}

static int call_protected(lua_State *L)
{
    work *w = lua_touserdata(L, WORK);
    push_host(L);
    lua_getiuservalue(L, HOST, FUNCTIONS);
    lua_getfield(L, -1, w->call->function);
    lua_remove(L, -2);
    if (!lua_istable(L, DEFINITION)) {
        w->status = chl_fail(w->err, CHL_ENAME,
                             "layer '%s' is written in Lua: register it with "
                             "nn.register_layer before",
                             w->call->function);
    } else if (w->call->step == CHL_CUSTOM_BACKWARD) {
        w->status = backward(L, w->call, w->err);
    } else {
        w->status = forward(L, w->call, w->err);
    }
    return 0;
}

/* A chl_custom_layer_fn. */
static chl_status run_function(void *ctx, chl_custom_call *call, chl_error *err)
{
    layer_host *h = ctx;
    lua_State *L = h->L;
    work w = {call, CHL_OK, err};
    if (h->raised) { /* for another net: the work is about to end */
        return chl_fail(err, CHL_ECANCELLED, "layer '%s': stopped", call->function);
    }
    if (!lua_checkstack(L, 8)) {
        return chl_fail_memory(err);
    }
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &w);
    int result = lua_pcall(L, 1, 0, 0);
    h->L = L; /* the function may have called another binding on another thread of Lua */
    if (result == LUA_OK) {
        return w.status;
    }
    h->raised = true;
    push_host(L);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, RAISED);
    lua_pop(L, 1);
    return chl_fail(err, CHL_ERAISED, "layer '%s' raised an error", call->function);
}

/* ---- core.net ---- */

/*** Registers the functions of a layer written in Lua; `nn.register_layer` checks them.
 * @function core.net.register_layer
 * @tparam string name
 * @tparam table definition with `forward` and `backward`
 * @usage
 * core.net.register_layer("twice", {
 *   forward = function(x) return x end,
 *   backward = function(_, _, dy) return dy end,
 * }) */
int chlua_net_register_layer(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    push_host(L);
    lua_getiuservalue(L, 3, FUNCTIONS);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, lua_tostring(L, 1));
    return 0;
}
