--- Cross-validation: how good models are on rows that they did not see, with out-of-fold
-- predictions, a table of folds and paired differences.
--
-- In each fold everything is fitted anew on the training rows alone: prep, net, calibration. The
-- same seed gives the same figures on any number of threads.
-- @module churnlab.crossval

-- SPDX-License-Identifier: MIT
local candidates = require("churnlab.candidate")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local folds = require("churnlab.folds")
local frames = require("churnlab.frame")
local outcomes = require("churnlab.outcomes")
local pool = require("churnlab.fit.pool")
local result = require("churnlab.crossval.result")

local M = {}

local FOLDS = 5

local known = { folds = "number", seed = "number", stratify = "boolean|string", group = "string",
  time = "string", embargo = "number", repeats = "number", bootstrap = "number|boolean",
  keep_models = "boolean", verbose = "boolean|function" }

-- ---- folds ----

local function plan_of(frame, options)
  local stratify = options.stratify
  if stratify == nil or stratify == true then stratify = frame:roles().target end
  if options.time or not stratify then stratify = nil end
  return folds.plan("crossval", frame, { k = options.folds or FOLDS, seed = options.seed,
    stratify = stratify, group = options.group, time = options.time, embargo = options.embargo,
    repeats = options.repeats })
end

-- What a candidate is told of the fold that it fits in.
local function context_of(options, fold)
  return { fold = fold, seed = options.seed or 0, group = options.group, time = options.time,
    embargo = options.embargo }
end

-- ---- fitting ----

local function in_fold(where, fold, f, ...)
  return errors.within(("crossval: fold %d: %s"):format(fold, where), f, ...)
end

-- The rows of a fold: those to learn from have every class.
local function parts_of(state, fold)
  local train, test = state.plan.parts(fold)
  if state.outcomes.classes then
    state.outcomes:check_rows(("crossval: fold %d: rows to train on"):format(fold), train, 1)
  end
  return train, test
end

-- Fits one candidate in all folds; `each` is told of every model.
local function fit_alone(candidate, state, each)
  local plan, options = state.plan, state.options
  for fold = 1, plan.count do
    local train, test = parts_of(state, fold)
    each(fold, in_fold(candidate.name, fold, candidate.fit, train, context_of(options, fold)),
      train, test)
  end
end

-- A prep and a net: the folds share a pool of threads.
local function fit_pooled(candidate, state, each)
  local plan, options = state.plan, state.options
  local jobs, trains, tests = {}, {}, {}
  for fold = 1, plan.count do
    trains[fold], tests[fold] = parts_of(state, fold)
    jobs[fold] = in_fold(candidate.name, fold, candidate.job, candidate, trains[fold],
      context_of(options, fold))
    jobs[fold].where = ("crossval: fold %d: %s"):format(fold, candidate.name)
    jobs[fold].bare = not options.keep_models
  end
  local models = pool.run(jobs)
  for fold = 1, plan.count do each(fold, models[fold], trains[fold], tests[fold]) end
end

-- ---- telling ----

local function teller(options)
  local verbose = options.verbose
  if type(verbose) == "function" then return verbose end
  if not verbose then return function() end end
  return function(fmt, ...) io.stderr:write(fmt:format(...), "\n") end
end

local function tell_fold(tell, plan, fold, name, scores)
  tell("fold %d/%d  %s  AUC %s  log loss %.4f  accuracy %.4f", fold, plan.count, name,
    scores.roc_auc and ("%.4f"):format(scores.roc_auc) or "-", scores.log_loss, scores.accuracy)
end

-- ---- the whole ----

local function run_candidate(candidate, state, job, at)
  local plan, kind = state.plan, state.outcomes
  local record = { name = candidate.name, baseline = candidate.baseline, p = {}, folds = {},
    trained = {}, models = state.options.keep_models and {} or nil }
  local run = candidate.fit and fit_alone or fit_pooled
  run(candidate, state, function(fold, model, train, test)
    local where = ("crossval: fold %d: %s"):format(fold, candidate.name)
    record.p[fold] = kind:predict(where, model, test)
    record.folds[fold] = errors.within(where, kind.scores, kind, kind:labels(test),
      record.p[fold])
    record.trained[fold] = #train
    if record.models then record.models[fold] = model end
    tell_fold(state.tell, plan, fold, candidate.name, record.folds[fold])
    if job then job:report((at - 1 + fold / plan.count) / state.count) end
  end)
  return record
end

local function check_seed(options)
  if options.seed ~= nil and math.type(options.seed) ~= "integer" then
    errors.raise("crossval: option 'seed': expected a whole number, got %s", tostring(options.seed))
  end
end

--- Cross-validates models on the same folds.
-- @function cl.crossval
-- @param models one of these, or a list of them:
--
--   - `{ name =, prep =, net =, … }` with options of `cl.fit`; `valid` is the share of the training
--     rows that early stopping watches (0.15 where there is a callback that watches them)
--   - `{ name =, fit = function(train, context) → model }`, such as `cl.baseline.logistic {}`: what
--     it returns is a Model, or a function(frame) → probabilities (of classes a Matrix or a list
--     of rows, with one a class); context has `fold` and `seed`
--   - a function(train, context) alone
--   - `"auto"`: the default recipe, `cl.auto`
-- @tparam Frame frame with a target; rows without a value there are left out. One of 3 to 256
-- values, none of them named as positive, is one of classes: every fold must train on all of them
-- @tparam[opt] table options
--
--   - `folds` (5), `seed` (0), `repeats` (1), `group`, `time`, `embargo` as in `Frame:folds`
--   - `stratify` (true: by the target): a column, or false
--   - `bootstrap` (500 resamples of the out-of-fold rows; false = none): paired intervals of the
--     pooled figures
--   - `keep_models` (false): the result keeps each fold's model
--   - `verbose` (false): true writes a line a fold on standard error, a function gets the line's
--     format and arguments
-- @treturn Crossval
-- @raise what a model's fit raises, with the fold; a fold without rows, or without a class, to
-- train on
-- @usage
-- local compared = cl.crossval({
--   { name = "net", prep = cl.prep():drop({ "Surname" }):impute():onehot():scale(),
--     net = nn.sequential():dense(8, { activation = "relu" }):dense(1, { activation = "sigmoid" }),
--     epochs = 3 },
--   cl.baseline.logistic(),
-- }, frame, { folds = 3, seed = 42, bootstrap = 50 })
-- print(compared)
-- assert(#compared.oof == #frame)
function M.crossval(models, frame, options)
  options = errors.options("crossval", options, known)
  check_seed(options)
  local list = candidates.list("crossval", models)
  local _, kind
  frame, _, kind = outcomes.labelled(frames.coerce(frame, "crossval"), "crossval")
  local state = { options = options, plan = plan_of(frame, options), tell = teller(options),
    count = #list, outcomes = kind }
  local job <close> = core.control.job("cross-validation")
  local records = {}
  for i, candidate in ipairs(list) do records[i] = run_candidate(candidate, state, job, i) end
  return result.new(frame, state.plan, records, options, kind)
end

return M
