/* SPDX-License-Identifier: MIT
 *
 * One opener per binding file: registers its metatables and pushes the table of its
 * module functions, which becomes churnlab.core.<name>. Layer: bind. Add a line here and
 * in core.c.
 */
#ifndef CHLUA_MODULES_H
#define CHLUA_MODULES_H

#include <lua.h>

void chlua_open_column(lua_State *L);
void chlua_open_chunks(lua_State *L);
void chlua_open_fold(lua_State *L);
void chlua_open_control(lua_State *L); /* threads, progress, processors */
void chlua_open_expr(lua_State *L);    /* expressions, groups */
void chlua_open_file(lua_State *L);
void chlua_open_frame(lua_State *L);
void chlua_open_calibration(lua_State *L);
void chlua_open_json(lua_State *L);
void chlua_open_logistic(lua_State *L);
void chlua_open_matrix(lua_State *L);
void chlua_open_metrics(lua_State *L);
void chlua_open_model(lua_State *L);
void chlua_open_nearest(lua_State *L); /* a function, no table */
void chlua_open_net(lua_State *L);
void chlua_open_clean(lua_State *L);   /* cleaning of columns */
void chlua_open_reshape(lua_State *L); /* stack, spread, melt, crosstab */
void chlua_open_profile(lua_State *L); /* figures of columns, correlations */
void chlua_open_prep(lua_State *L);
void chlua_open_resample(lua_State *L);
void chlua_open_rng(lua_State *L);
void chlua_open_hash(lua_State *L);
void chlua_open_sandbox(lua_State *L);
void chlua_open_leakage(lua_State *L);
void chlua_open_windows(lua_State *L);
void chlua_open_sql(lua_State *L);   /* databases */
void chlua_open_trees(lua_State *L); /* boosted trees */

/* Functions of core.metrics that stand in class_metrics.c. */
int chlua_class_scores(lua_State *L);
int chlua_class_bootstrap(lua_State *L);

/* Parts of core.net that stand in train.c. */
void chlua_register_history(lua_State *L);
int chlua_net_train(lua_State *L);
int chlua_net_check_options(lua_State *L);

/* And in layer.c. */
int chlua_net_register_layer(lua_State *L);

#endif
