-- churnlab explain: why one customer has the score that it has.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "say why one customer has its score" }

local examples = [[
  churnlab explain bank.churn customers.csv --row 7
  churnlab explain bank.churn customers.csv --id 15634602 --json]]

local function arguments_parser()
  local parser = common.parser("explain", M.summary, examples)
  parser:argument("model", "A model that `churnlab train` saved.")
  parser:argument("csv", "The customers; - is standard input.")
  parser:mutex(
    parser:option("--row", "The customer's row, from 1."):argname("N")
      :convert(common.whole("--row", 1, math.maxinteger)),
    parser:option("--id", "The customer's id."):argname("ID"))
  parser:option("--class", "Of a model of classes the one that is explained (default: those that"
    .. " count as churn, or the predicted one)."):argname("CLASS")
  parser:option("--top", "How many columns to show (default: all)."):argname("N")
    :convert(common.whole("--top", 1, 1000))
  parser:flag("--json", "Print one JSON object instead of a table.")
  return parser
end

local function find_id(model, frame, name, id)
  local column = model:facts().id
  local cli = require("churnlab.cli")
  if not column then
    cli.fail(1, "--id: expected a model that was trained with --id, got one without; use --row")
  elseif not frame:has(column) then
    cli.fail(1, ("%s: column '%s': expected the id column, got none"):format(name, column))
  end
  for row, value in ipairs(frame:col(column):cast("string"):to_table("")) do
    if value == id then return row end
  end
  cli.fail(1, ("%s: column '%s': expected a row with '%s', got none in %s"):format(name, column, id,
    common.count(#frame, "row")))
end

local function check_row(frame, name, row)
  if row > #frame then
    require("churnlab.cli").fail(1, ("%s: --row: expected 1 to %d, got %d"):format(name, #frame,
      row))
  end
  return row
end

-- The id's name and value, where the model and the file have one.
local function customer(model, frame, row)
  local id = model:facts().id
  if id and frame:has(id) then return id, frame:cell(row, id) end
end

local function as_table(model, frame, row, why)
  local result, _ = why:to_table()
  result.row, result.score = row, why.total
  _, result.id = customer(model, frame, row)
  local whole = math.tointeger(result.id) -- read as text: 007 stays text
  if whole and tostring(whole) == result.id then result.id = whole end
  return result
end

local function text(model, frame, row, why)
  local name, id = customer(model, frame, row)
  local lines = { ("row %d%s"):format(row, id and (", %s %s"):format(name, id) or "") }
  lines[2] = ("%s %.4f, on average %.4f; the columns make the difference:"):format(
    why.class and "class " .. why.class or "churn", why.total, why.base)
  lines[3] = tostring(why)
  if not why.exact then
    lines[4] = ("(estimated from %s coalitions; ± is the standard error)"):format(
      common.thousands(why.evaluations))
  end
  return table.concat(lines, "\n")
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  if not (options.row or options.id) then
    require("churnlab.cli").fail(2, "explain: expected --row N or --id ID;"
      .. " churnlab explain --help tells more")
  end
  local model = require("churnlab").load(options.model)
  local frame, name = require("churnlab.cli.table").read(model, options.csv)
  local row = options.row and check_row(frame, name, options.row)
    or find_id(model, frame, name, options.id)
  local why = model:explain(frame:slice(row, row), { class = options.class })
  if options.top then why = why:top(options.top) end
  if options.json then
    common.print_json(as_table(model, frame, row, why))
  else
    common.print(text(model, frame, row, why))
  end
  return 0
end

return M
