/* SPDX-License-Identifier: MIT
 *
 * Random partitions of frames. Layer: bind; lua/churnlab/frame gives them their option
 * tables.
 */
#include "core/data/split.h"

#include "bind/frame_box.h"

/*** @module churnlab.frame */

enum { PARTS_MAX = 1000 };

/* Pushes the frame of the rows with part[row] == wanted, or != wanted. */
static void push_part(lua_State *L, const chl_frame *frame, const int32_t *part,
                      int32_t wanted, bool equal)
{
    int64_t *indices =
        lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof *indices, 0);
    int64_t n = 0;
    for (int64_t i = 0; i < frame->rows; i++) {
        if ((part[i] == wanted) == equal) {
            indices[n++] = i;
        }
    }
    chl_error err = {0};
    chl_frame *made = NULL;
    chl_control control;
    chlua_control(L, &control);
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chl_status status = chl_frame_take(frame, indices, n, &control, &made, &err);
    *slot = made;
    chlua_check(L, status, &err);
    lua_remove(L, -2);
}

static uint64_t check_seed(lua_State *L, int arg)
{
    return (uint64_t)luaL_optinteger(L, arg, 0);
}

/*** @type Frame */

/*** Random parts with these shares: what `Frame:split` calls.
 * @function Frame:split_by
 * @tparam {number,...} shares adding up to 1
 * @tparam[opt] string stratify a column whose values keep their shares
 * @tparam[opt=0] integer seed
 * @treturn Frame one for each share
 * @usage local some, rest = frame:split_by({ 0.8, 0.2 }, "Exited", 42) */
int chlua_frame_split(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *stratify = luaL_optstring(L, 3, NULL);
    uint64_t seed = check_seed(L, 4);
    lua_Unsigned parts = lua_rawlen(L, 2);
    luaL_argcheck(L, parts >= 1 && parts <= PARTS_MAX, 2, "expected 1 to 1000 shares");
    luaL_checkstack(L, (int)parts + 8, "parts");
    double shares[PARTS_MAX];
    for (lua_Unsigned p = 0; p < parts; p++) {
        lua_rawgeti(L, 2, (lua_Integer)p + 1);
        shares[p] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    int32_t *part = lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof *part, 0);
    chl_error err = {0};
    chlua_check(L, chl_split(frame, shares, (int)parts, stratify, seed, part, &err),
                &err);
    for (lua_Unsigned p = 0; p < parts; p++) {
        push_part(L, frame, part, (int32_t)p, true);
    }
    return (int)parts;
}

/*** The fold of each row: what `Frame:folds` calls.
 * @function Frame:fold_numbers
 * @tparam integer folds
 * @tparam[opt] string stratify
 * @tparam[opt=0] integer seed
 * @treturn Column i64, 1 … folds
 * @usage frame:fold_numbers(5, "Exited", 1):max() == 5 */
int chlua_frame_folds(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer folds = luaL_checkinteger(L, 2);
    const char *stratify = luaL_optstring(L, 3, NULL);
    uint64_t seed = check_seed(L, 4);
    folds = folds < 0 ? 0 : folds > INT32_MAX ? INT32_MAX : folds;
    int32_t *fold = lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof *fold, 0);
    chl_error fold_error = {0};
    chlua_check(L, chl_folds(frame, (int)folds, stratify, seed, fold, &fold_error),
                &fold_error);
    chl_error err = {0};
    chl_column *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_new(CHL_I64, frame->rows, false, &made, &err);
    *slot = made;
    chlua_check(L, status, &err);
    for (int64_t i = 0; i < frame->rows; i++) {
        made->values.i64[i] = fold[i] + 1;
    }
    chl_column_seal(made);
    return 1;
}

/*** Two frames: the rows whose number in the column differs from `k`, and those where it
 * is k.
 * @function Frame:partition
 * @tparam Column numbers i64
 * @tparam integer k
 * @treturn Frame the rows ≠ k
 * @treturn Frame the rows = k
 * @usage local outside, inside = frame:partition(frame:fold_numbers(5), 1) */
int chlua_frame_partition(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const chl_column *numbers = chlua_check_column(L, 2);
    int64_t k = luaL_checkinteger(L, 3);
    luaL_argcheck(L, numbers->type == CHL_I64 && numbers->length == frame->rows, 2,
                  "expected an i64 column of the frame's length");
    int32_t *part = lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof *part, 0);
    for (int64_t i = 0; i < frame->rows; i++) {
        part[i] = chl_column_valid(numbers, i) && numbers->values.i64[i] == k;
    }
    push_part(L, frame, part, 1, false);
    push_part(L, frame, part, 1, true);
    return 2;
}

/*** n random rows in the frame's order: what `Frame:sample` calls.
 * @function Frame:sample_rows
 * @tparam integer n
 * @tparam[opt=0] integer seed
 * @treturn Frame
 * @usage #frame:sample_rows(100, 7) == 100 */
int chlua_frame_sample(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    int64_t n = luaL_checkinteger(L, 2);
    uint64_t seed = check_seed(L, 3);
    int64_t *indices =
        lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof *indices, 0);
    chl_error sample_error = {0};
    chlua_check(L, chl_sample(frame->rows, n, seed, indices, &sample_error),
                &sample_error);
    CHLUA_RETURN_FRAME(L, chl_frame_take(frame, indices, n, &control, &made, &err));
}
