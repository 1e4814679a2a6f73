-- Names of columns in nets, from the prep that was fitted.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local columns = require("churnlab.nn.columns")
local nn = cl.nn
local message_of = require("fixtures").message_of

describe("columns of nets", function()
  local frame = cl.simulate("bank", { rows = 400, seed = 11 })
  local function prep_of()
    return cl.prep():drop({ "Surname" }):impute():derive { Years = "Age" }
      :piecewise { "Age", max_bins = 6, bins = "quantile" }:onehot { "Gender" }
      :scale { columns = { "Years", "Balance" } }:ordinal { "Geography" }
  end
  local prep = prep_of()
  prep:fit_transform(frame)
  local names = prep:encoded_names()

  local function resolved(node)
    return columns.resolve(nn.graph(node):spec(), prep, "fit: net").layers
  end
  local function named(list)
    local found = {}
    for i, at in ipairs(list) do found[i] = names[at] end
    return found
  end

  it("are encoded names, raw names and positions", function()
    local x = nn.input()
    assert.are.same({ "Balance", "Gender=Female", "Gender=Male", names[1], "Gender=Male" },
      named(resolved(x:columns { "Balance", "Gender", 1, "Gender=Male" })[1].columns))
    local ages = named(resolved(x:columns { "Age" })[1].columns)
    assert.are.equal("Age#1", ages[1])
    assert.is_true(#ages > 2)
    local rest = named(resolved(x:columns { without = "Is" })[1].columns)
    assert.are.equal(#names, #rest)
  end)

  it("make groups of bins, and of TabM's first scales", function()
    local layer = resolved(nn.input():piecewise_linear(4, { linear = true,
      groups = { { "Years", "Age" }, "Balance" } }))[1]
    assert.are.same({ "Years", "Age#1", "Age#2" }, { table.unpack(named(layer.groups[1]), 1, 3) })
    assert.are.same({ "Balance" }, named(layer.groups[2]))
    local sizes = resolved(nn.input():columns { "Age", "Gender", "Balance" }
      :copies(4, { groups = "columns" }))[2].groups
    assert.are.same({ #layer.groups[1] - 1, 2, 1 }, sizes)
    local sum = 0
    local first = nn.input():batch_ensemble(4, { copies = 4, groups = "columns" })
    for _, size in ipairs(resolved(first)[1].groups) do sum = sum + size end
    assert.are.equal(#names, sum)
  end)

  it("tell embeddings how many levels there are", function()
    local x = nn.input()
    local place = x:columns { "Geography" }
    assert.are.same({ 3 }, resolved(place:embedding(2))[2].levels)
    assert.are.same({ 9 }, resolved(place:embedding(2, { levels = { 9 } }))[2].levels)
    assert.matches("fit: net: embedding: column 'Balance': expected codes of prep:ordinal",
      message_of(resolved, x:columns { "Balance" }:embedding(2)))
    local late = cl.prep():drop({ "Surname" }):impute():onehot { "Gender" }:ordinal():scale()
    late:fit_transform(frame)
    assert.matches("column 'Geography': prep:scale changes its codes: put ordinal after it",
      message_of(columns.resolve, nn.graph(place:embedding(2)):spec(), late, "fit"))
  end)

  it("hold any codes in training", function()
    local spec = nn.graph(nn.input():embedding(2, { levels = { 3 } })
      :dense(1, { activation = "sigmoid" })):spec()
    local function trained(codes, options)
      local rows, y = {}, {}
      for i = 1, 60 do rows[i], y[i] = { codes[i % #codes + 1] }, i % 2 end
      return core.net.train { spec = spec, x = core.matrix.from_table(rows), y = y,
        valid_x = core.matrix.from_table(rows), valid_y = y, columns = { "City" },
        options = options or { epochs = 3, batch = 16 } }[1]
    end
    local function same(a, b)
      for _, name in ipairs { "0.table", "1.weight", "1.bias" } do
        assert.are.same(a:tensor(name):to_table(), b:tensor(name):to_table())
      end
    end
    local net = trained { 0, 1, 2, -1, -1, -1, -1 }
    same(net, trained { 0, 1, 2, -7, 3, 1e30, -1e30 })
    same(net, trained { 0.3, 0.6, 2.4, -0.6, 2.6, 16777217, 4294967296 })
    assert.are_not.same({ 0, 0 }, net:tensor("0.table"):to_table()[1]) -- the unseen level learns
    assert.matches("train: row 3, column 'City': expected a finite number, got NaN",
      message_of(trained, { 0, 1, 2, 0 / 0 }))
    assert.matches("column 'City': expected a finite number, got Inf",
      message_of(trained, { 0, 1, 2, math.huge }))
    for _, options in ipairs { { noise = 0.05 }, { mixup = 0.3 }, { swap_noise = 0.5 } } do
      options.epochs, options.batch = 2, 16
      for _, row in ipairs(trained({ 0, 1, 2, 3, -1 }, options):tensor("0.table"):to_table()) do
        assert.is_true(math.abs(row[1]) < 1e3)
      end
    end
  end)

  it("have a suggestion when there is none", function()
    assert.matches("fit: net: unknown column 'Blance' %(did you mean 'Balance'%?%)",
      message_of(resolved, nn.input():columns { "Blance" }))
  end)

  it("train, and are saved with the model", function()
    local x = nn.input()
    local embedded = nn.concat { x:columns { "Geography" }:embedding(3),
      x:piecewise_linear(4, { groups = { { "Years", "Age" } }, linear = true }),
      x:columns { "Balance" }:pbld(2), x:columns { "Years" }:periodic(4, { frequencies = 5 }),
      x:columns { "Gender" } }
    local net = nn.tabm { input = embedded, k = 4, units = { 8 }, init = "normal" }
    assert.matches("total", tostring(net))
    local model = cl.fit(prep_of(), net, frame, { epochs = 2, seed = 3 })
    local path = os.tmpname()
    assert(model:save(path))
    local scores = cl.load(path):score_frame(frame):col("churn"):to_table()
    os.remove(path)
    assert.are.same(model:score_frame(frame):col("churn"):to_table(), scores)
    for _, p in ipairs(scores) do assert.is_true(p > 0 and p < 1) end
  end)
end)
