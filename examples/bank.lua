#!/usr/bin/env churnlab
-- The bank pipeline: from a CSV file to a model, an evaluation, reasons and decisions.
--
--   churnlab examples/bank.lua                              on simulated customers
--   churnlab examples/bank.lua --data bank.csv              on a file with the same columns
--   churnlab examples/bank.lua --data bank.csv --folds 5    cross-validation, nothing is written
local cl = require("churnlab")
local nn = cl.nn

local cfg = cl.args { data = "", rows = 10000, seed = 42, folds = 0, ensemble = 3, epochs = 200,
  policy = "", out = "bank.churn", scored = "scored.csv" }

local types = { Geography = "category", Gender = "category", NumOfProducts = "category" }
local data = cfg.data
if data == "" then
  data = os.tmpname()
  assert(cl.simulate("bank", { rows = cfg.rows, seed = cfg.seed }):write_csv(data))
end
local bank = cl.read_csv(data, { target = "Exited", positive = 1, id = "CustomerId", types = types,
  drop = { "RowNumber", "Surname" } })
if cfg.data == "" then os.remove(data) end

-- fitted on training rows only; every step is data, so that the saved model carries no code
local function make_prep()
  return cl.prep()
    :derive { age_over_45 = "max(Age - 45, 0)", age_over_60 = "max(Age - 60, 0)" }
    :impute { numeric = "median", category = "<unknown>", flag = true }
    :clip { "Balance", "EstimatedSalary", quantile = { 0.001, 0.999 } }
    :onehot { unseen = "other" }
    :scale { "standard" }
end

local function make_net()
  return nn.sequential()
    :dense(64, { activation = "tanh", l2 = 1e-4 }):dropout(0.2)
    :dense(32, { activation = "tanh", l2 = 1e-4 }):dropout(0.1)
    :dense(1, { activation = "sigmoid" })
end

local function fit(train, valid)
  return cl.fit(make_prep(), make_net(), train, {
    valid = valid, loss = nn.bce(), optimizer = nn.adam { lr = 2e-3 }, epochs = cfg.epochs,
    batch = 128, seed = cfg.seed, ensemble = cfg.ensemble,
    callbacks = { nn.early_stop { monitor = "val_loss", patience = 15, restore = true } },
  }):calibrate(valid, "platt")
end

-- ---- cross-validation -------------------------------------------------------------------------

local function mean_and_sd(results, name, who)
  local sum, squares = 0, 0
  for _, e in ipairs(results) do sum = sum + (who and e[who] or e)[name] end
  local mean = sum / #results
  for _, e in ipairs(results) do squares = squares + ((who and e[who] or e)[name] - mean) ^ 2 end
  return mean, math.sqrt(squares / (#results - 1))
end

local function cross_validate()
  local results = {}
  for fold, rest, test in bank:folds { cfg.folds, stratify = "Exited", seed = cfg.seed } do
    local train, valid = rest:split { 0.85, 0.15, stratify = "Exited", seed = cfg.seed }
    local e = fit(train, valid):evaluate(test, { bootstrap = 200, seed = cfg.seed })
    print(("fold %d  ROC AUC %.4f (%.4f to %.4f)  recall %.3f (%.3f to %.3f)  precision %.3f"
      .. " (%.3f to %.3f)"):format(fold, e.roc_auc, e.intervals.roc_auc[1], e.intervals.roc_auc[2],
      e.recall, e.intervals.recall[1], e.intervals.recall[2],
      e.precision, e.intervals.precision[1], e.intervals.precision[2]))
    results[fold] = e
  end
  print(("\n%-10s %-17s  %-17s"):format("mean ± sd", "net", "logistic"))
  for _, name in ipairs { "roc_auc", "pr_auc", "recall", "precision", "f1", "log_loss", "brier",
    "accuracy" } do
    local mean, sd = mean_and_sd(results, name)
    print(("%-10s %.4f ± %.4f    %.4f ± %.4f"):format(name, mean, sd,
      mean_and_sd(results, name, "logistic")))
  end
end

if cfg.folds > 1 then
  cross_validate()
  return
end

-- ---- one split: train, judge, explain, save, score ---------------------------------------------

print(bank:describe())
print(bank:group("Geography"):agg { n = "count()", churn = "mean(Exited)" }
  :sort("churn", { desc = true }))

local train, valid, test = bank:split { 0.7, 0.15, 0.15, stratify = "Exited", seed = cfg.seed }
local model = fit(train, valid)

-- always beside the majority rule and a logistic regression, with intervals
print(model:evaluate(test, { bootstrap = 500 }))

print(model:explain(test:row(7)):top(5)) -- Shapley values of the raw columns

assert(model:save(cfg.out)) -- one file: prep, nets, calibration, signature
-- reasons are exact Shapley values: some 20 ms a customer, so only the first 200 get theirs here
local scored = cl.load(cfg.out):score(test:head(200), { reasons = 3,
  policy = cfg.policy ~= "" and cfg.policy or nil })
assert(scored:write_csv(cfg.scored))
print(scored:select("CustomerId", "churn", "tier", "reason_1"):head(5))
print(("saved %s and %s"):format(cfg.out, cfg.scored))
