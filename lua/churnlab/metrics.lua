-- cl.metrics: scores of predictions with intervals, and the evaluation beside honest baselines.
-- y is 0/1 (numbers or booleans), p probabilities: lists, Columns or Matrices of one column.
local core = require("churnlab.core")
local evaluation = require("churnlab.metrics.evaluation")

local M = {}

--- Scores of predictions; one that does not exist (ROC AUC with one class) is nil.
-- @function scores
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam[opt] table options `threshold` (0.5)
-- @treturn table rows, positives, threshold, accuracy, precision, recall, f1, roc_auc, pr_auc,
--   log_loss, brier, lift_10, ece, confusion = { tp, fp, fn, tn }
-- @raise when a value is no label or no probability; the message names its row
-- @usage cl.metrics.scores({ 0, 0, 1 }, { 0.1, 0.4, 0.9 }).roc_auc == 1
M.scores = core.metrics.scores

--- Area under the ROC curve, ties counting half; nil with one class only.
-- @function roc_auc
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix score any finite numbers
-- @treturn ?number
-- @usage cl.metrics.roc_auc({ 0, 1 }, { -2, 5 }) == 1
M.roc_auc = core.metrics.roc_auc

--- Fits a Platt or isotonic calibration on held-out rows (a model carries its own).
-- @function calibration
-- @tparam string method "platt" or "isotonic"
-- @tparam {number,...}|Column|Matrix y 0/1, both classes
-- @tparam {number,...}|Column|Matrix p probabilities
-- @treturn Calibration with `apply(p)` and `to_table()`
-- @usage cl.metrics.calibration("platt", { 0, 1, 1 }, { 0.2, 0.4, 0.9 }):apply { 0.5 }
M.calibration = core.calibration.fit

--- Fits a logistic regression.
-- @function logistic
-- @tparam Matrix x finite numbers
-- @tparam {number,...}|Column|Matrix y 0/1, both classes
-- @tparam[opt] table options `l2` (1)
-- @treturn Logistic with `predict(x)` and `weights()`
-- @usage cl.metrics.logistic(x, y):predict(x)
M.logistic = core.logistic.fit

--- 95 % percentile bootstrap intervals: { roc_auc = { low, high }, … }.
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam[opt] table options `replicates` (500), `seed` (0), `threshold` (0.5)
-- @treturn table
-- @usage local low, high = table.unpack(cl.metrics.bootstrap(y, p).roc_auc)
function M.bootstrap(y, p, options)
  return evaluation.pairs_of(core.metrics.bootstrap(y, p, options))
end

--- 95 % intervals of scores(p) - scores(q) on the same resamples; one that holds 0 shows no
-- difference.
-- @tparam {number,...}|Column|Matrix y 0/1
-- @tparam {number,...}|Column|Matrix p probabilities
-- @tparam {number,...}|Column|Matrix q probabilities of the other model
-- @tparam[opt] table options as for `bootstrap`
-- @treturn table
-- @usage cl.metrics.difference(y, net, regression).roc_auc[1] > 0
function M.difference(y, p, q, options)
  return evaluation.pairs_of(core.metrics.difference(y, p, q, options))
end

M.evaluation = evaluation.new

return M
