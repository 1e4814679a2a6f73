-- print(net): a table of the layers before the number of columns is known.
-- Parameters are linear in the number of inputs, so two nets tell the formula.
-- SPDX-License-Identifier: MIT
local columns = require("churnlab.nn.columns")
local core = require("churnlab.core")

local M = {}

local FEW, MORE = 1000, 1001 -- columns

local function formula(few, more)
  local slope = more - few
  local rest = few - slope * FEW
  if slope == 0 then return ("%d"):format(rest) end
  local text = slope == 1 and "inputs" or ("%d x inputs"):format(slope)
  return rest == 0 and text or ("%s + %d"):format(text, rest)
end

-- The rows that both nets have, with what differs.
local function rows_of(few, more)
  local rows, sum_few, sum_more = {}, 0, 0
  for i, layer in ipairs(few) do
    local other = more[i]
    local width = formula(layer.width, other.width)
    rows[i] = { layer.name, layer.kind,
      layer.steps > 1 and ("%d x %s"):format(layer.steps, width) or width,
      formula(layer.parameters, other.parameters), table.concat(layer.from, ", ") }
    sum_few, sum_more = sum_few + layer.parameters, sum_more + other.parameters
  end
  rows[#rows + 1] = { "total", "", "", formula(sum_few, sum_more), "" }
  return rows
end

local head = { "name", "layer", "output", "parameters", "reads" }
local right = { false, false, true, true, false }

local function line(cells, widths)
  local parts = {}
  for j, cell in ipairs(cells) do
    parts[j] = (right[j] and "%%%ds" or "%%-%ds"):format(widths[j]):format(cell)
  end
  return (" " .. table.concat(parts, "  ")):gsub("%s+$", "")
end

local function layout(rows)
  local widths, lines = {}, {}
  for j = 1, #head do
    widths[j] = #head[j]
    for _, row in ipairs(rows) do widths[j] = math.max(widths[j], #row[j]) end
  end
  lines[1] = line(head, widths)
  for _, row in ipairs(rows) do lines[#lines + 1] = line(row, widths) end
  return table.concat(lines, "\n")
end

--- The table of a spec, or why it is no net yet.
-- @tparam table spec
-- @treturn string
function M.of(spec)
  if #spec.layers == 0 then return " net without layers" end
  local built, few = pcall(core.net.new, columns.guess(spec, FEW), FEW)
  if not built then return (" net: %s"):format((few:gsub("^[^\n]-:%d+: ", "", 1))) end
  return layout(rows_of(few:layers(), core.net.new(columns.guess(spec, MORE), MORE):layers()))
end

return M
