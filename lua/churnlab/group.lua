--- Groups of rows and their aggregates: what `frame:group(...)` gives.
-- @module churnlab.group

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local Group = {}
Group.__index = Group
Group.__name = "churnlab.Group"

local function key_list(...)
  local keys = { ... }
  if #keys == 1 and type(keys[1]) == "table" then keys = keys[1] end
  for i, key in ipairs(keys) do
    if type(key) ~= "string" then
      errors.raise("group: key %d: expected a column name, got a %s", i, type(key))
    end
  end
  return keys
end

--- Groups a frame by key columns; what `frame:group(...)` calls. Missing keys are a group.
-- @local
-- @tparam Frame frame
-- @tparam string ... column names, or one list of them
-- @treturn Group
function M.new(frame, ...)
  return setmetatable({ frame = frame, keys = key_list(...) }, Group)
end

local function is_expression(value)
  return type(value) == "string" or type(value) == "userdata"
end

local function add(names, exprs, name, expr)
  if type(name) ~= "string" or name == "" then
    errors.raise("agg: expected a name for each aggregate, got %s", tostring(name))
  elseif not is_expression(expr) then
    errors.raise("agg: %s: expected an expression such as \"mean(x)\", got a %s", name, type(expr))
  end
  names[#names + 1], exprs[#exprs + 1] = name, expr
end

-- { { "n", "count()" }, … } keeps its order.
local function from_list(spec)
  local names, exprs = {}, {}
  for i, item in ipairs(spec) do
    if type(item) ~= "table" then
      errors.raise("agg: item %d: expected {name, expression}, got a %s", i, type(item))
    end
    add(names, exprs, item[1], item[2])
  end
  return names, exprs
end

-- { n = "count()" } is ordered by name.
local function from_map(spec)
  local order, names, exprs = {}, {}, {}
  for name in pairs(spec) do
    if type(name) ~= "string" then
      errors.raise("agg: expected names or a list of {name, expression}, got both")
    end
    order[#order + 1] = name
  end
  table.sort(order)
  for _, name in ipairs(order) do add(names, exprs, name, spec[name]) end
  return names, exprs
end

--- Rows in groups, not computed until they are asked for.
-- @type Group

--- Aggregates of each group: a frame of the keys and then the aggregates, one row a group, sorted
-- by the keys (missing last).
-- @tparam table spec `{ name = expression, … }` (columns in alphabetical order of the names) or
-- `{ { name, expression }, … }` (in this order); each expression aggregates: `count()`, `mean(x)` …
-- @treturn Frame
-- @raise a column outside of an aggregate; unknown columns and functions with a suggestion
-- @usage frame:group("Geography"):agg { n = "count()", churn = "mean(Exited)" }
function Group:agg(spec)
  if type(spec) ~= "table" then
    errors.raise("agg: expected a table of expressions, got a %s", type(spec))
  end
  local names, exprs = (spec[1] ~= nil and from_list or from_map)(spec)
  if #names == 0 then errors.raise("agg: expected at least one aggregate") end
  return core.expr.aggregate(self.frame, self.keys, names, exprs)
end

--- One row a group with the number of its rows, as column `n`.
-- @treturn Frame
-- @usage frame:group("Geography", "Gender"):count()
function Group:count()
  return self:agg { { "n", "count()" } }
end

function Group:__tostring()
  return ("group by %s"):format(#self.keys > 0 and table.concat(self.keys, ", ") or "nothing")
end

return M
