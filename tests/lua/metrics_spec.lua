local cl = require("churnlab")
local core = require("churnlab.core")
local metrics = cl.metrics
local message_of = require("fixtures").message_of

local function sigmoid(z) return 1 / (1 + math.exp(-z)) end

-- y, and probabilities whose logit is `skill` times the true one plus noise, one list per skill
local function sample(n, ...)
  local rng, y, lists = core.rng.new(5), {}, {}
  for i = 1, n do
    local z = 2 * rng:normal() - 1
    y[i] = rng:uniform() < sigmoid(z) and 1 or 0
    for k, skill in ipairs { ... } do
      lists[k] = lists[k] or {}
      lists[k][i] = sigmoid(skill * z + (1 - skill) * 2 * rng:normal() - (1 - skill))
    end
  end
  return y, table.unpack(lists)
end

describe("metrics.scores", function()
  it("gives every score by name", function()
    local s = metrics.scores({ 0, 0, 1, 1 }, { 0.1, 0.6, 0.4, 0.9 })
    assert.are.same({ tp = 1, fp = 1, fn = 1, tn = 1 }, s.confusion)
    assert.are.equal(0.75, s.roc_auc)
    assert.are.equal(0.5, s.f1)
    assert.are.equal(4, s.rows)
    assert.are.equal(2, s.positives)
    assert.is_true(math.abs(s.brier - (0.01 + 0.36 + 0.36 + 0.01) / 4) < 1e-15)
    assert.are.equal(1, metrics.scores({ 0, 1 }, { 0.2, 0.3 }, { threshold = 0.3 }).accuracy)
  end)

  it("takes booleans, columns, one-column matrices and lists alike", function()
    local p = core.matrix.from_table { 0.1, 0.6, 0.4, 0.9 }
    local y = core.matrix.from_table { 0, 0, 1, 1 }
    local same = metrics.scores({ 0, 0, 1, 1 }, { 0.1, 0.6, 0.4, 0.9 })
    assert.are.same(same, metrics.scores({ false, false, true, true }, p))
    assert.are.same(same, metrics.scores(y, p))
    local column = core.column.new
    p = column({ 0.1, 0.6, 0.4, 0.9 }, "f64")
    assert.are.same(same, metrics.scores(column({ 0, 0, 1, 1 }, "i64"), p))
    assert.are.same(same, metrics.scores(column({ false, false, true, true }, "bool"), p))
    assert.matches("row 2: expected a number, it is missing",
      message_of(metrics.scores, column({ 0, core.NA }, "i64"), { 0.1, 0.2 }))
    assert.matches("expected a column of numbers or booleans",
      message_of(metrics.scores, column({ "0" }, "string"), { 0.1 }))
  end)

  it("has no ranking with one class", function()
    local s = metrics.scores({ 0, 0 }, { 0.1, 0.2 })
    assert.is_nil(s.roc_auc)
    assert.is_nil(s.pr_auc)
    assert.is_nil(metrics.roc_auc({ 1, 1 }, { 3, 4 }))
    assert.are.equal(1, metrics.roc_auc({ 0, 1 }, { -2, 5 }))
  end)

  it("names what is wrong", function()
    assert.matches(
      "metrics_spec.lua:%d+: scores: p: row 2: expected a probability from 0 to 1, got nan",
      message_of(function() metrics.scores({ 0, 1 }, { 0.5, 0 / 0 }) end))
    assert.matches("y: row 1: expected 0 or 1, got 3",
      message_of(metrics.scores, { 3, 1 }, { 0.5, 0.5 }))
    assert.matches("expected 2 values, got 1", message_of(metrics.scores, { 0, 1 }, { 0.5 }))
    assert.matches("item 2: expected a number, got a string",
      message_of(metrics.scores, { 0, "1" }, { 0.5, 0.5 }))
    assert.matches("list of numbers, Column or Matrix expected",
      message_of(metrics.scores, 1, { 0.5 }))
    assert.matches("expected a matrix of one column",
      message_of(metrics.scores, core.matrix.from_table { { 1, 2 } }, { 0.5 }))
    assert.matches("unknown option 'treshold' %(did you mean 'threshold'%?%)",
      message_of(metrics.scores, { 0 }, { 0.5 }, { treshold = 0.5 }))
    assert.matches("expected 1 to 2147483647 rows, got 0", message_of(metrics.scores, {}, {}))
  end)
end)

describe("metrics.bootstrap", function()
  local y, good, poor = sample(400, 1, 0.3)

  it("puts the score inside, and repeats itself", function()
    local s, i = metrics.scores(y, good), metrics.bootstrap(y, good, { replicates = 200, seed = 3 })
    for _, name in ipairs { "roc_auc", "pr_auc", "log_loss", "brier", "recall", "accuracy" } do
      assert.is_true(i[name][1] < s[name] and s[name] < i[name][2], name)
    end
    assert.are.same(i, metrics.bootstrap(y, good, { replicates = 200, seed = 3 }))
    assert.are_not.same(i, metrics.bootstrap(y, good, { replicates = 200, seed = 4 }))
  end)

  it("does not depend on the number of threads", function()
    local before = core.control.threads()
    core.control.threads(1)
    local one = metrics.bootstrap(y, good, { replicates = 130 })
    core.control.threads(3)
    local three = metrics.bootstrap(y, good, { replicates = 130 })
    core.control.threads(before)
    assert.are.same(one, three)
  end)

  it("pairs the resamples of a difference", function()
    local gap = metrics.difference(y, good, poor, { seed = 1 })
    assert.is_true(gap.roc_auc[1] > 0)
    assert.are.same({ 0, 0 }, metrics.difference(y, good, good).log_loss)
  end)

  it("checks its options", function()
    assert.matches("option 'replicates': expected a number from 2",
      message_of(metrics.bootstrap, y, good, { replicates = 1 }))
  end)
end)

describe("metrics.evaluation", function()
  local y, good, poor, none = sample(600, 1, 0.5, 0)

  it("stands beside the majority rule and a logistic regression", function()
    local e = metrics.evaluation(y, { net = good, logistic = poor, prior = 0.3 }, { seed = 7 })
    assert.is_true(e.beats_majority)
    assert.is_true(e.beats_logistic)
    assert.matches("The net beats the majority rule. It is better than a logistic regression",
      e.verdict)
    assert.are.equal(0.5, e.majority.roc_auc)
    assert.are.equal(0, e.majority.confusion.tp)
    assert.are.equal(metrics.scores(y, poor).log_loss, e.logistic.log_loss)
    assert.are.equal(500, e.bootstrap)
    assert.are.same(metrics.bootstrap(y, good, { seed = 7 }), e.intervals)
  end)

  it("prints ROC AUC first and accuracy last, in 80 columns", function()
    local text = tostring(metrics.evaluation(y, { net = good, logistic = poor, prior = 0.3 }))
    assert.matches("^ROC AUC 0%.%d%d%d %[0%.%d%d%d, 0%.%d%d%d%] on 600 rows", text)
    assert.matches("\nROC AUC .*\nPR AUC .*\nlog loss .*\nBrier .*\nlift 10 %% .*\naccuracy ", text)
    assert.matches("\nat threshold 0.5 +predicted 1 +predicted 0\n +actual 1 ", text)
    assert.matches("net +logistic +majority\n", text)
    for line in text:gmatch("[^\n]+") do assert.is_true(utf8.len(line) <= 80, line) end
  end)

  it("says plainly that a net does not beat the majority rule", function()
    local e = metrics.evaluation(y, { net = none })
    assert.is_false(e.beats_majority)
    assert.matches("^The net does not beat the majority rule: ROC AUC .* does not exclude 0%.5",
      e.verdict)
    assert.is_nil(e.logistic)
    local shouting = {}
    for i, p in ipairs(good) do shouting[i] = p > 0.3 and 0.999 or 0.3 * p end
    e = metrics.evaluation(y, { net = shouting }, { bootstrap = false })
    assert.is_false(e.beats_majority)
    assert.is_nil(e.intervals)
    assert.matches("its log loss, .* is not below .* probabilities need calibration", e.verdict)
  end)

  it("says plainly that a net is no better than a logistic regression", function()
    local twin = {}
    for i, p in ipairs(good) do twin[i] = sigmoid(math.log(p / (1 - p)) + 0.01 * (i % 3)) end
    local e = metrics.evaluation(y, { net = twin, logistic = good })
    assert.is_false(e.beats_logistic)
    assert.matches("It is no better than a logistic regression: ROC AUC .*, paired 95 %% interval",
      e.verdict)
    assert.matches("It is worse than a logistic regression",
      metrics.evaluation(y, { net = poor, logistic = good }).verdict)
  end)

  it("labels with the more frequent class for the majority rule", function()
    local e = metrics.evaluation({ 1, 1, 0 }, { net = { 0.9, 0.8, 0.1 }, prior = 0.6 },
      { bootstrap = 0, threshold = 0.9 })
    assert.are.same({ tp = 2, fp = 1, fn = 0, tn = 0 }, e.majority.confusion)
    assert.are.same({ tp = 1, fp = 0, fn = 1, tn = 1 }, e.confusion)
  end)

  it("becomes JSON, with null for what does not exist", function()
    local e = metrics.evaluation({ 0, 0 }, { net = { 0.1, 0.2 } }, { bootstrap = 10 })
    assert.is_nil(e.roc_auc)
    assert.matches("one class only", tostring(e))
    local text = core.json.encode(e:to_table())
    assert.matches('"roc_auc":null', text)
    assert.matches('"logistic":null', text)
    local whole = metrics.evaluation(y, { net = good, logistic = poor }, { bootstrap = 50 })
    local t = core.json.decode(core.json.encode(whole:to_table()))
    assert.are.equal(whole.logistic.pr_auc, t.logistic.pr_auc)
    assert.are.equal(whole.majority.brier, t.majority.brier)
    assert.are.same(whole.intervals.roc_auc, t.intervals.roc_auc)
    assert.are.same(whole.confusion, t.confusion)
  end)

  it("checks its arguments", function()
    assert.matches(
      "metrics_spec.lua:%d+: evaluation: unknown prediction 'nt' %(did you mean 'net'%?%)",
      message_of(function() metrics.evaluation(y, { nt = good }) end))
    assert.matches("'net' is required", message_of(metrics.evaluation, y, {}))
    assert.matches("expected a table { net = p", message_of(metrics.evaluation, y))
    assert.matches("prior: expected a rate from 0 to 1, got 2",
      message_of(metrics.evaluation, y, { net = good, prior = 2 }))
    assert.matches("unknown option 'bootstraps' %(did you mean 'bootstrap'%?%)",
      message_of(metrics.evaluation, y, { net = good }, { bootstraps = 1 }))
    assert.matches("option 'bootstrap': expected a number of resamples, got %-1",
      message_of(metrics.evaluation, y, { net = good }, { bootstrap = -1 }))
  end)
end)

describe("metrics.calibration", function()
  local y, p = sample(500, 1)

  it("improves what shouts, and survives a round trip", function()
    local loud = {}
    for i, v in ipairs(p) do loud[i] = sigmoid(3 * math.log(v / (1 - v))) end
    for _, method in ipairs { "platt", "isotonic", "temperature" } do
      local c = metrics.calibration(method, y, loud)
      local calm = c:apply(loud)
      assert.is_true(metrics.scores(y, calm).log_loss < metrics.scores(y, loud).log_loss - 0.1)
      assert.are.equal(method, c:to_table().method)
      assert.are.same(calm, core.calibration.from_table(c:to_table()):apply(loud))
      assert.are.equal(calm[7], c:apply({ loud[7] })[1])
      assert.are.equal("calibration (" .. method .. ")", tostring(c))
    end
  end)

  it("names what is wrong", function()
    assert.matches("unknown method 'isotonc' %(did you mean 'isotonic'%?%)",
      message_of(metrics.calibration, "isotonc", y, p))
    assert.matches("expected both classes",
      message_of(metrics.calibration, "platt", { 1 }, { 0.5 }))
    local c = metrics.calibration("platt", y, p)
    assert.matches("item 1: expected a probability from 0 to 1, got 1.5",
      message_of(c.apply, c, { 1.5 }))
    local damaged = c:to_table()
    damaged.a = nil
    assert.matches("platt: expected rows, numbers a and b",
      message_of(core.calibration.from_table, damaged))
  end)

  it("closes twice, and is of no use then", function()
    local c = metrics.calibration("platt", y, p)
    local close = getmetatable(c).__close
    close(c)
    close(c)
    assert.are.equal("calibration (closed)", tostring(c))
    assert.matches("the object is closed", message_of(c.apply, c, { 0.5 }))
  end)
end)

describe("metrics.logistic", function()
  local rows, y = {}, {}
  local rng = core.rng.new(2)
  for i = 1, 300 do
    rows[i] = { rng:normal(), 100 * rng:normal() + 7 }
    y[i] = rng:uniform() < sigmoid(rows[i][1] - rows[i][2] / 100) and 1 or 0
  end
  local x = core.matrix.from_table(rows)

  it("finds the effects and predicts with them", function()
    local m = metrics.logistic(x, y, { l2 = 0 })
    local w, b = m:weights()
    assert.is_true(w[1] > 0.5 and w[1] < 1.5 and w[2] < -0.005 and w[2] > -0.015)
    local p = m:predict(x)
    assert.are.equal(300, #p)
    assert.is_true(math.abs(p[9] - sigmoid(w[1] * rows[9][1] + w[2] * rows[9][2] + b)) < 1e-12)
    local mean = 0
    for i = 1, 300 do mean = mean + (p[i] - y[i]) / 300 end
    assert.is_true(math.abs(mean) < 1e-9) -- a free intercept keeps the rate
    assert.are.equal("logistic regression (2 columns)", tostring(m))
  end)

  it("leaves out what l1 does not let in", function()
    local w = metrics.logistic(x, y, { l1 = 40, l2 = 0 }):weights()
    local free = metrics.logistic(x, y, { l2 = 0 }):weights()
    assert.is_true(w[1] > 0 and w[1] < free[1] and w[2] <= 0 and w[2] > free[2])
    assert.are.same({ 0.0, 0.0 }, (metrics.logistic(x, y, { l1 = 1e4, l2 = 0 }):weights()))
  end)

  it("has weights for each of several classes", function()
    local classes = {}
    for i, row in ipairs(rows) do classes[i] = row[1] < -0.5 and 0 or row[1] < 0.5 and 1 or 2 end
    local m = metrics.logistic(x, classes, { classes = 3 })
    local w, b = m:weights()
    assert.are.equal(3, #w)
    assert.is_true(w[1][1] < w[2][1] and w[2][1] < w[3][1])
    assert.is_true(math.abs(b[1] + b[2] + b[3]) < 1e-12)
    local p = m:predict(x):to_table()
    assert.are.equal(300, #p)
    assert.is_true(math.abs(p[7][1] + p[7][2] + p[7][3] - 1) < 1e-12)
  end)

  it("names what is wrong", function()
    local m = metrics.logistic(x, y)
    assert.matches("expected 2 columns, got 1",
      message_of(m.predict, m, core.matrix.from_table { 1 }))
    assert.matches("expected 300 values, got 1", message_of(metrics.logistic, x, { 1 }))
    assert.matches("option 'l2': expected a number from 0",
      message_of(metrics.logistic, x, y, { l2 = -1 }))
    assert.matches("unknown option 'l3'", message_of(metrics.logistic, x, y, { l3 = 1 }))
    assert.matches("expected every class, got no row of class 2",
      message_of(metrics.logistic, x, y, { classes = 3 }))
    assert.matches("expected l2 > 0",
      message_of(metrics.logistic, core.matrix.from_table { 1, 2, 3 }, { 0, 1, 1 }, { l2 = 0 }))
    getmetatable(m).__gc(m)
    assert.matches("the object is closed", message_of(m.predict, m, x))
  end)
end)
