--- Groups of rows, in an order: what `frame:group(...)` and `frame:order(...)` give. `agg` makes
-- one row a group; `derive` and `filter` keep the rows of the frame, and their expressions see the
-- groups: aggregates are taken of each group and repeated, and window functions run within it.
--
-- Window functions, with the rows in the order of `order(…)` (the frame's own order without it):
--
-- - places: `row_number()`, `rank()` (rows that tie share the least), `dense_rank()`,
--   `percent_rank()`, from 0 to 1; with an argument by value: `rank(x)`, `rank(x, "desc")`
-- - neighbours: `lag(x)`, `lag(x, rows)`, `lag(x, rows, default)`, `lead(…)`; `diff(x[, rows])`
--   (dates: days), `pct_change(x[, rows])`; `ffill(x)`, `bfill(x)`: missing values from the
--   nearest row before, behind
-- - so far: `cumsum(x)`, `cummax(x)`, `cummin(x)`, `cummean(x)`, `cumcount()`, `cumcount(x)`
-- - moving windows: `rolling_sum(x, rows)`, `rolling_mean`, `rolling_std`, `rolling_min`,
--   `rolling_max`, `rolling_median`, `rolling_count`: the last so many rows, this one included; a
--   third argument is the number of present values that a result needs (all of the rows)
-- - moving windows of time: `rolling_sum(x, days(30))`, also weeks, hours, minutes, seconds: the
--   rows with a time in (t − 30 days, t], up to this row; the order is that of a date or timestamp;
--   one present value is enough
-- - `first(x)` and `last(x)`: the first and the last present value in the order
--
-- Missing values: a running or moving function skips them; the result of `rank(x)`, `cumsum(x)`,
-- `cummax(x)`, `cummin(x)` and `cummean(x)` is missing where x is (SQL's running sum goes on there:
-- `cumsum(coalesce(x, 0))`). Rows with a missing key are a group, rows with a missing order value
-- come last.
-- @module churnlab.group

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local Group = {}
Group.__index = Group
Group.__name = "churnlab.Group"

--- The keys as a list.
-- @local
-- @tparam string ... column names, or one list of them
-- @treturn {string,...}
function M.keys(...)
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
  return setmetatable({ frame = frame, keys = M.keys(...), columns = {}, descending = {} }, Group)
end

-- The rows in groups and order, made when a verb first needs them.
local function over(self)
  self.rows = self.rows or core.expr.over(self.frame, self.keys, self.columns, self.descending)
  return self.rows
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

--- The names and expressions that `agg` was given.
-- @local
-- @tparam table spec
-- @treturn {string,...} names
-- @treturn {string|Expr,...} expressions
function M.aggregates(spec)
  if type(spec) ~= "table" then
    errors.raise("agg: expected a table of expressions, got a %s", type(spec))
  end
  local names, exprs = (spec[1] ~= nil and from_list or from_map)(spec)
  if #names == 0 then errors.raise("agg: expected at least one aggregate") end
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
  local names, exprs = M.aggregates(spec)
  local ordered = #self.columns > 0 and over(self) or nil
  return core.expr.aggregate(self.frame, self.keys, names, exprs, ordered)
end

--- The same groups with their rows in an order; rows that tie keep theirs, missing values are last.
-- @tparam string ... column names (or one list), then optionally `{ desc = true }` (all downwards)
-- or `{ desc = { names } }`
-- @treturn Group
-- @raise unknown columns, and names in `desc` that are no keys
-- @usage
-- local ages = frame:group("Geography"):order("Age", { desc = true })
-- assert(ages:filter("row_number() == 1").Age:max() == frame.Age:max())
function Group:order(...)
  local columns, descending = require("churnlab.frame.order").read("order", ...)
  return setmetatable({ frame = self.frame, keys = self.keys, columns = columns,
    descending = descending }, Group)
end

--- The frame with new or replaced columns, as `Frame:derive`, seen by group and in order. The rows
-- stay where they are. `with` is the same function.
-- @tparam table columns name = "expression", function(row), Column or list of values
-- @treturn Frame
-- @raise as `Frame:derive`
-- @usage
-- frame:group("Geography"):order("Tenure"):derive {
--   share = "Balance / sum(Balance)", before = "lag(Balance)", place = "rank(Balance, 'desc')",
-- }
function Group:derive(columns)
  return require("churnlab.frame.derive").derive(self.frame, columns, over(self))
end
Group.with = Group.derive

--- The rows for which a condition is true, seen by group and in order.
-- @tparam string|function|Column condition as in `Frame:filter`
-- @treturn Frame
-- @raise as `Frame:filter`
-- @usage frame:group("Geography"):filter("Balance > mean(Balance)")
function Group:filter(condition)
  return require("churnlab.frame.derive").filter(self.frame, condition, over(self))
end

--- One row a group with the number of its rows, as column `n`.
-- @treturn Frame
-- @usage frame:group("Geography", "Gender"):count()
function Group:count()
  return self:agg { { "n", "count()" } }
end

function Group:__tostring()
  local keys = #self.keys > 0 and table.concat(self.keys, ", ") or "nothing"
  local order = #self.columns > 0 and " in order of " .. table.concat(self.columns, ", ") or ""
  return "group by " .. keys .. order
end

return M
