-- Successive halving in the brackets of Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar
-- 2018): many random points get a small share of the budget, the best third of them three times as
-- much, and so on. Each bracket begins with fewer points and more budget; after the last one it
-- starts over with new points.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local spaces = require("churnlab.tune.space")

local M = {}

-- Rungs { n = points, budget = share } of the bracket that starts at eta^-s.
local function bracket(eta, s, most)
  local n, rungs = math.ceil((most + 1) / (s + 1) * eta ^ s - 1e-9), {}
  for i = 0, s do
    rungs[i + 1] = { n = math.max(1, math.floor(n * eta ^ -i + 1e-9)), budget = eta ^ (i - s) }
  end
  return rungs
end

local function plan(options)
  local most = math.floor(math.log(1 / options.least) / math.log(options.eta) + 1e-9)
  local rungs, brackets = {}, math.min(options.brackets or most + 1, most + 1)
  for s = most, most - brackets + 1, -1 do
    for i, rung in ipairs(bracket(options.eta, s, most)) do
      rung.first = i == 1
      rungs[#rungs + 1] = rung
    end
  end
  return rungs
end

-- The rung of a trial, where in the history the rung before it starts, its place in the rung.
local function locate(rungs, trial)
  local start, before, at = 1, nil, 1
  while trial >= start + rungs[at].n do
    before, start = start, start + rungs[at].n
    at = at % #rungs + 1
  end
  return rungs[at], before, trial - start + 1, start
end

-- The trial of the rung before that is number `place` in value.
local function promoted(history, from, to, place)
  local list = table.move(history, from, to, 1, {})
  table.sort(list, function(a, b)
    if (a.value == nil) ~= (b.value == nil) then return a.value ~= nil end
    if a.value ~= b.value then return a.value < b.value end
    return a.trial < b.trial
  end)
  return list[place]
end

local function check(options)
  if options.eta <= 1 then
    errors.raise("tune.halving: option 'eta': expected a number above 1, got %g", options.eta)
  end
  if not (options.least > 0 and options.least <= 1) then
    errors.raise("tune.halving: option 'least': expected a share of the budget from 0 to 1, got %g",
      options.least)
  end
  local brackets = options.brackets
  if brackets and (math.type(brackets) ~= "integer" or brackets < 1) then
    errors.raise("tune.halving: option 'brackets': expected a whole number from 1, got %g",
      brackets)
  end
end

--- The strategy: { eta = 3, least = 1/27, brackets = all }
function M.new(given)
  given = errors.options("tune.halving", given,
    { eta = "number", least = "number", brackets = "number" })
  local options = { eta = given.eta or 3, least = given.least or 1 / 27, brackets = given.brackets }
  check(options)
  local rungs = plan(options)
  local self = { kind = "strategy", name = "halving", rungs = rungs }
  function self.ask(_, history, trial, seed)
    local rung, before, place, start = locate(rungs, trial)
    if rung.first then
      return { budget = rung.budget, config = trial, pick = function(name, dimension)
        return dimension:draw(spaces.stream(seed, trial, name))
      end }
    end
    local source = promoted(history, before, start - 1, place)
    return { budget = rung.budget, config = source.config,
      pick = function(name) return source.params[name] end }
  end
  function self.describe()
    return { name = "halving", eta = options.eta, least = options.least,
      brackets = options.brackets }
  end
  --- Trials of one round of all brackets.
  function self.round()
    local n = 0
    for _, rung in ipairs(rungs) do n = n + rung.n end
    return n
  end
  return self
end

return M
