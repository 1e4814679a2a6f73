/* SPDX-License-Identifier: MIT
 *
 * Partitions of frames. Layer: bind; lua/churnlab/frame/partition.lua gives them their
 * option tables.
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

static int32_t *new_parts(lua_State *L, const chl_frame *frame)
{
    return lua_newuserdatauv(L, ((size_t)frame->rows + 1) * sizeof(int32_t), 0);
}

/* Pushes the frames of part 0 … parts - 1. */
static int push_parts(lua_State *L, const chl_frame *frame, const int32_t *part,
                      int parts)
{
    luaL_checkstack(L, parts + 8, "parts");
    for (int p = 0; p < parts; p++) {
        push_part(L, frame, part, p, true);
    }
    return parts;
}

/* The list of numbers at `arg`; returns how many. */
static int check_shares(lua_State *L, int arg, double shares[PARTS_MAX])
{
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Unsigned parts = lua_rawlen(L, arg);
    luaL_argcheck(L, parts >= 1 && parts <= PARTS_MAX, arg, "expected 1 to 1000 shares");
    for (lua_Unsigned p = 0; p < parts; p++) {
        lua_rawgeti(L, arg, (lua_Integer)p + 1);
        shares[p] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    return (int)parts;
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
    const char *stratify = luaL_optstring(L, 3, NULL);
    uint64_t seed = check_seed(L, 4);
    double shares[PARTS_MAX];
    int parts = check_shares(L, 2, shares);
    int32_t *part = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(L, chl_split(frame, shares, parts, stratify, seed, part, &err), &err);
    return push_parts(L, frame, part, parts);
}

/*** Random parts with these shares, the rows of a group together: what `Frame:split`
 * calls with `group`.
 * @function Frame:split_groups
 * @tparam {number,...} shares adding up to 1
 * @tparam string group a column
 * @tparam[opt=0] integer seed
 * @treturn Frame one for each share
 * @usage local some, rest = frame:split_groups({ 0.8, 0.2 }, "Surname", 42) */
int chlua_frame_split_groups(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *group = luaL_checkstring(L, 3);
    uint64_t seed = check_seed(L, 4);
    double shares[PARTS_MAX];
    int parts = check_shares(L, 2, shares);
    int32_t *part = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(L, chl_split_groups(frame, shares, parts, group, seed, part, &err), &err);
    return push_parts(L, frame, part, parts);
}

/* Where the parts begin: from the shares at `arg`, or from the dates at `arg` + 1. */
static int check_starts(lua_State *L, int arg, const chl_frame *frame, const char *time,
                        double *shares, int64_t *starts)
{
    int parts;
    chl_error err = {0};
    if (lua_isnoneornil(L, arg + 1)) {
        parts = check_shares(L, arg, shares);
        chlua_check(L, chl_time_starts(frame, time, shares, parts, starts, &err), &err);
        return parts;
    }
    const char *const *dates = chlua_check_strings(L, arg + 1, &parts);
    luaL_argcheck(L, parts < PARTS_MAX, arg + 1, "expected fewer than 1000 dates");
    chlua_check(L, chl_time_starts_at(frame, time, dates, parts, starts, &err), &err);
    return parts + 1;
}

/*** Parts in the order of time: what `Frame:split` calls with `time`.
 * @function Frame:split_times
 * @tparam[opt] {number,...} shares adding up to 1
 * @tparam[opt] {string,...} at the dates on which the parts after the first begin,
 * instead of shares
 * @tparam string time a column of dates or timestamps
 * @tparam[opt=0] number embargo days
 * @tparam[opt] string group with shares: rows whose group was drawn for another part are
 * left out
 * @tparam[opt=0] integer seed
 * @treturn Frame one for each part
 * @usage local early, late = log:split_times(nil, { "2025-05-01" }, "when") */
int chlua_frame_split_times(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *time = luaL_checkstring(L, 4);
    double embargo = luaL_optnumber(L, 5, 0);
    const char *group = luaL_optstring(L, 6, NULL);
    uint64_t seed = check_seed(L, 7);
    double shares[PARTS_MAX];
    int64_t starts[PARTS_MAX];
    int parts = check_starts(L, 2, frame, time, shares, starts);
    int32_t *part = new_parts(L, frame), *drawn = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(
        L, chl_time_parts(frame, time, starts, parts, INT64_MAX, embargo, part, &err),
        &err);
    if (group) {
        luaL_argcheck(L, lua_isnoneornil(L, 3), 6, "a group wants shares, not dates");
        chlua_check(L, chl_split_groups(frame, shares, parts, group, seed, drawn, &err),
                    &err);
    }
    for (int64_t i = 0; group && i < frame->rows; i++) {
        part[i] = part[i] == drawn[i] ? part[i] : -1;
    }
    return push_parts(L, frame, part, parts);
}

/*** Fold k of an expanding window: the rows before it and the rows in it; what
 * `Frame:folds` calls with `time`.
 * @function Frame:time_fold
 * @tparam integer folds
 * @tparam integer k 1 … folds
 * @tparam string time a column of dates or timestamps
 * @tparam[opt=0] number embargo days
 * @treturn Frame the rows before the fold
 * @treturn Frame the rows in it
 * @usage local before, inside = log:time_fold(2, 1, "when") */
int chlua_frame_time_fold(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer folds = luaL_checkinteger(L, 2);
    luaL_argcheck(L, folds >= 1 && folds < PARTS_MAX, 2, "expected 1 to 999 folds");
    lua_Integer k = chlua_check_index(L, 3, folds) + 1;
    const char *time = luaL_checkstring(L, 4);
    double embargo = luaL_optnumber(L, 5, 0);
    int64_t starts[PARTS_MAX];
    int32_t *part = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(L, chl_time_folds(frame, (int)folds, time, starts, part, &err), &err);
    int64_t two[] = {INT64_MIN, starts[k]};
    int64_t end = k < folds ? starts[k + 1] : INT64_MAX;
    chlua_check(L, chl_time_parts(frame, time, two, 2, end, embargo, part, &err), &err);
    return push_parts(L, frame, part, 2);
}

/* Pushes an i64 column of these numbers + add. */
static void push_numbers(lua_State *L, const int32_t *numbers, int64_t n, int add)
{
    chl_error err = {0};
    chl_column *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_new(CHL_I64, n, false, &made, &err);
    *slot = made;
    chlua_check(L, status, &err);
    for (int64_t i = 0; i < n; i++) {
        made->values.i64[i] = numbers[i] + add;
    }
    chl_column_seal(made);
}

/*** The fold of each row: what `Frame:folds` calls.
 * @function Frame:fold_numbers
 * @tparam integer folds
 * @tparam[opt] string stratify
 * @tparam[opt=0] integer seed
 * @tparam[opt] string group a column whose values stay together
 * @treturn Column i64, 1 … folds
 * @usage frame:fold_numbers(5, "Exited", 1):max() == 5 */
int chlua_frame_folds(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer folds = luaL_checkinteger(L, 2);
    const char *stratify = luaL_optstring(L, 3, NULL);
    uint64_t seed = check_seed(L, 4);
    const char *group = luaL_optstring(L, 5, NULL);
    folds = folds < 0 ? 0 : folds > INT32_MAX ? INT32_MAX : folds;
    int32_t *fold = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(
        L,
        group ? chl_fold_groups(frame, (int)folds, group, stratify, seed, fold, &err)
              : chl_folds(frame, (int)folds, stratify, seed, fold, &err),
        &err);
    push_numbers(L, fold, frame->rows, 1);
    return 1;
}

/*** The fold of an expanding window that tests each row.
 * @function Frame:time_fold_numbers
 * @tparam integer folds
 * @tparam string time a column of dates or timestamps
 * @treturn Column i64, 1 … folds; 0 for the first part, which is never tested
 * @usage log:time_fold_numbers(2, "when"):max() == 2 */
int chlua_frame_time_folds(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    lua_Integer folds = luaL_checkinteger(L, 2);
    luaL_argcheck(L, folds >= 1 && folds < PARTS_MAX, 2, "expected 1 to 999 folds");
    const char *time = luaL_checkstring(L, 3);
    int64_t starts[PARTS_MAX];
    int32_t *fold = new_parts(L, frame);
    chl_error err = {0};
    chlua_check(L, chl_time_folds(frame, (int)folds, time, starts, fold, &err), &err);
    push_numbers(L, fold, frame->rows, 0);
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
    int32_t *part = new_parts(L, frame);
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
