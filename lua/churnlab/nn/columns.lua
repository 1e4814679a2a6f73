-- Layers that name columns: names become positions once the prep is fitted.
--
-- A name is an encoded column ("Gender=Male", "Age#3", "Tenure"), or in the lists of `columns` and
-- `piecewise_linear` a raw one, which stands for all that was made of it. What the prep knows
-- besides fills in `groups = "columns"` of TabM's layers and the levels of embeddings.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local lua_layers = require("churnlab.nn.lua_layers")

local M = {}

local function copy_of(t)
  local copy = {}
  for key, value in pairs(t) do copy[key] = value end
  return copy
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

-- ---- places: how names are found. `one` gives a position, `all` a list of them ----

-- Columns that piecewise ("Age#1") and onehot ("Gender=Male") made, or any step (lineage).
local function made_of(name, prep_names, lineage)
  local list, related = {}, {}
  for i, encoded in ipairs(prep_names) do
    local mark = encoded:sub(#name + 1, #name + 1)
    if encoded:sub(1, #name) == name and (mark == "#" or mark == "=") then list[#list + 1] = i end
    for _, raw in ipairs(lineage[encoded] or {}) do
      if raw == name then related[#related + 1] = i break end
    end
  end
  return #list > 0 and list or related
end

local function places_of(prep, where)
  local names, lineage = prep:encoded_names(), prep:lineage()
  local positions = {}
  for i, name in ipairs(names) do positions[name] = i end
  local places = { prep = prep, names = names, lineage = lineage, where = where }
  function places.one(column)
    if type(column) ~= "string" then return column end
    return positions[column] or errors.unknown(where, "encoded column", column, names)
  end
  function places.all(column)
    if type(column) ~= "string" then return { column } end
    if positions[column] then return { positions[column] } end
    local made = made_of(column, names, lineage)
    if #made == 0 then
      local raw = prep:raw_names()
      errors.unknown(where, "column", column, table.move(names, 1, #names, #raw + 1, raw))
    end
    return made
  end
  return places
end

-- Any positions, before the columns are known.
local function guessed(inputs)
  local names = {}
  for i = 1, inputs do names[i] = "" end
  local function one(column) return type(column) == "string" and 1 or column end
  return { names = names, one = one, all = function(column) return { one(column) } end }
end

-- ---- one kind of layer each: function(copy of the layer, places, source) ----

local kinds = {}

function kinds.sequence(layer, places)
  local columns = {}
  for i, column in ipairs(layer.columns) do columns[i] = places.one(column) end
  layer.columns, layer.length = columns, places.one(layer.length)
end

local function all_of(list, places)
  local found = {}
  for _, column in ipairs(type(list) == "table" and list or { list }) do
    for _, at in ipairs(places.all(column)) do found[#found + 1] = at end
  end
  return found
end

function kinds.columns(layer, places)
  if type(layer.columns) ~= "table" then return end -- the core says what is wrong
  local without = layer.columns.without
  if without then
    layer.columns = others(places.names, type(without) == "table" and without or { without })
  else
    layer.columns = all_of(layer.columns, places)
  end
end

function kinds.piecewise_linear(layer, places)
  if type(layer.groups) ~= "table" then return end -- the core says what is wrong
  local groups = {}
  for i, group in ipairs(layer.groups) do groups[i] = all_of(group, places) end
  layer.groups = groups
end

-- Sizes of the runs of neighbours that come from the same raw columns.
local function runs(places, positions)
  local sizes, before = {}, nil
  for i = 1, positions and #positions or #places.names do
    local name = places.names[positions and positions[i] or i]
    local raw = places.lineage and table.concat(places.lineage[name] or { name }, "\0")
    if i > 1 and raw == before then
      sizes[#sizes] = sizes[#sizes] + 1
    else
      sizes[#sizes + 1] = 1
    end
    before = raw
  end
  return sizes
end

function kinds.copies(layer, places, source)
  if layer.groups == "columns" then layer.groups = runs(places, source and source.columns) end
end
kinds.batch_ensemble = kinds.copies

-- How many levels the ordinal step of an encoded column has; later steps would change its codes.
local function levels_of(places, name)
  local count
  for _, step in ipairs(places.prep:to_table().steps) do
    for i, column in ipairs(step.state and step.state.columns or {}) do
      if column == name and count then
        errors.raise("%s: embedding: column '%s': prep:%s changes its codes: put ordinal after it",
          places.where, name, step.step)
      elseif column == name and step.step == "ordinal" then
        count = #step.state.levels[i]
      end
    end
  end
  return count or errors.raise("%s: embedding: column '%s': expected codes of prep:ordinal, or the "
    .. "option 'levels'", places.where, name)
end

function kinds.embedding(layer, places, source)
  if layer.levels ~= nil then return end
  layer.levels = {}
  for i = 1, source and #source.columns or #places.names do
    local name = places.names[source and source.columns[i] or i]
    layer.levels[i] = places.prep and levels_of(places, name) or 1
  end
end

-- ---- layers written in Lua: their sizes follow from what they read ----

-- Numbers in a row of what layer i reads.
local function width_read(layers, i, inputs)
  local from = layers[i].from
  local name = type(from) == "table" and from[1] or from
  if i == 1 or name == "input" then return inputs end
  local shapes = core.net.shapes({ layers = table.move(layers, 1, i - 1, 1, {}) }, inputs)
  for k = 1, i - 1 do
    if shapes[k].name == name then return shapes[k].width end
  end
  return shapes[i - 1].width
end

-- ---- specs ----

-- The `columns` layer that layer i reads, as it is after this; nil = something else.
local function source_of(layers, i, by_name)
  local from = layers[i].from
  local name = type(from) == "table" and from[1] or from
  local source = from == nil and layers[i - 1] or by_name[name]
  return source and source.type == "columns" and source or nil
end

local function resolve(spec, places)
  local copy, by_name = copy_of(spec), {}
  copy.layers = {}
  for i, layer in ipairs(spec.layers) do
    layer = copy_of(layer)
    copy.layers[i] = layer
    local change = kinds[layer.type]
    if layer.type == "lua" then
      lua_layers.declare(layer, width_read(copy.layers, i, #places.names))
    end
    if change then change(layer, places, source_of(copy.layers, i, by_name)) end
    if layer.name then by_name[layer.name] = layer end
  end
  return copy
end

--- The spec with positions instead of names.
-- @tparam table spec
-- @tparam Prep prep fitted
-- @tparam string where starts messages
-- @treturn table
-- @raise a name that is no column, with a suggestion
function M.resolve(spec, prep, where)
  return resolve(spec, places_of(prep, where))
end

--- The spec with any positions, for printing it before the columns are known.
-- @tparam table spec
-- @tparam integer inputs
-- @treturn table
function M.guess(spec, inputs)
  return resolve(spec, guessed(inputs))
end

return M
