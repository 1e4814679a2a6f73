-- frame:describe(): one row a column, with the figures that its type has. It reads like a frame
-- (columns column, type, missing, unique, mean, std, min, q25, median, q75, max, top, share; dates
-- have no figures but their counts) and prints whole.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}
local Description = { __name = "churnlab.Description" } -- self[1] = the frame of figures

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

local function fill(frame, name, i, out)
  local column = frame:col(name)
  local type_name = column:type()
  out.column[i], out.type[i] = name, type_name
  out.missing[i], out.unique[i] = column:missing(), column:n_distinct()
  if type_name == "f64" or type_name == "i64" then
    local summary = column:summary()
    for _, figure in ipairs(figures) do out[figure][i] = summary[figure] end
  elseif type_name ~= "date" and type_name ~= "timestamp" then
    out.top[i], out.share[i] = most_frequent(frame, name)
  end
end

function M.new(frame)
  local out, columns, list = {}, {}, frame:columns()
  for _, name in ipairs(names) do out[name] = {} end
  for i, name in ipairs(list) do fill(frame, name, i, out) end
  for i, name in ipairs(names) do
    columns[i] = core.column.new(out[name], types[name] or "f64", #list)
  end
  return setmetatable({ core.frame.new(names, columns) }, Description)
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
  return table.concat(lines, "\n")
end

return M
