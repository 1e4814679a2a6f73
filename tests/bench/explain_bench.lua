-- Exact Shapley values of 10 raw columns against 100 background rows: milliseconds a customer on
-- one core, of a 64-32 net and of what `cl.auto` makes, each beside the same values from mixed raw
-- rows through the ordinary scorer.
--   churnlab -j1 tests/bench/explain_bench.lua [customers]
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local nn = require("churnlab.nn")

local CUSTOMERS, BACKGROUND = tonumber(arg[1]) or 40, 100

core.control.threads(1)
core.control.progress(false)

local raw = { "CreditScore", "Geography", "Gender", "Age", "Tenure", "Balance", "NumOfProducts",
  "HasCrCard", "IsActiveMember", "EstimatedSalary" }
table.insert(raw, "Exited")
local bank = cl.simulate("bank", { rows = 3000, seed = 1 }):select(raw)

local function one_net()
  local prep = cl.prep()
    :derive { salary_share = "Balance / (EstimatedSalary + 1)" }
    :impute { flag = true }:onehot():scale()
  local net = nn.sequential():dense(64, { activation = "relu" }):dense(32, { activation = "relu" })
    :dense(1, { activation = "sigmoid" })
  return cl.fit(prep, net, bank, { epochs = 2, seed = 1 })
end

-- The ordinary way: one coalition is BACKGROUND mixed rows to score.
local function naive_ms(model, frame, row, coalitions)
  local background, sum = model:background(), 0
  local started = os.clock()
  for coalition = 1, coalitions do
    local mixed = background
    for j, name in ipairs(background:columns()) do
      if coalition >> (j - 1) & 1 == 1 then
        local cell, cells = frame:cell(row, name), {}
        for i = 1, BACKGROUND do cells[i] = cell end
        mixed = mixed:with_column(name, core.column.new(cells, background:type(name)))
      end
    end
    sum = sum + model:score_frame(mixed):col("churn"):mean()
  end
  assert(sum > 0)
  return (os.clock() - started) * 1e3 * 1024 / coalitions
end

local function measure(title, model, target)
  assert(#model:schema():columns() == 10 and model:facts().background == BACKGROUND)
  local times = {}
  for i = 1, CUSTOMERS do
    local started = os.clock()
    local why = model:explain_row(bank, i, nil, {})
    times[i] = (os.clock() - started) * 1e3
    assert(why.exact and why.evaluations == 1024)
  end
  table.sort(times)
  local started = os.clock()
  model:reasons(bank:head(CUSTOMERS), 3, nil, {})
  local batch = (os.clock() - started) * 1e3 / CUSTOMERS
  local naive = naive_ms(model, bank, 1, 64)
  print(title)
  print(("  one customer     %7.2f ms (median of %d; fastest %.2f)"):format(
    times[(#times + 1) // 2], #times, times[1]))
  print(("  in a batch       %7.2f ms a customer"):format(batch))
  print(("  mixed raw rows   %7.1f ms: %.0f times as long"):format(naive, naive / batch))
  print(("  target: at most %d ms in a batch: %s"):format(target,
    batch <= target and "met" or "MISSED"))
end

measure("a 64-32 net", one_net(), 25)
local auto = cl.auto(bank, { seed = 1 })
measure(("cl.auto: %d parts"):format(#auto:facts().parts), auto, 40)
