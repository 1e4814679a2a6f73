/* SPDX-License-Identifier: MIT
 *
 * What a fitted model is made of, as copies from which another training can start. Layer:
 * bind.
 */
#include "bind/chlua.h"
#include "bind/model_box.h"
#include "core/model/model.h"

/*** @module churnlab.core.model */
/*** @type Model */

static void push_prep(lua_State *L, const chl_prep *prep)
{
    void **slot = chlua_new_box(L, CHLUA_PREP);
    json_t *json;
    chl_prep *copy;
    chl_error err = {0};
    chlua_check(L, chl_prep_to_json(prep, &json, &err), &err);
    chl_status status = chl_prep_from_json(json, &copy, &err);
    json_decref(json);
    chlua_check(L, status, &err);
    *slot = copy;
}

/*** Copies of the fitted prep and of the nets of a part.
 * @function Model:part
 * @tparam[opt=1] integer part
 * @treturn Prep
 * @treturn {Net,...}
 * @usage local prep, nets = model:part() */
int chlua_model_part(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    int part =
        lua_isnoneornil(L, 2) ? 0 : (int)chlua_check_index(L, 2, chl_model_parts(model));
    int members = chl_model_members(model, part);
    push_prep(L, chl_model_prep(model, part));
    lua_createtable(L, members, 0);
    for (int i = 0; i < members; i++) {
        void **slot = chlua_new_box(L, CHLUA_NET);
        chl_error err = {0};
        chl_net *copy;
        chlua_check(L, chl_net_clone(chl_model_net(model, part, i), &copy, &err), &err);
        *slot = copy;
        lua_rawseti(L, -2, i + 1);
    }
    return 2;
}

/*** Keeps nets with all of their heads, of which the model scores one. Takes the nets:
 * they are closed.
 * @function Model:keep_heads
 * @tparam {Net,...} nets one a member, in their order
 * @treturn Model itself
 * @raise another number of nets; a model of several parts */
int chlua_model_keep_heads(lua_State *L)
{
    chl_model *model = chlua_check_model(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    int n = (int)lua_rawlen(L, 2);
    chl_net **nets = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *nets, 0);
    luaL_checkstack(L, n, "too many nets");
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 2, i + 1);
        nets[i] = chlua_check_box(L, lua_gettop(L), CHLUA_NET);
    }
    chl_error err = {0};
    chlua_check(L, chl_model_keep_heads(model, nets, n, &err), &err);
    for (int i = 0; i < n; i++) {
        *(void **)lua_touserdata(L, -1 - i) = NULL;
    }
    lua_pushvalue(L, 1);
    return 1;
}

/*** What all heads predict, side by side in the nets' order, without prior shift and
 * calibration: `Model:heads` names them.
 * @function Model:head_values
 * @tparam Frame frame
 * @treturn Matrix
 * @raise a model that has no whole nets */
int chlua_model_head_values(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_matrix *out = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(out, frame->rows, chl_model_head_outputs(model), &err),
                &err);
    chlua_check(L, chl_model_predict_heads(model, frame, out->data, &err), &err);
    return 1;
}

/*** The calibration of the model.
 * @function Model:calibration_table
 * @treturn ?table as `Calibration:to_table` gives it; nil without one
 * @raise for classes that are calibrated one by one
 * @usage model:calibration_table() */
int chlua_model_calibration_table(lua_State *L)
{
    chl_error err = {0};
    json_t *json;
    chlua_check(L, chl_model_calibration_json(chlua_check_model(L, 1), &json, &err),
                &err);
    if (json) {
        chlua_push_json(L, json);
    } else {
        lua_pushnil(L);
    }
    return 1;
}
