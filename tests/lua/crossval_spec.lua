-- Cross-validation: folds, out-of-fold predictions, figures, paired differences; baselines.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local nn = require("churnlab.nn")
local student = require("churnlab.student")
local fixtures = require("fixtures")
local message_of = fixtures.message_of
local with_threads, customers = fixtures.with_threads, fixtures.customers

local function close(a, b) assert.is_true(math.abs(a - b) < 1e-9, ("%g is not %g"):format(a, b)) end

local function tiny_net(options)
  local made = { name = "net", prep = cl.prep():impute():onehot():scale(),
    net = nn.sequential():dense(4, { activation = "relu" }):dense(1, { activation = "sigmoid" }),
    epochs = 4 }
  for key, value in pairs(options or {}) do made[key] = value end
  return made
end

-- A model that knows one column.
local function by_age(train)
  local middle = train:col("Age"):median()
  return function(frame)
    local p = {}
    for i, age in ipairs(frame:col("Age"):to_table()) do
      p[i] = 1 / (1 + math.exp(-(age - middle) / 10))
    end
    return p
  end
end

describe("Student's t", function()
  it("has the quantiles of the tables", function()
    for df, t in pairs { [1] = 12.706204736174694, [2] = 4.302652729749462,
      [3] = 3.1824463052837078, [9] = 2.262157162798205, [10] = 2.228138851986274,
      [49] = 2.0095752371292392 } do
      close(t, student.two_sided(0.95, df))
    end
    close(0.5, student.within(1, 1))
  end)
end)

describe("cl.crossval", function()
  local bank = customers(400, 3)
  local made

  setup(function()
    core.control.progress(false)
    made = cl.crossval({ tiny_net(), { name = "age", fit = by_age }, cl.baseline.majority() }, bank,
      { folds = 4, seed = 7, bootstrap = 50 })
  end)

  it("predicts every row once, by a model that did not see it", function()
    local oof = made.oof
    assert.are.same({ "row", "CustomerId", "fold", "Exited", "net", "age", "majority" },
      oof:columns())
    assert.are.equal(400, #oof)
    assert.are.same(bank:col("CustomerId"):to_table(), oof:col("CustomerId"):to_table())
    local k, seen = 0, 0
    for fold, outside, inside in bank:folds { k = 4, seed = 7, stratify = "Exited" } do
      k = fold
      local want = by_age(outside)(inside)
      local got = oof:filter("fold == " .. fold):col("age"):to_table()
      assert.are.same(want, got)
      seen = seen + #got
    end
    assert.are.equal(4, k)
    assert.are.equal(400, seen)
  end)

  it("has the figures of each fold, their mean and sd, and of all rows", function()
    local age = made:model("age")
    local sum = 0
    for fold = 1, 4 do
      local part = made.oof:filter("fold == " .. fold)
      local want = core.metrics.scores(part:col("Exited"), part:col("age"))
      assert.are.equal(want.roc_auc, age.folds[fold].roc_auc)
      assert.are.equal(want.rows, made.folds[fold].rows)
      assert.are.equal(400 - want.rows, made.folds[fold].train_rows)
      sum = sum + want.roc_auc
    end
    close(sum / 4, age.mean.roc_auc)
    local squares = 0
    for fold = 1, 4 do squares = squares + (age.folds[fold].roc_auc - sum / 4) ^ 2 end
    close(math.sqrt(squares / 3), age.sd.roc_auc)
    assert.are.equal(core.metrics.scores(made.oof:col("Exited"), made.oof:col("age")).log_loss,
      age.pooled.log_loss)
    assert.are.equal(made:model(), made:model("net"))
    close(0.5, made:model("majority").mean.roc_auc)
  end)

  it("pairs the folds, with the correction of Nadeau and Bengio", function()
    local d = made:difference("age", "majority").log_loss
    local values, sum, share = {}, 0, 0
    for fold = 1, 4 do
      values[fold] = made:model("age").folds[fold].log_loss
        - made:model("majority").folds[fold].log_loss
      sum = sum + values[fold]
      share = share + made.folds[fold].rows / made.folds[fold].train_rows / 4
    end
    local squares = 0
    for fold = 1, 4 do squares = squares + (values[fold] - sum / 4) ^ 2 end
    local half = 3.1824463052837078 * math.sqrt((1 / 4 + share) * squares / 3)
    close(sum / 4, d.mean)
    close(sum / 4 - half, d.low)
    close(sum / 4 + half, d.high)
    assert.are.equal(2, #d.pooled)
    assert.is_true(d.pooled[1] < d.pooled[2])
  end)

  it("does not depend on the number of threads, nor on the other models", function()
    local function run(threads, models)
      return with_threads(threads, function()
        return cl.crossval(models, bank, { folds = 3, seed = 1, bootstrap = false }).oof
          :col("net"):to_table()
      end)
    end
    local stops = { epochs = 6, callbacks = { nn.early_stop { patience = 2 } } }
    local one = run(1, tiny_net(stops))
    assert.are.same(one, run(3, tiny_net(stops)))
    assert.are.same(one, run(2, { { name = "age", fit = by_age }, tiny_net(stops) }))
  end)

  it("fits prep on the training rows alone", function()
    local seen = {}
    cl.crossval(function(train, context)
      seen[context.fold] = #train
      local prep = cl.prep():scale { columns = { "Age" } }
      assert.is_false(context.seed == nil)
      prep:drop { "CustomerId" }
      return by_age(train)
    end, bank, { folds = 2 })
    assert.are.same({ 200, 200 }, seen)
  end)

  it("keeps groups together and time in order", function()
    local rows = {}
    for i = 1, 120 do
      rows[i] = { customer = "c" .. i % 30, day = ("2025-%02d-01"):format(1 + i % 12), Age = i,
        left = i % 3 == 0 }
    end
    local log = cl.from_table(rows, { target = "left", types = { day = "date" } })
    local groups, times = {}, {}
    cl.crossval(function(train, context)
      groups[context.fold] = train:col("customer"):n_distinct()
      return by_age(train)
    end, log, { folds = 3, group = "customer", bootstrap = false })
    assert.are.same({ 20, 20, 20 }, groups)
    local ordered = cl.crossval(function(train)
      times[#times + 1] = #train
      return by_age(train)
    end, log, { folds = 3, time = "day", bootstrap = false })
    assert.are.same({ 30, 60, 90 }, times)
    assert.are.equal(90, #ordered.oof)
    assert.matches("in the order of day", tostring(ordered))
  end)

  it("repeats", function()
    local again = cl.crossval({ { name = "age", fit = by_age }, cl.baseline.majority() }, bank,
      { folds = 2, repeats = 3, seed = 5 })
    assert.are.equal(1200, #again.oof)
    assert.are.equal(6, #again:model("age").folds)
    assert.is_true(again.oof:has("repeat"))
    local d = again:difference("age", "majority").roc_auc
    assert.is_nil(d.pooled)
    assert.is_true(d.low < d.high)
    assert.matches("fold 3.2", tostring(again))
  end)

  it("prints folds, models and differences, and is plain data", function()
    local text = tostring(made)
    assert.matches("4%-fold cross%-validation of 400 rows", text)
    assert.matches("\nfold 4 ", text)
    assert.matches("\npooled +400 ", text)
    assert.matches("\nage +0%.%d+ ± ", text)
    assert.matches("net minus …", text)
    local plain = core.json.decode(core.json.encode(made:to_table()))
    assert.are.equal("age", plain.models[2].name)
    assert.are.equal(4, #plain.models[1].folds)
    assert.are.equal("majority", plain.differences[2].b)
    assert.is_nil(made:model("age").fold_models)
    local kept = cl.crossval(cl.baseline.logistic(), bank, { folds = 2, keep_models = true })
    assert.are.equal("Exited", kept:model().fold_models[2]:facts().target)
  end)

  it("blends and stacks the models of the folds", function()
    local kept = cl.crossval({ tiny_net(), cl.baseline.logistic(), cl.baseline.majority() }, bank,
      { folds = 3, seed = 2, bootstrap = false, keep_models = true })
    local y, p = kept.oof:col("Exited"), {}
    for i, name in ipairs(kept.names) do p[i] = kept.oof:col(name) end
    local want = core.metrics.blend(y, p, 50)
    local blend, weights = kept:blend()
    local expected, one = 0, bank:head(1)
    for i, name in ipairs(kept.names) do
      assert.are.equal(want[i], weights[name])
      for _, model in ipairs(kept:model(name).fold_models) do
        expected = expected + want[i] / 3 * model:score(one):col("churn"):to_table()[1]
      end
    end
    close(expected, blend:score(one):col("churn"):to_table()[1])
    assert.are.same(weights, blend:metadata().training.weights)
    local stack, slopes = kept:stack { l2 = 10 }
    assert.is_true(slopes.net ~= 0 and slopes.logistic ~= 0)
    local judged = stack:evaluate(bank, { bootstrap = 0 })
    assert.is_true(judged.roc_auc > 0.7)
    assert.are.equal("stack", stack:metadata().training.mix)
    assert.matches("blend: the models were not kept", message_of(made.blend, made))
    assert.matches("stack: 'model 1' is a function", message_of(function()
      cl.crossval(by_age, bank, { folds = 2, keep_models = true }):stack()
    end))
  end)

  it("knows the default recipe by name", function()
    local auto = cl.crossval("auto", bank:head(150), { folds = 2, bootstrap = false })
    assert.are.same({ "auto" }, auto.names)
    assert.is_true(auto:model().mean.roc_auc > 0.6)
  end)

  it("tells its progress when asked", function()
    local lines = {}
    cl.crossval({ { name = "age", fit = by_age } }, bank, { folds = 2, bootstrap = false,
      verbose = function(fmt, ...) lines[#lines + 1] = fmt:format(...) end })
    assert.matches("^fold 1/2  age  AUC 0%.%d+  log loss ", lines[1])
    assert.are.equal(2, #lines)
  end)

  it("says what is wrong", function()
    local function cv(models, options)
      return message_of(cl.crossval, models, bank, options)
    end
    assert.matches("crossval: models: expected a list of models, got number", cv(3))
    assert.matches("expected at least one, got none", cv({}))
    assert.matches("crossval: net: expected a prep and a net, or a function 'fit'",
      cv({ tiny_net { prep = false } }))
    assert.matches("crossval: two models are called 'net'", cv({ tiny_net(), tiny_net() }))
    assert.matches("crossval: fold 1: net: fit: unknown option 'epoch'", cv(tiny_net { epoch = 3 }))
    assert.matches("crossval: fold 1: model 1: boom", cv(function() error("boom") end))
    assert.matches("fold 1: model 1: expected a Model or a function", cv(function() end))
    assert.matches("fold 1: model 1: scores: ", cv(function()
      return function(frame)
        local p = {}
        for i = 1, #frame do p[i] = 2 end
        return p
      end
    end))
    assert.matches("option 'valid': expected the share", cv(tiny_net { valid = 2 }))
    assert.matches("unknown option 'fold' %(did you mean 'folds'%?%)", cv(tiny_net(), { fold = 3 }))
    assert.matches("crossval: option 'k': expected a whole number from 2", cv(tiny_net(),
      { folds = 1 }))
    assert.matches("model: unknown model 'ag' %(did you mean 'age'%?%)",
      message_of(made.model, made, "ag"))
  end)
end)

describe("baselines", function()
  local bank = customers(500, 5)

  it("majority gives everybody the rate", function()
    local model = cl.baseline.majority().fit(bank)
    local p = model:score(bank):col("churn")
    local rate = bank:labels():sum() / 500
    assert.is_true(math.abs(p:min() - rate) < 1e-6 and p:min() == p:max())
    assert.are.equal("majority", model:metadata().training.baseline)
  end)

  it("logistic is the regression that stands beside evaluations", function()
    local model = cl.baseline.logistic { l2 = 3 }.fit(bank)
    local prep = cl.recipe.prep()
    local x = prep:fit_transform(bank)
    local want = core.logistic.fit(x, bank:labels(), { l2 = 3 }):predict(x)
    for i, p in ipairs(model:score(bank):col("churn"):to_table()) do
      assert.is_true(math.abs(want[i] - p) < 1e-5)
    end
    fixtures.check_reloads(model)
  end)

  it("a rule is one column", function()
    local model = cl.baseline.rule("Age > 45 and IsActiveMember == 0").fit(bank)
    assert.are.same({ "Age", "IsActiveMember" }, model:schema():columns())
    local inside = bank:filter("Age > 45 and IsActiveMember == 0")
    local p = model:score(inside):col("churn")
    assert.are.equal(p:min(), p:max())
    assert.is_true(p:min() > model:score(bank):col("churn"):min())
    local number = cl.baseline.rule("Age", { name = "age" })
    assert.are.equal("age", number.name)
    assert.is_true(number.fit(bank):evaluate(bank, { bootstrap = 0 }).roc_auc > 0.6)
  end)

  it("say what is wrong", function()
    assert.matches("unknown name 'logistics' %(did you mean 'logistic'%?%)",
      message_of(function() return cl.baseline.logistics end))
    assert.matches("expected an expression as a string, got a function",
      message_of(cl.baseline.rule, print))
    assert.matches("Agee", message_of(cl.baseline.rule("Agee > 3").fit, bank))
    assert.matches("baseline: expected both outcomes in the target 'Exited', got 0 positive",
      message_of(cl.baseline.majority().fit, bank:filter("Exited == 0")))
  end)
end)
