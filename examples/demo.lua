#!/usr/bin/env churnlab
-- The main job in one go: read customers, train, judge, explain, decide, save. It knows nothing of
-- the file but the target's name; the retention policy speaks of bank customers.
--
--   churnlab examples/demo.lua                                       simulated bank customers
--   churnlab examples/demo.lua --data my.csv --target churned --positive yes
local cl = require("churnlab")

local cfg = cl.args { data = "", target = "Exited", positive = "", id = "", rows = 10000, seed = 42,
  folder = "." }

local function path(name) return cfg.folder .. "/" .. name end
local function tell(fmt, ...) print(fmt:format(...)) end
local function headline(text) print("\n== " .. text .. "\n") end
local function given(text) return text ~= "" and text or nil end

headline("1. Customers")
local data, id = cfg.data, given(cfg.id)
if data == "" then
  data, id = path("bank.csv"), "CustomerId"
  assert(cl.simulate("bank", { rows = cfg.rows, seed = cfg.seed }):write_csv(data))
end
local customers = cl.recipe.read(data,
  { target = cfg.target, positive = given(cfg.positive), id = id }, tell)
print(customers:head(5))

headline("2. Training: the mean of three nets, calibrated")
local train, test = customers:split { 0.8, 0.2, stratify = cfg.target, seed = cfg.seed }
local started = os.time()
local model = cl.recipe.fit(train, { seed = cfg.seed })
tell("%d rows to train and validate on, %d held out; %d s", #train, #test, os.time() - started)

headline("3. How good it is on the held-out customers")
print(model:evaluate(test, { bootstrap = 500, seed = cfg.seed }))

headline("4. Five customers: churn, tier, action, and why (Shapley values)")
local here = arg[0]:match("^(.*/)") or ""
local is_bank = customers:has("Balance") and customers:has("Age") and customers:has("NumOfProducts")
  and customers:has("IsActiveMember")
local policy = is_bank and here .. "retention.lua" or nil
local scored = model:score(test, { policy = policy })
local ranked, picks = scored:sort("churn", { desc = true }), {}
for k, share in ipairs { 0, 0.05, 0.15, 0.4, 0.9 } do picks[k] = 1 + math.floor(share * #ranked) end
for _, row in ipairs(picks) do
  local customer = ranked:row(row)
  tell("%s  churn %.2f, tier %s%s", id and customer[id] or "row " .. row, customer.churn,
    customer.tier, policy and ", action: " .. (customer.action or "none") or "")
  print(model:explain(customer):top(3))
end

headline("5. Saved: the same scores tomorrow")
local bundle = path(is_bank and "bank.churn" or "model.churn")
assert(model:save(bundle))
assert(scored:write_csv(path("scored.csv")))
local again = cl.load(bundle):score(test)
assert(again:select("churn"):to_csv() == scored:select("churn"):to_csv())
tell("%s (the model) and %s (the held-out customers)", bundle, path("scored.csv"))
