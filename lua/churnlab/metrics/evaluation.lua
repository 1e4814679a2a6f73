--- The evaluation of a net beside the majority rule and a logistic regression: what
-- model:evaluate returns and the command line prints. Its fields are the JSON contract.
-- @module churnlab.metrics

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local report = require("churnlab.metrics.report")

local M = {}

-- Scores that have intervals, in the order of importance; accuracy is last.
local FIELDS = { "roc_auc", "pr_auc", "log_loss", "brier", "ece", "recall", "precision", "f1",
  "lift_10", "accuracy" }

local methods = {}
local Evaluation = {
  __name = "churnlab.Evaluation",
  __index = methods,
  __tostring = function(self) return report.text(self) end,
}

--- Two tables of ends as one table of pairs { low, high }.
-- @local
-- @tparam table low
-- @tparam table high
-- @tparam[opt] {string,...} fields which scores (default: those of two outcomes)
-- @treturn table
function M.pairs_of(low, high, fields)
  local intervals = {}
  for _, name in ipairs(fields or FIELDS) do
    if low[name] then intervals[name] = { low[name], high[name] } end
  end
  return intervals
end

local function judge(y, p, options)
  local scores = core.metrics.scores(y, p, { threshold = options.threshold })
  if options.bootstrap > 0 then
    scores.intervals = M.pairs_of(core.metrics.bootstrap(y, p, {
      replicates = options.bootstrap, seed = options.seed, threshold = options.threshold }))
  end
  return scores
end

-- The training rate for everybody; its label is the more frequent class.
local function judge_majority(y, rate, rows, options)
  local p = {}
  for i = 1, rows do p[i] = rate end
  local own = { threshold = 0.5, bootstrap = options.bootstrap, seed = options.seed }
  return judge(y, p, own)
end

local function difference(y, p, q, options)
  if options.bootstrap == 0 then return nil end
  return M.pairs_of(core.metrics.difference(y, p, q, {
    replicates = options.bootstrap, seed = options.seed, threshold = options.threshold }))
end

local function check_predictions(predictions)
  local kind = type(predictions)
  if kind ~= "table" then
    errors.raise("evaluation: predictions: expected a table { net = p, … }, got a %s", kind)
  end
  local known = { net = true, logistic = true, prior = true }
  for name in pairs(predictions) do
    if not known[name] then
      errors.unknown("evaluation", "prediction", name, { "net", "logistic", "prior" })
    end
  end
  if predictions.net == nil then errors.raise("evaluation: predictions: 'net' is required") end
  local prior = predictions.prior
  if prior ~= nil and not (math.type(prior) and prior >= 0 and prior <= 1) then
    errors.raise("evaluation: prior: expected a rate from 0 to 1, got %s", tostring(prior))
  end
end

--- The options of an evaluation with their defaults.
-- @local
function M.options(options)
  options = errors.options("evaluation", options,
    { bootstrap = "number|boolean", seed = "number", threshold = "number" })
  local bootstrap = options.bootstrap
  if bootstrap == nil or bootstrap == true then bootstrap = 500 end
  if bootstrap and (bootstrap < 0 or not math.tointeger(bootstrap)) then
    errors.raise("evaluation: option 'bootstrap': expected a number of resamples, got %s",
      tostring(bootstrap))
  end
  return {
    bootstrap = bootstrap or 0, seed = options.seed or 0, threshold = options.threshold or 0.5,
  }
end

-- A net beats the majority rule when it ranks (the AUC interval is above 1/2) and its
-- probabilities say more than the training rate. nil when there is nothing to rank.
local function beats_majority(e)
  if not e.roc_auc then return nil end
  local low = e.intervals and e.intervals.roc_auc[1] or e.roc_auc
  return low > 0.5 and e.log_loss < e.majority.log_loss
end

local function beats_logistic(e)
  if not (e.roc_auc and e.logistic) then return nil end
  if e.difference then return e.difference.roc_auc[1] > 0 end
  return e.roc_auc > e.logistic.roc_auc
end

--- Evaluates predictions beside the majority rule and a logistic regression.
-- The result has the net's scores as fields, `intervals` (name → { low, high }), `majority` and
-- `logistic` (the same fields), `difference` (paired intervals, net minus logistic), `prior`,
-- `bootstrap`, `seed`, `beats_majority`, `beats_logistic` and `verdict`; printing it gives a table.
-- The majority rule gives everybody the training rate and the more frequent class as label.
-- @function cl.metrics.evaluation
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam table predictions `net` and optionally `logistic`: probabilities; `prior`: the positive
--   rate in training (default: the rate in y, the hardest constant to beat)
-- @tparam[opt] table options `bootstrap` (500 resamples; 0 or false = no intervals), `seed` (0),
--   `threshold` (0.5)
-- @treturn Evaluation
-- @raise on values that are no labels or probabilities, and on unknown options
-- @usage print(cl.metrics.evaluation(y, { net = p, logistic = q, prior = 0.2 }, { seed = 42 }))
function M.new(y, predictions, options)
  check_predictions(predictions)
  local settings = M.options(options)
  local e = judge(y, predictions.net, settings)
  e.prior = predictions.prior or e.positives / e.rows
  e.bootstrap, e.seed = settings.bootstrap, settings.seed
  e.majority = judge_majority(y, e.prior, e.rows, settings)
  if predictions.logistic then
    e.logistic = judge(y, predictions.logistic, settings)
    e.difference = difference(y, predictions.net, predictions.logistic, settings)
  end
  e.beats_majority, e.beats_logistic = beats_majority(e), beats_logistic(e)
  e.verdict = report.verdict(e)
  return setmetatable(e, Evaluation)
end

local function plain(scores, fields)
  local copy = {}
  for name, value in pairs(scores) do copy[name] = value end
  for _, name in ipairs(fields) do
    if copy[name] == nil then copy[name] = core.NA end
  end
  return copy
end

--- An evaluation and its references as plain data for JSON; a score that does not exist is NA.
-- @local
-- @tparam table e with `majority` and perhaps `logistic`
-- @tparam {string,...} fields the scores
-- @treturn table
function M.plain(e, fields)
  local copy = plain(e, fields)
  copy.majority = plain(e.majority, fields)
  copy.logistic = e.logistic and plain(e.logistic, fields) or core.NA
  return copy
end

--- An evaluation; printing it shows the table with intervals, the confusion matrix and the verdict.
-- @type Evaluation

--- Everything as a plain table for JSON; a score that does not exist is NA (null).
-- @function Evaluation:to_table
-- @treturn table
-- @usage print(core.json.encode(model:evaluate(test, { bootstrap = 50 }):to_table(), 2))
function methods:to_table()
  return M.plain(self, FIELDS)
end

return M
