/* SPDX-License-Identifier: MIT
 *
 * Explanations of models: methods of core.model's objects. Layer: bind.
 */
#include "core/model/explain.h"

#include "bind/model_box.h"
#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/model/reasons.h"

/*** @module churnlab.model */

/* {samples =, seed =} at `arg`, either may be absent. */
static chl_shapley_options check_options(lua_State *L, int arg)
{
    chl_shapley_options options = {0};
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_getfield(L, arg, "samples");
    options.samples = luaL_optinteger(L, -1, 0);
    lua_getfield(L, arg, "seed");
    options.seed = (uint64_t)luaL_optinteger(L, -1, 0);
    lua_pop(L, 2);
    return options;
}

/* The class that field "class" of the table at `arg` names by its text, or the positive
 * ones. */
static int check_class(lua_State *L, int arg, const chl_model *model)
{
    const chl_classes *classes = chl_model_classes(model);
    int class = CHL_EXPLAIN_POSITIVE;
    if (lua_getfield(L, arg, "class") != LUA_TNIL) {
        if (classes->count == 0) {
            luaL_error(L,
                       "explain: option 'class': expected a model of classes, got one of "
                       "a single probability");
        }
        size_t length;
        const char *name = luaL_tolstring(L, -1, &length);
        class = chl_classes_find(classes, name, length);
        if (class < 0) {
            chl_error err = {0};
            chl_fail_unknown(&err, "explain", "class", name,
                             (const char *const *)classes->names, (size_t)classes->count);
            chlua_raise(L, &err);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return class;
}

static const chl_frame *opt_frame(lua_State *L, int arg)
{
    return lua_isnoneornil(L, arg) ? NULL : chlua_check_frame(L, arg);
}

static void push_shapley(lua_State *L, const chl_model *model, const chl_shapley *s)
{
    lua_createtable(L, 0, 5);
    lua_pushnumber(L, s->base);
    lua_setfield(L, -2, "base");
    lua_pushnumber(L, s->total);
    lua_setfield(L, -2, "total");
    lua_pushboolean(L, s->exact);
    lua_setfield(L, -2, "exact");
    lua_pushinteger(L, s->evaluations);
    lua_setfield(L, -2, "evaluations");
    lua_createtable(L, s->players, 0);
    for (int i = 0; i < s->players; i++) {
        lua_createtable(L, 0, 3);
        lua_pushstring(L, chl_model_raw_name(model, i));
        lua_setfield(L, -2, "column");
        lua_pushnumber(L, s->phi[i]);
        lua_setfield(L, -2, "effect");
        lua_pushnumber(L, s->error[i]);
        lua_setfield(L, -2, "error");
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "values");
}

/*** @type Model */

/*** Shapley values of the raw columns for one row.
 * @function Model:explain_row
 * @tparam Frame frame
 * @tparam integer row from 1
 * @tparam ?Frame background nil = the model's own
 * @tparam table options samples, seed; `class` of a model of classes (default: the
 * positive ones)
 * @treturn table base, total, exact, evaluations, values = {{column, effect, error}, …}
 * @usage #model:explain_row(test, 7, nil, { seed = 1 }).values > 1 */
int chlua_model_explain_row(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    int64_t row = chlua_check_index(L, 3, frame->rows);
    const chl_frame *background = opt_frame(L, 4);
    chl_shapley_options options = check_options(L, 5);
    int class = check_class(L, 5, model);
    chl_control control;
    chl_shapley shapley;
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = chl_model_explain(model, frame, row, background, class, &options,
                                          &control, &shapley, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    push_shapley(L, model, &shapley);
    return 1;
}

static chl_status explain_rows(const chl_model *model, const chl_frame *frame,
                               const chl_frame *background, int class,
                               const chl_shapley_options *options, int k,
                               const chl_control *control, chl_frame *out[2],
                               chl_error *err)
{
    chl_explainer *explainer = NULL;
    CHL_TRY(chl_explainer_new(model, background, class, &explainer, err));
    size_t players = (size_t)chl_model_raw_count(model);
    double *phi = chl_alloc((size_t)frame->rows, players * sizeof *phi);
    chl_status status =
        phi ? chl_explainer_rows(explainer, frame, options, control, phi, err)
            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_reasons_make(model, frame, phi, k, &out[0], &out[1], err);
    }
    chl_free(phi);
    chl_explainer_free(explainer);
    return status;
}

/*** The raw columns that raise each row's churn most.
 * @function Model:reasons
 * @tparam Frame frame
 * @tparam integer k reasons a row
 * @tparam ?Frame background nil = the model's own
 * @tparam table options samples, seed; `class` of a model of classes (default: the
 * positive ones)
 * @treturn Frame reason_1 ("Age = 58"), reason_1_effect … reason_k, reason_k_effect
 * @treturn Frame reason_1 ("Age") … reason_k
 * @usage local texts, columns = model:reasons(test:head(3), 2, nil, {}) */
int chlua_model_reasons(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    int64_t k = chlua_check_index(L, 3, CHL_REASONS_MAX) + 1;
    const chl_frame *background = opt_frame(L, 4);
    chl_shapley_options options = check_options(L, 5);
    int class = check_class(L, 5, model);
    void **texts = chlua_new_box(L, CHLUA_FRAME), **names = chlua_new_box(L, CHLUA_FRAME);
    chl_control control;
    chl_frame *out[2] = {NULL, NULL};
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = explain_rows(model, frame, background, class, &options, (int)k,
                                     &control, out, &err);
    *texts = out[0];
    *names = out[1];
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 2;
}
