/* SPDX-License-Identifier: MIT
 *
 * Frame: joins. Layer: bind. lua/churnlab/frame/join.lua reads their options.
 */
#include "bind/frame_box.h"
#include "core/table/join.h"

/*** @module churnlab.frame */

/*** @type Frame */

/*** Rows of two frames with equal keys: what `Frame:join` calls.
 * @function Frame:join_by
 * @tparam Frame right
 * @tparam {string,...} left_on key columns
 * @tparam {string,...} right_on their partners, as many
 * @tparam string how "inner", "left", "full", "semi" or "anti"
 * @tparam string validate "many_to_many", "many_to_one", "one_to_many" or "one_to_one"
 * @tparam string left_suffix "" for none
 * @tparam string right_suffix "" for none
 * @treturn Frame
 * @usage frame:join_by(frame:select("CustomerId", "Age"), { "CustomerId" },
 *   { "CustomerId" }, "left", "many_to_one", "", "_right") */
int chlua_frame_join(lua_State *L)
{
    static const char *const hows[] = {"inner", "left", "full", "semi", "anti", NULL};
    static const char *const rules[] = {"many_to_many", "many_to_one", "one_to_many",
                                        "one_to_one", NULL};
    const chl_frame *left = chlua_check_frame(L, 1), *right = chlua_check_frame(L, 2);
    int n, n_right;
    const char *const *left_on = chlua_check_strings(L, 3, &n);
    const char *const *right_on = chlua_check_strings(L, 4, &n_right);
    luaL_argcheck(L, n == n_right && n > 0, 4, "expected as many names as on the left");
    chl_join_options options = {
        .how = (chl_join_how)luaL_checkoption(L, 5, NULL, hows),
        .validate = (chl_join_validate)luaL_checkoption(L, 6, NULL, rules),
        .left_suffix = luaL_checkstring(L, 7),
        .right_suffix = luaL_checkstring(L, 8)};
    CHLUA_RETURN_FRAME(L, chl_frame_join(left, right, left_on, right_on, n, &options,
                                         &control, &made, &err));
}
