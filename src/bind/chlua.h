/* SPDX-License-Identifier: MIT
 *
 * What every binding shares: metatable names, boxes, errors, JSON values, control. Layer:
 * bind.
 *
 * A binding function checks its arguments, calls one core function and pushes the result.
 * It must not hold a malloc'd block across a Lua call that can raise: objects live in
 * boxes (full userdata with their metatable set before they are filled).
 */
#ifndef CHLUA_H
#define CHLUA_H

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>

#include "core/base/control.h"
#include "core/base/status.h"
#include "core/data/frame.h"
#include "core/data/matrix.h"

/* Metatables. */
#define CHLUA_FRAME       "churnlab.Frame"
#define CHLUA_COLUMN      "churnlab.Column"
#define CHLUA_CHUNKS      "churnlab.Chunks"
#define CHLUA_CSV_WRITER  "churnlab.CsvWriter"
#define CHLUA_FOLD        "churnlab.Fold"
#define CHLUA_JOB         "churnlab.Job"
#define CHLUA_EXPR        "churnlab.Expr"
#define CHLUA_OVER        "churnlab.Over"
#define CHLUA_MATRIX      "churnlab.Matrix"
#define CHLUA_PREP        "churnlab.Prep"
#define CHLUA_NET         "churnlab.Net"
#define CHLUA_MODEL       "churnlab.Model"
#define CHLUA_CALIBRATION "churnlab.Calibration"
#define CHLUA_LOGISTIC    "churnlab.Logistic"
#define CHLUA_RNG         "churnlab.Rng"
#define CHLUA_JSON        "churnlab.Json"
#define CHLUA_SANDBOX     "churnlab.Sandbox"
#define CHLUA_SQL         "churnlab.Sql"

/* ---- boxes: userdata that hold one pointer
 * ---------------------------------------------- */

/* Pushes a box with that metatable and *slot == NULL; fill the slot afterwards. */
void **chlua_new_box(lua_State *L, const char *metatable);
/* The pointer in the box at `arg`; raises an argument error when it is another type or
 * closed. */
void *chlua_check_box(lua_State *L, int arg, const char *metatable);
/* As above, but NULL when it is another type or closed. */
void *chlua_test_box(lua_State *L, int arg, const char *metatable);
/* Creates the metatable with `__name`, methods under __index and metamethods; pops
 * nothing left. */
void chlua_register(lua_State *L, const char *metatable, const luaL_Reg *methods,
                    const luaL_Reg *meta);
/* For a registered type whose values have names of their own (columns, rows): `index`,
 * with the methods as its upvalue, becomes __index. The methods are also set as `methods`
 * in the module table on top of the stack, and as `__names` for completion. */
void chlua_index_through(lua_State *L, const char *metatable, lua_CFunction index);
/* After creating an object of so many bytes off the Lua heap: steps the collector when it
 * is large. */
void chlua_account(lua_State *L, size_t bytes);

chl_frame *chlua_check_frame(lua_State *L, int arg);
/* Pushes a frame box that takes the caller's reference. */
void chlua_push_frame(lua_State *L, chl_frame *frame);
/* The matrix at `arg`; raises an argument error when it is another type or closed. */
chl_matrix *chlua_check_matrix(lua_State *L, int arg);
/* Pushes an empty matrix that the caller fills in place (chl_matrix_init,
 * chl_prep_transform …) and, when it is large, reports with chlua_account. */
chl_matrix *chlua_push_matrix(lua_State *L);
chl_column *chlua_check_column(lua_State *L, int arg);
/* Pushes a column box that takes the caller's reference. */
void chlua_push_column(lua_State *L, chl_column *column);
/* Pushes row i's value: number, integer, boolean, string (dates and timestamps too), nil
 * when missing.
 */
void chlua_push_cell(lua_State *L, const chl_column *column, int64_t i);
/* A 1-based Lua integer as 0-based; raises an argument error outside 1 … n. */
int64_t chlua_check_index(lua_State *L, int arg, int64_t n);

/* ---- fields of the table on top
 * ---------------------------------------------------------- */

/* What has no finite value is left out. */
void chlua_set_number(lua_State *L, const char *name, double value);
void chlua_set_integer(lua_State *L, const char *name, int64_t value);

/* ---- errors
 * ------------------------------------------------------------------------------ */

/* Raises err->message with the position of the nearest caller outside the churnlab
 * library. */
int chlua_raise(lua_State *L, const chl_error *err);
/* Raises "<where>: unknown <kind> 'key'", with a suggestion, when the table at `arg` has
 * a key that is none of the NULL-terminated `known`. */
void chlua_check_keys(lua_State *L, int arg, const char *where, const char *kind,
                      const char *const *known);
/* chlua_raise unless status is CHL_OK. */
void chlua_check(lua_State *L, chl_status status, const chl_error *err);
/* For expected failures of files: pushes true, or nil and the message; raises what is no
 * CHL_EIO. */
int chlua_ok_or_nil(lua_State *L, chl_status status, const chl_error *err);

/* ---- JSON: how option tables and specifications cross into the core
 * ---------------------- */

/* Pushes a box that owns a JSON copy of the Lua value at `arg` and returns it (borrowed).
 * A table with keys 1…n is a list, an empty table a list, nil and NA are null; NaN, Inf,
 * functions, cycles and mixed keys raise an argument error that names the path. none/nil
 * gives NULL and pushes nil. */
json_t *chlua_check_json(lua_State *L, int arg);
/* Takes the reference and pushes the value as Lua tables, strings, numbers. */
void chlua_push_json(lua_State *L, json_t *json);

/* ---- strings
 * ----------------------------------------------------------------------------- */

/* The Lua list of strings at `arg` as an array that lives in a userdata pushed on the
 * stack; *n is its length. A single string counts as a list of one. */
const char *const *chlua_check_strings(lua_State *L, int arg, int *n);

/* ---- vectors of numbers
 * ------------------------------------------------------------------ */

/* The list of numbers (or booleans), the Column of numbers or the Matrix of one column at
 * `arg`; *n is its length. Pushes one value that keeps the result alive. A missing value
 * or another type raises an argument error that names the row. */
const double *chlua_check_doubles(lua_State *L, int arg, int64_t *n);
/* As above, and of exactly n values. */
const double *chlua_check_same(lua_State *L, int arg, int64_t n);
/* Pushes scratch for n numbers. */
double *chlua_new_doubles(lua_State *L, int64_t n);
/* Pushes a list. */
void chlua_push_doubles(lua_State *L, const double *values, int64_t n);

/* ---- control
 * ----------------------------------------------------------------------------- */

/* Cancel flag, threads (core.set_threads) and a progress line on standard error where it
 * is a terminal. Valid during the binding call. */
void chlua_control(lua_State *L, chl_control *control);
/* Erases the progress line; called when the work is over. */
void chlua_control_done(lua_State *L);
/* The host registers its flag here; without one nothing can be cancelled. */
void chlua_set_cancel_flag(lua_State *L, const volatile sig_atomic_t *flag);

int luaopen_churnlab_core(lua_State *L);

#endif
