-- Trains and scores the nets of train_peers.py; run by it. Prints one mark a line on standard
-- output ("case", "epoch", "score", "end"), which the caller clocks, and writes the data that the
-- peers read: n rows of float64 columns, then n labels.
--   churnlab -j1 tests/bench/train_bench.lua data.bin
local cl = require("churnlab")
local nn = require("churnlab.nn")
local core = require("churnlab.core")

local ROWS, EPOCHS, SCORED, ROUNDS = 8000, 25, 10, 60

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

local function mark(...)
  print(...)
  io.stdout:flush()
end

local plain = nn.sequential():dense(64, { activation = "relu" }):dense(32, { activation = "relu" })
  :dense(1, { activation = "sigmoid" })
local regularised = nn.sequential():dense(64, { activation = "relu" }):batch_norm():dropout(0.2)
  :dense(32, { activation = "relu" }):dropout(0.1):dense(1, { activation = "sigmoid" })

local function train(name, net, batch)
  mark("case", name)
  local nets = core.net.train { spec = net:spec(), x = x, y = y, options = { epochs = EPOCHS,
    batch = batch, seed = 1 }, on_epoch = function() mark("epoch") end }
  return nets[1]
end

local net = train("plain 32", plain, 32)
train("plain 128", plain, 128)
train("regularised 32", regularised, 32)

mark("case", "score")
for _ = 1, ROUNDS do
  mark("score", SCORED * ROWS)
  for _ = 1, SCORED do net:predict(x) end
end
mark("end")
