-- TPE against random search (tune_peers.py has Optuna's TPE): the median of the best value after 50
-- and 100 evaluations over 25 seeds (counts, not time). Then SMOTE, 10,000 rows of 30 columns.
--
--   churnlab tests/bench/tune_bench.lua [--seeds 25]
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local tune = cl.tune
local cfg = cl.args { seeds = 25 }

local function branin(p)
  return (p.y - 5.1 / (4 * math.pi ^ 2) * p.x ^ 2 + 5 / math.pi * p.x - 6) ^ 2
    + 10 * (1 - 1 / (8 * math.pi)) * math.cos(p.x) + 10
end

-- Which of n and v is there depends on kind; the minimum is 0.
local function branches(p)
  local far = (math.log(p.u, 10) + 2) ^ 2
  if p.kind == "a" then return far + 0.3 + (math.log(p.n, 2) - 3) ^ 2 end
  return far + (p.v - 1) ^ 2
end

local problems = {
  { "branin", branin, { x = tune.real { -5, 10 }, y = tune.real { 0, 15 } } },
  { "branches", branches, {
    kind = tune.choice { "a", "b" }, u = tune.real { 1e-4, 1, log = true },
    n = tune.conditional { tune.int { 1, 64, log = true }, when = { kind = "a" } },
    v = tune.conditional { tune.real { -3, 3 }, when = { kind = "b" } },
  } },
}

local function best_after(trials, n)
  local best = math.huge
  for i = 1, n do best = math.min(best, trials[i].value) end
  return best
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

for _, problem in ipairs(problems) do
  for _, strategy in ipairs { "random", "tpe" } do
    local at50, at100 = {}, {}
    for seed = 1, cfg.seeds do
      local history = tune(problem[3], nil, { objective = problem[2], strategy = strategy,
        trials = 100, seed = seed }).history
      at50[seed], at100[seed] = best_after(history, 50), best_after(history, 100)
    end
    print(("%-10s %-8s best after 50: %.4f   after 100: %.4f"):format(problem[1], strategy,
      median(at50), median(at100)))
  end
end

local rows, y = {}, {}
local rng = core.rng.new(1)
for i = 1, 30000 do
  local row = {}
  for j = 1, 30 do row[j] = rng:normal() end
  rows[i], y[i] = row, i > 20000 and 1 or 0
end
local x = core.matrix.from_table(rows)
for threads = 1, 2 do
  core.control.threads(threads)
  local started = core.control.clock()
  local made = core.resample.run(x, y, { type = "smote" }, 1)
  print(("SMOTE of 10,000 rows of 30 columns, %d thread(s): %.3f s, %d rows"):format(threads,
    core.control.clock() - started, made:rows()))
end
