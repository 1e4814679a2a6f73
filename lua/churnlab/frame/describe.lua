-- frame:describe(): one row a column, with the figures that its type has. It reads like a frame
-- (columns column, type, missing, unique, mean, std, min, q25, median, q75, max, top, share, first,
-- last) and prints whole, with the roles: where numbers have their figures, text has its most
-- frequent value and dates the first and the last. Of personal columns it shows no values.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local print_ = require("churnlab.frame.print")

local M = {}

local names = { "column", "type", "missing", "unique", "mean", "std", "min", "q25", "median",
  "q75", "max", "top", "share", "first", "last" }
local types = { column = "string", type = "string", missing = "i64", unique = "i64", top = "string",
  first = "string", last = "string" }
local figures = { "mean", "std", "min", "q25", "median", "q75", "max" }
local NAME_MAX, NAME_MIN = 22, 8 -- places for a name, fewer where figures are wide
local WIDTH = 100

-- The most frequent present value as text, and its share of all rows.
local function most_frequent(frame, name)
  local counts = frame:value_counts(name)
  for i = 1, math.min(#counts, 2) do
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
  elseif personal[name] then
    return
  elseif type_name == "date" or type_name == "timestamp" then
    out.first[i], out.last[i] = column:min(), column:max()
  else
    out.top[i], out.share[i] = most_frequent(frame, name)
  end
end

-- "target Exited = 1 · id CustomerId", or nil.
local function roles_line(roles)
  local parts = {}
  local function add(what, text) if text then parts[#parts + 1] = what .. " " .. text end end
  local positive = roles.positive
  if type(positive) == "table" then positive = table.concat(positive, " or ") end
  add("target", roles.target and roles.target .. (positive and " = " .. positive or ""))
  add("id", roles.id)
  add("time", roles.time)
  add("personal", roles.personal and table.concat(roles.personal, ", "))
  return parts[1] and table.concat(parts, " · ")
end

local function figure_text(x) return x and print_.short(x) or "" end

-- What stands where numbers have their figures.
local function other_text(frame, i)
  local top = frame:col("top")[i]
  local first, last = frame:col("first")[i], frame:col("last")[i]
  if top then return ("%s  %.1f %%"):format(print_.printable(top), 100 * frame:col("share")[i]) end
  return first and first .. " … " .. last or ""
end

local function add_column(lines, title, cells, right)
  local width = print_.width(title)
  for _, cell in ipairs(cells) do width = math.max(width, print_.width(cell)) end
  lines[1] = lines[1] .. print_.pad(title, width, right) .. "  "
  lines[2] = lines[2] .. ("─"):rep(width) .. "  "
  for i, cell in ipairs(cells) do
    lines[i + 2] = lines[i + 2] .. print_.pad(cell, width, right) .. "  "
  end
end

local function cells_of(frame, name, n, text)
  local cells = {}
  for i = 1, n do cells[i] = text(frame:col(name)[i]) end
  return cells
end

-- The figures of numbers; in the same place, cut to its width, what other types have.
local function append_figures(lines, frame)
  local before = {}
  for i = 1, #frame do before[i] = lines[i + 2] end
  local start = print_.width(lines[2])
  for _, figure in ipairs(figures) do
    add_column(lines, figure, cells_of(frame, figure, #frame, figure_text), true)
  end
  local room = print_.width(lines[2]) - start - 2
  for i = 1, #frame do
    if frame:col("mean")[i] == nil then
      lines[i + 2] = before[i] .. print_.cut(other_text(frame, i), room)
    end
  end
end

local function text_of(frame, roles, places)
  local lines = { " ", " " }
  for i = 1, #frame do lines[i + 2] = " " end
  add_column(lines, "column", cells_of(frame, "column", #frame, function(name)
    return print_.cut(print_.printable(name), places)
  end))
  add_column(lines, "type", cells_of(frame, "type", #frame, tostring))
  add_column(lines, "missing", cells_of(frame, "missing", #frame, tostring), true)
  add_column(lines, "unique", cells_of(frame, "unique", #frame, tostring), true)
  append_figures(lines, frame)
  local excess = print_.width(lines[2]) - 2 - WIDTH
  if excess > 0 and places > NAME_MIN then
    return text_of(frame, roles, math.max(NAME_MIN, places - excess))
  end
  for i, line in ipairs(lines) do lines[i] = line:gsub("%s+$", "") end
  lines[#lines + 1] = roles and " " .. roles
  return table.concat(lines, "\n")
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
  local line = roles_line(roles)
  return require("churnlab.frame.whole").new(core.frame.new(names, columns),
    function(figures_frame) return text_of(figures_frame, line, NAME_MAX) end)
end

return M
