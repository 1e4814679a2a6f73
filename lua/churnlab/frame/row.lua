-- A row of a frame: row.Age reads one cell; pairs(row) gives names and values in the frame's order;
-- row:frame() is the frame of this row alone. A column hides a method of the same name.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}
local Row = { __name = "churnlab.Row" } -- self[1] = the frame, self[2] = the row's number
local methods = {}

--- The frame that holds this row alone.
function methods:frame()
  return self[1]:slice(self[2], self[2])
end

--- The row's number in its frame.
function methods:index()
  return self[2]
end

--- The names of the columns.
function methods:columns()
  return self[1]:columns()
end

--- { name = value }; missing cells are nil or `na`.
function methods:to_table(na)
  local values = {}
  for name, value in pairs(self) do
    if value == nil then value = na end
    values[name] = value
  end
  return values
end

function Row:__index(name)
  local frame = rawget(self, 1)
  if type(name) == "string" and frame:has(name) then return frame:cell(rawget(self, 2), name) end
  local method = methods[name]
  if method then return method end
  errors.unknown("row", "column", name, frame:columns())
end

function Row:__newindex(name)
  errors.raise("row: a row cannot be changed (derive makes a frame with another '%s')",
    tostring(name))
end

function Row:__pairs()
  local names, i = self[1]:columns(), 0
  return function()
    i = i + 1
    if names[i] then return names[i], self[1]:cell(self[2], names[i]) end
  end
end

function Row:__tostring()
  local parts = {}
  for name, value in pairs(self) do
    local shown = value == nil and "NA" or tostring(value)
    if type(value) == "string" then shown = ("%q"):format(value) end
    parts[#parts + 1] = name .. "=" .. shown
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function M.new(frame, i)
  return setmetatable({ frame, i }, Row)
end

function M.is_row(value)
  return getmetatable(value) == Row
end

return M
