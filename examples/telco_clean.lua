#!/usr/bin/env churnlab
-- Cleans the telephone table and says how many cells each step touched.
--
--   churnlab examples/telco_clean.lua --data telco.csv --out telco_clean.csv
local cl = require("churnlab")
local cfg = cl.args { data = "telco.csv", out = "telco_clean.csv" }

-- single spaces in TotalCharges read as missing
local raw = cl.read_csv(cfg.data, { target = "Churn", positive = "Yes", id = "customerID" })

local no_service = { ["No internet service"] = "No", ["No phone service"] = "No" }
local clean = cl.cleaning(raw)
  :trim()
  :replace(no_service, { columns = { matching = { "^Online", "^Streaming", "tion$", "Lines$" } } })
  :replace(no_service, { columns = "TechSupport" })
  :fill_na { TotalCharges = 0 }                              -- nobody has billed them yet
  :cut("tenure", { 0, 12, 24, 48, math.huge }, { into = "tenure_band" })
  :drop_duplicates { on = "customerID" }

print(clean)
print(clean:frame():crosstab("tenure_band", "Churn", { share = "row", totals = true }))
assert(clean:frame():write_csv(cfg.out))
print(("saved %s: %d rows"):format(cfg.out, #clean))
