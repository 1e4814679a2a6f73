-- Trains and scores the nets of train_peers.py; run by it. Prints "<case> = <seconds>" (the median
-- epoch) and "rows a second", and writes the data that the peers read: n rows of float64 columns,
-- then n labels.
--   churnlab -j2 tests/bench/train_bench.lua data.bin
local cl = require("churnlab")
local nn = require("churnlab.nn")
local core = require("churnlab.core")
local clock = core.control.clock

local ROWS, SCORED, ROUNDS = 8000, 10, 40

local bank = cl.simulate("bank", { rows = ROWS, seed = 1 })
local y = bank.Exited
bank = bank:select { "CreditScore", "Geography", "Gender", "Age", "Tenure", "Balance",
  "NumOfProducts", "HasCrCard", "IsActiveMember", "EstimatedSalary" }
local x = cl.prep():onehot():scale { "standard" }:fit_transform(bank)

local file = assert(io.open(arg[1], "wb"))
file:write(("<i8i8"):pack(x:rows(), x:cols()))
for _, row in ipairs(x:to_table()) do
  file:write(("<" .. ("d"):rep(#row)):pack(table.unpack(row)))
end
for i = 1, #y do file:write(("<d"):pack(y[i])) end
file:close()

local function median(times)
  table.sort(times)
  return times[#times // 2 + 1]
end

local relu, logit = { activation = "relu" }, { activation = "sigmoid" }
local plain = nn.sequential():dense(64, relu):dense(32, relu):dense(1, logit)
local regularised = nn.sequential():dense(64, relu):batch_norm():dropout(0.2)
  :dense(32, relu):dropout(0.1):dense(1, logit)
local wide = nn.sequential():dense(256, relu):dense(256, relu):dense(256, relu):dense(1, logit)
local tabm = nn.tabm { k = 32, units = { 128, 128, 128 }, dropout = 0.1 }

-- The first epoch is not counted.
local function train(name, net, batch, epochs)
  local times, last = {}, nil
  local nets = core.net.train { spec = net:spec(), x = x, y = y, options = { epochs = epochs,
    batch = batch, seed = 1 }, on_epoch = function()
      local now = clock()
      if last then times[#times + 1] = now - last end
      last = now
    end }
  print(name .. " = " .. median(times))
  return nets[1]
end

local net = train("plain 32", plain, 32, 30)
train("plain 128", plain, 128, 30)
train("regularised 32", regularised, 32, 30)
train("wide 256", wide, 256, 10)
train("tabm 256", tabm, 256, 4)

local times = {}
for round = 1, ROUNDS do
  local started = clock()
  for _ = 1, SCORED do net:predict(x) end
  times[round] = clock() - started
end
print("rows a second = " .. SCORED * ROWS / median(times))
