-- Conditions of rules against the schema: columns, types, levels, matchers, `where`.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local matchers = require("churnlab.policy.matchers")
local quiet = require("churnlab.policy.quiet")
local show = require("churnlab.policy.problems").show

local M = {}

local EXPECTED = {
  f64 = "a number", i64 = "a number", bool = "true or false",
  date = 'a date such as "2026-11-22"', timestamp = 'a timestamp such as "2026-11-22 10:00:00"',
  string = "a text", category = "a text",
}

local TIMES = { date = true, timestamp = true }

-- The value in the column's type, or nil after noting the problem. Levels written as numbers
-- (NumOfProducts = 1 of a category) are texts.
function M.value(context, name, column, value)
  local kind = column.type
  local ok
  if kind == "f64" or kind == "i64" then
    ok = type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
  elseif kind == "bool" then
    ok = type(value) == "boolean"
  else
    if type(value) == "number" then value = ("%.15g"):format(value) end
    ok = type(value) == "string"
      and (not TIMES[kind] or quiet.try(core.column.new, { value }, kind) ~= nil)
  end
  if not ok then
    context:add("%s: expected %s, got %s", name, EXPECTED[kind], show(value))
    return nil
  end
  if column.levels and not column.level_set then
    column.level_set = {}
    for _, level in ipairs(column.levels) do column.level_set[level] = true end
  end
  if column.levels and not column.level_set[value] then
    context:unknown(name, column.kind or "level", value, column.levels)
    return nil
  end
  return value
end

local function check_ordered(context, name, matcher, column)
  local kind = column.type
  if kind ~= "f64" and kind ~= "i64" and not TIMES[kind] then
    context:add("%s: %s: expected a column of numbers or dates, got %s", name, matcher, kind)
    return false
  end
  return true
end

local function count_text(kind)
  if kind.least == kind.most then
    local names = { [0] = "no values", "1 value", "2 values" }
    return names[kind.least]
  end
  return "at least 1 value"
end

-- The matcher's kind and values, or nil after noting the problem.
local function check_matcher(context, name, value)
  if type(value) ~= "table" then return "equals", { value } end
  local kind = matchers.kinds[value.matcher]
  if not kind then
    context:add("%s: expected a value or a matcher such as one_of(…), got %s", name, show(value))
    return nil
  end
  local values = table.move(value, 1, #value, 1, {})
  for key in pairs(value) do
    local whole = math.tointeger(key)
    if key ~= "matcher" and not (whole and whole >= 1 and whole <= #values) then
      context:add("%s: %s: expected plain values, got a hole or a name", name, value.matcher)
      return nil
    end
  end
  if #values < kind.least or #values > kind.most then
    context:add("%s: %s: expected %s, got %d", name, value.matcher, count_text(kind), #values)
    return nil
  end
  return value.matcher, values
end

local function check_reason(context, schema, matcher, values)
  if not matchers.kinds[matcher].reasons then
    context:add('reason: expected top1(…), top2(…) or top3(…) with column names, got %s', matcher)
    return nil
  end
  for _, value in ipairs(values) do
    if type(value) ~= "string" then
      context:add("reason: %s: expected column names, got %s", matcher, show(value))
      return nil
    elseif not schema.columns[value] or value == "churn" or value == "tier" then
      context:unknown("reason: " .. matcher, "column", value, schema.names)
      return nil
    end
  end
  return values
end

local function check_column(context, schema, name, matcher, values)
  local column = schema.columns[name]
  if not column then
    context:unknown("when", "column", name, schema:known())
    return nil
  elseif matchers.kinds[matcher].reasons then
    context:add("%s: %s belongs to reason = %s(…)", name, matcher, matcher)
    return nil
  elseif matchers.kinds[matcher].ordered and not check_ordered(context, name, matcher, column) then
    return nil
  end
  local checked = {}
  for i, value in ipairs(values) do
    checked[i] = M.value(context, name, column, value)
    if checked[i] == nil then return nil end
  end
  if matcher == "between" and checked[1] > checked[2] then
    context:add("%s: between: expected the lower value first, got %s and %s", name,
      show(checked[1]), show(checked[2]))
  end
  return checked
end

local function rank(name)
  return name == "tier" and "1" or name == "churn" and "2" or "3" .. name
end

local function sorted_names(when)
  local names = {}
  for name in pairs(when) do names[#names + 1] = name end
  table.sort(names, function(a, b) return rank(tostring(a)) < rank(tostring(b)) end)
  return names
end

--- Conditions of `when`: a list of { column, matcher, values, text }, tier first, then by name.
function M.when(context, schema, when)
  local conditions = {}
  if type(when) ~= "table" then
    context:add("when: expected a table { column = value }, got %s", show(when))
    return conditions
  end
  for _, name in ipairs(sorted_names(when)) do
    if type(name) ~= "string" then
      context:add("when: expected column = value, got %s", show(when[name]))
    else
      local matcher, values = check_matcher(context, name, when[name])
      if matcher and name == "reason" then
        values = check_reason(context, schema, matcher, values)
      elseif matcher then
        values = check_column(context, schema, name, matcher, values)
      end
      if matcher and values then
        local text = matchers.kinds[matcher].text(matchers.column(name), values)
        conditions[#conditions + 1] = { column = name, matcher = matcher, values = values,
          text = text }
      end
    end
  end
  return conditions
end

--- `where`: checked by the expression language against the schema.
-- @treturn boolean whether it can be used
function M.where(context, schema, text)
  local expr, message = quiet.try(core.expr.parse, text)
  local kind
  if expr then kind, message = quiet.try(core.expr.check, schema.frame, expr) end
  if not kind then
    context:add("where: %s", message)
  elseif expr:is_aggregate() then
    context:add("where: expected a condition on the customer alone, got an aggregate over all rows")
  elseif kind ~= "bool" then
    context:add("where: expected a condition (true or false), got a value of type %s", kind)
  else
    return true
  end
  return false
end

return M
