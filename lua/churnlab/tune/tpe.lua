-- The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl 2011). After some random
-- trials, each dimension's value is the one of 24 candidates that is most likely among the best
-- tenth of the trials as against the rest; the candidates are drawn from the best ones' density. A
-- conditional dimension learns from the trials that had it.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local parzen = require("churnlab.tune.parzen")
local spaces = require("churnlab.tune.space")

local M = {}

local defaults = { startup = 20, candidates = 24, gamma = 0.1 }
local BEST_MOST = 25 -- as Optuna's default

-- Rank: complete ones by value, then stopped ones, the longer they ran the better, then failed.
local kinds = { complete = 1, pruned = 2, failed = 3 }
local function better(a, b)
  local ka, kb = kinds[a.state], kinds[b.state]
  if ka ~= kb then return ka < kb end
  if ka == 2 and a.step ~= b.step then return a.step > b.step end
  if ka ~= 3 and a.value ~= b.value then return a.value < b.value end
  return a.trial < b.trial
end

local function is_best(history, gamma)
  local ranked, best = table.move(history, 1, #history, 1, {}), {}
  table.sort(ranked, better)
  for i = 1, math.min(math.ceil(gamma * #ranked), BEST_MOST) do
    if ranked[i].state ~= "failed" then best[ranked[i]] = true end
  end
  return best
end

-- Where the trials that had this dimension stand on it: the best ones, the rest.
local function places(history, best, name, dimension)
  local below, above = {}, {}
  for _, trial in ipairs(history) do
    local value = trial.params[name]
    local place = value ~= nil and dimension:place(value)
    if place then
      local list = best[trial] and below or above
      list[#list + 1] = place
    end
  end
  return below, above
end

local function propose(options, rng, dimension, below, above)
  local good, bad = parzen.new(dimension, below), parzen.new(dimension, above)
  local chosen, highest = nil, -math.huge
  for _ = 1, options.candidates do
    local value = good:draw(rng)
    local gain = good:log_density(value) - bad:log_density(value)
    if gain > highest then chosen, highest = value, gain end
  end
  return chosen
end

--- The strategy: { startup = 20, candidates = 24, gamma = 0.1 }
function M.new(given)
  given = errors.options("tune.tpe", given,
    { startup = "number", candidates = "number", gamma = "number" })
  local options = {}
  for name, value in pairs(defaults) do options[name] = given[name] or value end
  for _, name in ipairs { "startup", "candidates" } do
    if math.type(options[name]) ~= "integer" or options[name] < 1 then
      errors.raise("tune.tpe: option '%s': expected a whole number from 1, got %s", name,
        tostring(options[name]))
    end
  end
  if not (options.gamma > 0 and options.gamma < 1) then
    errors.raise("tune.tpe: option 'gamma': expected a number between 0 and 1, got %g",
      options.gamma)
  end
  local self = { kind = "strategy", name = "tpe" }
  function self.ask(_, history, trial, seed)
    local best = #history >= options.startup and is_best(history, options.gamma)
    return { pick = function(name, dimension)
      local rng = spaces.stream(seed, trial, name)
      if not best then return dimension:draw(rng) end
      return propose(options, rng, dimension, places(history, best, name, dimension))
    end }
  end
  function self.describe()
    return { name = "tpe", startup = options.startup, candidates = options.candidates,
      gamma = options.gamma }
  end
  return self
end

return M
