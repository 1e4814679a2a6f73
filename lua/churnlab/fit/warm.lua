--- Training that starts from a fitted model: its prep is used as it is, its nets' weights are the
-- initial ones; and frozen layers.
-- @module churnlab.fit.warm
-- @local

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

--- The parts of the model to start from.
-- @tparam Model model
-- @tparam ?Prep prep what the script gave; the model's own steps or nil
-- @treturn table prep (fitted), nets, model
function M.parts(model, prep)
  local meta = type(model) == "userdata" and getmetatable(model)
  if not meta or meta.__name ~= "churnlab.Model" then
    errors.raise("fit: option 'warm_start': expected a model, got %s", type(model))
  end
  local parts = model:facts().parts
  if parts and #parts > 1 then
    errors.raise("fit: option 'warm_start': expected a model of one part, got a blend of %d",
      #parts)
  end
  local own, nets = model:part()
  if prep ~= nil then
    local given = core.json.encode(prep:clone():to_table().steps)
    if given ~= core.json.encode(own:clone():to_table().steps) then
      errors.raise("fit: prep: with warm_start the model's own prep is used: expected nil or a "
        .. "prep with the same steps")
    end
  end
  return { prep = own, nets = nets, model = model }
end

--- A model of classes goes on with the same ones.
function M.check_classes(start, classes)
  local own = start.model:facts().classes
  if (own and table.concat(own, ", ")) ~= (classes and table.concat(classes, ", ")) then
    errors.raise("fit: option 'warm_start': expected a target with the classes %s, got %s",
      own and table.concat(own, ", ") or "of one probability",
      classes and table.concat(classes, ", ") or "one probability")
  end
end

-- The layer of a number or name.
local function find(layers, which)
  if math.type(which) == "integer" and layers[which] then return layers[which] end
  local names = {}
  for i, layer in ipairs(layers) do
    names[i] = layer.name or ("%s_%d"):format(layer.type, i)
    if names[i] == which then return layer end
  end
  if type(which) == "string" then errors.unknown("fit: option 'freeze'", "layer", which, names) end
  errors.raise("fit: option 'freeze': expected names or numbers of layers from 1 to %d, got %s",
    #layers, tostring(which))
end

--- A copy of the spec whose named layers are not trained.
-- @tparam table spec
-- @tparam ?table freeze numbers or names of layers
-- @treturn table
function M.freeze(spec, freeze)
  if freeze == nil then return spec end
  local copy = {}
  for name, value in pairs(spec) do copy[name] = value end
  copy.layers = {}
  for i, layer in ipairs(spec.layers) do
    copy.layers[i] = {}
    for name, value in pairs(layer) do copy.layers[i][name] = value end
  end
  for _, which in ipairs(freeze) do find(copy.layers, which).trainable = false end
  return copy
end

return M
