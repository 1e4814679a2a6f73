/* SPDX-License-Identifier: MIT
 *
 * core.reshape: frames under one another, long and wide tables. Layer: bind.
 */
#include "core/table/reshape.h"

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/table/stack.h"

/*** Frames under one another, long and wide tables: what `cl.concat`, `frame:pivot`,
 * `melt` and `crosstab` call.
 * @module churnlab.core.reshape */

static chl_names check_names(lua_State *L, int arg)
{
    int n;
    const char *const *items = chlua_check_strings(L, arg, &n);
    return (chl_names){items, n};
}

/*** The rows of all frames; columns are the union of theirs.
 * @function core.reshape.stack
 * @tparam {Frame,...} frames at least one
 * @treturn Frame
 * @raise "concat: column 'Age': expected one type, got i64 in part 1 and string in part 2
 * (cast one)"
 * @usage #core.reshape.stack { frame, frame } == 2 * #frame */
static int reshape_stack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Unsigned n = lua_rawlen(L, 1);
    luaL_argcheck(L, n >= 1 && n <= 1 << 20, 1, "expected at least one frame");
    const chl_frame **frames = lua_newuserdatauv(L, n * sizeof(chl_frame *), 0);
    for (lua_Unsigned i = 0; i < n; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        frames[i] = chlua_check_frame(L, -1); /* the list keeps it alive */
        lua_pop(L, 1);
    }
    CHLUA_RETURN_FRAME(L, chl_frames_stack(frames, (int)n, &control, &made, &err));
}

/*** A long table as a wide one.
 * @function core.reshape.spread
 * @tparam Frame frame
 * @tparam {string,...} index one row for each of their values
 * @tparam {string,...} columns one column for each of their values
 * @tparam {string,...} values what fills the cells
 * @treturn Frame
 * @raise "pivot: row 7: expected one row for Lyon and 2026, got another …"
 * @usage
 * local counts = frame:group("Geography", "Gender"):count()
 * print(core.reshape.spread(counts, { "Geography" }, { "Gender" }, { "n" })) */
static int reshape_spread(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    chl_names index = check_names(L, 2), columns = check_names(L, 3);
    chl_names values = check_names(L, 4);
    CHLUA_RETURN_FRAME(L, chl_frame_spread(frame, index, columns, values, &made, &err));
}

/*** Columns under one another, beside their names.
 * @function core.reshape.melt
 * @tparam Frame frame
 * @tparam {string,...} id columns that are repeated
 * @tparam {string,...} values columns that are stacked
 * @tparam string names_name
 * @tparam string value_name
 * @treturn Frame
 * @usage
 * local long = core.reshape.melt(frame, { "CustomerId" }, { "Age", "Tenure" }, "name",
 * "value") assert(#long == 2 * #frame) */
static int reshape_melt(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    chl_names id = check_names(L, 2), values = check_names(L, 3);
    const char *names_name = luaL_checkstring(L, 4), *value_name = luaL_checkstring(L, 5);
    CHLUA_RETURN_FRAME(
        L, chl_frame_melt(frame, id, values, names_name, value_name, &made, &err));
}

/*** How often the values of two columns occur together.
 * @function core.reshape.crosstab
 * @tparam Frame frame
 * @tparam string row
 * @tparam string column
 * @tparam string share "none" (counts), "row", "column" or "all"
 * @tparam boolean totals
 * @treturn Frame
 * @usage print(core.reshape.crosstab(frame, "Geography", "Exited", "row", true)) */
static int reshape_crosstab(lua_State *L)
{
    static const char *const shares[] = {"none", "row", "column", "all", NULL};
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *row = luaL_checkstring(L, 2), *column = luaL_checkstring(L, 3);
    chl_share share = (chl_share)luaL_checkoption(L, 4, "none", shares);
    bool totals = lua_toboolean(L, 5);
    CHLUA_RETURN_FRAME(
        L, chl_frame_crosstab(frame, row, column, share, totals, &made, &err));
}

void chlua_open_reshape(lua_State *L)
{
    static const luaL_Reg functions[] = {{"stack", reshape_stack},
                                         {"spread", reshape_spread},
                                         {"melt", reshape_melt},
                                         {"crosstab", reshape_crosstab},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
}
