-- One small whole run for `make valgrind`: simulated customers, every kind of step, training,
-- judgement, reasons, decisions, a bundle and a CSV file, each once and checked as it goes.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local nn = cl.nn
local folder = arg[1] or "build"

local bank = cl.simulate("bank", { rows = 400, seed = 1 }):drop("RowNumber", "Surname")
local train, valid, test = bank:split { 0.6, 0.2, 0.2, stratify = "Exited", seed = 1 }

local prep = cl.prep()
  :derive { share = "Balance / (EstimatedSalary + 1)", senior = "Age > 60" }
  :impute { numeric = "median", flag = true }
  :onehot { "Gender", unseen = "other" }
  :target_encode { "Geography", folds = 3 }
  :scale { "standard" }
local net = nn.sequential():dense(8, { activation = "relu" }):batch_norm():dropout(0.1)
  :dense(1, { activation = "sigmoid" })

local epochs = 0
local model = cl.fit(prep, net, train, {
  valid = valid, epochs = 3, batch = 32, seed = 7, ensemble = 2,
  optimizer = nn.adam { lr = 5e-3 },
  callbacks = { nn.early_stop { patience = 3 }, function() epochs = epochs + 1 end },
})
assert(epochs == 6, "the callback is told of every epoch of both members")
model:calibrate(valid, "platt")

local evaluation = model:evaluate(test, { bootstrap = 20, keep = true })
assert(#tostring(evaluation) > 0)
local why = model:explain(test:row(1), { background_rows = 20 })
local sum = why.base
for _, reason in ipairs(why) do sum = sum + reason.effect end
assert(math.abs(sum - why.total) < 1e-9, "the effects add up to the score")

local policy = cl.policy.load("examples/retention.lua", model)
local few = test:head(6) -- reasons are dear under valgrind
local _, reasons = model:reasons(few, policy.reasons_needed, nil, {})
local decided = policy:decide(model:score(few), reasons)
assert(#decided == #few and decided:has("action"))

local bundle, csv = folder .. "/valgrind.churn", folder .. "/valgrind.csv"
assert(model:save(bundle))
local again = cl.load(bundle)
assert(again:hash() == model:hash(), "a model is the same after a reload")
assert(again:score(few):to_csv() == model:score(few):to_csv())
assert(not pcall(cl.load, "nothing.churn"))
again:score(few, { policy = "examples/retention.lua", reasons = 3 }):write_csv(csv)
assert(#cl.read_csv(csv) == #few)
os.remove(bundle)
os.remove(csv)
print("the whole run held")
