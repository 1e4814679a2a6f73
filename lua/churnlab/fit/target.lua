-- What a net learns to predict, by how it ends: one sigmoid is the probability of the positive
-- value, a softmax one probability for each class of the target.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local L2 = 1 -- of the logistic regression, on standardised columns

-- The layer that ends the net: its head, or the last one.
local function last_layer(spec)
  for _, layer in ipairs(spec.layers) do
    if spec.heads and layer.name == spec.heads[1] then return layer end
  end
  return spec.layers[#spec.layers] or {}
end

--- Whether the net of that spec predicts classes; another end than the two is an error.
-- @tparam table spec of a net
-- @treturn boolean
function M.has_classes(spec)
  local last = last_layer(spec)
  if last.activation == "softmax" and (not last.units or last.units > 1) then return true end
  if last.activation ~= "sigmoid" or last.units and last.units ~= 1 then
    errors.raise("fit: net: expected it to end in :dense(1, { activation = \"sigmoid\" }), or in "
      .. "one unit a class with softmax, got %s",
      last.units and ("%d units with %s"):format(last.units, last.activation or "linear")
      or last.type or "no layer")
  end
  return false
end

--- The labels of a part of the data: 0 and 1, or classes from 0.
-- @tparam table part frame, x; gets `y` and `classes`, their names
-- @tparam boolean classes
-- @tparam[opt] {string,...} names the classes of training
function M.label(part, classes, names)
  if classes then
    part.y, part.classes = part.frame:class_labels(names)
  else
    part.y = part.frame:labels()
  end
end

--- Fails unless the training rows have both outcomes, or as many classes as the net has outputs.
function M.check(part, spec)
  local target = part.frame:roles().target
  if part.classes then
    local units = last_layer(spec).units
    if units and units ~= #part.classes then
      errors.raise("fit: net: expected %d units at its end, one for each class of the target '%s', "
        .. "got %d", #part.classes, target, units)
    end
    return
  end
  local positives = part.y:sum()
  if positives == 0 or positives == #part.frame then
    errors.raise("fit: train: expected both outcomes in the target '%s', got %d positive of %d "
      .. "rows", target, positives, #part.frame)
  end
end

--- The logistic regression on the same columns that stands beside every evaluation.
-- @treturn table weights, intercept, l2; of classes a list of each, one a class
function M.baseline(part)
  local weights, intercept = core.logistic.fit(part.x, part.y,
    { l2 = L2, classes = part.classes and #part.classes or nil }):weights()
  return { weights = weights, intercept = intercept, l2 = L2 }
end

--- How often the positive value, or each class, occurs in training.
-- @treturn table `positives` and `rate` (where a positive value is named), `rates` of classes
function M.shares(part)
  local rows, shares = #part.frame, {}
  if part.classes then
    shares.rates = {}
    for i = 1, #part.classes do shares.rates[i] = 0 end
    for _, class in ipairs(part.y:to_table()) do
      local i = class + 1 | 0
      shares.rates[i] = shares.rates[i] + 1
    end
    for i, count in ipairs(shares.rates) do shares.rates[i] = count / rows end
    if part.frame:roles().positive == nil then return shares end
  end
  local positives = part.classes and part.frame:labels():sum() or part.y:sum()
  shares.positives = math.tointeger(positives) or positives
  shares.rate = positives / rows
  return shares
end

return M
