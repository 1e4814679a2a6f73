-- Matchers: what a column's value is compared with. Each knows how many values it takes, for
-- which types it makes sense, its text in the expression language and its text for people.
-- SPDX-License-Identifier: MIT
local show = require("churnlab.policy.problems").show

local M = {}

--- A text as a literal of the expression language.
function M.quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ("\\%03d"):format(c:byte()) end) .. '"'
end

local WORDS = { ["and"] = true, ["or"] = true, ["not"] = true, ["true"] = true,
  ["false"] = true, ["nil"] = true }

--- A column's name as the expression language writes it.
function M.column(name)
  if name:match("^[%a_][%w_]*$") and not WORDS[name] then return name end
  return "[[" .. name .. "]]"
end

--- A value as a literal of the expression language.
function M.literal(value)
  if type(value) == "string" then return M.quote(value) end
  if math.type(value) == "float" then return ("%.17g"):format(value) end
  return tostring(value)
end

local function each(values, f, separator)
  local parts = {}
  for i, value in ipairs(values) do parts[i] = f(value) end
  return table.concat(parts, separator)
end

local function comparison(sign)
  return {
    least = 1, most = 1, ordered = true,
    text = function(column, values)
      return ("%s %s %s"):format(column, sign, M.literal(values[1]))
    end,
    needs = function(values) return sign .. " " .. show(values[1]) end,
  }
end

local function top(k)
  return {
    least = 1, most = math.huge, reasons = k,
    text = function(_, values)
      local names, parts = each(values, M.quote, ", "), {}
      for i = 1, k do
        parts[i] = ("one_of(reason_%d, %s)"):format(i, names)
      end
      return k > 1 and "(" .. table.concat(parts, " or ") .. ")" or parts[1]
    end,
    needs = function(values)
      local names = each(values, tostring, " or ")
      return k == 1 and names .. " as the first" or ("%s among the first %d"):format(names, k)
    end,
  }
end

--- name → { least, most = number of values; ordered = numbers and dates only; reasons = depth;
-- text(column, values) = expression, needs(values) = for people }
M.kinds = {
  equals = {
    least = 1, most = 1,
    text = function(column, values)
      return ("%s == %s"):format(column, M.literal(values[1]))
    end,
    needs = function(values) return show(values[1]) end,
  },
  at_least = comparison(">="),
  at_most = comparison("<="),
  above = comparison(">"),
  below = comparison("<"),
  between = {
    least = 2, most = 2, ordered = true,
    text = function(column, values)
      local low, high = M.literal(values[1]), M.literal(values[2])
      return ("%s >= %s and %s <= %s"):format(column, low, column, high)
    end,
    needs = function(values) return ("%s to %s"):format(show(values[1]), show(values[2])) end,
  },
  one_of = {
    least = 1, most = math.huge,
    text = function(column, values)
      return ("one_of(%s, %s)"):format(column, each(values, M.literal, ", "))
    end,
    needs = function(values) return each(values, show, " or ") end,
  },
  not_one_of = {
    least = 1, most = math.huge,
    text = function(column, values)
      return ("not one_of(%s, %s)"):format(column, each(values, M.literal, ", "))
    end,
    needs = function(values) return "not " .. each(values, show, " or ") end,
  },
  missing = {
    least = 0, most = 0,
    text = function(column) return ("is_na(%s)"):format(column) end,
    needs = function() return "no value" end,
  },
  present = {
    least = 0, most = 0,
    text = function(column) return ("not is_na(%s)"):format(column) end,
    needs = function() return "a value" end,
  },
  top1 = top(1),
  top2 = top(2),
  top3 = top(3),
}

return M
