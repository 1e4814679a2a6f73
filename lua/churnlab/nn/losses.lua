--- Losses for cl.fit: `loss = nn.focal {}`, or one for each head of a net by its name,
-- `loss = { churn = nn.bce(), reason = nn.cross_entropy { weight = 0.5 } }`.
-- They are computed from logits, so that they never overflow. A batch costs the mean over its rows
-- of class weight · sample weight · loss; validation leaves out class weights and label smoothing.
-- Every loss has the option `weight` (1): what it counts beside those of other heads.
-- @module churnlab.nn.losses

-- SPDX-License-Identifier: MIT
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

return M
