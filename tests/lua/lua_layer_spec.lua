-- SPDX-License-Identifier: MIT
-- Layers written in Lua.
local core = require("churnlab.core")
local cl = require("churnlab")
local nn = cl.nn
local fixtures = require("fixtures")
local message_of, with_threads, prep = fixtures.message_of, fixtures.with_threads, fixtures.prep

local function bank(rows, seed)
  return cl.simulate("bank", { rows = rows or 200, seed = seed or 1 }):drop("Surname")
end

local function scores(model, frame) return model:score_frame(frame):col("churn"):to_table() end

local function assert_near(a, b, tolerance)
  assert.are.equal(#a, #b)
  for i = 1, #a do assert.is_true(math.abs(a[i] - b[i]) <= tolerance, ("row %d: %g, %g"):format(i,
    a[i], b[i])) end
end

-- f(value, row, column) of each number
local function map(m, f)
  local rows = m:to_table()
  for i, row in ipairs(rows) do
    for j, v in ipairs(row) do row[j] = f(v, i, j) end
  end
  return rows
end

local function sigmoid(v) return 1 / (1 + math.exp(-v)) end

-- x · sigmoid(x); `bend` makes the gradient wrong
local function swish(bend)
  return {
    forward = function(x)
      local kept = map(x, sigmoid)
      return map(x, function(v, i, j) return v * kept[i][j] end), kept
    end,
    backward = function(x, _, dy, _, kept)
      return map(dy, function(d, i, j)
        local s = kept[i][j]
        return d * (s + x:get(i, j) * s * (1 - s)) * (bend or 1)
      end)
    end,
  }
end

-- x·W + b; `bend` makes the gradient of W wrong
local function dense(units, bend)
  return {
    width = function() return units end,
    parameters = function(inputs)
      return { { "w", inputs, units, init = "normal" }, { "b", 1, units } }
    end,
    forward = function(x, p)
      local y, w, b = {}, p.w:to_table(), p.b:to_table()[1]
      for i, row in ipairs(x:to_table()) do
        y[i] = {}
        for k = 1, units do
          local sum = b[k]
          for j, v in ipairs(row) do sum = sum + v * w[j][k] end
          y[i][k] = sum
        end
      end
      return core.matrix.from_table(y)
    end,
    backward = function(x, y, dy, p)
      assert.are.equal(y:cols(), dy:cols())
      local dx, dw, db = x:to_table(), {}, {}
      for j = 1, x:cols() do
        dw[j] = {}
        for k = 1, units do dw[j][k] = 0 end
      end
      for i, row in ipairs(x:to_table()) do
        for j, v in ipairs(row) do
          local sum = 0
          for k = 1, units do
            sum = sum + dy:get(i, k) * p.w:get(j, k)
            dw[j][k] = dw[j][k] + dy:get(i, k) * v * (bend or 1)
          end
          dx[i][j] = sum
        end
        for k = 1, units do db[k] = (db[k] or 0) + dy:get(i, k) end
      end
      return dx, { w = dw, b = { db } }
    end,
  }
end

nn.register_layer("swish", swish())
nn.register_layer("own_dense", dense(3))

local function with_swish()
  return nn.sequential():dense(4):lua("swish"):dense(1, { activation = "sigmoid" })
end

local function with_dense()
  return nn.sequential():lua("own_dense"):activation("tanh"):dense(1, { activation = "sigmoid" })
end

local function fit(net, options)
  options = options or {}
  options.epochs = options.epochs or 2
  return cl.fit(prep(), net, bank(), options)
end

-- Trains a net with one layer of these functions.
local function fit_with(definition, options)
  nn.register_layer("tried", definition)
  return fit(nn.sequential():dense(2):lua("tried", options):dense(1, { activation = "sigmoid" }))
end

describe("a layer written in Lua", function()
  it("learns as the built-in activation does", function()
    local valid = bank(100, 2)
    local silu = nn.sequential():dense(4):activation("silu"):dense(1, { activation = "sigmoid" })
    local start = fit(silu, { epochs = 1 })
    local options = { valid = valid, warm_start = start, epochs = 3 }
    local own, log = cl.fit(nil, with_swish(), bank(), options)
    local ours, expected = cl.fit(nil, silu, bank(), options)
    assert_near(scores(own, valid), scores(ours, valid), 1e-5)
    assert.is_true(math.abs(log.members[1][3].val_loss - expected.members[1][3].val_loss) < 1e-5)
  end)

  it("learns parameters as the built-in dense layer does", function()
    local frame = bank()
    local start = fit(with_dense(), { epochs = 1 })
    local prepared, nets = start:part()
    local same = core.net.new({ layers = { { type = "dense", units = 3 }, { type = "activation",
      activation = "tanh" }, { type = "dense", units = 1, activation = "sigmoid" } } },
      nets[1]:inputs())
    assert.are.equal("0.w 0.b 2.weight 2.bias", table.concat(nets[1]:tensors(), " "))
    for i, name in ipairs(same:tensors()) do
      same:set_tensor(name, nets[1]:tensor(nets[1]:tensors()[i]))
    end
    local x = prepared:transform(frame)
    assert_near(same:predict(x):column(1), nets[1]:predict(x):column(1), 1e-6)
    local y = {}
    for i = 1, x:rows() do y[i] = i % 3 == 0 and 1 or 0 end
    local function train(net)
      return core.net.train { spec = net:spec(), x = x, y = y, initial = { net },
        options = { epochs = 3 } }[1]:predict(x):column(1)
    end
    assert_near(train(same), train(nets[1]), 1e-5)
  end)

  it("gives one model on any number of threads", function()
    local frame = bank(2500, 3)
    local function run()
      local model = fit(with_dense(), { ensemble = 3, valid = bank(50, 2) })
      return { model:hash(), scores(model, frame) }
    end
    assert.are.same(with_threads(1, run), with_threads(2, run))
  end)

  it("scores a row as it scores a batch, and explains it", function()
    local model, frame = fit(with_swish()), bank(40, 4)
    local all = scores(model, frame)
    for i = 1, 40, 13 do assert.are.equal(all[i], scores(model, frame:slice(i, i))[1]) end
    local function reasons(threads)
      return with_threads(threads, function()
        local row, names = model:reasons(frame:slice(1, 3), 2, nil, { samples = 64 })
        return { row:to_table(), names:to_table() }
      end)
    end
    assert.are.same(reasons(1), reasons(2))
  end)

  it("stands in graphs and is copied, pruned and described", function()
    local x = nn.input()
    local deep = x:dense(3):lua("swish", { name = "middle" })
    local net = nn.graph(nn.concat { x, deep }:lua("own_dense")
      :dense(1, { activation = "sigmoid" }))
    assert.matches("own_dense", net:spec().layers[4]["function"])
    assert.matches("lua +3 ", tostring(net))
    local spec = fit(net):part() and select(2, fit(net):part())[1]:spec()
    assert.are.equal("swish", spec.layers[2]["function"])
    assert.are.equal(3, spec.layers[2].width)
    local heads = nn.graph { churn = deep:dense(1, { activation = "sigmoid" }),
      other = deep:dense(1) }
    local model = cl.fit(prep(), heads, bank():derive { z = "Age / 50" }, { epochs = 1,
      targets = { churn = "Exited", other = "z" }, loss = { churn = nn.bce(), other = nn.mse() } })
    assert.are.equal(200, #scores(model, bank():derive { z = "1" }))
  end)

  it("is saved by its name and needs to be registered again", function()
    local model, path = fit(with_dense()), os.tmpname()
    assert(model:save(path))
    assert.are.same(scores(model, bank()), scores(cl.load(path), bank()))
    local prepared, nets = model:part()
    local spec = nets[1]:spec()
    spec.layers[1]["function"] = "nowhere"
    local net = core.net.new(spec, nets[1]:inputs())
    assert(core.model.new(prepared, { net }, bank(), 1):save(path))
    local loaded = cl.load(path)
    local message = "layer 'nowhere' is written in Lua: register it with nn.register_layer before"
    assert.matches("lua_layer_spec.lua:%d+: " .. message, message_of(function()
      local scored = loaded:score_frame(bank())
      return scored
    end))
    nn.register_layer("nowhere", dense(3))
    assert.are.equal(200, #scores(loaded, bank()))
    os.remove(path)
  end)

  it("ends training and scoring with its own error", function()
    local object = setmetatable({}, { __tostring = function() return "mine" end })
    local broken = swish()
    local forward, calls = broken.forward, 0
    function broken.forward(x)
      calls = calls + 1
      if calls > 60 then error(object) end
      return forward(x)
    end
    for threads = 1, 2 do
      calls = 0
      local ok, raised = pcall(with_threads, threads, function()
        local done, err = pcall(function()
          nn.register_layer("tried", broken)
          return fit(nn.sequential():dense(2):lua("tried"):dense(1, { activation = "sigmoid" }),
            { ensemble = 3, epochs = 100 })
        end)
        assert.is_false(done)
        assert.are.equal(object, err)
      end)
      assert(ok, raised)
    end
    calls = -1000
    local model = fit_with(broken)
    calls = 1000
    local ok, raised = pcall(model.score_frame, model, bank())
    assert.is_false(ok)
    assert.are.equal(object, raised)
    calls = -1000
    assert.are.equal(200, #scores(model, bank()))
  end)

  it("is compared with finite differences", function()
    assert.matches("lua_layer_spec.lua:%d+: layer 'tried': backward: the gradient of x, row 1, "
      .. "column %d, is .*, but finite differences of forward give",
      message_of(function() fit_with(swish(2)) end))
    assert.matches("the gradient of w, row", message_of(fit_with, dense(2, 2)))
    fit_with(swish(2), { check = false })
    local function centred(x)
      local mean = 0
      for i = 1, #x do mean = mean + x:get(i, 1) / #x end
      return map(x, function(v, _, j) return j == 1 and v - mean or v end)
    end
    assert.matches("the first row alone gives .* in column 1, with other rows",
      message_of(fit_with, { forward = centred,
        backward = function(_, _, dy) return centred(dy) end }))
  end)

  it("must return what its sizes say", function()
    local function fails(forward, backward)
      return message_of(fit_with, { forward = forward or function(x) return x end,
        backward = backward or function(_, _, dy) return dy end })
    end
    assert.matches("layer 'tried': forward: expected a matrix or a list of 128 rows, got a nil",
      fails(function() end))
    assert.matches("forward: expected 128 x 2 numbers, got 1 x 1",
      fails(function() return core.matrix.from_table { { 1 } } end))
    assert.matches("backward: row 1: expected a list of 2 numbers", fails(nil, function(_, _, dy)
      local list = dy:to_table()
      list[1] = { 1 }
      return list
    end))
    assert.matches("backward: row 2: expected a number, got string", fails(nil, function(_, _, dy)
      local list = dy:to_table()
      list[2][1] = "x"
      return list
    end))
    local without = dense(2)
    local backward = without.backward
    without.backward = function(...) return (backward(...)) end
    assert.matches("expected the gradients of the parameters as its second result, got nil",
      message_of(fit_with, without))
    without.backward = function(...) return (backward(...)), {} end
    assert.matches("backward: gradient of 'w': expected a matrix or a list of 2 rows, got a nil",
      message_of(fit_with, without))
  end)

  it("is checked when it is registered and used", function()
    assert.matches("register_layer: expected a name of letters",
      message_of(nn.register_layer, "a b"))
    assert.matches("register_layer: 'a': option 'forward' is required",
      message_of(nn.register_layer, "a", {}))
    assert.matches("unknown option 'foward' %(did you mean 'forward'%?%)",
      message_of(nn.register_layer, "a", { foward = print }))
    local net = nn.sequential()
    assert.matches("lua: unknown layer 'swich' %(did you mean 'swish'%?%)",
      message_of(net.lua, net, "swich"))
    assert.matches("unknown option 'chek'", message_of(net.lua, net, "swish", { chek = true }))
    local odd = swish()
    function odd.parameters() return { { "a b", 1, 1 } } end
    assert.matches("parameters: name: expected letters", message_of(fit_with, odd))
    function odd.parameters() return { { "a", 1, 1, init = "norml" } } end
    assert.matches("parameters: 'a': init: expected a number or \"normal\"",
      message_of(fit_with, odd))
    function odd.parameters() return { { "a", 1, 1 }, { "a", 1, 1 } } end
    assert.matches("parameters: 'a' is given twice", message_of(fit_with, odd))
    assert.matches("option 'width' is required", message_of(core.net.new,
      { layers = { { type = "lua", ["function"] = "swish" } } }, 2))
  end)
end)
