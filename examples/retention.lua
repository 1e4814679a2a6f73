-- A retention policy for the bank customers: tiers, rules, limits, examples. The business team
-- owns this file; it can name columns, values and actions, and nothing else. Try a change with
--
--   churnlab score bank.churn bank.csv --policy examples/retention.lua
--
-- which refuses the file, with every problem and its line, while something in it is wrong.
-- SPDX-License-Identifier: MIT
policy "bank-retention" { version = "2026.11", owner = "retention-team", currency = "EUR" }

-- From the highest probability of churn to the lowest. A customer who is in `medium` leaves it
-- downwards only below 0.27, so that nobody flips back and forth (column previous_tier).
tier "high"   { from = 0.60, sla = "24h" }
tier "medium" { from = 0.30, sla = "7d", hysteresis = 0.03 }
tier "low"    { from = 0.00 }

limit   { budget = 50000, per = "month", contacts_per_customer = 2, cooldown = "30d" }
holdout { share = 0.05 }           -- never contacted: it measures what the actions are worth

never "minors" { when = { Age = below(18) }, because = "no marketing to minors" }

-- Tried by priority; the first that fits and is not used up decides.
rule "call-high-value" {
  when     = { tier = "high", Balance = at_least(100000) },
  action   = call { by = "account-manager", cost = 18 },
  priority = 1,
}

rule "fee-waiver" {
  when     = { tier = one_of("high", "medium"), reason = top3("IsActiveMember", "NumOfProducts") },
  where    = "Balance > 0 and Age >= 25",      -- the expression language of the whole program
  action   = offer { "fee-waiver-3m", cost = 24, max_per_month = 800 },
  priority = 2,
}

rule "senior-letter" {
  when     = { tier = "high", Age = above(60) },
  action   = letter { "personal-visit", cost = 3.5 },
  priority = 3,
}

rule "nurture" {
  when     = { tier = one_of("high", "medium") },
  action   = email { "tips", cost = 0.05 },
  priority = 9,
}

-- Examples are tests: a policy whose examples fail cannot be used.
expect {
  { tier = "high", Balance = 150000, Age = 45, NumOfProducts = 1 },
  gives = "call-high-value",
}
expect {
  { churn = 0.45, Balance = 10, Age = 30, reasons = { "Age", "NumOfProducts" } },
  gives = "fee-waiver",
}
expect {
  { churn = 0.45, Balance = 10, Age = 24, reasons = { "Age", "NumOfProducts" } },
  gives = "nurture",
}
expect { { tier = "high", Balance = 500000, Age = 17 }, gives = "minors" }
expect { { tier = "low", Balance = 10, Age = 30, NumOfProducts = 2 }, gives = none }
