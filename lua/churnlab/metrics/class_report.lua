-- An evaluation of classes as people read it: headline, table with intervals, confusion, verdict.
-- SPDX-License-Identifier: MIT
local text = require("churnlab.metrics.text")

local M = {}

local number, interval, with_interval = text.number, text.interval, text.with_interval

local ROWS = {
  { "roc_auc", "ROC AUC" }, { "log_loss", "log loss" }, { "macro_f1", "macro F1" },
  { "kappa", "kappa" }, { "accuracy", "accuracy" },
}

local function confusion_table(e)
  local lines = { { "actual \\ predicted" } }
  for c, name in ipairs(e.classes) do lines[1][c + 1] = name end
  for a, name in ipairs(e.classes) do
    local line = { "  " .. name }
    for b = 1, #e.classes do line[b + 1] = ("%d"):format(e.confusion[a][b]) end
    lines[a + 1] = line
  end
  return text.align(lines)
end

local function against_logistic(e)
  local pair = e.difference and e.difference.log_loss
  local how = e.beats_logistic and "better" or "no better"
  if pair and pair[1] > 0 then how = "worse" end
  local detail = pair and (", paired 95 %% interval %s"):format(interval(pair)) or ""
  return ("It is %s than a multinomial logistic regression: log loss %+.3f%s."):format(how,
    e.log_loss - e.logistic.log_loss, detail)
end

--- Does the net beat the majority rule, and a multinomial logistic regression?
-- @treturn string
function M.verdict(e)
  if not e.roc_auc then
    return "No verdict: there is one class only, so nothing can be ranked."
  end
  local start = e.beats_majority and "The net beats the majority rule."
    or ("The net does not beat the majority rule: ROC AUC %s, log loss %s against %s."):format(
      with_interval(e, "roc_auc"), number(e.log_loss), number(e.majority.log_loss))
  return e.logistic and start .. " " .. against_logistic(e) or start
end

local function headline(e)
  local out = { ("%d classes, %d rows: ROC AUC %s (mean of each class against all others)"):format(
    #e.classes, e.rows, with_interval(e, "roc_auc")) }
  if e.churn then
    out[2] = ("churn (%s): ROC AUC %s, log loss %s"):format(e.positive,
      with_interval(e.churn, "roc_auc"), with_interval(e.churn, "log_loss"))
  end
  return out
end

local function rows_of(e)
  local rows = {}
  for _, row in ipairs(ROWS) do
    if row[1] ~= "kappa" or e.kappa or e.majority.kappa then rows[#rows + 1] = row end
  end
  return rows
end

--- The whole report.
-- @treturn string
function M.text(e) return text.evaluation(e, headline(e), rows_of(e), confusion_table(e)) end

return M
