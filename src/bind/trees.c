/* SPDX-License-Identifier: MIT
 *
 * core.trees: gradient-boosted trees by libxgboost, as nets. Layer: bind.
 */
#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/layers/trees.h"
#include "core/trees/xgboost.h"

/*** Gradient-boosted trees by libxgboost, which is found when it is first needed and only
 * trains: what comes back is a net.
 * @module churnlab.core.trees */

#define BOOSTED "churnlab.Boosted"

/* What training made, until it is a net: owned by a userdata of its own. */
typedef struct boosted {
    chl_forest forest;
    chl_boost_history history;
} boosted;

static int boosted_gc(lua_State *L)
{
    boosted *b = luaL_checkudata(L, 1, BOOSTED);
    chl_forest_reset(&b->forest);
    chl_boost_history_reset(&b->history);
    return 0;
}

static boosted *new_boosted(lua_State *L)
{
    boosted *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = (boosted){0};
    luaL_setmetatable(L, BOOSTED);
    return b;
}

/*** Whether libxgboost is here, of a version that we know.
 * @function core.trees.available
 * @treturn boolean
 * @treturn ?string what is missing, and how to get it
 * @usage local there, why = core.trees.available() */
static int trees_available(lua_State *L)
{
    chl_error err = {0};
    bool there = chl_xgboost_available(&err) == CHL_OK;
    lua_pushboolean(L, there);
    if (!there) {
        lua_pushstring(L, err.message);
    }
    return there ? 1 : 2;
}

/*** Checks options alone.
 * @function core.trees.check_options
 * @tparam table options
 * @treturn boolean true
 * @raise what is wrong with them
 * @usage core.trees.check_options { eta = 0.1, max_depth = 4 } */
static int trees_check_options(lua_State *L)
{
    lua_settop(L, 1);
    chl_error err = {0};
    const json_t *json = chlua_check_json(L, 1);
    chlua_check(L, chl_xgboost_check(json, &err), &err);
    lua_pushboolean(L, 1);
    return 1;
}

static void push_net(lua_State *L, const chl_forest *f)
{
    void **slot = chlua_new_box(L, CHLUA_NET);
    chl_net *net;
    chl_error err = {0};
    chlua_check(L, chl_net_from_forest(f, &net, &err), &err);
    *slot = net;
    chlua_account(L, (size_t)f->node_count * sizeof(chl_forest_node));
}

static void push_history(lua_State *L, const chl_boost_history *h)
{
    lua_createtable(L, 0, 3);
    chlua_set_integer(L, "rounds", h->rounds);
    chlua_set_integer(L, "best_round", h->best);
    if (h->val_loss) {
        chlua_push_doubles(L, h->val_loss, h->rounds);
        lua_setfield(L, -2, "val_loss");
    }
}

/* The rows at arguments x and y; NULL when x is nil. */
static const chl_boost_set *check_set(lua_State *L, int x, int y, int64_t cols,
                                      chl_boost_set *set)
{
    if (lua_isnil(L, x)) {
        return NULL;
    }
    const chl_matrix *m = chlua_check_matrix(L, x);
    if (cols > 0 && m->cols != cols) {
        luaL_argerror(L, x,
                      lua_pushfstring(L, "expected %I columns, got %I", (LUAI_UACINT)cols,
                                      (LUAI_UACINT)m->cols));
    }
    *set = (chl_boost_set){.x = m->data, .n = m->rows};
    set->y = chlua_check_same(L, y, m->rows);
    return set;
}

/*** Trains trees. Rounds end early by the log loss of the validation rows; the best of
 * them are kept.
 * @function core.trees.fit
 * @tparam Matrix x finite numbers
 * @tparam {number,...}|Column|Matrix y the class of each row, from 0
 * @tparam integer classes 2 or more
 * @tparam[opt] table options `rounds` (2000), `eta` (0.05), `max_depth` (4),
 *   `min_child_weight` (1), `subsample` (0.8), `colsample_bytree` (1),
 *   `colsample_bylevel` (0.8), `lambda` (1), `alpha` (0), `gamma` (0), `early_stop` (50
 *   rounds, 0 = off), `seed` (42)
 * @tparam[opt] Matrix valid_x
 * @tparam[opt] {number,...}|Column|Matrix valid_y
 * @tparam[opt] {number,...}|Column|Matrix weights one a row of x, above 0
 * @treturn Net trees, then sigmoid (two classes) or softmax
 * @treturn table `rounds`, `best_round`, `val_loss` = { of each round }
 * @raise when the library is missing, with how to get it; what is wrong with the
 * arguments
 * @usage
 * if core.trees.available() then
 *   local net = core.trees.fit(x, y, 2, { rounds = 5, max_depth = 2 })
 *   print(net:predict(x))
 * end */
static int trees_fit(lua_State *L)
{
    enum { X = 1, Y, CLASSES, OPTIONS, VALID_X, VALID_Y, WEIGHTS };
    lua_settop(L, WEIGHTS);
    chl_boost_set train, valid_set;
    const chl_matrix *x = chlua_check_matrix(L, X);
    check_set(L, X, Y, 0, &train);
    const chl_boost_set *valid = check_set(L, VALID_X, VALID_Y, x->cols, &valid_set);
    train.weights = lua_isnil(L, WEIGHTS) ? NULL : chlua_check_same(L, WEIGHTS, x->rows);
    lua_Integer classes = luaL_checkinteger(L, CLASSES);
    const json_t *options = chlua_check_json(L, OPTIONS);
    boosted *b = new_boosted(L);
    chl_control control;
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = chl_xgboost_fit(&train, valid, x->cols, classes, options,
                                        &control, &b->forest, &b->history, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_net(L, &b->forest);
    push_history(L, &b->history);
    return 2;
}

void chlua_open_trees(lua_State *L)
{
    static const luaL_Reg functions[] = {{"available", trees_available},
                                         {"check_options", trees_check_options},
                                         {"fit", trees_fit},
                                         {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", boosted_gc}, {NULL, NULL}};
    chlua_register(L, BOOSTED, none, meta);
    luaL_newlib(L, functions);
}
