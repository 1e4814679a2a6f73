--- One model from the models of the folds: blends and stacks weighed by out-of-fold predictions.
-- @module churnlab.crossval

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local ROUNDS, L2 = 50, 1

local function check(compared, where)
  for _, name in ipairs(compared.names) do
    if not compared:model(name).fold_models then
      errors.raise("%s: the models were not kept: cl.crossval(…, { keep_models = true })", where)
    end
  end
  if compared.repeats > 1 then
    errors.raise("%s: expected folds without repeats, got %d", where, compared.repeats)
  end
end

-- Each name's out-of-fold probabilities.
local function predictions(compared)
  local list = {}
  for i, name in ipairs(compared.names) do
    list[i] = compared:predictions(compared:model(name))
  end
  return list
end

-- The fold models of each name with its weight in equal shares.
local function parts(compared, weights, where)
  local models, shares = {}, {}
  for i, name in ipairs(compared.names) do
    local folds = compared:model(name).fold_models
    for _, model in ipairs(weights[i] ~= 0 and folds or {}) do
      if type(model) == "function" then
        errors.raise("%s: '%s' is a function, no model that could be part of one", where, name)
      end
      models[#models + 1], shares[#shares + 1] = model, weights[i] / #folds
    end
  end
  return models, shares
end

local function describe(compared, joined, models, weights, kind)
  require("churnlab.blend").describe(joined, models)
  local named = {}
  for i, name in ipairs(compared.names) do named[name] = weights[i] end
  local training = joined:metadata().training or {}
  training.mix, training.weights = kind, named
  joined:metadata("training", training)
  return joined, named
end

--- @type Crossval

--- A model that gives the weighted mean of the models of all folds. The weights come from greedy
-- selection on the log loss of the out-of-fold predictions (Caruana et al. 2004); what does not
-- help is left out.
-- @function Crossval:blend
-- @tparam[opt] table options `rounds` (50)
-- @treturn Model
-- @treturn {[string]=number} the weights
-- @raise without `keep_models`; with repeats; a model that is a function
-- @usage local model, weights = compared:blend { rounds = 20 }
-- print(weights.net, model:score(test:row(1)).churn)
function M.blend(self, options)
  options = errors.options("blend", options, { rounds = "number" })
  check(self, "blend")
  local weights = self.outcomes:blend(self:labels(), predictions(self), options.rounds or ROUNDS)
  local models, shares = parts(self, weights, "blend")
  local joined = core.model.join(models, { weights = shares, background = self.frame,
    seed = self.seed })
  return describe(self, joined, models, weights, "blend")
end

local function logit(p)
  p = math.min(math.max(p, 2.0 ^ -52), 1 - 2.0 ^ -52)
  return math.log(p) - math.log(1 - p)
end

local function logits(compared)
  local lists, rows = {}, {}
  for m, column in ipairs(predictions(compared)) do lists[m] = column:to_table() end
  for i = 1, #compared.oof do
    rows[i] = {}
    for m, list in ipairs(lists) do rows[i][m] = logit(list[i]) end
  end
  return core.matrix.from_table(rows)
end

--- A model that stacks the models of all folds: a logistic regression on their logits, fitted on
-- the out-of-fold predictions (Wolpert 1992).
-- @function Crossval:stack
-- @tparam[opt] table options `l2` (1)
-- @treturn Model
-- @treturn {[string]=number} the weights
-- @raise as `Crossval:blend`; classes, which have no stack
-- @usage print(compared:stack():score(test:row(1)).churn)
function M.stack(self, options)
  options = errors.options("stack", options, { l2 = "number" })
  check(self, "stack")
  if self.classes then
    errors.raise("stack: expected a target of two outcomes, got %d classes: Crossval:blend works "
      .. "for them", #self.classes)
  end
  local fitted = core.logistic.fit(logits(self), self.oof:col(self.target),
    { l2 = options.l2 or L2 })
  local weights, intercept = fitted:weights()
  local models, shares = parts(self, weights, "stack")
  local joined = core.model.join(models, { mix = "stack", weights = shares, intercept = intercept,
    background = self.frame, seed = self.seed })
  return describe(self, joined, models, weights, "stack")
end

return M
