-- frame:describe(): one row a column, with the figures that its type has. It reads like a frame
-- (columns column, type, missing, unique, mean, std, min, q25, median, q75, max, top, share; dates
-- have no figures but their counts, personal columns no values) and prints whole, with the roles.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}
local Description = { __name = "churnlab.Description" } -- [1] the frame of figures, [2] its roles

local names = { "column", "type", "missing", "unique", "mean", "std", "min", "q25", "median",
  "q75", "max", "top", "share" }
local types = {
  column = "string", type = "string", missing = "i64", unique = "i64", top = "string",
}
local figures = { "mean", "std", "min", "q25", "median", "q75", "max" }

-- The most frequent present value as text, and its share of all rows.
local function most_frequent(frame, name)
  local counts = frame:value_counts(name)
  for i = 1, #counts do
    local value = counts.value[i]
    if value ~= nil then return tostring(value), counts.share[i] end
  end
end

local function fill(frame, name, i, out, personal)
  local column = frame:col(name)
  local type_name = column:type()
  out.column[i], out.type[i] = name, type_name
  out.missing[i], out.unique[i] = column:missing(), column:n_distinct()
  if type_name == "f64" or type_name == "i64" then
    local summary = column:summary()
    for _, figure in ipairs(figures) do out[figure][i] = summary[figure] end
  elseif type_name ~= "date" and type_name ~= "timestamp" and not personal[name] then
    out.top[i], out.share[i] = most_frequent(frame, name)
  end
end

-- "target Exited = 1 · id CustomerId", or nil.
local function roles_line(roles)
  local parts = {}
  local function add(what, text) if text then parts[#parts + 1] = what .. " " .. text end end
  add("target", roles.target and roles.target .. (roles.positive and " = " .. roles.positive or ""))
  add("id", roles.id)
  add("time", roles.time)
  add("personal", roles.personal and table.concat(roles.personal, ", "))
  return parts[1] and table.concat(parts, " · ")
end

function M.new(frame)
  local out, columns, list = {}, {}, frame:columns()
  for _, name in ipairs(names) do out[name] = {} end
  local roles, personal = frame:roles(), {}
  for _, name in ipairs(roles.personal or {}) do personal[name] = true end
  for i, name in ipairs(list) do fill(frame, name, i, out, personal) end
  for i, name in ipairs(names) do
    columns[i] = core.column.new(out[name], types[name] or "f64", #list)
  end
  return setmetatable({ core.frame.new(names, columns), roles_line(roles) }, Description)
end

--- The plain Frame of the figures.
local function as_frame(self) return self[1] end

-- Methods of the frame work on the description.
function Description:__index(key)
  local frame = rawget(self, 1)
  if key == "frame" then return as_frame end
  local value = frame[key]
  if type(value) ~= "function" then return value end
  return function(_, ...) return value(frame, ...) end
end

function Description:__len() return #self[1] end

function Description:__tostring()
  local lines = require("churnlab.frame.print").table_lines(self[1], { all = true, blank = true })
  local roles = rawget(self, 2)
  lines[#lines + 1] = roles and " " .. roles
  return table.concat(lines, "\n")
end

return M
