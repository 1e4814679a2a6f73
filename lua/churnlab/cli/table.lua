-- Reading customers with a model's signature: the columns that the model reads get the types
-- that training saw, every other column stays the text that it is.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local function fail(message) require("churnlab.cli").fail(1, message) end

-- The first record with its line ends; quotes may span lines.
local function first_record(read_line)
  local record = ""
  for line in read_line do
    record = record .. line
    if select(2, record:gsub('"', "")) % 2 == 0 then break end
  end
  return record
end

-- Calls a reader of text; its messages name the source.
local function parse(name, text, options)
  local ok, result = pcall(core.frame.parse_csv, text, options)
  if not ok then fail((tostring(result):gsub("^text:", name:gsub("%%", "%%%%") .. ":"))) end
  return result
end

-- The names in the header of a CSV text or file.
local function header_names(name, source)
  local record
  if source.text then
    record = first_record(source.text:gmatch("[^\n]*\n?"))
  else
    local file, message = io.open(source.path, "rb")
    if not file then fail(("cannot read %s"):format(message)) end
    record = first_record(file:lines("L"))
    file:close()
  end
  return parse(name, record):columns()
end

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

--- Reads a CSV file for a model.
-- @tparam Model model
-- @tparam string path "-" is standard input
-- @tparam[opt] table options target = true: the target must be there
-- @treturn Frame with the model's roles where their columns are
-- @treturn string the name for messages
function M.read(model, path, options)
  local name = path == "-" and "standard input" or path
  local source = path == "-" and { text = io.read("a") } or { path = path }
  local names, schema, facts = header_names(name, source), model:schema(), model:facts()
  check_columns(name, schema, names)
  local has = {}
  for _, column in ipairs(names) do has[column] = true end
  if options and options.target and not has[facts.target] then
    fail(("%s: column '%s': expected the target, got only the columns %s"):format(name,
      facts.target, table.concat(names, ", ")))
  end
  local reading = { types = types_of(schema, names, facts.target),
    target = has[facts.target] and facts.target or nil, positive = facts.positive,
    id = has[facts.id] and facts.id or nil }
  if not reading.target then reading.positive = nil end
  if source.text then return parse(name, source.text, reading), name end
  return core.frame.read_csv(path, reading), name
end

return M
