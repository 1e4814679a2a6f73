-- model:evaluate: the model beside the majority rule and a logistic regression on the same columns.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local metrics = require("churnlab.metrics")

local M = {}

local function numbers(p) return type(p) == "table" and p or p:to_table() end

-- b added to a, two lists of numbers or of lists.
local function add(a, b)
  for i, value in ipairs(b) do
    if type(value) == "table" then add(a[i], value) else a[i] = a[i] + value end
  end
end

local function divide(a, n)
  for i, value in ipairs(a) do
    if type(value) == "table" then divide(value, n) else a[i] = value / n end
  end
  return a
end

-- The probabilities of the logistic regression beside the net, or the mean of those beside the
-- models that it was blended from: a list, of classes a list of rows.
local function logistic_of(model, frame)
  local baseline = model:metadata().logistic
  if not baseline then return nil end
  local list, sum = baseline[1] and baseline or { baseline }, nil
  for _, one in ipairs(list) do
    local p = numbers(core.logistic.new(one.weights, one.intercept)
      :predict(model:transform(frame, one.part)))
    if sum then add(sum, p) else sum = p end
  end
  return divide(sum, #list)
end

local function evaluate_binary(model, frame, options)
  local training = model:metadata().training
  return metrics.evaluation(model:labels(frame), {
    net = model:score_frame(frame):col("churn"),
    logistic = logistic_of(model, frame),
    prior = training and training.rate,
  }, options)
end

-- The positive values against the rest.
local function churn_of(model, frame, facts, training)
  if not facts.positive then return nil end
  local y = frame:with_roles { target = facts.target, positive = facts.positive }:labels()
  local positive = facts.positive
  return { y = y, p = model:score_frame(frame):col("churn"), prior = training.rate,
    positive = type(positive) == "table" and table.concat(positive, " or ") or positive }
end

local function evaluate_classes(model, frame, facts, options)
  local training = model:metadata().training or {}
  local logistic = logistic_of(model, frame)
  return require("churnlab.metrics.class_evaluation").new(model:labels(frame), {
    net = model:probabilities(frame),
    logistic = logistic and core.matrix.from_table(logistic),
    priors = training.rates,
    churn = churn_of(model, frame, facts, training),
  }, { classes = facts.classes, ordered = facts.ordered, bootstrap = options.bootstrap,
    seed = options.seed, threshold = options.threshold })
end

--- See `Model:evaluate`.
-- @tparam Model model
-- @tparam Frame test
-- @tparam[opt] table options
-- @treturn Evaluation|ClassEvaluation
function M.run(model, test, options)
  options = errors.options("evaluate", options, { bootstrap = "number|boolean",
    threshold = "number", seed = "number", keep = "boolean" })
  local facts = model:facts()
  local frame = frames.coerce(test, "evaluate")
  if not frame:has(facts.target) then
    errors.raise("evaluate: the frame has no target column '%s'", facts.target)
  end
  frame = frame:with_roles { target = facts.target, positive = facts.positive }
  frame = core.model.labelled(frame, "evaluate", facts.classes ~= nil)
  local settings = metrics.evaluation_options {
    bootstrap = options.bootstrap, threshold = options.threshold, seed = options.seed }
  local result = facts.classes and evaluate_classes(model, frame, facts, settings)
    or evaluate_binary(model, frame, settings)
  if options.keep then model:metadata("evaluation", result:to_table()) end
  return result
end

return M
