-- What resampling and class weights do to probabilities, and how it is undone.
--
-- Nets that are trained on classes of other shares than the customers' give probabilities for a
-- world of those shares. The odds are shifted back by the ratio of the shares (Elkan 2001;
-- Saerens, Latinne, Decaestecker 2002); the ranking stays.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local report = require("churnlab.imbalance_report")
local resample = require("churnlab.resample")

local M = {}

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

-- ---- for cl.fit ----

local function times(weights, column)
  for i, weight in ipairs(column and column:to_table() or {}) do
    weights[i] = weights[i] * weight
  end
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
  state.tell_imbalance = options.verbose
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
  local facts, made = state.imbalance, nil
  if not facts then return nil end
  local judged, classes = state.valid or state.part, state.part.classes
  if not bare then
    made = report.new(facts, judged.y, model:probabilities(judged.frame), classes,
      state.valid and "validation" or "training")
  end
  if made and state.tell_imbalance then io.stderr:write(tostring(made), "\n") end
  if facts.corrected and classes then
    model:prior_shift(facts.from, facts.to)
  elseif facts.corrected then
    model:prior_shift(facts.from[2], facts.to[2])
  end
  return made
end

return M
