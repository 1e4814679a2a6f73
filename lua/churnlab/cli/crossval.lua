-- churnlab crossval: how good the default recipe is on customers that it did not see, fold by fold,
-- beside the baselines.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "cross-validate the default recipe beside the baselines" }

local examples = [[
  churnlab crossval bank.csv --target Exited --id CustomerId --folds 10 --seed 42
  churnlab crossval telco.csv --target Churn --positive Yes --id customerID --folds 5
  churnlab crossval membership.csv --target risk_score --folds 5         (classes 1 to 5)
  churnlab crossval snapshots.csv --target left --group customer --models auto,logistic]]

local function arguments_parser()
  local parser = common.parser("crossval", M.summary, examples)
  common.target_options(parser)
  parser:option("--group", "Rows with one value of it stay in one fold."):argname("COLUMN")
  parser:option("--time", "Folds in the order of this date: train before, test after.")
    :argname("COLUMN")
  parser:option("--embargo", "With --time: days until an outcome is known."):argname("DAYS")
    :convert(common.above("--embargo", 0))
  common.column_options(parser, "no features")
  parser:option("--folds", "The number of folds.", "10")
    :argname("N"):convert(common.whole("--folds", 2, 999))
  parser:option("--seed", "The same seed gives the same folds and models.", "42")
    :argname("N"):convert(common.whole("--seed", 0, math.maxinteger))
  parser:option("--models", "Of auto, logistic, trees, majority (default: all that there are).")
    :argname("A,B"):convert(common.list)
  parser:option("--rule", "A business rule, an expression, as one more baseline.")
    :argname("EXPR")
  parser:option("--time-limit", "Seconds for the default recipe in each fold (default: none).")
    :argname("S"):convert(common.above("--time-limit", 0))
  parser:option("--oof", "Write the out-of-fold predictions to this CSV file."):argname("FILE")
  parser:flag("--json", "Print one JSON object instead of tables.")
  return parser
end

local makers = {
  auto = function(options)
    return require("churnlab.auto").candidate { time_limit = options.time_limit }
  end,
  logistic = function() return require("churnlab.baseline").logistic() end,
  majority = function() return require("churnlab.baseline").majority() end,
  trees = function() return require("churnlab.baseline").trees() end,
}
local ORDER = { "auto", "logistic", "trees", "majority" }

local function chosen(options)
  if options.models then return options.models end
  if require("churnlab.baseline").trees_available() then return ORDER end
  return { "auto", "logistic", "majority" }
end

local function models_of(options)
  local list = {}
  for i, name in ipairs(chosen(options)) do
    if not makers[name] then
      local unknown = require("churnlab.errors").unknown
      local _, message = pcall(unknown, "--models", "model", name, ORDER)
      require("churnlab.cli").fail(2, message)
    end
    list[i] = makers[name](options)
  end
  if options.rule then list[#list + 1] = require("churnlab.baseline").rule(options.rule) end
  return list
end

local function describe(board)
  local lines = { tostring(board.compared) }
  if board.verdict then
    lines[2] = ""
    local text = require("churnlab.metrics.text")
    text.append(lines, text.wrap(board.verdict, 80))
  end
  return table.concat(lines, "\n")
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local models = models_of(options)
  local frame = require("churnlab.recipe").read(options.csv, { target = options.target,
    positive = options.positive, id = options.id, personal = options.personal,
    drop = options.drop, keep = options.keep or options.time and { options.time } }, common.notice)
  local compared = require("churnlab.crossval").crossval(models, frame, { folds = options.folds,
    seed = options.seed, group = options.group, time = options.time, embargo = options.embargo,
    verbose = common.notice })
  local board = require("churnlab.leaderboard").leaderboard(compared)
  if options.oof then common.must(compared.oof:write_csv(options.oof)) end
  if options.json then
    common.print_json(board:to_table())
  else
    common.print(describe(board))
  end
  return 0
end

return M
