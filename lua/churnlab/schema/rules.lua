-- What a column's specification forbids, as conditions over the column `x` that are true for the
-- cells at fault. A missing cell is at fault only where it may not be missing.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local matchers = require("churnlab.policy.matchers")
local show = require("churnlab.policy.problems").show

local M = {}

local SHOWN = 8 -- levels in a message

local EXPECTED = { f64 = "a number", i64 = "an integer", bool = "true or false", string = "text",
  category = "text", date = "a date such as ", timestamp = "a timestamp such as " }

--- What a message says that a cell of the column should be.
function M.expected_type(spec)
  local text = EXPECTED[spec.type]
  if spec.type ~= "date" and spec.type ~= "timestamp" then return text end
  local format = spec.format or (spec.type == "date" and "%Y-%m-%d" or "%Y-%m-%d %H:%M:%S")
  local one = core.frame.new({ "x" }, { core.column.new({ 1 }) })
  local example = core.expr.eval(one, ("format_time('2026-11-22 10:00:00', %s)")
    :format(matchers.quote(format)))
  return text .. example[1]
end

local function levels_text(levels)
  local shown = table.concat(levels, ", ", 1, math.min(#levels, SHOWN))
  return #levels > SHOWN and ("%s … (%d)"):format(shown, #levels) or shown
end

local function range_rule(spec)
  local from, to = spec.from, spec.to
  if from == nil and to == nil then return nil end
  local parts = {}
  if from ~= nil then parts[#parts + 1] = "x < " .. matchers.literal(from) end
  if to ~= nil then parts[#parts + 1] = "x > " .. matchers.literal(to) end
  local text = from == nil and "at most " .. show(to) or to == nil and "at least " .. show(from)
    or ("from %s to %s"):format(show(from), show(to))
  return { kind = "range", text = table.concat(parts, " or "), expected = (text:gsub('"', "")) }
end

local function levels_rule(spec)
  local literals = {}
  for i, level in ipairs(spec.levels) do literals[i] = matchers.quote(level) end
  return { kind = "level", text = ("not one_of(x, %s)"):format(table.concat(literals, ", ")),
    expected = "one of " .. levels_text(spec.levels), levels = spec.levels }
end

local function length_rule(spec)
  local least, most = spec.length[1], spec.length[2]
  return { kind = "length", text = ("len(x) < %d or len(x) > %d"):format(least, most),
    expected = ("%d to %d characters"):format(least, most) }
end

--- The rules of a column, in the order in which they are tried.
-- @treturn {table,...} { kind, text, expected, levels }
function M.of(spec)
  local list = {}
  if not spec.missing then
    list[1] = { kind = "missing", text = "is_na(x)", expected = "a value" }
  end
  list[#list + 1] = range_rule(spec)
  list[#list + 1] = spec.levels and levels_rule(spec) or nil
  list[#list + 1] = spec.length and length_rule(spec) or nil
  if spec.pattern then
    list[#list + 1] = { kind = "pattern", expected = "text like " .. show(spec.pattern),
      text = ("not matches(x, %s)"):format(matchers.quote(spec.pattern)) }
  end
  return list
end

return M
