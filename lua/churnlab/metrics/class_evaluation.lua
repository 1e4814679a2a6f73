--- The evaluation of a model of classes beside the majority rule and a multinomial logistic
-- regression. Its fields are the JSON contract.
-- @module churnlab.metrics

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local evaluation = require("churnlab.metrics.evaluation")
local report = require("churnlab.metrics.class_report")

local M = {}

local FIELDS = { "roc_auc", "log_loss", "macro_f1", "kappa", "accuracy" }

local methods = {}
local Evaluation = {
  __name = "churnlab.ClassEvaluation",
  __index = methods,
  __tostring = function(self) return report.text(self) end,
}

-- Intervals of the scores of p, or of their differences to those of q.
local function intervals_of(y, p, q, settings)
  local low, high = core.metrics.class_bootstrap(y, p, q,
    { replicates = settings.bootstrap, seed = settings.seed })
  return evaluation.pairs_of(low, high, FIELDS)
end

local function judge(y, p, settings)
  local scores = core.metrics.class_scores(y, p)
  if not settings.ordered then scores.kappa = nil end -- distances of classes mean nothing
  if settings.bootstrap > 0 then
    scores.intervals = intervals_of(y, p, nil, settings)
    if not settings.ordered then scores.intervals.kappa = nil end
  end
  return scores
end

-- The same probabilities for everybody: the rates in training.
local function constant(rates, rows)
  local list = {}
  for i = 1, rows do list[i] = rates end
  return core.matrix.from_table(list)
end

local function rates_in(y, classes)
  local rates = {}
  for c = 1, classes do rates[c] = 0 end
  for _, class in ipairs(y:to_table()) do
    local c = class + 1 | 0
    rates[c] = rates[c] + 1 / #y
  end
  return rates
end

local function beats(e, other)
  if not (e.roc_auc and other) then return nil end
  if other == e.majority then
    local low = e.intervals and e.intervals.roc_auc[1] or e.roc_auc
    return low > 0.5 and e.log_loss < other.log_loss
  end
  if e.difference then return e.difference.log_loss[2] < 0 end
  return e.log_loss < other.log_loss
end

--- Evaluates predicted classes.
-- @local
-- @tparam Column y classes from 0
-- @tparam table predictions `net` and optionally `logistic`: a Matrix with one column a class;
-- `priors`: the rates in training; `churn` = { y, p, prior }: of the positive values
-- @tparam table settings `classes` (their texts), `ordered`, `bootstrap`, `seed`, `threshold`
-- @treturn ClassEvaluation
function M.new(y, predictions, settings)
  local e = judge(y, predictions.net, settings)
  e.classes, e.bootstrap, e.seed = settings.classes, settings.bootstrap, settings.seed
  e.priors = predictions.priors or rates_in(y, #settings.classes)
  e.majority = judge(y, constant(e.priors, #y), settings)
  if predictions.logistic then
    e.logistic = judge(y, predictions.logistic, settings)
    if settings.bootstrap > 0 then
      e.difference = intervals_of(y, predictions.net, predictions.logistic, settings)
    end
  end
  local churn = predictions.churn
  if churn then
    e.churn = evaluation.new(churn.y, { net = churn.p, prior = churn.prior },
      { bootstrap = settings.bootstrap, seed = settings.seed, threshold = settings.threshold })
    e.positive = churn.positive
  end
  e.beats_majority, e.beats_logistic = beats(e, e.majority), beats(e, e.logistic)
  e.verdict = report.verdict(e)
  return setmetatable(e, Evaluation)
end

--- What `model:evaluate` gives for a model of classes; printing it shows the table with intervals,
-- the confusion table and the verdict. Fields: `rows`, `classes`, `accuracy`, `macro_f1`,
-- `log_loss`, `roc_auc` (mean of each class against all others), `kappa` (Cohen's, weighted by
-- squared distance; of ordered classes alone), `confusion` (actual by row, predicted by column),
-- `intervals`, `majority`, `logistic`, `difference` (net minus logistic), `churn` (the Evaluation
-- of the positive values, where they are named), `verdict`.
-- @type ClassEvaluation

--- Everything as a plain table for JSON; a score that does not exist is NA (null).
-- @function ClassEvaluation:to_table
-- @treturn table
-- @usage -- print(core.json.encode(risk_model:evaluate(test):to_table(), 2))
function methods:to_table()
  local copy = evaluation.plain(self, FIELDS)
  copy.churn = self.churn and self.churn:to_table() or core.NA
  return copy
end

return M
