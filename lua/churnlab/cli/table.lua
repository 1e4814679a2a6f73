-- Reading customers with a model's signature: the columns that the model reads get the types
-- that training saw, every other column stays the text that it is.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local scans = require("churnlab.frame.scan")

local M = {}

local function fail(message) require("churnlab.cli").fail(1, message) end

local function check_columns(name, schema, names)
  local known = {}
  for _, column in ipairs(names) do known[column] = true end
  for _, column in ipairs(schema:columns()) do
    if not known[column] then
      local near = errors.nearest(column, names)
      fail(("%s: column '%s': expected it because the model reads it, got %s"):format(name, column,
        near and ("no such column (is it '%s'?)"):format(near)
        or "only the columns " .. table.concat(names, ", ")))
    end
  end
end

local function types_of(schema, names, target)
  local types = {}
  for _, column in ipairs(names) do
    if column ~= target then
      types[column] = schema:has(column) and schema:type(column) or "string"
    end
  end
  return types
end

-- The model's roles of the columns that are there.
local function roles_of(facts, names)
  local has = {}
  for _, column in ipairs(names) do has[column] = true end
  local target = has[facts.target] and facts.target or nil
  return { target = target, positive = target and facts.positive, id = has[facts.id] and facts.id
    or nil }
end

--- Whether customers are read from a database.
function M.is_url(path)
  return (path:find("^sqlite:") or path:find("^postgres%a*://")) ~= nil
end

--- Begins to read a file or a query for a model.
-- @tparam Model model
-- @tparam string path "-" is standard input
-- @tparam[opt] table options target = true: the target must be there; query: of a database's url
-- @treturn Scan with the model's roles where their columns are
-- @treturn string the name for messages
function M.scan(model, path, options)
  local name = path == "-" and "standard input" or M.is_url(path) and "the query" or path
  local schema, facts = model:schema(), model:facts()
  local function choose(names)
    check_columns(name, schema, names)
    local roles = roles_of(facts, names)
    if options and options.target and not roles.target then
      fail(("%s: column '%s': expected the target, got only the columns %s"):format(name,
        facts.target, table.concat(names, ", ")))
    end
    return types_of(schema, names, facts.target), roles
  end
  if name == "the query" then -- its types are the database's; the model converts what it reads
    return require("churnlab.frame.scan_sql").new("read", path, options.query, nil,
      function(names) return (select(2, choose(names))) end), name
  end
  return scans.new("read", path, nil, choose), name
end

--- Reads a whole file for a model: as scan.
-- @treturn Frame
-- @treturn string the name for messages
function M.read(model, path, options)
  local scan, name = M.scan(model, path, options)
  return scan:collect(), name
end

return M
