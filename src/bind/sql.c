/* SPDX-License-Identifier: MIT
 *
 * Sql: a connection to a database; core.sql. Layer: bind.
 */
#include "core/sql/sql.h"

#include <string.h>

#include "bind/chlua.h"
#include "bind/modules.h"

/*** @module churnlab.sql */

static chl_sql *check_sql(lua_State *L)
{
    return chlua_check_box(L, 1, CHLUA_SQL);
}

/* A text without NUL, because databases end their statements there. */
static const char *check_text(lua_State *L, int arg)
{
    size_t length;
    const char *text = luaL_checklstring(L, arg, &length);
    luaL_argcheck(L, strlen(text) == length, arg, "the text holds a NUL byte");
    return text;
}

/* The options at `arg`; {} is NULL. */
static const json_t *check_options(lua_State *L, int arg)
{
    const json_t *json = chlua_check_json(L, arg);
    return json_is_array(json) && json_array_size(json) == 0 ? NULL : json;
}

/*** Opens a database: what `cl.sql.open` calls.
 * @function core.sql.open
 * @tparam string url
 * @tparam[opt=false] boolean read_only
 * @treturn Sql or nil and a message when there is no connection
 * @usage core.sql.open("sqlite::memory:"):engine() == "sqlite" */
static int sql_open(lua_State *L)
{
    const char *url = check_text(L, 1);
    bool read_only = lua_toboolean(L, 2);
    chl_error err = {0};
    chl_control control;
    chl_sql *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_SQL);
    chlua_control(L, &control);
    chl_status status = chl_sql_open(url, read_only, &control, &made, &err);
    chlua_control_done(L);
    *slot = made;
    return status == CHL_OK ? 1 : chlua_ok_or_nil(L, status, &err);
}

/*** A connection to a database, from `cl.sql.open`. It closes itself when it is
 * collected; `local db <close> = …` closes it at the end of the block.
 * @type Sql */

/*** "sqlite" or "postgresql".
 * @function Sql:engine
 * @treturn string
 * @usage cl.sql.open("sqlite::memory:"):engine() == "sqlite" */
static int sql_m_engine(lua_State *L)
{
    lua_pushstring(L, chl_sql_engine(check_sql(L)));
    return 1;
}

/*** Starts a query: what `cl.read_sql` calls.
 * @function Sql:query
 * @tparam string query
 * @tparam[opt] table options `params`, `types` */
static int sql_m_query(lua_State *L)
{
    chl_sql *sql = check_sql(L);
    const char *query = check_text(L, 2);
    const json_t *options = check_options(L, 3);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_sql_query(sql, query, options, &control, &err);
    chlua_control_done(L);
    chlua_check(L, status, &err);
    return 0;
}

/*** The next rows of the running query.
 * @function Sql:fetch
 * @tparam[opt=0] integer limit at most so many; 0 is all
 * @treturn ?Frame nil when no row is left */
static int sql_m_fetch(lua_State *L)
{
    chl_sql *sql = check_sql(L);
    lua_Integer limit = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, limit >= 0, 2, "expected 0 or more rows");
    chl_error err = {0};
    chl_control control;
    chl_frame *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_FRAME);
    chlua_control(L, &control);
    chl_status status = chl_sql_fetch(sql, limit, &control, &made, &err);
    chlua_control_done(L);
    *slot = made;
    chlua_check(L, status, &err);
    if (!made) {
        lua_pushnil(L);
        return 1;
    }
    chlua_account(L, (size_t)made->rows * (size_t)made->columns * 8);
    return 1;
}

/*** Ends the running query, if any.
 * @function Sql:finish */
static int sql_m_finish(lua_State *L)
{
    chl_sql_finish(check_sql(L));
    return 0;
}

/*** Runs one statement: what `cl.sql.execute` calls.
 * @function Sql:execute
 * @tparam string statement
 * @tparam[opt] table params
 * @treturn integer rows changed, or nil and a message when the system refuses
 * @usage cl.sql.open("sqlite::memory:"):execute("CREATE TABLE t (x)") == 0 */
static int sql_m_execute(lua_State *L)
{
    chl_sql *sql = check_sql(L);
    const char *statement = check_text(L, 2);
    const json_t *params = chlua_check_json(L, 3);
    chl_error err = {0};
    chl_control control;
    int64_t changed = 0;
    chlua_control(L, &control);
    chl_status status = chl_sql_execute(sql, statement, params, &control, &changed, &err);
    chlua_control_done(L);
    if (status != CHL_OK) {
        return chlua_ok_or_nil(L, status, &err);
    }
    lua_pushinteger(L, changed);
    return 1;
}

/*** Writes a frame: what `Frame:write_sql` calls.
 * @function Sql:write
 * @tparam Frame rows
 * @tparam string table
 * @tparam[opt] table options `mode`, `key`, `schema`
 * @treturn boolean true, or nil and a message when the system refuses
 * @usage cl.sql.open("sqlite::memory:"):write(frame, "customers") */
static int sql_m_write(lua_State *L)
{
    chl_sql *sql = check_sql(L);
    const chl_frame *frame = chlua_check_frame(L, 2);
    const char *table = check_text(L, 3);
    const json_t *options = check_options(L, 4);
    chl_error err = {0};
    chl_control control;
    chlua_control(L, &control);
    chl_status status = chl_sql_write(sql, frame, table, options, &control, &err);
    chlua_control_done(L);
    return chlua_ok_or_nil(L, status, &err);
}

/*** Closes the connection; a second time does nothing.
 * @function Sql:close
 * @usage cl.sql.open("sqlite::memory:"):close() */
static int sql_gc(lua_State *L)
{
    void **slot = luaL_checkudata(L, 1, CHLUA_SQL);
    chl_sql_close(*slot);
    *slot = NULL;
    return 0;
}

static int sql_tostring(lua_State *L)
{
    const chl_sql *sql = chlua_test_box(L, 1, CHLUA_SQL);
    lua_pushfstring(L, "connection (%s)", sql ? chl_sql_engine(sql) : "closed");
    return 1;
}

void chlua_open_sql(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", sql_open}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"engine", sql_m_engine},   {"query", sql_m_query},
        {"fetch", sql_m_fetch},     {"finish", sql_m_finish},
        {"execute", sql_m_execute}, {"write", sql_m_write},
        {"close", sql_gc},          {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", sql_gc},
                                    {"__close", sql_gc},
                                    {"__tostring", sql_tostring},
                                    {NULL, NULL}};
    chlua_register(L, CHLUA_SQL, methods, meta);
    luaL_newlib(L, functions);
}
