-- churnlab score: probabilities, tiers, reasons and actions for customers.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "score customers with a saved model" }

local examples = [[
  churnlab score bank.churn customers.csv --reasons 3 -o scored.csv
  churnlab score bank.churn customers.csv --policy retention.lua -o scored.csv
  cat customers.csv | churnlab score bank.churn - > scored.csv]]

local function arguments_parser()
  local parser = common.parser("score", M.summary, examples)
  parser:argument("model", "A model that `churnlab train` saved.")
  parser:argument("csv", "The customers; - is standard input.")
  parser:option("--policy", "Tiers and rules that choose an action for each customer.")
    :argname("FILE")
  parser:option("--reasons", "How many reasons to give for each customer.", "0")
    :argname("N"):convert(common.whole("--reasons", 0, 20))
  parser:option("-o", "The CSV file to write; - is standard output.", "-")
    :hidden_name("--output"):target("output"):argname("FILE")
  return parser
end

-- "high 120, medium 300, low 580"
local function tiers_text(frame)
  local counts, parts = frame:value_counts("tier"), {}
  for i = 1, #counts do
    local tier = counts:cell(i, "value")
    parts[i] = ("%s %s"):format(tier or "none", common.thousands(counts:cell(i, "n")))
  end
  return table.concat(parts, ", ")
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local model = require("churnlab").load(options.model)
  local frame, name = require("churnlab.cli.table").read(model, options.csv)
  local scored, unseen = model:score(frame, { policy = options.policy,
    reasons = options.reasons > 0 and options.reasons or nil })
  common.must(scored:write_csv(options.output))
  if (unseen or 0) > 0 then
    common.notice("%s: %s with a value that training never saw", name,
      common.count(unseen, "cell"))
  end
  common.notice("%s: %s scored; mean churn %.4f; tiers: %s", name, common.count(#scored, "row"),
    scored:col("churn"):mean() or 0, tiers_text(scored))
  return 0
end

return M
