--- Baselines: simple models of the same interface, that say what a net is worth.
--
-- Each is a model for `cl.crossval` and `cl.leaderboard`; its field `fit` is a function from a
-- training frame to a Model, which scores, explains and is saved as any other.
-- @module churnlab.baseline

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local linear = require("churnlab.fit.linear")
local outcomes = require("churnlab.outcomes")
local target = require("churnlab.fit.target")
require("churnlab.model") -- gives models their methods

local M = {}

local L2 = 1 -- as everywhere beside evaluations; on standardised columns

-- Rows with a target, their labels, classes (or nil), and how often each occurs.
local function labelled(train)
  local frame, _, kind = outcomes.labelled(train, "baseline")
  local part = { frame = frame }
  target.label(part, kind.classes ~= nil)
  local shares = target.shares(part)
  if shares.positives == 0 or shares.positives == #part.frame then
    errors.raise("baseline: expected both outcomes in the target '%s', got %d positive of %d rows",
      part.frame:roles().target, shares.positives, #part.frame)
  end
  return part, shares
end

local function finish(prep, net, part, training)
  local frame, shares = part.frame, target.shares(part)
  local model = core.model.new(prep, { net }, frame, 0)
  training.rows, training.rate, training.rates = #frame, shares.rate, shares.rates
  training.created, training.version = os.date("!%Y-%m-%dT%H:%M:%SZ"), core.version
  training.seed, training.dropped = 0, 0
  model:metadata("training", training)
  model:metadata("thresholds", { high = 0.6, medium = 0.3 })
  return model
end

local function default_prep() return require("churnlab.recipe").prep() end

local function named(name, fit)
  return { name = name, baseline = true, fit = fit }
end

--- Everybody gets the training rate, or of classes each one's; the label is the most frequent
-- outcome.
-- @function cl.baseline.majority
-- @treturn table a model for `cl.crossval`: `name`, `fit`
-- @usage local model = cl.baseline.majority().fit(train)
-- print(model:score(frame):col("churn"):max())
function M.majority()
  return named("majority", function(train)
    local part, shares = labelled(train)
    local prep = default_prep()
    local x = prep:fit_transform(part.frame)
    return finish(prep, linear.constant(x:cols(), shares.rates or shares.rate), part,
      { baseline = "majority" })
  end)
end

local function fit_logistic(prep, part, options, training)
  part.x = prep:fit_transform(part.frame)
  return finish(prep, linear.logistic(part, options), part, training)
end

--- Logistic regression on medians, one column a level and standard scales; of classes multinomial.
-- @function cl.baseline.logistic
-- @tparam[opt] table options `l2` (1) and `l1` (0): penalties l2/2·|w|² and l1·sum |w| on
-- standardised columns; `prep` (that of `cl.recipe.prep`); `name` ("logistic")
-- @treturn table a model for `cl.crossval`: `name`, `fit`
-- @usage local model = cl.baseline.logistic { l2 = 10 }.fit(train)
-- print(model)
function M.logistic(options)
  options = errors.options("baseline.logistic", options, { l2 = "number", l1 = "number",
    prep = "userdata", name = "string" })
  local penalties = { l2 = options.l2 or L2, l1 = options.l1 }
  return named(options.name or "logistic", function(train)
    local prep = options.prep and options.prep:clone() or default_prep()
    return fit_logistic(prep, labelled(train), penalties,
      { baseline = "logistic", l2 = penalties.l2, l1 = penalties.l1 })
  end)
end

local function free_name(frame)
  local name = "rule"
  while frame:has(name) do name = name .. "_" end
  return name
end

--- A business rule: an expression, whose value (true and false, or a number) becomes a probability
-- by a logistic regression on it alone. Rows where it is missing are a case of their own.
-- @function cl.baseline.rule
-- @tparam string expression such as `Age > 45 and IsActiveMember == 0`
-- @tparam[opt] table options `name` ("rule")
-- @treturn table a model for `cl.crossval`: `name`, `fit`
-- @raise in `fit`: what is wrong with the expression
-- @usage local model = cl.baseline.rule("Age > 45 and IsActiveMember == 0").fit(train)
-- print(model:score(frame):col("churn"):max())
function M.rule(expression, options)
  options = errors.options("baseline.rule", options, { name = "string" })
  if type(expression) ~= "string" then
    errors.raise("baseline.rule: expected an expression as a string, got a %s", type(expression))
  end
  return named(options.name or "rule", function(train)
    local part = labelled(train)
    local frame = part.frame
    local name, others = free_name(frame), {}
    for _, column in ipairs(frame:columns()) do
      local roles = frame:roles()
      if column ~= roles.target and column ~= roles.id then others[#others + 1] = column end
    end
    local prep = require("churnlab.prep").new():derive { [name] = expression }:drop(others)
      :impute { flag = true }:onehot()
    return fit_logistic(prep, part, { l2 = L2 }, { baseline = "rule", rule = expression })
  end)
end

--- Gradient-boosted trees by libxgboost (Chen & Guestrin 2016), which is found at run time: the
-- package libxgboost0 of Debian, xgboost of Homebrew, or any file that the environment variable
-- CHURNLAB_XGBOOST names. The model needs no library: its trees are a layer of a net. A target of
-- more than two values, none of them named as positive, makes a model of classes.
-- @function cl.baseline.trees
-- @tparam[opt] table options `rounds` (at most; 2000), `eta` (0.05), `max_depth` ({ 3, 4, 6 }: of
-- several the one with the lowest log loss on `valid`), `min_child_weight` (1), `subsample` (0.8),
-- `colsample_bytree` (1), `colsample_bylevel` (0.8), `lambda` (1), `alpha` (0), `gamma` (0);
-- `early_stop` (50 rounds without a lower log loss), judged on `valid` (0.15 of the training rows);
-- `prep` (medians, one column a level), `seed` (42 or the fold's), `name` ("trees")
-- @treturn table a model for `cl.crossval`: `name`, `fit(train, valid)`; without a frame `valid`
-- the share of `train` is held out
-- @raise in `fit`, when the library is missing: how to get it
-- @usage local trees = cl.baseline.trees { rounds = 20, max_depth = 3 }
-- if cl.baseline.trees_available() then print(trees.fit(train, valid):score(frame)) end
function M.trees(options) return require("churnlab.baseline.trees").new(options) end

--- Whether libxgboost can be loaded, so that `cl.baseline.trees` can train.
-- @function cl.baseline.trees_available
-- @treturn boolean
-- @treturn ?string what is missing, and how to get it
-- @usage print(cl.baseline.trees_available())
function M.trees_available() return core.trees.available() end

setmetatable(M, { __index = function(_, key)
  local names = {}
  for name in pairs(M) do names[#names + 1] = name end
  table.sort(names)
  errors.unknown("baseline", "name", key, names)
end })

return M
