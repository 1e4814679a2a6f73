/* SPDX-License-Identifier: MIT
 *
 * Frame: joins and repeated rows. Layer: bind. lua/churnlab/frame/join.lua and
 * duplicates.lua read their options.
 */
#include "bind/frame_box.h"
#include "core/table/asof.h"
#include "core/table/duplicates.h"
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
    lua_settop(L, 8);
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

/*** Beside each row the event that was the latest at its time: what `Frame:asof_join`
 * calls.
 * @function Frame:asof_join_by
 * @tparam Frame right
 * @tparam {string,...} left_on key columns; may be empty
 * @tparam {string,...} right_on their partners, as many
 * @tparam string left_time
 * @tparam string right_time
 * @tparam string direction "backward", "forward" or "nearest"
 * @tparam boolean strict
 * @tparam ?number tolerance nil for none
 * @tparam string left_suffix "" for none
 * @tparam string right_suffix "" for none
 * @treturn Frame
 * @usage frame:asof_join_by(frame:select("Age", "Balance"), {}, {}, "Age", "Age",
 * "backward", true, 5, "", "_right") */
int chlua_frame_asof_join(lua_State *L)
{
    static const char *const directions[] = {"backward", "forward", "nearest", NULL};
    lua_settop(L, 11);
    const chl_frame *left = chlua_check_frame(L, 1), *right = chlua_check_frame(L, 2);
    int n, n_right;
    const char *const *left_on = chlua_check_strings(L, 3, &n);
    const char *const *right_on = chlua_check_strings(L, 4, &n_right);
    luaL_argcheck(L, n == n_right, 4, "expected as many names as on the left");
    chl_asof_options options = {
        .left_time = luaL_checkstring(L, 5),
        .right_time = luaL_checkstring(L, 6),
        .direction = (chl_asof_direction)luaL_checkoption(L, 7, NULL, directions),
        .strict = lua_toboolean(L, 8),
        .limited = !lua_isnoneornil(L, 9),
        .tolerance = luaL_optnumber(L, 9, 0),
        .left_suffix = luaL_checkstring(L, 10),
        .right_suffix = luaL_checkstring(L, 11)};
    CHLUA_RETURN_FRAME(L, chl_frame_asof_join(left, right, left_on, right_on, n, &options,
                                              &control, &made, &err));
}

/*** A bool column, true where a row stays: what `Frame:drop_duplicates` calls.
 * @function Frame:unrepeated_by
 * @tparam {string,...} names the columns that make rows equal; none: all
 * @tparam string keep "first", "last" or "none"
 * @tparam[opt] string order the column by whose values one is first or last
 * @treturn Column
 * @usage #frame:unrepeated_by({ "Geography" }, "last", "Age") == #frame */
int chlua_frame_unrepeated(lua_State *L)
{
    static const char *const words[] = {"first", "last", "none", NULL};
    lua_settop(L, 4);
    const chl_frame *frame = chlua_check_frame(L, 1);
    int n;
    const char *const *names = chlua_check_strings(L, 2, &n);
    chl_keep keep = (chl_keep)luaL_checkoption(L, 3, NULL, words);
    const char *order = luaL_optstring(L, 4, NULL);
    CHLUA_RETURN_COLUMN(
        L, chl_frame_unrepeated(frame, names, n, keep, order, &control, &made, &err));
}

/*** The number of different rows, missing equal to missing.
 * @function Frame:n_distinct
 * @tparam string|{string,...} ... the columns that make rows different; none: all
 * @treturn integer
 * @usage frame:n_distinct("Geography", "Gender") <= 9 */
int chlua_frame_n_distinct(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int n;
    const char *const *names = chlua_check_names(L, 2, &n);
    chl_error err = {0};
    chl_control control;
    int64_t count;
    chlua_control(L, &control);
    chl_status status = chl_frame_n_distinct(frame, names, n, &control, &count, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    lua_pushinteger(L, count);
    return 1;
}
