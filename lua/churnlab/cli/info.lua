-- churnlab info: what a saved model is.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")
local words = require("churnlab.describe_model")

local M = { summary = "show what a saved model is" }

local examples = [[
  churnlab info bank.churn
  churnlab info bank.churn --json]]

local function arguments_parser()
  local parser = common.parser("info", M.summary, examples)
  parser:argument("model", "A model that `churnlab train` saved.")
  parser:flag("--json", "Print one JSON object instead of text.")
  return parser
end

-- The raw columns that scoring needs: { name, type, levels }.
local function raw_columns(model)
  local schema, columns = model:schema(), {}
  for k, name in ipairs(schema:columns()) do
    columns[k] = { name = name, type = schema:type(name), levels = schema:col(name):levels() }
  end
  return columns
end

local function levels_text(levels)
  if not levels then return "" end
  local shown = table.concat(levels, ", ", 1, math.min(#levels, 6))
  return #levels > 6 and ("%s, … (%d)"):format(shown, #levels) or shown
end

local function indented(text)
  return "  " .. text:gsub("\n+$", ""):gsub("\n", "\n  ")
end

-- "Exited = 1" and what training noted, one fact a line.
local function facts_lines(model)
  local facts = model:info()
  local lines = { "predicts     " .. words.predicts(facts) }
  local function add(label, value)
    if value ~= nil then lines[#lines + 1] = ("%-12s %s"):format(label, value) end
  end
  add("id", facts.id)
  add("hash", facts.hash)
  add("trained on", facts.rows and ("%s%s; %s to decide when to stop"):format(
    common.count(facts.rows, "row"),
    facts.rate and (", %.2f %% positive"):format(100 * facts.rate) or "",
    common.thousands(facts.valid_rows or 0)))
  add("seed", facts.seed)
  add("made", facts.created and facts.created .. " by churnlab " .. facts.version)
  add("prior shift", words.priors(facts))
  add("calibration", facts.calibration or "none")
  if #facts.parts > 1 or facts.stacked then add("made of", words.nets(facts)) end
  add("background", common.count(facts.background, "row"))
  return lines
end

-- The prep and the nets of one part; one that differs from the first in its numbers alone takes a
-- line.
local function add_part(lines, model, facts, part, of)
  local several = #facts.parts > 1
  if several then
    lines[#lines + 1] = ("\npart %d of %d, weight %.4g"):format(part, #facts.parts, of.weight)
  end
  local prep, net = model:describe("prep", part), model:describe("net", part)
  if part > 1 and prep == model:describe("prep", 1) and net == model:describe("net", 1) then
    lines[#lines + 1] = ("prep and net as in part 1 (the mean of %d)"):format(of.members)
    return
  end
  lines[#lines + 1] = (several and "" or "\n") .. prep:gsub("\n+$", "")
  lines[#lines + 1] = ("\nnet (the mean of %d)"):format(of.members)
  lines[#lines + 1] = indented(net)
end

local function card(model, path)
  local facts, lines = model:facts(), { path, "" }
  for _, line in ipairs(facts_lines(model)) do lines[#lines + 1] = "  " .. line end
  lines[#lines + 1] = "\ncolumns that it reads"
  for _, column in ipairs(raw_columns(model)) do
    lines[#lines + 1] = (("  %-20s %-9s %s"):format(column.name, column.type,
      levels_text(column.levels)):gsub("%s+$", ""))
  end
  for part, of in ipairs(facts.parts) do add_part(lines, model, facts, part, of) end
  return table.concat(lines, "\n")
end

local function as_table(model)
  local result = model:info()
  result.columns = raw_columns(model)
  return result
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  local model = require("churnlab").load(options.model)
  if options.json then
    common.print_json(as_table(model))
  else
    common.print(card(model, options.model))
  end
  return 0
end

return M
