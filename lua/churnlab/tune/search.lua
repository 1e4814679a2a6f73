-- The options of cl.tune, checked, and the search that they describe.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local halving = require("churnlab.tune.halving")
local judges = require("churnlab.tune.judge")
local outcomes = require("churnlab.outcomes")
local plain = require("churnlab.tune.plain")
local prune = require("churnlab.tune.prune")
local result = require("churnlab.tune.result")
local spaces = require("churnlab.tune.space")
local study = require("churnlab.tune.study")
local tpe = require("churnlab.tune.tpe")

local M = {}

-- ---- options ----

M.known = {
  build = "function", objective = "function", metric = "string", maximize = "boolean",
  strategy = "string|table", trials = "number", seed = "number", folds = "number",
  valid = "number", budget = "string", time_limit = "number", log = "string",
  prune = "boolean|table", verbose = "boolean|function",
}

local function whole(options, name, default, least)
  local value = options[name]
  if value == nil then return default end
  if math.type(value) ~= "integer" or value < least then
    errors.raise("tune: option '%s': expected a whole number from %d, got %s", name, least,
      tostring(value))
  end
  return value
end

local function strategy_of(given)
  given = given or "tpe"
  if type(given) == "table" then
    if given.kind ~= "strategy" then
      errors.raise("tune: option 'strategy': expected one such as cl.tune.tpe{}, got a table")
    end
    return given
  end
  local names = { grid = plain.grid, halving = halving.new, random = plain.random, tpe = tpe.new }
  if not names[given] then
    errors.unknown("tune", "strategy", given, { "grid", "halving", "random", "tpe" })
  end
  return names[given]()
end

local function check_judge(options)
  local metric = options.metric or "log_loss"
  if not options.objective and not judges.signs[metric] then
    local names = {}
    for name in pairs(judges.signs) do names[#names + 1] = name end
    table.sort(names)
    errors.unknown("tune", "metric", metric, names)
  end
  if options.maximize ~= nil and not options.objective then
    errors.raise("tune: option 'maximize' goes with an objective; a metric knows its way")
  end
  if options.budget and options.budget ~= "epochs" and options.budget ~= "rows" then
    errors.raise("tune: option 'budget': expected \"epochs\" or \"rows\", got \"%s\"",
      options.budget)
  end
  local valid = options.valid or 0.2
  if not (valid > 0 and valid < 1) then
    errors.raise("tune: option 'valid': expected a share between 0 and 1, got %g", valid)
  end
  return metric, valid
end

-- ---- the search ----

local function default_trials(strategy)
  if strategy.name == "grid" then return math.maxinteger end
  return strategy.round and strategy.round() or 50
end

local function teller(verbose)
  if type(verbose) == "function" then return verbose end
  return verbose and function(line) io.stderr:write(line, "\n") end or nil
end

-- Rebuilds what a point was.
local function builder(space, build)
  if build then return build end
  return function(params)
    local _, _, built = space:point(function(name) return params[name] end)
    return built
  end
end

local function judged_by_frame(search, options, frame)
  local folds = whole(options, "folds", options.prune and 1 or 5, 1)
  if options.prune and folds > 1 then
    errors.raise("tune: option 'prune': expected folds = 1 beside it (a trial is stopped by what "
      .. "one hold-out shows), got %d", folds)
  end
  local settings = { folds = folds, valid = search.valid, metric = search.metric,
    seed = search.seed, budget = options.budget or "epochs", prune = search.prune ~= nil }
  local _, kind
  search.frame, _, kind = outcomes.labelled(frames.coerce(frame, "tune"), "tune")
  if kind.classes then kind:check_score("tune", search.metric) end
  search.judge = judges.new(setmetatable({ outcomes = kind }, { __index = settings }))
  search.sign = judges.signs[search.metric]
  search.header = { data = core.model.data_hash(search.frame), judge = settings }
  function search.evaluate(params, budget, trial, built)
    return search.judge.evaluate(options.build and options.build(params) or built, search.frame,
      budget, trial)
  end
end

local function new_search(space, frame, options)
  local strategy = strategy_of(options.strategy)
  local search = { space = spaces.new(space), strategy = strategy,
    trials = whole(options, "trials", default_trials(strategy), 1),
    seed = whole(options, "seed", 42, math.mininteger), seconds = options.time_limit,
    path = options.log, prune = prune.settings(options.prune), tell = teller(options.verbose) }
  search.metric, search.valid = check_judge(options)
  if options.objective then
    search.sign, search.metric = options.maximize and -1 or 1, options.metric or "objective"
    search.evaluate = options.objective
    search.header = { judge = { maximize = options.maximize or false } }
  else
    judged_by_frame(search, options, frame)
  end
  search.build = builder(search.space, options.build)
  return search
end

--- Runs a search.
function M.run(space, frame, options)
  local search = new_search(space, frame, options)
  function search.again(rows, changes)
    local copy = {}
    for key, value in pairs(options) do copy[key] = value end
    copy.trials, copy.log = changes.trials, changes.log
    return M.run(space, rows, copy)
  end
  local job <close> = core.control.job("tune")
  local tell, total = search.tell, search.trials
  search.tell = (tell or total < math.maxinteger) and function(line, done)
    if tell then tell(line) end
    if total < math.maxinteger then job:report(done / total) end
  end
  return result.new(search, study.run(search))
end

return M
