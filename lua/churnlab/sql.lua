--- Databases: frames from queries of SQLite and PostgreSQL, frames into their tables.
-- A database is a url, `sqlite:path/to.db`, `sqlite::memory:` or
-- `postgresql://user:password@host:port/database?option=…`, opened for the one call, or a
-- connection from `cl.sql.open`. What libpq knows from the environment (`PGHOST`, `PGPASSWORD` …)
-- and `~/.pgpass` counts. No message shows the password. Values for `$1`, `$2` … go to the database
-- beside the statement, never in it. Ctrl-C stops a statement.
--
-- Types: a column is read as what the database declares it. NULL is missing.
--
-- | frame | SQLite | PostgreSQL |
-- | --- | --- | --- |
-- | `i64` | INTEGER | bigint |
-- | `f64` | REAL | double precision |
-- | `bool` | BOOLEAN (0, 1) | boolean |
-- | `string`, `category` | TEXT | text |
-- | `date` | DATE (ISO text) | date |
-- | `timestamp` | TIMESTAMP (ISO text, UTC) | timestamp with time zone |
--
-- SQLite's expressions have no declared type: they are what their first value is; integers become
-- `f64` when a number with a fraction follows, any other mixture is an error that names row and
-- column. Text is read as `string`; `types` makes categories and converts what SQLite mixes.
-- PostgreSQL's `numeric` is the nearest `f64` (as a `string` it keeps its digits), NaN and infinity
-- are missing, times are UTC, and what has no type here (uuid, json, arrays) is its text.
-- @module churnlab.sql

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
require("churnlab.frame")

local M = {}
local Frame = core.frame.methods

local function is_connection(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Sql" or false
end

-- A connection, and whether it was opened here; nil and a message when there is none.
local function connect(where, database, read_only)
  if is_connection(database) then return database, false end
  if type(database) ~= "string" then
    errors.raise("%s: expected a url or a connection, got a %s", where, type(database))
  end
  local connection, message = core.sql.open(database, read_only)
  if not connection then return nil, where .. ": " .. message end
  return connection, true
end

-- f(connection), and closes what was opened for it.
local function with_connection(where, database, f)
  local connection, opened = connect(where, database, false)
  if not connection then return nil, opened end
  local _ <close> = opened and connection or nil
  return f(connection)
end

local role_names = { "target", "positive", "id", "time", "personal" }

local query_options = {
  params = "table", types = "table", chunk = "number", target = "string",
  positive = "string|number|boolean|table", id = "string", time = "string",
  personal = "string|table",
}

--- The roles among the options, or nil.
-- @local
function M.roles(options)
  local given = {}
  for _, role in ipairs(role_names) do given[role] = options[role] end
  return next(given) ~= nil and given or nil
end

--- Starts a query: the connection to fetch from, and a function that ends it.
-- @local
function M.begin(where, database, query, wanted)
  if type(query) ~= "string" then
    errors.raise("%s: query: expected a string, got a %s", where, type(query))
  end
  local connection, opened = connect(where, database, true)
  if not connection then errors.raise("%s", opened) end
  local function close()
    if opened then connection:close() else connection:finish() end
  end
  local ok, message = pcall(connection.query, connection, query, wanted)
  if not ok then
    if opened then connection:close() end -- another one may be reading
    error(message, 0)
  end
  return connection, close
end

--- The rows of a query. The query cannot change the database.
-- @function cl.read_sql
-- @tparam string|Sql database a url or a connection
-- @tparam string query one statement with rows
-- @tparam[opt] table options
--
--   - `params`: the list of values for `$1`, `$2` … (in SQLite also `?`): numbers, strings,
--     booleans, `cl.NA`
--   - `types`: `{ column = "category" | … }` instead of the database's types
--   - `chunk`: instead of one frame an iterator over frames of at most so many rows
--   - `target`, `positive`, `id`, `time`, `personal`: roles as in `cl.read_csv`
-- @treturn Frame or, with `chunk`, an iterator
-- @raise the database's message; an unknown option; a value that is not of its column's type
-- @usage
-- assert(frame:head(20):write_sql("sqlite:bank.db", "bank", { mode = "replace" }))
-- local few = cl.read_sql("sqlite:bank.db", "SELECT * FROM bank WHERE Age > $1 ORDER BY Age", {
--   params = { 18 }, types = { Geography = "category" }, id = "CustomerId",
-- })
-- assert(#few > 0 and few:type("Balance") == "f64")
-- for part in cl.read_sql("sqlite:bank.db", "SELECT * FROM bank", { chunk = 8 }) do
--   assert(#part <= 8)
-- end
function M.read_sql(database, query, options)
  options = errors.options("read_sql", options, query_options)
  local chunk, given = options.chunk, M.roles(options)
  if chunk and (math.type(chunk) ~= "integer" or chunk < 1) then
    errors.raise("read_sql: chunk: expected a number of rows, got %s", tostring(chunk))
  end
  local connection, close = M.begin("read_sql", database, query,
    { params = options.params, types = options.types })
  local closer = setmetatable({}, { __close = close })
  local function fetch(rows)
    local part = connection:fetch(rows)
    return part and given and part:with_roles(given) or part
  end
  if chunk then return function() return fetch(chunk) end, nil, nil, closer end
  local _ <close> = closer
  return fetch(0)
end

--- A table larger than memory: a scan of a query, read chunk by chunk. It has the verbs and ends of
-- `cl.scan_csv`; each pass runs the query anew.
-- @function cl.scan_sql
-- @tparam string|Sql database a url or a connection, which must not read anything else in a pass
-- @tparam string query
-- @tparam[opt] table options `params`, `types` and roles as in `cl.read_sql`; `chunk_rows`: the
-- most rows a chunk (65536)
-- @treturn Scan
-- @raise as `cl.read_sql`
-- @usage
-- assert(frame:write_sql("sqlite:all.db", "bank", { mode = "replace" }))
-- local old = cl.scan_sql("sqlite:all.db", "SELECT * FROM bank"):filter("Age >= 60")
-- assert(old:count() == #frame:filter("Age >= 60"))
function M.scan_sql(database, query, options)
  return require("churnlab.frame.scan_sql").new("scan_sql", database, query, options)
end

--- Opens a connection that several calls share.
-- @function cl.sql.open
-- @tparam string url
-- @treturn Sql or nil and a message when the database cannot be reached
-- @raise a url of another form
-- @usage
-- local db <close> = assert(cl.sql.open("sqlite::memory:"))
-- frame:write_sql(db, "bank")
-- assert(cl.read_sql(db, "SELECT count(*) AS n FROM bank").n[1] == #frame)
function M.open(url)
  local connection, message = connect("sql.open", url, false)
  if not connection then return nil, message end
  return connection
end

--- Runs one statement.
-- @function cl.sql.execute
-- @tparam string|Sql database a url or a connection
-- @tparam string statement
-- @tparam[opt] table options `params` as in `cl.read_sql`
-- @treturn integer the number of rows changed, or nil and a message when the system refuses (no
-- connection, no space, a lock)
-- @raise the database's message
-- @usage
-- local db = cl.sql.open("sqlite::memory:")
-- cl.sql.execute(db, "CREATE TABLE sent (id INTEGER, day DATE)")
-- local insert = "INSERT INTO sent VALUES ($1, $2)"
-- assert(cl.sql.execute(db, insert, { params = { 7, "2026-11-22" } }) == 1)
function M.execute(database, statement, options)
  options = errors.options("execute", options, { params = "table" })
  if type(statement) ~= "string" then
    errors.raise("execute: statement: expected a string, got a %s", type(statement))
  end
  return with_connection("execute", database, function(connection)
    return connection:execute(statement, options.params)
  end)
end

--- @type Frame

--- Writes the frame into a table, in one transaction: all or nothing.
-- @tparam string|Sql database a url or a connection
-- @tparam string name of the table
-- @tparam[opt] table options
--
--   - `mode`: "fail" (the table must not exist; the default), "replace" (drops it first), "append"
--     or "upsert" (rows with a known key take the new values); the last two make the table when
--     there is none
--   - `key`: the column or list of columns that tell rows apart, needed by "upsert"; the primary
--     key of a table that is made. A table that is there must have a unique index on them. Of rows
--     with one key the last one wins
--   - `schema`: the table's schema (PostgreSQL) or attached database (SQLite)
-- @treturn boolean true, or nil and a message when the system refuses
-- @raise the database's message; a column that the table lacks or holds as another type; a missing
-- key
-- @usage
-- local db = cl.sql.open("sqlite::memory:")
-- local scores = cl.from_table { { id = 1, churn = 0.25 }, { id = 2, churn = 0.5 } }
-- assert(scores:write_sql(db, "scores", { mode = "upsert", key = "id" }))
-- assert(scores:head(1):write_sql(db, "scores", { mode = "upsert", key = "id" }))
-- assert(#cl.read_sql(db, "SELECT * FROM scores") == 2)
function Frame:write_sql(database, name, options)
  if type(name) ~= "string" then
    errors.raise("write_sql: table: expected a string, got a %s", type(name))
  end
  return with_connection("write_sql", database, function(connection)
    return connection:write(self, name, options)
  end)
end

return M
