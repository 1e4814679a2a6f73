/* SPDX-License-Identifier: MIT
 *
 * The module churnlab.core: one sub-table per binding file. The same luaopen_ serves the
 * rock and the host's package.preload. Layer: bind.
 */
#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/version.h"

static const struct {
    const char *name;
    void (*open)(lua_State *L);
} modules[] = {
    /* clang-format off */
    {"column", chlua_open_column},
    {"chunks", chlua_open_chunks},
    {"control", chlua_open_control},
    {"fold", chlua_open_fold},
    {"expr", chlua_open_expr},
    {"file", chlua_open_file},
    {"frame", chlua_open_frame},
    {"calibration", chlua_open_calibration},
    {"json", chlua_open_json},
    {"logistic", chlua_open_logistic},
    {"matrix", chlua_open_matrix},
    {"metrics", chlua_open_metrics},
    {"model", chlua_open_model},
    {"nearest", chlua_open_nearest},
    {"net", chlua_open_net},
    {"clean", chlua_open_clean},
    {"reshape", chlua_open_reshape},
    {"profile", chlua_open_profile},
    {"prep", chlua_open_prep},
    {"resample", chlua_open_resample},
    {"rng", chlua_open_rng},
    {"hash", chlua_open_hash},
    {"sandbox", chlua_open_sandbox},
    {"leakage", chlua_open_leakage},
    {"windows", chlua_open_windows},
    {"sql", chlua_open_sql},
    {"trees", chlua_open_trees},
    /* clang-format on */
};

int luaopen_churnlab_core(lua_State *L)
{
    luaL_checkversion(L);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        modules[i].open(L);
        lua_setfield(L, -2, modules[i].name);
    }
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "NA");
    lua_pushliteral(L, CHL_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
