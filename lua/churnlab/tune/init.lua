--- cl.tune: a search for the best prep, net and training, over a space of typed dimensions.
--
-- A space is a table of dimensions,
--
--     local tune = cl.tune
--     local space = {
--       lr = tune.real { 1e-4, 1e-2, log = true },
--       units = tune.int { 16, 256, log = true },
--       layers = tune.int { 1, 2 },
--       dropout = tune.conditional { tune.real { 0, 0.5 }, when = { layers = 2 } },
--       scale = tune.choice { "standard", "robust" },
--     }
--
-- or a function that asks as it goes and returns what it built:
--
--     local function space(trial)
--       local net, layers = cl.nn.sequential(), trial:int("layers", { 1, 3 })
--       for k = 1, layers do
--         net:dense(trial:int("units_" .. k, { 16, 256, log = true }), { activation = "relu" })
--       end
--       return { prep = cl.prep():impute():onehot():scale(),
--         net = net:dense(1, { activation = "sigmoid" }), epochs = 30 }
--     end
--
-- Trial i depends on the seed, on i and on the trials before it alone: the same search gives the
-- same trials on any number of threads, and goes on from its log as if it had not been interrupted.
-- The best value of a search is a promise made by the luckiest of many; `Tuned:nested` says what it
-- is worth.
-- @module churnlab.tune

-- SPDX-License-Identifier: MIT
local dimensions = require("churnlab.tune.dimension")
local errors = require("churnlab.errors")
local outcomes = require("churnlab.outcomes")
local recipe = require("churnlab.tune.recipe")
local search = require("churnlab.tune.search")
local spaces = require("churnlab.tune.space")

local M = {}

--- A range of numbers.
-- @function cl.tune.real
-- @tparam table range `{ low, high }` and `log` (false: searched on the logarithm), `levels` (5:
-- the points of a grid)
-- @treturn Dimension
-- @raise a range that is none
-- @usage cl.tune.real { 1e-4, 1e-2, log = true }
M.real = dimensions.real

--- A range of whole numbers, both ends in it.
-- @function cl.tune.int
-- @tparam table range `{ low, high }` and `log` (false), `step` (1), `levels` (5: at most so many
-- points of a grid)
-- @treturn Dimension
-- @raise a range that is none
-- @usage cl.tune.int { 16, 256, step = 16 }
M.int = dimensions.int

--- One of several values: texts, numbers, booleans, tables of these.
-- @function cl.tune.choice
-- @tparam table values a list and `weights` (equal): how likely a random trial takes each
-- @treturn Dimension
-- @raise fewer than two values
-- @usage cl.tune.choice { { 64, 32 }, { 128 }, weights = { 2, 1 } }
M.choice = dimensions.choice

--- A dimension that is only there when others have certain values; otherwise its param is nil.
-- @function cl.tune.conditional
-- @tparam table given a dimension first, and `when` = { name = value or list of values }
-- @treturn Dimension
-- @raise names that the space does not have
-- @usage cl.tune.conditional { cl.tune.real { 0.1, 0.5 }, when = { layers = { 2, 3 } } }
M.conditional = spaces.conditional

--- Strategy: random points (Bergstra & Bengio 2012).
-- @function cl.tune.random
-- @treturn table
-- @usage cl.tune.random()
function M.random(options) return require("churnlab.tune.plain").random(options) end

--- Strategy: every point of a grid, `levels` a range; for spaces that are tables.
-- @function cl.tune.grid
-- @treturn table
-- @usage cl.tune.grid()
function M.grid(options) return require("churnlab.tune.plain").grid(options) end

--- Strategy: successive halving in the brackets of Hyperband (Li et al. 2018). A trial's budget is
-- a share of its epochs (or rows); the best third go on with three times as much.
-- @function cl.tune.halving
-- @tparam[opt] table options `eta` (3), `least` (1/27: the smallest budget), `brackets` (all; 1 =
-- plain successive halving)
-- @treturn table
-- @raise values out of range
-- @usage cl.tune.halving { eta = 3, least = 1 / 9 }
function M.halving(options) return require("churnlab.tune.halving").new(options) end

--- Strategy: the tree-structured Parzen estimator (Bergstra et al. 2011).
-- @function cl.tune.tpe
-- @tparam[opt] table options `startup` (20 random trials), `candidates` (24), `gamma` (0.1: the
-- share of the trials that count as good, at most 25 of them)
-- @treturn table
-- @raise values out of range
-- @usage cl.tune.tpe { startup = 10 }
function M.tpe(options) return require("churnlab.tune.tpe").new(options) end

--- Searches for the best point.
-- @function cl.tune
-- @tparam ?table|function space nil = the space around the default recipe
-- @tparam ?Frame frame with a target; not needed with `objective`
-- @tparam[opt] table options
--
--   - `build` (params → `{ prep =, net =, options = { … of cl.fit } }`, or a model as
--     `cl.crossval` takes it); a space function returns this itself
--   - `folds` (5): the value is the mean over cross-validated folds; 1 = one hold-out of the share
--     `valid` (0.2)
--   - `metric` ("log_loss"), also "roc_auc", "brier", "pr_auc" …, of classes "macro_f1" …
--   - `objective` (params, budget, trial → a number, less is better unless `maximize`) instead of
--     all these; `budget` is the share of `halving`, otherwise 1; `trial.number`, `trial.seed`, and
--     `trial:report(step, value)`, which returns false when the trial should end. A nil or NaN is a
--     failed trial
--   - `strategy`: "tpe" (default), "random", "grid", "halving", or one with options such as
--     `cl.tune.tpe { startup = 10 }`
--   - `trials` (50; a whole grid; one round of halving), `seed` (42), `time_limit` (seconds: no
--     trial begins after them; those in the log count)
--   - `prune` (false): true or `{ eta = 3, least = 4, startup = 5 }`: a trial that is not among
--     the best third so far after 4, 12, 36, ... epochs ends (Li et al. 2020), by its validation
--     AUC where that is the metric, otherwise by its loss. It works on one hold-out alone: `folds`
--     is 1 then, and more is an error; with an `objective`, `trial:report` does it
--   - `budget` ("epochs" or "rows"): what a share of `halving` cuts
--   - `log`: a file of JSON lines; the same search goes on where it ends
--   - `verbose` (false): a line a trial on standard error; a function gets the line
-- @treturn Tuned
-- @raise what the objective raises, with the trial; a log of another search
-- @usage local tuned = cl.tune({ lr = cl.tune.real { 1e-3, 1e-1, log = true } }, frame, {
--   trials = 3, folds = 2, build = function(params)
--     return { prep = cl.prep():drop({ "Surname" }):impute():onehot():scale(),
--       net = nn.sequential():dense(1, { activation = "sigmoid" }),
--       options = { epochs = 2, optimizer = nn.adam { lr = params.lr } } }
--   end })
-- print(tuned)
-- @usage local least = cl.tune({ x = cl.tune.real { -1, 2 } }, nil, { trials = 40,
--   objective = function(params) return (params.x - 1) ^ 2 end })
-- assert(math.abs(least.best.params.x - 1) < 0.2)
local function tune(_, space, frame, options)
  options = errors.options("tune", options, search.known)
  if options.objective then
    if options.build then errors.raise("tune: expected 'build' or 'objective', got both") end
    if space == nil then errors.raise("tune: space: expected one beside an objective, got nil") end
  elseif space == nil then
    local copy = { build = options.build or recipe.builder(outcomes.count(frame)) }
    for key, value in pairs(options) do copy[key] = value end
    space, options = recipe.space(), copy
  elseif type(space) == "table" and not options.build then
    errors.raise("tune: expected an option 'build' or 'objective' beside a table of dimensions")
  end
  return search.run(space, frame, options)
end

return setmetatable(M, {
  __call = tune,
  __index = function(_, name)
    errors.unknown("tune", "name", name, { "choice", "conditional", "grid", "halving", "int",
      "random", "real", "tpe" })
  end,
})
