-- SPDX-License-Identifier: MIT
-- Training's life: what goes wrong, warm starts, regularisation, checkpoints.
local core = require("churnlab.core")
local cl = require("churnlab")
local nn = cl.nn

local function message_of(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  return tostring(err)
end

local function bank(rows, seed) return cl.simulate("bank", { rows = rows or 300, seed = seed or 1 }) end

local function small()
  return nn.sequential():dense(6, { activation = "tanh" }):dense(1, { activation = "sigmoid" })
end

local function prep() return cl.prep():impute():onehot():scale() end

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
    assert.matches("the largest input is .* in column 'Balance', row %d+ %(scale or clip that", text)
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
