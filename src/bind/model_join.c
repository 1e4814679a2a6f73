/* SPDX-License-Identifier: MIT
 *
 * core.model.join and the corrections of a model's probabilities. Layer: bind.
 */

#include "bind/model_box.h"

/*** @module churnlab.model */

/* The list of models at `arg` as an array in a userdata that is pushed. */
static chl_model **check_models(lua_State *L, int arg, int *n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    *n = (int)lua_rawlen(L, arg);
    chl_model **models = lua_newuserdatauv(L, ((size_t)*n + 1) * sizeof *models, 0);
    for (int i = 0; i < *n; i++) {
        lua_rawgeti(L, arg, i + 1);
        models[i] = chlua_check_model(L, lua_gettop(L));
        lua_pop(L, 1); /* the list keeps it */
    }
    return models;
}

/* Field `name` of the table at `arg` stays on the stack; its place, or 0 without one. */
static int field(lua_State *L, int arg, const char *name)
{
    return lua_getfield(L, arg, name) == LUA_TNIL ? 0 : lua_gettop(L);
}

static const double *check_weights(lua_State *L, int arg, int models)
{
    int64_t n;
    const double *weights = chlua_check_doubles(L, arg, &n);
    if (n != models) {
        luaL_error(L, "join: weights: expected %d, one a model, got %I", models,
                   (LUAI_UACINT)n);
    }
    return weights;
}

static void check_join_options(lua_State *L, int arg, int models,
                               chl_mix_options *options)
{
    static const char *const mixes[] = {"mean", "stack", NULL};
    static const char *const known[] = {"mix",        "weights", "intercept",
                                        "background", "seed",    NULL};
    chlua_check_keys(L, arg, "join", "option", known);
    int at = field(L, arg, "mix");
    options->mix = at ? (chl_mix)luaL_checkoption(L, at, NULL, mixes) : CHL_MIX_MEAN;
    at = field(L, arg, "intercept");
    options->intercept = at ? luaL_checknumber(L, at) : 0;
    at = field(L, arg, "seed");
    options->seed = at ? (uint64_t)luaL_checkinteger(L, at) : 0;
    at = field(L, arg, "background");
    options->rows = at ? chlua_check_frame(L, at) : NULL;
    at = field(L, arg, "weights");
    options->weights = at ? check_weights(L, at, models) : NULL;
}

/*** A model that gives the mean or the stack of what models give. They stay as they are;
 * it has no calibration, prior shift or metadata of its own yet.
 * @function core.model.join
 * @tparam {Model,...} models that agree in target, positive value and classes
 * @tparam[opt] {number,...}|table options weights of a mean, or a table: `mix` ("mean" or
 * "stack"), `weights` (mean: equal; divided by their sum), `intercept` (0) of a stack:
 * sigmoid(intercept + sum of weight · logit(p)); `background`: a Frame that explanations'
 * rows are sampled from, needed when the models read different columns; `seed` of that
 * sample (0)
 * @treturn Model
 * @raise models that predict different things, weights that do not fit
 * @usage local two = core.model.join({ model, model }, { 0.25, 0.75 }) */
int chlua_model_join(lua_State *L)
{
    int n;
    lua_settop(L, 2);
    chl_mix_options options = {0};
    chl_model **models = check_models(L, 1, &n);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        if (lua_rawlen(L, 2) > 0) {
            options.weights = check_weights(L, 2, n);
        } else {
            check_join_options(L, 2, n, &options);
        }
    }
    void **slot = chlua_new_box(L, CHLUA_MODEL);
    chl_model *model;
    chl_error err = {0};
    chlua_check(L, chl_model_join(models, n, &options, &model, &err), &err);
    *slot = model;
    return 1;
}

/*** @type Model */

/* The rates at `arg`: a number, or a list with one a class. */
static const double *check_rates(lua_State *L, int arg, int outputs)
{
    if (outputs == 1) {
        double *rate = chlua_new_doubles(L, 1);
        *rate = luaL_checknumber(L, arg);
        return rate;
    }
    return chlua_check_same(L, arg, outputs);
}

/*** Corrects probabilities of nets that were trained on resampled or reweighted rows.
 * @function Model:set_priors
 * @tparam number|{number,...} from the positive rate in training, or that of each class
 * @tparam number|{number,...} to the true one
 * @treturn Model itself
 * @raise rates that are none; a model that is calibrated already
 * @usage model:set_calibration():set_priors(0.5, 0.2) */
int chlua_model_set_priors(lua_State *L)
{
    chl_model *model = chlua_check_model(L, 1);
    lua_settop(L, 3);
    const double *from = check_rates(L, 2, chl_model_outputs(model));
    const double *to = check_rates(L, 3, chl_model_outputs(model));
    chl_error err = {0};
    chlua_check(L, chl_model_prior_shift(model, from, to, &err), &err);
    lua_pushvalue(L, 1);
    return 1;
}

/*** Fits a calibration on rows that training did not see; replaces an earlier one.
 * @function Model:calibrate_on
 * @tparam Frame valid with the target
 * @tparam string method "isotonic", "platt" or "temperature"
 * @usage model:calibrate_on(valid, "isotonic") */
int chlua_model_calibrate_on(lua_State *L)
{
    chl_model *model = chlua_check_model(L, 1);
    const chl_frame *valid = chlua_check_frame(L, 2);
    const char *method = luaL_checkstring(L, 3);
    chl_control control;
    chl_error err = {0};
    chlua_control(L, &control);
    chl_status status = chl_model_calibrate(model, valid, method, &control, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 0;
}

/*** Takes a calibration that was fitted elsewhere, such as on out-of-fold predictions;
 * replaces an earlier one.
 * @function Model:set_calibration
 * @tparam[opt] table calibration what `Calibration:to_table` gives; nil = none
 * @treturn Model itself
 * @raise when the table is no calibration, or one of other classes
 * @usage model:set_calibration(core.calibration.fit("platt", y, p):to_table()) */
int chlua_model_set_calibration(lua_State *L)
{
    chl_model *model = chlua_check_model(L, 1);
    lua_settop(L, 2);
    const json_t *json = chlua_check_json(L, 2);
    chl_calibration *calibration = NULL;
    chl_error err = {0};
    if (json) {
        chlua_check(L, chl_calibration_from_json(json, &calibration, &err), &err);
    }
    chl_status status = chl_model_set_calibration(model, calibration, &err);
    if (status != CHL_OK) {
        chl_calibration_free(calibration);
    }
    chlua_check(L, status, &err);
    lua_pushvalue(L, 1);
    return 1;
}
