-- churnlab train: from a CSV file to a saved model, with the default recipe (cl.auto) or, where
-- --hidden or --epochs ask for it, with one small net (cl.recipe.fit).
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "train a model on a CSV file and save it" }

local LEAST = 10 -- rows with each outcome, or class

local examples = [[
  churnlab train bank.csv --target Exited --id CustomerId -o bank.churn
  churnlab train telco.csv --target Churn --positive Yes --id customerID -o telco.churn
  churnlab train membership.csv --target risk_score -o risk.churn        (classes 1 to 5)
  churnlab train bank.csv --target Exited --id CustomerId --hidden 64,32 -o small.churn]]

local function layers(text)
  local units = {}
  for _, item in ipairs(common.list(text)) do
    local n, message = common.whole("--hidden", 1, 4096)(item)
    if not n then return nil, message end
    units[#units + 1] = n
  end
  if #units == 0 then return nil, "--hidden: expected numbers of units such as 64,32, got none" end
  return units
end

local function arguments_parser()
  local parser = common.parser("train", M.summary, examples)
  common.target_options(parser)
  parser:option("--time", "The column that says when the row was observed."):argname("COLUMN")
  common.column_options(parser, "no features, never saved")
  parser:option("--test", "The share that is held out for the evaluation; 0: none.", "0.2")
    :argname("SHARE"):convert(common.share("--test", 0, 1))
  parser:option("--seed", "The same seed trains the same model.", "42")
    :argname("N"):convert(common.whole("--seed", 0, math.maxinteger))
  parser:option("--time-limit", "Seconds; what does not end in time is left out (default: none).")
    :argname("S"):convert(common.above("--time-limit", 0))
  parser:option("--group", "Rows with one value of it stay together when the recipe validates.")
    :argname("COLUMN")
  parser:option("--hidden", "One small net with these layers instead of the recipe (64,32).")
    :argname("64,32"):convert(layers)
  parser:option("--epochs", "The same, with at most so many passes over the data (150).")
    :argname("N"):convert(common.whole("--epochs", 1, 100000))
  parser:option("-o", "The model file to write."):hidden_name("--output"):target("output")
    :count(1):argname("FILE")
  parser:flag("--json", "Print one JSON object instead of text.")
  return parser
end

local function check_outcomes(options, frame, tell)
  local _, _, kind = require("churnlab.outcomes").labelled(frame, options.csv)
  kind:check_rows(options.csv, frame, LEAST)
  if kind.classes then
    tell("column '%s': %d classes: %s", options.target, #kind.classes,
      table.concat(kind.classes, ", "))
  end
end

-- Fails before the training rather than after it.
local function check_output(path)
  local probe = path .. ".probe"
  local file, message = io.open(probe, "wb")
  common.must(file, ("cannot write the model: %s"):format(message or ""))
  file:close()
  os.remove(probe)
end

local function split(options, frame)
  if options.test == 0 then return frame end
  if options.group then
    return frame:split { 1 - options.test, options.test, group = options.group,
      seed = options.seed }
  end
  return frame:split { 1 - options.test, options.test, stratify = options.target,
    seed = options.seed }
end

-- The JSON object: the evaluation on the held-out rows, or without one the counts alone.
local function result(judged, train, model, options)
  local object = judged and judged:to_table()
    or { rows = 0, positives = not model:facts().classes and 0 or nil,
      classes = model:facts().classes }
  object.train_rows, object.seed = #train, options.seed
  object.model, object.hash = options.output, model:hash()
  local training = model:metadata().training
  object.candidates, object.inner = training.candidates, training.inner
  object.cut_by_time = training.cut_by_time
  return object
end

local function fit(options, train, tell)
  if options.hidden or options.epochs then
    return require("churnlab.recipe").fit(train, { seed = options.seed, epochs = options.epochs,
      hidden = options.hidden })
  end
  return require("churnlab.auto").auto(train, { seed = options.seed, group = options.group,
    time_limit = options.time_limit, verbose = tell })
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local tell = common.teller(options)
  check_output(options.output)
  local recipe = require("churnlab.recipe")
  local frame = recipe.read(options.csv, { target = options.target, positive = options.positive,
    id = options.id, time = options.time, personal = options.personal, drop = options.drop,
    keep = options.keep }, tell)
  check_outcomes(options, frame, tell)
  local train, test = split(options, frame)
  tell("%s to train and validate on, %s held out", common.count(#train, "row"),
    common.count(test and #test or 0, "row"))
  local model = fit(options, train, tell)
  local judged = test and model:evaluate(test, { bootstrap = 200, seed = options.seed })
  if judged and not options.json then print(judged) end
  common.must(model:save(options.output))
  tell("saved %s", options.output)
  if options.json then common.print_json(result(judged, train, model, options)) end
  return 0
end

return M
