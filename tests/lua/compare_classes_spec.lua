-- Targets of several classes where models are compared and chosen: cross-validation, leaderboard,
-- baselines, the default recipe, tuning.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local fixtures = require("fixtures")
local mix = require("churnlab.auto.mix")
local nn = require("churnlab.nn")
local outcomes = require("churnlab.outcomes")

-- Customers with a risk from 1 to 3, or a word for it, that age says most of.
local function customers(rows, seed)
  return cl.simulate("bank", { rows = rows, seed = seed })
    :drop("RowNumber", "Surname", "Exited")
    :derive { Risk = "if_else(Age + Balance / 20000 > 48, 3, if_else(Age > 37, 2, 1))" }
    :with_roles { target = "Risk", id = "CustomerId" }
end

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  return tostring(message)
end

local function with_threads(n, f)
  local before = core.control.threads()
  core.control.threads(n)
  local ok, result = pcall(f)
  core.control.threads(before)
  return assert(ok and result, result)
end

local function close(a, b) assert.is_true(math.abs(a - b) < 1e-9, ("%g is not %g"):format(a, b)) end

local function tiny_net()
  return { name = "net", prep = cl.prep():impute():onehot():scale(), epochs = 12, batch = 32,
    optimizer = nn.adam { lr = 1e-2 },
    net = nn.sequential():dense(6, { activation = "relu" }):dense(3, { activation = "softmax" }) }
end

-- The same for everybody: a function that needs no model.
local function constant(p)
  return function()
    return function(frame)
      local rows = {}
      for i = 1, #frame do rows[i] = p end
      return rows
    end
  end
end

-- The first `rare` of the rows with risk 3 alone.
local function with_few(frame, rare)
  local few = frame:filter("Risk == 3"):head(rare)
  return cl.concat { frame:filter("Risk < 3"), few }
    :with_roles { target = "Risk", id = "CustomerId" }
end

describe("cl.crossval of several classes", function()
  local frame, made = customers(300, 3), nil

  setup(function()
    core.control.progress(false)
    made = cl.crossval({ tiny_net(), { name = "even", fit = constant { 0.25, 0.25, 0.5 } },
      cl.baseline.majority(), cl.baseline.logistic() }, frame,
      { folds = 3, seed = 7, bootstrap = 50, keep_models = true })
  end)

  it("has a column a model and class, and the class itself", function()
    local oof = made.oof
    assert.are.same({ "row", "CustomerId", "fold", "Risk", "net_p_1", "net_p_2", "net_p_3" },
      table.move(oof:columns(), 1, 7, 1, {}))
    assert.are.equal("logistic_p_3", oof:columns()[16])
    assert.are.same(frame:col("Risk"):to_table(), oof:col("Risk"):to_table())
    assert.are.equal("i64", oof:type("Risk"))
    assert.are.same({ "1", "2", "3" }, made.classes)
    local fold = oof:cell(5, "fold")
    local model = made:model("net").fold_models[fold]
    local p = model:probabilities(frame:slice(5, 5))
    for c = 1, 3 do assert.are.equal(p:get(1, c), oof:cell(5, "net_p_" .. c)) end
  end)

  it("deals every class into every fold, and counts them", function()
    local sums = { 0, 0, 0 }
    for _, fold in ipairs(made.folds) do
      assert.is_nil(fold.positives)
      for c, count in ipairs(fold.counts) do
        sums[c] = sums[c] + count
        assert.is_true(math.abs(count - made.counts[c] / 3) < 1)
      end
    end
    assert.are.same(made.counts, sums)
  end)

  it("has the figures of classes, of folds and of all rows", function()
    assert.are.same({ "roc_auc", "log_loss", "accuracy", "macro_f1", "kappa" }, made.fields)
    local columns, sum = {}, 0
    for c = 1, 3 do columns[c] = made.oof:col("net_p_" .. c) end
    local y = frame:class_labels()
    local want = core.metrics.class_scores(y, core.matrix.from_columns(columns))
    local net = made:model("net")
    for _, field in ipairs(made.fields) do assert.are.equal(want[field], net.pooled[field]) end
    for _, scores in ipairs(net.folds) do sum = sum + scores.log_loss end
    close(sum / 3, net.mean.log_loss)
    assert.is_true(net.mean.roc_auc > 0.7)
    assert.are.equal(0.5, made:model("even").mean.roc_auc)
  end)

  it("pairs models over the folds, and on resampled rows", function()
    local d = made:difference("net", "even").log_loss
    assert.is_true(d.low < d.mean and d.mean < d.high)
    local p, q = {}, {}
    for c = 1, 3 do
      p[c], q[c] = made.oof:col("net_p_" .. c), made.oof:col("even_p_" .. c)
    end
    local low, high = core.metrics.class_bootstrap(frame:class_labels(),
      core.matrix.from_columns(p), core.matrix.from_columns(q), { replicates = 50, seed = 7 })
    assert.are.same({ low.log_loss, high.log_loss }, d.pooled)
  end)

  it("is the same on any number of threads", function()
    local function run()
      return cl.crossval(tiny_net(), frame, { folds = 2, bootstrap = false }).oof
    end
    assert.are.same(with_threads(1, run):col("net_p_2"):to_table(),
      with_threads(2, run):col("net_p_2"):to_table())
  end)

  it("prints, and is plain data", function()
    local text = tostring(made)
    assert.matches("3%-fold cross%-validation of 300 rows, 3 classes of Risk", text)
    assert.matches("net +rows  ROC AUC  log loss  accuracy  macro F1 +kappa", text)
    assert.matches("\npooled +300 ", text)
    local plain = core.json.decode(core.json.encode(made:to_table()))
    assert.are.same({ "1", "2", "3" }, plain.classes)
    assert.are.equal(3, #plain.folds[1].counts)
    assert.is_number(plain.models[1].mean.macro_f1)
    assert.is_nil(plain.positives)
  end)

  it("blends the models of the folds; there is no stack", function()
    local kept = cl.crossval({ tiny_net(), cl.baseline.logistic() }, frame,
      { folds = 2, bootstrap = false, keep_models = true })
    local blend, weights = kept:blend()
    close(1, weights.net + weights.logistic)
    local one, expected = frame:head(1), 0
    for name, weight in pairs(weights) do
      for _, model in ipairs(kept:model(name).fold_models) do
        expected = expected + weight / 2 * model:probabilities(one):get(1, 2)
      end
    end
    close(expected, blend:probabilities(one):get(1, 2))
    -- no worse than the best on the rows that chose the weights
    local y, p = kept:labels(), {}
    for i, name in ipairs(kept.names) do p[i] = kept:predictions(kept:model(name)):to_table() end
    local mean = mix.mean(p, { weights.net, weights.logistic })
    assert.is_true(core.metrics.class_scores(y, core.matrix.from_table(mean)).log_loss
      <= math.min(kept:model("net").pooled.log_loss, kept:model("logistic").pooled.log_loss))
  end)

  it("takes words, whose order means nothing", function()
    local words = frame:derive {
      Risk = 'if_else(Risk == 1, "low", if_else(Risk == 2, "mid", "top"))' }
      :with_roles { target = "Risk" }
    words = words:with_column("Risk", words:col("Risk"):cast("string"))
    local compared = cl.crossval(cl.baseline.majority(), words, { folds = 2, bootstrap = false })
    assert.are.same({ "roc_auc", "log_loss", "accuracy", "macro_f1" }, compared.fields)
    assert.is_true(compared.oof:has("majority_p_top"))
    assert.are.equal("string", compared.oof:type("Risk"))
  end)

  it("leaves two outcomes as they are", function()
    local two = frame:with_roles { positive = { 3 } }
    local compared = cl.crossval(cl.baseline.majority(), two, { folds = 2, bootstrap = false })
    assert.is_nil(compared.classes)
    assert.are.same({ "row", "CustomerId", "fold", "Risk", "majority" }, compared.oof:columns())
    assert.is_number(compared:model().mean.brier)
    local words = frame:filter("Risk < 3")
      :derive { Risk = 'if_else(Risk == 1, "low", "high")' }:with_roles { target = "Risk" }
    assert.matches("target 'Risk': expected a positive value",
      message_of(cl.crossval, cl.baseline.majority(), words))
  end)

  it("tests folds without a class, but trains on none", function()
    local three = with_few(frame, 3)
    local compared = cl.crossval(cl.baseline.logistic(), three, { folds = 5, bootstrap = false })
    local without = 0
    for i, fold in ipairs(compared.folds) do
      without = without + (fold.counts[3] == 0 and 1 or 0)
      assert.is_number(compared:model().folds[i].roc_auc)
    end
    assert.are.equal(2, without)
    assert.matches("crossval: fold %d: rows to train on: expected at least 1 row with each class "
      .. "of the target 'Risk', got 0 of the class '3': leave its rows out, or make it one with an",
      message_of(cl.crossval, cl.baseline.logistic(), with_few(frame, 1), { folds = 3 }))
  end)

  it("says what is wrong", function()
    local function cv(model) return message_of(cl.crossval, model, frame, { folds = 2 }) end
    assert.matches("fold 1: model 1: expected a model of the classes 1, 2, 3, got one of a single",
      cv(function(train) return cl.baseline.majority().fit(train:with_roles { positive = 1 }) end))
    assert.matches("fold 1: model 1: class_scores: row 1: expected a probability, got 2",
      cv(constant { 2, 0, 0 }))
    assert.matches("expected a Model or a function", cv(function() end))
    assert.matches("stack: expected a target of two outcomes, got 3 classes",
      message_of(made.stack, made))
  end)
end)

describe("cl.leaderboard of several classes", function()
  local frame = customers(240, 5)

  it("ranks by figures of classes, beside the usual baselines", function()
    local board = cl.leaderboard(tiny_net(), frame, { folds = 2, bootstrap = false,
      by = "macro_f1" })
    local seen = {}
    for _, row in ipairs(board.rows) do seen[row.name] = row.baseline end
    assert.is_true(seen.majority and seen.logistic)
    assert.are.equal("net", board.best)
    assert.is_true(board.rows[1].mean.macro_f1 >= board.rows[2].mean.macro_f1)
    assert.matches("ROC AUC  log loss  accuracy  macro F1 +kappa", tostring(board))
    assert.matches("macro F1 [-+]0%.", board.verdict)
  end)

  it("refuses figures that the target does not have, before any work", function()
    assert.matches("leaderboard: this target: unknown figure 'brier'",
      message_of(cl.leaderboard, constant { 1, 0, 0 }, frame, { by = "brier" }))
    assert.matches("leaderboard: this target: unknown figure 'kappa'", message_of(cl.leaderboard,
      constant { 1, 0, 0 }, frame:with_roles { positive = 3 }, { by = "kappa" }))
  end)
end)

describe("baselines of several classes", function()
  local frame = customers(300, 6)

  it("majority gives everybody the rates", function()
    local model = cl.baseline.majority().fit(frame)
    local p, rates = model:probabilities(frame:head(2)), model:info().rates
    for c = 1, 3 do
      assert.is_true(math.abs(p:get(1, c) - rates[c]) < 1e-6)
      assert.are.equal(p:get(1, c), p:get(2, c))
    end
  end)

  it("logistic is the multinomial regression that stands beside evaluations", function()
    local model = cl.baseline.logistic { l2 = 3 }.fit(frame)
    local x = cl.recipe.prep():fit_transform(frame)
    local want = core.logistic.fit(x, (frame:class_labels()), { l2 = 3, classes = 3 }):predict(x)
    local got = model:probabilities(frame)
    for i = 1, #frame do
      for c = 1, 3 do assert.is_true(math.abs(want:get(i, c) - got:get(i, c)) < 1e-5) end
    end
    fixtures.check_reloads(model)
  end)

  it("a rule tells classes apart", function()
    local model = cl.baseline.rule("Age > 45").fit(frame)
    assert.are.same({ "Age" }, model:schema():columns())
    assert.is_true(model:evaluate(frame, { bootstrap = 0 }).roc_auc > 0.55)
  end)
end)

describe("the default recipe for several classes", function()
  local frame = customers(220, 8)

  it("gives one model, the same on any number of threads and after a reload", function()
    local lines = {}
    local function train(threads, verbose)
      return with_threads(threads, function()
        return cl.auto(frame, { seed = 3, verbose = verbose })
      end)
    end
    local model = train(1, function(fmt, ...) lines[#lines + 1] = fmt:format(...) end)
    assert.are.equal(model:hash(), train(2):hash())
    assert.are.same({ "1", "2", "3" }, model:facts().classes)
    local info, sum = model:info(), 0
    assert.are.equal("auto", info.recipe)
    assert.are.equal(3, #info.rates)
    assert.are.equal(3, #info.candidates)
    for _, tried in ipairs(info.candidates) do sum = sum + tried.weight end
    close(1, sum)
    assert.matches("^shallow +inner log loss 0", lines[2])
    fixtures.check_reloads(model)
    local judged = model:evaluate(frame, { bootstrap = 0 })
    assert.is_true(judged.roc_auc > 0.8)
    assert.is_number(judged.logistic.log_loss)
  end)

  it("calibrates with one temperature when it clearly helps", function()
    -- blocks of ten rows of which about 6, 3 and 1 are of a class, as their probabilities say
    local _, _, kind = outcomes.labelled(frame, "test")
    local y, fold, loud = {}, {}, {}
    for i = 0, 599 do
      local turn, sum = i // 10 % 3, 0
      local own = i % 10 < 6 and 0 or i % 10 < 9 and 1 or 2
      if i % 67 == 0 then own = i % 3 end
      y[i + 1], fold[i + 1], loud[i + 1] = (own + turn) % 3, i // 30 % 4 + 1, {}
      for c, q in ipairs { 0.6, 0.3, 0.1 } do
        loud[i + 1][(c - 1 + turn) % 3 + 1] = q ^ 3
        sum = sum + q ^ 3
      end
      for c = 1, 3 do loud[i + 1][c] = loud[i + 1][c] / sum end
    end
    local made = mix.calibration(kind, y, loud, fold, 4)
    assert.are.equal("temperature", made.method)
    assert.are.equal(3, made.classes)
    assert.is_true(math.abs(made.a - 1 / 3) < 0.05)
    local soft = core.calibration.from_table(made):apply(core.matrix.from_table(loud)):to_table()
    assert.is_true(kind:scores(y, soft).log_loss < kind:scores(y, loud).log_loss - 0.05)
    assert.is_nil(mix.calibration(kind, y, soft, fold, 4))
  end)

  it("needs some rows of every class", function()
    assert.matches("auto: expected at least 4 rows with each class of the target 'Risk', got 3 of "
      .. "the class '3'", message_of(cl.auto, with_few(frame, 3)))
    local numbers = frame:derive { Risk = "Age / 7" }:with_roles { target = "Risk" }
    assert.matches("auto: target 'Risk': expected a positive value", message_of(cl.auto, numbers))
  end)

  it("is one small net as well", function()
    local model = cl.recipe.fit(frame, { ensemble = 1, epochs = 3, hidden = { 8 } })
    assert.are.equal(3, #model:facts().classes)
    assert.are.equal("temperature", model:facts().calibration)
  end)

  it("is searched around by cl.tune", function()
    local tuned = cl.tune(nil, frame, { trials = 1, folds = 1, metric = "accuracy" })
    assert.is_true(tuned.best.value > 0.3)
    assert.are.same({ "1", "2", "3" }, tuned:fit():facts().classes)
    assert.matches("tune: several classes: unknown score 'brier'",
      message_of(cl.tune, nil, frame, { trials = 1, metric = "brier" }))
  end)
end)
