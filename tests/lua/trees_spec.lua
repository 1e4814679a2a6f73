-- core.trees and the baseline of boosted trees; what trains is skipped without libxgboost.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

local there, why = core.trees.available()

local function data(rows)
  return cl.simulate("bank", { rows = rows or 600, seed = 3 }):drop({ "Surname" })
end

describe("options of boosted trees", function()
  it("are checked before any work", function()
    assert.error_matches(function() cl.baseline.trees { rouds = 3 } end,
      "baseline.trees: unknown option 'rouds' %(did you mean 'rounds'%?%)")
    assert.error_matches(function() cl.baseline.trees { eta = 7 } end, "trees: .*eta.*got 7")
    assert.error_matches(function() cl.baseline.trees { valid = 1 } end,
      "'valid': expected the share of training rows .* got 1")
    assert.error_matches(function() cl.baseline.trees { max_depth = {} } end,
      "'max_depth': expected a depth or a list of them, got none")
    assert.error_matches(function() cl.baseline.trees { max_depth = { 3, 99 } } end,
      "max_depth.*from 1 to 24, got 99")
    assert.error_matches(function() cl.baseline.trees { seed = 0.5 } end,
      "'seed': expected a whole number, got 0.5")
    assert.is_true(core.trees.check_options { eta = 0.1, max_depth = 4 })
  end)

  it("name the library when it is missing", function()
    if there then return end
    assert.matches("XGBoost: ", why)
    assert.error_matches(function() cl.baseline.trees().fit(data()) end, "XGBoost: ")
  end)
end)

local it_trains = there and it or function(name) pending(name .. ": " .. why) end

describe("boosted trees", function()
  it_trains("are a model that scores, explains, and comes back from its file", function()
    local train, test = data():split { 0.7, 0.3, stratify = "Exited", seed = 1 }
    local model, history = cl.baseline.trees { rounds = 60, early_stop = 5 }.fit(train)
    assert.is_true(history.max_depth == 3 or history.max_depth == 4 or history.max_depth == 6)
    assert.is_true(history.best_round <= history.rounds and history.rounds <= 60)
    assert.equal(history.rounds, #history.val_loss)
    local path = os.tmpname()
    assert(model:save(path))
    local again = cl.load(path)
    os.remove(path)
    assert.equal(model:hash(), again:hash())
    local p, q = model:score(test):col("churn"), again:score(test):col("churn")
    assert.same(p:to_table(), q:to_table())
    assert.equal(p[5], again:score(test:row(5)).churn)
    assert.is_true(model:evaluate(test, { bootstrap = 0 }).roc_auc > 0.6)
    local shown = tostring(again:explain(test:row(2), { background = train }):top(3))
    assert.equal(3, select(2, shown:gsub(" = ", " = ")))
  end)

  it_trains("are the same from the same seed, and others from another", function()
    local train, valid = data():split { 0.7, 0.3, stratify = "Exited", seed = 1 }
    local one = { rounds = 10, seed = 5 }
    local a = cl.baseline.trees(one).fit(train, valid)
    assert.equal(a:hash(), cl.baseline.trees(one).fit(train, valid):hash())
    local other = cl.baseline.trees { rounds = 10, seed = 6 }.fit(train, valid)
    assert.are_not.equal(a:hash(), other:hash())
  end)

  it_trains("stand beside others in a cross-validation", function()
    local result = cl.crossval({ cl.baseline.majority(), cl.baseline.trees { rounds = 30 } },
      data(), { folds = 2, seed = 2, bootstrap = false })
    assert.matches("trees", tostring(result))
    assert.equal(600, #result.oof)
  end)

  it_trains("predict each class of a target that has several", function()
    local frame = data():derive { plan = 'if_else(Age > 45, "c", if_else(Age > 35, "b", "a"))' }
      :drop({ "Exited" }):with_roles { target = "plan" }
    local model = cl.baseline.trees { rounds = 20, max_depth = 2 }.fit(frame)
    local path = os.tmpname()
    assert(model:save(path))
    local scored = cl.load(path):score(frame)
    os.remove(path)
    local right = 0
    for i, plan in ipairs(frame.plan:to_table()) do
      local best, most = nil, 0
      for _, name in ipairs { "a", "b", "c" } do
        local p = scored:col("p_" .. name)[i]
        if p > most then best, most = name, p end
      end
      right = right + (best == plan and 1 or 0)
    end
    assert.is_true(right > 580)
  end)

  it_trains("have a margin a class", function()
    local x = core.matrix.from_table { { 0 }, { 1 }, { 2 }, { 0 }, { 1 }, { 2 } }
    local net = core.trees.fit(x, { 0, 1, 2, 0, 1, 2 }, 3,
      { rounds = 60, subsample = 1, min_child_weight = 0, lambda = 0, colsample_bylevel = 1 })
    local p = net:predict(x):to_table()
    assert.equal(3, net:outputs())
    for i, row in ipairs(p) do
      assert.near(1, row[1] + row[2] + row[3], 1e-12)
      assert.is_true(row[(i - 1) % 3 + 1] > 0.5)
    end
  end)

  it_trains("refuse arguments that do not fit", function()
    local x = core.matrix.from_table { { 0 }, { 1 } }
    local wide = core.matrix.from_table { { 0, 1 } }
    assert.error_matches(function() core.trees.fit(x, { 0, 1 }, 2, nil, wide, { 0 }) end,
      "expected 1 columns, got 2")
    assert.error_matches(function() core.trees.fit(x, { 0, 0 }, 2) end,
      "every class to occur, got no row of class 1")
    assert.error_matches(function() core.trees.fit(x, { 0, 1 }, 2, nil, nil, nil, { 1, 0 }) end,
      "weights: row 2: expected a number above 0, got 0")
  end)
end)
