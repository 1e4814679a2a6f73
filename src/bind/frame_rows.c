/* SPDX-License-Identifier: MIT
 *
 * Frame: the verbs on rows. Layer: bind.
 */
#include "bind/frame_box.h"

/*** @module churnlab.frame */

/*** @type Frame */

/*** Rows from … to, both included; the range is clamped to the frame.
 * @function Frame:slice
 * @tparam integer from 1-based
 * @tparam[opt=#frame] integer to
 * @treturn Frame
 * @usage #frame:slice(11, 20) == 10 */
int chlua_frame_slice(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer to = luaL_optinteger(L, 3, frame->rows);
    from = from < 1 ? 1 : from > frame->rows ? frame->rows + 1 : from;
    to = to < from ? from - 1 : to > frame->rows ? frame->rows : to;
    CHLUA_RETURN_FRAME(L, chl_frame_slice(frame, from - 1, to - from + 1, &made, &err));
}

/*** The first rows.
 * @function Frame:head
 * @tparam[opt=10] integer n
 * @treturn Frame
 * @usage print(frame:head(3)) */
int chlua_frame_head(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer n = luaL_optinteger(L, 2, 10);
    CHLUA_RETURN_FRAME(L, chl_frame_slice(frame, 0, n, &made, &err));
}

/*** The last rows.
 * @function Frame:tail
 * @tparam[opt=10] integer n
 * @treturn Frame
 * @usage print(frame:tail(3)) */
int chlua_frame_tail(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer n = luaL_optinteger(L, 2, 10);
    n = n < 0 ? 0 : n > frame->rows ? frame->rows : n;
    CHLUA_RETURN_FRAME(L, chl_frame_slice(frame, frame->rows - n, n, &made, &err));
}

/*** The rows with these numbers, in this order.
 * @function Frame:take
 * @tparam {integer,...}|Column rows 1-based
 * @treturn Frame
 * @usage frame:take({ 3, 1 }).Age[1] == frame.Age[3] */
int chlua_frame_take(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    if (chlua_test_box(L, 2, CHLUA_COLUMN)) {
        const chl_column *numbers = chlua_check_column(L, 2);
        CHLUA_RETURN_FRAME(L,
                           chl_frame_take_numbers(frame, numbers, &control, &made, &err));
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
    int64_t *indices = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *indices, 0);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 2, i + 1);
        lua_Integer row = lua_tointeger(L, -1);
        if (!lua_isinteger(L, -1) || row < 1 || row > frame->rows) {
            return luaL_argerror(
                L, 2,
                lua_pushfstring(L, "item %I: expected a row from 1 to %I, got %s",
                                (LUAI_UACINT)(i + 1), (LUAI_UACINT)frame->rows,
                                luaL_tolstring(L, -1, NULL)));
        }
        indices[i] = row - 1;
        lua_pop(L, 1);
    }
    CHLUA_RETURN_FRAME(L, chl_frame_take(frame, indices, n, &control, &made, &err));
}

/*** The rows where a bool column is true: what `Frame:filter` calls.
 * @function Frame:filter_by
 * @tparam Column keep
 * @treturn Frame
 * @usage frame:filter_by(core.expr.eval(frame, "Age >= 60")) */
int chlua_frame_filter_by(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const chl_column *keep = chlua_check_column(L, 2);
    CHLUA_RETURN_FRAME(L, chl_frame_filter(frame, keep, &control, &made, &err));
}

/*** Stable sort, missing values last: what `Frame:sort` calls.
 * @function Frame:sort_by
 * @tparam {string,...} names
 * @tparam {boolean,...} descending one flag a name
 * @treturn Frame
 * @usage frame:sort_by({ "Geography", "Age" }, { false, true }) */
int chlua_frame_sort_by(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int n;
    const char *const *names = chlua_check_strings(L, 2, &n);
    luaL_checktype(L, 3, LUA_TTABLE);
    bool *descending = lua_newuserdatauv(L, (size_t)n + 1, 0);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 3, i + 1);
        descending[i] = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    CHLUA_RETURN_FRAME(
        L, chl_frame_sort(frame, names, descending, n, &control, &made, &err));
}
