-- churnlab validate: a file against a schema, or a starter schema from a file.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "check a file against a schema, or write a starter schema" }

local examples = [[
  churnlab validate --infer bank.csv --target Exited --id CustomerId -o bank.schema.lua
  churnlab validate --schema bank.schema.lua bank.csv
  churnlab validate --schema bank.schema.lua bank.csv --json

Exit code: 0 the file fits, 1 it does not, 2 wrong usage.]]

local function arguments_parser()
  local parser = common.parser("validate", M.summary, examples)
  parser:argument("csv", "The table, with a header line; - is standard input.")
  parser:option("--schema", "The schema file."):argname("FILE")
  parser:flag("--infer", "Write a schema that the file fits.")
  parser:option("--separator", "What separates cells.", ","):argname("C")
  parser:option("--limit", "How many problems to list.", "20")
    :argname("N"):convert(common.whole("--limit", 1, 1000000))
  parser:flag("--json", "Print one JSON object instead of text.")
  parser:option("-o", "With --infer: the file to write; - is standard output.", "-")
    :hidden_name("--output"):target("output"):argname("FILE")
  parser:option("--target", "With --infer: the column that says who left."):argname("COLUMN")
  parser:option("--id", "With --infer: the column with the customer's id."):argname("COLUMN")
  parser:option("--time", "With --infer: the column that says when the row was observed.")
    :argname("COLUMN")
  parser:option("--personal", "With --infer: columns that say who the customer is.")
    :argname("A,B"):convert(common.list)
  return parser
end

local function infer(options)
  local frame = require("churnlab.frame").read_csv(options.csv, { separator = options.separator,
    target = options.target, id = options.id, time = options.time,
    personal = options.personal })
  local name = options.csv == "-" and "data" or options.csv:match("([^/]*)$"):gsub("%.%w+$", "")
  local text = require("churnlab.schema").from(frame, name)
  if options.output == "-" then
    common.print((text:gsub("\n$", "")))
    return 0
  end
  local file = common.must(io.open(options.output, "wb"))
  common.must(file:write(text))
  common.must(file:close())
  common.notice("%s: %s", options.output, common.count(#frame:columns(), "column"))
  return 0
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  if (options.schema == nil) == (options.infer == nil) then
    require("churnlab.cli").fail(2, "validate: expected either --schema FILE or --infer")
  end
  if options.infer then return infer(options) end
  local found = require("churnlab.schema").load(options.schema):validate_csv(options.csv,
    { separator = options.separator, limit = options.limit })
  return common.print_findings(found, options.json)
end

return M
