-- model:heads: what every head of the nets predicts, as columns under its name.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

-- The names of a head's columns.
local function names_of(head, model)
  local classes = head.scored and model:facts().classes or head.classes
  if head.units == 1 then return { head.name } end
  local names = {}
  for c = 1, head.units do
    names[c] = head.softmax and ("%s_p_%s"):format(head.name, classes and classes[c] or c - 1)
      or ("%s_%d"):format(head.name, c)
  end
  return names
end

--- See Model:heads.
-- @tparam Model model
-- @tparam Frame frame
-- @treturn Frame
function M.run(model, frame)
  local described = model:metadata().heads
  if not described then
    errors.raise("heads: expected a model whose nets were trained with several heads (option "
      .. "'targets' of cl.fit), and no blend of such")
  end
  local values, at = model:head_values(frame), 0
  local scored = model:probabilities(frame)
  local names, columns, id = {}, {}, model:facts().id
  if id and frame:has(id) then names[1], columns[1] = id, frame:col(id) end
  for _, head in ipairs(described) do
    for c, name in ipairs(names_of(head, model)) do
      local from, column = head.scored and scored or values, head.scored and c or at + c
      names[#names + 1] = name
      columns[#columns + 1] = core.column.new(from:column(column), "f64", #frame)
    end
    at = at + head.units
  end
  return core.frame.new(names, columns)
end

return M
