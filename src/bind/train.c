/* SPDX-License-Identifier: MIT
 *
 * core.net.train: an ensemble of nets from matrices. Layer: bind.
 *
 * The Lua callback runs under lua_pcall on the thread that called; an error in it ends
 * training and is raised again as the same object.
 */
#include "core/nn/train.h"

#include <math.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/nn/net.h"

/*** @module churnlab.core.net */

/* Stack positions after unpack_fields. */
enum { ARGUMENTS = 1, SPEC, X, Y, VALID_X, VALID_Y, WEIGHTS, OPTIONS, MEMBERS, ON_EPOCH };
static const char *const field_names[] = {[SPEC] = "spec",
                                          [X] = "x",
                                          [Y] = "y",
                                          [VALID_X] = "valid_x",
                                          [VALID_Y] = "valid_y",
                                          [WEIGHTS] = "weights",
                                          [OPTIONS] = "options",
                                          [MEMBERS] = "members",
                                          [ON_EPOCH] = "on_epoch"};
enum { MEMBERS_MAX = 1000 };

/* ---- the history box ---- */

#define HISTORY "churnlab.History"

static int history_gc(lua_State *L)
{
    chl_history_reset(luaL_checkudata(L, 1, HISTORY));
    return 0;
}

void chlua_register_history(lua_State *L)
{
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", history_gc}, {NULL, NULL}};
    chlua_register(L, HISTORY, none, meta);
}

static chl_history *new_history(lua_State *L)
{
    chl_history *history = lua_newuserdatauv(L, sizeof *history, 0);
    *history = (chl_history){0};
    luaL_setmetatable(L, HISTORY);
    return history;
}

static void set_number(lua_State *L, const char *name, double value)
{
    if (!isnan(value)) {
        lua_pushnumber(L, value);
        lua_setfield(L, -2, name);
    }
}

static void push_epoch(lua_State *L, const chl_epoch *epoch)
{
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, epoch->member + 1);
    lua_setfield(L, -2, "member");
    lua_pushinteger(L, epoch->epoch);
    lua_setfield(L, -2, "epoch");
    set_number(L, "lr", epoch->lr);
    set_number(L, "loss", epoch->loss);
    set_number(L, "val_loss", epoch->val_loss);
    set_number(L, "val_auc", epoch->val_auc);
}

/* {members = {{epoch, …}, …}, best_epoch = {…}} */
static void push_history(lua_State *L, const chl_history *history)
{
    lua_createtable(L, 0, 2);
    lua_createtable(L, history->members, 0);
    int64_t at = 0;
    for (int i = 0; i < history->members; i++) {
        lua_newtable(L);
        for (; at < history->count && history->epochs[at].member == i; at++) {
            push_epoch(L, &history->epochs[at]);
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "members");
    lua_createtable(L, history->members, 0);
    for (int i = 0; i < history->members; i++) {
        lua_pushinteger(L, history->best_epoch[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "best_epoch");
}

/* ---- the callback ---- */

typedef struct callback {
    lua_State *L;
    const chl_epoch *epoch;
    bool raised; /* the error object is on top of the stack */
} callback;

static int call_protected(lua_State *L)
{
    const callback *c = lua_touserdata(L, 2);
    lua_settop(L, 1);
    lua_pushinteger(L, c->epoch->epoch);
    push_epoch(L, c->epoch);
    lua_call(L, 2, 1);
    return 1;
}

static chl_status on_epoch(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    callback *c = ctx;
    lua_State *L = c->L;
    c->epoch = epoch;
    lua_pushcfunction(L, call_protected);
    lua_pushvalue(L, ON_EPOCH);
    lua_pushlightuserdata(L, c);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        c->raised = true;
        return chl_fail(err, CHL_ECANCELLED, "train: the callback failed");
    }
    *stop = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    return CHL_OK;
}

/* ---- arguments ---- */

static int bad_field(lua_State *L, int field, const char *expected)
{
    return luaL_error(L, "net.train: %s: expected %s, got %s", field_names[field],
                      expected, luaL_typename(L, field));
}

static void unpack_fields(lua_State *L)
{
    luaL_checktype(L, ARGUMENTS, LUA_TTABLE);
    lua_settop(L, ARGUMENTS);
    for (int field = SPEC; field <= ON_EPOCH; field++) {
        lua_getfield(L, ARGUMENTS, field_names[field]);
    }
    if (!lua_isnil(L, ON_EPOCH) && !lua_isfunction(L, ON_EPOCH)) {
        bad_field(L, ON_EPOCH, "a function");
    }
    if (!lua_istable(L, SPEC)) {
        bad_field(L, SPEC, "a table");
    }
}

static const chl_matrix *matrix_field(lua_State *L, int field)
{
    const chl_matrix *m = chlua_test_box(L, field, CHLUA_MATRIX);
    if (!m) {
        bad_field(L, field, "a matrix");
    }
    return m;
}

/* The n numbers of a field, pinned by the stack; NULL when it is nil and `optional`. */
static const double *numbers_field(lua_State *L, int field, int64_t n, bool optional)
{
    if (optional && lua_isnil(L, field)) {
        return NULL;
    }
    if (!lua_istable(L, field) && !lua_isuserdata(L, field)) {
        bad_field(L, field, "a column, a matrix or a list of numbers");
    }
    int64_t count;
    const double *values = chlua_check_doubles(L, field, &count);
    if (count != n) {
        luaL_error(L, "net.train: %s: expected %I numbers, got %I", field_names[field],
                   (LUAI_UACINT)n, (LUAI_UACINT)count);
    }
    return values;
}

static chl_dataset read_set(lua_State *L, int x_field, int y_field, int weight_field)
{
    const chl_matrix *x = matrix_field(L, x_field);
    chl_dataset set = {.x = x->data, .n = x->rows};
    set.y = numbers_field(L, y_field, x->rows, false);
    if (weight_field) {
        set.weights = numbers_field(L, weight_field, x->rows, true);
    }
    return set;
}

/* Pushes the list of net boxes; returns their nets in an array pinned below it. */
static chl_net **new_nets(lua_State *L, int members, int64_t inputs)
{
    const json_t *spec = chlua_check_json(L, SPEC);
    chl_net **nets = lua_newuserdatauv(L, (size_t)members * sizeof(chl_net *), 0);
    lua_createtable(L, members, 0);
    for (int i = 0; i < members; i++) {
        void **slot = chlua_new_box(L, CHLUA_NET);
        chl_error err = {0};
        chl_status status =
            inputs > 65536
                ? chl_fail(&err, CHL_EINVAL, "net.train: x: over 65536 columns")
                : chl_net_new(spec, (int)inputs, &nets[i], &err);
        chlua_check(L, status, &err);
        *slot = nets[i];
        lua_rawseti(L, -2, i + 1);
    }
    return nets;
}

static int count_members(lua_State *L)
{
    lua_Integer n = luaL_optinteger(L, MEMBERS, 1);
    if (n < 1 || n > MEMBERS_MAX) {
        luaL_error(L, "net.train: members: expected 1 to %d, got %I", MEMBERS_MAX,
                   (LUAI_UACINT)n);
    }
    return (int)n;
}

/*** Trains an ensemble. Members differ by their seeds alone.
 * @function core.net.train
 * @tparam table arguments spec (as in net.new); x: Matrix, y: labels (0/1, or a class
 *   from 0); valid_x, valid_y; weights: one number a row; options (see train.h); members
 *   (default 1); on_epoch(epoch, log): log has member, epoch, lr, loss, val_loss,
 *   val_auc; returning false ends this member
 * @treturn {Net,...} the nets
 * @treturn table `{members={{log,…},…}, best_epoch={…}}`
 * @raise what on_epoch raised; options that do not fit; NaN or Inf in data, loss or
 *   gradient; interruption
 * @usage
 * core.net.train { spec = { layers = { { type = "dense", units = 1,
 *   activation = "sigmoid" } } }, x = x, y = y, options = { epochs = 5 } } */
int chlua_net_train(lua_State *L)
{
    unpack_fields(L);
    int members = count_members(L);
    chl_dataset train = read_set(L, X, Y, WEIGHTS), valid = {0};
    bool has_valid = !lua_isnil(L, VALID_X);
    if (has_valid) {
        valid = read_set(L, VALID_X, VALID_Y, 0);
        if (matrix_field(L, VALID_X)->cols != matrix_field(L, X)->cols) {
            return bad_field(L, VALID_X, "as many columns as in x");
        }
    }
    const json_t *options = chlua_check_json(L, OPTIONS);
    chl_net **nets = new_nets(L, members, matrix_field(L, X)->cols);
    int list = lua_gettop(L);
    chl_history *history = new_history(L);
    callback c = {.L = L};
    chl_control control;
    chl_error err = {0};
    luaL_checkstack(L, 10, "callback");
    chlua_control(L, &control);
    chl_status status =
        chl_train(nets, members, &train, has_valid ? &valid : NULL, options, &control,
                  lua_isnil(L, ON_EPOCH) ? NULL : on_epoch, &c, history, &err);
    chlua_control_done(L);
    if (c.raised) {
        return lua_error(L);
    }
    chlua_check(L, status, &err);
    lua_pushvalue(L, list);
    push_history(L, history);
    return 2;
}

/*** Checks training options before any work.
 * @function core.net.check_options
 * @tparam table options as in net.train
 * @treturn boolean true
 * @raise what is wrong with them
 * @usage core.net.check_options { epochs = 5, optimizer = { type = "sgd", lr = 0.1 } } */
int chlua_net_check_options(lua_State *L)
{
    chl_error err = {0};
    chlua_check(L, chl_train_check(chlua_check_json(L, 1), &err), &err);
    lua_pushboolean(L, 1);
    return 1;
}
