-- SPDX-License-Identifier: MIT
-- Losses, nets with several heads, sample weights.
local core = require("churnlab.core")
local cl = require("churnlab")
local nn = cl.nn
local fixtures = require("fixtures")
local message_of, with_threads, prep = fixtures.message_of, fixtures.with_threads, fixtures.prep

local function bank(rows, seed)
  return cl.simulate("bank", { rows = rows or 300, seed = seed or 1 }):drop("Surname")
end

local function small(activation)
  return nn.sequential():dense(6, { activation = "tanh" })
    :dense(1, { activation = activation or "sigmoid" })
end

local function same_scores(a, b, frame)
  assert.are.same(a:score_frame(frame):col("churn"):to_table(),
    b:score_frame(frame):col("churn"):to_table())
end

describe("nn.losses", function()
  it("are checked tables", function()
    assert.are.same({ kind = "loss", type = "focal", gamma = 1, weight = 2 },
      nn.focal { gamma = 1, weight = 2 })
    assert.are.same({ kind = "loss", type = "mse" }, nn.mse())
    assert.are.same({ kind = "loss", type = "hazard" }, nn.hazard())
    assert.are.same({ kind = "loss", type = "hinge", squared = true }, nn.hinge { squared = true })
    assert.matches("losses_spec.lua:%d+: focal: unknown option 'gama' %(did you mean 'gamma'%?%)",
      message_of(function() nn.focal { gama = 2 } end))
    assert.matches("focal: option 'alpha': expected a number from 0 to 1, got 2",
      message_of(function() nn.focal { alpha = 2 } end))
    assert.matches("mse: unknown option 'class_weight'",
      message_of(function() nn.mse { class_weight = "balanced" } end))
  end)

  it("train models", function()
    local frame = bank(400)
    local options = { valid = bank(300, 2), epochs = 30, optimizer = nn.adam { lr = 0.02 } }
    for _, loss in ipairs { nn.focal {}, nn.focal { gamma = 1, alpha = 0.7 },
      nn.hinge { squared = true }, nn.bce { label_smoothing = 0.1 } } do
      options.loss = loss
      local _, history = cl.fit(prep(), small(), frame, options)
      local logs = history.members[1]
      assert.is_true(logs[30].val_auc > 0.65)
      assert.is_true(logs[30].loss < logs[1].loss)
    end
  end)

  it("of a focal loss with gamma 0 is cross-entropy", function()
    local frame = bank()
    local a = cl.fit(prep(), small(), frame, { epochs = 3 })
    local b = cl.fit(prep(), small(), frame, { epochs = 3, loss = nn.focal { gamma = 0 } })
    local p, q = a:score_frame(frame):col("churn"):to_table(),
      b:score_frame(frame):col("churn"):to_table()
    for i = 1, #p do assert.is_true(math.abs(p[i] - q[i]) < 1e-5) end
  end)

  it("give survival curves of hazards", function()
    -- whose first number is 1 leaves in period 1, the others stay for three periods
    local rows, labels = {}, {}
    for i = 1, 40 do
      rows[i] = { i % 2 }
      labels[i] = i % 2 == 1 and { 1, 1 } or { 3, 0 }
    end
    local x, y = core.matrix.from_table(rows), core.matrix.from_table(labels)
    local nets = core.net.train { x = x, y = y, spec = { layers = {
      { type = "dense", units = 3, activation = "sigmoid" } } },
      options = { epochs = 200, loss = { type = "hazard" },
        optimizer = { type = "adam", lr = 0.1 } } }
    local curves = core.net.survival(nets[1]:predict(x)):to_table()
    assert.is_true(curves[1][1] < 0.05)
    assert.is_true(curves[2][3] > 0.9)
    assert.is_true(curves[2][1] >= curves[2][2] and curves[2][2] >= curves[2][3])
  end)

  it("say what their labels must be", function()
    local x = core.matrix.from_table { { 1 }, { 2 } }
    local spec = { layers = { { type = "dense", units = 3, activation = "sigmoid" } } }
    local function train(y)
      return message_of(core.net.train, { x = x, y = y, spec = spec,
        options = { loss = { type = "hazard" } } })
    end
    assert.matches("train: labels: expected 2 numbers a row, got 1", train { 1, 2 })
    assert.matches("train: row 2: label: expected a whole number of periods from 1 to 3, got 4",
      train(core.matrix.from_table { { 1, 1 }, { 4, 1 } }))
    assert.matches("y: expected 2 numbers, got 3", train { 1, 2, 3 })
  end)
end)

describe("a net with several heads", function()
  local function two()
    local trunk = nn.input():dense(8, { activation = "tanh" })
    return nn.graph { churn = trunk:dense(1, { activation = "sigmoid" }),
      land = trunk:dense(3, { activation = "softmax" }) }
  end
  local function frame_of(rows, seed) return bank(rows, seed) end
  local targets = { churn = "Exited", land = "Geography" }
  local function losses() return { churn = nn.bce(), land = nn.cross_entropy { weight = 0.5 } } end

  it("learns from a column each; the model scores the target's", function()
    local frame, valid = frame_of(400), frame_of(200, 2)
    local model, history = cl.fit(prep(), two(), frame, { valid = valid, targets = targets,
      loss = losses(), epochs = 4, callbacks = { nn.early_stop { monitor = "val_loss_land" } } })
    local log = history.members[1][4]
    assert.is_true(math.abs(log.val_loss - log.val_loss_churn - 0.5 * log.val_loss_land) < 1e-12)
    assert.is_true(log.val_loss_land < history.members[1][1].val_loss_land)
    -- no feature: it is not asked for
    local p = model:score_frame(valid):col("churn"):to_table()
    assert.are.same(p, model:score_frame(valid:drop("Geography")):col("churn"):to_table())
    local sum, y = 0, valid:labels():to_table()
    for i = 1, #p do sum = sum - math.log(y[i] == 1 and p[i] or 1 - p[i]) end
    assert.is_true(math.abs(sum / #p - log.val_loss_churn) < 1e-6)
    -- saved, it scores that head, and still knows the other
    local path = os.tmpname()
    assert(model:save(path))
    local back = cl.load(path)
    same_scores(model, back, valid)
    assert.are.equal(model:hash(), back:hash())
    assert.are.same(model:heads(valid):col("land_p_Spain"):to_table(),
      back:heads(valid):col("land_p_Spain"):to_table())
    os.remove(path)
  end)

  it("says what all heads predict, as columns under their names", function()
    local trunk = nn.input():dense(8, { activation = "tanh" })
    local net = nn.graph { churn = trunk:dense(1, { activation = "sigmoid" }),
      land = trunk:dense(3, { activation = "softmax" }), money = trunk:dense(2),
      years = trunk:dense(11, { activation = "softmax" }) }
    local frame = frame_of(300):derive { Rich = "Balance / 100000", Paid = "EstimatedSalary / 1e5" }
      :with_roles { id = "CustomerId" }
    local valid = frame_of(200, 2):derive { Rich = "1.5", Paid = "0.5" }
    local path = os.tmpname()
    local model, history = cl.fit(prep(), net, frame, { epochs = 3, ensemble = 2, valid = valid,
      targets = { churn = "Exited", land = "Geography", money = { "Rich", "Paid" },
        years = "Tenure" },
      loss = { churn = nn.bce { class_weight = "balanced" }, land = nn.cross_entropy(),
        money = nn.mse(), years = nn.cross_entropy() },
      callbacks = { nn.csv_log { path = path } } })
    local said = model:heads(valid)
    local names = said:columns()
    assert.are.equal(1 + 1 + 3 + 2 + 11, #names)
    assert.are.same({ "CustomerId", "churn", "land_p_France", "land_p_Germany", "land_p_Spain",
      "money_1", "money_2", "years_p_0" }, table.move(names, 1, 8, 1, {}))
    -- the head of the target as it is scored, after the correction for class weights
    assert.are.same(model:score_frame(valid):col("churn"):to_table(), said:col("churn"):to_table())
    -- the others as validation judged them: the mean of the members is no worse than their mean
    local loss, best = 0, 0
    local lands = valid:col("Geography"):to_table()
    for i, land in ipairs(lands) do loss = loss - math.log(said:cell(i, "land_p_" .. land)) end
    for _, member in ipairs(history.members) do best = best + member[3].val_loss_land / 2 end
    assert.is_true(loss / #lands <= best + 1e-9 and loss / #lands > best - 0.05)
    local row = model:heads(valid:row(3))
    assert.are.equal(said:cell(3, "money_2"), row:cell(1, "money_2"))
    -- the log has a column a head
    local log = cl.read_csv(path)
    assert.are.same({ "val_auc", "val_loss_churn", "val_loss_land", "val_loss_money",
      "val_loss_years" }, table.move(log:columns(), 7, 11, 1, {}))
    assert.are.equal(history.members[2][3].val_loss_money,
      log:filter("member == 2 and epoch == 3"):cell(1, "val_loss_money"))
    assert.matches("csv_log: .*: expected the columns task,member,epoch,lr,loss,val_loss,val_auc, "
      .. "got task,", message_of(cl.fit, prep(), small(), frame, { epochs = 1,
        callbacks = { nn.csv_log { path = path, append = true } } }))
    os.remove(path)
  end)

  it("needs several heads", function()
    local one = cl.fit(prep(), small(), frame_of(60), { epochs = 1 })
    assert.matches("heads: expected a model whose nets were trained with several heads",
      message_of(one.heads, one, frame_of(5)))
    assert.matches("heads: expected a model whose nets were trained with several heads",
      message_of(one.head_values, one, frame_of(5)))
    local many = cl.fit(prep(), two(), frame_of(60), { targets = targets, loss = losses(),
      epochs = 1 })
    assert.matches("heads: expected a model whose nets", message_of(function()
      many:update(frame_of(60), { epochs = 1 }):heads(frame_of(5))
    end))
    assert.matches("heads: expected 0 whole nets, got 0", message_of(many.keep_heads, many,
      {}))
  end)

  it("is the same on any number of threads, and calls back with each head's figure", function()
    local frame, valid, seen = frame_of(), frame_of(100, 2), 0
    local function fit()
      return cl.fit(prep(), two(), frame, { valid = valid, targets = targets, loss = losses(),
        epochs = 3, ensemble = 3, callbacks = { function(_, log)
          if log.val_loss_land > 0 and log.val_loss_churn > 0 then seen = seen + 1 end
        end } })
    end
    same_scores(with_threads(1, fit), with_threads(2, fit), valid)
    assert.are.equal(18, seen)
  end)

  it("skips rows without a label for a head", function()
    local frame = frame_of()
    local half = frame:derive { Geography = "if_else(Age > 40, nil, Geography)" }
    local all, some = {}, {}
    for frame_in, out in pairs { [frame] = all, [half] = some } do
      local _, history = cl.fit(prep(), two(), frame_in, { valid = frame, targets = targets,
        loss = losses(), epochs = 2 })
      out.log = history.members[1][2]
    end
    assert.is_true(all.log.val_loss_land ~= some.log.val_loss_land)
    local none = frame:derive { Geography = "if_else(Age > 0, nil, Geography)" }
    assert.matches("head 'land': expected rows with a label, got none", message_of(function()
      cl.fit(prep(), two(), none, { targets = targets, loss = losses() })
    end))
  end)

  it("takes hazards and numbers from several columns", function()
    local trunk = nn.input():dense(8, { activation = "tanh" })
    local net = nn.graph { churn = trunk:dense(1, { activation = "sigmoid" }),
      when = trunk:dense(10, { activation = "sigmoid" }), money = trunk:dense(2) }
    local frame = frame_of():derive { Months = "Tenure + 1",
      Left = "if_else(Tenure < 9, Exited, 0)", Rich = "Balance / 100000",
      Paid = "EstimatedSalary / 100000" }
      :filter("Tenure < 10")
    local _, history = cl.fit(prep():drop { "Tenure" }, net, frame, { epochs = 3, valid = frame,
      targets = { churn = "Exited", when = { "Months", "Left" }, money = { "Rich", "Paid" } },
      loss = { churn = nn.bce(), when = nn.hazard { weight = 0.1 }, money = nn.mse() } })
    local logs = history.members[1]
    assert.is_true(logs[3].val_loss_when < logs[1].val_loss_when)
    assert.is_true(logs[3].val_loss_money < logs[1].val_loss_money)
  end)

  it("says what does not fit", function()
    local frame = frame_of(60)
    local function fails(changes)
      local options = { targets = targets, loss = losses(), epochs = 1 }
      for name, value in pairs(changes) do options[name] = value or nil end
      return message_of(function() cl.fit(prep(), changes.net or two(), frame, options) end)
    end
    local function loss_of(land) return { churn = nn.bce(), land = land } end
    assert.matches("fit: the net has the heads 'churn', 'land': expected option 'targets'",
      fails { targets = false })
    assert.matches("expected option 'loss' with a loss for each, such as", fails { loss = false })
    assert.matches("fit: targets: expected a column for the head 'land'",
      fails { targets = { churn = "Exited" } })
    assert.matches("fit: targets: unknown head 'lend' %(did you mean 'land'%?%)",
      fails { targets = { churn = "Exited", land = "Geography", lend = "Age" } })
    assert.matches("fit: targets: expected a head for the frame's target 'Exited'",
      fails { targets = { churn = "Gender", land = "Geography" } })
    assert.matches("fit: train: unknown column 'Geografy' %(did you mean 'Geography'%?%)",
      fails { targets = { churn = "Exited", land = "Geografy" } })
    assert.matches("losses_spec.lua:%d+: train: option 'losses': expected a loss for the head 'la",
      fails { loss = { churn = nn.bce() } })
    assert.matches("fit: option 'loss.land': expected a loss such as nn.bce{}, got optimizer",
      fails { loss = loss_of(nn.adam()) })
    assert.matches("bce: head 'land': expected 1 unit with sigmoid, got 3 with softmax",
      fails { loss = loss_of(nn.bce()) })
    assert.matches("early_stop: unknown monitor 'val_los'", message_of(function()
      nn.early_stop { monitor = "val_los" }
    end))
    assert.matches("early_stop: unknown head of the monitor 'lnd' %(did you mean 'land'%?%)",
      fails { valid = frame, callbacks = { nn.early_stop { monitor = "val_loss_lnd" } } })
  end)

  it("wants one loss for one head", function()
    local frame = bank(60)
    assert.matches("fit: option 'loss': expected one loss such as nn.bce", message_of(function()
      cl.fit(prep(), small(), frame, { loss = { churn = nn.bce() } })
    end))
    assert.matches("fit: option 'targets': expected a net with several heads", message_of(function()
      cl.fit(prep(), small(), frame, { targets = { churn = "Exited" } })
    end))
  end)
end)

describe("a net's head alone", function()
  local spec = { heads = { "a", "b" }, layers = {
    { type = "dense", units = 3, name = "trunk", activation = "tanh" },
    { type = "dense", units = 2, name = "before_b" },
    { type = "batch_norm", name = "norm" },
    { type = "dense", units = 1, name = "a", from = { "trunk" } },
    { type = "dense", units = 2, name = "b", from = { "norm" } } } }
  local x = core.matrix.from_table { { 1, 2 }, { -1, 0.5 }, { 0, 3 } }

  it("predicts what it did", function()
    local net = core.net.train({ spec = spec, x = x, options = { epochs = 3,
      losses = { a = { type = "mse" }, b = { type = "mse" } } },
      y = core.matrix.from_table { { 1, 2, 3 }, { 0, 1, 2 }, { 2, 2, 0 } } })[1]
    assert.are.same({ "a", "b" }, net:heads())
    local all = net:predict(x)
    local a, b = net:prune("a"), net:prune("b")
    assert.are.same(all:column(1), a:predict(x):column(1))
    assert.are.same({ all:column(2), all:column(3) }, { b:predict(x):column(1),
      b:predict(x):column(2) })
    assert.are.equal(2, #a:layers())
    assert.are.equal(4, #b:layers())
    assert.are.same(a:predict(x):column(1), a:prune("a"):predict(x):column(1))
  end)

  it("must be one of its own", function()
    local net = core.net.new(spec, 2)
    assert.matches("net: unknown head 'land' %(known: a, b%)", message_of(net.prune, net, "land"))
  end)

  it("takes matrices of columns", function()
    local m = core.matrix.from_columns { core.column.new({ 1, core.NA }, "i64"),
      core.column.new({ true, false }, "bool") }
    assert.are.same({ 1, 0 }, m:column(2))
    assert.are.equal(1, m:get(1, 1))
    assert.is_true(m:get(2, 1) ~= m:get(2, 1))
    assert.matches("item 2: expected a column of 1 numbers", message_of(core.matrix.from_columns,
      { core.column.new({ 1 }, "f64"), core.column.new({ "a" }, "string") }))
    assert.matches("expected a list of columns", message_of(core.matrix.from_columns, {}))
  end)
end)

describe("sample weights", function()
  it("of one change nothing, and are no feature", function()
    local frame, valid = bank(), bank(100, 2)
    local one = { epochs = 3, valid = valid }
    local plain, history = cl.fit(prep(), small(), frame, one)
    local weighed, again = cl.fit(prep(), small(), frame:derive { w = "1.0" },
      { epochs = 3, valid = valid:derive { w = "1" }, weights = "w" })
    same_scores(plain, weighed, valid)
    assert.are.equal(history.members[1][3].val_auc, again.members[1][3].val_auc)
  end)

  it("count in the loss and in validation", function()
    local frame, valid = bank(), bank(100, 2)
    local function fit(weight, valid_weight)
      local model, history = cl.fit(prep(), small(), frame:derive { w = weight },
        { epochs = 2, valid = valid:derive { w = valid_weight }, weights = "w" })
      return history.members[1][2], model
    end
    local plain = fit("1", "1")
    assert.is_true(fit("1 + Exited", "1").loss ~= plain.loss)
    -- rows that weigh nothing do not count: the figures are those of the others
    local active, model = fit("1", "IsActiveMember")
    local part = valid:filter("IsActiveMember == 1")
    local p, y, sum = model:score_frame(part):col("churn"):to_table(), part:labels():to_table(), 0
    for i = 1, #p do sum = sum - math.log(y[i] == 1 and p[i] or 1 - p[i]) end
    assert.is_true(math.abs(active.val_loss - sum / #p) < 1e-6)
    assert.is_true(math.abs(active.val_auc - core.metrics.scores(y, p).roc_auc) < 1e-6)
  end)

  it("must be there and fit", function()
    local frame = bank(60)
    local function fails(changed, options)
      options.epochs = 1
      return message_of(function() cl.fit(prep(), small(), changed, options) end)
    end
    assert.matches("fit: train: unknown column 'Agee' %(did you mean 'Age'%?%)",
      fails(frame, { weights = "Agee" }))
    assert.matches("weights: column 'Gender': expected numbers without missing values, got a cat",
      fails(frame, { weights = "Gender" }))
    assert.matches("weights: column 'w': expected numbers without missing values, got %d+ missing",
      fails(frame:derive { w = "if_else(Age > 40, nil, 1)" }, { weights = "w" }))
    assert.matches("train: row %d+: weight: expected a number >= 0, got %-1",
      fails(frame:derive { w = "if_else(Age > 40, -1, 1)" }, { weights = "w" }))
    assert.matches("fit: valid: unknown column 'w'",
      fails(frame:derive { w = "1" }, { weights = "w", valid = frame }))
    assert.matches("'resample' goes with neither 'weights' nor 'targets'",
      fails(frame, { weights = "Age", resample = cl.resample.over {} }))
  end)
end)

describe("a loss written in Lua", function()
  -- binary cross-entropy; `bend` makes its gradient wrong
  local function cross_entropy(bend)
    return function(z, y, w)
      local sum, gradient = 0, {}
      for i, logit in ipairs(z:column(1)) do
        local tail = math.log(1 + math.exp(-math.abs(logit)))
        sum = sum + w[i] * (math.max(logit, 0) - logit * y[i] + tail)
        gradient[i] = w[i] * (1 / (1 + math.exp(-logit)) - y[i]) * (bend or 1)
      end
      return sum, gradient
    end
  end
  local function fit(f, options, loss_options)
    options = options or {}
    options.loss, options.epochs = nn.lua_loss(f, loss_options), options.epochs or 3
    return cl.fit(prep(), small(), bank(), options)
  end

  it("trains and judges as the same loss in C", function()
    local frame, valid = bank(), bank(100, 2)
    local own, log = fit(cross_entropy(), { valid = valid, epochs = 8,
      callbacks = { nn.early_stop { patience = 2 } } }, { classes = 2 })
    local ours, expected = cl.fit(prep(), small(), frame, { valid = valid, epochs = 8,
      callbacks = { nn.early_stop { patience = 2 } } })
    local p, q = own:score_frame(valid):col("churn"):to_table(),
      ours:score_frame(valid):col("churn"):to_table()
    for i = 1, #p do assert.is_true(math.abs(p[i] - q[i]) < 1e-5) end
    local a, b = log.members[1], expected.members[1]
    assert.are.equal(#a, #b)
    assert.is_true(math.abs(a[#a].val_loss - b[#b].val_loss) < 1e-6)
    assert.is_true(math.abs(a[#a].val_auc - b[#b].val_auc) < 1e-3)
  end)

  it("gives one model on any number of threads", function()
    local function run() return fit(cross_entropy(), { ensemble = 3 }) end
    same_scores(with_threads(1, run), with_threads(2, run), bank())
  end)

  it("is one of several heads, with matrices of several units", function()
    local trunk = nn.input():dense(4, { activation = "tanh" })
    local net = nn.graph { churn = trunk:dense(1, { activation = "sigmoid" }),
      two = trunk:dense(2) }
    local shapes = {}
    local squares = nn.lua_loss(function(z, y, w)
      shapes[#shapes + 1] = { z:rows(), z:cols(), y:rows(), y:cols(), #w }
      local sum, rows = 0, {}
      for i = 1, #w do
        rows[i] = {}
        for k = 1, 2 do
          local d = z:get(i, k) - y:get(i, k)
          sum, rows[i][k] = sum + w[i] * d * d / 2, w[i] * d
        end
      end
      return sum, core.matrix.from_table(rows)
    end, { labels = 2, weight = 0.5, check = false })
    local frame = bank(100):derive { a = "Balance / 1e5", b = "EstimatedSalary / 1e5" }
    local function run(loss)
      local _, history = cl.fit(prep(), net, frame, { epochs = 2, batch = 100, valid = frame,
        targets = { churn = "Exited", two = { "a", "b" } },
        loss = { churn = nn.bce(), two = loss } })
      return history.members[1][2].val_loss
    end
    assert.is_true(math.abs(run(squares) - run(nn.mse { weight = 0.5 })) < 1e-6)
    assert.are.same({ { 100, 2, 100, 2, 100 } }, { shapes[1] })
    assert.are.equal(4, #shapes) -- training and validation, twice
  end)

  it("ends training with its own error", function()
    local object = setmetatable({}, { __tostring = function() return "mine" end })
    for threads = 1, 2 do
      local ok, err = pcall(with_threads, threads, function()
        local done, raised = pcall(fit, function() error(object) end, { ensemble = 3 })
        assert.is_false(done)
        assert.are.equal(object, raised)
      end)
      assert(ok, err)
    end
  end)

  it("is compared with finite differences", function()
    assert.matches("losses_spec.lua:%d+: lua_loss: row 1 of the first batch, output 1: the "
      .. "gradient is .*, but finite differences of the loss give",
      message_of(function() fit(cross_entropy(2)) end))
    fit(cross_entropy(2), nil, { check = false })
    -- a bend is no fault
    fit(function(z, y, w)
      local sum, gradient = 0, {}
      for i, logit in ipairs(z:column(1)) do
        local d = logit - y[i]
        sum, gradient[i] = sum + w[i] * math.abs(d), w[i] * (d > 0 and 1 or -1)
      end
      return sum, gradient
    end)
  end)

  it("must return the sum and the gradient", function()
    local function fails(...)
      local results = table.pack(...)
      return message_of(fit, function() return table.unpack(results, 1, results.n) end)
    end
    assert.matches("lua_loss: expected the loss and its gradient, got nil and nil", fails())
    assert.matches("gradient: expected a matrix or a list of 128 rows", fails(1, { 1 }))
    assert.matches("gradient: expected 128 x 1 numbers, got 1 x 2",
      fails(1, core.matrix.from_table { { 1, 2 } }))
    local list = {}
    for i = 1, 128 do list[i] = "x" end
    assert.matches("gradient: row 1: expected a number, got string", fails(1, list))
    assert.matches("lua_loss: expected a function, got a nil", message_of(nn.lua_loss))
    assert.matches("lua: unknown option 'chek' %(did you mean 'check'%?%)",
      message_of(nn.lua_loss, print, { chek = true }))
    assert.matches("epoch 1, batch 1: loss: expected a finite number, got NaN",
      message_of(fit, function(z)
        local zeros = {}
        for i = 1, #z do zeros[i] = 0 end
        return 0 / 0, zeros
      end, nil, { check = false }))
  end)
end)
