-- The recipes of cl.auto at work: fitted on the inner folds, judged on the rows that each fold left
-- out, as far as the plan and the time go.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local plans = require("churnlab.auto.plan")
local pool = require("churnlab.fit.pool")
local recipes = require("churnlab.auto.recipes")

local M = {}

local function jobs_of(recipe, state, members)
  local jobs = {}
  for k, fold in ipairs(state.folds.list) do
    jobs[k] = recipe.job(recipe.prep, fold.train, fold.valid,
      { seed = state.seed, members = members, number = state.number })
    jobs[k].where = ("auto: %s: fold %d"):format(recipe.name, k)
  end
  state.number = state.number + members
  return jobs
end

-- One model a fold, or nil where the recipe does not fit the data.
local function fit_all(recipe, state, members)
  if recipe.job then return (pool.run(jobs_of(recipe, state, members), state.deadline)) end
  local models = {}
  for k, fold in ipairs(state.folds.list) do
    models[k] = recipe.fit(recipe.prep, fold.train)
    if not models[k] then return nil end
  end
  return models
end

local function operations_of(state, recipe, members)
  return recipe.work and recipe.work(#state.frame) * members or 0
end

local function try(recipe, state, members)
  local started = core.control.clock()
  local models = fit_all(recipe, state, members)
  if not models then return nil end
  local p = {}
  for k, fold in ipairs(state.folds.list) do
    local own = state.outcomes:predict("auto", models[k], fold.valid)
    for i, row in ipairs(fold.rows) do p[row] = own[i] end
  end
  local scores = state.outcomes:scores(state.folds.y, p)
  state.tell("%-9s inner log loss %.4f  AUC %.4f  accuracy %.4f", recipe.name, scores.log_loss,
    scores.roc_auc, scores.accuracy)
  return { name = recipe.name, models = models, p = p, scores = scores, members = members,
    seconds = core.control.clock() - started }
end

-- Whether half of the recipe, by the operations a second so far, would end in time: the rest of the
-- time is worth using even when nets end early.
local function has_time(state, recipe, members, records)
  if not state.deadline then return true end
  local seconds, operations = 0, 0
  for _, record in ipairs(records) do
    seconds = seconds + record.seconds
    operations = operations + record.operations
  end
  local expected = operations > 0 and seconds / operations * operations_of(state, recipe, members)
    or 0
  return core.control.clock() + expected / 2 < state.deadline.at
end

--- Tries the recipes that the plan and the time allow.
-- @tparam table state `frame`, `folds` (y, list = { { train, valid, rows }, … }), `plan`, `seed`,
--   `outcomes`, `number` (of the next net's random streams), `deadline`, `tell`
-- @tparam table found columns, of features.find
-- @tparam integer columns how many are encoded
-- @treturn {table,...} `name`, `models` (one a fold), `p` (out of fold), `scores`, `members`
function M.run(state, found, columns)
  local records = {}
  for _, recipe in ipairs(recipes.list(found, columns, state.outcomes)) do
    local members = plans.members(state.plan, recipe, #records == 0)
    if members == 0 then
      state.tell("%-9s left out: too dear for these data", recipe.name)
    elseif #records > 0 and not has_time(state, recipe, members, records) then
      state.deadline.cut = true
      state.tell("%-9s left out: no time", recipe.name)
    else
      local record = try(recipe, state, members)
      if record then record.operations = operations_of(state, recipe, members) end
      records[#records + 1] = record
    end
  end
  return records
end

return M
