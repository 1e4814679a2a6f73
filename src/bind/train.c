/* SPDX-License-Identifier: MIT
 *
 * core.net.train: ensembles of nets from matrices. Layer: bind.
 *
 * The Lua callbacks run under lua_pcall on the thread that called; an error in one ends
 * training and is raised again as the same object.
 */
#include "core/train/train.h"

#include "bind/chlua.h"
#include "bind/layer.h"
#include "bind/modules.h"
#include "bind/train.h"
#include "core/nn/net.h"

/*** @module churnlab.core.net */

/* ---- the callback ---- */

static int call_protected(lua_State *L)
{
    const chlua_train_call *c = lua_touserdata(L, 2);
    lua_settop(L, 1);
    lua_pushinteger(L, c->epoch->epoch);
    chlua_push_epoch(L, c->tasks[c->epoch->task].nets[0], c->epoch);
    lua_call(L, 2, 1);
    return 1;
}

static chl_status on_epoch(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    chlua_train_call *c = ctx;
    lua_State *L = c->L;
    if (c->raised) { /* by the call of another net: it ends training */
        return chl_fail(err, CHL_ECANCELLED, "train: stopped");
    }
    c->epoch = epoch;
    lua_pushcfunction(L, call_protected);
    lua_pushvalue(L, CHLUA_TRAIN_ON_EPOCH);
    lua_pushlightuserdata(L, c);
    int result = lua_pcall(L, 2, 1, 0);
    chlua_layer_resume(L);
    if (result != LUA_OK) {
        c->raised = true;
        return chl_fail(err, CHL_ECANCELLED, "train: the callback failed");
    }
    *stop = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    return CHL_OK;
}

static void read_callback(lua_State *L)
{
    luaL_checktype(L, CHLUA_TRAIN_ARGUMENTS, LUA_TTABLE);
    lua_settop(L, CHLUA_TRAIN_ARGUMENTS);
    luaL_checkstack(L, 40, "tasks");
    if (lua_getfield(L, CHLUA_TRAIN_ARGUMENTS, "on_epoch") != LUA_TNIL &&
        !lua_isfunction(L, -1)) {
        luaL_error(L, "net.train: on_epoch: expected a function, got %s",
                   luaL_typename(L, -1));
    }
    lua_newtable(L);
}

/* Pushes nets and histories: of the one task, or lists of those of all. */
static int push_results(lua_State *L, int list, const chl_train_task *tasks,
                        const chl_history *history, int count)
{
    bool several = lua_getfield(L, CHLUA_TRAIN_ARGUMENTS, "tasks") != LUA_TNIL;
    if (!several) {
        lua_rawgeti(L, list, 1);
        chlua_push_history(L, tasks[0].nets[0], history);
        return 2;
    }
    lua_pushvalue(L, list);
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        chlua_push_history(L, tasks[i].nets[0], &history[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 2;
}

/*** Trains an ensemble, or several on data sets of their own in one pool of threads.
 * Members differ by their seeds alone; what a net becomes depends on its task alone.
 * @function core.net.train
 * @tparam table arguments spec (as in net.new); x: Matrix, y: labels (0/1, a class from
 *   0, or a Matrix with the labels of each head in turn, NaN where a row does not count
 *   for it); weights: one number a row; valid_x, valid_y, valid_weights; options (see
 *   train.h); members
 *   (default 1); first_member: number of the first one's random streams (default 0);
 *   columns: names of x's columns for messages; groups: a whole number a column, equal
 *   where swap_noise moves columns together; initial: a list of one net, or one a
 *   member, whose weights training starts from; losses: functions for losses of type
 *   "lua", by the head's name, or in [1]. Or tasks: a list of such tables.
 * on_epoch(epoch, log): log has task, member, epoch, lr, loss, val_loss, val_auc and,
 * with several heads, val_loss_<head> of each; returning false ends this member
 * @treturn {Net,...} the nets; with tasks a list of such lists
 * @treturn table `{members={{log,…},…}, best_epoch={…}, stopped={…}}`, stopped one of
 * "epochs", "early_stop", "callback", "time_limit", "converged"; with tasks a list of
 * them
 * @raise what on_epoch or a loss raised; options that do not fit; NaN or Inf in data,
 * loss or gradient; interruption
 * @usage
 * core.net.train { spec = { layers = { { type = "dense", units = 1,
 *   activation = "sigmoid" } } }, x = x, y = y, options = { epochs = 5 } } */
int chlua_net_train(lua_State *L)
{
    read_callback(L);
    chl_train_task *tasks;
    int count = chlua_read_train_tasks(L, &tasks), list = lua_gettop(L);
    chl_history *history = chlua_new_histories(L, count);
    chlua_train_call c = {.L = L, .tasks = tasks};
    chl_control control;
    chl_error err = {0};
    for (int i = 0; i < count; i++) {
        tasks[i].custom = chlua_custom_loss;
        tasks[i].custom_ctx = &c;
    }
    luaL_checkstack(L, 10, "callback");
    chlua_control(L, &control);
    chl_status status = chl_train_all(
        tasks, count, &control, lua_isnil(L, CHLUA_TRAIN_ON_EPOCH) ? NULL : on_epoch, &c,
        history, &err);
    chlua_control_done(L);
    if (c.raised) {
        return lua_error(L);
    }
    chlua_layer_done(L);
    chlua_check(L, status, &err);
    return push_results(L, list, tasks, history, count);
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
