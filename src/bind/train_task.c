/* SPDX-License-Identifier: MIT
 *
 * The tasks of core.net.train from tables. Layer: bind.
 */
#include <stdio.h>
#include <string.h>

#include "bind/layer.h"
#include "bind/train.h"

enum { MEMBERS_MAX = 1000, TASKS_MAX = 10000 };

/* One task's fields, on the stack from base + 1. */
enum {
    SPEC = 1,
    X,
    Y,
    VALID_X,
    VALID_Y,
    WEIGHTS,
    VALID_WEIGHTS,
    OPTIONS,
    MEMBERS,
    FIRST_MEMBER,
    COLUMNS,
    GROUPS,
    INITIAL,
    FIELDS = INITIAL
};
static const char *const field_names[] = {[SPEC] = "spec",
                                          [X] = "x",
                                          [Y] = "y",
                                          [VALID_X] = "valid_x",
                                          [VALID_Y] = "valid_y",
                                          [WEIGHTS] = "weights",
                                          [VALID_WEIGHTS] = "valid_weights",
                                          [OPTIONS] = "options",
                                          [MEMBERS] = "members",
                                          [FIRST_MEMBER] = "first_member",
                                          [COLUMNS] = "columns",
                                          [GROUPS] = "groups",
                                          [INITIAL] = "initial"};

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
    lua_rawseti(L, CHLUA_TRAIN_ANCHORS,
                (lua_Integer)lua_rawlen(L, CHLUA_TRAIN_ANCHORS) + 1);
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
    const chl_matrix *labels = chlua_test_box(r->L, r->base + y_field, CHLUA_MATRIX);
    if (labels && labels->cols > 1 && labels->rows == x->rows) {
        set.y = matrix_field(r, y_field)->data;
        set.labels = labels->cols <= INT32_MAX ? (int)labels->cols : INT32_MAX;
    } else {
        set.y = numbers_field(r, y_field, x->rows, false);
    }
    set.weights = numbers_field(r, weight_field, x->rows, true);
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
        chl_net_set_custom(nets[i], chlua_layer_host(L));
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

/* Which inputs swap_noise moves together, or NULL. */
static const int32_t *read_groups(const reader *r, int64_t inputs)
{
    const double *values = numbers_field(r, GROUPS, inputs, true);
    if (!values) {
        return NULL;
    }
    int32_t *groups = lua_newuserdatauv(r->L, (size_t)inputs * sizeof *groups, 0);
    anchor(r->L);
    for (int64_t j = 0; j < inputs; j++) {
        bool whole = values[j] >= 0 && values[j] < INT32_MAX;
        groups[j] = whole ? (int32_t)values[j] : 0;
        if (!whole || groups[j] != values[j]) {
            luaL_error(r->L, "%s: groups: expected whole numbers, got %f", r->where,
                       (LUAI_UACNUMBER)values[j]);
        }
    }
    return groups;
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
    char where[64];
    snprintf(where, sizeof where, "%s: initial weights", r->where);
    for (int i = 0; i < task->members; i++) {
        lua_rawgeti(L, r->base + INITIAL, given == 1 ? 1 : i + 1);
        const chl_net *net = chlua_test_box(L, -1, CHLUA_NET);
        if (!net) {
            bad_field(r, INITIAL, "a list of nets");
            return;
        }
        chl_error err = {0};
        chlua_check(L, chl_net_copy_numbers(task->nets[i], net, where, &err), &err);
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
    task->groups = read_groups(r, inputs);
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

int chlua_read_train_tasks(lua_State *L, chl_train_task **tasks)
{
    bool several = lua_getfield(L, CHLUA_TRAIN_ARGUMENTS, "tasks") != LUA_TNIL;
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
            lua_pushvalue(L, CHLUA_TRAIN_ARGUMENTS);
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
