-- Where the chunks of a scan of a database come from: a query that runs anew for each pass.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local scans = require("churnlab.frame.scan")
local sql = require("churnlab.sql")

local M = {}

local CHUNK_ROWS = 65536 -- unless `chunk_rows` says another number

local Source = {}
Source.__index = Source

-- What a pass must close, and ask how far it is (a database does not tell).
local Reader = { __close = function(self) self.close() end }
Reader.__index = { progress = function() return 0 end }

function Source:start()
  local connection, close = sql.begin(self.where, self.database, self.query, self.wanted)
  local function read()
    local chunk = connection:fetch(self.rows)
    return chunk and (self.roles and chunk:with_roles(self.roles) or chunk)
  end
  return read, setmetatable({ close = close }, Reader)
end

--- Begins a pass: the next chunk as a function, and what must be closed.
function Source:open()
  local kept = self.kept
  self.kept = nil
  if not kept then return self:start() end
  local first = kept.first
  return function()
    local chunk = first or kept.read()
    first = nil
    return chunk
  end, kept.reader
end

local known = { params = "table", types = "table", chunk_rows = "number", target = "string",
  positive = "string|number|boolean|table", id = "string", time = "string",
  personal = "string|table" }

local function check_rows(where, rows)
  if rows ~= nil and (math.type(rows) ~= "integer" or rows < 1) then
    errors.raise("%s: option 'chunk_rows': expected a whole number from 1, got %s", where,
      tostring(rows))
  end
  return rows or CHUNK_ROWS
end

--- A scan of a query; of a database given by its url the first chunk is kept for the first pass.
-- @tparam string where starts the messages
-- @tparam string|Sql database
-- @tparam string query
-- @tparam[opt] table options of `cl.scan_sql`
-- @tparam[opt] function choose of the names of the columns: gives the roles
-- @treturn Scan
function M.new(where, database, query, options, choose)
  options = errors.options(where, options, known)
  local source = setmetatable({ where = where, name = "the query", database = database,
    query = query, wanted = { params = options.params, types = options.types },
    rows = check_rows(where, options.chunk_rows) }, Source)
  local read, reader = source:start()
  local first = read()
  source.roles = choose and choose(first:columns()) or sql.roles(options)
  first = source.roles and first:with_roles(source.roles) or first
  if type(database) == "string" then
    source.kept = { first = first, read = read, reader = reader }
  else
    reader.close()
  end
  return scans.from(source, first:slice(1, 0))
end

return M
