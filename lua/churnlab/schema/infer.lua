-- A starter schema from a frame: types, roles, ranges and levels as they are there.
-- SPDX-License-Identifier: MIT
local quote = require("churnlab.policy.matchers").quote

local M = {}

local LEVELS_MAX = 50

local function number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  local text = ("%.15g"):format(value)
  return tonumber(text) == value and text or ("%.17g"):format(value)
end

local function levels_text(levels)
  local texts = {}
  for i, level in ipairs(levels) do texts[i] = quote(level) end
  return "{ " .. table.concat(texts, ", ") .. " }"
end

-- Ranges and levels: what the values are. Personal columns and ids have none.
local function add_values(parts, column)
  local kind, levels = column:type(), column:levels()
  if kind == "f64" or kind == "i64" then
    parts[#parts + 1] = ("from = %s, to = %s"):format(number(column:min()), number(column:max()))
  elseif kind == "date" or kind == "timestamp" then
    parts[#parts + 1] = ("from = %s, to = %s"):format(quote(column:min()), quote(column:max()))
  elseif levels and #levels > 0 and #levels <= LEVELS_MAX then
    parts[#parts + 1] = "levels = " .. levels_text(levels)
  end
end

local function column_line(name, column, role, positive)
  local parts = { ("type = %s"):format(quote(column:type())) }
  if role then parts[2] = ("role = %s"):format(quote(role)) end
  if role == "target" and positive then
    parts[#parts + 1] = "positive = " .. (type(positive) == "table" and levels_text(positive)
      or quote(positive))
  end
  local present = column:n_distinct()
  if present > 0 and column:missing() == 0 then parts[#parts + 1] = "missing = false" end
  if role == "id" and present == #column - column:missing() then
    parts[#parts + 1] = "unique = true"
  end
  if present > 0 and role ~= "id" and role ~= "personal" then add_values(parts, column) end
  return ("column %s { %s }"):format(quote(name), table.concat(parts, ", "))
end

local function role_of(roles)
  local by_name = {}
  for _, name in ipairs(roles.personal or {}) do by_name[name] = "personal" end
  for _, role in ipairs { "time", "id", "target" } do
    if roles[role] then by_name[roles[role]] = role end
  end
  return by_name
end

--- The text of a schema that the frame fits.
function M.text(frame, name)
  local roles = frame:roles()
  local by_name = role_of(roles)
  local lines = {
    "-- A starter, written from data: ranges and levels are those that occur there. Widen them to",
    "-- what may occur, and add checks such as: check \"dates in order\" \"start <= stop\"",
    ("schema %s { version = \"1\" }"):format(quote(name)), "",
  }
  for _, column in ipairs(frame:columns()) do
    lines[#lines + 1] = column_line(column, frame:col(column), by_name[column], roles.positive)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = 'others "allow"'
  return table.concat(lines, "\n") .. "\n"
end

return M
