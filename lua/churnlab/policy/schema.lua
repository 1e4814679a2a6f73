-- What a policy may name: the raw columns of a model (or of a frame), with types and levels,
-- and three names of its own: `churn`, `tier` and (in matchers) `reason`.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local quiet = require("churnlab.policy.quiet")

local Schema = {}
Schema.__index = Schema

local M = { reasons = 3 }

local function is_frame(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Frame"
end
M.is_frame = is_frame

local function frame_of(source)
  if is_frame(source) then
    local target = source:roles().target
    return target and source:drop(target) or source
  end
  local kind = type(source)
  local schema = (kind == "table" or kind == "userdata") and source.schema
  if type(schema) ~= "function" then
    errors.raise("policy: expected a model or a frame to check against, got a %s", kind)
  end
  return source:schema()
end

--- The schema of a model (its method schema()) or of a frame (without its target).
function M.of(source)
  local frame = frame_of(source):head(0)
  local self = setmetatable({ frame = frame, names = {}, columns = {} }, Schema)
  for _, name in ipairs(frame:columns()) do
    local column = frame:col(name)
    self.names[#self.names + 1] = name
    self.columns[name] = { type = column:type(), levels = column:levels() }
  end
  return self
end

--- A category column of no rows with these levels.
local function empty_category(levels)
  local names = core.column.new(levels, "category")
  return core.frame.new({ "x" }, { names }):head(0):col("x")
end

--- The schema that conditions see: with `churn`, `tier` and the reason columns.
function Schema:with_tiers(tiers)
  local names = {}
  for i, tier in ipairs(tiers) do names[i] = tier.name end
  local frame = self.frame
    :with_column("churn", core.column.new({}, "f64"))
    :with_column("tier", empty_category(names))
  for i = 1, M.reasons do
    frame = frame:with_column("reason_" .. i, core.column.new({}, "string"))
  end
  local columns = setmetatable({
    churn = { type = "f64" },
    tier = { type = "category", levels = names, kind = "tier" },
  }, { __index = self.columns })
  return setmetatable({ frame = frame, names = self.names, columns = columns }, Schema)
end

--- All names that `when` may use, for suggestions.
function Schema:known()
  return table.move(self.names, 1, #self.names, 4, { "churn", "tier", "reason" })
end

--- The type in which conditions read a column: categories are read as text, so that a file
-- with fewer levels, or with numbers for levels, is read alike.
function Schema:read_type(name)
  local kind = self.columns[name].type
  return kind == "category" and "string" or kind
end

local NUMERIC = { f64 = true, i64 = true }

local function cast(column, name, wanted)
  local have = column:type()
  if have == wanted or NUMERIC[have] and NUMERIC[wanted] then return column end
  local result, message = quiet.try(column.cast, column, wanted)
  if not result then errors.raise("policy: column '%s': %s", name, message) end
  return result
end

--- The frame that conditions are evaluated on: `names` of the schema as given in `frame`, and
-- churn, tier and reasons from `extra` (name → Column).
function Schema:view(frame, names, extra)
  local order, columns = {}, {}
  for i, name in ipairs(names) do
    if not frame:has(name) then
      errors.raise("policy: the rows have no column '%s', which the policy reads", name)
    end
    order[i], columns[i] = name, cast(frame:col(name), name, self:read_type(name))
  end
  for name, column in pairs(extra) do
    order[#order + 1], columns[#columns + 1] = name, column
  end
  return core.frame.new(order, columns)
end

--- The raw column that a reason speaks of: "Age", also when it is written "Age = 58".
function Schema:reason_column(text)
  if text == nil or self.columns[text] then return text end
  return text:match("^(.-) = ") or text
end

-- A row's k-th reason, from its field reason_k or its list `reasons`.
local function reason_of(row, k)
  if row.reason_1 then return row["reason_" .. k] end
  return row.reasons and row.reasons[k]
end

local function column_of(rows, name, kind, get)
  local values = {}
  for i, row in ipairs(rows) do values[i] = get(row) end
  local column, message = quiet.try(core.column.new, values, kind, #rows)
  if not column and kind == "i64" then -- 17.5 is a fair question to ask of whole years
    column = quiet.try(core.column.new, values, "f64", #rows)
  end
  if not column then errors.raise("policy: '%s': %s", name, message) end
  return column
end

--- The same frame for plain tables: { Age = 40, churn = 0.7, tier = "high", reasons = {…} }.
function Schema:view_rows(rows, names)
  local order, columns = {}, {}
  local function add(name, kind, get)
    order[#order + 1] = name
    columns[#columns + 1] = column_of(rows, name, kind, get)
  end
  for _, name in ipairs(names) do
    add(name, self:read_type(name), function(row) return row[name] end)
  end
  add("churn", "f64", function(row) return row.churn end)
  add("tier", "string", function(row) return row.tier end)
  for k = 1, M.reasons do
    add("reason_" .. k, "string", function(row)
      return self:reason_column(reason_of(row, k))
    end)
  end
  return core.frame.new(order, columns)
end

return M
