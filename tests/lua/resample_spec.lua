-- Resampling inside the training rows, and the way back to honest probabilities.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local imbalance = require("churnlab.imbalance")
local nn = cl.nn
local fixtures = require("fixtures")
local with_threads, fails = fixtures.with_threads, fixtures.fails

local frame = cl.simulate("bank", { rows = 900, seed = 8 }):drop("RowNumber", "Surname")
local train, valid = frame:split { 0.7, 0.3, stratify = "Exited", seed = 2 }
local prep = cl.prep():impute { flag = true }:onehot():scale()

local function fit(options, rows)
  local net = nn.sequential():dense(6, { activation = "relu" })
    :dense(1, { activation = "sigmoid" })
  local given = { valid = valid, epochs = 4, seed = 3 }
  for key, value in pairs(options) do given[key] = value end
  return cl.fit(prep, net, rows or train, given)
end

local function logit(p) return math.log(p / (1 - p)) end

describe("core.resample", function()
  local x = core.matrix.from_table { { 1, 1, 0 }, { 2, 0, 1 }, { 3, 0, 1 }, { 9, 1, 0 },
    { 10, 1, 0 } }
  local y = { 0, 0, 0, 1, 1 }

  it("gives rows, classes and where they come from", function()
    local x2, y2, origin = core.resample.run(x, y, { type = "smote_nc", k = 1 }, 1, { 0, 1, 1 })
    assert.same({ 0, 0, 0, 1, 1, 1 }, y2:column(1))
    assert.same({ 1, 2, 3, 4, 5 }, { table.unpack(origin:column(1), 1, 5) })
    assert.is_true(x2:get(6, 1) >= 9 and x2:get(6, 1) <= 10)
    assert.same({ 1.0, 0.0 }, { x2:get(6, 2), x2:get(6, 3) })
    local x3, _, from = core.resample.run(x, y, { { type = "under" } }, 1)
    assert.same(4, x3:rows())
    for i, row in ipairs(from:column(1)) do assert.same(x:get(row // 1, 1), x3:get(i, 1)) end
  end)

  it("checks its arguments", function()
    fails("expected one number a column", core.resample.run, x, y, { type = "over" }, 1, { 0 })
    fails("expected 5 values, got 1", core.resample.run, x, { 1 }, { type = "over" }, 1)
    fails("resample: unknown type", core.resample.check, { type = "smoot" })
  end)
end)

describe("cl.resample", function()
  it("checks options where they are written", function()
    assert.same({ kind = "resample", type = "smote", k = 3 }, cl.resample.smote { k = 3 })
    fails("resample: unknown option 'ration' (did you mean 'ratio'?)", cl.resample.over,
      { ration = 1 })
    fails("option 'ratio': expected", cl.resample.under, { ratio = 2 })
    fails("over has no neighbours", cl.resample.over, { k = 2 })
    fails("fit: option 'resample': item 1: expected a step such as cl.resample.smote{}, got "
      .. "number", fit, { resample = { 1 } })
    fails("got an empty list", fit, { resample = {} })
    fails("got a table", fit, { resample = { ratio = 1 } })
  end)

  it("knows the one-hot columns of a prep", function()
    local made = prep:clone()
    made:fit_transform(train)
    local nominal, names, seen = made:nominal(), made:encoded_names(), {}
    for i, name in ipairs(names) do
      local raw = name:match("^(.-)=")
      if raw then
        assert.is_true(nominal[i] > 0)
        seen[raw] = seen[raw] or nominal[i]
        assert.same(seen[raw], nominal[i])
      elseif name:find("_missing$") then
        assert.is_true(nominal[i] > 0)
      else
        assert.same(0, nominal[i], name)
      end
    end
    assert.is_true(seen.Geography ~= seen.Gender)
    fails("the prep is not fitted", prep.nominal, prep)
  end)
end)

describe("cl.fit", function()
  it("shifts the probabilities of resampled rows back", function()
    local model, history = fit { resample = cl.resample.smote_nc {} }
    local plain = fit { resample = cl.resample.smote_nc {}, prior_correction = false }
    local report = history.imbalance
    assert.near(0.5, report.trained_rate, 1e-12)
    assert.near(train:labels():sum() / #train, report.rate, 1e-12)
    assert.same(#train, report.rows)
    assert.same(2 * (#train - train:labels():sum()) // 1, report.used_rows)
    assert.same(#valid, report.judged_rows)
    local shift = logit(report.rate) - logit(report.trained_rate)
    local p, q = model:score(valid):col("churn"), plain:score(valid):col("churn")
    for i = 1, #valid do assert.near(logit(q[i]) + shift, logit(p[i]), 1e-9) end
    assert.near(report.shifted.log_loss, cl.metrics.scores(valid:labels(), p).log_loss, 1e-12)
    assert.near(report.as_trained.log_loss, cl.metrics.scores(valid:labels(), q).log_loss, 1e-12)
    assert.is_true(report.helps)
    local text = tostring(report)
    assert.truthy(text:find("smote_nc (ratio 1, k 5)", 1, true))
    assert.truthy(text:find("shifted back to the customers' own rates", 1, true))
    assert.same(0.5, model:info().imbalance.from[2])
  end)

  it("says when nothing is shifted, and whose rows judge", function()
    local net = nn.sequential():dense(1, { activation = "sigmoid" })
    local _, history = cl.fit(prep, net, train, { epochs = 20, prior_correction = false,
      resample = { cl.resample.over { ratio = 0.8 }, cl.resample.under {} } })
    local text = tostring(history.imbalance)
    assert.truthy(text:find("NOT shifted back", 1, true))
    assert.truthy(text:find(#train .. " training rows", 1, true))
    assert.truthy(text:find("over (ratio 0.8), under (ratio 1)", 1, true))
    local _, even = fit {}
    assert.is_nil(even.imbalance)
  end)

  it("corrects class weights, too", function()
    local _, balanced = fit { loss = nn.bce { class_weight = "balanced" } }
    assert.near(0.5, balanced.imbalance.trained_rate, 1e-12)
    local model, history = fit { loss = nn.bce { class_weight = { 1, 3 } } }
    local rate = history.imbalance.rate
    assert.near(3 * rate / (3 * rate + 1 - rate), history.imbalance.trained_rate, 1e-12)
    assert.truthy(tostring(history.imbalance):find("class weights", 1, true))
    assert.near(history.imbalance.shifted.mean, model:score(valid):col("churn"):mean(), 1e-12)
    local _, both = fit { loss = nn.bce { class_weight = { 2, 1 } }, resample = cl.resample.over() }
    assert.near(1 / 3, both.imbalance.trained_rate, 1e-12)
  end)

  it("stops early by the shares of training", function()
    local losses = {}
    local _, history = fit { epochs = 1, resample = cl.resample.over(), prior_correction = false,
      callbacks = { function(_, log) losses[1] = log.val_loss end } }
    local report, model = history.imbalance, fit { epochs = 1, resample = cl.resample.over(),
      prior_correction = false }
    local p, sum, weight = model:score(valid):col("churn"), 0, 0
    for i, y in ipairs(valid:labels():to_table()) do
      local w = y == 1 and 0.5 / report.rate or 0.5 / (1 - report.rate)
      sum, weight = sum - w * math.log(y == 1 and p[i] or 1 - p[i]), weight + w
    end
    assert.near(sum / weight, losses[1], 1e-5)
  end)

  it("gives the same model on any number of threads, and after a reload", function()
    local path = os.tmpname()
    local hashes = {}
    for n = 1, 2 do
      with_threads(n, function()
        local model = fit { resample = { cl.resample.smote { k = 3 } }, ensemble = 2 }
        hashes[n] = model:hash()
        assert(model:save(path))
        assert.same(model:score(valid:row(1)).churn, cl.load(path):score(valid:row(1)).churn)
        return true
      end)
    end
    os.remove(path)
    assert.same(hashes[1], hashes[2])
  end)

  it("in folds resamples the training rows alone", function()
    local options = { folds = 3, seed = 1, bootstrap = false }
    local spec = { prep = prep, net = nn.sequential():dense(1, { activation = "sigmoid" }),
      epochs = 15, resample = cl.resample.over() }
    local judged = cl.crossval(spec, frame, options)
    assert.same(#frame, #judged.oof)
    assert.near(frame:labels():sum() / #frame, judged.oof:col("model 1"):mean(), 0.06)
  end)
end)

describe("several classes", function()
  local rng, rows = core.rng.new(5), { a = {}, b = {}, c = {}, risk = {} }
  for i = 1, 600 do
    local risk = i % 10 == 0 and 1 or i % 10 < 4 and 2 or 3
    rows.a[i], rows.b[i] = rng:normal() + risk, rng:normal() - risk
    rows.c[i], rows.risk[i] = rng:uniform() < risk / 4 and "x" or "y", risk
  end
  local risks = cl.from_table(rows, { target = "risk" })
  local function fit_risks(options)
    local given = { epochs = 15, seed = 3 }
    for key, value in pairs(options) do given[key] = value end
    return cl.fit(cl.prep():onehot():scale(),
      nn.sequential():dense(3, { activation = "softmax" }), risks, given)
  end

  it("are resampled and shifted back, and the report shows each", function()
    local model, history = fit_risks { resample = cl.resample.smote_nc { ratio = 0.8 } }
    local plain = fit_risks { resample = cl.resample.smote_nc { ratio = 0.8 },
      prior_correction = false }
    local report = history.imbalance
    assert.same({ "1", "2", "3" }, report.classes)
    assert.near(0.1, report.rates[1], 1e-12)
    assert.near(0.8 / 2.6, report.trained_rates[1], 1e-3)
    local p, q = model:probabilities(risks):to_table(), plain:probabilities(risks):to_table()
    for i = 1, 20 do
      local sum = 0
      for c = 1, 3 do sum = sum + q[i][c] * report.rates[c] / report.trained_rates[c] end
      for c = 1, 3 do
        assert.near(q[i][c] * report.rates[c] / report.trained_rates[c] / sum, p[i][c], 1e-9)
      end
    end
    local of = core.metrics.class_scores((risks:class_labels()), model:probabilities(risks))
    assert.near(report.shifted.log_loss, of.log_loss, 1e-9)
    local text = tostring(report)
    assert.truthy(text:find("mean probability of 1", 1, true))
    assert.truthy(text:find("macro F1", 1, true))
    assert.truthy(text:find("600 training rows", 1, true))
  end)

  it("have class weights whose shares are shifted back, too", function()
    local _, history = fit_risks { loss = nn.cross_entropy { class_weight = "balanced" } }
    for c = 1, 3 do assert.near(1 / 3, history.imbalance.trained_rates[c], 1e-12) end
    assert.near(0.1, history.imbalance.shifted.mean[1], 0.03)
  end)
end)

describe("imbalance", function()
  it("finds no shift where there is none", function()
    local y = { 0, 1, 1, 0 }
    assert.is_nil(imbalance.shift(y, y))
    assert.is_nil(imbalance.shift(y, { 1, 0 }))
    assert.is_nil(imbalance.shift(y, { 0, 0 })) -- a class is gone: no odds to shift
    assert.same({ from = { 0.25, 0.75 }, to = { 0.5, 0.5 } },
      imbalance.shift(y, y, { class_weight = { 1, 3 } }))
  end)

  it("counts several classes", function()
    local made = imbalance.shift({ 0, 1, 2, 2 }, { 0, 0, 1, 1, 2, 2 })
    assert.near(1 / 3, made.from[3], 1e-12)
    assert.same({ 0.25, 0.25, 0.5 }, made.to)
  end)
end)
