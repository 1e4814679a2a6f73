--- What a target says of a row: which of two outcomes came, or which of several classes it is.
--
-- Everything that fits, judges and compares asks here, so that it is written once for both. The
-- predictions of rows are a list: of two outcomes a probability a row, of classes a list of them.
-- @module churnlab.outcomes
-- @local

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local evaluation = require("churnlab.metrics.evaluation")

local M = {}

local function type_text(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name or type(value)
end

local function check_model(where, model)
  if type_text(model) ~= "churnlab.Model" then
    errors.raise("%s: expected a Model or a function(frame) from 'fit', got %s", where,
      type_text(model))
  end
  return model
end

local function plain(values)
  return type(values) == "table" and values or values:to_table()
end

-- ---- two outcomes ----

local Two = { fields = { "roc_auc", "log_loss", "accuracy", "brier", "ece", "pr_auc", "lift_10" } }
Two.__index = Two

--- 0 and 1, as a Column.
function Two:labels(frame) return frame:labels() end

--- Fails unless rows to learn from are enough to learn all.
function Two:check_rows(where, frame, least)
  local positives = frame:labels():sum() // 1 | 0
  if math.min(positives, #frame - positives) < least then
    errors.raise("%s: expected at least %d rows with each outcome in the target '%s', got %d of %d "
      .. "positive", where, least, frame:roles().target, positives, #frame)
  end
end

--- Rows of the rarer outcome.
function Two:rarest(frame)
  local positives = frame:labels():sum() // 1 | 0
  return math.min(positives, #frame - positives)
end

--- How often each came, as fields of a table for people and JSON.
function Two:counts(y)
  local positives = 0
  for _, label in ipairs(plain(y)) do positives = positives + label end
  return { positives = positives // 1 | 0 }
end

--- Predictions of a model, or of a function(frame).
function Two:predict(where, model, frame)
  if type(model) == "function" then return plain(model(frame)) end
  return check_model(where, model):score_frame(frame):col("churn"):to_table()
end

function Two:scores(y, p) return core.metrics.scores(y, p) end

--- Bootstrap intervals of scores(p) - scores(q).
function Two:difference(y, p, q, options)
  return evaluation.pairs_of(core.metrics.difference(y, p, q, options))
end

--- Greedy weights of a blend of several predictions, by log loss.
function Two:blend(y, lists, rounds) return (core.metrics.blend(y, lists, rounds)) end

--- The prediction of each row's own outcome.
function Two:own(y, p)
  local own = {}
  for i, q in ipairs(p) do own[i] = y[i] > 0 and q or 1 - q end
  return own
end

--- Names of the columns that hold a model's predictions.
function Two:columns(name) return { name } end

--- A row's prediction as a list, one a column.
function Two:cells(prediction) return { prediction } end

--- Labels and predictions from a frame that holds them in columns.
function Two:oof_labels(oof, target) return oof:col(target) end
function Two:oof_predictions(oof, columns) return oof:col(columns[1]) end

--- A calibration as a table; y and p are lists.
function Two:calibration(method, y, p) return core.calibration.fit(method, y, p) end

function Two:calibrated(calibration, p) return calibration:apply(p) end

Two.calibrations = { "temperature", "platt" }

-- ---- several classes ----

local Classes = {}
Classes.__index = Classes

local function matrix(p) return type(p) == "table" and core.matrix.from_table(p) or p end

function Classes:labels(frame) return (frame:class_labels(self.classes)) end

local function counts_of(self, y)
  local counts = {}
  for c = 1, #self.classes do counts[c] = 0 end
  for _, class in ipairs(plain(y)) do
    local c = class + 1 | 0
    counts[c] = counts[c] + 1
  end
  return counts
end

function Classes:check_rows(where, frame, least)
  for c, count in ipairs(counts_of(self, self:labels(frame))) do
    if count < least then
      errors.raise("%s: expected at least %d %s with each class of the target '%s', got %d of the "
        .. "class '%s': leave its rows out, or make it one with another class", where, least,
        least == 1 and "row" or "rows", frame:roles().target, count, self.classes[c])
    end
  end
end

function Classes:rarest(frame)
  return math.min(table.unpack(counts_of(self, self:labels(frame))))
end

function Classes:counts(y) return { counts = counts_of(self, y) } end

local function check_classes(self, where, model)
  local own = check_model(where, model):facts().classes
  if not own or table.concat(own, "\0") ~= table.concat(self.classes, "\0") then
    errors.raise("%s: expected a model of the classes %s, got one of %s", where,
      table.concat(self.classes, ", "), own and table.concat(own, ", ") or "a single probability")
  end
end

function Classes:predict(where, model, frame)
  if type(model) == "function" then return plain(model(frame)) end
  check_classes(self, where, model)
  return model:probabilities(frame):to_table()
end

--- Fails unless classes have a score of that name.
function Classes:check_score(where, name)
  for _, field in ipairs(self.fields) do
    if field == name then return end
  end
  errors.unknown(where .. ": several classes", "score", name, self.fields)
end

function Classes:scores(y, p)
  local scores = core.metrics.class_scores(y, matrix(p))
  if not self.ordered then scores.kappa = nil end -- distances of classes mean nothing
  return scores
end

function Classes:difference(y, p, q, options)
  local low, high = core.metrics.class_bootstrap(y, matrix(p), matrix(q), options)
  return evaluation.pairs_of(low, high, self.fields)
end

-- The log loss of a mean sees of each row the probability of its own class alone.
function Classes:blend(y, lists, rounds)
  local sure, own = {}, {}
  y = plain(y)
  for i = 1, #y do sure[i] = 1 end
  for k, list in ipairs(lists) do own[k] = self:own(y, plain(list)) end
  return (core.metrics.blend(sure, own, rounds))
end

function Classes:own(y, p)
  local own = {}
  for i, row in ipairs(p) do own[i] = row[y[i] + 1 | 0] end
  return own
end

function Classes:columns(name)
  local names = {}
  for c, class in ipairs(self.classes) do names[c] = ("%s_p_%s"):format(name, class) end
  return names
end

function Classes:cells(prediction) return prediction end

function Classes:oof_labels(oof, target) return self:labels(oof:with_roles { target = target }) end

function Classes:oof_predictions(oof, columns)
  local list = {}
  for c, name in ipairs(columns) do list[c] = oof:col(name) end
  return core.matrix.from_columns(list)
end

function Classes:calibration(method, y, p) return core.calibration.fit(method, y, matrix(p)) end

function Classes:calibrated(calibration, p) return calibration:apply(matrix(p)):to_table() end

Classes.calibrations = { "temperature" }

-- ---- which of them ----

-- The classes of a target, and whether their order means something.
local function classes_of(frame)
  local _, names, ordered = frame:class_labels()
  local fields = { "roc_auc", "log_loss", "accuracy", "macro_f1" }
  if ordered then fields[#fields + 1] = "kappa" end
  return setmetatable({ classes = names, ordered = ordered, fields = fields }, Classes)
end

--- The rows whose target is known, and what it says.
-- @tparam Frame frame with a target; one that names no positive value and has 3 to 256 values is
-- one of classes
-- @tparam string where the function, for messages
-- @treturn Frame
-- @treturn integer rows that were dropped
-- @treturn Outcomes `fields`: the scores; `classes`: nil of two outcomes
function M.labelled(frame, where)
  local several = core.model.has_classes(frame)
  local rows, dropped = core.model.labelled(frame, where, several)
  return rows, dropped, several and classes_of(rows) or Two
end

--- How many classes the target of a frame has, or nil of two outcomes and of no frame.
function M.count(frame)
  if not frames.is_frame(frame) or not core.model.has_classes(frame) then return nil end
  local _, names = frame:class_labels()
  return #names
end

return M
