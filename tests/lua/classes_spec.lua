-- Models of several classes: training, scores, evaluation, explanation, positive sets; and several
-- models as one: blends, stacks, prior shifts, bundles of both formats.
local cl = require("churnlab")
local core = require("churnlab.core")
local nn = require("churnlab.nn")
local fixtures = require("fixtures")
local message_of, prep = fixtures.message_of, fixtures.prep

local function customers(rows, seed)
  local frame = cl.simulate("bank", { rows = rows, seed = seed }):drop("RowNumber", "Surname")
  -- a risk from 1 to 4 that the columns say something of
  return frame:derive { Risk = "if_else(Age > 50, 3, if_else(Age > 40, 2, 1))"
    .. " + if_else(Balance > 100000, 1, 0)" }
    :drop("Exited"):with_roles { target = "Risk", positive = { 3, 4 } }
end

local function class_net(units)
  return nn.sequential():dense(12, { activation = "relu" })
    :dense(units or 4, { activation = "softmax" })
end

local function same_bits(a, b)
  for _, name in ipairs(a:columns()) do
    for i = 1, #a do assert.are.equal(a:cell(i, name), b:cell(i, name)) end
  end
end

describe("models of classes", function()
  local train, test, model, free

  setup(function()
    core.control.progress(false)
    train, test = customers(1500, 1):split { 0.7, 0.3, stratify = "Risk", seed = 1 }
    model = cl.fit(prep(), class_net(), train, { valid = test, epochs = 12, batch = 32, seed = 3,
      ensemble = 2, optimizer = nn.adam { lr = 5e-3 } })
    free = cl.fit(prep(), class_net(), train:with_roles { positive = "" }, { epochs = 2, seed = 3,
      loss = nn.cross_entropy { class_weight = "balanced" } })
  end)

  it("know their classes and which are positive", function()
    local facts = model:facts()
    assert.are.same({ "1", "2", "3", "4" }, facts.classes)
    assert.are.same({ "3", "4" }, facts.positive)
    assert.is_true(facts.ordered)
    assert.is_nil(free:facts().positive)
    assert.matches("Risk: 1, 2, 3, 4 %(churn is 3 or 4%)", tostring(model))
    local sum = 0
    for _, rate in ipairs(model:info().rates) do sum = sum + rate end
    assert.is_true(math.abs(sum - 1) < 1e-12)
  end)

  it("score each class, the most probable one and churn", function()
    local scored = model:score(test)
    for i = 1, 20 do
      local best, sum = 1, 0
      for c = 1, 4 do
        local p = scored:cell(i, "p_" .. c)
        sum = sum + p
        if p > scored:cell(i, "p_" .. best) then best = c end
      end
      assert.is_true(math.abs(sum - 1) < 1e-12)
      assert.are.equal(best, scored:cell(i, "class"))
      assert.are.equal(scored:cell(i, "p_3") + scored:cell(i, "p_4"), scored:cell(i, "churn"))
    end
    assert.are.equal("i64", scored:type("class"))
    assert.is_true(scored:has("tier"))
    local one = model:score(test:row(4))
    assert.are.equal(scored:cell(4, "class"), one.class)
    assert.are.equal(scored:cell(4, "p_2"), one.p["2"])
    assert.matches("^{class=%d, churn=", tostring(one))
  end)

  it("keep columns of the same names as given", function()
    local given = test:derive { class = "Age" }
    local scored = model:score(given)
    assert.are.equal(given:cell(2, "Age"), scored:cell(2, "class_given"))
    assert.are.equal(model:score(test):cell(2, "class"), scored:cell(2, "class"))
  end)

  it("give no churn, tiers or policies without a positive value", function()
    local scored = free:score(test:head(3))
    assert.is_true(scored:has("class"))
    assert.is_false(scored:has("churn"))
    assert.is_false(scored:has("tier"))
    assert.is_nil(free:score(test:row(1)).churn)
    assert.matches("option 'policy': expected a model that gives churn, but the target 'Risk' has "
      .. "no positive value", message_of(free.score, free, test, { policy = "none.lua" }))
  end)

  it("are judged beside the majority and a multinomial logistic regression", function()
    local e = model:evaluate(test, { bootstrap = 50, seed = 1 })
    assert.are.equal(#test, e.rows)
    assert.is_true(e.roc_auc > 0.8 and e.accuracy > 0.5 and e.kappa > 0.5)
    local counted = 0
    for _, row in ipairs(e.confusion) do
      for _, n in ipairs(row) do counted = counted + n end
    end
    assert.are.equal(e.rows, counted)
    assert.is_true(e.intervals.log_loss[1] < e.log_loss and e.log_loss < e.intervals.log_loss[2])
    assert.are.equal(0.5, e.majority.roc_auc)
    assert.is_true(e.logistic.roc_auc > 0.7)
    assert.is_true(e.beats_majority)
    assert.is_true(e.churn.roc_auc > 0.8)
    local y = test:labels()
    assert.are.equal(core.metrics.roc_auc(y, model:score(test):col("churn")), e.churn.roc_auc)
    local text = tostring(e)
    assert.matches("4 classes, %d+ rows: ROC AUC", text)
    assert.matches("churn %(3 or 4%): ROC AUC", text)
    assert.matches("kappa", text)
    assert.matches("actual \\ predicted", text)
    assert.matches("multinomial logistic%s+regression: log loss", text)
    local plain = core.json.encode(e:to_table())
    assert.matches('"macro_f1":', plain)
    assert.is_nil(free:evaluate(test, { bootstrap = false }).churn)
  end)

  it("keep an evaluation, leave out rows without target, refuse new classes", function()
    local holes = test:derive { Risk = "if_else(Age > 50, nil, Risk)" }
    local e = free:evaluate(holes, { bootstrap = false, keep = true })
    assert.are.equal(#test:filter("Age <= 50"), e.rows)
    assert.are.equal(e.accuracy, free:info().evaluation.accuracy)
    assert.matches("evaluate: the frame has no target column 'Risk'",
      message_of(free.evaluate, free, test:drop("Risk")))
    assert.matches("target 'Risk': row %d+: expected a class that training had, got '1%d'",
      message_of(free.evaluate, free, test:derive { Risk = "Risk + 10" }))
  end)

  it("explain churn, a class, or the predicted one", function()
    local scored = model:score(test)
    local why = model:explain(test:row(5))
    assert.is_nil(why.class)
    assert.are.equal(scored:cell(5, "churn"), why.total)
    local two = model:explain(test:row(5), { class = 2 })
    assert.are.equal("2", two.class)
    assert.are.equal(scored:cell(5, "p_2"), two.total)
    local sum = two.base
    for _, item in ipairs(two.values) do sum = sum + item.effect end
    assert.is_true(math.abs(sum - two.total) < 1e-9)
    local predicted = free:explain(test:row(5))
    assert.are.equal(tostring(free:score(test:row(5)).class), predicted.class)
    assert.matches("explain: unknown class '5'",
      message_of(model.explain, model, test:row(5), { class = 5 }))
    assert.matches("expected a class: the target 'Risk' has no positive value",
      message_of(free.score, free, test, { reasons = 1 }))
    local reasons = free:score(test:head(2), { reasons = 1, class = 4 })
    assert.are.equal(2, reasons:col("reason_1"):n_distinct() + reasons:col("reason_1"):missing()
      + (reasons:cell(1, "reason_1") == reasons:cell(2, "reason_1") and 1 or 0))
  end)

  it("are saved with every bit", function()
    local path = os.tmpname()
    local copy = cl.blend({ model, model }, { 1, 1 })
    copy:calibrate(test, "platt")
    for _, one in ipairs { model, free, copy } do
      assert(one:save(path))
      local back = cl.load(path)
      assert.are.equal(one:hash(), back:hash())
      same_bits(one:score_frame(test:head(40)), back:score_frame(test:head(40)))
    end
    os.remove(path)
  end)

  it("share one temperature, fitted here or elsewhere", function()
    local copy = cl.blend { free }
    local p, y = copy:probabilities(test), copy:labels(test)
    copy:calibrate(test, "temperature")
    local made = core.calibration.fit("temperature", y, p)
    local stored = made:to_table()
    assert.are.same(stored, copy:calibration_table())
    assert.are.equal(4, stored.classes)
    local again = cl.blend { free }:set_calibration(stored)
    same_bits(copy:score_frame(test), again:score_frame(test))
    local soft = made:apply(p)
    assert.are.same(soft:to_table()[5], copy:probabilities(test):to_table()[5])
    assert.is_true(core.metrics.class_scores(y, soft).log_loss
      < core.metrics.class_scores(y, p).log_loss)
    copy:calibrate(test, "platt")
    assert.matches("calibration: expected one of all 4 classes, got one for each",
      message_of(copy.calibration_table, copy))
    assert.matches("set_calibration: expected a calibration of 4 classes, got one of 0",
      message_of(copy.set_calibration, copy,
        core.calibration.fit("platt", { 0, 1 }, { 0.3, 0.6 }):to_table()))
    assert.matches('expected "temperature": classes have no other calibration',
      message_of(core.calibration.fit, "platt", y, p))
    assert.matches("expected a column for each class", message_of(made.apply, made,
      core.matrix.from_table { { 0.5, 0.5 } }))
  end)

  it("undo class weights by the rates of all classes", function()
    local priors = free:facts().priors
    for c, rate in ipairs(free:info().rates) do
      assert.is_true(math.abs(priors.from[c] - 0.25) < 1e-12)
      assert.is_true(math.abs(priors.to[c] - rate) < 1e-12)
    end
  end)

  it("learn words, and two classes", function()
    local words = train:derive {
      Level = 'if_else(Risk > 2, "high", if_else(Risk > 1, "middle", "low"))' }
      :drop("Risk"):with_roles { target = "Level", positive = "high" }
    local m = cl.fit(prep(), class_net(3), words, { epochs = 2 })
    assert.are.same(words:col("Level"):levels(), m:facts().classes)
    assert.is_false(m:facts().ordered)
    local e = m:evaluate(words, { bootstrap = false })
    assert.is_nil(e.kappa)
    assert.is_true(m:score(words:row(1)).churn <= 1)
    local two = train:derive { Left = "Risk > 2" }:drop("Risk"):with_roles { target = "Left" }
    local binary = cl.fit(prep(), class_net(2), two, { epochs = 2 })
    assert.are.equal("true", binary:facts().positive)
    assert.are.equal(binary:score(two:row(1)).p["true"], binary:score(two:row(1)).churn)
  end)

  it("need a unit for each class, and a loss for classes", function()
    assert.matches("net: expected 4 units at its end, one for each class .* 'Risk', got 3",
      message_of(cl.fit, prep(), class_net(3), train))
    assert.matches("fit: net: expected it to end in :dense",
      message_of(cl.fit, prep(), nn.sequential():dense(4), train))
    assert.matches("target 'Age': expected 2 to 256 classes, got 1 values",
      message_of(cl.fit, prep(), class_net(2), train:filter("Age == 40")
        :with_roles { target = "Age", positive = "" }))
  end)

  it("train with one sigmoid on a set of positive values", function()
    local m = cl.fit(prep(), nn.sequential():dense(1, { activation = "sigmoid" }), train,
      { epochs = 2 })
    assert.are.same({ "3", "4" }, m:facts().positive)
    assert.matches("P%(Risk = 3 or 4%)", tostring(m))
    assert.is_true(m:evaluate(test, { bootstrap = false }).positives == test:labels():sum())
  end)
end)

describe("roles with several positive values", function()
  local frame = cl.from_table({ Risk = { 1, 5, 4, 2 } }, { target = "Risk", positive = { 4, 5 } })

  it("are labels of 1", function()
    assert.are.same({ "4", "5" }, frame:roles().positive)
    assert.are.same({ 0, 1, 1, 0 }, frame:labels():to_table())
    assert.are.same({ 0, 1, 0, 0 }, frame:with_roles { positive = { 5 } }:labels():to_table())
    assert.are.equal("5", frame:with_roles { positive = { 5 } }:roles().positive)
    assert.matches("Risk = 4 or 5", tostring(frame:describe()))
  end)

  it("go through verbs and column files", function()
    local path = os.tmpname()
    assert(frame:head(3):write_columns(path))
    assert.are.same({ "4", "5" }, cl.read_columns(path):roles().positive)
    assert.are.same({ "4", "5" }, frame:with_roles(frame:roles()):roles().positive)
    os.remove(path)
  end)

  it("keep a value that looks like a list", function()
    local odd = cl.from_table({ y = { '["a","b"]', "c" } }, { target = "y",
      positive = '["a","b"]' })
    assert.are.equal('["a","b"]', odd:roles().positive)
    assert.are.same({ 1, 0 }, odd:labels():to_table())
  end)

  it("say what is wrong", function()
    local function fails(positive)
      return message_of(frame.with_roles, frame, { positive = positive })
    end
    assert.matches("positive: expected a value or a list of values, got an empty one", fails {})
    assert.matches("positive: expected a string, a number, a boolean or a list .*, got a list",
      fails { { 1 } })
    assert.matches("the positive value '%[\"8\",\"9\"%]' never occurs",
      message_of(frame.with_roles(frame, { positive = { 8, 9 } }).labels,
        frame:with_roles { positive = { 8, 9 } }))
  end)

  it("number classes", function()
    local y, names = frame:class_labels()
    assert.are.same({ "1", "2", "4", "5" }, names)
    assert.are.same({ 0, 3, 2, 1 }, y:to_table())
    assert.are.same({ 1, 3, 2, 0 }, (frame:class_labels { "2", "1", "4", "5" }):to_table())
    assert.matches("row 3: expected a class that training had, got '4'",
      message_of(frame.class_labels, frame, { "1", "2", "5" }))
    assert.matches("row 1: expected whole numbers as classes, got 0.5",
      message_of(frame.class_labels, cl.from_table({ y = { 0.5, 1 } }, { target = "y" })))
  end)
end)

describe("blends", function()
  local train, test, first, second

  setup(function()
    core.control.progress(false)
    train, test = cl.simulate("bank", { rows = 900, seed = 4 }):drop("RowNumber", "Surname")
      :split { 0.7, 0.3, stratify = "Exited", seed = 1 }
    local function fit(units, seed)
      return cl.fit(prep(), nn.sequential():dense(units, { activation = "relu" })
        :dense(1, { activation = "sigmoid" }), train, { epochs = 3, seed = seed })
    end
    first, second = fit(6, 1), fit(4, 2)
  end)

  it("give the weighted mean", function()
    local blend = cl.blend({ first, second }, { 3, 1 })
    local a, b = first:score_frame(test):col("churn"), second:score_frame(test):col("churn")
    local p = blend:score_frame(test):col("churn")
    for i = 1, #test do
      assert.is_true(math.abs(p[i] - (0.75 * a[i] + 0.25 * b[i])) < 1e-15)
    end
    local parts = blend:facts().parts
    assert.are.equal(0.75, parts[1].weight)
    assert.are.equal(2, blend:facts().members)
    assert.matches("weighted mean of 2 parts, 2 nets", tostring(blend))
    assert.matches("dense", blend:describe("net", 2))
  end)

  it("are evaluated, explained, scored with reasons and saved like one model", function()
    local blend = cl.blend { first, second }
    local e = blend:evaluate(test, { bootstrap = 20 })
    assert.is_true(e.logistic.roc_auc > 0.5) -- the mean of both baselines
    local why = blend:explain(test:row(3))
    assert.are.equal(blend:score(test:row(3)).churn, why.total)
    assert.is_true(blend:score(test:head(5), { reasons = 2 }):has("reason_2"))
    local info = blend:info()
    assert.are.equal(#train, info.rows)
    assert.are.equal(2, #info.models)
    local path = os.tmpname()
    assert(blend:save(path))
    local back = cl.load(path)
    assert.are.equal(blend:hash(), back:hash())
    same_bits(blend:score_frame(test), back:score_frame(test))
    os.remove(path)
  end)

  it("can be stacked and corrected", function()
    local stack = core.model.join({ first, cl.blend { first, second } },
      { mix = "stack", weights = { 0.5, 0.6 }, intercept = 0.1 })
    assert.is_true(stack:facts().stacked)
    local before = stack:score(test:row(1)).churn
    stack:prior_shift(0.5, 0.2)
    local after = stack:score(test:row(1)).churn
    assert.is_true(math.abs(after / (1 - after) - before / (1 - before) * 0.25) < 1e-12)
    assert.matches("prior shift 0.5 %-> 0.2", tostring(stack))
    stack:calibrate(test, "platt")
    assert.matches("prior_shift: the model is calibrated already",
      message_of(stack.prior_shift, stack, 0.5, 0.2))
    assert.matches("prior_shift: train_rate: expected a rate, or one for each class, got a string",
      message_of(stack.prior_shift, stack, "half", 0.2))
  end)

  it("say what does not fit", function()
    assert.matches("blend: models: expected a list of models, got an empty one",
      message_of(cl.blend, {}))
    assert.matches("blend: model 2: expected a model, got a string",
      message_of(cl.blend, { first, "second" }))
    assert.matches("join: weights: expected 2, one a model, got 3",
      message_of(cl.blend, { first, second }, { 1, 2, 3 }))
    assert.matches("join: weight 2: expected a number that is not negative, got %-1",
      message_of(cl.blend, { first, second }, { 1, -1 }))
    assert.matches("join: unknown option 'mixt' %(did you mean 'mix'%?%)",
      message_of(core.model.join, { first }, { mixt = "stack" }))
    assert.matches("option 'class': expected a model of classes, got one of a single probability",
      message_of(first.explain, first, test:row(1), { class = 1 }))
    local other = cl.fit(prep(), nn.sequential():dense(1, { activation = "sigmoid" }),
      train:with_roles { target = "HasCrCard" }, { epochs = 1 })
    assert.matches("join: model 2: expected the target of the first model",
      message_of(cl.blend, { first, other }))
    assert.matches("unknown option 'seeds' %(did you mean 'seed'%?%)",
      message_of(cl.blend, { first }, nil, { seeds = 1 }))
  end)

  it("of models with other columns take their background from a frame", function()
    local narrow = cl.fit(prep(), nn.sequential():dense(1, { activation = "sigmoid" }),
      train:drop("Age", "Geography"), { epochs = 1 })
    assert.matches("different columns", message_of(cl.blend, { narrow, first }))
    local blend = cl.blend({ narrow, first }, nil, { background = train })
    assert.are.equal(#first:schema():columns(), #blend:schema():columns())
    assert.is_true(blend:explain(test:row(1)).exact)
  end)
end)

describe("bundles of format 1", function()
  it("are read, and score as they did", function()
    local old = cl.load("tests/golden/bundle_1.safetensors")
    assert.are.equal("212be3cb8cc75a3441f0405c7dbf1d3b853b9c758a8a5fb84580df8bcdcbd4ad", old:hash())
    local rows = cl.read_csv("tests/golden/bundle_1.csv",
      { types = { Geography = "category", Gender = "category" } })
    local scored = old:score_frame(rows:drop("churn"))
    for i = 1, #rows do assert.are.equal(rows:cell(i, "churn"), scored:cell(i, "churn")) end
    local path = os.tmpname() -- saved again it is the same model
    assert(old:save(path))
    assert.are.equal(old:hash(), cl.load(path):hash())
    os.remove(path)
    local before = old:hash()
    assert.are_not.equal(before, old:set_calibration():hash())
    old = cl.load("tests/golden/bundle_1.safetensors")
    local facts = old:facts()
    assert.are.equal("platt", facts.calibration)
    assert.are.equal(1, #facts.parts)
    assert.are.equal(2, facts.members)
  end)
end)
