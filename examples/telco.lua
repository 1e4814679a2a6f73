#!/usr/bin/env churnlab
-- The telephone pipeline: text in most columns, a Yes/No target, gaps in TotalCharges.
--
--   churnlab examples/telco.lua                       on simulated customers
--   churnlab examples/telco.lua --data telco.csv      on a file with the same columns
local cl = require("churnlab")
local nn = cl.nn

local cfg = cl.args { data = "", rows = 7000, seed = 42, ensemble = 3, epochs = 150,
  out = "telco.churn", scored = "telco_scored.csv" }

local roles = { target = "Churn", positive = "Yes", id = "customerID" }
local telco = cfg.data ~= "" and cl.read_csv(cfg.data, roles)
  or cl.simulate("telco", { rows = cfg.rows, seed = cfg.seed })

print(telco:group("Contract", "InternetService"):agg {
  n = "count()", churn = "mean(if_else(Churn == \"Yes\", 1, 0))" })

local train, valid, test = telco:split { 0.7, 0.15, 0.15, stratify = "Churn", seed = cfg.seed }

-- new customers have no TotalCharges yet: the gap gets a flag of its own
local prep = cl.prep()
  :derive { charges_a_month = "TotalCharges / max(tenure, 1)" }
  :impute { numeric = "median", flag = true }
  :onehot { unseen = "other" }
  :scale { "standard" }

local net = nn.sequential()
  :dense(64, { activation = "gelu", l2 = 3e-3 }):dropout(0.2)
  :dense(32, { activation = "gelu", l2 = 3e-3 }):dropout(0.1)
  :dense(1, { activation = "sigmoid" })

local model = cl.fit(prep, net, train, {
  valid = valid, loss = nn.bce(), optimizer = nn.adamw { lr = 2e-3 }, epochs = cfg.epochs,
  batch = 128, seed = cfg.seed, ensemble = cfg.ensemble,
  callbacks = { nn.early_stop { monitor = "val_loss", patience = 12, restore = true } },
}):calibrate(valid, "platt")

print(model:evaluate(test, { bootstrap = 300 }))
print(model:explain(test:row(1)):top(5))

assert(model:save(cfg.out))
assert(cl.load(cfg.out):score(test):write_csv(cfg.scored))
print(("saved %s and %s"):format(cfg.out, cfg.scored))
