/* SPDX-License-Identifier: MIT
 *
 * Shared by the bindings of frames and columns. Layer: bind.
 */
#ifndef CHLUA_FRAME_BOX_H
#define CHLUA_FRAME_BOX_H

#include "bind/chlua.h"

/* Runs a core call that makes a frame (`made`) or fails (`err`) and may read `control`,
 * pushes the box and returns 1. The box exists before the call, so that nothing is lost
 * when Lua raises. */
#define CHLUA_RETURN_FRAME(L, call)                                                      \
    do {                                                                                 \
        chl_error err = {0};                                                             \
        chl_frame *made = NULL;                                                          \
        chl_control control;                                                             \
        chlua_control(L, &control);                                                      \
        void **slot = chlua_new_box(L, CHLUA_FRAME);                                     \
        chl_status status = (call);                                                      \
        chlua_control_done(L);                                                           \
        *slot = made;                                                                    \
        chlua_check(L, status, &err);                                                    \
        chlua_account(L, (size_t)made->rows *(size_t)made->columns * 8);                 \
        return 1;                                                                        \
    } while (0)

/* The same for a column. */
#define CHLUA_RETURN_COLUMN(L, call)                                                     \
    do {                                                                                 \
        chl_error err = {0};                                                             \
        chl_column *made = NULL;                                                         \
        chl_control control;                                                             \
        chlua_control(L, &control);                                                      \
        void **slot = chlua_new_box(L, CHLUA_COLUMN);                                    \
        chl_status status = (call);                                                      \
        chlua_control_done(L);                                                           \
        *slot = made;                                                                    \
        chlua_check(L, status, &err);                                                    \
        chlua_account(L, (size_t)made->length * 8);                                      \
        return 1;                                                                        \
    } while (0)

/* The names at `arg` and after it, or in the list at `arg`; replaces the arguments from
 * `arg` on. */
const char *const *chlua_check_names(lua_State *L, int arg, int *n);

struct chl_csv_options;
/* The option table of read_csv at `arg`, whose roles are left to the caller; what *csv
 * borrows is pushed. */
void chlua_check_csv_options(lua_State *L, int arg, struct chl_csv_options *csv);

struct chl_expr;
/* The list of expressions at `arg` as an array in a userdata pushed on the stack, which
 * keeps parsed ones alive. */
struct chl_expr **chlua_check_exprs(lua_State *L, int arg, int *n);

/* The role `positive` (core/data/positive.h) as Lua sees it: pushes nil, the value's text
 * or a list of texts. */
void chlua_push_positive(lua_State *L, const char *positive);
/* And back: a value or a list of values becomes one text, which is pushed or borrowed
 * from the JSON. */
const char *chlua_positive_text(lua_State *L, const json_t *value);

/* core.frame's reading functions. */
extern const luaL_Reg chlua_frame_io_functions[];
extern const luaL_Reg chlua_frame_lines_functions[];
extern const luaL_Reg chlua_frame_column_functions[];

/* core.column.new, and the methods of Frame that stand in files of their own. */
int chlua_column_new(lua_State *L);
int chlua_frame_class_labels(lua_State *L); /* model_score.c */
int chlua_frame_roles(lua_State *L);
int chlua_frame_with_roles(lua_State *L);
int chlua_frame_slice(lua_State *L);
int chlua_frame_head(lua_State *L);
int chlua_frame_tail(lua_State *L);
int chlua_frame_take(lua_State *L);
int chlua_frame_filter_by(lua_State *L);
int chlua_frame_sort_by(lua_State *L);
int chlua_frame_write_csv(lua_State *L);
int chlua_frame_read_jsonl(lua_State *L);
int chlua_frame_parse_jsonl(lua_State *L);
int chlua_frame_write_jsonl(lua_State *L);
int chlua_frame_to_csv(lua_State *L);
int chlua_frame_write_columns(lua_State *L);
int chlua_frame_split(lua_State *L);
int chlua_frame_split_groups(lua_State *L);
int chlua_frame_split_times(lua_State *L);
int chlua_frame_time_fold(lua_State *L);
int chlua_frame_folds(lua_State *L);
int chlua_frame_time_folds(lua_State *L);
int chlua_frame_partition(lua_State *L);
int chlua_frame_sample(lua_State *L);
int chlua_frame_join(lua_State *L);
int chlua_frame_asof_join(lua_State *L);
int chlua_frame_unrepeated(lua_State *L);
int chlua_frame_n_distinct(lua_State *L);

#endif
