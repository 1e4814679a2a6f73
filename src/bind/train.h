/* SPDX-License-Identifier: MIT
 *
 * What the files of core.net.train share. Layer: bind.
 */
#ifndef CHLUA_TRAIN_H
#define CHLUA_TRAIN_H

#include "bind/chlua.h"
#include "core/train/train.h"

/* Stack positions during core.net.train: its argument, the callback or nil, and a list
 * that keeps what the tasks borrow. */
enum { CHLUA_TRAIN_ARGUMENTS = 1, CHLUA_TRAIN_ON_EPOCH, CHLUA_TRAIN_ANCHORS };

/* What callbacks from training know. */
typedef struct chlua_train_call {
    lua_State *L;
    const chl_train_task *tasks;
    const chl_epoch *epoch;  /* of the call of on_epoch */
    chl_custom_batch *batch; /* of the call of a loss */
    bool raised;             /* the error object is on top of the stack */
} chlua_train_call;

/* ---- train_loss.c ---- */

/* A chl_custom_loss_fn; ctx is a chlua_train_call. */
chl_status chlua_custom_loss(void *ctx, chl_custom_batch *batch, chl_error *err);

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
