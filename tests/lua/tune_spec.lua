local cl = require("churnlab")
local core = require("churnlab.core")
local dimensions = require("churnlab.tune.dimension")
local importance = require("churnlab.tune.importance")
local parzen = require("churnlab.tune.parzen")
local prune = require("churnlab.tune.prune")
local spaces = require("churnlab.tune.space")
local tune = cl.tune
local fails = require("fixtures").fails

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

local function branin(p)
  return (p.y - 5.1 / (4 * math.pi ^ 2) * p.x ^ 2 + 5 / math.pi * p.x - 6) ^ 2
    + 10 * (1 - 1 / (8 * math.pi)) * math.cos(p.x) + 10
end
local branin_space = { x = tune.real { -5, 10 }, y = tune.real { 0, 15 } }

-- Depends on n for a and on v for b; the minimum, 0, is at b, v = 1, u = 0.01.
local function branches(p)
  local far = (math.log(p.u, 10) + 2) ^ 2
  if p.kind == "a" then return far + 0.3 + (math.log(p.n, 2) - 3) ^ 2 end
  return far + (p.v - 1) ^ 2
end
local branch_space = {
  kind = tune.choice { "a", "b" }, u = tune.real { 1e-4, 1, log = true },
  n = tune.conditional { tune.int { 1, 64, log = true }, when = { kind = "a" } },
  v = tune.conditional { tune.real { -3, 3 }, when = { kind = { "b" } } },
}

local function search(space, f, options)
  options.objective = f
  return tune(space, nil, options)
end

local function values(tuned)
  local list = {}
  for i, trial in ipairs(tuned.history) do list[i] = core.json.encode(trial.params) end
  return list
end

describe("tune dimensions", function()
  it("draw what they are asked for", function()
    local stream = spaces.stream
    local seen = {}
    for i = 1, 300 do
      local n = tune.int({ 3, 9, step = 2 }):draw(stream(1, i, "n"))
      assert.is_true(n == 3 or n == 5 or n == 7 or n == 9)
      seen[n] = (seen[n] or 0) + 1
      local x = tune.real({ 1e-4, 1, log = true }):draw(stream(1, i, "x"))
      assert.is_true(x >= 1e-4 and x <= 1)
      seen.small = (seen.small or 0) + (x < 1e-2 and 1 or 0)
      local c = tune.choice({ "a", { 1, 2 }, weights = { 1, 9 } }):draw(stream(1, i, "c"))
      seen.list = (seen.list or 0) + (type(c) == "table" and 1 or 0)
    end
    for _, n in ipairs { 3, 5, 7, 9 } do assert.is_true(seen[n] > 45 and seen[n] < 105) end
    assert.is_true(seen.small > 120 and seen.small < 180)
    assert.is_true(seen.list > 250 and seen.list < 290)
    assert.same(5, tune.int({ 3, 9 }):place(5))
    assert.is_nil(tune.int({ 3, 9 }):place(10))
    assert.same(2, tune.choice({ "a", { 1, 2 } }):place { 1, 2 })
  end)

  it("of another name do not change a dimension's draws", function()
    local one = search({ x = tune.real { 0, 1 } }, function(p) return p.x end, { trials = 4,
      strategy = "random" })
    local two = search({ a = tune.int { 1, 5 }, x = tune.real { 0, 1 } },
      function(p) return p.x end, { trials = 4, strategy = "random" })
    for i = 1, 4 do assert.same(one.history[i].params.x, two.history[i].params.x) end
  end)

  it("refuse what is none", function()
    fails("tune.real: expected { low, high } with low < high, got { 2, 1 }", tune.real, { 2, 1 })
    fails("tune.real: unknown option 'logg' (did you mean 'log'?)", tune.real,
      { 1, 2, logg = true })
    fails("expected a range above 0, got { 0, 1 }", tune.real, { 0, 1, log = true })
    fails("tune.int: low: expected a whole number, got 0.5", tune.int, { 0.5, 2 })
    fails("tune.choice: expected at least two values, got 1", tune.choice, { "a" })
    fails("tune.choice: value 2 is there twice", tune.choice, { "a", "a" })
    fails("option 'weights': expected 2 numbers, one a value", tune.choice,
      { "a", "b", weights = { 1 } })
    fails("tune.conditional: option 'when'", tune.conditional, { tune.int { 1, 2 } })
    local f = function() return 1 end
    fails("unknown dimension 'kid' (did you mean 'kind'?)", search, { kind = tune.int { 1, 2 },
      n = tune.conditional { tune.int { 1, 2 }, when = { kid = 1 } } }, f, {})
    fails("'a' depends on itself", search, {
      a = tune.conditional { tune.int { 1, 2 }, when = { a = 1 } } }, f, {})
  end)
end)

describe("tune.tpe", function()
  it("needs fewer trials than random search on Branin and on a space with branches", function()
    for _, case in ipairs { { branin_space, branin }, { branch_space, branches } } do
      local found = { tpe = {}, random = {} }
      for seed = 1, 15 do
        for name, list in pairs(found) do
          list[seed] = search(case[1], case[2], { trials = 60, seed = seed, strategy = name })
            .best.value
        end
      end
      local tpe, random = median(found.tpe), median(found.random)
      assert.is_true(tpe < 0.7 * random, ("%.4f against %.4f"):format(tpe, random))
    end
  end)

  it("has densities that add up to 1", function()
    assert.near(0.6826894921370859, parzen.normal_mass(-1, 1), 1e-14)
    assert.near(9.865876450376946e-10, parzen.normal_mass(6, 7) + parzen.normal_mass(7, 40), 1e-17)
    assert.near(parzen.normal_mass(2, 3), parzen.normal_mass(-3, -2), 1e-17)
    local whole = dimensions.int { 1, 40, log = true }
    local places = { whole:place(1), whole:place(7), whole:place(7), whole:place(40) }
    local estimator, sum = parzen.new(whole, places), 0
    for n = 1, 40 do sum = sum + math.exp(estimator:log_density(n)) end
    assert.near(1, sum, 1e-12)
    assert.is_true(estimator:log_density(7) > estimator:log_density(20))
    local choice = dimensions.choice { "a", "b", "c", weights = { 2, 1, 1 } }
    estimator, sum = parzen.new(choice, { 3, 3, 1 }), 0
    for _, value in ipairs(choice.values) do sum = sum + math.exp(estimator:log_density(value)) end
    assert.near(1, sum, 1e-12)
    local real, steps = dimensions.real { -2, 5 }, 70000
    estimator, sum = parzen.new(real, { -2, 0.5, 0.6, 4 }), 0
    for i = 1, steps do
      sum = sum + math.exp(estimator:log_density(-2 + (i - 0.5) * 7 / steps)) * 7 / steps
    end
    assert.near(1, sum, 1e-6)
  end)

  it("checks its options", function()
    fails("tune.tpe: unknown option 'start' (did you mean 'startup'?)", tune.tpe, { start = 1 })
    fails("option 'gamma': expected a number between 0 and 1, got 2", tune.tpe, { gamma = 2 })
  end)
end)

describe("tune.grid", function()
  it("goes through every point that there is", function()
    local seen = {}
    local tuned = search({ k = tune.choice { "a", "b" }, n = tune.int { 1, 3 },
      x = tune.conditional { tune.real { 0, 1, levels = 2 }, when = { k = "b" } } }, function(p)
      seen[#seen + 1] = ("%s %d %s"):format(p.k, p.n, p.x or "-")
      return p.n
    end, { strategy = "grid" })
    assert.same({ "a 1 -", "a 2 -", "a 3 -", "b 1 0.0", "b 1 1.0", "b 2 0.0", "b 2 1.0",
      "b 3 0.0", "b 3 1.0" }, seen)
    assert.same(9, tuned.trials)
    assert.same(1, tuned.best.trial)
    assert.same({ 1e-4, 1e-3, 1e-2 }, (function(list)
      for i, x in ipairs(list) do list[i] = tonumber(("%.3g"):format(x)) end
      return list
    end)(tune.real({ 1e-4, 1e-2, log = true, levels = 3 }):grid()))
    fails("a grid needs the space as a table", tune, function() return 1 end, nil,
      { strategy = "grid", objective = function() return 1 end })
  end)
end)

describe("tune.halving", function()
  it("gives the best third three times the budget", function()
    local budgets = {}
    local tuned = search({ x = tune.real { 0, 1 } }, function(p, budget)
      budgets[#budgets + 1] = { budget, p.x }
      return p.x + 0.01 * (1 - budget)
    end, { strategy = tune.halving { least = 1 / 9 }, seed = 3 })
    assert.same(9 + 3 + 1 + 5 + 1 + 3, #budgets) -- brackets of 9, 5 and 3 points
    local first = {}
    for i = 1, 9 do
      assert.near(1 / 9, budgets[i][1], 1e-12)
      first[i] = budgets[i][2]
    end
    table.sort(first)
    for i = 1, 3 do
      assert.near(1 / 3, budgets[9 + i][1], 1e-12)
      assert.same(first[i], budgets[9 + i][2])
    end
    assert.same({ 1.0, first[1] }, budgets[13])
    assert.same(1.0, tuned.best.budget)
    fails("tune.halving: option 'eta': expected a number above 1, got 1", tune.halving, { eta = 1 })
  end)

  it("with one bracket starts over with new points", function()
    local drawn = {}
    search({ x = tune.real { 0, 1 } }, function(p, budget)
      if budget < 0.5 then drawn[p.x] = true end
      return p.x
    end, { strategy = tune.halving { least = 1 / 3, brackets = 1 }, trials = 8 })
    local n = 0
    for _ in pairs(drawn) do n = n + 1 end
    assert.same(6, n)
  end)
end)

describe("tune prune", function()
  it("stops what is behind at a rung", function()
    local settings, rungs = prune.settings { eta = 2, least = 2, startup = 2 }, {}
    local history = { { rungs = { ["2"] = 0.5 } }, { rungs = { ["2"] = 0.4 } }, {} }
    assert.is_true(prune.goes_on(settings, history, rungs, 1, 9)) -- no rung
    assert.is_true(prune.goes_on(settings, history, rungs, 2, 0.3))
    assert.is_false(prune.goes_on(settings, history, rungs, 2, 0.45))
    assert.is_true(prune.goes_on(settings, history, rungs, 4, 9)) -- too few so far
    assert.same({ ["2"] = 0.45, ["4"] = 9 }, rungs)
    fails("tune: prune: unknown option 'rung'", prune.settings, { rung = 2 })
  end)

  it("ends trials whose objective asks, and never takes them for the best", function()
    local steps = 0
    local tuned = search({ x = tune.real { 0, 1 } }, function(p, _, trial)
      for step = 1, 30 do
        steps = steps + 1
        if trial:report(step, p.x) == false then return nil end
      end
      return p.x
    end, { trials = 30, strategy = "random", prune = true })
    assert.is_true(tuned.pruned > 8, tuned.pruned .. " pruned")
    assert.is_true(steps < 30 * 30 - tuned.pruned * 17)
    assert.same("complete", tuned.history[tuned.best.trial].state)
    local stopped = tuned:table():filter("state == 'pruned'")
    assert.is_true(stopped:col("step"):max() <= 12)
  end)
end)

describe("tune log", function()
  local path, count
  local function run(trials, changes)
    local options = { trials = trials, log = path, seed = 5, objective = function(p)
      count = count + 1
      return branches(p)
    end }
    for key, value in pairs(changes or {}) do options[key] = value end
    return tune(branch_space, nil, options)
  end
  local function read()
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
  end
  local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end
  before_each(function() path, count = os.tmpname(), 0 end)
  after_each(function() os.remove(path) end)

  it("lets a search go on to the same trials, also after a line that was cut", function()
    local whole = run(34)
    local text = read()
    local lines = {}
    for line in text:gmatch("[^\n]+\n") do lines[#lines + 1] = line end
    assert.same(35, #lines)
    write(table.concat(lines, "", 1, 25) .. lines[26]:sub(1, 20))
    count = 0
    local again = run(34)
    assert.same(24, again.resumed)
    assert.same(10, count)
    assert.same(values(whole), values(again))
    assert.same(whole.best, again.best)
    count = 0
    assert.same(34, run(34).resumed)
    assert.same(0, count)
    local function stripped(s) return (s:gsub('"seconds":[^,]*', "")) end
    assert.same(stripped(text), stripped(read()))
  end)

  it("refuses the log of another search and lines that are no trials", function()
    run(3)
    fails("the log is of another search: its seed is 5, here it is 6", run, 3, { seed = 6 })
    fails("its strategy is", run, 3, { strategy = "random" })
    local text = read()
    write(text .. "nonsense\n")
    fails(":5: expected a trial as JSON, got \"nonsense\"", run, 5)
    write(text .. text:match("[^\n]+\n$"))
    fails(":5: expected trial 4", run, 5)
  end)

  it("ends with the time", function()
    assert.is_true(run(1000000, { time_limit = 0.05, strategy = "random" }).trials < 1000000)
    local before = count
    run(1000000, { time_limit = 0.05, strategy = "random" })
    assert.same(before, count) -- what the log took counts
  end)
end)

describe("tune results", function()
  it("show trials, the best and what mattered", function()
    local tuned = search({ x = tune.real { 0, 1 }, y = tune.real { 0, 1 },
      c = tune.choice { "a", 2 } }, function(p)
      if p.x > 0.9 then return 0 / 0 end
      return 3 * p.x + 0.1 * p.y
    end, { trials = 60, strategy = "random", maximize = true, metric = "gain" })
    assert.is_true(tuned.failed > 0)
    assert.is_true(tuned.best.value > 2.4)
    local list = tuned:importance()
    assert.same("x", list[1].name)
    assert.is_true(list[1].share > 0.85 and list[2].share < 0.2)
    local frame = tuned:table()
    assert.same({ "trial", "state", "value", "budget", "step", "seconds", "c", "x", "y" },
      frame:columns())
    assert.same("string", frame:type("c"))
    assert.near(tuned.best.value, frame:col("value"):max(), 1e-12)
    assert.truthy(tostring(tuned):find("best    gain 2%.%d+, trial"))
    fails("the search had an objective of its own", tuned.fit, tuned, frame)
    fails("the search had an objective of its own", tuned.nested, tuned)
  end)

  it("without a finished trial say so", function()
    local tuned = search({ x = tune.real { 0, 1 } }, function() return nil end, { trials = 3 })
    assert.is_nil(tuned.best)
    assert.same(3, tuned.failed)
    assert.truthy(tostring(tuned):find("no trial came to its end", 1, true))
    assert.same(3, #tuned:table())
    fails("tune: no trial came to its end", tuned.built, tuned)
  end)

  it("rank equal values together", function()
    local history = {}
    for i = 1, 20 do
      history[i] = { state = "complete", value = 1, params = { x = i } }
    end
    assert.same(0, importance.of(history)[1].share)
    assert.same(0, #importance.of {})
  end)
end)

describe("tune", function()
  local nn = cl.nn
  local frame = cl.simulate("bank", { rows = 600, seed = 4 }):with_roles { target = "Exited",
    id = "CustomerId" }:drop { "Surname" }
  local function build(p)
    return { prep = cl.prep():impute():onehot():scale(),
      net = nn.sequential():dense(p.units, { activation = "relu" })
        :dense(1, { activation = "sigmoid" }),
      options = { epochs = 8, optimizer = nn.adam { lr = p.lr } } }
  end
  local space = { units = tune.int { 2, 8 }, lr = tune.real { 1e-4, 1e-1, log = true } }

  it("judges what is built by cross-validation", function()
    local tuned = tune(space, frame, { build = build, trials = 3, folds = 3, seed = 9 })
    local params = tuned.history[2].params
    local spec = build(params)
    local judged = cl.crossval({ prep = spec.prep, net = spec.net, epochs = 8,
      optimizer = spec.options.optimizer }, frame, { folds = 3, seed = 9, bootstrap = false })
    assert.same(judged:model().mean.log_loss, tuned.history[2].value)
    local model = tuned:fit(frame)
    assert.same(#frame, model:info().rows)
  end)

  it("takes a function that asks, and rebuilds its best", function()
    local tuned = tune(function(trial)
      local lr = trial:real("lr", { 1e-3, 1e-1, log = true })
      return build { units = trial:int("units", { 2, 4 }), lr = lr }
    end, frame, { trials = 2, folds = 1, metric = "roc_auc", verbose = function() end })
    assert.is_true(tuned.best.value > 0.5) -- more is better
    assert.same("churnlab.Prep", getmetatable(tuned:built().prep).__name)
  end)

  it("prunes through the callbacks of cl.fit", function()
    local tuned = tune(space, frame, { build = build, trials = 8, seed = 2,
      strategy = "random", prune = { least = 2, eta = 2, startup = 2 } })
    assert.is_true(tuned.pruned > 0 and tuned.pruned < 7, tuned.pruned .. " pruned")
    assert.is_truthy(tuned.history[1].rungs["2"])
  end)

  it("prunes the worse trials whichever way the metric is better", function()
    for metric, highest in pairs { roc_auc = 0, accuracy = 9, brier = 9 } do
      local tuned = tune(space, frame, { build = build, trials = 9, seed = 2, metric = metric,
        strategy = "random", prune = { least = 2, eta = 2, startup = 2 } })
      assert.is_true(tuned.pruned > 0 and tuned.pruned < 8, tuned.pruned .. " pruned")
      local best = math.huge
      for _, trial in ipairs(tuned.history) do
        local rung = trial.rungs["2"] -- kept so that less is better
        assert.is_true(highest == 0 and rung < -0.3 or highest > 0 and rung > 0.1, rung)
        assert.is_false(trial.state == "pruned" and trial.step == 2 and rung < best)
        best = math.min(best, rung)
      end
    end
  end)

  it("halves epochs or rows", function()
    for _, budget in ipairs { "epochs", "rows" } do
      local tuned = tune(space, frame, { build = build, folds = 2, budget = budget,
        strategy = tune.halving { least = 1 / 3, brackets = 1 } })
      assert.same(1.0, tuned.best.budget)
      assert.same(4, tuned.trials)
    end
  end)

  it("is honest in nested folds", function()
    local tuned = tune(space, frame, { build = build, trials = 3, folds = 2, strategy = "random" })
    local nested = tuned:nested { folds = 3, trials = 2 }
    assert.same(3, #nested.folds)
    assert.near(nested.mean, (nested.folds[1].value + nested.folds[2].value
      + nested.folds[3].value) / 3, 1e-12)
    assert.near(nested.optimism, nested.mean - nested.inner, 1e-12)
    assert.truthy(tostring(nested):find("the searches promised", 1, true))
  end)

  it("counts a point that diverges as failed, and raises what is a mistake", function()
    local function wild()
      return { prep = cl.prep():impute():onehot(), net = nn.sequential()
        :dense(4):dense(4):dense(4):dense(1, { activation = "sigmoid" }),
        options = { epochs = 30, optimizer = nn.sgd { lr = 1000, momentum = 0.99 } } }
    end
    assert.same(1, tune({ x = tune.int { 1, 2 } }, frame, { build = wild, trials = 1, folds = 1 })
      .failed)
    fails("tune: trial 1 ({\"x\":", tune, { x = tune.int { 1, 2 } }, frame,
      { build = function() error("oh") end, trials = 1 })
  end)

  it("refuses options that do not go together", function()
    local f = function() return 1 end
    fails("expected an option 'build' or 'objective' beside a table", tune, space, frame)
    fails("expected 'build' or 'objective', got both", tune, space, frame,
      { build = f, objective = f })
    fails("unknown strategy 'tpf' (did you mean 'tpe'?)", tune, space, frame,
      { build = build, strategy = "tpf" })
    fails("unknown metric 'rocauc' (did you mean 'roc_auc'?)", tune, space, frame,
      { build = build, metric = "rocauc" })
    fails("tune: option 'prune': expected folds = 1 beside it (a trial is stopped by what one "
      .. "hold-out shows), got 3", tune, space, frame,
      { build = build, prune = true, folds = 3 })
    fails("option 'trials': expected a whole number from 1, got 0", tune, space, frame,
      { build = build, trials = 0 })
    fails("tune: unknown name 'reel' (did you mean 'real'?)", function() return tune.reel end)
    fails("the objective: expected a number, got a string", search, space,
      function() return "a" end, { trials = 1 })
    fails("'x' was asked for already", tune, function(trial)
      trial:int("x", { 1, 2 })
      trial:int("x", { 1, 2 })
    end, nil, { objective = f, trials = 1 })
  end)

  it("has a default space whose every branch builds", function()
    local recipe = require("churnlab.tune.recipe")
    local found, drawn = spaces.new(recipe.space()), {}
    for i = 1, 12 do
      local params = found:point(function(name, dimension)
        return dimension:draw(spaces.stream(1, i, name))
      end)
      drawn[params.bins] = true
      assert.same(params.bins == "tree", params.min_rows ~= nil)
      local built = recipe.builder(nil)(params)
      assert.same("churnlab.Prep", getmetatable(built.prep).__name)
    end
    assert.same({ tree = true, quantile = true }, drawn)
    assert.is_truthy(tune(nil, frame, { trials = 1, folds = 1 }).best)
  end)
end)
