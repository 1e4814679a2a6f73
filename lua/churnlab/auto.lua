--- cl.auto: from a training frame to a model, without a choice to make.
--
-- Columns that cannot be features are left out. Numbers are binned by decision trees and enter
-- piecewise linearly, texts one column a level. Some nets and an additive model are trained on
-- inner folds, each with its prep and an early stop of its own; their out-of-fold predictions say
-- how they are weighed and whether the blend is calibrated. The model is the blend of all folds:
-- one file, one score.
--
-- How much is done depends on the data alone, so the same data and seed give the same model on any
-- number of threads. A `time_limit` is the exception: what it cuts depends on the clock, and the
-- model says so.
-- @module churnlab.auto

-- SPDX-License-Identifier: MIT
local candidates = require("churnlab.candidate")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local features = require("churnlab.auto.features")
local frames = require("churnlab.frame")
local mix = require("churnlab.auto.mix")
local outcomes = require("churnlab.outcomes")
local plans = require("churnlab.auto.plan")
local recipes = require("churnlab.auto.recipes")
local target = require("churnlab.fit.target")
local trials = require("churnlab.auto.trials")

local M = {}

local SEED = 42
local RESERVE = 0.05      -- of the time limit is kept for blending and calibrating,
local RESERVE_ROW = 1e-5  -- or so many seconds a row, if that is more

local known = { target = "string", positive = "string|number|boolean|table", id = "string",
  seed = "number", time_limit = "number", group = "string", time = "string", embargo = "number",
  verbose = "boolean|function" }

-- ---- options ----

local function teller(verbose)
  if type(verbose) == "function" then return verbose end
  if not verbose then return function() end end
  return function(fmt, ...) io.stderr:write(fmt:format(...), "\n") end
end

local function check(options)
  options = errors.options("auto", options, known)
  local seed, limit = options.seed, options.time_limit
  if seed ~= nil and math.type(seed) ~= "integer" then
    errors.raise("auto: option 'seed': expected a whole number, got %s", tostring(seed))
  end
  if limit ~= nil and limit <= 0 then
    errors.raise("auto: option 'time_limit': expected seconds above 0, got %s", tostring(limit))
  end
  return options
end

local function frame_of(train, options)
  local frame = frames.coerce(train, "auto")
  if options.target or options.id then
    frame = frame:with_roles { target = options.target, positive = options.positive,
      id = options.id }
  end
  return outcomes.labelled(frame, "auto")
end

-- ---- folds ----

-- No more folds than there are groups, or moments to cut at.
local function fold_count(frame, plan, options)
  local apart = options.group or options.time
  return apart and math.min(plan.folds, frame:col(apart):n_distinct()) or plan.folds
end

-- What every candidate is fitted on: frames of the folds, their rows, and each row's fold.
local function make_folds(state, options)
  local frame, plan = state.frame, state.plan
  local made = { list = {}, fold = {}, y = state.outcomes:labels(frame):to_table() }
  local context = { seed = options.seed or SEED, group = options.group, time = options.time,
    embargo = options.embargo }
  plan.folds = fold_count(frame, plan, options)
  local inner = candidates.inner_folds("auto", frame, plan.folds, context)
  for k = 1, inner.count do
    local train, valid = inner.parts(k)
    if state.outcomes.classes then
      state.outcomes:check_rows(("auto: inner fold %d: rows to train on"):format(k), train, 1)
    end
    made.list[k] = { train = train, valid = valid, rows = inner.rows(k) }
    for _, row in ipairs(made.list[k].rows) do made.fold[row] = k end
  end
  return made
end

-- ---- the model ----

local function blend(state, records)
  local lists = {}
  for i, record in ipairs(records) do lists[i] = record.p end
  local weights = mix.weights(state.outcomes, state.folds.y, lists)
  local models, shares = {}, {}
  for i, record in ipairs(records) do
    record.weight = weights[i]
    for k, model in ipairs(weights[i] > 0 and record.models or {}) do
      models[#models + 1] = model
      shares[#shares + 1] = weights[i] * #state.folds.list[k].rows
    end
  end
  local joined = core.model.join(models, { weights = shares, background = state.frame,
    seed = state.seed })
  return joined, mix.mean(lists, weights)
end

local function lineage(state, records, p, calibration)
  local tried = {}
  for i, record in ipairs(records) do
    tried[i] = { name = record.name, weight = record.weight, log_loss = record.scores.log_loss,
      roc_auc = record.scores.roc_auc, accuracy = record.scores.accuracy,
      nets = record.members * #record.models }
  end
  local scores = state.outcomes:scores(state.folds.y, p)
  local shares = target.shares(state.part)
  return {
    recipe = "auto", rows = state.plan.rows, positives = shares.positives,
    rate = shares.rate, rates = shares.rates, dropped = state.without, seed = state.seed,
    folds = state.plan.folds, candidates = tried,
    inner = { log_loss = scores.log_loss, roc_auc = scores.roc_auc, accuracy = scores.accuracy },
    calibration = calibration and calibration.method, cut_by_time = state.deadline ~= nil
      and state.deadline.cut == true,
    created = os.date("!%Y-%m-%dT%H:%M:%SZ"), version = core.version,
  }
end

-- The logistic regression that stands beside evaluations, on the columns of the first part.
local function baseline(state, model)
  state.part.x = model:transform(state.frame, 1)
  if not recipes.is_exact(state.part.x:cols(), state.outcomes.classes) then return end
  local made = target.baseline(state.part)
  made.part = 1
  model:metadata("logistic", made)
end

local function finish(state, records)
  local model, p = blend(state, records)
  local calibration = mix.calibration(state.outcomes, state.folds.y, p, state.folds.fold,
    #state.folds.list)
  if calibration then model:set_calibration(calibration) end
  model:metadata("training", lineage(state, records, p, calibration))
  model:metadata("thresholds", { high = 0.6, medium = 0.3 })
  baseline(state, model)
  state.tell("%-9s inner log loss %.4f%s", "blend",
    model:metadata().training.inner.log_loss,
    calibration and (", calibrated (%s)"):format(calibration.method) or "")
  return model
end

local function tell_columns(state, found)
  for _, item in ipairs(found.dropped) do
    state.tell("column '%s' left out: %s", item.column, item.reason)
  end
  state.tell("%d rows, %d columns, %d inner folds", state.plan.rows, found.count, state.plan.folds)
end

-- When training must end, so that all is done at the time limit.
local function nets_end(started, limit, rows)
  return started + limit - math.min(limit / 2, math.max(RESERVE * limit, RESERVE_ROW * rows))
end

--- Trains the default recipe.
-- @function cl.auto
-- @tparam Frame train with a target, or with `target` as option; rows without a value there are
-- left out. A target of 3 to 256 values, none of them named as positive, makes a model of classes
-- @tparam[opt] table options
--
--   - `target`, `positive`, `id`: roles, where the frame has none
--   - `seed` (42)
--   - `group`, or `time` and `embargo`: the inner folds keep groups together or are blocks of time,
--     and these columns are no features
--   - `time_limit` (none): seconds. Candidates that would not end in time are left out, and nets
--     end early; the result then depends on the clock
--   - `verbose` (false): true writes what happens on standard error, a function gets each line's
--     format and arguments
-- @treturn Model `model:info().training` says what was tried and how it was weighed
-- @raise fewer than 4 rows with each outcome or class; no column that could be a feature
-- @usage local model = cl.auto(frame:head(120), { seed = 1 })
-- print(model)
function M.auto(train, options)
  options = check(options)
  local started = core.control.clock()
  local state = { tell = teller(options.verbose), seed = options.seed or SEED, number = 0 }
  state.frame, state.without, state.outcomes = frame_of(train, options)
  state.part = { frame = state.frame }
  target.label(state.part, state.outcomes.classes ~= nil)
  state.plan = plans.of("auto", state.frame, state.outcomes)
  local apart = { [options.group or false] = true, [options.time or false] = true }
  local found = features.find(state.frame, apart)
  if found.count == 0 then errors.raise("auto: the frame has no column that could be a feature") end
  tell_columns(state, found)
  if options.time_limit then
    state.deadline = { at = nets_end(started, options.time_limit, #state.frame) }
  end
  state.folds = make_folds(state, options)
  local columns = features.prep(found, true):fit_transform(state.frame):cols()
  return finish(state, trials.run(state, found, columns))
end

--- The recipe as a model for cl.crossval and cl.leaderboard.
-- @local
-- @tparam[opt] table options of cl.auto
-- @treturn table `name`, `fit`
function M.candidate(options)
  return { name = "auto", fit = function(train, context)
    local own = { seed = context.seed, group = context.group, time = context.time,
      embargo = context.embargo }
    for key, value in pairs(options or {}) do own[key] = value end
    return M.auto(train, own)
  end }
end

return M
