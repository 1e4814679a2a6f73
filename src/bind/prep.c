/* SPDX-License-Identifier: MIT
 *
 * core.prep: preprocessing fitted on frames, frame → matrix. Layer: bind. The methods
 * that read like sentences (prep:impute{…}) are added by lua/churnlab/prep.lua.
 */
#include "core/prep/prep.h"

#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"

/*** @module churnlab.prep */

static chl_prep *check_prep(lua_State *L, int arg)
{
    return chlua_check_box(L, arg, CHLUA_PREP);
}

static int prep_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_PREP);
    chl_prep_free(*slot);
    *slot = NULL;
    return 0;
}

/* Raises unless the prep is fitted. */
static chl_prep *check_fitted(lua_State *L, const char *where)
{
    chl_prep *prep = check_prep(L, 1);
    if (!chl_prep_fitted(prep)) {
        chl_error err = {0};
        chl_fail(&err, CHL_EINVAL, "prep.%s: the prep is not fitted", where);
        chlua_raise(L, &err);
    }
    return prep;
}

/*** An empty prep.
 * @function core.prep.new
 * @treturn Prep
 * @usage core.prep.new():add { step = "impute", numeric = "median" } */
static int prep_new(lua_State *L)
{
    chl_error err = {0};
    void **slot = chlua_new_box(L, CHLUA_PREP);
    chlua_check(L, chl_prep_new((chl_prep **)slot, &err), &err);
    return 1;
}

/*** A prep from what to_table gave. Everything is checked.
 * @function core.prep.from_table
 * @tparam table data
 * @treturn Prep
 * @usage core.prep.from_table(cl.prep():scale():to_table()) */
static int prep_from_table(lua_State *L)
{
    chl_error err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    json_t *json = chlua_check_json(L, 1);
    void **slot = chlua_new_box(L, CHLUA_PREP);
    chlua_check(L, chl_prep_from_json(json, (chl_prep **)slot, &err), &err);
    return 1;
}

/*** @type Prep */

/*** Appends a step that is data.
 * @function Prep:add
 * @tparam table step { step = "impute", numeric = "median" … }
 * @treturn Prep itself
 * @usage prep:add { step = "impute", numeric = "median", flag = true } */
static int prep_m_add(lua_State *L)
{
    chl_error err = {0};
    chl_prep *prep = check_prep(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    json_t *step = chlua_check_json(L, 2);
    chlua_check(L, chl_prep_add(prep, step, &err), &err);
    lua_settop(L, 1);
    return 1;
}

/*** Fits every step on training rows; target_encode is cross-fitted in the result. A
 * failure leaves the prep as it was.
 * @function Prep:fit_transform
 * @tparam Frame train
 * @treturn Matrix the training rows, encoded
 * @usage prep:drop({ "Surname" }):onehot():fit_transform(train):rows() == #train */
static int prep_m_fit_transform(lua_State *L)
{
    chl_error err = {0};
    chl_prep *prep = check_prep(L, 1);
    const chl_frame *train = chlua_check_frame(L, 2);
    chl_matrix *x = chlua_push_matrix(L);
    chlua_check(L, chl_prep_fit_transform(prep, train, x, &err), &err);
    chlua_account(L, (size_t)x->rows * (size_t)x->cols * sizeof(double));
    return 1;
}

/*** Rows to a matrix; each row's result depends on that row alone.
 * @function Prep:transform
 * @tparam Frame frame with at least the raw columns
 * @treturn Matrix
 * @treturn integer cells with a level that training did not have
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * local rows, unseen = prep:transform(test) */
static int prep_m_transform(lua_State *L)
{
    chl_error err = {0};
    const chl_prep *prep = check_prep(L, 1);
    const chl_frame *frame = chlua_check_frame(L, 2);
    chl_prep_unseen unseen;
    chl_matrix *x = chlua_push_matrix(L);
    chlua_check(L, chl_prep_transform(prep, frame, x, &unseen, &err), &err);
    chlua_account(L, (size_t)x->rows * (size_t)x->cols * sizeof(double));
    lua_pushinteger(L, unseen.cells);
    return 2;
}

/*** Whether it is fitted.
 * @function Prep:fitted
 * @treturn boolean
 * @usage prep:fitted() == false or error("not fitted yet") */
static int prep_m_fitted(lua_State *L)
{
    lua_pushboolean(L, chl_prep_fitted(check_prep(L, 1)));
    return 1;
}

/*** A copy of the steps without what was fitted.
 * @function Prep:clone
 * @treturn Prep
 * @usage #prep:scale():clone():to_table().steps == 1 */
static int prep_m_clone(lua_State *L)
{
    chl_error err = {0};
    const chl_prep *prep = check_prep(L, 1);
    void **slot = chlua_new_box(L, CHLUA_PREP);
    chlua_check(L, chl_prep_clone_unfitted(prep, (chl_prep **)slot, &err), &err);
    return 1;
}

/*** The columns of the frame that training read.
 * @function Prep:raw_names
 * @treturn {string,...}
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * print(table.concat(prep:raw_names(), " ")) */
static int prep_m_raw_names(lua_State *L)
{
    const chl_prep *prep = check_fitted(L, "raw_names");
    lua_newtable(L);
    for (int i = 0; i < chl_prep_raw_count(prep); i++) {
        lua_pushstring(L, chl_prep_raw_name(prep, i));
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/*** The columns of the matrix: "Age", "Geography=France", "Age_missing" …
 * @function Prep:encoded_names
 * @treturn {string,...}
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * print(table.concat(prep:encoded_names(), " ")) */
static int prep_m_encoded_names(lua_State *L)
{
    const chl_prep *prep = check_fitted(L, "encoded_names");
    lua_newtable(L);
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        lua_pushstring(L, chl_prep_encoded_name(prep, j));
        lua_rawseti(L, -2, j + 1);
    }
    return 1;
}

/*** Which raw columns each encoded column is computed from.
 * @function Prep:lineage
 * @treturn {[string]={string,...}} raw names by encoded name
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * assert(prep:lineage()["Gender=Male"][1] == "Gender") */
static int prep_m_lineage(lua_State *L)
{
    const chl_prep *prep = check_fitted(L, "lineage");
    lua_newtable(L);
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        lua_newtable(L);
        for (int i = 0; i < chl_prep_raw_count(prep); i++) {
            if (chl_prep_depends(prep, j, i)) {
                lua_pushstring(L, chl_prep_raw_name(prep, i));
                lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
            }
        }
        lua_setfield(L, -2, chl_prep_encoded_name(prep, j));
    }
    return 1;
}

/*** Which encoded columns belong to nominal features.
 * @function Prep:nominal
 * @treturn {integer,...} one a column: 0 for a number; equal numbers for the one-hot
 * columns of one text; a number of its own for a missing flag
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * assert(#prep:nominal() == #prep:encoded_names()) */
static int prep_m_nominal(lua_State *L)
{
    const chl_prep *prep = check_fitted(L, "nominal");
    lua_newtable(L);
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        lua_pushinteger(L, chl_prep_nominal(prep, j));
        lua_rawseti(L, -2, j + 1);
    }
    return 1;
}

/*** A frame without rows that has the raw columns with their types and levels.
 * @function Prep:schema
 * @treturn Frame
 * @usage
 * prep:drop({ "Surname" }):onehot():fit_transform(train)
 * assert(prep:schema():has("Surname") == false) */
static int prep_m_schema(lua_State *L)
{
    chl_error err = {0};
    chl_frame *frame = NULL;
    const chl_prep *prep = check_fitted(L, "schema");
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chlua_check(L, chl_prep_schema(prep, &frame, &err), &err);
    *slot = frame;
    return 1;
}

/*** Steps and what was fitted, as data; every number exact.
 * @function Prep:to_table
 * @treturn table
 * @usage print(core.json.encode(prep:scale():to_table())) */
static int prep_m_to_table(lua_State *L)
{
    chl_error err = {0};
    json_t *json = NULL;
    const chl_prep *prep = check_prep(L, 1);
    luaL_checkstack(L, 8, "prep");
    chlua_check(L, chl_prep_to_json(prep, &json, &err), &err);
    chlua_push_json(L, json);
    return 1;
}

/*** One line a step, for people (also tostring).
 * @function Prep:describe
 * @treturn string
 * @usage print(prep:impute():scale():describe()) */
static int prep_m_describe(lua_State *L)
{
    chl_error err = {0};
    chl_strbuf text = {0};
    const chl_prep *prep = chlua_test_box(L, 1, CHLUA_PREP);
    luaL_Buffer buffer;
    if (!prep) {
        lua_pushliteral(L, "prep (closed)");
        return 1;
    }
    chl_status status = chl_prep_describe(prep, &text, &err);
    char *room = luaL_buffinitsize(L, &buffer, text.length + 1);
    if (status == CHL_OK) {
        memcpy(room, text.data, text.length);
    }
    size_t length = text.length;
    chl_strbuf_reset(&text);
    chlua_check(L, status, &err);
    luaL_pushresultsize(&buffer, length);
    return 1;
}

void chlua_open_prep(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"new", prep_new}, {"from_table", prep_from_table}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"add", prep_m_add},
        {"fit_transform", prep_m_fit_transform},
        {"transform", prep_m_transform},
        {"fitted", prep_m_fitted},
        {"clone", prep_m_clone},
        {"raw_names", prep_m_raw_names},
        {"encoded_names", prep_m_encoded_names},
        {"lineage", prep_m_lineage},
        {"nominal", prep_m_nominal},
        {"schema", prep_m_schema},
        {"to_table", prep_m_to_table},
        {"describe", prep_m_describe},
        {NULL, NULL},
    };
    static const luaL_Reg meta[] = {{"__gc", prep_gc},
                                    {"__close", prep_gc},
                                    {"__tostring", prep_m_describe},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_PREP, methods, meta);
    luaL_newlib(L, functions);
}
