-- Calibration before and after the shift back to the customers' own shares: `history.imbalance` of
-- cl.fit. Fields: `steps`, `class_weight`, `rows`, `used_rows`, `corrected`, `on` ("validation" or
-- "training"), `judged_rows`, `as_trained` and `shifted` (figures), `helps`; of two outcomes
-- `rate`, `trained_rate`, `observed`; of several `classes` and the lists `rates`, `trained_rates`,
-- `observed`.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local ROWS = { { "mean", "mean probability" }, { "ece", "ECE" }, { "log_loss", "log loss" },
  { "brier", "Brier" }, { "roc_auc", "ROC AUC" } }
local CLASS_ROWS = { { "log_loss", "log loss" }, { "roc_auc", "ROC AUC" },
  { "accuracy", "accuracy" }, { "macro_f1", "macro F1" } }

local Report = { __name = "churnlab.Imbalance" }
Report.__index = Report

-- ---- figures ----

-- Rows of probabilities as if the classes' shares in training had been `to` and not `from`.
local function shifted(rows, from, to)
  local result = {}
  for i, row in ipairs(rows) do
    local moved, sum = {}, 0
    for c, p in ipairs(row) do
      moved[c] = p * to[c] / from[c]
      sum = sum + moved[c]
    end
    for c = 1, #row do moved[c] = moved[c] / sum end
    result[i] = moved
  end
  return result
end

local function mean_of(rows)
  local means = {}
  for c = 1, #rows[1] do
    local sum = 0
    for _, row in ipairs(rows) do sum = sum + row[c] end
    means[c] = sum / #rows
  end
  return means
end

local function judge(y, rows, classes)
  local means = mean_of(rows)
  if classes then
    local made = core.metrics.class_scores(y, core.matrix.from_table(rows))
    made.mean = means
    return made
  end
  local p = {}
  for i, row in ipairs(rows) do p[i] = row[2] end
  local made = core.metrics.scores(y, p)
  made.mean = means[2]
  return made
end

-- A row of 1 - p, p for each p of a binary model.
local function two_columns(matrix)
  local rows = {}
  for i, p in ipairs(matrix:column(1)) do rows[i] = { 1 - p, p } end
  return rows
end

local function observed(y, classes)
  local shares, n = {}, #y
  for c = 1, classes do shares[c] = 0 end
  for i = 1, n do
    local c = y[i] // 1 + 1 | 0
    shares[c] = shares[c] + 1 / n
  end
  return shares
end

--- The report.
-- @tparam table facts steps, class_weight, rows, used_rows, from, to, corrected
-- @param y labels of the rows that judge
-- @tparam Matrix p probabilities as trained: one column, or one a class
-- @tparam ?{string,...} classes
-- @tparam string on "validation" or "training"
function M.new(facts, y, p, classes, on)
  local rows = classes and p:to_table() or two_columns(p)
  local made = setmetatable({ steps = facts.steps, class_weight = facts.class_weight,
    rows = facts.rows, used_rows = facts.used_rows, corrected = facts.corrected, on = on,
    judged_rows = #rows, classes = classes }, Report)
  local shares = observed(y, #rows[1])
  if classes then
    made.rates, made.trained_rates, made.observed = facts.to, facts.from, shares
  else
    made.rate, made.trained_rate, made.observed = facts.to[2], facts.from[2], shares[2]
  end
  made.as_trained = judge(y, rows, classes)
  made.shifted = judge(y, shifted(rows, facts.from, facts.to), classes)
  made.helps = made.shifted.log_loss < made.as_trained.log_loss
  return made
end

-- ---- text ----

local function describe_steps(report)
  local parts = {}
  for _, step in ipairs(report.steps or {}) do
    parts[#parts + 1] = ("%s (ratio %g%s)"):format(step.type, step.ratio or 1,
      step.type:find("^smote") and (", k %d"):format(step.k or 5) or "")
  end
  if report.class_weight then parts[#parts + 1] = "class weights" end
  return table.concat(parts, ", ")
end

local function verdict(report)
  local from, to = report.as_trained.log_loss, report.shifted.log_loss
  if not report.helps then
    return ("the shift back does not help here: log loss %.4f -> %.4f%s"):format(from, to,
      report.corrected and " (prior_correction = false turns it off)" or "")
  elseif report.corrected then
    return ("shifted back to the customers' own rates: log loss %.4f -> %.4f"):format(from, to)
  end
  return ("NOT shifted back: as trained the log loss is %.4f, shifted it would be %.4f"):format(
    from, to)
end

local function figures(lines, report, rows)
  for _, row in ipairs(rows) do
    local before, after = report.as_trained[row[1]], report.shifted[row[1]]
    local truth = row[1] == "mean" and ("   observed %.4f"):format(report.observed) or ""
    if before then
      lines[#lines + 1] = ("  %-24s %11.4f %11.4f%s"):format(row[2], before, after, truth)
    end
  end
end

local function class_means(lines, report)
  for c, name in ipairs(report.classes) do
    lines[#lines + 1] = ("  %-24s %11.4f %11.4f   observed %.4f, in the loss %.4f"):format(
      "mean probability of " .. name, report.as_trained.mean[c], report.shifted.mean[c],
      report.observed[c], report.trained_rates[c])
  end
end

function Report:__tostring()
  local shares = self.classes and "" or (", %.1f %% positive -> %.1f %% in the loss"):format(
    100 * self.rate, 100 * self.trained_rate)
  local lines = {
    ("imbalance: %s: %d rows -> %d%s"):format(describe_steps(self), self.rows, self.used_rows,
      shares),
    ("  %-24s %11s %11s"):format(("%d %s rows"):format(self.judged_rows, self.on),
      "as trained", "shifted"),
  }
  if self.classes then class_means(lines, self) end
  figures(lines, self, self.classes and CLASS_ROWS or ROWS)
  lines[#lines + 1] = "  " .. verdict(self)
  return table.concat(lines, "\n")
end

return M
