-- Nets of one dense layer whose weights are known: a logistic regression, or one answer for all.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

-- weights: one a column, or of classes a list of them for each; intercept: a number, or a list.
local function net_of(weights, intercept)
  local several = type(intercept) == "table"
  local inputs, units = several and #weights[1] or #weights, several and #intercept or 1
  local net = core.net.new({ layers = { { type = "dense", units = units,
    activation = several and "softmax" or "sigmoid" } } }, inputs)
  local names, flat = net:tensors(), several and {} or weights
  for j = 1, several and inputs or 0 do
    for c = 1, units do flat[#flat + 1] = weights[c][j] end
  end
  return net:set_tensor(names[1], flat):set_tensor(names[2], several and intercept or { intercept })
end

--- The net that is a logistic regression on encoded columns.
-- @tparam table part x, y and of several classes `classes`, as churnlab.fit.target labels them
-- @tparam table penalties l2, l1
-- @treturn Net
function M.logistic(part, penalties)
  return net_of(core.logistic.fit(part.x, part.y, { l2 = penalties.l2, l1 = penalties.l1,
    classes = part.classes and #part.classes or nil }):weights())
end

--- The net that gives everybody the same.
-- @tparam integer inputs
-- @tparam number|{number,...} rate of the positive outcome, or of each class
-- @treturn Net
function M.constant(inputs, rate)
  local function zeros()
    local list = {}
    for j = 1, inputs do list[j] = 0 end
    return list
  end
  if type(rate) == "number" then return net_of(zeros(), math.log(rate / (1 - rate))) end
  local weights, logs = {}, {}
  for c, share in ipairs(rate) do weights[c], logs[c] = zeros(), math.log(share) end
  return net_of(weights, logs)
end

return M
