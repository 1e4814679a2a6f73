/* SPDX-License-Identifier: MIT
 *
 * core.model: models, to which churnlab.model adds what scripts call. Layer: bind. The
 * box holds a reference to a chl_model.
 */
#include "bind/model_box.h"

#include "bind/frame_box.h"
#include "bind/layer.h"
#include "bind/modules.h"
#include "core/model/bundle.h"
#include "core/model/lineage.h"

/*** @module churnlab.model */

chl_model *chlua_check_model(lua_State *L, int arg)
{
    chlua_layer_host(L);
    return chlua_check_box(L, arg, CHLUA_MODEL);
}

static int model_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_MODEL);
    chl_model_release(*slot);
    *slot = NULL;
    return 0;
}

/* ---- making ---- */

/* The list of nets at `arg` as an array in a userdata that is pushed. */
static chl_net **check_nets(lua_State *L, int arg, int *n)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    *n = (int)lua_rawlen(L, arg);
    chl_net **nets = lua_newuserdatauv(L, ((size_t)*n + 1) * sizeof *nets, 0);
    for (int i = 0; i < *n; i++) {
        lua_rawgeti(L, arg, i + 1);
        nets[i] = chlua_check_box(L, lua_gettop(L), CHLUA_NET);
        lua_pop(L, 1);
    }
    return nets;
}

static void empty_box(lua_State *L, int arg)
{
    *(void **)lua_touserdata(L, arg) = NULL;
}

/*** A model from what training fitted. Takes the prep and the nets: they are closed.
 * @function core.model.new
 * @tparam Prep prep fitted
 * @tparam {Net,...} nets the members of the ensemble
 * @tparam Frame train its roles become the signature, a sample of it the background
 * @tparam integer seed of that sample
 * @treturn Model
 * @raise when prep, nets and frame do not fit each other */
static int model_new(lua_State *L)
{
    chl_prep *prep = chlua_check_box(L, 1, CHLUA_PREP);
    const chl_frame *train = chlua_check_frame(L, 3);
    uint64_t seed = (uint64_t)luaL_checkinteger(L, 4);
    int n;
    chl_net **nets = check_nets(L, 2, &n);
    void **slot = chlua_new_box(L, CHLUA_MODEL);
    chl_model *model;
    chl_error err = {0};
    chlua_check(L, chl_model_new(prep, nets, n, train, seed, &model, &err), &err);
    *slot = model;
    empty_box(L, 1);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, 2, i + 1);
        empty_box(L, -1);
        lua_pop(L, 1);
    }
    return 1;
}

/*** Reads a bundle.
 * @function core.model.load
 * @tparam string path
 * @treturn Model
 * @raise with the path and the part that is missing, damaged or of a newer format
 * @usage core.model.load("bank.churn") */
static int model_load(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    void **slot = chlua_new_box(L, CHLUA_MODEL);
    chl_model *model;
    chl_error err = {0};
    chlua_check(L, chl_bundle_load(path, &model, &err), &err);
    *slot = model;
    chl_model_set_custom(model, chlua_layer_host(L));
    return 1;
}

/*** @type Model */

/*** Writes the bundle atomically.
 * @function Model:save
 * @tparam string path
 * @treturn[1] boolean true
 * @treturn[2] nil
 * @treturn[2] string why the file could not be written
 * @usage assert(model:save("copy.churn")) */
static int model_m_save(lua_State *L)
{
    chl_error err = {0};
    return chlua_ok_or_nil(
        L, chl_bundle_save(chlua_check_model(L, 1), luaL_checkstring(L, 2), &err), &err);
}

/*** The model's identity: equal for equal weights, prep, calibration and background.
 * @function Model:hash
 * @treturn string SHA-256, hexadecimal
 * @usage model:hash() == cl.load("bank.churn"):hash() */
static int model_m_hash(lua_State *L)
{
    char hex[CHL_SHA256_HEX];
    chl_error err = {0};
    chlua_check(L, chl_bundle_hash(chlua_check_model(L, 1), hex, &err), &err);
    lua_pushstring(L, hex);
    return 1;
}

/* ---- looking ---- */

/* The part that the number at `arg` names, from 1; the first without one. */
static int opt_part(lua_State *L, int arg, const chl_model *model)
{
    return lua_isnoneornil(L, arg)
               ? 0
               : (int)chlua_check_index(L, arg, chl_model_parts(model));
}

/*** The encoded columns of a frame.
 * @function Model:transform
 * @tparam Frame frame
 * @tparam[opt=1] integer part whose prep
 * @treturn Matrix
 * @usage model:transform(test):rows() == #test */
static int model_m_transform(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    const chl_prep *prep = chl_model_prep(model, opt_part(L, 3, model));
    chl_matrix *x = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_prep_transform(prep, frame, x, NULL, &err), &err);
    return 1;
}

static void set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text); /* NULL pushes nil */
    lua_setfield(L, -2, key);
}

/* {{weight=, members=, parameters=, encoded=}, …} */
static void push_parts(lua_State *L, const chl_model *model)
{
    int n = chl_model_parts(model);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_createtable(L, 0, 4);
        chlua_set_number(L, "weight", chl_model_weight(model, i));
        chlua_set_integer(L, "members", chl_model_members(model, i));
        chlua_set_integer(L, "parameters",
                          chl_net_parameters(chl_model_net(model, i, 0)));
        chlua_set_integer(L, "encoded", chl_prep_encoded_count(chl_model_prep(model, i)));
        lua_rawseti(L, -2, i + 1);
    }
}

static void set_priors(lua_State *L, const chl_model *model)
{
    const double *from, *to;
    int n = chl_model_outputs(model);
    if (chl_model_priors(model, &from, &to)) {
        lua_createtable(L, 0, 2);
        chlua_push_doubles(L, from, n);
        lua_setfield(L, -2, "from");
        chlua_push_doubles(L, to, n);
        lua_setfield(L, -2, "to");
        lua_setfield(L, -2, "priors");
    }
}

static void set_classes(lua_State *L, const chl_classes *classes)
{
    if (classes->count > 0) {
        lua_createtable(L, classes->count, 0);
        for (int c = 0; c < classes->count; c++) {
            lua_pushstring(L, classes->names[c]);
            lua_rawseti(L, -2, c + 1);
        }
        lua_setfield(L, -2, "classes");
        lua_pushboolean(L, classes->ordered);
        lua_setfield(L, -2, "ordered");
    }
}

/*** What the model is made of.
 * @function Model:facts
 * @treturn table target, positive (a list where several values count), id; classes (their
 * texts in order) and ordered, of a model of classes; background (rows), calibration
 * (method); members (all nets), parameters (of the first net), encoded (columns of the
 * first part); parts = { { weight, members, parameters, encoded }, … }, where weights on
 * the way to a part are multiplied; stacked (some mix is a stack); priors = { from, to },
 * lists of rates
 * @usage model:facts().target == "Exited" */
static int model_m_facts(lua_State *L)
{
    const chl_model *model = chlua_check_model(L, 1);
    int members = 0;
    for (int i = 0; i < chl_model_parts(model); i++) {
        members += chl_model_members(model, i);
    }
    lua_createtable(L, 0, 12);
    set_text(L, "target", chl_model_target(model));
    chlua_push_positive(L, chl_model_positive(model));
    lua_setfield(L, -2, "positive");
    set_classes(L, chl_model_classes(model));
    set_text(L, "id", chl_model_id(model));
    chlua_set_integer(L, "members", members);
    chlua_set_integer(L, "parameters", chl_net_parameters(chl_model_net(model, 0, 0)));
    chlua_set_integer(L, "encoded", chl_prep_encoded_count(chl_model_prep(model, 0)));
    chlua_set_integer(L, "background", chl_model_background(model)->rows);
    set_text(L, "calibration", chl_model_calibration(model));
    push_parts(L, model);
    lua_setfield(L, -2, "parts");
    lua_pushboolean(L, chl_model_stacked(model));
    lua_setfield(L, -2, "stacked");
    set_priors(L, model);
    return 1;
}

/*** A frame without rows that has the raw columns: their names, types and levels.
 * @function Model:schema
 * @treturn Frame
 * @usage print(table.concat(model:schema():columns(), " ")) */
static int model_m_schema(lua_State *L)
{
    const chl_frame *schema = chl_model_schema(chlua_check_model(L, 1));
    chlua_push_frame(L, chl_frame_retain((chl_frame *)(uintptr_t)schema));
    return 1;
}

/*** The background rows: raw columns of some training rows.
 * @function Model:background
 * @treturn Frame
 * @usage print(#model:background()) */
static int model_m_background(lua_State *L)
{
    const chl_frame *frame = chl_model_background(chlua_check_model(L, 1));
    chlua_push_frame(L, chl_frame_retain((chl_frame *)(uintptr_t)frame));
    return 1;
}

static int push_text(lua_State *L, chl_status status, chl_strbuf *text, chl_error *err)
{
    if (status == CHL_OK && text->failed) {
        status = chl_fail_memory(err);
    }
    if (status == CHL_OK) {
        lua_pushlstring(L, text->data ? text->data : "", text->length);
    }
    chl_strbuf_reset(text);
    chlua_check(L, status, err);
    return 1;
}

/*** The prep's steps and the net's layers in words.
 * @function Model:describe
 * @tparam string what "prep" or "net"
 * @tparam[opt=1] integer part of a model that has several; of its nets the first
 * @treturn string
 * @usage print(model:describe("prep")) */
static int model_m_describe(lua_State *L)
{
    static const char *const whats[] = {"prep", "net", NULL};
    const chl_model *model = chlua_check_model(L, 1);
    int what = luaL_checkoption(L, 2, NULL, whats), part = opt_part(L, 3, model);
    chl_strbuf text = {0};
    chl_error err = {0};
    chl_status status =
        what == 0 ? chl_prep_describe(chl_model_prep(model, part), &text, &err)
                  : chl_net_describe(chl_model_net(model, part, 0), &text, &err);
    return push_text(L, status, &text, &err);
}

/*** What else the model carries: training lineage, thresholds, the logistic baseline …
 * @function Model:metadata
 * @tparam[opt] string key with `value`: sets one entry
 * @param[opt] value data
 * @treturn table everything
 * @usage model:metadata("thresholds", { high = 0.5, medium = 0.25 }) */
static int model_m_metadata(lua_State *L)
{
    json_t *metadata = chl_model_metadata(chlua_check_model(L, 1));
    if (!lua_isnoneornil(L, 2)) {
        const char *key = luaL_checkstring(L, 2);
        json_t *value = chlua_check_json(L, 3);
        luaL_argcheck(L, value != NULL, 3, "expected data");
        luaL_argcheck(L, json_object_set(metadata, key, value) == 0, 2,
                      "expected UTF-8 text");
    }
    chlua_push_json(L, json_incref(metadata));
    return 1;
}

/* ---- training data ---- */

/*** @section end */

/*** The rows whose target is known.
 * @function core.model.labelled
 * @tparam Frame frame with a target
 * @tparam string where starts the messages
 * @tparam[opt=false] boolean any whatever its value: the target need not say which one is
 * positive
 * @treturn Frame
 * @treturn integer rows that were dropped
 * @usage local rows, dropped = core.model.labelled(frame, "example") */
static int model_labelled(lua_State *L)
{
    const chl_frame *frame = chlua_check_frame(L, 1);
    const char *where = luaL_checkstring(L, 2);
    bool any = lua_toboolean(L, 3);
    chl_frame *out = NULL;
    int64_t dropped;
    chl_error err = {0};
    chlua_check(L, chl_frame_labelled(frame, where, any, &out, &dropped, &err), &err);
    chlua_push_frame(L, out);
    lua_pushinteger(L, dropped);
    return 2;
}

/*** Whether the target is one of several classes and not one of two outcomes: no value of
 * it is named as positive, and it has 3 to 256 values, whole numbers or texts.
 * @function core.model.has_classes
 * @tparam Frame frame
 * @treturn boolean false without a target
 * @usage assert(not core.model.has_classes(frame)) */
static int model_has_classes(lua_State *L)
{
    bool several;
    chl_error err = {0};
    chlua_check(L, chl_frame_has_classes(chlua_check_frame(L, 1), &several, &err), &err);
    lua_pushboolean(L, several);
    return 1;
}

/*** SHA-256 over a frame's names, types and cells.
 * @function core.model.data_hash
 * @tparam Frame frame
 * @treturn string hexadecimal
 * @usage #core.model.data_hash(frame) == 64 */
static int model_data_hash(lua_State *L)
{
    char hex[CHL_SHA256_HEX];
    chl_control control;
    chl_error err = {0};
    const chl_frame *frame = chlua_check_frame(L, 1);
    chlua_control(L, &control);
    chl_status status = chl_frame_sha256(frame, &control, hex, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    lua_pushstring(L, hex);
    return 1;
}

void chlua_open_model(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", model_new},
                                         {"join", chlua_model_join},
                                         {"load", model_load},
                                         {"has_classes", model_has_classes},
                                         {"labelled", model_labelled},
                                         {"data_hash", model_data_hash},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"save", model_m_save},
        {"hash", model_m_hash},
        {"score_frame", chlua_model_score_frame},
        {"probabilities", chlua_model_probabilities},
        {"labels", chlua_model_labels},
        {"calibrate_on", chlua_model_calibrate_on},
        {"set_calibration", chlua_model_set_calibration},
        {"set_priors", chlua_model_set_priors},
        {"transform", model_m_transform},
        {"explain_row", chlua_model_explain_row},
        {"reasons", chlua_model_reasons},
        {"facts", model_m_facts},
        {"part", chlua_model_part},
        {"keep_heads", chlua_model_keep_heads},
        {"head_values", chlua_model_head_values},
        {"calibration_table", chlua_model_calibration_table},
        {"schema", model_m_schema},
        {"background", model_m_background},
        {"describe", model_m_describe},
        {"metadata", model_m_metadata},
        {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", model_gc}, {"__close", model_gc}, {NULL, NULL}};
    chlua_register(L, CHLUA_MODEL, methods, meta);
    luaL_newlib(L, functions);
    luaL_getmetatable(L, CHLUA_MODEL); /* where the library in Lua adds its own */
    lua_setfield(L, -2, "meta");
}
