-- churnlab evaluate: how good a saved model is on customers whose outcome is known.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "judge a saved model on customers whose outcome is known" }

local examples = [[
  churnlab evaluate bank.churn test.csv
  churnlab evaluate bank.churn test.csv --json]]

local function arguments_parser()
  local parser = common.parser("evaluate", M.summary, examples)
  parser:argument("model", "A model that `churnlab train` saved.")
  parser:argument("csv", "Customers with the target column; - is standard input.")
  parser:option("--bootstrap", "Resamples for the 95 % intervals.", "500")
    :argname("N"):convert(common.whole("--bootstrap", 2, 1000000))
  parser:option("--seed", "The same seed gives the same intervals.", "42")
    :argname("N"):convert(common.whole("--seed", 0, math.maxinteger))
  parser:flag("--json", "Print one JSON object instead of a table.")
  return parser
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local model = require("churnlab").load(options.model)
  local frame, name = require("churnlab.cli.table").read(model, options.csv, { target = true })
  local any = model:facts().classes ~= nil -- whatever its value: each is a class
  local labelled, without = require("churnlab.core").model.labelled(frame, name, any)
  if without > 0 then
    common.notice("%s: %s without a target left out", name, common.count(without, "row"))
  end
  local judged = model:evaluate(labelled, { bootstrap = options.bootstrap, seed = options.seed })
  if options.json then
    common.print_json(judged:to_table())
  else
    common.print(tostring(judged))
  end
  return 0
end

return M
