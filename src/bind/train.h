/* SPDX-License-Identifier: MIT
 *
 * What the files of core.net.train share. Layer: bind.
 */
#ifndef CHLUA_TRAIN_H
#define CHLUA_TRAIN_H

#include "bind/chlua.h"
#include "core/nn/train.h"

/* Stack positions during core.net.train: its argument, the callback or nil, and a list
 * that keeps what the tasks borrow. */
enum { CHLUA_TRAIN_ARGUMENTS = 1, CHLUA_TRAIN_ON_EPOCH, CHLUA_TRAIN_ANCHORS };

/* ---- train_task.c ---- */

/* Pushes a list of the tasks' nets; *tasks are in anchored scratch. Returns how many. */
int chlua_read_train_tasks(lua_State *L, chl_train_task **tasks);

/* ---- train_history.c ---- */

/* Pushes a box of so many histories. */
chl_history *chlua_new_histories(lua_State *L, int count);
/* Pushes an epoch's figures as a table; `net` has the names of the heads. */
void chlua_push_epoch(lua_State *L, const chl_net *net, const chl_epoch *epoch);
/* Pushes {members = {{epoch, …}, …}, best_epoch = {…}, stopped = {…}}. */
void chlua_push_history(lua_State *L, const chl_net *net, const chl_history *history);

#endif
