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

/*** What stands between the mean of the nets and the score.
 * @function Model:corrections
 * @treturn table `calibration`, as `Calibration:to_table` gives it, and `priors` = {
 * from, to }, the rates of the positive value; either may be missing
 * @raise for a model of classes
 * @usage model:corrections().calibration */
int chlua_model_corrections(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    chl_error err = {0};
    json_t *calibration;
    const double *from, *to;
    lua_createtable(L, 0, 2);
    chlua_check(L, chl_model_calibration_json(model, &calibration, &err), &err);
    chlua_push_json(L, calibration);
    lua_setfield(L, -2, "calibration");
    if (chl_model_priors(model, &from, &to)) {
        lua_createtable(L, 2, 0);
        lua_pushnumber(L, from[0]);
        lua_rawseti(L, -2, 1);
        lua_pushnumber(L, to[0]);
        lua_rawseti(L, -2, 2);
        lua_setfield(L, -2, "priors");
    }
    return 1;
}
