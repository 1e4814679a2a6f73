-- The search itself: asks the strategy for a point, has it judged, notes it, until trials or time
-- are over. Trial i depends on the seed, i and the trials before it alone, so a search that was
-- interrupted goes on as if it had not been.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local log = require("churnlab.tune.log")
local prune = require("churnlab.tune.prune")

local M = {}

-- ---- a trial, as objectives see it ----

local Trial = { __name = "churnlab.Trial" }
Trial.__index = Trial

--- Tells how the trial stands after a step (an epoch, a fold); returns false when it has no hope
-- and should end, so that a callback of cl.fit can return it.
function Trial:report(step, value)
  if self.stopped then return false end
  if type(value) ~= "number" or value ~= value then return true end
  value = self.sign * value
  if not self.best or value < self.best then self.best = value end
  self.step = step
  self.stopped = not prune.goes_on(self.prune, self.history, self.rungs, step, self.best)
  return not self.stopped
end

-- ---- one trial ----

local function finite(value)
  return type(value) == "number" and value == value and math.abs(value) < math.huge
end

-- The record of a finished trial. Values are kept so that less is better.
local function judge(study, asked, number)
  local params, _, built = study.space:point(asked.pick)
  local trial = setmetatable({ number = number, seed = study.seed, prune = study.prune,
    history = study.history, rungs = {}, sign = study.sign }, Trial)
  local started = core.control.clock()
  local ok, value = pcall(study.evaluate, params, asked.budget or 1, trial, built)
  if not ok then
    if type(value) ~= "string" then error(value, 0) end
    error(("tune: trial %d (%s): %s"):format(number, core.json.encode(params), value), 0)
  end
  if not trial.stopped and value ~= nil and type(value) ~= "number" then
    errors.raise("tune: the objective: expected a number, got a %s", type(value))
  end
  local record = { trial = number, params = params, seed = study.seed, budget = asked.budget,
    config = asked.config, seconds = core.control.clock() - started }
  if next(trial.rungs) then record.rungs = trial.rungs end
  if trial.stopped then
    record.state, record.value, record.step = "pruned", trial.best, trial.step
  elseif finite(value) then
    record.state, record.value = "complete", study.sign * value
  else
    record.state = "failed"
  end
  return record
end

-- ---- the whole ----

--- The best finished trial: of those with the largest budget the smallest value; nil without any.
function M.best(history)
  local best
  for _, trial in ipairs(history) do
    if trial.state == "complete" then
      local budget, most = trial.budget or 1, best and (best.budget or 1) or 0
      if not best or budget > most or (budget == most and trial.value < best.value) then
        best = trial
      end
    end
  end
  return best
end

local function tell(study, record)
  if not study.tell then return end
  local best, names, parts = M.best(study.history), {}, {}
  for name in pairs(record.params) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local value = record.params[name]
    parts[i] = ("%s=%s"):format(name, math.type(value) == "float" and ("%.4g"):format(value)
      or type(value) == "string" and value or core.json.encode(value))
  end
  study.tell(("trial %3d  %s  best %s  %5.1f s  %s"):format(record.trial,
    record.value and ("%.4f"):format(study.sign * record.value) or record.state,
    best and ("%.4f (%d)"):format(study.sign * best.value, best.trial) or "-", record.seconds,
    table.concat(parts, " ")) .. (record.state == "pruned" and "  stopped" or ""), record.trial)
end

--- Runs a search.
-- @tparam table study space, evaluate(params, budget, trial, built), strategy, trials, seed, sign
-- (1, or -1 to maximise), and optional: seconds, path (of the log), header (data for it), prune,
-- tell(line)
-- @treturn table history
function M.run(study)
  local header = { format = 1, space = study.space:describe(), seed = study.seed,
    strategy = study.strategy.describe(), prune = study.prune }
  for name, value in pairs(study.header or {}) do header[name] = value end
  local history, append = log.open(study.path, header)
  study.history = history
  local spent = 0
  for _, trial in ipairs(history) do spent = spent + trial.seconds end
  study.resumed = #history
  for number = #history + 1, study.trials do
    if study.seconds and spent >= study.seconds then break end
    local asked = study.strategy.ask(study.space, history, number, study.seed)
    if not asked then break end
    local record = judge(study, asked, number)
    history[number], spent = record, spent + record.seconds
    append(record)
    tell(study, record)
  end
  return history
end

return M
