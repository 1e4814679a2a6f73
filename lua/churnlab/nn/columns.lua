-- Layers that name columns: names become positions once the encoded columns are known.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

local function positions_of(names)
  local positions = {}
  for i, name in ipairs(names) do positions[name] = i end
  return positions
end

-- Those whose names do not begin with one of the words and an underscore.
local function others(names, words)
  local list = {}
  for i, name in ipairs(names) do
    local belongs = false
    for _, word in ipairs(words) do belongs = belongs or name:find(word .. "_", 1, true) == 1 end
    if not belongs then list[#list + 1] = i end
  end
  return list
end

-- A copy of the layer; `find` gives the position of a name.
local function place(layer, names, find)
  local copy = {}
  for option, value in pairs(layer) do copy[option] = value end
  local without = layer.columns.without
  if without then
    copy.columns = others(names, type(without) == "table" and without or { without })
  else
    copy.columns = {}
    for i, column in ipairs(layer.columns) do copy.columns[i] = find(column) end
  end
  if layer.length ~= nil then copy.length = find(layer.length) end
  return copy
end

local function each(spec, change)
  local copy = {}
  for key, value in pairs(spec) do copy[key] = value end
  copy.layers = {}
  for i, layer in ipairs(spec.layers) do
    copy.layers[i] = type(layer.columns) == "table" and change(layer) or layer
  end
  return copy
end

--- The spec with positions instead of names.
-- @tparam table spec
-- @tparam {string,...} names the encoded columns
-- @tparam string where starts messages
-- @treturn table
-- @raise a name that is no encoded column, with a suggestion
function M.resolve(spec, names, where)
  local positions = positions_of(names)
  local function find(column)
    if type(column) ~= "string" then return column end
    return positions[column] or errors.unknown(where, "encoded column", column, names)
  end
  return each(spec, function(layer) return place(layer, names, find) end)
end

--- The spec with any positions, for printing it before the columns are known.
-- @tparam table spec
-- @tparam integer inputs
-- @treturn table
function M.guess(spec, inputs)
  local names = {}
  for i = 1, inputs do names[i] = "" end
  local function find(column) return type(column) == "string" and 1 or column end
  return each(spec, function(layer) return place(layer, names, find) end)
end

return M
