/* SPDX-License-Identifier: MIT
 *
 * core.fold: aggregates of rows that come in chunks. Layer: bind.
 */
#include "core/table/fold.h"

#include "bind/frame_box.h"
#include "bind/modules.h"

/*** Aggregates of rows that come in chunks: what `scan:group(…):agg` calls.
 * @module churnlab.core.fold */

/*** An aggregate as of `core.expr.aggregate`, not yet of any rows.
 * @function core.fold.new
 * @tparam Frame schema a frame with the columns of the chunks; its rows do not count
 * @tparam {string,...} keys
 * @tparam {string,...} names of the new columns
 * @tparam {string|Expr,...} exprs one for each name
 * @treturn Fold
 * @raise aggregates that need all rows at once, such as median; as `core.expr.check`
 * @usage
 * local fold = core.fold.new(frame, { "Gender" }, { "n" }, { "count()" })
 * fold:add(frame:head(100))
 * fold:add(frame:slice(101, 200))
 * assert(fold:result().n:sum() == 200) */
static int fold_new(lua_State *L)
{
    chl_frame *schema = chlua_check_frame(L, 1);
    int n_keys, n_names, n_exprs;
    const char *const *keys = chlua_check_strings(L, 2, &n_keys);
    const char *const *names = chlua_check_strings(L, 3, &n_names);
    chl_expr **exprs = chlua_check_exprs(L, 4, &n_exprs);
    luaL_argcheck(L, n_names == n_exprs, 4, "expected one expression for each name");
    chl_error err = {0};
    chl_fold *fold = NULL;
    void **slot = chlua_new_box(L, CHLUA_FOLD);
    chl_status status =
        chl_fold_new(schema, keys, n_keys, names, exprs, n_exprs, &fold, &err);
    *slot = fold;
    chlua_check(L, status, &err);
    return 1;
}

/*** @type Fold */

/*** The next rows.
 * @function Fold:add
 * @tparam Frame chunk with the schema's columns
 * @usage core.fold.new(frame, {}, { "n" }, { "count()" }):add(frame) */
static int fold_m_add(lua_State *L)
{
    chl_fold *fold = chlua_check_box(L, 1, CHLUA_FOLD);
    const chl_frame *chunk = chlua_check_frame(L, 2);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_fold_add(fold, chunk, &control, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 0;
}

/*** The aggregate of all rows so far.
 * @function Fold:result
 * @treturn Frame
 * @usage core.fold.new(frame, {}, { "n" }, { "count()" }):result().n[1] == 0 */
static int fold_m_result(lua_State *L)
{
    const chl_fold *fold = chlua_check_box(L, 1, CHLUA_FOLD);
    CHLUA_RETURN_FRAME(L, chl_fold_result(fold, &control, &made, &err));
}

static int fold_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_FOLD);
    chl_fold_free(*slot);
    *slot = NULL;
    return 0;
}

void chlua_open_fold(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", fold_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"add", fold_m_add}, {"result", fold_m_result}, {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", fold_gc}, {"__close", fold_gc}, {NULL, NULL}};
    chlua_register(L, CHLUA_FOLD, methods, meta);
    luaL_newlib(L, functions);
}
