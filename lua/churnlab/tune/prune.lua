-- Ends hopeless trials early: the stopping rule of asynchronous successive halving (Li, Jamieson,
-- Rostamizadeh, Gonina, Hardt, Recht, Talwalkar 2020). At the rungs least, least·eta, … a trial
-- goes on only if its value is among the best 1/eta of those that came so far.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

local known = { eta = "number", least = "number", startup = "number" }

--- The settings of the option `prune`: true or { eta = 3, least = 4 (steps), startup = 5 (trials at
-- a rung before anything is stopped there) }; nil when it is off.
function M.settings(given)
  if not given then return nil end
  given = errors.options("tune: prune", given ~= true and given or nil, known)
  local settings = { eta = given.eta or 3, least = given.least or 4, startup = given.startup or 5 }
  if settings.eta <= 1 then
    errors.raise("tune: prune: option 'eta': expected a number above 1, got %g", settings.eta)
  end
  for _, name in ipairs { "least", "startup" } do
    if math.type(settings[name]) ~= "integer" or settings[name] < 1 then
      errors.raise("tune: prune: option '%s': expected a whole number from 1, got %s", name,
        tostring(settings[name]))
    end
  end
  return settings
end

local function is_rung(settings, step)
  local rung = settings.least
  while rung < step do rung = math.floor(rung * settings.eta + 0.5) end
  return rung == step
end

--- Whether a trial whose best value so far is `value` may go on after `step`; notes it in `rungs`.
function M.goes_on(settings, history, rungs, step, value)
  if not settings or not is_rung(settings, step) then return true end
  local key, before, ahead = tostring(step), 0, 0
  rungs[key] = value
  for _, trial in ipairs(history) do
    local other = trial.rungs and trial.rungs[key]
    if other then
      before = before + 1
      ahead = ahead + (other < value and 1 or 0)
    end
  end
  return before < settings.startup or ahead < math.max(1, (before + 1) // settings.eta)
end

return M
