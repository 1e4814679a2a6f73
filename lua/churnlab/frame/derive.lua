-- New columns and conditions: from expressions, functions of a row, columns and lists; over the
-- whole frame, or over groups and an order (`over`, from core.expr.over).
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local row_view = require("churnlab.frame.row")

local M = {}

local function map_rows(frame, f)
  local list = {}
  for i = 1, #frame do list[i] = f(row_view.new(frame, i)) end
  return list
end

local function is_column(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Column"
end

local function make_column(frame, name, what, over)
  if is_column(what) then return what end
  local kind = type(what)
  if kind == "string" or kind == "userdata" then return core.expr.eval(frame, what, over) end
  if kind == "function" then what, kind = map_rows(frame, what), "table" end
  if kind ~= "table" then
    errors.raise("derive: %s: expected an expression, a function, a column or a list, got a %s",
      name, kind)
  end
  local ok, column = pcall(core.column.new, what, nil, #frame)
  if not ok then errors.raise("derive: %s: %s", name, (tostring(column):gsub("^.-:%d+: ", ""))) end
  return column
end

--- What `Frame:derive` and `Group:derive` do.
function M.derive(frame, columns, over)
  if type(columns) ~= "table" then
    errors.raise("derive: expected a table of columns, got a %s", type(columns))
  end
  local names, result = {}, frame
  for name in pairs(columns) do
    if type(name) ~= "string" then
      errors.raise("derive: expected a name for each column, got %s", tostring(name))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    result = result:with_column(name, make_column(frame, name, columns[name], over))
  end
  return result
end

--- What `Frame:filter` and `Group:filter` do.
function M.filter(frame, condition, over)
  if type(condition) == "function" then
    local keep = {}
    for i, value in pairs(map_rows(frame, condition)) do keep[i] = value and true or false end
    for i = 1, #frame do keep[i] = keep[i] or false end
    return frame:filter_by(core.column.new(keep, "bool", #frame))
  elseif is_column(condition) then
    return frame:filter_by(condition)
  elseif type(condition) ~= "string" and type(condition) ~= "userdata" then
    errors.raise("filter: expected an expression, a function or a column, got a %s",
      type(condition))
  end
  return frame:filter_by(core.expr.eval(frame, condition, over))
end

return M
