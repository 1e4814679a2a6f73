#!/usr/bin/env churnlab
-- Summaries or sequences? Nets that read each customer's purchases one by one, beside nets and a
-- logistic regression on window features of the same customers at the same cut-offs.
--
--   churnlab examples/cdnow_sequences.lua --data cdnow.txt    the purchases of 23,570 customers
--   churnlab examples/cdnow_sequences.lua                     on a simulated log
local cl = require("churnlab")
local nn = cl.nn

local cfg = cl.args { data = "", customers = 1500, steps = 12, epochs = 30, members = 2, seed = 42 }

local function tell(fmt, ...) print(fmt:format(...)) end
local function headline(text) print("\n== " .. text .. "\n") end

local simulated = cfg.data == ""
local log = simulated and cl.simulate("events", { rows = cfg.customers, seed = cfg.seed })
  or cl.read_csv(cfg.data, { separator = " ", names = { "customer", "when", "quantity", "amount" },
    types = { customer = "string" }, formats = { when = "%Y%m%d" } })
local amounts = simulated and { "amount" } or { "amount", "quantity" }

-- One frame has both: the features of the windows and, newest first, the last purchases. An event
-- at a cut-off is in neither; the outcome is that nothing is bought in the days after it.
headline("1. Windows and sequences of each customer at each cut-off")
local within = simulated and 60 or 90
local data = cl.windows(log, {
  id = "customer", time = "when", known = simulated and "loaded_at" or nil, value = amounts,
  lookback = { 30, 90, "all" }, sequence = { steps = cfg.steps }, population = { within = 120 },
  cutoffs = simulated and { from = "2025-04-01", to = "2025-11-01", every = "month" }
    or { from = "1997-07-01", to = "1998-04-01", every = "month" },
  outcome = { kind = "inactive", within = within },
}):filter("not is_na(churned)"):drop("tenure") -- tenure tells the date

-- Nobody is in training and test, and every training outcome is known when the test begins.
local train, test = data:split { 0.7, 0.3, group = "customer", time = "cutoff", embargo = within,
  seed = cfg.seed }
local part, valid = train:split { 0.8, 0.2, group = "customer", seed = cfg.seed }
tell("%d rows of training until %s, %d rows of test from %s on", #train,
  train:sort("cutoff"):tail(1).cutoff[1], #test, test:sort("cutoff").cutoff[1])
tell("events a row: mean %.1f, at most %d; churned: %.1f %%", train.seq_length:mean(),
  train.seq_length:max(), 100 * train:labels():sum() / #train)

-- ---- the nets ----

local steps = { steps = cfg.steps, reverse = true,
  values = { "age", "gap", table.unpack(amounts) } }
local head = { activation = "sigmoid" }

local function prep()
  return cl.prep():sequence { log = steps.values }:impute { flag = true }:scale()
end

-- The columns of the windows alone; sequences and windows; sequences alone.
local windows = nn.input():columns { without = "seq" }:dense(32, { activation = "tanh" })
  :dropout(0.1):dense(16, { activation = "tanh" })
local sequence = nn.input():sequence(steps)
local gru, lstm = sequence:gru(24), sequence:lstm(24)
local attention = sequence:dense(16):position()
  :transformer { heads = 2, units = 32, dropout = 0.1 }:layer_norm():pool("mean")
local x = nn.input()
local both = nn.concat {
  x:columns { without = "seq" }:dense(32, { activation = "tanh" }):dropout(0.1),
  x:sequence(steps):gru(24),
}:dense(16, { activation = "tanh" })

local nets = {
  { "net on windows", windows }, { "GRU on sequences", gru }, { "LSTM on sequences", lstm },
  { "Transformer on sequences", attention }, { "GRU and windows", both },
}

local function fit(node)
  return cl.fit(prep(), nn.graph(node:dense(1, head)), part, {
    valid = valid, loss = nn.bce(), optimizer = nn.adam { lr = 2e-3 }, batch = 256,
    epochs = cfg.epochs, ensemble = cfg.members, seed = cfg.seed,
    callbacks = { nn.early_stop { monitor = "val_loss", patience = 4, restore = true } },
  })
end

headline("2. The same rows, the same training")
print(nn.graph(both:dense(1, head)))

-- The baselines see the same rows as tables: the windows, or the last purchases side by side.
local function table_of(frame, sequences)
  local names = {}
  for _, name in ipairs(frame:columns()) do
    local role = name == "customer" or name == "cutoff" or name == "churned"
    if role or (name:find("seq_", 1, true) == 1) == sequences then names[#names + 1] = name end
  end
  return frame:select(names)
end
local rivals = {
  { "logistic on windows", cl.baseline.logistic(), false },
  { "logistic on sequences", cl.baseline.logistic { prep = cl.prep():sequence { log = steps.values }
    :scale { columns = { "seq_length" } } }, true },
}
if cl.baseline.trees_available() then
  rivals[#rivals + 1] = { "trees on windows", cl.baseline.trees(), false }
end

-- ---- the table ----

local truth, results = test:labels(), {}
local function judge(name, seconds, model)
  local p = model:score_frame(test):col("churn")
  local first = results[1]
  results[#results + 1] = { model = name, p = p, scores = cl.metrics.scores(truth, p),
    seconds = seconds,
    gain = first and cl.metrics.difference(truth, p, first.p, { seed = cfg.seed }).roc_auc }
end

for _, rival in ipairs(rivals) do
  local start = os.clock()
  local model = rival[2].fit(table_of(train, rival[3]))
  judge(rival[1], os.clock() - start, model)
end
for _, net in ipairs(nets) do
  local start = os.clock()
  local model = fit(net[2])
  judge(net[1], os.clock() - start, model)
end

headline("3. Other customers, later dates")
tell("%-26s  ROC AUC  log loss   Brier  seconds  ROC AUC against the first, 95 %% interval",
  "model")
for _, r in ipairs(results) do
  tell("%-26s   %.4f    %.4f  %.4f  %7.1f  %s", r.model, r.scores.roc_auc, r.scores.log_loss,
    r.scores.brier, r.seconds, r.gain and ("[%+.4f, %+.4f]"):format(r.gain[1], r.gain[2]) or "")
end

local best, ahead = results[1], {}
for _, r in ipairs(results) do
  if r.scores.roc_auc > best.scores.roc_auc then best = r end
  if r.gain and r.gain[1] > 0 then ahead[#ahead + 1] = r.model end
end
tell("\nThe highest ROC AUC has the %s. Ahead of the %s beyond chance: %s.", best.model,
  results[1].model, #ahead > 0 and table.concat(ahead, ", ") or "none")
