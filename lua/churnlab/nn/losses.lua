--- Losses for cl.fit: `loss = nn.focal {}`, or one for each head of a net by its name,
-- `loss = { churn = nn.bce(), reason = nn.cross_entropy { weight = 0.5 } }`.
-- They are computed from logits, so that they never overflow. A batch costs the mean over its rows
-- of class weight · sample weight · loss; validation leaves out class weights and smoothing.
-- Every loss has the option `weight` (1): what it counts beside those of other heads.
-- @module churnlab.nn.losses

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local part = require("churnlab.nn.part").new

local M = {}

--- Binary cross-entropy of one unit with sigmoid: log(1 + exp(z)) - y·z.
-- @function nn.bce
-- @tparam[opt] table options `class_weight` ("balanced": n/(2·n_class), or `{ w0, w1 }`);
-- `label_smoothing` e from 0 to 1: y becomes y·(1 - e) + e/2 (Szegedy et al. 2016); `weight`
-- @treturn table
-- @usage nn.bce { class_weight = "balanced" }
function M.bce(options) return part("loss", "bce", "bce", options) end

--- Cross-entropy of two or more classes, for a head with softmax.
-- @function nn.cross_entropy
-- @tparam[opt] table options `class_weight` ("balanced" or one number a class), `label_smoothing`,
-- `weight`
-- @treturn table
-- @usage nn.cross_entropy { label_smoothing = 0.05 }
function M.cross_entropy(options)
  return part("loss", "cross_entropy", "cross_entropy", options)
end

--- Focal loss (Lin et al. 2017), -(1 - p)^gamma · log p with p the probability of the row's class:
-- rows that are easy count little. Its minimum is not at the true probabilities, so calibrate the
-- model. For one unit with sigmoid, or softmax over classes.
-- @function nn.focal
-- @tparam[opt] table options `gamma` (2; 0 is cross-entropy); `alpha` (one unit only): factor alpha
-- for label 1 and 1 - alpha for 0; `class_weight`, `weight`
-- @treturn table
-- @usage nn.focal { gamma = 1.5, class_weight = "balanced" }
function M.focal(options) return part("loss", "focal", "focal", options) end

--- Mean squared error of one or several numbers: the mean over the units of (z - y)².
-- @function nn.mse
-- @tparam[opt] table options `weight`
-- @treturn table
-- @usage nn.mse { weight = 0.1 }
function M.mse(options) return part("loss", "mse", "mse", options) end

--- Hinge loss of one unit, max(0, 1 - s·z) with s = 1 for label 1 and -1 for 0. After a sigmoid
-- its scores order the rows; they are probabilities once the model is calibrated.
-- @function nn.hinge
-- @tparam[opt] table options `squared` (false): its square; `class_weight`, `weight`
-- @treturn table
-- @usage nn.hinge { squared = true }
function M.hinge(options) return part("loss", "hinge", "hinge", options) end

--- Discrete-time hazard (Gensheimer & Narasimhan 2019), for a head with a sigmoid a period: unit j
-- is the probability of the event in period j, given that none came before. Its label is two
-- columns, period and event: with event 1 it came in that period, from 1 on; with event 0 so many
-- whole periods passed without it. `core.net.survival` turns hazards into survival curves.
-- @function nn.hazard
-- @tparam[opt] table options `weight`
-- @treturn table
-- @usage nn.hazard { weight = 0.5 }
function M.hazard(options) return part("loss", "hazard", "hazard", options) end

--- A loss written in Lua. It gets one batch and gives the sum over its rows of weight · loss, and
-- the gradient of that sum by the logits. It runs on the thread that called `cl.fit`, whatever the
-- number of threads; an error in it ends training and is raised there. Training's first batch
-- compares the gradient with finite differences.
-- @function nn.lua_loss
-- @tparam function f `f(z, y, w)`: z is a Matrix of logits, rows × units; y the list of labels, or
-- a Matrix when there are several columns of them; w the list of weights. Returns a number and a
-- Matrix or a list with a list a row; for one unit a list of numbers will do
-- @tparam[opt] table options `check` (true): the comparison; `labels` (1): columns of labels;
-- `classes`: labels are whole numbers from 0 below it, for messages and, with 2, `val_auc`;
-- `weight`
-- @treturn table
-- @usage
-- local brier = nn.lua_loss(function(z, y, w)
--   local sum, gradient = 0, {}
--   for i, logit in ipairs(z:column(1)) do
--     local p = 1 / (1 + math.exp(-logit))
--     sum = sum + w[i] * (p - y[i]) ^ 2
--     gradient[i] = w[i] * 2 * (p - y[i]) * p * (1 - p)
--   end
--   return sum, gradient
-- end, { classes = 2 })
-- cl.fit(cl.prep():impute():onehot():scale(), nn.sequential():dense(1, {
--   activation = "sigmoid" }), train, { loss = brier, epochs = 1 })
function M.lua_loss(f, options)
  if type(f) ~= "function" then
    errors.raise("lua_loss: expected a function, got a %s", type(f))
  end
  local result = part("loss", "lua", "lua_loss", options)
  result.call = f
  return result
end

return M
