-- churnlab leakcheck: looks for leaks in training data, or proves that features see no future.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "look for leaks in training data, or in how features are made" }

local examples = [[
  churnlab leakcheck train.csv test.csv --target Exited --id CustomerId
  churnlab leakcheck features.csv --target churned --id customer --time cutoff --json
  churnlab leakcheck --poison features.lua

The script of --poison returns a table: events = a frame of the log and windows = the
options of cl.windows; or events, features = function(events, cutoffs), id, time, cutoffs
and, where there is one, known = the column that says since when an event is known.

The exit code is 1 when there is a leak, 0 when there are only suspicions and notices.]]

local function arguments_parser()
  local parser = common.parser("leakcheck", M.summary, examples)
  parser:argument("train", "Rows to learn from (CSV or column file)."):args("?")
  parser:argument("test", "Rows to judge on."):args("?")
  parser:option("--target", "The column to predict."):argname("COLUMN")
  parser:option("--positive", "The value of the target that counts as 1."):argname("VALUE")
  parser:option("--id", "The customers' column."):argname("COLUMN")
  parser:option("--time", "The column of observation dates."):argname("COLUMN")
  parser:option("--horizon", "Days until an outcome is known."):argname("DAYS")
    :convert(common.share("--horizon", 0, 36525))
  parser:option("--ignore", "Columns that are no features."):argname("A,B")
    :convert(common.list)
  parser:option("--poison", "Change the future of the log that a script returns.")
    :argname("SCRIPT")
  parser:flag("--json", "Print one JSON object instead of a table.")
  return parser
end

-- Text is a category or not by the number of its values: the test follows the training.
local function read_test(path, train)
  local test, types = require("churnlab").read(path), {}
  for _, column in ipairs(train:schema()) do
    local name = column.name
    local is_text = column.type == "string" or column.type == "category"
    if is_text and test:has(name) and test:type(name) ~= column.type then
      types[name] = column.type
    end
  end
  return next(types) and test:cast(types) or test
end

local function check_tables(options)
  local cl = require("churnlab")
  local train = cl.read(options.train)
  local test = options.test and read_test(options.test, train)
  return cl.leakage.check(train, test, { target = options.target, positive = options.positive,
    id = options.id, time = options.time, horizon = options.horizon, ignore = options.ignore })
end

local function check_script(path)
  local chunk, message = loadfile(path)
  if not chunk then require("churnlab.cli").fail(1, message) end
  local made = chunk()
  if type(made) ~= "table" or not (made.windows or made.features) then
    require("churnlab.cli").fail(1, ("%s: expected it to return { events =, windows = } or "
      .. "{ events =, features =, id =, time =, cutoffs = }"):format(path))
  end
  return require("churnlab").leakage.poison(made.events, made.windows or made.features, {
    id = made.id, time = made.time, known = made.known, cutoffs = made.cutoffs,
    labels = made.labels })
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  if (options.train ~= nil) == (options.poison ~= nil) then
    require("churnlab.cli").fail(2, "leakcheck: expected a CSV file or --poison, and not both; "
      .. "churnlab leakcheck --help tells more")
  end
  local report = options.poison and check_script(options.poison) or check_tables(options)
  return common.print_findings(report, options.json)
end

return M
