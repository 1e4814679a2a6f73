--- cl.metrics: scores of predictions with intervals, and the evaluation beside honest baselines.
-- `y` is 0/1 (numbers or booleans), `p` probabilities: lists, Columns or Matrices of one column.
-- @module churnlab.metrics

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local evaluation = require("churnlab.metrics.evaluation")

local M = {}

--- Scores of predictions; one that does not exist (ROC AUC with one class) is nil.
-- @function cl.metrics.scores
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam[opt] table options `threshold` (0.5)
-- @treturn table `rows`, `positives`, `threshold`; at the threshold (positive from there on)
--   `accuracy`, `precision`, `recall`, `f1`, `confusion` = { tp, fp, fn, tn }; of the ranking
--   `roc_auc` (ties count half), `pr_auc` (average precision), `lift_10` (the positives' share in
--   the top 10 % over the overall share); of the probabilities `log_loss` (natural logarithm),
--   `brier` (mean (p - y)²; Brier 1950), `ece` (expected calibration error in 15 equal bins;
--   Naeini et al. 2015). Definitions as in scikit-learn.
-- @raise when a value is no label or no probability; the message names its row
-- @usage cl.metrics.scores({ 0, 0, 1 }, { 0.1, 0.4, 0.9 }).roc_auc == 1
M.scores = core.metrics.scores

--- Area under the ROC curve, ties counting half; nil with one class only.
-- @function cl.metrics.roc_auc
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix score any finite numbers
-- @treturn ?number
-- @usage cl.metrics.roc_auc({ 0, 1 }, { -2, 5 }) == 1
M.roc_auc = core.metrics.roc_auc

--- Fits a Platt, temperature or isotonic calibration on held-out rows (a model carries its own).
-- Several classes share one temperature (Guo et al. 2017): y is the class from 0, p a Matrix with a
-- column for each.
-- @function cl.metrics.calibration
-- @tparam string method "platt", "temperature" or "isotonic"
-- @tparam {number,...}|Column|Matrix y 0/1, both classes
-- @tparam {number,...}|Column|Matrix p probabilities
-- @treturn Calibration with `apply(p)` and `to_table()`
-- @usage cl.metrics.calibration("platt", { 0, 1, 1 }, { 0.2, 0.4, 0.9 }):apply { 0.5 }
M.calibration = core.calibration.fit

--- Fits a logistic regression.
-- @function cl.metrics.logistic
-- @tparam Matrix x finite numbers
-- @tparam {number,...}|Column|Matrix y 0/1, both classes
-- @tparam[opt] table options `l2` (1): penalty l2/2·|w|² on standardised columns
-- @treturn Logistic with `predict(x)` and `weights()`
-- @usage
-- local q = cl.metrics.logistic(x, y, { l2 = 1 }):predict(x)
-- assert(#q == #y)
M.logistic = core.logistic.fit

--- 95 % percentile bootstrap intervals (Efron 1979), resampled by rows.
-- @function cl.metrics.bootstrap
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam[opt] table options `replicates` (500), `seed` (0), `threshold` (0.5)
-- @treturn table `{ roc_auc = { low, high }, … }`, the names as in `cl.metrics.scores`
-- @usage local low, high = table.unpack(cl.metrics.bootstrap(y, p).roc_auc)
function M.bootstrap(y, p, options)
  return evaluation.pairs_of(core.metrics.bootstrap(y, p, options))
end

--- 95 % intervals of scores(p) - scores(q) on the same resamples; one that holds 0 shows no
-- difference.
-- @function cl.metrics.difference
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam {number,...}|Column|Matrix q probabilities of the other model
-- @tparam[opt] table options as for `bootstrap`
-- @treturn table `{ roc_auc = { low, high }, … }`
-- @usage print(cl.metrics.difference(y, p, q).roc_auc[1] > 0 and "better" or "not shown")
function M.difference(y, p, q, options)
  return evaluation.pairs_of(core.metrics.difference(y, p, q, options))
end

M.evaluation = evaluation.new
M.evaluation_options = evaluation.options

return M
