local core = require("churnlab.core")
local nn = require("churnlab.nn")
local message_of = require("fixtures").message_of

local function data(n)
  local rng, rows, y = core.rng.new(3), {}, {}
  for i = 1, n do
    local a, b = rng:normal(), rng:normal()
    rows[i], y[i] = { a, b }, a * b > 0 and 1 or 0
  end
  return core.matrix.from_table(rows), y
end

local function small()
  return nn.sequential():dense(8, { activation = "tanh" }):dense(1, { activation = "sigmoid" })
end

describe("nn.sequential", function()
  it("is data", function()
    local net = nn.sequential():dense(64, { activation = "relu", l2 = 1e-4 }):batch_norm()
      :dropout(0.2):activation("gelu"):dense(1, { activation = "sigmoid" })
    assert.are.same({ layers = {
      { type = "dense", units = 64, activation = "relu", l2 = 1e-4 },
      { type = "batch_norm" },
      { type = "dropout", rate = 0.2 },
      { type = "activation", activation = "gelu" },
      { type = "dense", units = 1, activation = "sigmoid" },
    } }, net:spec())
    assert.is_true(nn.is_sequential(net))
    assert.is_false(nn.is_sequential({}))
    net:spec().layers[1].units = 3
    assert.are.equal(64, net:spec().layers[1].units)
  end)

  it("prints its layers, and the summary of so many columns", function()
    local net = small()
    local text = tostring(net)
    assert.matches("name +layer +output +parameters +reads", text)
    assert.matches("dense_1 +dense, tanh +8 +8 x inputs %+ 8 +input", text)
    assert.matches("dense_2 +dense, sigmoid +1 +9 +dense_1", text)
    assert.matches("total +8 x inputs %+ 17$", text)
    assert.are.equal(" net without layers", tostring(nn.sequential()))
    local summary = net:summary(13)
    assert.matches("dense, tanh +8 +112\n", summary)
    assert.matches("total +121$", summary)
  end)

  it("reports mistakes at the line of the script", function()
    local here = "nn_spec.lua:%d+: "
    local function dense(...) return nn.sequential():dense(...) end
    local text = message_of(function() dense(3, { activation = "rleu" }) end)
    assert.matches(here .. "dense: unknown activation 'rleu' %(did you mean 'relu'%?%)", text)
    text = message_of(function() dense(3, { activaton = "relu" }) end)
    assert.matches("dense: unknown option 'activaton' %(did you mean 'activation'%?%)", text)
    assert.matches("dense: option 'units': expected an? %w+, got a string",
      message_of(function() dense("x") end))
    assert.matches("dense: options: expected a table, got a number",
      message_of(function() dense(3, 4) end))
    assert.matches("dense: option 'units' is given twice",
      message_of(function() dense(3, { units = 4 }) end))
    text = message_of(function() nn.sequential():dens(3) end)
    assert.matches(here .. "sequential: unknown layer or method 'dens' %(did you mean 'dense'%?%)",
      text)
    assert.matches("dropout: option 'rate' is required",
      message_of(function() nn.sequential():dropout() end))
    assert.matches("gaussian_noise: option 'stddev': expected .*got %-1",
      message_of(function() nn.sequential():gaussian_noise(-1) end))
  end)
end)

describe("nn.graph", function()
  local x = nn.input()
  local deep = x:dense(8, { activation = "relu", name = "deep" }):dropout(0.1)

  it("is data, each node once and named", function()
    local net = nn.graph { churn = deep:dense(1, { activation = "sigmoid" }),
      reason = deep:dense(3, { activation = "softmax" }) }
    assert.are.same({
      layers = {
        { type = "dense", units = 8, activation = "relu", name = "deep", from = { "input" } },
        { type = "dropout", rate = 0.1, name = "dropout_2", from = { "deep" } },
        { type = "dense", units = 1, activation = "sigmoid", name = "churn",
          from = { "dropout_2" } },
        { type = "dense", units = 3, activation = "softmax", name = "reason",
          from = { "dropout_2" } },
      },
      heads = { "churn", "reason" },
    }, net:spec())
    assert.is_true(nn.is_net(net) and nn.is_graph(net) and not nn.is_sequential(net))
    assert.matches("reason +dense, softmax +3 +27 +dropout_2", tostring(net))
    local built = core.net.new(net:spec(), 5)
    assert.are.equal(4, built:outputs())
    assert.are.same(net:spec().heads, built:spec().heads)
  end)

  it("predicts what the layers alone do", function()
    local net = core.net.new(nn.graph(deep:dense(1, { activation = "sigmoid" })):spec(), 2, 7)
    local chain = core.net.new(nn.sequential():dense(8, { activation = "relu" }):dropout(0.1)
      :dense(1, { activation = "sigmoid" }):spec(), 2, 7)
    local rows = data(40)
    for i = 1, 40 do
      assert.are.equal(chain:predict(rows):get(i, 1), net:predict(rows):get(i, 1))
    end
  end)

  it("reports mistakes at the line of the script", function()
    local here = "nn_spec.lua:%d+: "
    assert.matches(here .. "node: unknown layer 'dens' %(did you mean 'dense'%?%)",
      message_of(function() return x:dens(3) end))
    assert.matches(here .. "graph: output 'output': expected a node with a layer, got the input",
      message_of(function() nn.graph(x) end))
    assert.matches(here .. "graph: expected a node or a table of nodes, got a number",
      message_of(function() nn.graph(3) end))
    assert.matches("graph: expected at least one output", message_of(function() nn.graph {} end))
    assert.matches("graph: two layers have the name 'deep'", message_of(function()
      nn.graph(x:dense(2, { name = "deep" }):dense(3, { name = "deep" }):dense(1))
    end))
    assert.matches("graph: unknown method 'sumary' %(did you mean 'summary'%?%)",
      message_of(function() return nn.graph(deep):sumary() end))
  end)
end)

describe("nn losses, optimizers and callbacks", function()
  it("are tagged tables", function()
    assert.are.same({ kind = "loss", type = "bce", class_weight = "balanced" },
      nn.bce { class_weight = "balanced" })
    assert.are.same({ kind = "loss", type = "cross_entropy" }, nn.cross_entropy())
    assert.are.same({ kind = "optimizer", type = "adam", lr = 1e-3 }, nn.adam { lr = 1e-3 })
    assert.are.same({ kind = "optimizer", type = "adamw" }, nn.adamw())
    assert.are.same({ kind = "optimizer", type = "sgd", momentum = 0.9, nesterov = true },
      nn.sgd { momentum = 0.9, nesterov = true })
    for _, name in ipairs { "rmsprop", "nadam", "muon", "lbfgs" } do
      assert.are.same({ kind = "optimizer", type = name, lr = 0.1 }, nn[name] { lr = 0.1 })
    end
    assert.are.same({ kind = "early_stop", type = "early_stop", patience = 3 },
      nn.early_stop { patience = 3 })
    assert.are.same({ kind = "schedule", type = "reduce_lr", factor = 0.3 },
      nn.reduce_lr { factor = 0.3 })
    assert.are.same({ kind = "schedule", type = "step", every = 2 }, nn.step_lr { every = 2 })
  end)

  it("check their options at once", function()
    assert.matches("nn_spec.lua:%d+: adam: unknown option 'lrr' %(did you mean 'lr'%?%)",
      message_of(function() nn.adam { lrr = 1 } end))
    assert.matches("sgd: option 'lr': expected a number from", message_of(nn.sgd, { lr = -1 }))
    assert.matches("muon: unknown option 'adamlr' %(did you mean 'adam_lr'%?%)",
      message_of(nn.muon, { adamlr = 1 }))
    assert.matches("expected \"balanced\" or a list", message_of(nn.bce, { class_weight = "b" }))
    assert.matches("early_stop: unknown option 'patiens'",
      message_of(nn.early_stop, { patiens = 1 }))
    assert.matches("step_lr: option 'every' is required", message_of(nn.step_lr))
    assert.matches("adam: unknown option 'type'", message_of(nn.adam, { type = "sgd" }))
  end)

  it("become the options of core.net.train", function()
    local calls = {}
    local options, on_epoch = nn.compile_options {
      loss = nn.bce(), optimizer = nn.sgd { lr = 0.1 }, epochs = 3, batch = 16, seed = 5,
      ensemble = 5,
      callbacks = { nn.early_stop(), nn.reduce_lr(), nn.step_lr { every = 2 },
        function() calls[#calls + 1] = "a" return false end,
        function() calls[#calls + 1] = "b" end },
    }
    assert.are.same({ loss = { type = "bce" }, optimizer = { type = "sgd", lr = 0.1 }, epochs = 3,
      batch = 16, seed = 5, early_stop = { type = "early_stop" },
      schedules = { { type = "reduce_lr" }, { type = "step", every = 2 } } }, options)
    assert.is_false(on_epoch(1, {}))
    assert.are.same({ "a", "b" }, calls)
    options, on_epoch = nn.compile_options {}
    assert.are.same({}, options)
    assert.is_nil(on_epoch)
  end)

  it("are told apart", function()
    assert.matches("fit: option 'loss': expected a loss such as nn.bce{}, got optimizer",
      message_of(nn.compile_options, { loss = nn.adam() }))
    assert.matches("fit: callbacks: item 1: expected a function, .* got number",
      message_of(nn.compile_options, { callbacks = { 3 } }))
    assert.matches("more than one early_stop",
      message_of(nn.compile_options, { callbacks = { nn.early_stop(), nn.early_stop() } }))
    assert.matches("train: option 'epochs'", message_of(nn.compile_options, { epochs = 0 }))
  end)
end)

describe("core.net", function()
  local x, y = data(200)
  local spec = small():spec()

  local function train(arguments)
    arguments.spec, arguments.x, arguments.y = spec, arguments.x or x, arguments.y or y
    return core.net.train(arguments)
  end

  it("trains an ensemble and keeps its history", function()
    local nets, history = train { valid_x = x, valid_y = y, members = 2, options = { epochs = 4 } }
    assert.are.equal(2, #nets)
    assert.are.equal(4, #history.members[2])
    assert.are.same({ 4, 4 }, history.best_epoch)
    local log = history.members[2][3]
    assert.are.equal(3, log.epoch)
    assert.are.equal(2, log.member)
    for _, name in ipairs { "lr", "loss", "val_loss", "val_auc" } do
      assert.are.equal("number", type(log[name]))
    end
    local p = nets[1]:predict(x)
    assert.are.equal(200, p:rows())
    assert.are.equal(1, p:cols())
    assert.is_true(p:get(1, 1) > 0 and p:get(1, 1) < 1)
  end)

  it("gives the same net on one thread and on two, with and without callback", function()
    local before = core.control.threads()
    local function weights(threads, on_epoch)
      core.control.threads(threads)
      local nets = train { members = 3, options = { epochs = 2 }, on_epoch = on_epoch }
      return { nets[1]:tensor("0.weight"):to_table(), nets[3]:tensor("1.bias"):to_table() }
    end
    local one, two = weights(1), weights(2, function() end)
    core.control.threads(before)
    assert.are.same(one, two)
  end)

  it("calls back once an epoch, stops on false, raises the same object", function()
    local seen = {}
    local _, history = train { options = { epochs = 9 }, on_epoch = function(epoch, log)
      seen[#seen + 1] = log.val_loss == nil and epoch
      return epoch < 3
    end }
    assert.are.same({ 1, 2, 3 }, seen)
    assert.are.equal(3, #history.members[1])
    local object = {}
    local ok, raised = pcall(train, { members = 2, on_epoch = function() error(object) end })
    assert.is_false(ok)
    assert.are.equal(object, raised)
  end)

  it("takes weights, and labels as a matrix or a list", function()
    local list, ones = {}, {}
    for i = 1, 200 do list[i], ones[i] = { y[i] }, 1 end
    local a = train { options = { epochs = 1 }, weights = ones }
    local b = train { options = { epochs = 1 }, y = core.matrix.from_table(list) }
    assert.are.same(a[1]:tensor("0.weight"):to_table(), b[1]:tensor("0.weight"):to_table())
  end)

  it("trains several data sets in one pool, each as if alone", function()
    local half, half_y = {}, {}
    for i = 1, 100 do half[i], half_y[i] = { x:get(i, 1), x:get(i, 2) }, y[i] end
    half = core.matrix.from_table(half)
    local seen = {}
    local lists, histories = core.net.train {
      tasks = {
        { spec = spec, x = x, y = y, members = 2, options = { epochs = 2, seed = 3 } },
        { spec = spec, x = half, y = half_y, valid_x = x, valid_y = y, options = { epochs = 3 } },
        { spec = spec, x = x, y = y, first_member = 1, options = { epochs = 2, seed = 3 } },
      },
      on_epoch = function(_, log) seen[log.task] = (seen[log.task] or 0) + 1 end,
    }
    assert.are.same({ 4, 3, 2 }, seen)
    local function weights(net) return net:tensor("0.weight"):to_table() end
    local alone = core.net.train { spec = spec, x = half, y = half_y, options = { epochs = 3 } }
    assert.are.same(weights(alone[1]), weights(lists[2][1]))
    assert.are.same(weights(lists[1][2]), weights(lists[3][1]))
    assert.is_number(histories[2].members[1][3].val_loss)
    assert.matches("net.train: task 2: y: expected 100 numbers, got 1", message_of(core.net.train,
      { tasks = { { spec = spec, x = x, y = y }, { spec = spec, x = half, y = { 1 } } } }))
    assert.matches("net.train: tasks: expected 1 to 10000, got 0",
      message_of(core.net.train, { tasks = {} }))
    assert.matches("task 1: train: unknown option 'epoch'", message_of(core.net.train,
      { tasks = { { spec = spec, x = x, y = y, options = { epoch = 1 } },
        { spec = spec, x = x, y = y } } }))
  end)

  it("says what does not fit", function()
    assert.matches("net.train: x: expected a matrix, got table", message_of(train, { x = {} }))
    assert.matches("net.train: y: expected 200 numbers, got 1", message_of(train, { y = { 1 } }))
    assert.matches("net.train: valid_y: expected a column, a matrix or a list",
      message_of(train, { valid_x = x }))
    assert.matches("net.train: on_epoch: expected a function, got number",
      message_of(train, { on_epoch = 1 }))
    assert.matches("net.train: members: expected 1 to 1000, got 0",
      message_of(train, { members = 0 }))
    assert.matches("early_stop: monitor 'val_loss': expected a validation set, got none",
      message_of(train, { options = { early_stop = {} } }))
    assert.matches("expected 2 columns, got 1", message_of(function()
      core.net.new(spec, 2):predict(core.matrix.from_table { 1 })
    end))
  end)

  it("takes weights from elsewhere", function()
    local net = core.net.new({ layers = { { type = "dense", units = 1, activation = "sigmoid" } } },
      2)
    assert.are.equal(net, net:set_tensor("0.weight", { 2, -1 }):set_tensor("0.bias", { 0.5 }))
    local p = net:predict(core.matrix.from_table { { 1, 3 } }):get(1, 1)
    assert.is_true(math.abs(p - 1 / (1 + math.exp(0.5))) < 1e-6)
    net:set_tensor("0.weight", core.matrix.from_table { { 0 }, { 4 } })
    assert.are.same({ 0, 4 }, net:tensor("0.weight"):column(1))
    assert.matches("expected 2 values, got 1", message_of(net.set_tensor, net, "0.weight", { 1 }))
    assert.matches("expected 2 values, got 3", message_of(net.set_tensor, net, "0.weight",
      core.matrix.from_table { 1, 2, 3 }))
    assert.matches("value 2: expected a finite number", message_of(net.set_tensor, net,
      "0.weight", { 1, 1e300 }))
    assert.are.same({ 0, 4 }, net:tensor("0.weight"):column(1))
    assert.matches("no tensor 'weight'", message_of(net.set_tensor, net, "weight", { 1, 2 }))
  end)

  it("describes, spells out, lists tensors and closes", function()
    local net = core.net.new(spec, 2, 7, 1)
    assert.are.equal(33, net:parameters())
    assert.are.equal(2, net:inputs())
    assert.are.equal(1, net:outputs())
    assert.are.equal(net:describe(), tostring(net))
    assert.are.same({ type = "dense", units = 8, activation = "tanh", l1 = 0.0, l2 = 0.0,
      max_norm = 0.0 },
      net:spec().layers[1])
    assert.are.same({ "0.weight", "0.bias", "1.weight", "1.bias" }, net:tensors())
    assert.are.equal(8, net:tensor("0.weight"):cols())
    assert.matches("the net has no tensor '2.weight'",
      message_of(net.tensor, net, "2.weight"))
    do local closing <close> = net assert.are.equal(net, closing) end
    assert.are.equal("net (closed)", tostring(net))
    assert.matches("the object is closed", message_of(net.parameters, net))
  end)
end)

describe("nn.tabm", function()
  it("is layers as the paper has them", function()
    local first = { type = "batch_ensemble", units = 8, copies = 4, activation = "relu" }
    assert.are.same({ layers = {
      first, { type = "dropout", rate = 0.1 },
      { type = "batch_ensemble", units = 6, activation = "relu" }, { type = "dropout", rate = 0.1 },
      { type = "member_dense", units = 1, activation = "sigmoid" },
    } }, nn.tabm({ k = 4, units = { 8, 6 } }):spec())
    assert.are.same({ layers = {
      { type = "copies", copies = 32, init = "normal", groups = { 2, 1 } },
      { type = "dense", units = 8, activation = "gelu" },
      { type = "member_dense", units = 3, activation = "softmax" },
    } }, nn.tabm({ mini = true, units = { 8 }, dropout = 0, activation = "gelu", init = "normal",
      groups = { 2, 1 }, outputs = 3 }):spec())
    assert.matches("batch_ensemble, relu +32 x 512 ", tostring(nn.tabm()))
    local graph = nn.tabm { input = nn.input():dense(3), units = { 4 } }
    assert.is_true(nn.is_graph(graph))
    assert.are.equal(4, #graph:spec().layers)
  end)

  it("learns", function()
    local x, y = data(400)
    local nets = core.net.train { spec = nn.tabm({ k = 8, units = { 16, 16 } }):spec(), x = x,
      y = y, options = { epochs = 15, batch = 64, optimizer = { type = "adamw", lr = 0.01 } } }
    local p, right = nets[1]:predict(x):to_table(), 0
    for i, row in ipairs(p) do right = right + ((row[1] > 0.5) == (y[i] == 1) and 1 or 0) end
    assert.is_true(right > 360)
  end)

  it("refuses what it cannot build", function()
    assert.matches("nn_spec.lua:%d+: tabm: unknown option 'droput' %(did you mean 'dropout'%?%)",
      message_of(function() nn.tabm { droput = 0.5 } end))
    assert.matches("tabm: option 'units': expected at least one",
      message_of(nn.tabm, { units = {} }))
    assert.matches("copies: option 'copies': expected a number from 2 to 1024, got 1",
      message_of(nn.tabm, { k = 1, mini = true }))
    assert.matches("tabm: option 'k': expected number, got string",
      message_of(nn.tabm, { k = "x" }))
  end)
end)

describe("blocks of a graph", function()
  it("add and join nodes", function()
    local x = nn.input():dense(4, { activation = "relu", name = "x" })
    local sum = nn.add({ x, x:dense(4, { name = "y" }) }, { name = "sum" })
    local out = nn.concat { sum, x:columns { 2, 1 }:scale(), x:layer_norm():prelu() }
      :parametric("selu", { name = "gate" }):dense(1, { activation = "sigmoid" })
    local spec, by_name = nn.graph(out):spec(), {}
    for _, layer in ipairs(spec.layers) do by_name[layer.name] = layer end
    assert.are.same({ "x", "y" }, by_name.sum.from)
    assert.are.equal("add", by_name.sum.type)
    local net = core.net.new(spec, 3)
    assert.are.equal(10, net:layers()[8].width)
    assert.matches("parametric, selu", net:describe())
    assert.matches("add: expected a list of at least two nodes", message_of(nn.add, { x }))
    assert.matches("concat: item 2: expected a node, got a number", message_of(nn.concat, { x, 1 }))
  end)

  it("look codes up", function()
    local x = nn.input()
    local vectors = x:columns { 2 }:embedding(3, { levels = { 10 } })
    local net = core.net.new(nn.graph(nn.concat { x, vectors }:dense(1)):spec(), 4)
    assert.matches("embedding +3 +33", net:describe())
    assert.matches("option 'levels': expected a number for each of the 4 columns",
      message_of(core.net.new, nn.graph(x:embedding(3):dense(1)):spec(), 4))
  end)
end)
