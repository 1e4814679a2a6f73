-- Lua tables to frames and back.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do
    if type(key) ~= "string" then
      errors.raise("from_table: expected column names as keys, got %s", tostring(key))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

-- Rows → columns; the columns are those that any row has.
local function transpose(rows)
  local columns = {}
  for i, row in ipairs(rows) do
    if type(row) ~= "table" then
      errors.raise("from_table: row %d: expected a table, got a %s", i, type(row))
    end
    for name, value in pairs(row) do
      local column = columns[name]
      if not column then
        column = {}
        columns[name] = column
      end
      column[i] = value
    end
  end
  return columns, #rows
end

local function is_column(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Column"
end

-- The length of the longest list; trailing nils of the others are missing.
local function longest(columns)
  local n = 0
  for name, values in pairs(columns) do
    if type(values) == "table" then
      for i in pairs(values) do
        if math.type(i) ~= "integer" or i < 1 then
          errors.raise("from_table: column '%s': expected a list of values, got the key %s",
            tostring(name), tostring(i))
        end
        n = math.max(n, i)
      end
    elseif is_column(values) then
      n = math.max(n, #values)
    else
      errors.raise("from_table: column '%s': expected a list of values, got a %s",
        tostring(name), type(values))
    end
  end
  return n
end

local function make_column(name, values, type_name, n)
  if is_column(values) then return type_name and values:cast(type_name) or values end
  local ok, column = pcall(core.column.new, values or {}, type_name, n)
  if ok then return column end
  errors.raise("from_table: column '%s': %s", name, (tostring(column):gsub("^.-:%d+: ", "")))
end

--- A frame from Lua values; nil, NA and NaN are missing. Without a declared type a column is i64,
-- f64, bool or text, which becomes a category by read_csv's rule.
-- @tparam table data a list of rows { Age = 42, … }, or { Age = { 42, 51 }, … }
-- @tparam[opt] table options `names`: the columns and their order (else alphabetical);
--   `types` = { Col = "category" }; `target`, `positive`, `id`, `time`,
--   `personal`: roles
-- @treturn Frame
-- @raise "from_table: column 'Age': item 2: expected a number, got a table"
-- @usage cl.from_table({ { Age = 42 }, { Age = 51 } }, { types = { Age = "f64" } })
function M.from_table(data, options)
  if type(data) ~= "table" then
    errors.raise("from_table: expected a table, got a %s", type(data))
  end
  options = errors.options("from_table", options, {
    names = "table", types = "table", target = "string", id = "string",
    positive = "string|number|boolean|table", time = "string", personal = "table|string",
  })
  local columns, n
  if data[1] ~= nil then
    columns, n = transpose(data)
  else
    columns, n = data, longest(data)
  end
  local types, made = options.types or {}, {}
  local names = options.names or sorted_keys(columns)
  for name in pairs(types) do
    if columns[name] == nil and not options.names then
      errors.unknown("from_table: types", "column", name, names)
    end
  end
  for i, name in ipairs(names) do
    made[i] = make_column(name, columns[name], types[name], n)
  end
  local frame = core.frame.new(names, made)
  return frame:with_roles {
    target = options.target, positive = options.positive, id = options.id, time = options.time,
    personal = options.personal,
  }
end

--- The frame as a list of row tables.
-- @tparam Frame frame
-- @tparam[opt] table options `na`: what stands for a missing cell (default: nothing)
-- @treturn {table,...}
function M.to_table(frame, options)
  local na = options and options.na
  local rows = {}
  for i = 1, #frame do rows[i] = {} end
  for _, name in ipairs(frame:columns()) do
    local column = frame:col(name)
    for i = 1, #frame do
      local value = column[i]
      if value == nil then value = na end
      rows[i][name] = value
    end
  end
  return rows
end

return M
