/* SPDX-License-Identifier: MIT
 *
 * core.rng: counter-based random streams for Lua. Layer: bind.
 */
#include "core/base/rng.h"

#include "bind/chlua.h"
#include "bind/modules.h"

/*** Counter-based random streams: each (seed, index) is a stream of its own, the same on
 * every machine and in any order of drawing.
 * @module churnlab.core.rng */

static chl_rng *check_rng(lua_State *L)
{
    return luaL_checkudata(L, 1, CHLUA_RNG);
}

/*** A stream keyed by (seed, purpose, index).
 * @function core.rng.new
 * @tparam integer seed
 * @tparam[opt=0] integer index
 * @tparam[opt="simulate"] string purpose "simulate" or "tune"
 * @treturn Rng
 * @usage core.rng.new(42, 1):uniform() == core.rng.new(42, 1):uniform() */
static int rng_new(lua_State *L)
{
    static const char *const names[] = {"simulate", "tune", NULL};
    static const chl_rng_purpose purposes[] = {CHL_RNG_SIMULATE, CHL_RNG_TUNE};
    lua_Integer seed = luaL_checkinteger(L, 1);
    lua_Integer index = luaL_optinteger(L, 2, 0);
    chl_rng_purpose purpose = purposes[luaL_checkoption(L, 3, "simulate", names)];
    chl_rng *rng = lua_newuserdatauv(L, sizeof *rng, 0);
    chl_rng_init(rng, (uint64_t)seed, purpose, (uint64_t)index);
    luaL_setmetatable(L, CHLUA_RNG);
    return 1;
}

/*** A random stream.
 * @type Rng */

/*** Uniform in [0, 1).
 * @function Rng:uniform
 * @treturn number
 * @usage core.rng.new(42):uniform() < 1 */
static int rng_m_uniform(lua_State *L)
{
    lua_pushnumber(L, chl_rng_uniform(check_rng(L)));
    return 1;
}

/*** Standard normal.
 * @function Rng:normal
 * @treturn number
 * @usage print(core.rng.new(42):normal()) */
static int rng_m_normal(lua_State *L)
{
    lua_pushnumber(L, chl_rng_normal(check_rng(L)));
    return 1;
}

/*** Uniform integer in 1 … n.
 * @function Rng:integer
 * @tparam integer n
 * @treturn integer
 * @usage core.rng.new(42):integer(6) <= 6 */
static int rng_m_integer(lua_State *L)
{
    chl_rng *rng = check_rng(L);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_argcheck(L, n >= 1, 2, "expected at least 1");
    lua_pushinteger(L, (lua_Integer)chl_rng_below(rng, (uint64_t)n) + 1);
    return 1;
}

void chlua_open_rng(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", rng_new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"uniform", rng_m_uniform},
                                       {"normal", rng_m_normal},
                                       {"integer", rng_m_integer},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {{NULL, NULL}};
    chlua_register(L, CHLUA_RNG, methods, meta);
    luaL_newlib(L, functions);
}
