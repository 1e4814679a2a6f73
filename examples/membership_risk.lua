#!/usr/bin/env churnlab
-- The membership table's risk score from 1 to 5 as a model of five classes, and 4 or 5 against the
-- rest as a model of its own.
--
--   churnlab examples/membership_risk.lua --data membership.csv
local cl = require("churnlab")
local nn = cl.nn
local cfg = cl.args { data = "membership.csv", seed = 42, epochs = 40, bootstrap = 100,
  out = "membership_risk.churn" }

-- Only what needs no other row is cleaned here: medians are the prep's, learned on training rows.
local members = cl.cleaning(cl.read_csv(cfg.data, { target = "churn_risk_score",
    positive = { 4, 5 }, personal = { "Name" } }))
  :rename { ["Tenure (months)"] = "tenure" }
  :drop { "age2" }                                     -- bands of age
  :trim()
  :replace({ ["?"] = cl.NA, xxxxxxxx = cl.NA, Error = cl.NA, ["Not Specified"] = cl.NA,
    [-999] = cl.NA }, { infer = true })
  :replace { days_since_last_login = { [0] = cl.NA } } -- they were -999 once
  :derive { points_in_wallet = "if_else(points_in_wallet >= 0, points_in_wallet, nil)" }
  :frame()
local train, valid, test = members:split { 0.7, 0.15, 0.15, stratify = "churn_risk_score",
  seed = cfg.seed }

local prep = cl.prep():impute { flag = true }:piecewise { bins = "tree" }:onehot()

-- Scores hang on how columns meet, such as points with the kind of membership: two layers deep.
local function fit(outputs, options)
  local given = { valid = valid, optimizer = nn.adamw { lr = 1.5e-3, weight_decay = 3e-4 },
    batch = 256, clip_norm = 1, epochs = cfg.epochs, seed = cfg.seed,
    callbacks = { nn.early_stop { patience = 6 } } }
  for name, value in pairs(options or {}) do given[name] = value end
  local net = nn.tabm { k = 8, units = { 128, 128 }, outputs = outputs }
  return cl.fit(prep, net, train, given)
end

local function evaluate(model) return model:evaluate(test, { bootstrap = cfg.bootstrap }) end

local high = fit(1)
print("risk 4 or 5 against the rest")
print(evaluate(high))

local five = fit(5)
print("\nrisk 1, 2, 3, 4, 5")
local judged = evaluate(five)
print(judged)

-- Scores 1 and 2 are rare: what evening them out does.
local even, history = fit(5, { resample = cl.resample.smote_nc { ratio = 0.5 } })
print("\nthe same with more rows of the rare scores")
print(history.imbalance)
local other = evaluate(even)
print(("log loss %.4f and %.4f with them, macro F1 %.4f and %.4f"):format(judged.log_loss,
  other.log_loss, judged.macro_f1, other.macro_f1))

assert(five:save(cfg.out))
print("saved " .. cfg.out)
