-- churnlab profile: what is in a table, and what is wrong with it.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")

local M = { summary = "tell what is in a table, and what is wrong with it" }

local examples = [[
  churnlab profile customers.csv --target Exited
  churnlab profile customers.csv --html profile.html
  churnlab profile customers.csv --json > profile.json]]

local function arguments_parser()
  local parser = common.parser("profile", M.summary, examples)
  parser:argument("file", "A CSV or column file; - is standard input.")
  parser:option("--separator", "What separates cells."):argname("C")
  parser:option("--target", "The column to predict, whose balance is looked at."):argname("COLUMN")
  parser:option("--id", "The column that names the customers."):argname("COLUMN")
  parser:option("--personal", "Columns whose values are not shown, such as Surname,Phone.")
    :argname("COLUMNS"):convert(common.list)
  parser:option("--html", "Write one HTML page to this file instead of printing."):argname("FILE")
  parser:flag("--json", "Print one JSON object instead of a text.")
  return parser
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local name = options.file == "-" and "standard input" or options.file:match("[^/]*$")
  local frame = require("churnlab").read(options.file, { separator = options.separator })
    :with_roles { target = options.target, id = options.id, personal = options.personal }
  local profile = frame:profile { name = name }
  if options.html then
    common.must(profile:save(options.html))
    common.notice("%s: %s, %s, %s", options.html, common.count(#frame, "row"),
      common.count(#frame:columns(), "column"),
      common.count(#profile:to_table().findings, "finding"))
  elseif options.json then
    common.print_json(profile:to_table())
  else
    common.print(tostring(profile))
  end
  return 0
end

return M
