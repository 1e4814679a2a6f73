#!/usr/bin/env churnlab
-- Cleans the membership table and says how many cells each step touched.
--
--   churnlab examples/membership.lua --data membership.csv --out membership_clean.csv
local cl = require("churnlab")
local cfg = cl.args { data = "membership.csv", out = "membership_clean.csv" }

local raw = cl.read_csv(cfg.data, { target = "churn_risk_score", personal = { "Name" } })

local clean = cl.cleaning(raw)
  :rename { ["Tenure (months)"] = "tenure", age2 = "age_group" }
  :trim()
  :replace({ ["?"] = cl.NA, xxxxxxxx = cl.NA, Error = cl.NA, ["Not Specified"] = cl.NA,
    [-999] = cl.NA }, { infer = true })
  :replace { age_group = { ["Oct-19"] = "10-19" } }         -- a spreadsheet took it for a date
  :replace { days_since_last_login = { [0] = cl.NA } }      -- they were -999 once
  :derive { points_in_wallet = "if_else(points_in_wallet >= 0, points_in_wallet, nil)" }
  :fill_na { joined_through_referral = "unknown", medium_of_operation = "unknown",
    days_since_last_login = { "median" },
    points_in_wallet = { "median", by = "membership_category" } }
  :drop_duplicates()

print(clean)
assert(clean:frame():write_csv(cfg.out))
print(("saved %s: %d rows, %d cells missing"):format(cfg.out, #clean,
  clean:frame():profile():to_table().missing))
