-- churnlab tune: a search for the best prep, net and training around the default recipe.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "search for the best prep, net and training on a CSV file" }

local examples = [[
  churnlab tune bank.csv --target Exited --id CustomerId --trials 60 --log bank.jsonl
  churnlab tune bank.csv --target Exited --id CustomerId --trials 60 --log bank.jsonl \
    --nested 5 -o tuned.churn     (goes on from the log)]]

local function arguments_parser()
  local parser = common.parser("tune", M.summary, examples)
  local whole = common.whole
  common.target_options(parser)
  common.column_options(parser, "no features, never saved")
  parser:option("--trials", "Trials in all, those in the log among them (default: 50).")
    :argname("N"):convert(whole("--trials", 1, 1000000))
  parser:option("--log", "Keep the trials in this file; the same search goes on from it.")
    :argname("FILE")
  parser:option("--strategy", "How points are chosen.", "tpe")
    :choices { "tpe", "random", "halving" }
  parser:option("--folds", "Cross-validated folds a trial; 1: one hold-out.", "5")
    :argname("K"):convert(whole("--folds", 1, 100))
  parser:option("--metric", "What is searched for.", "log_loss")
    :choices { "log_loss", "roc_auc", "brier", "pr_auc", "accuracy", "macro_f1" }
  parser:option("--time-limit", "Begin no trial after so many seconds (those in the log count).")
    :argname("SECONDS"):convert(whole("--time-limit", 1, 1000000000))
  parser:option("--nested", "Judge the whole search in K outer folds: an honest estimate.")
    :argname("K"):convert(whole("--nested", 2, 100))
  parser:option("--seed", "The same seed gives the same trials.", "42")
    :argname("N"):convert(whole("--seed", 0, math.maxinteger))
  parser:option("-o", "Fit the best point on all rows and save it in this file.")
    :hidden_name("--output"):target("output"):argname("FILE")
  parser:flag("--json", "Print one JSON object instead of text.")
  return parser
end

local function result(tuned, nested, options)
  local best = tuned.best
  local object = { trials = tuned.trials, resumed = tuned.resumed, failed = tuned.failed,
    metric = options.metric, seed = options.seed, model = options.output,
    best = best and { trial = best.trial, value = best.value, params = best.params },
    importance = tuned:importance() }
  if nested then
    object.nested = { mean = nested.mean, sd = nested.sd, inner = nested.inner,
      optimism = nested.optimism, folds = #nested.folds }
  end
  return object
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local tell = common.teller(options)
  local frame = require("churnlab.recipe").read(options.csv, { target = options.target,
    positive = options.positive, id = options.id, personal = options.personal,
    drop = options.drop, keep = options.keep }, tell)
  local tuned = require("churnlab.tune")(nil, frame, { trials = options.trials, log = options.log,
    strategy = options.strategy, folds = options.folds, metric = options.metric,
    time_limit = options.time_limit, seed = options.seed,
    verbose = function(line) common.notice("%s", line) end })
  if not options.json then print(tuned) end
  if not tuned.best then require("churnlab.cli").fail(1, "no trial came to its end") end
  local nested = options.nested and tuned:nested { folds = options.nested }
  if nested and not options.json then print(nested) end
  if options.output then
    common.must(tuned:fit():save(options.output))
    tell("saved %s", options.output)
  end
  if options.json then common.print_json(result(tuned, nested, options)) end
  return 0
end

return M
