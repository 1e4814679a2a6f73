-- The default recipe on a table of the bank's size, and what a second thread is worth.
--   churnlab tests/bench/recipe_bench.lua [customers.csv target]
-- With a file the recipe trains on it; otherwise on simulated customers.
local cl = require("churnlab")
local core = require("churnlab.core")
local nn = require("churnlab.nn")

local ROWS, ROUNDS = 10000, 7
local processors = core.control.threads()

-- The best times on one and two threads, which take turns: the clock of a machine drifts.
local function seconds(work)
  local best = { math.huge, math.huge }
  for _ = 1, ROUNDS do
    for threads = 1, 2 do
      core.control.threads(threads)
      local started = core.control.clock()
      work()
      best[threads] = math.min(best[threads], core.control.clock() - started)
    end
  end
  return best[1], best[2]
end

local bank = cl.simulate("bank", { rows = ROWS, seed = 1 }):drop({ "Surname" })
local train, valid = bank:split { 0.8, 0.2, stratify = "Exited", seed = 1 }
local prep = cl.prep():impute():onehot():scale()
local net = nn.sequential():dense(64, { activation = "relu" }):dense(32, { activation = "relu" })
  :dense(1, { activation = "sigmoid" })

local function ensemble()
  cl.fit(prep, net, train, { valid = valid, epochs = 40, ensemble = 8, seed = 1 })
end

local function folds()
  cl.crossval({ name = "net", prep = prep, net = net, epochs = 40 }, bank,
    { folds = 8, seed = 1, bootstrap = false })
end

for _, case in ipairs { { "ensemble of 8 nets", ensemble }, { "8 folds", folds } } do
  if processors > 1 then
    local one, two = seconds(case[2])
    print(("  %-40s 1 thread %6.2f s   2 threads %6.2f s   ratio %5.2f"):format(case[1], one, two,
      one / two))
  end
end

core.control.threads(processors)
local customers = arg[1] and cl.recipe.read(arg[1], { target = arg[2] }) or bank
local started = core.control.clock()
cl.auto(customers, { target = arg[2], seed = 42 })
print(("  default recipe, %d rows x %d columns, %d threads %10.1f s"):format(#customers,
  #customers:columns(), processors, core.control.clock() - started))
