/* SPDX-License-Identifier: MIT
 *
 * core.net: sequential nets. Layer: bind. The box holds a chl_net.
 */
#include "core/nn/net.h"

#include <math.h>
#include <string.h>

#include "bind/chlua.h"
#include "bind/layer.h"
#include "bind/modules.h"
#include "core/data/matrix.h"
#include "core/train/loss.h"

/*** Sequential nets and their training: the layer below `nn` (@{churnlab.nn}) and
 * `cl.fit` (@{churnlab.fit}). Weights are single precision; the same seed gives the same
 * weights on any number of threads.
 * @module churnlab.core.net */

static chl_net *check_net(lua_State *L)
{
    chlua_layer_host(L);
    return chlua_check_box(L, 1, CHLUA_NET);
}

static int net_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_NET);
    chl_net_free(*slot);
    *slot = NULL;
    return 0;
}

/*** A net with initial weights.
 * @function core.net.new
 * @tparam table spec `{layers={{type="dense",units=64,activation="relu"},…}}`
 * @tparam integer inputs number of columns
 * @tparam[opt=0] integer seed
 * @tparam[opt=0] integer member which net of an ensemble: its own weights
 * @treturn Net
 * @raise a layer, option or activation that does not exist; sizes out of bounds
 * @usage core.net.new({ layers = { { type = "dense", units = 1 } } }, 3) */
static int net_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer inputs = luaL_checkinteger(L, 2);
    luaL_argcheck(L, inputs >= 1 && inputs <= 65536, 2, "expected 1 to 65536 inputs");
    lua_Integer seed = luaL_optinteger(L, 3, 0), member = luaL_optinteger(L, 4, 0);
    const json_t *spec = chlua_check_json(L, 1);
    void **slot = chlua_new_box(L, CHLUA_NET);
    chl_error err = {0};
    chl_net *net;
    chlua_check(L, chl_net_new(spec, (int)inputs, &net, &err), &err);
    *slot = net;
    chl_net_set_custom(net, chlua_layer_host(L));
    chl_net_init_weights(net, (uint64_t)seed, (uint64_t)member);
    chlua_account(L, (size_t)chl_net_parameters(net) * sizeof(chl_real));
    return 1;
}

/*** Checks one layer of a spec, wherever it will stand.
 * @function core.net.check_layer
 * @tparam table layer such as `{type="dense", units=64}`
 * @treturn boolean true
 * @raise what is wrong with it
 * @usage core.net.check_layer { type = "dense", units = 64, activation = "relu" } */
static int net_check_layer(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    chl_error err = {0};
    chlua_check(L, chl_net_check_layer(chlua_check_json(L, 1), &err), &err);
    lua_pushboolean(L, 1);
    return 1;
}

/*** The sizes of layers that need be no whole net.
 * @function core.net.shapes
 * @tparam table spec as in `core.net.new`; heads do not matter
 * @tparam integer inputs number of columns
 * @treturn {table,...} `{name, steps, width}` a layer
 * @raise as `core.net.new`
 * @usage
 * local shapes = core.net.shapes({ layers = { { type = "dense", units = 4 } } }, 3)
 * assert(shapes[1].width == 4) */
static int net_shapes(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer inputs = luaL_checkinteger(L, 2);
    luaL_argcheck(L, inputs >= 1 && inputs <= 65536, 2, "expected 1 to 65536 inputs");
    json_t *shapes;
    chl_error err = {0};
    chlua_check(L, chl_net_shapes(chlua_check_json(L, 1), (int)inputs, &shapes, &err),
                &err);
    chlua_push_json(L, shapes);
    return 1;
}

/*** A net with its weights.
 * @type Net */

/*** The net's outputs: probabilities after sigmoid or softmax.
 * @function Net:predict
 * @tparam Matrix x rows × inputs
 * @treturn Matrix rows × outputs
 * @raise when x has another number of columns
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:predict(core.matrix.from_table { { 1, 2, 3 } }):cols() == 1) */
static int net_m_predict(lua_State *L)
{
    const chl_net *net = check_net(L);
    const chl_matrix *x = chlua_check_matrix(L, 2);
    int inputs = chl_net_inputs(net);
    if (x->cols != inputs) {
        return luaL_argerror(L, 2,
                             lua_pushfstring(L, "expected %d columns, got %I", inputs,
                                             (LUAI_UACINT)x->cols));
    }
    chl_matrix *out = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(out, x->rows, chl_net_outputs(net), &err), &err);
    chlua_check(L, chl_net_predict(net, x->data, x->rows, out->data, &err), &err);
    chlua_account(L, (size_t)(out->rows * out->cols) * sizeof(double));
    return 1;
}

/*** The architecture with every option spelled out.
 * @function Net:spec
 * @treturn table `{inputs=…, layers={…}}`
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:spec().inputs == 3) */
static int net_m_spec(lua_State *L)
{
    json_t *spec;
    chl_error err = {0};
    chlua_check(L, chl_net_spec(check_net(L), &spec, &err), &err);
    chlua_push_json(L, spec);
    return 1;
}

/*** The layers and their sizes.
 * @function Net:layers
 * @treturn {table,...} `{name, kind, steps, width, parameters, from={names}}` a layer; a
 *   row of its output is steps × width numbers
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:layers()[1].parameters == 4) */
static int net_m_layers(lua_State *L)
{
    json_t *layers;
    chl_error err = {0};
    chlua_check(L, chl_net_layers(check_net(L), &layers, &err), &err);
    chlua_push_json(L, layers);
    return 1;
}

/*** The names of the outputs: those of the layers which give them.
 * @function Net:heads
 * @treturn {string,...}
 * @usage
 * local one = core.net.new({ layers = { { type = "dense", units = 1,
 *   name = "churn" } } }, 3)
 * assert(one:heads()[1] == "churn") */
static int net_m_heads(lua_State *L)
{
    const chl_net *net = check_net(L);
    lua_createtable(L, chl_net_heads(net), 0);
    for (int h = 0; h < chl_net_heads(net); h++) {
        lua_pushstring(L, chl_net_head_name(net, h));
        lua_rawseti(L, -2, h + 1);
    }
    return 1;
}

/*** A copy with one head alone, without the layers that only others need.
 * @function Net:prune
 * @tparam string head
 * @treturn Net
 * @raise when there is no head of that name
 * @usage
 * local one = core.net.new({ layers = { { type = "dense", units = 1,
 *   name = "churn" } } }, 3)
 * assert(#one:prune("churn"):heads() == 1) */
static int net_m_prune(lua_State *L)
{
    const chl_net *net = check_net(L);
    const char *head = luaL_checkstring(L, 2);
    chl_net *pruned = NULL;
    chl_error err = {0};
    void **slot = chlua_new_box(L, CHLUA_NET);
    chlua_check(L, chl_net_prune(net, head, &pruned, &err), &err);
    *slot = pruned;
    return 1;
}

/*** Survival curves from the hazards of a net whose loss is `nn.hazard`.
 * @function core.net.survival
 * @tparam Matrix hazards one column a period
 * @treturn Matrix of the same size: the probability of no event until the period's end
 * @usage
 * local h = core.matrix.from_table { { 0.5, 0.2 } }
 * assert(core.net.survival(h):get(1, 2) == 0.4) */
static int net_survival(lua_State *L)
{
    const chl_matrix *h = chlua_check_box(L, 1, CHLUA_MATRIX);
    chl_matrix *s = chlua_push_matrix(L);
    chl_error err = {0};
    luaL_argcheck(L, h->cols <= INT32_MAX, 1, "too many columns");
    chlua_check(L, chl_matrix_init(s, h->rows, h->cols, &err), &err);
    for (int64_t i = 0; i < h->rows; i++) {
        chl_hazard_survival(h->data + i * h->cols, (int)h->cols, s->data + i * h->cols);
    }
    return 1;
}

/*** A table of the layers, their outputs and parameters (also `tostring(net)`).
 * @function Net:describe
 * @treturn string
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * print(three:describe()) */
static int net_m_describe(lua_State *L)
{
    const chl_net *net = check_net(L);
    chl_strbuf buffer = {0};
    chl_error err = {0};
    chl_status status = chl_net_describe(net, &buffer, &err);
    json_t *text = status == CHL_OK ? json_stringn(buffer.data, buffer.length) : NULL;
    chl_strbuf_reset(&buffer);
    chlua_check(L, status, &err);
    if (!text) {
        return luaL_error(L, "out of memory");
    }
    chlua_push_json(L, text);
    return 1;
}

/*** Number of trainable numbers.
 * @function Net:parameters
 * @treturn integer
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:parameters() == 4) */
static int net_m_parameters(lua_State *L)
{
    lua_pushinteger(L, chl_net_parameters(check_net(L)));
    return 1;
}

/*** Number of columns that the net reads.
 * @function Net:inputs
 * @treturn integer
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:inputs() == 3) */
static int net_m_inputs(lua_State *L)
{
    lua_pushinteger(L, chl_net_inputs(check_net(L)));
    return 1;
}

/*** Number of columns that the net gives.
 * @function Net:outputs
 * @treturn integer
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:outputs() == 1) */
static int net_m_outputs(lua_State *L)
{
    lua_pushinteger(L, chl_net_outputs(check_net(L)));
    return 1;
}

/*** The names of everything that is stored: weights, biases, running statistics.
 * @function Net:tensors
 * @treturn {string,...} such as "0.weight", "0.bias"
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * print(table.concat(three:tensors(), " ")) */
static int net_m_tensors(lua_State *L)
{
    chl_net *net = check_net(L);
    int n = chl_net_tensor_count(net);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushstring(L, chl_net_tensor(net, i).name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* The position of the tensor named at 2. */
static int check_tensor(lua_State *L, chl_net *net)
{
    const char *name = luaL_checkstring(L, 2);
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        if (strcmp(chl_net_tensor(net, i).name, name) == 0) {
            return i;
        }
    }
    return luaL_argerror(L, 2, lua_pushfstring(L, "the net has no tensor '%s'", name));
}

/*** A copy of one tensor, [inputs × units] for weights; a vector is one row.
 * @function Net:tensor
 * @tparam string name as in Net:tensors
 * @treturn Matrix
 * @raise when there is no tensor of that name
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * assert(three:tensor("0.weight"):rows() == 3) */
static int net_m_tensor(lua_State *L)
{
    chl_net *net = check_net(L);
    chl_tensor t = chl_net_tensor(net, check_tensor(L, net));
    int64_t rows = t.rank == 2 ? t.shape[0] : 1, cols = t.shape[t.rank - 1];
    chl_matrix *out = chlua_push_matrix(L);
    chl_error err = {0};
    chlua_check(L, chl_matrix_init(out, rows, cols, &err), &err);
    for (int64_t k = 0; k < rows * cols; k++) {
        out->data[k] = (double)t.data[k];
    }
    return 1;
}

/*** Replaces one tensor, so that a net can hold weights from elsewhere. Nets keep single
 * precision.
 * @function Net:set_tensor
 * @tparam string name as in Net:tensors
 * @tparam {number,...}|Column|Matrix values all of them; a matrix row by row
 * @treturn Net itself
 * @raise when there is no tensor of that name, or a value that is not finite
 * @usage
 * local three = core.net.new({ layers = { { type = "dense", units = 1 } } }, 3)
 * three:set_tensor("0.weight", { 0.5, -1, 2 }):set_tensor("0.bias", { 0.1 }) */
static int net_m_set_tensor(lua_State *L)
{
    chl_net *net = check_net(L);
    lua_settop(L, 3);
    chl_tensor t = chl_net_tensor(net, check_tensor(L, net));
    const chl_matrix *m = chlua_test_box(L, 3, CHLUA_MATRIX);
    int64_t n = t.rank == 2 ? t.shape[0] * t.shape[1] : t.shape[0];
    const double *values = m ? m->data : chlua_check_same(L, 3, n);
    if (m && m->rows * m->cols != n) {
        return luaL_argerror(L, 3,
                             lua_pushfstring(L, "expected %I values, got %I",
                                             (LUAI_UACINT)n,
                                             (LUAI_UACINT)(m->rows * m->cols)));
    }
    for (int64_t k = 0; k < n; k++) {
        if (!isfinite((double)(chl_real)values[k])) {
            return luaL_argerror(L, 3,
                                 lua_pushfstring(L,
                                                 "value %I: expected a finite "
                                                 "number",
                                                 (LUAI_UACINT)(k + 1)));
        }
    }
    for (int64_t k = 0; k < n; k++) {
        t.data[k] = (chl_real)values[k];
    }
    lua_settop(L, 1);
    return 1;
}

static int net_tostring(lua_State *L)
{
    if (chlua_test_box(L, 1, CHLUA_NET)) {
        return net_m_describe(L);
    }
    lua_pushliteral(L, "net (closed)");
    return 1;
}

void chlua_open_net(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", net_new},
                                         {"check_layer", net_check_layer},
                                         {"train", chlua_net_train},
                                         {"check_options", chlua_net_check_options},
                                         {"survival", net_survival},
                                         {"shapes", net_shapes},
                                         {"register_layer", chlua_net_register_layer},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {{"predict", net_m_predict},
                                       {"spec", net_m_spec},
                                       {"layers", net_m_layers},
                                       {"heads", net_m_heads},
                                       {"prune", net_m_prune},
                                       {"describe", net_m_describe},
                                       {"parameters", net_m_parameters},
                                       {"inputs", net_m_inputs},
                                       {"outputs", net_m_outputs},
                                       {"tensors", net_m_tensors},
                                       {"tensor", net_m_tensor},
                                       {"set_tensor", net_m_set_tensor},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", net_gc},
                                    {"__close", net_gc},
                                    {"__tostring", net_tostring},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_NET, methods, meta);
    chlua_register_history(L);
    luaL_newlib(L, functions);
}
