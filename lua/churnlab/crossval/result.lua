--- What a cross-validation found: out-of-fold predictions, figures of the folds, differences.
-- @module churnlab.crossval

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local ensemble = require("churnlab.crossval.ensemble")
local errors = require("churnlab.errors")
local predictions = require("churnlab.crossval.predictions")
local student = require("churnlab.student")
local text = require("churnlab.crossval.text")

local M = {}

local BOOTSTRAP = 500

local methods = { blend = ensemble.blend, stack = ensemble.stack }
local Crossval = {
  __name = "churnlab.Crossval",
  __index = methods,
  __tostring = function(self) return text.whole(self) end,
}

-- ---- figures ----

local function values_of(record, field)
  local values = {}
  for _, scores in ipairs(record.folds) do
    if scores[field] then values[#values + 1] = scores[field] end
  end
  return values
end

local function mean_and_sd(values)
  if #values == 0 then return nil, nil end
  local sum, squares = 0, 0
  for _, v in ipairs(values) do sum = sum + v end
  local mean = sum / #values
  for _, v in ipairs(values) do squares = squares + (v - mean) ^ 2 end
  return mean, #values > 1 and math.sqrt(squares / (#values - 1)) or nil
end

-- Figures of one model: of each fold, their mean and sd, and of all out-of-fold rows together.
local function summary(self, record)
  local made = { name = record.name, baseline = record.baseline, folds = record.folds, mean = {},
    sd = {}, fold_models = record.models, columns = record.columns }
  for _, field in ipairs(self.fields) do
    made.mean[field], made.sd[field] = mean_and_sd(values_of(record, field))
  end
  made.pooled = self.outcomes:scores(self:labels(), self:predictions(made))
  return made
end

-- ---- differences ----

-- The corrected t interval of Nadeau & Bengio (Machine Learning 52, 2003): training sets overlap,
-- so the variance of a mean over J folds is (1/J + tested/trained)·s², not s²/J.
local function corrected(self, a, b, field)
  local differences = {}
  for i = 1, #a.folds do
    local x, y = a.folds[i][field], b.folds[i][field]
    if x and y then differences[#differences + 1] = x - y end
  end
  local mean, sd = mean_and_sd(differences)
  if not sd then return { mean = mean } end
  local half = student.two_sided(0.95, #differences - 1)
    * sd * math.sqrt(1 / #differences + self.test_share)
  return { mean = mean, low = mean - half, high = mean + half }
end

local function pooled_intervals(self, a, b)
  if self.bootstrap == 0 or self.repeats > 1 then return {} end
  return self.outcomes:difference(self:labels(), self:predictions(a), self:predictions(b),
    { replicates = self.bootstrap, seed = self.seed })
end

-- ---- the object ----

--- The result of a cross-validation; printing it shows the folds, the pooled figures of each model
-- and the paired differences. Fields: `oof`, `folds`, `names`, `k`, `repeats`, `rows`, `target`,
-- `fields` (the scores), `classes` (nil of two outcomes).
--
-- `oof` is a frame with a row for each tested one: `row` (its number in the data), the id if there
-- is one, `fold`, with repeats `repeat`, the target as 0/1, and each model's probability under its
-- name. Of classes the target is the class, and a model has a column for each, `<name>_p_<class>`.
-- @type Crossval

-- The labels of the out-of-fold rows, and a model's predictions of them.
function methods:labels() return self.outcomes:oof_labels(self.oof, self.target) end
function methods:predictions(made) return self.outcomes:oof_predictions(self.oof, made.columns) end

local function find(self, where, name)
  local made = self.figures[name]
  if not made then errors.unknown(where, "model", name, self.names) end
  return made
end

--- The figures of one model.
-- @function Crossval:model
-- @tparam[opt] string name the first one
-- @treturn table `mean`, `sd` (over the folds, n - 1) and `pooled` (all out-of-fold rows together),
-- each with `roc_auc`, `log_loss`, `accuracy`, `brier`, `ece`, `pr_auc`, `lift_10`, or of classes
-- `roc_auc` (mean of each class against all others; a class that a fold does not test has no part
-- in it there), `log_loss`, `accuracy`, `macro_f1`, and `kappa` where their order means something;
-- `folds`: a list of the same for each fold; `fold_models` with `keep_models`
-- @raise an unknown name
-- @usage print(compared:model("net").mean.roc_auc)
function methods:model(name)
  return find(self, "model", name or self.names[1])
end

--- How much better one model is than another, fold by fold.
-- @function Crossval:difference
-- @tparam string a
-- @tparam string b
-- @treturn table of each figure `{ mean, low, high }`, a minus b: the 95 % interval is the t
-- interval corrected for overlapping training rows (Nadeau & Bengio 2003); `pooled` = its paired
-- bootstrap interval on all out-of-fold rows, where one was asked for. One that holds 0 shows no
-- difference
-- @raise unknown names
-- @usage print(compared:difference("net", "logistic").roc_auc.mean)
function methods:difference(a, b)
  local first, second = find(self, "difference", a), find(self, "difference", b)
  local key = a .. "\0" .. b
  if self.known_differences[key] then return self.known_differences[key] end
  local made, pooled = {}, pooled_intervals(self, first, second)
  for _, field in ipairs(self.fields) do
    made[field] = corrected(self, first, second, field)
    made[field].pooled = pooled[field]
  end
  self.known_differences[key] = made
  return made
end

--- Prints the table of folds of a model.
-- @function Crossval:print
-- @tparam[opt] string name a model: its folds; nil = the whole report
-- @usage compared:print("logistic")
function methods:print(name)
  print(name and table.concat(text.folds(self, find(self, "print", name)), "\n")
    or text.whole(self))
end

local function plain(scores, fields)
  local copy = {}
  for _, field in ipairs(fields) do
    local value = scores[field]
    copy[field] = value == nil and core.NA or value
  end
  return copy
end

--- Everything but the predictions, as plain data for JSON.
-- @function Crossval:to_table
-- @treturn table
-- @usage print(core.json.encode(compared:to_table()))
function methods:to_table()
  local out = { rows = self.rows, positives = self.positives, classes = self.classes,
    counts = self.counts, k = self.k, repeats = self.repeats, seed = self.seed,
    target = self.target, folds = self.folds, models = {}, differences = {} }
  for i, name in ipairs(self.names) do
    local made, folds = self.figures[name], {}
    for k, scores in ipairs(made.folds) do folds[k] = plain(scores, self.fields) end
    out.models[i] = { name = name, mean = plain(made.mean, self.fields),
      sd = plain(made.sd, self.fields), pooled = plain(made.pooled, self.fields), folds = folds }
    if i > 1 then
      out.differences[i - 1] = { a = self.names[1], b = name,
        figures = self:difference(self.names[1], name) }
    end
  end
  return out
end

local function fold_list(plan, records, counted)
  local list, test_share = {}, 0
  for i = 1, plan.count do
    local again, fold = plan.place(i)
    local scores, trained = records[1].folds[i], records[1].trained[i]
    local counts = counted(i)
    list[i] = { fold = fold, ["repeat"] = again, rows = scores.rows,
      positives = counts.positives, counts = counts.counts, train_rows = trained }
    test_share = test_share + scores.rows / trained / plan.count
  end
  return list, test_share
end

local function resamples(options)
  local n = options.bootstrap
  if n == nil or n == true then return BOOTSTRAP end
  if n and (math.type(n) ~= "integer" or n < 0 or n == 1) then
    errors.raise("crossval: option 'bootstrap': expected a number of resamples, got %s",
      tostring(n))
  end
  return n or 0
end

--- The result of finished records.
-- @local
-- @tparam Frame frame the rows that were cut into folds
-- @tparam table plan of churnlab.folds
-- @tparam {table,...} records name, p = lists of each fold, folds = their scores, trained = rows
-- @tparam table options of cl.crossval
-- @tparam Outcomes outcomes
-- @treturn Crossval
function M.new(frame, plan, records, options, outcomes)
  local y = outcomes:labels(frame):to_table()
  local counts = outcomes:counts(y)
  local self = setmetatable({ k = plan.k, repeats = plan.repeats, seed = options.seed or 0,
    rows = #frame, positives = counts.positives, counts = counts.counts, frame = frame,
    bootstrap = resamples(options), names = {}, figures = {}, known_differences = {},
    how = options, outcomes = outcomes, fields = outcomes.fields, classes = outcomes.classes },
    Crossval)
  self.oof, self.target = predictions.frame(frame, plan, records, outcomes)
  self.folds, self.test_share = fold_list(plan, records, function(i)
    local tested = {}
    for k, row in ipairs(plan.rows(i)) do tested[k] = y[row] end
    return outcomes:counts(tested)
  end)
  for i, record in ipairs(records) do
    self.names[i] = record.name
    self.figures[record.name] = summary(self, record)
  end
  return self
end

return M
