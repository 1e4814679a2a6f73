-- An evaluation as people read it: headline, table with intervals, confusion matrix, verdict.
-- SPDX-License-Identifier: MIT
local text = require("churnlab.metrics.text")

local M = {}

local number, interval, with_interval = text.number, text.interval, text.with_interval

local ROWS = {
  { "roc_auc", "ROC AUC" }, { "pr_auc", "PR AUC" }, { "log_loss", "log loss" },
  { "brier", "Brier" }, { "recall", "recall" }, { "precision", "precision" }, { "f1", "F1" },
  { "lift_10", "lift 10 %", "%.2f" }, { "accuracy", "accuracy" },
}

local function confusion_table(e)
  local c = e.confusion
  return text.align {
    { ("at threshold %g"):format(e.threshold), "predicted 1", "predicted 0" },
    { "  actual 1", ("%d"):format(c.tp), ("%d"):format(c.fn) },
    { "  actual 0", ("%d"):format(c.fp), ("%d"):format(c.tn) },
  }
end

local NOT = "The net does not beat the majority rule: "

local function against_majority(e)
  if e.beats_majority then return "The net beats the majority rule." end
  local auc = with_interval(e, "roc_auc")
  local low = e.intervals and e.intervals.roc_auc[1] or e.roc_auc
  if low <= 0.5 then
    local why = e.intervals and "does not exclude 0.5" or "is not above 0.5"
    return ("%sROC AUC %s %s."):format(NOT, auc, why)
  end
  return (NOT .. "its log loss, %s, is not below %s, that of the training rate for everybody "
    .. "(it ranks, ROC AUC %s, but its probabilities need calibration)."):format(
    number(e.log_loss), number(e.majority.log_loss), auc)
end

local function against_logistic(e)
  local pair = e.difference and e.difference.roc_auc
  local how = e.beats_logistic and "better" or "no better"
  if pair and pair[2] < 0 then how = "worse" end
  local detail = pair and (", paired 95 %% interval %s"):format(interval(pair)) or ""
  return ("It is %s than a logistic regression: ROC AUC %+.3f%s."):format(how,
    e.roc_auc - e.logistic.roc_auc, detail)
end

--- One or two plain sentences: does the net beat the majority rule, and a logistic regression?
-- @tparam Evaluation e
-- @treturn string
function M.verdict(e)
  if not e.roc_auc then
    return "No verdict: there is one class only, so nothing can be ranked."
  end
  local verdict = against_majority(e)
  return e.logistic and verdict .. " " .. against_logistic(e) or verdict
end

local function headline(e)
  local out = {
    ("ROC AUC %s on %d rows, %d of them positive (%.1f %%)"):format(
      with_interval(e, "roc_auc"), e.rows, e.positives, 100 * e.positives / e.rows),
  }
  if e.lift_10 then
    out[2] = ("The 10 %% with the highest scores hold %.1f times as many positives as average.")
      :format(e.lift_10)
  end
  return out
end

--- The whole report.
-- @tparam Evaluation e
-- @treturn string lines of at most 80 columns for usual figures
function M.text(e)
  return text.evaluation(e, headline(e), ROWS, confusion_table(e))
end

return M
