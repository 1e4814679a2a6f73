/* SPDX-License-Identifier: MIT
 *
 * Histories of training as a box while it runs, and as tables after. Layer: bind.
 */
#include <math.h>
#include <string.h>

#include "bind/modules.h"
#include "bind/train.h"

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

chl_history *chlua_new_histories(lua_State *L, int count)
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

void chlua_push_epoch(lua_State *L, const chl_net *net, const chl_epoch *epoch)
{
    lua_createtable(L, 0, 7 + epoch->heads);
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
    for (int i = 0; i < epoch->heads && !isnan(epoch->val_loss); i++) {
        lua_pushfstring(L, "val_loss_%s", chl_net_head_name(net, i));
        lua_pushnumber(L, epoch->val_head[i]);
        lua_rawset(L, -3);
    }
}

void chlua_push_history(lua_State *L, const chl_net *net, const chl_history *history)
{
    lua_createtable(L, 0, 2);
    lua_createtable(L, history->members, 0);
    int64_t at = 0;
    for (int i = 0; i < history->members; i++) {
        lua_newtable(L);
        for (; at < history->count && history->epochs[at].member == i; at++) {
            chlua_push_epoch(L, net, &history->epochs[at]);
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
