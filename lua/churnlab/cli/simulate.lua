-- churnlab simulate bank|telco|events: customers from a documented generative model.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "draw customers from a documented model (bank, telco, events)" }

local examples = [[
  churnlab simulate bank --rows 10000 --seed 1 -o bank.csv
  churnlab simulate telco --rows 500 | head
  churnlab simulate events --rows 500 -o log.csv]]

local function arguments_parser()
  local parser = common.parser("simulate", M.summary, examples)
  parser:argument("set", "bank or telco: the columns of the two public churn sets; events: a log.")
    :choices { "bank", "telco", "events" }
  parser:option("--rows", "How many customers.", "1000")
    :convert(common.whole("--rows", 1, 10000000)):argname("N")
  parser:option("--seed", "The same seed draws the same customers.", "1")
    :convert(common.whole("--seed", 0, math.maxinteger)):argname("N")
  parser:option("-o", "The CSV file to write; - is standard output.", "-")
    :hidden_name("--output"):target("output"):argname("FILE")
  return parser
end

-- What is known of the drawn customers, in words.
local function describe(set, frame)
  if set == "events" then
    return ("%s of %s"):format(common.count(#frame, "event"),
      common.count(frame:col("customer"):n_distinct(), "customer"))
  end
  local summary = require("churnlab.simulate").summary(frame)
  return ("%s, %.2f %% churn, Bayes AUC %s (the best that can be learned)"):format(
    common.count(summary.rows, "row"), 100 * summary.churn,
    summary.auc and ("%.4f"):format(summary.auc) or "undefined")
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local cl = require("churnlab")
  local table_of_customers = options.set ~= "events"
  local frame = cl.simulate(options.set, { rows = options.rows, seed = options.seed,
    truth = table_of_customers })
  local drawn = table_of_customers and frame:drop("p_churn") or frame
  common.must(drawn:write_csv(options.output))
  common.notice("%s: %s", options.output == "-" and options.set or options.output,
    describe(options.set, frame))
  return 0
end

return M
