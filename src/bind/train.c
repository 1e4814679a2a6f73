/* SPDX-License-Identifier: MIT
 *
 * core.net.train: ensembles of nets from matrices. Layer: bind.
 *
 * The Lua callback runs under lua_pcall on the thread that called; an error in it ends
 * training and is raised again as the same object.
 */
#include "core/nn/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/nn/net.h"

/*** @module churnlab.core.net */

enum { ARGUMENTS = 1, ON_EPOCH, ANCHORS }; /* stack positions */
enum { MEMBERS_MAX = 1000, TASKS_MAX = 10000 };

/* ---- the history box ---- */

#define HISTORY "churnlab.History"

/* The histories of all tasks. */
typedef struct histories {
    int count;
    chl_history list[];
} histories;

static int history_gc(lua_State *L)
{
    histories *h = luaL_checkudata(L, 1, HISTORY);
    for (int i = 0; i < h->count; i++) {
        chl_history_reset(&h->list[i]);
    }
    return 0;
}

void chlua_register_history(lua_State *L)
{
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", history_gc}, {NULL, NULL}};
    chlua_register(L, HISTORY, none, meta);
}

static chl_history *new_histories(lua_State *L, int count)
{
    size_t bytes = sizeof(histories) + (size_t)count * sizeof(chl_history);
    histories *h = lua_newuserdatauv(L, bytes, 0);
    memset(h, 0, bytes);
    h->count = count;
    luaL_setmetatable(L, HISTORY);
    return h->list;
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
    lua_createtable(L, 0, 7);
    lua_pushinteger(L, epoch->task + 1);
    lua_setfield(L, -2, "task");
    lua_pushinteger(L, epoch->member + 1);
    lua_setfield(L, -2, "member");
    lua_pushinteger(L, epoch->epoch);
    lua_setfield(L, -2, "epoch");
    set_number(L, "lr", epoch->lr);
    set_number(L, "loss", epoch->loss);
    set_number(L, "val_loss", epoch->val_loss);
    set_number(L, "val_auc", epoch->val_auc);
}

/* {members = {{epoch, …}, …}, best_epoch = {…}, stopped = {…}} */
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
    lua_createtable(L, history->members, 0);
    for (int i = 0; i < history->members; i++) {
        lua_pushstring(L, chl_stop_names[history->stopped[i]]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "stopped");
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

/* One task's fields, on the stack from base + 1. */
enum {
    SPEC = 1,
    X,
    Y,
    VALID_X,
    VALID_Y,
    WEIGHTS,
    OPTIONS,
    MEMBERS,
    FIRST_MEMBER,
    COLUMNS,
    INITIAL,
    VALID_WEIGHTS,
    FIELDS = VALID_WEIGHTS
};
static const char *const field_names[] = {[SPEC] = "spec",
                                          [X] = "x",
                                          [Y] = "y",
                                          [VALID_X] = "valid_x",
                                          [VALID_Y] = "valid_y",
                                          [WEIGHTS] = "weights",
                                          [OPTIONS] = "options",
                                          [MEMBERS] = "members",
                                          [FIRST_MEMBER] = "first_member",
                                          [COLUMNS] = "columns",
                                          [INITIAL] = "initial",
                                          [VALID_WEIGHTS] = "valid_weights"};

/* What is read of one task; the Lua values that it borrows stand in the anchors. */
typedef struct reader {
    lua_State *L;
    int base;
    char where[32]; /* "net.train" or "net.train: task 3" */
} reader;

static int bad_field(const reader *r, int field, const char *expected)
{
    return luaL_error(r->L, "%s: %s: expected %s, got %s", r->where, field_names[field],
                      expected, luaL_typename(r->L, r->base + field));
}

/* Keeps the value on top of the stack for the time of the call. */
static void anchor(lua_State *L)
{
    lua_rawseti(L, ANCHORS, (lua_Integer)lua_rawlen(L, ANCHORS) + 1);
}

static const chl_matrix *matrix_field(const reader *r, int field)
{
    const chl_matrix *m = chlua_test_box(r->L, r->base + field, CHLUA_MATRIX);
    if (!m) {
        bad_field(r, field, "a matrix");
    }
    lua_pushvalue(r->L, r->base + field);
    anchor(r->L);
    return m;
}

/* The n numbers of a field; NULL when it is nil and `optional`. */
static const double *numbers_field(const reader *r, int field, int64_t n, bool optional)
{
    lua_State *L = r->L;
    int at = r->base + field;
    if (optional && lua_isnil(L, at)) {
        return NULL;
    }
    if (!lua_istable(L, at) && !lua_isuserdata(L, at)) {
        bad_field(r, field, "a column, a matrix or a list of numbers");
    }
    int64_t count;
    const double *values = chlua_check_doubles(L, at, &count);
    anchor(L);
    if (count != n) {
        luaL_error(L, "%s: %s: expected %I numbers, got %I", r->where, field_names[field],
                   (LUAI_UACINT)n, (LUAI_UACINT)count);
    }
    return values;
}

static chl_dataset read_set(const reader *r, int x_field, int y_field, int weight_field)
{
    const chl_matrix *x = matrix_field(r, x_field);
    chl_dataset set = {.x = x->data, .n = x->rows};
    set.y = numbers_field(r, y_field, x->rows, false);
    if (weight_field) {
        set.weights = numbers_field(r, weight_field, x->rows, true);
    }
    return set;
}

static int count_field(const reader *r, int field, int least, int absent)
{
    lua_Integer n = luaL_optinteger(r->L, r->base + field, absent);
    if (n < least || n > MEMBERS_MAX) {
        luaL_error(r->L, "%s: %s: expected %d to %d, got %I", r->where,
                   field_names[field], least, (int)MEMBERS_MAX, (LUAI_UACINT)n);
    }
    return (int)n;
}

/* Pushes the list of net boxes; returns their nets in an array that is anchored. */
static chl_net **new_nets(const reader *r, int members, int64_t inputs)
{
    lua_State *L = r->L;
    const json_t *spec = chlua_check_json(L, r->base + SPEC);
    chl_net **nets = lua_newuserdatauv(L, (size_t)members * sizeof(chl_net *), 0);
    anchor(L);
    lua_createtable(L, members, 0);
    for (int i = 0; i < members; i++) {
        void **slot = chlua_new_box(L, CHLUA_NET);
        chl_error err = {0};
        chl_status status =
            inputs > 65536
                ? chl_fail(&err, CHL_EINVAL, "%s: x: over 65536 columns", r->where)
                : chl_net_new(spec, (int)inputs, &nets[i], &err);
        chlua_check(L, status, &err);
        *slot = nets[i];
        lua_rawseti(L, -2, i + 1);
    }
    return nets;
}

/* The inputs' names for messages, or NULL. */
static const char *const *read_columns(const reader *r, int64_t inputs)
{
    if (lua_isnil(r->L, r->base + COLUMNS)) {
        return NULL;
    }
    int n;
    const char *const *names = chlua_check_strings(r->L, r->base + COLUMNS, &n);
    anchor(r->L);
    lua_pushvalue(r->L, r->base + COLUMNS);
    anchor(r->L);
    if (n != inputs) {
        luaL_error(r->L, "%s: columns: expected %I names, got %d", r->where,
                   (LUAI_UACINT)inputs, n);
    }
    return names;
}

/* Gives the nets the numbers of those to start from: one for all, or one each. */
static void warm_up(const reader *r, chl_train_task *task)
{
    lua_State *L = r->L;
    task->warm = !lua_isnil(L, r->base + INITIAL);
    if (!task->warm) {
        return;
    }
    int given =
        lua_istable(L, r->base + INITIAL) ? (int)lua_rawlen(L, r->base + INITIAL) : 0;
    if (given != 1 && given != task->members) {
        luaL_error(L, "%s: initial: expected a list of 1 or %d nets, got %d", r->where,
                   task->members, given);
    }
    for (int i = 0; i < task->members; i++) {
        lua_rawgeti(L, r->base + INITIAL, given == 1 ? 1 : i + 1);
        const chl_net *net = chlua_test_box(L, -1, CHLUA_NET);
        if (!net) {
            bad_field(r, INITIAL, "a list of nets");
        }
        chl_error err = {0};
        chlua_check(L, chl_net_copy_numbers(task->nets[i], net, r->where, &err), &err);
        lua_pop(L, 1);
    }
}

/* Reads the table on top of the stack and replaces it by the list of the task's nets. */
static void read_task(reader *r, chl_train_task *task, chl_dataset *valid)
{
    lua_State *L = r->L;
    r->base = lua_gettop(L);
    for (int field = SPEC; field <= FIELDS; field++) {
        lua_getfield(L, r->base, field_names[field]);
    }
    if (!lua_istable(L, r->base + SPEC)) {
        bad_field(r, SPEC, "a table");
    }
    task->members = count_field(r, MEMBERS, 1, 1);
    task->first = count_field(r, FIRST_MEMBER, 0, 0);
    task->train = read_set(r, X, Y, WEIGHTS);
    int64_t inputs = matrix_field(r, X)->cols;
    if (!lua_isnil(L, r->base + VALID_X)) {
        *valid = read_set(r, VALID_X, VALID_Y, VALID_WEIGHTS);
        task->valid = valid;
        if (matrix_field(r, VALID_X)->cols != inputs) {
            bad_field(r, VALID_X, "as many columns as in x");
        }
    }
    task->options = chlua_check_json(L, r->base + OPTIONS);
    anchor(L);
    task->columns = read_columns(r, inputs);
    task->nets = new_nets(r, task->members, inputs);
    warm_up(r, task);
    lua_replace(L, r->base);
    lua_settop(L, r->base);
}

static int count_tasks(lua_State *L, bool several)
{
    lua_Unsigned n = several ? lua_rawlen(L, -1) : 1;
    if (n < 1 || n > TASKS_MAX) {
        luaL_error(L, "net.train: tasks: expected 1 to %d, got %I", (int)TASKS_MAX,
                   (LUAI_UACINT)n);
    }
    return (int)n;
}

/* Pushes a list of the tasks' nets; *tasks are in anchored scratch. */
static int read_tasks(lua_State *L, chl_train_task **tasks)
{
    bool several = lua_getfield(L, ARGUMENTS, "tasks") != LUA_TNIL;
    if (several) {
        luaL_checktype(L, -1, LUA_TTABLE);
    }
    int count = count_tasks(L, several), list = lua_gettop(L) + 1;
    size_t bytes = (size_t)count * (sizeof(chl_train_task) + sizeof(chl_dataset));
    lua_createtable(L, count, 0);
    *tasks = lua_newuserdatauv(L, bytes, 0);
    memset(*tasks, 0, bytes);
    anchor(L);
    chl_dataset *valid = (chl_dataset *)(*tasks + count);
    for (int i = 0; i < count; i++) {
        reader r = {.L = L, .where = "net.train"};
        if (!several) {
            lua_pushvalue(L, ARGUMENTS);
        } else if (lua_rawgeti(L, list - 1, i + 1) != LUA_TTABLE) {
            luaL_error(L, "net.train: task %d: expected a table, got %s", i + 1,
                       luaL_typename(L, -1));
        }
        if (several) {
            snprintf(r.where, sizeof r.where, "net.train: task %d", i + 1);
        }
        read_task(&r, &(*tasks)[i], &valid[i]);
        lua_rawseti(L, list, i + 1);
    }
    return count;
}

static void read_callback(lua_State *L)
{
    luaL_checktype(L, ARGUMENTS, LUA_TTABLE);
    lua_settop(L, ARGUMENTS);
    luaL_checkstack(L, 40, "tasks");
    if (lua_getfield(L, ARGUMENTS, "on_epoch") != LUA_TNIL && !lua_isfunction(L, -1)) {
        luaL_error(L, "net.train: on_epoch: expected a function, got %s",
                   luaL_typename(L, -1));
    }
    lua_newtable(L);
}

/* Pushes nets and histories: of the one task, or lists of those of all. */
static int push_results(lua_State *L, int list, const chl_history *history, int count)
{
    bool several = lua_getfield(L, ARGUMENTS, "tasks") != LUA_TNIL;
    if (!several) {
        lua_rawgeti(L, list, 1);
        push_history(L, history);
        return 2;
    }
    lua_pushvalue(L, list);
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        push_history(L, &history[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 2;
}

/*** Trains an ensemble, or several on data sets of their own in one pool of threads.
 * Members differ by their seeds alone; what a net becomes depends on its task alone.
 * @function core.net.train
 * @tparam table arguments spec (as in net.new); x: Matrix, y: labels (0/1, or a class
 *   from 0); valid_x, valid_y; weights, valid_weights: one number a row; options (see
 * train.h); members (default 1); first_member: number of the first one's random streams
 * (default 0); columns: names of x's columns for messages; initial: a list of one net, or
 * one a member, whose weights training starts from. Or tasks: a list of such tables.
 * on_epoch(epoch, log): log has task, member, epoch, lr, loss, val_loss, val_auc;
 * returning false ends this member
 * @treturn {Net,...} the nets; with tasks a list of such lists
 * @treturn table `{members={{log,…},…}, best_epoch={…}, stopped={…}}`, stopped one of
 * "epochs", "early_stop", "callback", "time_limit", "converged"; with tasks a list of
 * them
 * @raise what on_epoch raised; options that do not fit; NaN or Inf in data, loss or
 *   gradient; interruption
 * @usage
 * core.net.train { spec = { layers = { { type = "dense", units = 1,
 *   activation = "sigmoid" } } }, x = x, y = y, options = { epochs = 5 } } */
int chlua_net_train(lua_State *L)
{
    read_callback(L);
    chl_train_task *tasks;
    int count = read_tasks(L, &tasks), list = lua_gettop(L);
    chl_history *history = new_histories(L, count);
    callback c = {.L = L};
    chl_control control;
    chl_error err = {0};
    luaL_checkstack(L, 10, "callback");
    chlua_control(L, &control);
    chl_status status =
        chl_train_all(tasks, count, &control, lua_isnil(L, ON_EPOCH) ? NULL : on_epoch,
                      &c, history, &err);
    chlua_control_done(L);
    if (c.raised) {
        return lua_error(L);
    }
    chlua_check(L, status, &err);
    return push_results(L, list, history, count);
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
