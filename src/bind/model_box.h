/* SPDX-License-Identifier: MIT
 *
 * Shared by the bindings of models. Layer: bind.
 */
#ifndef CHLUA_MODEL_BOX_H
#define CHLUA_MODEL_BOX_H

#include "bind/chlua.h"
#include "core/model/model.h"

chl_model *chlua_check_model(lua_State *L, int arg);

/* Methods that live in model_score.c. */
int chlua_model_score_frame(lua_State *L);
int chlua_model_probabilities(lua_State *L);
int chlua_model_labels(lua_State *L);

/* What lives in model_join.c. */
int chlua_model_join(lua_State *L);
int chlua_model_set_priors(lua_State *L);
int chlua_model_calibrate_on(lua_State *L);
int chlua_model_set_calibration(lua_State *L);
int chlua_model_part(lua_State *L);              /* model_part.c */
int chlua_model_keep_heads(lua_State *L);        /* model_part.c */
int chlua_model_head_values(lua_State *L);       /* model_part.c */
int chlua_model_calibration_table(lua_State *L); /* model_part.c */

/* Methods that live in model_explain.c. */
int chlua_model_explain_row(lua_State *L);
int chlua_model_reasons(lua_State *L);

#endif
