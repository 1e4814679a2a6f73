-- SPDX-License-Identifier: MIT
-- Training's life: what goes wrong, warm starts, regularisation, checkpoints.
local core = require("churnlab.core")
local cl = require("churnlab")
local nn = cl.nn
local fixtures = require("fixtures")
local message_of, prep, with_threads = fixtures.message_of, fixtures.prep, fixtures.with_threads

local function bank(rows, seed)
  return cl.simulate("bank", { rows = rows or 300, seed = seed or 1 })
end

local function small()
  return nn.sequential():dense(6, { activation = "tanh" }):dense(1, { activation = "sigmoid" })
end

describe("the guard of training", function()
  it("names stage, epoch, batch, layer and column", function()
    local huge = bank():derive { Balance = "Balance * 1e33 + 1e38" }
    local net = nn.sequential():dense(6):dense(1, { activation = "sigmoid" })
    local text = message_of(function()
      cl.fit(cl.prep():impute():onehot(), net, huge, { epochs = 20 })
    end)
    assert.matches("training_spec.lua:%d+: train: member 1, epoch %d+, batch %d+: %a+: ", text)
    assert.matches("gradient: expected a finite number, got Inf: the numbers of all layers are",
      text)
    assert.matches("the largest input is .* in column 'Balance', row %d+ %(scale or clip", text)
  end)
end)

describe("core.net.train with initial weights", function()
  local spec = { layers = { { type = "dense", units = 1, activation = "sigmoid" } } }
  local x, y = core.matrix.from_table { { 1 }, { 2 }, { 3 }, { 4 } }, { 0, 0, 1, 1 }
  local function train(changes)
    local arguments = { spec = spec, x = x, y = y, options = { epochs = 1,
      optimizer = { type = "sgd", lr = 1e-12 } } }
    for name, value in pairs(changes) do arguments[name] = value end
    return core.net.train(arguments)
  end

  it("starts from them", function()
    local first = core.net.new(spec, 1):set_tensor("0.weight", { 5 })
    local nets = train { initial = { first }, members = 2 }
    assert.are.same({ 5 }, nets[1]:tensor("0.weight"):column(1))
    assert.are.same({ 5 }, nets[2]:tensor("0.weight"):column(1))
    local second = core.net.new(spec, 1):set_tensor("0.weight", { -2 })
    nets = train { initial = { first, second }, members = 2 }
    assert.are.same({ -2 }, nets[2]:tensor("0.weight"):column(1))
  end)

  it("says what does not fit", function()
    local other = core.net.new(spec, 2)
    assert.matches("layer 1 'dense_1': weight: expected 1 × 1 numbers, got 2 × 1",
      message_of(train, { initial = { other } }))
    assert.matches("initial: expected a list of 1 or 3 nets, got 2",
      message_of(train, { initial = { other, other }, members = 3 }))
    assert.matches("initial: expected a list of nets", message_of(train, { initial = { 1 } }))
    assert.matches("columns: expected 1 names, got 2",
      message_of(train, { columns = { "a", "b" } }))
  end)
end)

describe("steps that are cut into shards", function()
  -- 256 rows of 2 x 256 x 256 multiplications and more: two shards (core/nn/shards.c)
  local function wide(layers)
    local relu = { activation = "relu" }
    local net = nn.sequential():dense(256, relu):dense(256, relu)
    return layers(net):dense(256, relu):dense(1, { activation = "sigmoid" })
  end

  local nets = {
    ["dense layers and dropout"] = wide(function(net) return net:dropout(0.2) end),
    ["batch norm"] = wide(function(net) return net:batch_norm():dropout(0.1) end),
    TabM = nn.tabm { k = 16, units = { 96, 96 }, dropout = 0.1 },
  }

  for name, net in pairs(nets) do
    it("give one model on any number of threads and after an interruption: " .. name, function()
      local path = os.tmpname()
      local frame, valid = fixtures.customers(700, 1), fixtures.customers(100, 2)
      local function hash(threads, options)
        options.epochs, options.batch, options.valid, options.ensemble = 3, 256, valid, 2
        return with_threads(threads, function()
          return cl.fit(prep(), net, frame, options):hash()
        end)
      end
      local alone = hash(1, {})
      assert.are.equal(alone, hash(2, {}))
      assert.are.equal(alone, hash(5, {}))
      message_of(hash, 2, { callbacks = { nn.checkpoint { path = path, every = 1 },
        function(epoch) if epoch == 2 then error("killed") end end } })
      assert.are.equal(alone, hash(3, { resume = path }))
      os.remove(path)
    end)
  end
end)

describe("checkpoints", function()
  local path, log_path
  before_each(function() path, log_path = os.tmpname(), os.tmpname() end)
  after_each(function()
    os.remove(path)
    os.remove(log_path)
  end)

  local function read(name)
    local file <close> = assert(io.open(name, "rb"))
    return file:read("a")
  end

  -- Training that ends by an error after this epoch, as a killed process would.
  local function fit(changes, stop_after)
    local options = { epochs = 8, batch = 64, ensemble = 2, valid = bank(100, 2), callbacks = {
      nn.early_stop { patience = 4 }, nn.reduce_lr { patience = 1 },
      nn.checkpoint { path = path, every = 2 }, nn.csv_log { path = log_path },
      function(epoch, log)
        if log.member == 2 and epoch == stop_after then error("killed") end
      end } }
    for name, value in pairs(changes or {}) do options[name] = value end
    return cl.fit(prep(), small(), bank(), options)
  end

  it("go on to the same model, and the log to the same lines", function()
    local whole, history = fit()
    local lines = read(log_path)
    assert.matches("killed", message_of(fit, nil, 5))
    assert.is_true(#read(log_path) < #lines)
    local resumed, again = fit { resume = path }
    assert.are.equal(whole:hash(), resumed:hash())
    assert.are.same(history, again)
    local function sorted(text)
      local list = {}
      for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
      table.sort(list)
      return list
    end
    assert.are.same(sorted(lines), sorted(read(log_path)))
  end)

  it("are taken up by a script that is run again", function()
    os.remove(path)
    local function once(stop_after)
      return cl.fit(prep(), small(), bank(), { epochs = 6, callbacks = {
        nn.checkpoint { path = path, every = 2, resume = true },
        function(epoch) if epoch == stop_after then error("killed") end end } })
    end
    message_of(once, 4)
    local _, history = once()
    assert.are.equal(6, #history.members[1])
    assert.are.equal(cl.fit(prep(), small(), bank(), { epochs = 6 }):hash(), once():hash())
  end)

  it("of another training are refused", function()
    message_of(fit, nil, 3)
    assert.matches("resume: .*: option 'batch': expected 64 as in the checkpoint, got 32",
      message_of(fit, { resume = path, batch = 32 }))
    assert.matches("expected the training and validation rows of the checkpoint, got another",
      message_of(fit, { resume = path, valid = bank(100, 3) }))
    assert.matches("No such file", message_of(fit, { resume = path .. ".none" }))
    assert.matches("checkpoint: option 'path' is required", message_of(nn.checkpoint))
    assert.matches("csv_log: option 'path' is required", message_of(nn.csv_log))
    assert.matches("csv_log: .*/none/log.csv", message_of(fit, { callbacks = {
      nn.csv_log { path = "/none/log.csv" } } }))
    assert.matches("more than one checkpoint", message_of(fit, { callbacks = {
      nn.checkpoint { path = path }, nn.checkpoint { path = path } } }))
  end)
end)

describe("budgets of training", function()
  it("end it in time, with the best weights", function()
    local _, history = cl.fit(prep(), small(), bank(), { epochs = 1000000, ensemble = 2,
      time_limit = 0.1, valid = bank(100, 2),
      callbacks = { nn.early_stop { patience = 1000000 } } })
    assert.are.same({ "time_limit", "time_limit" }, history.stopped)
  end)

  it("refuse what would need too much memory", function()
    local function fit(limit)
      return cl.fit(prep(), small(), bank(), { epochs = 1, memory_limit = limit })
    end
    assert.matches("option 'memory_limit': training needs .* MB", message_of(fit, "10 kB"))
    assert.matches("expected bytes, or a text such as \"2 GB\", got lots", message_of(fit, "lots"))
    assert.is_truthy(fit("1 GB"))
    assert.is_truthy(fit(2e9))
  end)
end)

describe("regularisation", function()
  local function fit(options)
    options.epochs, options.optimizer = 3, nn.adam { lr = 0.01 }
    return cl.fit(prep(), small(), bank(), options)
  end

  it("draws from the seed", function()
    for name, value in pairs { mixup = 0.2, swap_noise = 0.1, noise = 0.05 } do
      local model = fit { [name] = value }
      assert.are.equal(model:hash(), fit({ [name] = value }):hash())
      assert.are_not.equal(model:hash(), fit({}):hash())
    end
  end)

  it("limits the norm of units", function()
    local net = nn.sequential():dense(6, { activation = "relu", max_norm = 0.4 })
      :dense(1, { activation = "sigmoid" })
    local spec = net:spec()
    assert.are.equal(0.4, spec.layers[1].max_norm)
    assert.matches("lbfgs: layer 1 'dense_1': expected no max_norm", message_of(cl.fit, prep(), net,
      bank(), { epochs = 1, optimizer = nn.lbfgs() }))
  end)

  it("checks its options", function()
    assert.matches("option 'swap_noise'", message_of(fit, { swap_noise = 2 }))
    assert.matches("unknown option 'mixupp' %(did you mean 'mixup'%?%)",
      message_of(fit, { mixupp = 0.2 }))
    assert.matches("groups: expected 1 numbers, got 2", message_of(core.net.train, {
      spec = { layers = { { type = "dense", units = 1, activation = "sigmoid" } } },
      x = core.matrix.from_table { { 1 }, { 2 } }, y = { 0, 1 }, groups = { 1, 2 } }))
  end)
end)

describe("a warm start", function()
  local function net()
    return nn.sequential():dense(6, { activation = "tanh", name = "first" }):batch_norm()
      :dense(1, { activation = "sigmoid" })
  end
  local function weights(model, name)
    local _, nets = model:part()
    return nets[1]:tensor(name):column(1)
  end
  local model = cl.fit(prep(), net(), bank(), { epochs = 3 })

  it("begins with the model's weights and prep", function()
    local still = nn.sgd { lr = 1e-12 }
    local same = cl.fit(nil, nil, bank(200, 5), { warm_start = model, epochs = 1,
      optimizer = still })
    assert.are.same(weights(model, "0.weight"), weights(same, "0.weight"))
    assert.are.same(model:part():encoded_names(), same:part():encoded_names())
    assert.are.equal(model:hash(), same:info().warm_start)
    local tuned = cl.fit(prep(), net(), bank(200, 5), { warm_start = model, epochs = 2 })
    assert.are_not.same(weights(model, "0.weight"), weights(tuned, "0.weight"))
  end)

  it("leaves frozen layers as they are", function()
    local before = { weights(model, "0.weight"), weights(model, "1.running_mean"),
      weights(model, "2.weight") }
    local tuned = cl.fit(nil, nil, bank(200, 5), { warm_start = model, epochs = 3,
      freeze = { "first", 2 } })
    assert.are.same(before[1], weights(tuned, "0.weight"))
    assert.are.same(before[2], weights(tuned, "1.running_mean"))
    assert.are_not.same(before[3], weights(tuned, "2.weight"))
  end)

  it("says what does not fit", function()
    local function fit(p, n, options)
      options.epochs = 1
      return cl.fit(p, n, bank(), options)
    end
    assert.matches("initial weights: layer 1 'dense_1': weight: expected %d+ × 7 numbers, got ",
      message_of(fit, nil, nn.sequential():dense(7):batch_norm()
        :dense(1, { activation = "sigmoid" }), { warm_start = model }))
    assert.matches("expected nil or a prep with the same steps",
      message_of(fit, cl.prep():onehot(), nil, { warm_start = model }))
    assert.matches("option 'warm_start': expected a model", message_of(fit, nil, nil,
      { warm_start = cl.prep() }))
    assert.matches("unknown layer 'frist' %(did you mean 'first'%?%)",
      message_of(fit, prep(), net(), { freeze = { "frist" } }))
    assert.matches("numbers of layers from 1 to 3, got 9",
      message_of(fit, prep(), net(), { freeze = { 9 } }))
    assert.matches("initial: expected a list of 1 or 3 nets", message_of(fit, nil, nil,
      { warm_start = cl.fit(prep(), net(), bank(), { epochs = 1, ensemble = 2 }), ensemble = 3 }))
  end)
end)

describe("model:update", function()
  local old, new = bank(400, 1), bank(300, 8)
  local steps = cl.prep():drop({ "Surname" }):impute():onehot():scale()
  local model = cl.fit(steps, small(), old, { epochs = 20, ensemble = 2,
    optimizer = nn.adam { lr = 0.01 } }):calibrate(bank(200, 3), "platt")

  it("learns from new rows, and notes it", function()
    local hash = model:hash()
    local newer, history = model:update(new, { epochs = 30, lr = 0.01, replay = 0 })
    assert.are.equal(hash, model:hash())
    assert.are.equal(30, #history.members[2])
    local info = newer:info()
    assert.are.equal(hash, info.updates[1].from)
    assert.are.equal(300, info.updates[1].rows)
    assert.are.equal(model:info().data_sha256, info.data_sha256)
    assert.are.equal("platt", info.calibration)
    local function loss(m) return m:evaluate(new, { bootstrap = false }):to_table().log_loss end
    assert.is_true(loss(newer) < loss(model))
    assert.are.equal(2, #newer:update(new, { epochs = 1 }):info().updates)
  end)

  it("forgets less with more replay", function()
    local function drift(replay)
      local newer = model:update(new, { epochs = 20, lr = 0.01, replay = replay })
      local before, after = model:score(old):col("churn"), newer:score(old):col("churn")
      local sum = 0
      for i = 1, #old do sum = sum + math.abs(before[i] - after[i]) end
      return sum / #old
    end
    assert.is_true(drift(0.9) < 0.7 * drift(0))
  end)

  it("keeps old rows in the background", function()
    local newer = model:update(new, { epochs = 1, replay = 0.5 })
    assert.are.equal(100, #newer:background())
    assert.are.same(model:background():columns(), newer:background():columns())
  end)

  it("says what does not fit", function()
    assert.matches("update: the frame has no target column 'Exited'",
      message_of(model.update, model, new:drop "Exited"))
    assert.matches("option 'replay': expected a share from 0 to below 1, got 1",
      message_of(model.update, model, new, { replay = 1 }))
    assert.matches("unknown option 'epoch' %(did you mean 'epochs'%?%)",
      message_of(model.update, model, new, { epoch = 1 }))
    assert.matches("'optimizer' and 'lr': expected one of them, got both",
      message_of(model.update, model, new, { lr = 1, optimizer = nn.sgd() }))
  end)
end)
