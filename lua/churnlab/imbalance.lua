-- What resampling and class weights do to probabilities, and how it is undone.
--
-- Nets that are trained on classes of other shares than the customers' give probabilities for a
-- world of those shares. The odds are shifted back by the ratio of the shares (Elkan 2001;
-- Saerens, Latinne, Decaestecker 2002); the ranking stays.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local resample = require("churnlab.resample")

local M = {}

local ROWS = { { "mean", "mean probability" }, { "ece", "ECE" }, { "log_loss", "log loss" },
  { "brier", "Brier" }, { "roc_auc", "ROC AUC" } }

-- ---- shares ----

local function class_of(value) return math.tointeger(value) or (value and 1 or 0) end

-- How many rows each class has: from class 0, at least two.
local function count(y)
  local counts, most = {}, 1
  for _, value in ipairs(y) do
    local class = class_of(value)
    counts[class] = (counts[class] or 0) + 1
    most = math.max(most, class)
  end
  for class = 0, most do counts[class] = counts[class] or 0 end
  return counts
end

local function shares(counts, weights)
  local sum, result = 0, {}
  for class = 0, #counts do sum = sum + counts[class] * weights[class] end
  for class = 0, #counts do result[class + 1] = counts[class] * weights[class] / sum end
  return result
end

local function weights_of(loss, counts)
  local given, weights = loss and loss.class_weight, {}
  for class = 0, #counts do
    if given == "balanced" then
      weights[class] = counts[class] > 0 and 1 / counts[class] or 0
    else
      weights[class] = type(given) == "table" and given[class + 1] or 1
    end
  end
  return weights
end

local function values(y)
  if type(y) == "table" then return y end
  return y.column and y:column(1) or y:to_table()
end

--- The shares of the classes in the frame and, as the loss saw them, in training.
-- @param y the frame's labels
-- @param trained the labels that training got, `y` itself unless resampled
-- @tparam[opt] table loss its class_weight counts
-- @treturn ?table from, to: lists of shares from class 0; nil when they are the same
function M.shift(y, trained, loss)
  local class_weight = loss and loss.class_weight
  if rawequal(y, trained) and not class_weight then return nil end
  local own = count(values(y))
  local used = rawequal(y, trained) and own or count(values(trained))
  local one = {}
  for class = 0, #own do one[class] = 1 end
  local from, to, differ = shares(used, weights_of(loss, used)), shares(own, one), false
  for i = 1, #to do
    if to[i] == 0 or from[i] == 0 then return nil end -- a class that is not there
    differ = differ or math.abs(from[i] - to[i]) > 1e-12
  end
  return differ and { from = from, to = to } or nil
end

--- Weights that give rows the shares of training.
function M.weights(y, shift)
  local weights = {}
  for i, value in ipairs(values(y)) do
    local class = class_of(value)
    weights[i] = shift.from[class + 1] / shift.to[class + 1]
  end
  return weights
end

-- ---- the odds of a binary model, for a comparison without touching it ----

--- p as if the share of the positive class in training had been `to` and not `from`.
function M.shifted(p, from, to)
  local up, down, result = to / from, (1 - to) / (1 - from), {}
  for i = 1, #p do
    local a, b = p[i] * up, (1 - p[i]) * down
    result[i] = a / (a + b)
  end
  return result
end

-- ---- the report ----

local Report = { __name = "churnlab.Imbalance" }
Report.__index = Report

local function judge(y, p)
  local result = require("churnlab.core").metrics.scores(y, p)
  local sum = 0
  for i = 1, #p do sum = sum + p[i] end
  result.mean = sum / #p
  return result
end

--- Calibration before and after the correction.
-- @tparam table facts steps, class_weight, rows, used_rows, from, to, corrected
-- @param y 0/1 of the rows that judge
-- @tparam {number,...} p probabilities as trained
-- @tparam string on "validation" or "training"
function M.report(facts, y, p, on)
  local made = setmetatable({ steps = facts.steps, class_weight = facts.class_weight,
    rows = facts.rows, used_rows = facts.used_rows, trained_rate = facts.from[2],
    rate = facts.to[2], corrected = facts.corrected, on = on, judged_rows = #p }, Report)
  local positives = 0
  for i = 1, #p do positives = positives + y[i] end
  made.observed = positives / #p
  made.as_trained = judge(y, p)
  made.shifted = judge(y, M.shifted(p, made.trained_rate, made.rate))
  made.helps = made.shifted.log_loss < made.as_trained.log_loss
  return made
end

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
    return ("shifted back to the customers' own rate: log loss %.4f -> %.4f"):format(from, to)
  end
  return ("NOT shifted back: as trained the log loss is %.4f, shifted it would be %.4f"):format(
    from, to)
end

function Report:__tostring()
  local lines = {
    ("imbalance: %s: %d rows -> %d, %.1f %% positive -> %.1f %% in the loss"):format(
      describe_steps(self), self.rows, self.used_rows, 100 * self.rate, 100 * self.trained_rate),
    ("  %-24s %11s %11s"):format(("%d %s rows"):format(self.judged_rows, self.on),
      "as trained", "shifted"),
  }
  for _, row in ipairs(ROWS) do
    local before, after = self.as_trained[row[1]], self.shifted[row[1]]
    local observed = row[1] == "mean" and ("   observed %.4f"):format(self.observed) or ""
    lines[#lines + 1] = before and ("  %-24s %11.4f %11.4f%s"):format(row[2], before, after,
      observed) or nil
  end
  lines[#lines + 1] = "  " .. verdict(self)
  return table.concat(lines, "\n")
end

-- ---- for cl.fit ----

local function times(weights, column)
  for i, weight in ipairs(column and column:to_table() or {}) do weights[i] = weights[i] * weight end
  return weights
end

--- Resamples the encoded training rows of a fit's task; notes what shares its loss sees.
-- @tparam table state of fit.prepare
-- @tparam table options of cl.fit
function M.balance(state, options)
  local part, task, loss = state.part, state.task, state.loss
  local steps = resample.steps(options.resample)
  if steps then
    if task.weights or state.plan.heads then
      errors.raise("fit: option 'resample' goes with neither 'weights' nor 'targets'")
    end
    task.x, task.y = resample.run(part.x, part.y, steps, state.prep, state.training.seed)
  end
  local shift = M.shift(part.y, steps and task.y or part.y, loss)
  if not shift then return end
  state.imbalance = { steps = steps, class_weight = loss and loss.class_weight,
    rows = part.x:rows(), used_rows = task.x:rows(), from = shift.from, to = shift.to,
    corrected = options.prior_correction ~= false }
  if state.valid then -- early stopping judges by the same shares
    task.valid_weights = times(M.weights(state.valid.y, shift), state.valid.weights)
  end
end

--- Shifts a model's probabilities back to the training frame's own rates.
-- @tparam boolean bare nobody asks for the report
-- @treturn ?table the report, on the validation rows, and without any on the training rows
function M.correct(model, state, bare)
  local facts, report = state.imbalance, nil
  if not facts then return nil end
  local judged = state.valid or state.part
  if judged.classes or state.part.classes then -- more than two shares: nothing to print
    if facts.corrected then model:prior_shift(facts.from, facts.to) end
    return nil
  end
  if not bare then
    local p = model:score_frame(judged.frame):col("churn"):to_table()
    report = M.report(facts, judged.y:to_table(), p, state.valid and "validation" or "training")
  end
  if facts.corrected then model:prior_shift(facts.from[2], facts.to[2]) end
  return report
end

return M
