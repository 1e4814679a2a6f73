#!/usr/bin/env churnlab
-- From a log of events to a model: features at monthly cut-offs, a split that keeps customers and
-- later dates out of training, and the proof that no feature sees the future.
--
--   churnlab examples/events.lua                       on a simulated log
--   churnlab examples/events.lua --data cdnow.txt      on the purchases of 23,570 customers
local cl = require("churnlab")
local nn = cl.nn

local cfg = cl.args { data = "", customers = 1500, seed = 42, epochs = 60, out = "events.churn" }

local function tell(fmt, ...) print(fmt:format(...)) end
local function headline(text) print("\n== " .. text .. "\n") end

-- What the two logs have in common: customer, when, amount.
local simulated = cfg.data == ""
local log = simulated and cl.simulate("events", { rows = cfg.customers, seed = cfg.seed })
  or cl.read_csv(cfg.data, { separator = " ", names = { "customer", "when", "quantity", "amount" },
    types = { customer = "string" }, formats = { when = "%Y%m%d" } })

headline("1. The log")
print(log)

-- An event counts at a cut-off when it lies before it, and the log had it by then. A customer has a
-- row at a cut-off when something happened in the 120 days before it.
local within = simulated and 60 or 90
local options = {
  id = "customer", time = "when", known = simulated and "loaded_at" or nil, value = "amount",
  category = simulated and "type" or nil, lookback = { 30, 90, "all" },
  cutoffs = simulated and { from = "2025-04-01", to = "2025-11-01", every = "month" }
    or { from = "1997-07-01", to = "1998-04-01", every = "month" },
  population = { within = 120 }, outcome = { kind = "inactive", within = within },
}

headline("2. Features and outcome of each customer at each cut-off")
local features = cl.windows(log, options)
tell("%d rows, %d columns", #features, #features:columns())
print(features:group("cutoff"):agg { { "customers", "count()" }, { "recency", "mean(recency)" },
  { "churned", "mean(if_else(churned, 1, 0))" } })

-- The same recency, frequency and monetary value from SQL: another engine over the same rows.
headline("3. Recency, frequency, monetary value: equal to SQL")
local day = simulated and "2025-09-01" or "1998-01-01"
local ours = cl.windows(log, { id = "customer", time = "when", value = "amount", cutoffs = day,
  lookback = "all", features = { "recency", "count", "sum" } })
local db = cl.sql.open("sqlite::memory:")
assert(log:select("customer", "when", "amount"):write_sql(db, "events"))
local sql = cl.read_sql(db, [[
  SELECT customer, julianday($1) - julianday(max("when")) AS recency, count(*) AS frequency,
         coalesce(sum(amount), 0.0) AS monetary
  FROM events WHERE "when" < $1 GROUP BY customer ORDER BY customer]], { params = { day } })
assert(#ours == #sql)
local both = cl.concat { ours, sql:rename { customer = "who", recency = "days" }, by = "columns" }
local same = both:filter([[customer == who and recency == days and count_all == frequency
  and abs(amount_sum_all - monetary) < 1e-6]])
print(sql:sort("monetary", { desc = true }):head(5))
tell("%d of %d customers agree", #same, #sql)
assert(#same == #sql)

-- Training ends so early that its outcomes are known when the test begins, and nobody is in both.
headline("4. A split by customer and by time")
local labelled = features:filter("not is_na(churned)")
local train, test = labelled:split { 0.7, 0.3, group = "customer", time = "cutoff",
  embargo = within, seed = cfg.seed }
tell("training: %d rows until %s; test: %d rows from %s on", #train, train:sort("cutoff"):tail(1)
  .cutoff[1], #test, test:sort("cutoff").cutoff[1])
local report = cl.leakage.check(train, test, { horizon = within })
print(report)
assert(report:ok())

-- The notice on `tenure` is worth acting on: it tells the date, which the model shall not learn.
headline("5. A model, judged on other customers at later dates")
train, test = train:drop("tenure"), test:drop("tenure")
local part, valid = train:split { 0.8, 0.2, group = "customer", seed = cfg.seed }
local model = cl.fit(cl.recipe.prep(), cl.recipe.net { 32, 16 }, part, {
  valid = valid, loss = nn.bce(), optimizer = nn.adam { lr = 2e-3 }, batch = 256,
  epochs = cfg.epochs, ensemble = 2, seed = cfg.seed,
  callbacks = { nn.early_stop { monitor = "val_loss", patience = 6, restore = true } },
}):calibrate(valid, "platt")
print(model:evaluate(test, { bootstrap = 200, seed = cfg.seed }))
assert(model:save(cfg.out))

-- Give the log another future, again and again: no feature may change.
headline("6. The poison test")
local clean = cl.leakage.poison(log, options)
print(clean)
assert(clean:ok())

-- A leak as people really write it: the customer's total over the whole log.
headline("7. A planted leak")
local planted = cl.leakage.poison(log, function(events, cutoffs)
  local honest = cl.windows(events, { id = "customer", time = "when", cutoffs = cutoffs })
  local lifetime = events:group("customer"):agg { lifetime_value = "sum(amount)" }
  return honest:join(lifetime, { on = "customer", how = "left" })
end, { id = "customer", time = "when", cutoffs = { day } })
print(planted)
assert(not planted:ok() and planted.findings[1].column == "lifetime_value")
