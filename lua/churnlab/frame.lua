-- Frames for scripts: reading, making from tables, and the verbs that take expressions,
-- functions or option tables. Loading this module gives every Frame these methods.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local convert = require("churnlab.frame.convert")
local row_view = require("churnlab.frame.row")

local M = {}
local Frame = core.frame.methods

--- Reads a CSV file; "-" is standard input. Raises on failure.
-- @tparam string path
-- @tparam[opt] table options `target`, `positive`, `id` (roles), `types` = { Col = "category" },
--   `drop`, `na` (lists), `separator`, `header` (false: columns are column_1 …)
-- @treturn Frame
-- @usage local bank = cl.read_csv("bank.csv", { target = "Exited", positive = 1 })
M.read_csv = core.frame.read_csv

M.from_table = convert.from_table

--- A Frame from a Frame or a Row; anything else raises.
-- @param value
-- @tparam[opt="frame"] string where starts the message
-- @treturn Frame
function M.coerce(value, where)
  if row_view.is_row(value) then return value[1]:slice(value[2], value[2]) end
  if M.is_frame(value) then return value end
  errors.raise("%s: expected a frame or a row, got a %s", where or "frame", type(value))
end

--- Whether the value is a Frame.
function M.is_frame(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Frame" or false
end

--- Names, types and levels of the columns.
-- @treturn {table,...} { name=, type=, levels= (categories) }
function Frame:schema()
  local list = {}
  for i, name in ipairs(self:columns()) do
    list[i] = { name = name, type = self:type(name), levels = self:col(name):levels() }
  end
  return list
end

Frame.to_table = convert.to_table

--- One row: `row.Age`, `pairs(row)`, `row:frame()`.
-- @tparam integer i 1-based
-- @treturn Row
function Frame:row(i)
  if math.type(i) ~= "integer" or i < 1 or i > #self then
    errors.raise("row: expected a row from 1 to %d, got %s", #self, tostring(i))
  end
  return row_view.new(self, i)
end

local function map_rows(frame, f)
  local list = {}
  for i = 1, #frame do list[i] = f(row_view.new(frame, i)) end
  return list
end

local function is_column(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Column"
end

local function make_column(frame, name, what)
  if is_column(what) then return what end
  local kind = type(what)
  if kind == "string" or kind == "userdata" then return core.expr.eval(frame, what) end
  if kind == "function" then what, kind = map_rows(frame, what), "table" end
  if kind ~= "table" then
    errors.raise("derive: %s: expected an expression, a function, a column or a list, got a %s",
      name, kind)
  end
  local ok, column = pcall(core.column.new, what, nil, #frame)
  if not ok then errors.raise("derive: %s: %s", name, (tostring(column):gsub("^.-:%d+: ", ""))) end
  return column
end

--- The frame with new or replaced columns; each is made from the frame as it was.
-- @tparam table columns name = "expression" | function(row) | Column | list of values;
--   new columns are appended in alphabetical order
-- @treturn Frame
-- @usage bank:derive { rich = "Balance > 1e5", band = function(row) return row.Age // 10 end }
function Frame:derive(columns)
  if type(columns) ~= "table" then
    errors.raise("derive: expected a table of columns, got a %s", type(columns))
  end
  local names, result = {}, self
  for name in pairs(columns) do
    if type(name) ~= "string" then
      errors.raise("derive: expected a name for each column, got %s", tostring(name))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    result = result:with_column(name, make_column(self, name, columns[name]))
  end
  return result
end
Frame.with = Frame.derive

--- The rows for which the condition is true; missing counts as false.
-- @tparam string|function|Column condition
-- @treturn Frame
-- @usage bank:filter("Age >= 60 and IsActiveMember == 0")
function Frame:filter(condition)
  if type(condition) == "function" then
    local keep = {}
    for i, value in pairs(map_rows(self, condition)) do keep[i] = value and true or false end
    for i = 1, #self do keep[i] = keep[i] or false end
    return self:filter_by(core.column.new(keep, "bool", #self))
  elseif is_column(condition) then
    return self:filter_by(condition)
  elseif type(condition) ~= "string" and type(condition) ~= "userdata" then
    errors.raise("filter: expected an expression, a function or a column, got a %s",
      type(condition))
  end
  return self:filter_by(core.expr.eval(self, condition))
end

-- Which of the keys sort downwards: desc = true (all) or a list of names.
local function descending_flags(keys, desc)
  local flags, listed = {}, {}
  for _, name in ipairs(type(desc) == "table" and desc or {}) do listed[name] = true end
  for i, key in ipairs(keys) do
    flags[i] = desc == true or listed[key] == true
    listed[key] = nil
  end
  local stray = next(listed)
  if stray then errors.unknown("sort", "key in desc", stray, keys) end
  return flags
end

--- Sorts by one or more columns, stable, missing values last.
-- @tparam string ... names (or one list), then optionally { desc = true | {names} }
-- @treturn Frame
-- @usage frame:sort("Geography", "Age", { desc = { "Age" } })
function Frame:sort(...)
  local keys, options = { ... }, {}
  if type(keys[1]) == "table" then
    keys, options = keys[1], keys[2] or {}
  elseif type(keys[#keys]) == "table" then
    options = table.remove(keys)
  end
  errors.options("sort", options, { desc = "boolean|table" })
  if #keys == 0 then errors.raise("sort: expected at least one column") end
  return self:sort_by(keys, descending_flags(keys, options.desc))
end

-- Positional numbers and named options of split, folds and sample.
local function named_options(where, spec, known)
  if type(spec) ~= "table" then
    errors.raise("%s: expected a table, got a %s", where, type(spec))
  end
  local numbers, options = {}, {}
  for key, value in pairs(spec) do
    if math.type(key) == "integer" then numbers[key] = value else options[key] = value end
  end
  return numbers, errors.options(where, options, known)
end

--- Random parts.
-- @tparam table spec shares adding up to 1; `stratify`: a column whose values keep their
--   shares; `seed` (0)
-- @treturn Frame one for each share, rows in their old order
-- @usage local train, test = frame:split { 0.8, 0.2, stratify = "Exited", seed = 42 }
function Frame:split(spec)
  local shares, options = named_options("split", spec, { stratify = "string", seed = "number" })
  return self:split_by(shares, options.stratify, options.seed)
end

--- Cross-validation: `for k, train, test in frame:folds { 5, stratify = "Exited", seed = 1 } do`.
-- @tparam table spec the number of folds; `stratify`, `seed` as in split
-- @treturn function an iterator over k, the rows outside fold k and those in it
function Frame:folds(spec)
  local numbers, options = named_options("folds", spec, { stratify = "string", seed = "number" })
  if math.type(numbers[1]) ~= "integer" then
    errors.raise("folds: expected the number of folds first, got %s", tostring(numbers[1]))
  end
  local count, k = numbers[1], 0
  local fold = self:fold_numbers(count, options.stratify, options.seed)
  return function()
    k = k + 1
    if k > count then return nil end
    return k, self:partition(fold, k)
  end
end

--- n random rows without repetition, in the frame's order.
-- @tparam integer n
-- @tparam[opt] table options `seed` (0)
-- @treturn Frame
function Frame:sample(n, options)
  options = errors.options("sample", options, { seed = "number" })
  return self:sample_rows(n, options.seed)
end

--- Groups rows: `frame:group("Geography"):agg { churn = "mean(Exited)" }`.
-- @tparam string ... key columns
-- @treturn Group
function Frame:group(...)
  return require("churnlab.group").new(self, ...)
end

--- Figures of every column, printed as a table.
-- @treturn Description
function Frame:describe()
  return require("churnlab.frame.describe").new(self)
end

local meta = getmetatable(core.frame.new({}, {}))
function meta.__tostring(frame)
  return require("churnlab.frame.print").frame(frame)
end

local column_meta = getmetatable(core.column.new({}))
function column_meta.__tostring(column)
  return require("churnlab.frame.print").column(column)
end

return M
