-- What the verbs of cleaning share: values that go into columns, columns changed one by one.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

function M.is_text(type_name)
  return type_name == "string" or type_name == "category"
end

function M.is_number(type_name)
  return type_name == "f64" or type_name == "i64"
end

-- The type in which values meet a column: its own, or f64 where an integer column gets a number
-- with decimals.
local function meeting_type(type_name, values)
  if type_name == "i64" then
    for _, value in ipairs(values) do
      if math.type(value) == "float" and not math.tointeger(value) then return "f64" end
    end
  end
  return type_name
end

--- A value as messages show it.
function M.show(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

--- A column of values to look for in a column of that type: text is found in both kinds of text.
function M.keys(type_name, values)
  return core.column.new(values, M.is_text(type_name) and "string" or type_name, #values)
end

--- A column of values that go into a column of that type; others raise.
function M.values(type_name, values)
  local wanted = meeting_type(type_name, values)
  for _, value in ipairs(values) do
    local ok = value == core.NA or (wanted == "bool") == (type(value) == "boolean")
    if not (ok and pcall(core.column.new, { value }, wanted, 1)) then
      errors.raise("expected a value of type %s, got %s", type_name, M.show(value))
    end
  end
  return core.column.new(values, wanted, #values)
end

--- The frame with the columns `names` changed by f(column, name), whose errors name the column.
function M.change(frame, where, names, f)
  for _, name in ipairs(names) do
    local column = frame:col(name)
    local changed = errors.within(("%s: column '%s'"):format(where, name), f, column, name)
    if changed ~= column then frame = frame:with_column(name, changed) end
  end
  return frame
end

return M
